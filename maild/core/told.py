"""What an agent is told about commands: what was done, what was not and why.

Values and codes only: `words.toml` has a sentence for each code in every language.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Done(StrEnum):
    """What became of a line; the value is the key in `[done]` of `words.toml`."""

    REPLY = "reply"
    NOTE = "note"
    TEMPLATE = "template"
    STATE = "state"
    UNCHANGED = "unchanged"
    ENDED = "ended"
    """The ticket is closed, merged or spam, and stays so."""
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    QUEUE = "queue"
    TIER = "tier"
    PRIORITY = "priority"
    TAGGED = "tagged"
    UNTAGGED = "untagged"
    SUBJECT = "subject"
    LANGUAGE = "language"
    CC_ADDED = "cc-added"
    CC_REMOVED = "cc-removed"
    LINKED = "linked"
    MERGED = "merged"
    LEFT_OUT = "left-out"
    """The value names files that were too large to travel."""
    OUTSIDE = "outside"
    """The value names people whom the agent copied and who take no part in the ticket."""
    UNDOABLE = "undoable"
    UNDONE = "undone"
    TOO_LATE = "too-late"
    NOTHING_TO_UNDO = "nothing-to-undo"
    PENDING_UNTIL = "pending-until"
    CUSTOMER = "customer"
    OPENED = "opened"
    """A ticket was opened for a customer."""
    SPLIT = "split"
    """The value is the number of the new ticket, given when it is written."""
    ACKNOWLEDGED = "acknowledged"
    NOTHING_TO_ACKNOWLEDGE = "nothing-to-acknowledge"
    AWAY = "away"
    AWAY_UNTIL = "away-until"
    BACK = "back"
    FOUND = "found"
    FOUND_MORE = "found-more"
    """More was found than is shown."""
    NONE = "none"
    """What was asked for is an empty list."""
    CONFIRMED = "confirmed"
    CONFIRMED_BEFORE = "confirmed-before"
    CONFIRMED_LATE = "confirmed-late"
    DROPPED = "dropped"
    DROPPED_BEFORE = "dropped-before"
    ASKED_ANEW = "asked-anew"
    BELOW = "below"
    """What was asked for stands further down in the same mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one line of a command block, or of the text below it."""

    done: Done
    line: str = ""
    """The command as the agent wrote it; empty for the text."""
    value: str = ""
    """What the sentence is about: a name, an address, a number, a state."""

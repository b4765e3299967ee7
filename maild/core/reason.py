"""Why something was decided: every decision carries one or more of these.

A `Reason` is a kind (stable, for machines) and a detail in words (for people).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """The kinds of reasons; the value is what `explain` and the journal show."""

    SAME_MAIL = "same-mail"
    OWN_LOOP = "own-loop"
    BOUNCE_OF_OURS = "bounce-of-ours"
    UNDELIVERED = "undelivered"
    BOUNCE_UNPROVEN = "bounce-unproven"
    AUTOMATIC = "automatic"
    NO_MAILBOX = "no-mailbox"
    NEW_TICKET = "new-ticket"
    THREADED = "threaded"
    LINKED_CLOSED = "linked-closed"
    LINKED_UNPROVEN = "linked-unproven"
    SUBJECT_TAG_REFUSED = "subject-tag-refused"
    TRUST = "trust"
    AGENT_REPLY = "agent-reply"
    AGENT_NOTE = "agent-note"
    AGENT_UNPROVEN = "agent-unproven"
    NOTE_REPEATED = "note-repeated"
    OTHERS_REPEATED = "others-repeated"
    ABSENCE_NOTICE = "absence-notice"
    CONFIRM_ALL = "confirm-all"
    CONFIRM_ASKED = "confirm-asked"
    CONFIRM_REFUSED = "confirm-refused"
    CONFIRMED = "confirmed"
    DROPPED = "dropped"
    OVERTAKEN = "overtaken"
    NEW_READERS = "new-readers"
    TICKET_SPAM = "ticket-spam"
    NO_TICKET = "no-ticket"
    AGENT_AS_CUSTOMER = "agent-as-customer"
    COMMAND_UNKNOWN = "command-unknown"
    COMMAND_ARGUMENT = "command-argument"
    COMMAND = "command"
    BLOCKED = "blocked"
    COMMAND_BELOW = "command-below"
    COMMAND_TICKETLESS = "command-ticketless"
    NOTHING_WRITTEN = "nothing-written"
    QUOTE_LEFT = "quote-left"
    SEALED = "sealed"
    TOKEN_BROKEN = "token-broken"  # noqa: S105 - the name of a reason
    DOMAIN_FAILED = "domain-failed"
    SUSPENDED = "suspended"
    ON_BEHALF = "on-behalf"
    FORWARD_UNREADABLE = "forward-unreadable"
    NO_SENDER = "no-sender"
    RULE = "rule"
    RULE_FAILED = "rule-failed"
    RULE_HELD = "rule-held"
    RULE_IGNORED = "rule-ignored"
    NOT_ACKNOWLEDGED = "not-acknowledged"
    OVER_BUDGET = "over-budget"
    VOTED = "voted"
    VOTE_REFUSED = "vote-refused"
    VOTE_UNCLEAR = "vote-unclear"
    SURVEY_WITHHELD = "survey-withheld"
    UNSUBSCRIBED = "unsubscribed"
    WAITING = "waiting"
    HOSTILE = "hostile"
    READER_FAILED = "reader-failed"
    INTERNAL = "internal"
    OPERATOR = "operator"
    DEADLINE = "deadline"
    LIMIT = "limit"


RETURNED = (
    Why.COMMAND_UNKNOWN,
    Why.COMMAND_ARGUMENT,
    Why.COMMAND_BELOW,
    Why.COMMAND_TICKETLESS,
    Why.NOTHING_WRITTEN,
    Why.OVERTAKEN,
    Why.NEW_READERS,
    Why.TICKET_SPAM,
    Why.NO_TICKET,
)
"""Why a mail is held that its agent sends anew: a release changes nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason."""

    why: Why
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.why}: {self.detail}" if self.detail else str(self.why)

"""The words that an agent may command by mail: the one table of them, each with its argument.

`templates/README.md` shows the table to people, `words.toml` says in every language what each word
does, and tests compare both with this file. A word that is not here is unknown, and one unknown
word stops the whole mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class Word(StrEnum):
    """The commands that are understood."""

    NOTE = "note"
    TEMPLATE = "template"
    SOLVE = "solve"
    CLOSE = "close"
    REOPEN = "reopen"
    PENDING = "pending"
    HOLD = "hold"
    SPAM = "spam"
    ASSIGN = "assign"
    QUEUE = "queue"
    TIER = "tier"
    ESCALATE = "escalate"
    PRIORITY = "priority"
    TAG = "tag"
    SUBJECT = "subject"
    LANG = "lang"
    CC = "cc"
    ACCEPT = "accept"
    LINK = "link"
    MERGE = "merge"
    SPLIT = "split"
    CUSTOMER = "customer"
    ACK = "ack"
    UNDO = "undo"
    SHOW = "show"
    LIST = "list"
    SEARCH = "search"
    AWAY = "away"
    BACK = "back"
    HELP = "help"


class Shape(Enum):
    """What may stand behind a word on its line."""

    NOTHING = "nothing"
    MAYBE = "maybe"
    SOMETHING = "something"
    TEXT = "text"
    """The first line of what is written below."""


class Part(StrEnum):
    """Which part of a ticket a command acts on."""

    TEXT = "text"
    STATE = "state"
    PLACE = "place"
    """Where it lies and how it is ranked: agent, queue, tier, priority."""
    LABEL = "label"
    PEOPLE = "people"
    OTHERS = "other tickets"
    SELF = "yourself"
    NOTHING = "nothing"
    """It only asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the table."""

    word: Word
    shape: Shape
    part: Part
    argument: str = ""
    """The argument as it is shown to people; capitals stand for something of theirs."""
    is_repeatable: bool = False
    """May stand in one block more than once, each time with another argument."""

    @property
    def usage(self) -> str:
        """The whole line as people write it, e.g. `#tier 1|2|3`."""
        return f"#{self.word} {self.argument}".strip()


def _entry(
    word: Word,
    part: Part,
    argument: str = "",
    *,
    shape: Shape | None = None,
    is_repeatable: bool = False,
) -> Entry:
    shown = Shape.SOMETHING if argument else Shape.NOTHING
    return Entry(
        word=word,
        shape=shape or shown,
        part=part,
        argument=argument,
        is_repeatable=is_repeatable,
    )


TABLE: tuple[Entry, ...] = (
    _entry(Word.NOTE, Part.TEXT, "[TEXT]", shape=Shape.TEXT),
    _entry(Word.TEMPLATE, Part.TEXT, "NAME [LANGUAGE]"),
    _entry(Word.SOLVE, Part.STATE),
    _entry(Word.CLOSE, Part.STATE),
    _entry(Word.REOPEN, Part.STATE),
    _entry(Word.PENDING, Part.STATE, "[until WHEN]", shape=Shape.MAYBE),
    _entry(Word.HOLD, Part.STATE),
    _entry(Word.SPAM, Part.STATE),
    _entry(Word.ASSIGN, Part.PLACE, "AGENT|me|nobody"),
    _entry(Word.QUEUE, Part.PLACE, "QUEUE"),
    _entry(Word.TIER, Part.PLACE, "1|2|3 [REASON]"),
    _entry(Word.ESCALATE, Part.PLACE, "[REASON]", shape=Shape.MAYBE),
    _entry(Word.ACK, Part.PLACE),
    _entry(Word.PRIORITY, Part.PLACE, "low|normal|high|urgent"),
    _entry(Word.TAG, Part.LABEL, "+TAG -TAG", is_repeatable=True),
    _entry(Word.SUBJECT, Part.LABEL, "SUBJECT"),
    _entry(Word.LANG, Part.LABEL, "CODE"),
    _entry(Word.CC, Part.PEOPLE, "+ADDRESS -ADDRESS", is_repeatable=True),
    _entry(Word.ACCEPT, Part.PEOPLE),
    _entry(Word.CUSTOMER, Part.PEOPLE, "ADDRESS [NAME]"),
    _entry(Word.LINK, Part.OTHERS, "NUMBER"),
    _entry(Word.MERGE, Part.OTHERS, "NUMBER"),
    _entry(Word.SPLIT, Part.OTHERS, "[POST NUMBERS]", shape=Shape.MAYBE),
    _entry(Word.UNDO, Part.TEXT),
    _entry(Word.SHOW, Part.NOTHING),
    _entry(Word.LIST, Part.NOTHING),
    _entry(Word.SEARCH, Part.NOTHING, "WORDS"),
    _entry(Word.AWAY, Part.SELF, "[until WHEN]", shape=Shape.MAYBE),
    _entry(Word.BACK, Part.SELF),
    _entry(Word.HELP, Part.NOTHING),
)
ENTRIES = {entry.word: entry for entry in TABLE}
STATES = frozenset(entry.word for entry in TABLE if entry.part is Part.STATE) | {Word.MERGE}
"""Words of which one block may have one: each leads to another state."""
TICKETLESS = frozenset({Word.LIST, Word.SEARCH, Word.AWAY, Word.BACK, Word.HELP})
"""Words that are about no ticket: they may also stand in a mail to a support address."""

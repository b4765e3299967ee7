"""What an agent is asked before a mail of theirs is carried out: is this what you want?

| state    | means                                        | leaves it by             |
|----------|----------------------------------------------|--------------------------|
| waiting  | the mail is held until somebody answers      | approved, dropped, anew  |
| approved | the mail is handled once more, with authority| -                        |
| dropped  | the mail is given up                         | -                        |
| anew     | what was shown was overtaken: asked again    | -                        |

A question is answered once. Nobody answers one whose time is over: the mail stays held.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maild.core.reason import Reason
from maild.core.token import Keys, Purpose, Token, made_for


class QuestionState(StrEnum):
    """See the table above."""

    WAITING = "waiting"
    APPROVED = "approved"
    DROPPED = "dropped"
    ANEW = "anew"


class Wish(StrEnum):
    """What somebody answers."""

    SEND = "send"
    DROP = "drop"


class Way(StrEnum):
    """By which way somebody answers."""

    MAIL = "mail"
    PAGE = "page"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file as it is shown."""

    name: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All that would be done, as its agent reads it."""

    recipients: tuple[str, ...] = ()
    """Everybody outside the house who would get mail."""
    subject: str = ""
    text: str = ""
    """As the customer would read it."""
    formatted: str = ""
    """What the formatted form says where it says something else; empty where it says the same."""
    files: tuple[NamedFile, ...] = ()
    files_left_out: tuple[NamedFile, ...] = ()
    orders: tuple[str, ...] = ()
    """The command lines."""
    doubts: tuple[Reason, ...] = ()
    """Why it must be confirmed."""
    is_note: bool = False
    """The text stays in the house."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question about one held mail."""

    journal_id: int
    round: int = 1
    """Counts the questions about this mail."""
    agent: str
    """Registered address: the only one that it goes to."""
    ticket: int = 0
    """0 where the mail would open one."""
    mailbox: str = ""
    language: str = "en"
    digest: str = ""
    """Of all that would be done; two that are equal mean the same."""
    expires_at: datetime
    shown: Shown

    @property
    def recipient(self) -> str:
        """What its token is made for: this agent and this round of asking."""
        return f"{self.agent}?{self.round}"

    def is_meant(self, token: Token, keys: Keys) -> bool:
        """Tell whether a verified token is the one that this question was asked with."""
        is_ours = token.purpose is Purpose.CONFIRM and token.ticket == self.journal_id
        return is_ours and made_for(keys, token, self.recipient)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that was asked, and what became of it."""

    question: Question
    state: QuestionState = QuestionState.WAITING
    way: Way | None = None
    """How it was answered; None while it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer to a question, to be written down: it counts once."""

    journal_id: int
    round: int
    state: QuestionState
    way: Way

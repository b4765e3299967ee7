"""Surveys: what a customer is asked, what they answer, and until when; pure values.

| kind | asked                                 | marks   | good  | bad    | key               |
|------|---------------------------------------|---------|-------|--------|-------------------|
| csat | about one ticket, after it was solved | 1 to 5  | 4, 5  | 1, 2   | ticket, for ever  |
| nps  | about us, of a customer, now and then | 0 to 10 | 9, 10 | 0 to 6 | customer and turn |

A survey has one vote. It may be given until `expires_at`, and changed for a while after it was
first given; each change is a row of its own, and the last one at an instant is in force then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from maild.core.token import Keys, Purpose, Token, made_for

COMMENT_CHARACTERS_MAX = 5000
"""So much of a comment is kept with a vote; what came by mail stands on the ticket as a whole."""
SENT = "survey.sent"
ANSWERED = "survey.answered"
UNSUBSCRIBED = "customer.unsubscribed"
CUSTOMER = "customer"
"""Who voted, as the log names them: no address stands there, the log survives an erasure."""


class Kind(StrEnum):
    """See the table above."""

    CSAT = "csat"
    NPS = "nps"

    @property
    def marks(self) -> range:
        """The marks that can be given, rising."""
        return range(1, 6) if self is Kind.CSAT else range(11)

    @property
    def most(self) -> int:
        """The best mark."""
        return self.marks[-1]

    def is_low(self, score: int) -> bool:
        """Tell whether a mark says that something went wrong (NPS: a detractor)."""
        return score <= (2 if self is Kind.CSAT else 6)


class Via(StrEnum):
    """By which way a vote came."""

    REPLY = "reply"
    LINK = "link"
    """A mail that a `mailto:` link of ours began."""
    PAGE = "page"


def place(
    kind: Kind, segment: str, organisation: str, language: str
) -> tuple[tuple[str, str], ...]:
    """Return where a line of the log about a survey is counted, unless it is about a ticket."""
    if kind is Kind.CSAT:
        return ()
    return (("segment", segment), ("organisation", organisation), ("language", language))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A vote to be written down."""

    survey: int
    kind: Kind
    score: int
    comment: str = ""
    via: Via
    customer: int = 0
    """The number of the customer, as the log names them."""
    language: str = ""
    """In which they were asked."""
    before: int | None = None
    """The mark that was in force until now; None for none."""
    was_low: bool = False
    """A mark before this one, whichever, was low."""
    earlier: int | None = None
    """So many votes were known when it was decided; None where nobody looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The votes of a survey so far."""

    first_at: datetime
    score: int
    """Of the last one, which is in force."""
    comment: str = ""
    count: int = 1
    lowest: int | None = None
    """The lowest mark so far; None for that in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One question to one customer."""

    id: int = 0
    """0 while it has no number yet."""
    kind: Kind
    key: str
    """Unique for ever."""
    ticket: int = 0
    """0 for none."""
    customer: int = 0
    """Number of the customer."""
    recipient: str
    """The address that it went to: its token is made for that."""
    name: str = ""
    """Of the customer, as are the segment and the organisation."""
    segment: str = ""
    organisation: str = ""
    language: str = "en"
    mailbox: str = ""
    sent_at: datetime
    expires_at: datetime
    asked_back: bool = False
    """An answer could not be read, and they were told so: once."""
    given: Given | None = None
    rest_seconds: int = 0
    """Of one that is about to go out: not so soon after another one."""

    def is_meant(self, token: Token, keys: Keys) -> bool:
        """Tell whether a verified token is the one that this survey went out with."""
        is_ours = token.purpose is Purpose.SURVEY and token.ticket == self.id
        return is_ours and made_for(keys, token, self.recipient)

    def is_open(self, now: datetime, change: timedelta, votes_max: int) -> bool:
        """Tell whether a vote counts now: the first one in time, a change soon after it.

        `votes_max` is how often somebody answers, changes of mind included.
        """
        if self.given is None:
            return now <= self.expires_at
        return now <= self.given.first_at + change and self.given.count < votes_max

    @property
    def was_low(self) -> bool:
        """Whether a mark so far was low: what follows from that has happened."""
        if self.given is None:
            return False
        lowest = self.given.lowest
        return self.kind.is_low(self.given.score if lowest is None else lowest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Somebody who wants neither surveys nor announcements any more."""

    address: str
    customer: int
    """Number of the customer, as the log names them."""
    via: Via


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """On which terms a rule asks: `{ survey = "csat", share = 50, every = "30d" }`."""

    share: int = 100
    """So many of a hundred are asked; who it is follows from the survey's key."""
    every_seconds: int = 30 * 24 * 3600
    """A customer who was asked anything within this time is not asked."""

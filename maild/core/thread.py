"""Which ticket a mail belongs to, and by what.

Order: token, In-Reply-To and References (any id ever seen on the ticket), Outlook's Thread-Index,
the subject's tag only for somebody who already takes part. What is found is a claim; whether the
mail may join is for `core.trust` to say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from maild.core.snapshot import Snapshot, TicketView
from maild.core.token import Token

SUBJECT_TAG_AGE_MAX = timedelta(days=30)
TOKEN_AGE_MAX = timedelta(days=180)
"""A token holds until this long after the ticket's last mail."""


class By(StrEnum):
    """What pointed at the ticket."""

    TOKEN = "token"  # noqa: S105 - the name of a way
    REFERENCES = "references"
    THREAD_INDEX = "thread-index"
    SUBJECT = "subject"

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the header that it rests on."""
        return _FIELDS[self]


_ANSWERED = ("in-reply-to", "references")
_FIELDS = {
    By.TOKEN: _ANSWERED,
    By.REFERENCES: _ANSWERED,
    By.THREAD_INDEX: ("thread-index",),
    By.SUBJECT: ("subject",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The ticket that a mail points at."""

    view: TicketView
    by: By
    pointed: int
    """The number that the mail named: that of a ticket that was merged into this one, too."""


def find(snapshot: Snapshot, identity: str, received_at: datetime) -> Found | None:
    """Return the ticket that a mail points at, or None; one that was merged leads on."""
    proofs = snapshot.proofs
    ways = (
        *((By.TOKEN, token.ticket) for token in (*proofs.tokens, *proofs.threads)),
        *((By.REFERENCES, number) for number in snapshot.by_reference),
        (By.THREAD_INDEX, snapshot.by_thread_index),
    )
    for by, number in ways:
        view = snapshot.followed(number)
        if view is not None:
            return Found(view=view, by=by, pointed=number)
    view = snapshot.followed(snapshot.by_subject)
    if view is not None and _takes_part(view, identity, received_at):
        return Found(view=view, by=By.SUBJECT, pointed=snapshot.by_subject)
    return None


def fresh(snapshot: Snapshot, received_at: datetime) -> Snapshot:
    """Return the snapshot without the tokens of tickets that fell silent too long ago."""
    proofs = snapshot.proofs
    tokens = tuple(t for t in proofs.tokens if _holds(t, snapshot, received_at))
    threads = tuple(t for t in proofs.threads if _holds(t, snapshot, received_at))
    if (tokens, threads) == (proofs.tokens, proofs.threads):
        return snapshot
    return replace(snapshot, proofs=replace(proofs, tokens=tokens, threads=threads))


def _holds(token: Token, snapshot: Snapshot, received_at: datetime) -> bool:
    view = snapshot.followed(token.ticket)
    return view is None or received_at - _last(view) < TOKEN_AGE_MAX


def _takes_part(view: TicketView, identity: str, received_at: datetime) -> bool:
    if not identity or view.ticket.participant(identity) is None:
        return False
    return received_at - _last(view) < SUBJECT_TAG_AGE_MAX


def _last(view: TicketView) -> datetime:
    return max((post.at for post in view.recent), default=view.ticket.created_at)

"""Which ticket a mail belongs to, and by what.

Order: token, In-Reply-To and References (any id ever seen on the ticket), Outlook's Thread-Index,
the subject's tag only for somebody who already takes part. What is found is a claim; whether the
mail may join is for `core.trust` to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from maild.core.snapshot import Snapshot, TicketView

SUBJECT_TAG_AGE_MAX = timedelta(days=30)


class By(StrEnum):
    """What pointed at the ticket."""

    TOKEN = "token"  # noqa: S105 - the name of a way
    REFERENCES = "references"
    THREAD_INDEX = "thread-index"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The ticket that a mail points at."""

    view: TicketView
    by: By


def find(snapshot: Snapshot, identity: str, received_at: datetime) -> Found | None:
    """Return the ticket that a mail points at, or None."""
    proofs = snapshot.proofs
    for token in (*proofs.tokens, *proofs.threads):
        view = snapshot.view(token.ticket)
        if view is not None:
            return Found(view=view, by=By.TOKEN)
    for number in snapshot.by_reference:
        view = snapshot.view(number)
        if view is not None:
            return Found(view=view, by=By.REFERENCES)
    view = snapshot.view(snapshot.by_thread_index)
    if view is not None:
        return Found(view=view, by=By.THREAD_INDEX)
    view = snapshot.view(snapshot.by_subject)
    if view is not None and _takes_part(view, identity, received_at):
        return Found(view=view, by=By.SUBJECT)
    return None


def _takes_part(view: TicketView, identity: str, received_at: datetime) -> bool:
    if not identity or view.ticket.participant(identity) is None:
        return False
    last = max((post.at for post in view.recent), default=view.ticket.created_at)
    return received_at - last < SUBJECT_TAG_AGE_MAX

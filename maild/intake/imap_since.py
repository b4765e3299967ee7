"""From which mail on an IMAP folder is ours: at the first connection, and after a renumbering.

An old mailbox must not become 50,000 tickets. At the first connection `since` decides. When the
server numbers its mails anew, UIDs say nothing any more: then what arrived after we began is ours,
and the ledger recognises what it has by the SHA-256 of the bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from maild.intake.imap_session import UIDS_PER_COMMAND, Selected, Session
from maild.store.ledger import Ledger, MailboxState

_CLOCK_SKEW = timedelta(minutes=2)
"""How much the server's clock may be behind ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """UIDs from `first_uid` on are ours, but for those in `left_alone`."""

    first_uid: int
    left_alone: tuple[int, ...] = ()


def at_first(session: Session, selected: Selected, since: str) -> Beginning:
    """Decide at the first connection: `now`, `all`, or an ISO date."""
    if since == "all":
        return Beginning(first_uid=1)
    if since == "now":
        return Beginning(first_uid=_end(session, selected))
    return _since_day(session, selected, date.fromisoformat(since))


def after_renumbering(
    session: Session, selected: Selected, since: str, began_at: datetime | None
) -> Beginning:
    """Decide after UIDVALIDITY changed (RFC 9051 §2.3.1.1); `began_at` is when we had begun."""
    if since != "now" or began_at is None:
        return at_first(session, selected, since)
    moment = began_at - _CLOCK_SKEW
    # SINCE compares days of the server's zone: look one day further back, then exactly.
    candidates = _since_day(session, selected, moment.date() - timedelta(days=1))
    before = set(candidates.left_alone)
    later = [
        uid
        for window in session.uids(selected, candidates.first_uid)
        for uid in window
        if uid not in before
    ]
    early = {
        uid
        for part in parts(later)
        for uid, arrived in session.arrivals(part)
        if arrived < moment and _is_before(uid, selected)
    }
    ours = [uid for uid in later if uid not in early]
    first = min(ours, default=_end(session, selected))
    alone = sorted(uid for uid in before | early if uid > first)
    return Beginning(first_uid=first, left_alone=tuple(alone))


def began_at(ledger: Ledger, state: MailboxState) -> datetime | None:
    """Return when we took the first mail of a mailbox, or else last saw that there was none."""
    return ledger.oldest(state.name) or state.last_success


def parts(uids: list[int]) -> Iterator[list[int]]:
    """Cut UIDs into pieces that fit into one command."""
    for start in range(0, len(uids), UIDS_PER_COMMAND):
        yield uids[start : start + UIDS_PER_COMMAND]


def _since_day(session: Session, selected: Selected, day: date) -> Beginning:
    end = _end(session, selected)
    matching = {uid for window in session.uids(selected, 1, day) for uid in window if uid < end}
    first = min(matching, default=end)
    alone = [
        uid
        for window in session.uids(selected, first)
        for uid in window
        if uid < end and uid not in matching
    ]
    return Beginning(first_uid=first, left_alone=tuple(alone))


def _end(session: Session, selected: Selected) -> int:
    """The UID that the next mail to arrive will have, or a lower bound of it."""
    if selected.uidnext:
        return selected.uidnext
    return max((uid for window in session.uids(selected, 1) for uid in window), default=0) + 1


def _is_before(uid: int, selected: Selected) -> bool:
    """Whether a mail lay there when the folder was selected."""
    return not selected.uidnext or uid < selected.uidnext

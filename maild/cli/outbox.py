"""`maild outbox`: mails of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from maild.cli import show as out
from maild.cli.ago import ago
from maild.cli.place import one_of
from maild.errors import NotAllowed
from maild.now import utc_now
from maild.store import failed, hold, listing, outbox
from maild.store import release as judging
from maild.store.database import Connection
from maild.store.tables import OutboxState

COLUMNS = ("id", "state", "kind", "ticket", "recipient", "attempts", "next_try_at", "last_error")
LATELY = "24h"
"""What is older is queued again only by who says since when."""


def list_outbox(config: Path | None, state: str, *, as_json: bool) -> None:
    """Print mails of ours, newest first."""
    one_of("--state", state, tuple(OutboxState))
    with out.opened(config) as (_, database), database.read() as connection:
        rows = listing.outbox_list(connection, state)
    if as_json:
        out.as_document(rows)
    else:
        out.as_table(rows, COLUMNS, "the outbox is empty")


def move(config: Path | None, numbers: list[int], to: str) -> None:
    """Retry, hold or give up mails that are not under way and not sent."""
    with out.opened(config) as (_, database), database.write() as connection:
        for number in numbers:
            if not outbox.move(connection, number, OutboxState(to), utc_now()):
                words = (
                    f"mail {number} is sent, under way, taken back or unknown; nothing was changed"
                )
                raise NotAllowed(words)
    out.line(f"{len(numbers)} {to}")


def retry_failed(config: Path | None, since: str, answer: str) -> None:
    """Queue again what failed, last tried since then and with these words; say how many."""
    now = utc_now()
    begin = ago(since or LATELY, now)
    with out.opened(config) as (_, database), database.write() as connection:
        chosen = failed.failed(connection, begin, answer)
        moved = sum(outbox.move(connection, n, OutboxState.QUEUED, now) for n in chosen)
    out.line(f"{moved} queued")


def release(config: Path | None, *, resend: bool, send_new: bool) -> None:
    """Let mail go out again after a restore; say what became of what waited.

    What may have been sent before the restore is sent only where it is asked for.
    """
    now = utc_now()
    with out.opened(config) as (_, database), database.write() as connection:
        if not hold.held(connection):
            raise NotAllowed("outbound mail is not held")
        aside = hold.set_aside(connection, now)
        new = _sent(connection, hold.WRITTEN, now) if send_new else _Sent()
        old = _sent(connection, hold.RESTORED, now) if resend else _Sent()
        hold.release(connection)
    out.line(
        f"released; queued again: {out.counted(old.mails, 'mail')} of the backup, "
        f"{new.mails} written since"
    )
    if old.since or new.since:
        since = min(one.since for one in (old, new) if one.since)
        out.line(f"the oldest of them was to go out on {since:%F at %R} UTC")
    if old.untrue + new.untrue:
        out.line(f"{old.untrue + new.untrue} stay held, since what they say is over")
    if not send_new and aside:
        out.line(f"{aside} written since are held: maild outbox list --state held")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """What became of mails that were held for one reason."""

    mails: int = 0
    untrue: int = 0
    since: datetime | None = None


def _sent(connection: Connection, why: str, now: datetime) -> _Sent:
    """Queue what is held for a reason and still true."""
    untrue = judging.judge(connection, why, now)
    since = judging.oldest(connection, why)
    return _Sent(mails=hold.resend(connection, why, now), untrue=untrue, since=since)

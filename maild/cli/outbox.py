"""`maild outbox`: mails of ours."""

from __future__ import annotations

from pathlib import Path

from maild.cli import show as out
from maild.errors import NotAllowed
from maild.now import utc_now
from maild.store import hold, listing, outbox
from maild.store.tables import OutboxState

COLUMNS = ("id", "state", "kind", "ticket", "recipient", "attempts", "next_try_at", "last_error")


def list_outbox(config: Path | None, state: str, *, as_json: bool) -> None:
    """Print mails of ours, newest first."""
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


def release(config: Path | None, *, resend: bool, send_new: bool) -> None:
    """Let mail go out again after a restore; say what became of what waited.

    What may have been sent before the restore is sent only where it is asked for.
    """
    now = utc_now()
    with out.opened(config) as (_, database), database.write() as connection:
        if not hold.held(connection):
            raise NotAllowed("outbound mail is not held")
        aside = hold.set_aside(connection, now)
        new = hold.resend(connection, hold.WRITTEN, now) if send_new else 0
        old = hold.resend(connection, hold.RESTORED, now) if resend else 0
        hold.release(connection)
    out.line(f"released; queued again: {old} mails of the backup, {new} written since")
    if aside - new:
        out.line(f"{aside - new} written since are held: maild outbox list --state held")

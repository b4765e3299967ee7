"""`maild outbox`: mails of ours."""

from __future__ import annotations

from pathlib import Path

from maild.app import utc_now
from maild.cli import show as out
from maild.errors import NotAllowed
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


def release(config: Path | None, *, resend: bool, drop_new: bool) -> None:
    """Let mail go out again after a restore; say what became of what waited."""
    with out.opened(config) as (_, database), database.write() as connection:
        if not hold.held(connection):
            raise NotAllowed("outbound mail is not held")
        dropped = hold.drop_written_since(connection) if drop_new else 0
        sent_again = hold.resend(connection, utc_now()) if resend else 0
        hold.release(connection)
    out.line(
        f"released; {sent_again} mails of the backup queued again, {dropped} new ones dropped"
    )

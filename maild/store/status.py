"""How things stand: the numbers of rows by state, for `maild status`, metrics and health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, func, select

from maild.store import tables
from maild.store.deadlines import DeadlineRow, DeadlineState
from maild.store.nodes import NodeRow
from maild.store.tables import JournalState, OutboxState, metadata

_T = metadata.tables
_JOURNAL = _T[tables.JournalRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_TICKET = _T[tables.TicketRow.__tablename__]
_DEADLINE = _T[DeadlineRow.__tablename__]
_MAILBOX = _T[tables.MailboxRow.__tablename__]
_NODE = _T[NodeRow.__tablename__]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxState:
    """One IMAP mailbox."""

    name: str
    last_success: datetime | None
    last_error: str
    behind: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """One daemon that has registered; it shows every ten seconds that it lives."""

    name: str
    version: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything at one moment."""

    journal: dict[str, int]
    journal_oldest: datetime | None
    """When the oldest mail that has not ended came in."""
    outbox: dict[str, int]
    outbox_oldest: datetime | None
    """When the oldest mail of ours that is due was due."""
    tickets: dict[str, int]
    deadlines: dict[str, int]
    mailboxes: tuple[MailboxState, ...]
    nodes: tuple[NodeState, ...] = ()


def standing(connection: Connection, now: datetime) -> Standing:
    """Count everything; states without rows are told as 0 where the list is closed."""
    waiting = _JOURNAL.c.state.in_((JournalState.RECEIVED, JournalState.PARSING))
    due = _OUTBOX.c.state.in_((OutboxState.QUEUED, OutboxState.SENDING))
    late = (_DEADLINE.c.state == DeadlineState.WAITING) & (_DEADLINE.c.due_at < now)
    rows = connection.execute(select(_MAILBOX).order_by(_MAILBOX.c.name)).mappings()
    return Standing(
        journal={state.value: 0 for state in JournalState} | _counted(connection, _JOURNAL),
        journal_oldest=connection.execute(
            select(func.min(_JOURNAL.c.received_at)).where(waiting)
        ).scalar_one(),
        outbox={state.value: 0 for state in OutboxState} | _counted(connection, _OUTBOX),
        outbox_oldest=connection.execute(
            select(func.min(_OUTBOX.c.next_try_at)).where(due, _OUTBOX.c.next_try_at <= now)
        ).scalar_one(),
        tickets=_counted(connection, _TICKET),
        deadlines={
            "waiting": _counted(connection, _DEADLINE).get(DeadlineState.WAITING, 0),
            "late": connection.execute(
                select(func.count()).select_from(_DEADLINE).where(late)
            ).scalar_one(),
        },
        mailboxes=tuple(
            MailboxState(
                name=row["name"],
                last_success=row["last_success"],
                last_error=row["last_error"],
                behind=row["behind"],
            )
            for row in rows
        ),
        nodes=tuple(
            NodeState(name=row["name"], version=row["version"], seen_at=row["seen_at"])
            for row in connection.execute(select(_NODE).order_by(_NODE.c.name)).mappings()
        ),
    )


def _counted(connection: Connection, table: Table) -> dict[str, int]:
    rows = connection.execute(select(table.c.state, func.count()).group_by(table.c.state))
    return {state: number for state, number in rows}  # noqa: C416 - rows are no pairs to dict()

"""Reports: the event log read into figures (`core/kpi.py`), ticket by ticket, never all at once.

Strategy: the log decides; the tickets table only tells where to look. What happened in a period
stands on tickets that the log names from its start on; what was in the backlog then, and is not
named since, is in it still. The log of each of these tickets is read once, in the order in which
it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, null, select, union

from maild.core import chronicle, survey
from maild.core.countable import Logged
from maild.core.counting import Count
from maild.core.scorecard import By, Report, Wish
from maild.store import tables
from maild.store.tables import metadata

_AT_ONCE = 5000
_T = metadata.tables
_EVENT = _T[tables.EventRow.__tablename__]
_TICKET = _T[tables.TicketRow.__tablename__]
_JOURNAL = _T[tables.JournalRow.__tablename__]
_COLUMNS = (
    _EVENT.c.ticket_id,
    _EVENT.c.at,
    _EVENT.c.kind,
    _EVENT.c.actor,
    _EVENT.c.data,
    _EVENT.c.journal_id,
)
_KIND = _EVENT.c.kind + ""
"""Not the column itself: else SQLite takes the index of kinds, and reads the log of everybody."""
_WITH_JOURNAL = _EVENT.outerjoin(_JOURNAL, _JOURNAL.c.id == _EVENT.c.journal_id)


def read(connection: Connection, wish: Wish) -> Report:
    """Return the figures of a period, as they were known at its end.

    One consistent view needs one read transaction: `with database.read() as connection`. It costs
    two statements, whatever the number of tickets.
    """
    return read_all(connection, (wish,))[0]


def read_all(connection: Connection, wishes: Sequence[Wish]) -> tuple[Report, ...]:
    """Return the figures of several wishes (at least one); the log is read once for all."""
    since = min(span.start for wish in wishes for span in (wish.whole, *wish.spans))
    has_rules = any(wish.by is By.RULE or wish.only.rule for wish in wishes)
    counts = [Count(wish) for wish in wishes]
    for _, rows in groupby(
        _streamed(connection, _tickets(since, has_rules=has_rules)), lambda row: row.ticket_id
    ):
        life = chronicle.of_ticket(map(_logged, rows))
        for count in counts:
            count.add(life)
    loose = chronicle.of_survey(map(_logged, _streamed(connection, _surveys(since))))
    for count in counts:
        count.add_surveys(loose)
    return tuple(count.report() for count in counts)


def _tickets(since: datetime, *, has_rules: bool) -> Select[Any]:
    """The logs of the tickets that something happened to since then, or that wait."""
    named = select(_EVENT.c.ticket_id).where(_EVENT.c.at >= since, _EVENT.c.ticket_id.is_not(None))
    waiting = select(_TICKET.c.id).where(_TICKET.c.state.in_(chronicle.UNSOLVED))
    rules = _JOURNAL.c.rules if has_rules else null()
    return (
        select(*_COLUMNS, rules.label("rules"))
        .select_from(_WITH_JOURNAL if has_rules else _EVENT)
        .where(
            _EVENT.c.ticket_id.in_(union(named, waiting).scalar_subquery()),
            _KIND.in_(_KINDS),
        )
        .order_by(_EVENT.c.ticket_id, _EVENT.c.id)
    )


def _surveys(since: datetime) -> Select[Any]:
    """What the log says of surveys, those about tickets as well."""
    return (
        select(*_COLUMNS, null().label("rules"))
        .where(
            _EVENT.c.at >= since,
            _EVENT.c.kind.in_((survey.SENT, survey.ANSWERED)),
        )
        .order_by(_EVENT.c.id)
    )


def _logged(row: Any) -> Logged:
    return Logged(
        at=row.at,
        kind=row.kind,
        actor=row.actor,
        data=row.data,
        journal_id=row.journal_id or 0,
        rules=tuple(row.rules or ()),
    )


def _streamed(connection: Connection, statement: Select[Any]) -> Iterator[Any]:
    found = connection.execution_options(yield_per=_AT_ONCE).execute(statement)
    for some in found.partitions():
        yield from some


_KINDS = tuple(sorted(chronicle.KINDS))

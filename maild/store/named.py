"""Names that the log ever gave: queues, segments and so on, each once, without any figures.

Which lines give them is told in `core/traits.py`; here each name is found by a few statements.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, select, union

from maild.core import history, survey
from maild.core.ruling import FIRED
from maild.core.scorecard import By
from maild.core.ticket import PostKind
from maild.store import tables
from maild.store.tables import metadata

_EVENT = metadata.tables[tables.EventRow.__tablename__]
_JOURNAL = metadata.tables[tables.JournalRow.__tablename__]
_OPENING = (history.TICKET_CREATED, history.CUSTOMER_CHANGED, survey.SENT, survey.ANSWERED)
_RULE = "rule:"
_KEYS: Mapping[By, tuple[str, Sequence[str]]] = {
    By.QUEUE: ("queue", ("queue.changed",)),
    By.AGENT: ("assignee", ("ticket.assigned", "assignee.changed")),
    By.TIER: ("tier", ("tier.changed",)),
    By.SEGMENT: ("segment", ("segment.changed",)),
    By.LANGUAGE: ("language", ("language.changed",)),
    By.TAG: ("tags", ("tag.added", "tag.changed")),
    By.ORGANISATION: ("organisation", ("organisation.changed",)),
}
"""What a line that opens a ticket calls it, and the lines that change it."""


def ever(connection: Connection, by: By) -> frozenset[str]:
    """Return every name by which tickets were ever grouped, whenever that was."""
    if by is By.RULE:
        return _rules(connection)
    key, changes = _KEYS[by]
    given = [
        _distinct(_value(key), _EVENT.c.kind.in_(_OPENING)),
        _distinct(_value("to"), _EVENT.c.kind.in_(changes)),
    ]
    if by is By.AGENT:
        is_answer = _value("kind") == PostKind.AGENT
        given.append(_distinct(_EVENT.c.actor, _EVENT.c.kind == history.POST_ADDED, is_answer))
    found = filter(None, connection.execute(union(*given)).scalars())
    if by is By.TAG:
        return frozenset(chain.from_iterable(tags.split() for tags in found))
    return frozenset(found)


def _rules(connection: Connection) -> frozenset[str]:
    """Those that fired for a mail stand in the journal, those that time let fire in the log."""
    rows = connection.execute(select(cast(_JOURNAL.c.rules, Text)).distinct()).scalars()
    timed = connection.execute(_distinct(_EVENT.c.actor, _EVENT.c.kind == FIRED)).scalars()
    return frozenset(chain(*map(json.loads, rows), (actor.removeprefix(_RULE) for actor in timed)))


def _distinct(value: ColumnElement[str], *which: ColumnElement[bool]) -> Select[Any]:
    return select(value).where(*which).distinct()


def _value(key: str) -> ColumnElement[str]:
    found: ColumnElement[str] = _EVENT.c.data[key].as_string()
    return found

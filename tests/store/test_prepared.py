"""Prepared statements say what SQLAlchemy's own way says, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, event, insert, select, text, update

from maild.errors import LostRace, StoreBusy
from maild.store import blobs, deadlines, tables
from maild.store.database import Database
from maild.store.prepared import FORMS_MAX, Prepared
from maild.store.tables import metadata
from tests.store.rows import NOW

_META = metadata.tables[tables.Meta.__tablename__]
_CUSTOMER = metadata.tables[tables.CustomerRow.__tablename__]
_EVENT = metadata.tables[tables.EventRow.__tablename__]
_AMONG = Prepared(
    select(_META.c.name, _META.c.value)
    .where(_META.c.name.in_(bindparam("names", expanding=True)), _META.c.value != "never")
    .order_by(_META.c.name)
)
_ADD_META = Prepared(insert(_META))
_ADD_EVENT = Prepared(insert(_EVENT))
_EVENTS = Prepared(
    select(_EVENT.c.at, _EVENT.c.kind, _EVENT.c.data).where(_EVENT.c.at >= bindparam("since"))
)


def _filled(database: Database, *names: str) -> None:
    with database.write() as connection:
        _ADD_META.run(connection, [{"name": name, "value": name.upper()} for name in names])


def _log(at: datetime, **data: str) -> dict[str, Any]:
    return {
        "ticket_id": None,
        "at": at,
        "kind": "x",
        "actor": "",
        "data": data,
        "journal_id": None,
    }


@pytest.mark.parametrize(
    ("names", "found"),
    [([], []), (["a"], ["A"]), (["a", "zz", "b"], ["A", "B"]), (["zz"], []), (["b"], ["B"])],
)
def test_a_list_may_have_any_length(
    database: Database, names: list[str], found: list[str]
) -> None:
    _filled(database, "a", "b", "c")

    with database.read() as connection:
        rows = _AMONG.rows(connection, {"names": names})

    assert [value for _, value in rows] == found


def test_more_lengths_than_are_kept_are_all_answered(database: Database) -> None:
    _filled(database, "a")
    many = [f"n{n}" for n in range(FORMS_MAX + 2)]

    with database.read() as connection:
        found = [
            _AMONG.scalars(connection, {"names": ["a", *many[:length]]})
            for length in range(len(many))
        ]

    assert found == [["a"]] * len(many)


def test_times_and_json_come_back_as_they_went_in(database: Database) -> None:
    east = NOW.astimezone(timezone(timedelta(hours=5)))

    with database.write() as connection:
        _ADD_EVENT.run(connection, [_log(east, who="é"), _log(NOW - timedelta(days=1))])
        [row] = _EVENTS.mappings(connection, {"since": NOW - timedelta(hours=1)})

    assert row == {"at": NOW, "kind": "x", "data": {"who": "é"}}
    assert row["at"].tzinfo is UTC


def test_a_naive_time_is_refused(database: Database) -> None:
    with database.write() as connection, pytest.raises(ValueError, match="naive"):
        _ADD_EVENT.run(connection, [_log(NOW.replace(tzinfo=None))])


def test_a_column_that_is_not_named_gets_its_default(database: Database) -> None:
    row = {"address": "a@b.example", "name": "", "language": "", "segment": ""}
    row |= {"organisation": ""}

    with database.write() as connection:
        Prepared(insert(_CUSTOMER)).run(connection, [{**row, "verified": True, "created_at": NOW}])
        found = connection.execute(select(_CUSTOMER.c.notes, _CUSTOMER.c.verified)).one()

    assert tuple(found) == ("", True)


def test_a_row_without_a_value_that_others_have_is_refused(database: Database) -> None:
    with database.write() as connection, pytest.raises(KeyError):
        _ADD_META.run(connection, [{"name": "a", "value": ""}, {"name": "b"}])


def test_it_tells_how_many_rows_were_changed(database: Database) -> None:
    _filled(database, "a", "b")
    change = Prepared(
        update(_META).where(_META.c.name == bindparam("who")).values(value=bindparam("new"))
    )
    gone = Prepared(delete(_META).where(_META.c.name == bindparam("who")).returning(_META.c.value))

    with database.write() as connection:
        changed = [
            change.run(connection, [{"who": who, "new": "9"} for who in names])
            for names in (["a"], ["a", "b"], ["a", "zz"], ["zz"])
        ]
        assert gone.scalars(connection, {"who": "a"}) == ["9"]
        assert gone.scalars(connection, {"who": "a"}) == []

    assert changed == [1, 2, 1, 0]


def test_nothing_to_write_is_nothing_to_ask(database: Database) -> None:
    with database.write() as connection:
        assert _ADD_META.run(connection, []) == 0
        assert blobs.add(connection, [], NOW) == []
        deadlines.fire(connection, [], NOW)


def test_a_unique_key_that_is_taken_is_a_lost_race(database: Database) -> None:
    _filled(database, "a")

    with pytest.raises(LostRace):
        _filled(database, "b", "a")

    with database.read() as connection:
        assert _AMONG.scalars(connection, {"names": ["a", "b"]}) == ["a"]


def test_who_listens_to_the_engine_hears_every_statement(database: Database) -> None:
    heard: list[tuple[str, bool]] = []

    def listen(*about: Any) -> None:
        heard.append((about[2].split()[0], about[5]))

    event.listen(database.engine, "before_cursor_execute", listen)
    with database.write() as connection:
        _ADD_META.run(connection, [{"name": name, "value": ""} for name in "ab"])
        _AMONG.rows(connection, {"names": ["a"]})
    event.remove(database.engine, "before_cursor_execute", listen)

    assert heard[-2:] == [("INSERT", True), ("SELECT", False)]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_connection_that_is_gone_is_used_no_more(database: Database) -> None:
    with database.write() as other:
        mine = text("SELECT pg_backend_pid()")
        end = text("SELECT pg_terminate_backend(:pid)")
        with pytest.raises(StoreBusy), database.write() as connection:  # noqa: PT012 - it dies inside
            other.execute(end, {"pid": connection.execute(mine).scalar_one()})
            _AMONG.rows(connection, {"names": ["a"]})

    _filled(database, "a")

    with database.read() as connection:
        assert _AMONG.scalars(connection, {"names": ["a"]}) == ["a"]

"""Posts that move to a new ticket, tickets that change hands, absences: on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from maild.core.absence import FOREVER, Absence
from maild.core.decision import Decision, Outcome, Taken
from maild.core.index import wanted
from maild.core.ticket import Customer, PostKind, Ticket
from maild.errors import LostRace
from maild.store import absence, commit, search, sound_rows, staffing
from maild.store.database import Connection, Database
from maild.store.tables import metadata
from maild.store.tickets import views
from tests.core.scenes import ALICE, BOB, EVE, HOUSE, NOW, post
from tests.core.scenes import ticket as scene_ticket

POST, KEY = metadata.tables["post"], metadata.tables["message_key"]
POSTS = (
    post(1),
    replace(post(2, PostKind.AGENT, author=ALICE), message_id="ours@co.example"),
    replace(post(3, text="A saucer"), message_id="theirs@customer.example"),
    post(4, PostKind.NOTE, author=BOB),
)


def written(connection: Connection, decision: Decision) -> Ticket:
    made = commit.numbered(connection, decision, NOW)
    assert made is not None
    commit.story(connection, decision, made, 0, NOW)
    return made


def opened(connection: Connection) -> Ticket:
    new = scene_ticket(number=0, version=0)
    keys = tuple(one.message_id for one in POSTS)
    decision = Decision(outcome=Outcome.POSTED, reasons=(), after=new, posts=POSTS, keys=keys)
    return written(connection, decision)


def taking(old: Ticket, *posts: int) -> Decision:
    taken = Taken(ticket=old.number, posts=posts, actor=ALICE)
    new = scene_ticket(number=0, version=0, linked=old.number)
    return Decision(outcome=Outcome.POSTED, reasons=(), after=new, taken=taken)


def test_posts_move_with_their_ids_and_leave_a_mark(database: Database) -> None:
    with database.write() as connection:
        old = opened(connection)
        new = written(connection, taking(old, 2, 3))
        [left, right] = views(connection, [old.number, new.number], HOUSE, NOW)
        rows = connection.execute(select(KEY.c.message_id, KEY.c.ticket_id))
        keys = {row.message_id: row.ticket_id for row in rows}

        assert [(p.n, p.kind) for p in left.recent] == [
            (1, PostKind.CUSTOMER),
            (2, PostKind.NOTE),
            (3, PostKind.NOTE),
            (4, PostKind.NOTE),
        ]
        assert left.recent[1].text == left.recent[2].text == f"→ #{new.number}"
        assert [(p.n, p.kind) for p in right.recent] == [
            (1, PostKind.AGENT),
            (2, PostKind.CUSTOMER),
        ]
        assert keys["theirs@customer.example"] == new.number
        assert keys["ours@co.example"] == keys["post-1@x.example"] == old.number
        assert search.numbers(connection, wanted("saucer"), 9) == [new.number]
        assert list(sound_rows.words(connection, NOW)) == []


def test_a_post_that_is_gone_is_looked_up_again(database: Database) -> None:
    with pytest.raises(LostRace), database.write() as connection:
        written(connection, taking(opened(connection), 3, 9))

    with database.read() as connection:
        assert connection.execute(select(POST.c.id)).all() == []


def test_a_split_counts_as_a_change_of_the_ticket_that_is_left(database: Database) -> None:
    with database.write() as connection:
        old = opened(connection)
        split = Decision(
            outcome=Outcome.POSTED, reasons=(), before=old, after=old, others=(taking(old, 3),)
        )
        changed = commit.numbered(connection, split, NOW)
        assert changed is not None
        assert changed.version == old.version + 1

        with pytest.raises(LostRace):
            commit.numbered(connection, split, NOW)


def test_a_ticket_changes_hands(database: Database) -> None:
    with database.write() as connection:
        old = opened(connection)
        given = replace(old, customer=Customer(address=EVE, name="Eve"), pending_until=NOW)
        written(connection, Decision(outcome=Outcome.POSTED, reasons=(), before=old, after=given))
        [found] = views(connection, [old.number], HOUSE, NOW)

    assert (found.ticket.customer.address, found.ticket.customer.name) == (EVE, "Eve")
    assert found.ticket.pending_until == NOW


def test_who_is_away_is_known_until_they_are_back(database: Database) -> None:
    later = NOW + timedelta(hours=1)
    until = Absence(agent=ALICE, since=NOW, until=later, set_by=ALICE)
    ever = Absence(agent=BOB, since=NOW, set_by="operator")
    with database.write() as connection:
        absence.record(connection, [replace(until, until=None), until, ever], NOW)

        assert absence.of(connection, ALICE, NOW) == until
        assert absence.of(connection, ALICE, later) is None
        assert absence.all_away(connection, NOW) == {ALICE: until, BOB: ever}
        assert {one.address: one.away_until for one in staffing.loads(connection, NOW)} == {
            ALICE: later,
            BOB: FOREVER,
        }

        absence.record(connection, [replace(until, until=NOW)], NOW)

        assert absence.back(connection, BOB)
        assert not absence.back(connection, ALICE)
        assert connection.execute(text("SELECT count(*) FROM absence")).scalar_one() == 0

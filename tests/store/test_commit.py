"""One transaction a decision; twice is once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.house import House, Organisation
from maild.core.mail import Attachment, Encoding, Locator
from maild.core.ticket import Participant, PostKind, Role, State, Ticket
from maild.errors import LostRace
from maild.store import commit, staffing, tickets
from maild.store.database import Database
from maild.store.tables import metadata
from tests.store.rows import ANNA, NOW, a_post, apply, end, journalled, new_ticket, opening

HOUSE = House(
    name="Co",
    domain="co.example",
    organisations=(Organisation(name="ACME", domains=("customer.example",), segment="paid"),),
)


def rows(database: Database, table: str) -> list[dict[str, object]]:
    with database.read() as connection:
        found = connection.execute(select(metadata.tables[table])).mappings()
        return [dict(row) for row in found]


def known(database: Database, number: int) -> Ticket:
    with database.read() as connection:
        return tickets.views(connection, [number], HOUSE, NOW)[0].ticket


def changing(before: Ticket, after: Ticket, n: int = 2) -> Decision:
    return replace(opening(), before=before, after=after, posts=(a_post(n),), events=())


def test_a_new_ticket_comes_back_as_it_was_decided(database: Database) -> None:
    people = (
        Participant(address=ANNA, name="Anna"),
        Participant(address="ben@customer.example", role=Role.CC),
    )
    decided = replace(
        new_ticket(), participants=people, tags=("a", "b"), tier=2, queue="sales", language="fr"
    )

    number = apply(database, opening(ticket=decided)).number

    found = known(database, number)
    customer = replace(
        decided.customer,
        segment="paid",
        segment_from="organisation ACME",
        organisation="ACME",
    )
    assert found == replace(decided, number=number, version=1, customer=customer)
    assert [(e["kind"], e["data"], e["ticket_id"]) for e in rows(database, "event")] == [
        ("ticket.created", {"queue": "support"}, number)
    ]


def test_a_customer_is_one_row_for_many_tickets(database: Database) -> None:
    first, second = apply(database, opening()), apply(database, opening())

    assert first.number != second.number
    assert len(rows(database, "customer")) == 1


def test_a_post_keeps_its_files(database: Database) -> None:
    locator = Locator(start=3, end=9, encoding=Encoding.BASE64, index=1)
    file = Attachment(
        name="a.txt",
        type="text/plain",
        size=4,
        sha256="ab" * 32,
        inline=True,
        content_id="c",
        locator=locator,
    )
    apply(database, opening(posts=(a_post(attachments=(file, file)),)))

    first, second = rows(database, "attachment")
    assert (first["n"], second["n"]) == (1, 2)
    assert (first["name"], first["start"], first["end"], first["encoding"]) == (
        "a.txt",
        3,
        9,
        "base64",
    )


def test_a_journal_row_becomes_one_post(database: Database) -> None:
    (journal_id,) = journalled(database)
    decision = opening(posts=(a_post(journal_id=journal_id),))
    apply(database, decision, journal_id)

    with pytest.raises(LostRace):
        apply(database, decision, journal_id)

    assert len(rows(database, "ticket")) == len(rows(database, "post")) == 1
    assert len(rows(database, "event")) == 1


def test_committing_twice_is_committing_once(database: Database) -> None:
    (journal_id,) = journalled(database)
    apply(database, opening(), journal_id)
    end(database, journal_id)

    with pytest.raises(LostRace):
        end(database, journal_id)


def test_a_ticket_that_changed_meanwhile_is_a_lost_race_and_nothing_is_written(
    database: Database,
) -> None:
    before = known(database, apply(database, opening()).number)
    apply(database, changing(before, replace(before, state=State.OPEN)))

    with pytest.raises(LostRace):
        apply(database, changing(before, replace(before, state=State.SOLVED), n=3))

    assert known(database, before.number).state is State.OPEN
    assert len(rows(database, "post")) == 2


def test_a_change_counts_the_version_on_and_adds_people_once(database: Database) -> None:
    before = known(database, apply(database, opening()).number)
    more = Participant(address="ben@customer.example", role=Role.CC)
    after = replace(before, participants=(*before.participants, more), assignee="alice@co.example")

    written = apply(database, changing(before, after))

    assert written.version == 2
    assert known(database, before.number) == replace(after, version=2)


def test_an_event_alone_changes_no_version(database: Database) -> None:
    before = known(database, apply(database, opening()).number)
    event = EventDraft(kind="reply.bounced", actor="maild")
    decision = replace(opening(), before=before, after=before, posts=(), events=(event,))

    assert apply(database, decision).version == 1
    assert len(rows(database, "event")) == 2


def test_a_message_id_belongs_to_the_first_ticket(database: Database) -> None:
    first = apply(database, opening(keys=("a@x", "b@x")))
    apply(database, opening(keys=("b@x", "c@x")))

    owners = {row["message_id"]: row["ticket_id"] for row in rows(database, "message_key")}
    assert owners["a@x"] == owners["b@x"] == first.number
    assert owners["c@x"] != first.number


def test_two_posts_never_have_one_number(database: Database) -> None:
    with pytest.raises(LostRace):
        apply(database, opening(posts=(a_post(1), a_post(1))))

    assert rows(database, "ticket") == []


def test_no_decision_about_a_ticket_writes_none(database: Database) -> None:
    with database.write() as connection:
        decision = Decision(outcome=Outcome.HELD, reasons=())

        assert commit.numbered(connection, decision, NOW) is None


def test_the_view_of_a_ticket_tells_its_story(database: Database) -> None:
    kinds = [PostKind.CUSTOMER, PostKind.NOTE, PostKind.AGENT, PostKind.AUTO] * 2
    posts = tuple(
        a_post(n, kind, message_id=f"p{n}@x", thread_index=f"i{n}")
        for n, kind in enumerate(kinds, start=1)
    )
    number = apply(database, opening(posts=posts)).number

    with database.read() as connection:
        (view,) = tickets.views(connection, [0, number, number, 99], HOUSE, NOW)

    assert view.post_count == 8
    assert [post.n for post in view.recent] == [3, 4, 5, 6, 7, 8]
    assert view.public_ids == ("p1@x", "p3@x", "p5@x", "p7@x")
    assert view.thread_index == "i7"
    assert view.automatic_last_hour == 0


def test_loads_tell_what_agents_have_in_hand(database: Database) -> None:
    given = [
        ("alice@co.example", State.NEW),
        ("alice@co.example", State.PENDING),
        ("alice@co.example", State.SOLVED),
        ("", State.NEW),
    ]
    for assignee, state in given:
        apply(database, opening(ticket=replace(new_ticket(), assignee=assignee, state=state)))

    with database.read() as connection:
        (load,) = staffing.loads(connection, NOW)

    assert (load.address, load.open_tickets) == ("alice@co.example", 2)
    assert load.weight > 0

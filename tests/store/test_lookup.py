"""What is looked up for one mail: every field of the snapshot."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from maild.core import proof
from maild.core.decision import Decision, Outcome, ReplyKind
from maild.core.mail import Mail
from maild.core.snapshot import Snapshot
from maild.core.ticket import Customer, PostKind, State
from maild.core.token import Purpose
from maild.core.trust import Level
from maild.store import account, journal, lookup
from maild.store.database import Database
from maild.store.prepared import Prepared
from tests.core.scenes import ALICE, HOUSE, KEYS, UNTRUSTED, mail, our_id, reply_address
from tests.store.rows import (
    ANNA,
    NOW,
    a_post,
    apply,
    arrival,
    end,
    journalled,
    new_ticket,
    opening,
    outgoing,
    queued,
    raw,
)
from tests.store.test_account import LINE

INDEX = "AQHZ" + "a" * 40


def look(database: Database, letter: Mail, journal_id: int = 0) -> Snapshot:
    proofs = proof.collect(letter, UNTRUSTED, HOUSE, KEYS)
    with database.read() as connection:
        return lookup.for_mail(connection, arrival(letter, journal_id), proofs, HOUSE, NOW)


def numbers(snapshot: Snapshot) -> list[int]:
    return [view.ticket.number for view in snapshot.tickets]


def test_an_empty_world_knows_nothing(database: Database) -> None:
    found = look(database, mail(subject="[Support #1]", answers=["x@y.example"]))

    customer = Customer(
        address=ANNA,
        name="Anna",
        segment="paid",
        segment_from="organisation ACME",
        organisation="ACME",
    )
    assert found == Snapshot(now=NOW, proofs=found.proofs, customer=customer, by_subject=1)


def test_a_known_customer_keeps_the_name_we_know(database: Database) -> None:
    apply(database, opening())

    assert look(database, replace(mail(), language="fr")).customer.name == "Anna"


def test_tickets_are_found_by_every_way(database: Database) -> None:
    for n in range(1, 6):
        apply(database, opening(keys=(f"k{n}@x.example",)))
    letter = mail(
        to=[reply_address(ANNA, 1)],
        answers=["k4@x.example", "k3@x.example", our_id(2)],
        subject="[Support #5]",
    )

    found = look(database, letter)

    assert numbers(found) == [1, 2, 3, 4, 5]
    assert found.by_reference == (3, 4)
    assert (found.by_subject, found.by_thread_index) == (5, 0)


def test_outlooks_mark_counts_where_nothing_else_is_named(database: Database) -> None:
    number = apply(database, opening(keys=(f"thread-index:{INDEX[:28]}",))).number
    bare = mail()
    marked = replace(bare, parsed=replace(bare.parsed, thread_index=INDEX))
    answering = mail(answers=["x@y.example"])
    both = replace(answering, parsed=replace(answering.parsed, thread_index=INDEX))

    assert look(database, marked).by_thread_index == number
    assert look(database, both).by_thread_index == 0


def same(
    database: Database, first: bytes, letter: Mail, outcome: Outcome = Outcome.POSTED
) -> tuple[int, int]:
    """End a mail like `letter`, look up `letter` as a second row; return (first id, same_as)."""
    one, two = journalled(database, first, first)
    end(database, one, outcome, identity=letter.identity, content_hash=letter.content_hash)
    return one, look(database, letter, two).same_as


@pytest.mark.parametrize("outcome", [Outcome.POSTED, Outcome.HELD, Outcome.IGNORED])
def test_the_same_mail_is_known_again(database: Database, outcome: Outcome) -> None:
    first, found = same(database, raw("m1@customer.example"), mail(), outcome)

    assert found == first


@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.IGNORED])
def test_two_copies_are_never_each_ignored_because_of_the_other(
    database: Database, outcome: Outcome
) -> None:
    """The first was held and is released; the second was ignored as the same."""
    one, two = journalled(database, raw("m1@customer.example"), raw("m1@customer.example"))
    end(database, two, outcome, identity=ANNA, content_hash=mail().content_hash)

    assert look(database, mail(), one).same_as == 0


def test_a_later_copy_that_was_posted_counts(database: Database) -> None:
    one, two, three = journalled(database, *[raw("m1@customer.example")] * 3)
    likeness = {"identity": ANNA, "content_hash": mail().content_hash}
    end(database, one, Outcome.HELD, **likeness)
    end(database, three, Outcome.POSTED, **likeness)

    assert look(database, mail(), two).same_as == three
    assert look(database, mail(), one).same_as == three


def test_a_message_id_without_brackets_is_known_again(database: Database) -> None:
    letter = mail(message_id="bare@customer.example")
    first, found = same(database, b"Message-ID: bare@customer.example\r\n\r\nx", letter)

    assert found == first


DIFFERENT = [
    mail(text="something else"),
    mail("ben@customer.example"),
]


@pytest.mark.parametrize("letter", DIFFERENT)
def test_other_content_or_another_sender_is_another_mail(database: Database, letter: Mail) -> None:
    one, two = journalled(database, raw("m1@customer.example"), raw("m1@customer.example"))
    end(database, one, identity=ANNA, content_hash=mail().content_hash)

    assert look(database, letter, two).same_as == 0


def test_a_customer_called_like_an_agent_has_no_name(database: Database) -> None:
    letter = mail("eve@customer.example")
    person = replace(letter.parsed.from_[0], name="Alice")
    called = replace(letter, parsed=replace(letter.parsed, from_=(person,)))

    assert look(database, letter).customer.name == "Eve"
    assert look(database, called).customer.name == ""


def test_a_block_is_as_strong_as_the_mail_that_was_spam(database: Database) -> None:
    def spam(person: str, *levels: str, state: State = State.SPAM) -> Level | None:
        for level in levels:
            posts = (replace(a_post(1), trust=level), replace(a_post(2), trust="E4"))
            known = replace(new_ticket(), customer=Customer(address=person), state=state)
            apply(database, opening(posts=posts, ticket=known))
        return look(database, mail(person)).blocked_up_to

    assert spam("new@customer.example") is None
    assert spam("good@customer.example", "E2", state=State.OPEN) is None
    assert spam("forged@customer.example", "E0", "E0") is Level.CLAIMED
    assert spam("proven@customer.example", "E0", "E2", "E1") is Level.DOMAIN
    assert spam("released@customer.example", "failed") is Level.CLAIMED


def test_another_id_is_another_mail(database: Database) -> None:
    one, two = journalled(database, raw("m1@customer.example"), raw("m2@customer.example"))
    end(database, one, identity=ANNA, content_hash=mail().content_hash)

    assert look(database, mail(message_id="m2@customer.example"), two).same_as == 0


def test_a_mail_in_hand_and_a_dropped_one_are_nobodys_like(database: Database) -> None:
    one, two = journalled(database, raw(), raw())
    letter = mail(message_id="", defect="two mailboxes")
    assert look(database, letter, two).same_as == 0

    end(database, one, Outcome.HELD, identity="", content_hash=letter.content_hash)
    assert look(database, letter, two).same_as == one
    with database.write() as connection:
        journal.drop(connection, one, "spam", NOW)

    assert look(database, letter, two).same_as == 0


def test_the_same_id_with_other_content_is_flagged(database: Database) -> None:
    apply(database, opening(posts=(a_post(message_id="m1@customer.example"),)))

    assert look(database, mail()).same_id_other_content
    assert not look(database, mail(message_id="")).same_id_other_content


def test_our_own_mail_is_known(database: Database) -> None:
    queued(database, outgoing(message_id="m1@customer.example"))

    assert look(database, mail()).is_own
    assert not look(database, mail(message_id="m2@customer.example")).is_own


def test_a_reply_waits_for_an_earlier_mail_that_is_not_done(database: Database) -> None:
    first, second = journalled(database, raw("m1@x.example"), raw("m2@x.example"))
    letter = mail(message_id="m2@x.example", answers=["m1@x.example"])

    assert look(database, letter, second).waits_for == first
    assert look(database, mail(answers=["m2@x.example"]), first).waits_for == 0
    journal.claim(database, "a", NOW, 1)
    assert look(database, letter, second).waits_for == first
    end(database, first)
    assert look(database, letter, second).waits_for == 0


def test_mails_in_hand_are_asked_for_before_their_keys(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another node may end the answered mail in between: then its key must be seen."""
    order: list[object] = []
    asked = lookup._asked

    def noted(connection: Connection, statement: Prepared, *lists: Any) -> Any:
        order.append(statement)
        return asked(connection, statement, *lists)

    monkeypatch.setattr(lookup, "_asked", noted)
    look(database, mail(answers=["m2@x.example"]), 1)

    assert order.index(lookup._UNDONE) < order.index(lookup._KEYS)


def acknowledged(database: Database, key: str, at: datetime, **more: Any) -> None:
    """Write an automatic mail to Anna about a new ticket, and book it."""
    number = apply(database, opening(keys=(f"{key}@x.example",))).number
    queued(database, outgoing(key, number, created_at=at, **more))
    with database.write() as connection:
        account.book(connection, [replace(LINE, ticket=number)], at)


def test_an_acknowledgement_counts_for_a_day(database: Database) -> None:
    old = NOW - timedelta(days=1)
    acknowledged(database, "old", old)
    assert not look(database, mail()).acknowledged_today

    acknowledged(database, "new", old + timedelta(seconds=1))
    assert look(database, mail()).acknowledged_today


@pytest.mark.parametrize("sender", ["anna+1@customer.example", "Anna+a+b@Customer.example"])
def test_an_acknowledgement_counts_for_every_plus_address(database: Database, sender: str) -> None:
    acknowledged(database, "new", NOW)

    assert look(database, mail(sender)).acknowledged_today
    assert not look(database, mail("hanna+1@customer.example")).acknowledged_today


def test_other_automatic_mail_is_no_acknowledgement(database: Database) -> None:
    acknowledged(database, "survey", NOW, kind=ReplyKind.TEMPLATE)

    assert not look(database, mail()).acknowledged_today


def test_automatic_mails_of_a_ticket_are_counted_for_an_hour(database: Database) -> None:
    number = apply(database, opening()).number
    old = NOW - timedelta(hours=1)
    queued(database, outgoing("a", number), outgoing("b", number, created_at=old), outgoing("c"))

    (view,) = look(database, mail(to=[reply_address(ANNA, number)])).tickets
    assert view.automatic_last_hour == 1


def noted(database: Database, mark: str, **more: object) -> int:
    """Open a ticket with a note below more posts than a view holds; return its number."""
    note = a_post(1, PostKind.NOTE, text=f"{mark} note")
    later = tuple(a_post(n, text=f"{mark} {n}") for n in range(2, 10))
    ticket = replace(new_ticket(), **more)  # type: ignore[arg-type]
    return apply(database, opening((note, *later), ticket=ticket)).number


def test_for_an_agents_mail_every_note_is_known_those_of_merged_tickets_too(
    database: Database,
) -> None:
    number = noted(database, "own")
    merged = noted(database, "merged", state=State.MERGED, linked=number)
    noted(database, "deep", state=State.MERGED, linked=merged)
    noted(database, "linked", linked=number)

    for token in (number, merged):
        letter = mail(ALICE, to=[reply_address(ALICE, token, Purpose.AGENT)])
        view = look(database, letter).view(number)
        assert view is not None
        assert set(view.notes) == {"own note", "merged note", "deep note"}
        assert "own 9" in view.public_texts


def test_notes_of_tickets_that_a_search_showed_the_agent_are_known_too(
    database: Database,
) -> None:
    number, found = noted(database, "own"), noted(database, "found")
    noted(database, "other")
    quoted = f"Pull it.\n\n> [Support #{found}] The kettle leaks\n>   …found note…\n"
    letter = mail(ALICE, to=[reply_address(ALICE, number, Purpose.AGENT)], text=quoted)

    view = look(database, letter).view(number)

    assert view is not None
    assert set(view.notes) == {"own note", "found note"}


def test_what_other_customers_wrote_is_known_where_it_was_shown(database: Database) -> None:
    number, again = noted(database, "own"), noted(database, "again")
    ben, own, _ = (
        apply(database, conversation(customer)).number
        for customer in ("ben@x.example", ANNA, "carl@x.example")
    )
    tags = "".join(f"> [Support #{shown}]\n" for shown in (ben, own, number, again))
    quoted = f"Pull it.\n\n{tags}"
    letter = mail(ALICE, to=[reply_address(ALICE, number, Purpose.AGENT)], text=quoted)

    view = look(database, letter).view(number)

    assert view is not None
    assert set(view.notes) == {"own note", "again note"}
    assert set(view.others) == {"words of ben@x.example", "told to ben@x.example"}
    assert view.usual == ("told to carl@x.example",)


def conversation(customer: str) -> Decision:
    """What a customer wrote, and an agent's answer, in a new ticket."""
    said = a_post(1, author=customer, text=f"words of {customer}")
    told = a_post(2, PostKind.AGENT, author=ALICE, text=f"told to {customer}")
    ticket = replace(new_ticket(), customer=Customer(address=customer))
    return opening((said, told), ticket=ticket)


def test_mails_of_one_batch_about_one_ticket_hide_nothing_from_each_other(
    database: Database,
) -> None:
    number, found = noted(database, "own"), noted(database, "found")
    texts = (f"Pull it.\n\n> [Support #{found}] …found note…\n", "And switch it on again.")
    address = reply_address(ALICE, number, Purpose.AGENT)
    letters = [mail(ALICE, to=[address], text=text) for text in texts]

    with database.read() as connection:
        first, second = lookup.for_mails(
            connection,
            [(arrival(one), proof.collect(one, UNTRUSTED, HOUSE, KEYS)) for one in letters],
            HOUSE,
            NOW,
        )

    for view in (first.view(number), second.view(number)):
        assert view is not None
        assert set(view.notes) == {"own note", "found note"}


def test_notes_are_not_read_for_a_customers_mail(database: Database) -> None:
    number = noted(database, "own")

    (view,) = look(database, mail(to=[reply_address(ANNA, number)])).tickets

    assert (view.notes, view.public_texts) == ((), ())


def test_hostile_ids_are_looked_up_without_an_error(database: Database) -> None:
    long = os.urandom(30_000).hex() + "@x"
    letter = mail(
        message_id=long,
        answers=[long, *(f"{n}@x" for n in range(500))],
        subject="[Support #9999999999]",
    )

    found = look(database, letter)

    assert (found.tickets, found.by_subject) == ((), 9_999_999_999)

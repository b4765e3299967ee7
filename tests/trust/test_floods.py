"""Whoever floods us, the victim gets little: budgets by address, pair and domain, and the breaker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core.house import House
from maild.store import account
from tests.core.scenes import ALICE, ANNA, HOUSE
from tests.faults.form import times
from tests.trust.house import InMemory, letter, proven

VICTIM = "victim@victims.example"
TO = "support@co.example"
BATCH = 32
FORGED, NAMED = times(200, 10_000), times(200, 1000)
pytestmark = pytest.mark.timeout(times(120, 1800))


@contextmanager
def running(house: House = HOUSE) -> Iterator[InMemory]:
    made = InMemory(house)
    yield made
    made.close()


def flood(made: InMemory, mails: list[bytes]) -> None:
    for start in range(0, len(mails), BATCH):
        made.receive(*mails[start : start + BATCH])


def to_customers(made: InMemory) -> int:
    return sum("@co.example" not in str(mail["X-Recipient"]) for mail in made.sent)


def test_a_forged_sender_is_acknowledged_once_a_day_and_reads_nothing_of_the_forgers(
    figures: Callable[..., None],
) -> None:
    link = "https://evil.example/win"
    with running() as made:
        flood(
            made, [letter(VICTIM, TO, f"{link} {n}", subject=f"{link} {n}") for n in range(FORGED)]
        )
        mails = made.to(VICTIM)
        opened = len(made.tickets())

    echoed = sum("evil.example" in mail.as_string() for mail in mails)
    figures(forged=FORGED, tickets=opened, acknowledged=len(mails), with_words_of_theirs=echoed)
    assert opened == FORGED
    assert (len(mails), echoed) == (1, 0)


def test_a_proven_sender_gets_three_in_an_hour_and_ten_in_a_day() -> None:
    field = proven("victims.example")
    counts = []
    with running() as made:
        for hour in range(6):
            flood(made, [letter(VICTIM, TO, f"{hour} {n}", field) for n in range(40)])
            counts.append(len(made.to(VICTIM)))
            made.now += timedelta(hours=1, seconds=1)

    print(f"\nproven sender: 240 mails in, acknowledged in all after each hour: {counts}")
    assert counts == [3, 6, 9, 10, 10, 10]


@pytest.mark.parametrize("field", [(), (proven("victims.example"),)], ids=["forged", "proven"])
def test_a_victim_with_many_plus_addresses_is_one_victim(field: tuple[str, ...]) -> None:
    with running() as made:
        mails = [letter(f"victim+{n}@victims.example", TO, f"{n}", *field) for n in range(40)]
        flood(made, mails)
        sent, opened = to_customers(made), len(made.tickets())

    assert (opened, sent) == (40, 3)


def test_a_domain_gets_no_more_than_its_budget() -> None:
    field = proven("victims.example")
    with running(replace(HOUSE, automatic_per_domain_hour=7)) as made:
        mails = [letter(f"v{n}@victims.example", TO, f"{n}", field) for n in range(100)]
        flood(made, mails)
        sent, opened = to_customers(made), len(made.tickets())

    print(f"\none domain: 100 mails in, {opened} tickets, {sent} acknowledged")
    assert (opened, sent) == (100, 7)


def test_the_breaker_stops_all_automatic_mail_and_lets_it_flow_again(
    figures: Callable[..., None],
) -> None:
    house = replace(HOUSE, automatic_per_ten_minutes=20)
    with running(house) as made:
        flood(made, [letter(f"v{n}@v{n}.example", TO, f"{n}") for n in range(100)])
        with made.database.read() as connection:
            during = account.breaker(connection, house, made.now)
        sent, opened = to_customers(made), len(made.tickets())
        made.now += timedelta(minutes=11)
        flood(made, [letter("anna@calm.example", TO)])
        with made.database.read() as connection:
            after = account.breaker(connection, house, made.now)
        calm = len(made.to("anna@calm.example"))
        kinds = [e["kind"] for e in made.ticket(100)["events"]]  # type: ignore[attr-defined]

    figures(beyond_the_breaker=opened, answered_before_it=sent)
    assert (opened, sent, calm) == (100, 20, 1)
    assert (during.is_open, after.is_open) == (True, False)
    assert "reply.withheld" in kinds


def test_who_is_named_in_cc_or_reply_to_of_strangers_mails_gets_nothing(
    figures: Callable[..., None],
) -> None:
    fields = (f"Cc: {VICTIM}", f"Reply-To: {VICTIM}", f"Sender: {VICTIM}")
    with running() as made:
        flood(made, [letter(f"m{n}@evil.example", TO, f"{n}", *fields) for n in range(NAMED)])
        got = made.to(VICTIM)

    figures(mails_that_name_the_victim=NAMED, to_the_victim=len(got))
    assert got == []


def test_who_claims_to_be_an_agent_neither_floods_nor_silences_them() -> None:
    with running() as made:
        anna = letter(ANNA, TO, "It smokes.", proven("customer.example"))
        flood(made, [anna, *(letter(f"m{n}@b.example", TO, f"{n}") for n in range(60))])
        notice = made.to(ANNA)[0]
        before = len(made.to(ALICE))
        flood(made, [claimed(1 + n % 60, f"{n}") for n in range(200)])
        got = len(made.to(ALICE)) - before
        flood(made, [claimed(1, f"Once more {n}") for n in range(60)])
        again = letter(ANNA, str(notice["Reply-To"]), "It burns.", proven("customer.example"))
        made.receive(again)
        newest = made.to(ALICE)[-1].get_body(("plain",))

    print(f"\nforged agent on 60 tickets: 200 mails in, {got} to the agent")
    assert 0 < got <= HOUSE.to_agent_per_ticket_hour
    assert newest is not None
    assert "It burns." in newest.get_content()


def claimed(ticket: int, text: str) -> bytes:
    """A mail with an agent's address and a ticket's number, and no proof."""
    return letter(ALICE, TO, text, subject=f"[Support #{ticket}] The printer smokes")

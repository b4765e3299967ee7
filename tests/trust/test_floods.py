"""Whoever floods us, the victim gets little: budgets by address, pair and domain, and the breaker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from maild.core.house import House
from maild.core.rule import RuleEvent, Verb
from maild.store import account, digests
from tests.core.scenes import ALICE, ANNA, BOB, HOUSE, rule
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


@pytest.mark.parametrize(
    ("field", "told"),
    [((), 1), ((proven("victims.example"),), 40)],
    ids=["forged", "proven"],
)
def test_many_plus_addresses_are_one_victim_where_nobody_proved_to_be_them(
    field: tuple[str, ...], told: int
) -> None:
    """A platform gives each customer of its own an address like `relay+7@`."""
    with running() as made:
        mails = [letter(f"victim+{n}@victims.example", TO, f"{n}", *field) for n in range(40)]
        flood(made, mails)
        sent, opened = to_customers(made), len(made.tickets())

    assert (opened, sent) == (40, told)


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


def words(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def on_ticket(made: InMemory, number: int, agent: str) -> list[EmailMessage]:
    return [mail for mail in made.to(agent) if f"[Support #{number}]" in str(mail["Subject"])]


def withheld(made: InMemory, number: int) -> set[tuple[str, str]]:
    """To whom a mail about a ticket was not written, and for which budget."""
    events: Any = made.ticket(number)["events"]
    told = [one["data"] for one in events if one["kind"] == "reply.withheld"]
    return {(one["to"], one["budget"]) for one in told if one["kind"] == "notification"}


def test_of_sixty_tickets_of_one_sender_half_are_told_and_the_last_notice_says_so() -> None:
    field, told = proven("victims.example"), 30
    with running(replace(HOUSE, to_agent_per_sender_hour=told)) as made:
        mails = [letter(f"victim+{n}@victims.example", TO, f"{n}", field) for n in range(60)]
        flood(made, mails)
        notices = made.to(ALICE)
        said = [f"#search victim+{told - 1}@victims.example" in words(mail) for mail in notices]

        assert len(made.tickets()) == 60
        assert said == [False] * (told - 1) + [True]
        assert len(made.to(BOB)) == told
        assert withheld(made, told) == set()
        assert withheld(made, told + 1) == {(ALICE, "news"), (BOB, "news")}

        flood(made, [letter("ben@victims.example", TO, "Mine burns.", field)])
        assert len(on_ticket(made, 61, ALICE)) == 1
        made.now += timedelta(hours=1, seconds=1)
        flood(made, [letter(VICTIM, TO, "Still.", field)])
        assert len(on_ticket(made, 62, ALICE)) == 1


def test_what_comes_on_a_ticket_that_nobody_was_told_of_is_told() -> None:
    field = proven("victims.example")
    with running(replace(HOUSE, to_agent_per_sender_hour=1)) as made:
        flood(made, [letter(VICTIM, TO, f"{n}", field) for n in range(2)])
        assert on_ticket(made, 2, ALICE) == []

        flood(made, [letter(VICTIM, made.to(VICTIM)[1]["Reply-To"], "More.", field)])

        [notice] = on_ticket(made, 2, ALICE)
        assert "More." in words(notice)


def test_an_honest_customer_with_five_tickets_is_told_of_with_each() -> None:
    with running() as made:
        flood(made, [letter(ANNA, TO, f"{n}", proven("customer.example")) for n in range(5)])

        assert [len(on_ticket(made, n, ALICE)) for n in range(1, 6)] == [1] * 5
        assert not any("#search" in words(mail) for mail in made.to(ALICE))


def test_who_opens_tickets_in_a_customers_name_does_not_silence_the_customer() -> None:
    with running(replace(HOUSE, to_agent_per_sender_hour=30)) as made:
        flood(made, [letter(ANNA, TO, f"{n}") for n in range(60)])
        before = len(made.to(ALICE))
        flood(made, [letter(ANNA, TO, "It burns.", proven("customer.example"))])

        assert before == 30
        assert "It burns." in words(made.to(ALICE)[-1])


def test_a_ticket_that_a_rule_gave_to_an_agent_is_found_though_its_news_was_withheld() -> None:
    given = rule(RuleEvent.TICKET_CREATED, (Verb.ASSIGN, ALICE), name="to alice")
    with running(replace(HOUSE, to_agent_per_sender_hour=2)) as made:
        world = made.office.world
        made.office = replace(made.office, world=replace(world, rules=(given, *world.rules)))
        flood(made, [letter(VICTIM, TO, f"{n}", proven("victims.example")) for n in range(6)])
        notices = made.to(ALICE)
        assert len(notices) == 2
        assert made.to(BOB) == []
        assert withheld(made, 6) == {(ALICE, "news")}

        made.receive(letter(ALICE, notices[0]["Reply-To"], "#list", proven("co.example")))
        listed = words(made.to(ALICE)[-1])
        with made.database.read() as connection:
            waiting = [one.number for one in digests.own(connection, ALICE)]

        assert all(f"[Support #{n}]" in listed for n in range(1, 7))
        assert sorted(waiting) == [1, 2, 3, 4, 5, 6]


def test_what_an_agent_forwards_of_one_customer_is_told_to_colleagues_each_time() -> None:
    with running(replace(HOUSE, to_agent_per_sender_hour=1)) as made:
        for n in range(3):
            made.receive(letter(ALICE, TO, forward(n), proven("co.example"), subject=f"Fwd: {n}"))

        assert [one["customer"]["address"] for one in made.tickets()] == [VICTIM] * 3  # type: ignore[index]
        assert len(made.to(BOB)) == 3


def forward(n: int) -> str:
    return (
        "---------- Forwarded message ---------\n"
        f"From: Vic <{VICTIM}>\nDate: Mon, 2 Mar 2026 at 08:00\nSubject: {n}\n"
        f"To: <{ALICE}>\n\nIt smokes {n}.\n"
    )

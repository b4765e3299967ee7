"""A rule gives a ticket to an agent, and the ticket's log says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core import handing
from maild.core.decision import Decision, EventDraft
from maild.core.dossier import COUNTED_MAX, Brief, Dossier, find
from maild.core.handing import Handover
from maild.core.house import Agent, Queue
from maild.core.ontime import Cause, occasion
from maild.core.rule import Action, Context, Rule, RuleEvent, Verb
from maild.core.snapshot import AgentLoad, World
from maild.core.terms import Terms
from maild.core.ticket import Customer, State, Ticket
from maild.errors import NotAllowed
from tests.core.scenes import (
    ALICE,
    ANNA,
    BOB,
    CREATED,
    HOUSE,
    KEYS,
    NOW,
    mail,
    play,
    reply_address,
    rule,
    ticket,
    view,
)

CAROL = "carol@co.example"
TEAM = replace(
    HOUSE,
    queues=(Queue(name="support", overflow="backup"), Queue(name="backup")),
    agents=(
        Agent(address=ALICE, queues=("support",), capacity=2),
        Agent(address=BOB, queues=("support",)),
        Agent(address=CAROL, queues=("backup",)),
    ),
)
AWAY = AgentLoad(address=BOB, away_until=NOW + timedelta(days=1))


def assigning(how: str = "least-loaded", terms: Terms = Terms()) -> Rule:  # noqa: B008 - frozen
    made = rule(CREATED, name="give")
    return replace(made, actions=(Action(verb=Verb.ASSIGN, value=how, terms=terms),))


def opened(*loads: AgentLoad, given: Rule | None = None, **more: object) -> Decision:
    rules = [given or assigning()]
    return play(mail(), rules=rules, house=TEAM, loads=loads, **more)  # type: ignore[arg-type]


def logged(decision: Decision, kind: str) -> dict[str, str]:
    found: list[EventDraft] = [event for event in decision.events if event.kind == kind]
    assert len(found) == 1
    assert found[0].actor == "rule:give"
    return dict(found[0].data)


def brief(number: int, assignee: str = "", state: State = State.SOLVED, days: int = 3) -> Brief:
    return Brief(
        number=number,
        state=state,
        subject=f"Ticket {number}",
        mailbox="Support",
        assignee=assignee,
        created_at=NOW - timedelta(days=days),
    )


def test_the_log_says_who_got_it_and_why_nobody_else() -> None:
    decision = opened(AgentLoad(address=ALICE, open_tickets=2, weight=8), AWAY)

    assert decision.after is not None
    assert (decision.after.assignee, decision.after.queue) == (CAROL, "backup")
    assert logged(decision, "queue.changed")["to"] == "backup"
    assert logged(decision, "ticket.assigned") == {
        "to": CAROL,
        "because": "has the least in hand on backup: 0; support ran over",
        "others": f"{ALICE}: full: 2 of 2; {BOB}: away until 2026-03-03 09:00 UTC",
    }


def test_what_nobody_can_take_stays_and_says_so() -> None:
    skilled = assigning(terms=Terms(skills=("welding",)))

    decision = opened(given=skilled)

    assert decision.after is not None
    assert (decision.after.assignee, decision.after.queue) == ("", "support")
    told = logged(decision, "assignment.failed")
    assert told["because"] == "nobody on support, backup can take it"
    assert f"{ALICE}: no skill welding" in told["others"]


def test_the_last_agent_of_the_customer_is_found_on_record() -> None:
    known = Dossier(address=ANNA, tickets=(brief(9), brief(8, BOB), brief(7, ALICE)))

    decision = opened(given=assigning(terms=Terms(sticky=True)), dossiers=(known,))

    assert decision.after is not None
    assert decision.after.assignee == BOB
    assert logged(decision, "ticket.assigned")["because"] == "had the customer's last ticket"


def test_a_condition_knows_the_tickets_of_the_customer_and_who_is_away() -> None:
    seen: list[Context] = []
    ask = rule(RuleEvent.CUSTOMER_REPLIED, (Verb.TAG, "x"), name="ask")
    ask = replace(ask, condition=lambda c: bool(seen.append(c)))  # type: ignore[func-returns-value]
    known = Dossier(
        address=ANNA,
        tickets=(brief(9, state=State.OPEN), brief(8), brief(7, state=State.PENDING, days=40)),
    )
    notes = Customer(address=ANNA, notes="Likes tea.", organisation="ACME", account_manager=BOB)

    for loads in ((), (AWAY,)):
        play(
            mail(to=[reply_address(ANNA)]),
            rules=[ask],
            views=[view(ticket(assignee=BOB, customer=notes))],
            dossiers=(known,),
            loads=loads,
        )

    customer = seen[0]["customer"]
    assert isinstance(customer, dict)
    assert (customer["open_tickets"], customer["tickets_30d"]) == (2, 2)
    assert (customer["notes"], customer["account_manager"]) == ("Likes tea.", BOB)
    assert seen[0]["organisation"] == {"name": "ACME", "account_manager": BOB}
    assert [c["ticket"]["assignee_away"] for c in seen] == [False, True]  # type: ignore[index]


def test_a_dossier_knows_the_newest_and_its_limits() -> None:
    known = Dossier(address=ANNA, tickets=tuple(brief(n) for n in range(COUNTED_MAX, 0, -1)))

    assert [one.number for one in known.recent(but=99)] == [100, 98, 97, 96, 95]
    assert known.last_agent() == ""
    assert find((known,), "ANNA@customer.example") == known
    assert find((known,), BOB).tickets == ()


def handed(known: Ticket, wanted: Handover, *loads: AgentLoad) -> Decision:
    world = World(house=TEAM, keys=KEYS)
    situation = occasion(view(known), world, loads, Cause(name="operator-7", now=NOW))
    return handing.decide(situation, known, wanted)


def test_a_handover_finds_somebody_else_and_tells_them() -> None:
    decision = handed(ticket(assignee=ALICE), Handover(of=ALICE))

    done = handing.told(decision)
    assert (done.ticket, done.to, done.queue) == (7, BOB, "support")
    assert [(r.recipient, r.reason) for r in decision.replies] == [(BOB, "assigned")]
    assert dict(decision.events[-1].data)["from"] == ALICE


def test_a_handover_to_nobody_leaves_the_ticket_to_its_queue() -> None:
    gone = "gone@co.example"
    nobody = replace(TEAM, agents=TEAM.agents[:1])
    world = World(house=nobody, keys=KEYS)
    loads = (AgentLoad(address=ALICE, open_tickets=2),)
    known = ticket(assignee=gone)
    situation = occasion(view(known), world, loads, Cause(name="operator-7", now=NOW))

    decision = handing.decide(situation, known, Handover(of=gone))

    assert decision.after is not None
    assert (decision.after.assignee, decision.replies) == ("", ())


def test_a_handover_to_somebody_is_not_asked_about_room_but_about_absence() -> None:
    known, full = ticket(assignee=BOB), AgentLoad(address=ALICE, open_tickets=2)

    assert handing.told(handed(known, Handover(of=BOB, to=ALICE), full)).to == ALICE
    with pytest.raises(NotAllowed, match="away"):
        handed(ticket(assignee=ALICE), Handover(of=ALICE, to=BOB), AWAY)
    with pytest.raises(NotAllowed, match="no agent"):
        handed(known, Handover(of=BOB, to="eve@elsewhere.example"))

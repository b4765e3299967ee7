"""Rules: their order, their bounds, and every action."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core.decision import Audience, Decision, Outcome
from maild.core.house import Agent
from maild.core.reason import Why
from maild.core.rule import FIELDS, Context, Rule, RuleEvent, Verb
from maild.core.ruling import STEPS_MAX
from maild.core.snapshot import AgentLoad
from maild.core.ticket import PostKind, Priority
from tests.core.scenes import (
    ALICE,
    ANNA,
    BOB,
    CREATED,
    EVE,
    HOUSE,
    SUPPORT,
    TICKET,
    TRUSTED,
    autoreply,
    from_agent,
    mail,
    play,
    reply_address,
    rule,
    ticket,
    view,
)

RECEIVED = RuleEvent.MAIL_RECEIVED
TAG = (Verb.TAG, "x")


def run(*rules: Rule, **more: object) -> Decision:
    return play(mail(), rules=rules, **more)  # type: ignore[arg-type]


def test_rules_run_first_in_first_out_for_their_event_only() -> None:
    names = [("c", CREATED), ("z", RuleEvent.CUSTOMER_REPLIED), ("a", CREATED), ("b", RECEIVED)]

    decision = run(*(rule(on, TAG, name=name) for name, on in names))

    assert decision.rules == ("b", "c", "a")


def test_a_rule_whose_condition_does_not_hold_is_passed_over() -> None:
    assert run(rule(CREATED, TAG, condition=lambda _context: False)).rules == ()


def test_each_name_fires_once() -> None:
    assert run(rule(CREATED, TAG, name="a"), rule(CREATED, TAG, name="a")).rules == ("a",)


def test_a_later_rule_sees_what_an_earlier_one_did() -> None:
    seen: list[object] = []
    late = rule(CREATED, TAG, condition=lambda c: bool(seen.append(c["ticket"]["queue"])))  # type: ignore[func-returns-value]

    run(rule(CREATED, (Verb.QUEUE, "sales")), late)

    assert seen == ["sales"]


@pytest.mark.parametrize(
    "last", [rule(CREATED, TAG, stop=True), rule(CREATED, (Verb.STOP, "true"))]
)
def test_stop_ends_the_event(last: Rule) -> None:
    decision = run(rule(RECEIVED, TAG, name="r"), last, rule(CREATED, TAG, name="never"))

    assert decision.rules == ("r", last.name)


def test_sixteen_rules_are_the_bound() -> None:
    many = [rule(CREATED, (Verb.TAG, str(n)), name=str(n)) for n in range(STEPS_MAX + 1)]

    assert run(*many[:STEPS_MAX]).outcome is Outcome.POSTED
    decision = run(*many)
    assert (decision.outcome, decision.after, decision.posts) == (Outcome.HELD, None, ())
    assert decision.reasons[-1].why is Why.LIMIT
    assert len(decision.rules) == STEPS_MAX


SET_ASIDE = [
    (Verb.HOLD, Outcome.HELD, Why.RULE_HELD),
    (Verb.IGNORE, Outcome.IGNORED, Why.RULE_IGNORED),
]


@pytest.mark.parametrize("on", [RECEIVED, CREATED])
@pytest.mark.parametrize(("verb", "outcome", "why"), SET_ASIDE)
def test_what_is_set_aside_leaves_nothing_behind(
    verb: Verb, outcome: Outcome, why: Why, on: RuleEvent
) -> None:
    notify = rule(CREATED, (Verb.NOTIFY, "queue"), name="notify")
    other = Verb.HOLD if verb is Verb.IGNORE else Verb.IGNORE
    decision = run(
        notify, rule(on, (verb, "spam"), (other, "no"), name="last"), rule(CREATED, TAG)
    )

    assert (decision.outcome, decision.after) == (outcome, None)
    assert (decision.posts, decision.replies, decision.events, decision.keys) == ((), (), (), ())
    assert decision.reasons[-1].why is why
    assert decision.rules[-1] == "last"


def test_a_held_mail_of_a_machine_is_held_on_its_ticket_too() -> None:
    letter = mail(to=[reply_address(ANNA)], machine=autoreply())

    decision = play(letter, views=[view()], rules=[rule(RECEIVED, (Verb.HOLD, "no machines"))])

    assert decision.outcome is Outcome.HELD


CHANGES = [
    (Verb.QUEUE, "sales", "queue", "sales", "queue.changed"),
    (Verb.PRIORITY, "urgent", "priority", Priority.URGENT, "priority.changed"),
    (Verb.TIER, "2", "tier", 2, "tier.changed"),
    (Verb.TAG, "outage", "tags", ("outage",), "tag.added"),
    (Verb.ASSIGN, BOB, "assignee", BOB, "ticket.assigned"),
    (Verb.ASSIGN, "round-robin", "assignee", ALICE, "ticket.assigned"),
    (Verb.ASSIGN, "least-loaded", "assignee", ALICE, "ticket.assigned"),
]


@pytest.mark.parametrize(("verb", "value", "field", "expected", "kind"), CHANGES)
def test_an_action_changes_the_ticket_and_its_log(
    verb: Verb, value: str, field: str, expected: object, kind: str
) -> None:
    decision = run(rule(CREATED, (verb, value), name="r"))

    assert getattr(decision.after, field) == expected
    assert (decision.events[-1].kind, decision.events[-1].actor) == (kind, "rule:r")


def test_a_change_to_what_it_is_already_is_not_logged() -> None:
    assert len(run(rule(CREATED, (Verb.QUEUE, "support"))).events) == 2


def test_an_assignment_tells_why_and_nobody_is_no_error() -> None:
    house = replace(HOUSE, agents=(Agent(address=ALICE, capacity=1),))
    loads = (AgentLoad(address=ALICE, open_tickets=1),)

    decision = run(rule(CREATED, (Verb.ASSIGN, "least-loaded")), house=house, loads=loads)

    assert decision.after is not None
    assert decision.after.assignee == ""
    assert "nobody on support can take it (alice@co.example: full: 1 of 1)" in str(
        decision.reasons[-1]
    )


def notified(whom: str, assignee: str = "", letter: object = None, **more: object) -> list[str]:
    known = view(ticket(assignee=assignee))
    rules = [rule(RuleEvent.CUSTOMER_REPLIED, (Verb.NOTIFY, whom))]
    mails = letter or mail(to=[reply_address(ANNA)])
    decision = play(mails, views=[known], rules=rules, **more)  # type: ignore[arg-type]
    return [reply.recipient for reply in decision.replies]


WHOM = [
    ("queue", "", [ALICE, BOB]),
    ("queue", BOB, [BOB]),
    ("assignee", "", [ALICE, BOB]),
    ("assignee", ALICE, [ALICE]),
    ("assignee", "gone@co.example", [ALICE, BOB]),
    ("queue", "gone@co.example", [ALICE, BOB]),
    ("lead", ALICE, [BOB]),
    (EVE, "", [EVE]),
    ("alice@private.example", "", [ALICE]),
    (SUPPORT, "", []),
    (SUPPORT.replace("@", "+x@"), "", []),
    (ANNA, "", []),
]


@pytest.mark.parametrize(("whom", "assignee", "expected"), WHOM)
def test_who_is_notified(whom: str, assignee: str, expected: list[str]) -> None:
    assert notified(whom, assignee) == expected


def test_each_agent_is_told_once() -> None:
    decision = run(
        rule(CREATED, (Verb.NOTIFY, "queue"), (Verb.NOTIFY, "lead")),
        rule(CREATED, (Verb.NOTIFY, "alice@private.example"), name="again"),
    )

    assert [reply.recipient for reply in decision.replies] == [ALICE, BOB]


def test_nobody_is_told_of_their_own_mail_whichever_address_wrote_it() -> None:
    letter = mail("alice@private.example")

    decision = play(letter, rules=[rule(CREATED, (Verb.NOTIFY, "queue"))])

    assert [reply.recipient for reply in decision.replies] == [BOB]


NEWS = [([], "new"), ([(Verb.ASSIGN, BOB)], "assigned")]


@pytest.mark.parametrize(("before", "reason"), NEWS)
def test_a_notification_says_what_is_new(before: list[tuple[Verb, str]], reason: str) -> None:
    reply = run(rule(CREATED, *before, (Verb.NOTIFY, "queue"))).replies[0]

    assert (reply.reason, reply.text) == (reason, "It smokes.")


def test_after_an_agents_reply_rules_may_tell_colleagues_and_never_the_customer() -> None:
    rules = [rule(RuleEvent.AGENT_REPLIED, (Verb.NOTIFY, "lead"), (Verb.REPLY, "survey"))]

    decision = play(from_agent("Done."), envelope=TRUSTED, views=[view()], rules=rules)

    kinds = [(reply.kind.value, reply.recipient) for reply in decision.replies]
    assert kinds[2:] == [("notification", BOB)]


def test_an_agents_note_is_told_to_colleagues_and_to_nobody_else() -> None:
    tell = rule(RuleEvent.AGENT_NOTED, (Verb.NOTIFY, "assignee"), (Verb.REPLY, "survey"))
    letter = from_agent("#note\ncheck her contract")

    told, own = (
        play(letter, envelope=TRUSTED, views=[view(ticket(assignee=holder))], rules=[tell])
        for holder in (BOB, ALICE)
    )

    news = [r for r in told.replies if r.template == "notification"]
    assert [(r.recipient, r.text, r.post_kind) for r in news] == [
        (BOB, "check her contract", PostKind.NOTE)
    ]
    assert not any(r.template == "notification" for r in own.replies)
    assert not any(r.audience is Audience.CUSTOMER for r in (*told.replies, *own.replies))


def test_a_template_is_sent_to_the_proven_and_a_fixed_text_to_others() -> None:
    rules = (rule(CREATED, (Verb.REPLY, "welcome")),)

    proven = play(mail(), envelope=TRUSTED, rules=rules).replies[0]
    claimed = run(*rules).replies[0]

    assert (proven.kind.value, proven.template) == ("template", "welcome")
    assert (claimed.kind.value, claimed.fixed) == ("acknowledgement", True)


def test_a_ticket_has_a_budget_of_automatic_mail() -> None:
    rules = [rule(RuleEvent.CUSTOMER_REPLIED, (Verb.REPLY, "acknowledgement"))]
    letter = mail(to=[reply_address(ANNA)])

    some = play(letter, views=[view(automatic_last_hour=9)], rules=rules)
    enough = play(letter, views=[view(automatic_last_hour=10)], rules=rules)

    assert len(some.replies) == 1
    assert enough.replies == ()
    assert enough.reasons[-1].why is Why.NOT_ACKNOWLEDGED


def context(**more: object) -> Context:
    seen: list[Context] = []
    spy = rule(
        RECEIVED,
        TAG,
        condition=lambda c: bool(seen.append(c)),  # type: ignore[func-returns-value]
        tables=frozenset(FIELDS),
    )
    play(mail(**more), rules=[spy], views=[view()], by_subject=TICKET)  # type: ignore[arg-type]
    return seen[0]


def test_a_condition_sees_every_field_that_is_promised() -> None:
    found = context()

    assert {
        group: set(fields)  # type: ignore[call-overload]
        for group, fields in found.items()
    } == {group: set(fields) for group, fields in FIELDS.items()}


def test_a_stranger_who_writes_our_tag_answers_nothing() -> None:
    assert context(sender=EVE)["mail"]["answers"] is False  # type: ignore[index]
    assert context(sender=ANNA)["mail"]["answers"] is True  # type: ignore[index]


def test_texts_for_conditions_are_capped_and_the_first_header_wins() -> None:
    found = context(text="x" * 100_000, headers=[("a", "1"), ("a", "2")])["mail"]

    assert len(found["text"]) == len(found["reply_text"]) == 64 * 1024  # type: ignore[index]
    assert found["headers"] == {"a": "1"}  # type: ignore[index]

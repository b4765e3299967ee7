"""The first line of a ticket's log, and the lines that figures need beside what people see."""

from __future__ import annotations

from datetime import timedelta

from maild.core import traits
from maild.core.created import created
from maild.core.decision import EventDraft
from maild.core.rule import Action, Rule, RuleEvent, Verb
from maild.core.ticket import Customer
from tests.core.scenes import ANNA, BOB, NOW, TRUSTED, mail, play, ticket


def data(draft: EventDraft) -> dict[str, str]:
    return dict(draft.data)


def test_a_usual_ticket_has_a_short_line() -> None:
    one = ticket(customer=Customer(address=ANNA), queue="support", language="en")

    told = data(created(one, ANNA.upper()))

    assert told.keys() == {"queue", "priority", "language", "segment"}
    assert told["segment"] == "free"


def test_whatever_a_ticket_brings_with_it_is_told_and_read_back() -> None:
    person = Customer(address=ANNA, segment="paid", organisation="Acme Ltd")
    one = ticket(
        customer=person, queue="money", tier=2, assignee=BOB, tags=("a", "b/c"), language="fr"
    )

    draft = created(one, BOB, ("split from", "7"))
    found = traits.opened(data(draft))

    assert data(draft)["for"] == ANNA
    assert data(draft)["split from"] == "7"
    assert (found.queue, found.tier, found.agent, found.language) == ("money", "2", BOB, "fr")
    assert (found.segment, found.organisation) == ("paid", "Acme Ltd")
    assert found.tags == {"a", "b/c"}


def test_a_mail_that_was_handled_late_says_so() -> None:
    late = play(mail(), received_at=NOW - timedelta(days=3), now=NOW)
    soon = play(mail(), received_at=NOW - timedelta(seconds=50), now=NOW)

    [line] = [event for event in late.events if event.kind == "mail.late"]
    assert line.at is None
    assert data(line)["received"] == (NOW - timedelta(days=3)).isoformat(timespec="seconds")
    assert not [event for event in soon.events if event.kind == "mail.late"]


def rule(template: str) -> Rule:
    return Rule(
        name="answer",
        on=RuleEvent.TICKET_CREATED,
        condition=lambda _context: True,
        actions=(Action(verb=Verb.REPLY, value=template),),
    )


def test_an_answer_of_a_rule_is_told_but_an_acknowledgement_is_none() -> None:
    kinds = {}
    for template in ("acknowledgement", "password"):
        decision = play(mail(), rules=[rule(template)])
        kinds[template] = [event.kind for event in decision.events]

    assert "template.sent" not in kinds["acknowledgement"]
    assert "template.sent" not in kinds["password"]


def test_a_proven_customer_is_answered_and_the_log_says_with_what() -> None:
    proven = play(mail(), envelope=TRUSTED, rules=[rule("password")])

    [line] = [event for event in proven.events if event.kind == "template.sent"]
    assert (line.actor, data(line)) == ("rule:answer", {"template": "password"})

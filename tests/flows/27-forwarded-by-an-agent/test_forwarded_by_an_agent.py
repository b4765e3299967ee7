"""A forwarded mail is the ticket of who wrote it, when the agent is who they say they are."""

from __future__ import annotations

from tests.flows.stage import Script, Stage

ALICE, BOB = "alice@example.com", "bob@example.com"


def test_a_proven_agents_forward_is_the_original_senders_ticket(
    house: Stage, script: Script
) -> None:
    customer = "frieda@customer.example"

    script.send("forward", NAME="proven", FROM=customer, FIELD="X-Mailer: one")
    ticket = house.ticket_of(customer)
    notice = house.letter(BOB, ticket["number"])

    assert [(p["kind"], p["author"]) for p in ticket["posts"]] == [
        ("customer", customer),
        ("note", ALICE),
    ]
    assert ticket["posts"][0]["text"].strip() == "There is water everywhere."
    assert "There is water everywhere." in notice.text
    assert "She rang, too." in notice.text
    assert not house.unread(customer)


def test_a_forward_from_anybody_is_held_and_the_agent_is_told(
    house: Stage, script: Script
) -> None:
    customer = "frank@customer.example"

    script.send("forward", NAME="claimed", FROM=customer, FIELD="Received: from a by b; @NOW@")
    told = house.letter(ALICE)
    while "It leaks" not in told.subject:
        told = house.letter(ALICE)
    house.settled()

    assert "#" not in told.subject
    assert told.reply_to == "support@example.com"
    assert "agent-unproven" in house.held()[-1]["reason"]
    assert not [t for t in house.tickets() if t["customer"]["address"] == customer]
    assert not house.letters(customer)

"""Which mails join a ticket, and which open one of their own."""

from __future__ import annotations

from dataclasses import dataclass

from tests.flows.letter import Letter
from tests.flows.stage import Json, Script

SUPPORT = "support@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A ticket that a customer has opened."""

    customer: str
    ticket: Json
    letter: Letter

    @property
    def number(self) -> int:
        return int(self.ticket["number"])


def opened(script: Script, customer: str) -> Opened:
    script.send("first", FROM=customer, NAME="Berta", ID=f"first-{customer}")
    letter = script.stage.letter(customer)
    return Opened(customer=customer, ticket=script.stage.ticket_of(customer), letter=letter)


def again(
    script: Script,
    sender: str,
    *,
    to: str = SUPPORT,
    subject: str = "Something else",
    more: str = "X-Nothing: here",
) -> Json:
    """Send a second mail; return the newest ticket of the sender."""
    identity = f"again-{sender}"
    script.send(
        "again", to, FROM=sender, NAME="Berta", ID=identity, TO=to, SUBJECT=subject, MORE=more
    )
    script.stage.settled()
    return script.stage.ticket_of(sender)


def texts(ticket: Json) -> list[str]:
    return [post["reply_text"].strip() for post in ticket["posts"]]


def test_by_the_token_of_the_reply_address(script: Script) -> None:
    first = opened(script, "token@stranger.example")

    ticket = again(script, first.customer, to=first.letter.reply_to)

    assert ticket["number"] == first.number
    assert texts(ticket)[1] == "Subject: Something else\n\nIt still does not work."
    assert (ticket["posts"][1]["trust"], ticket["state"]) == ("E1", "new")


def test_by_our_message_id_though_the_address_lost_its_token(script: Script) -> None:
    first = opened(script, "references@stranger.example")
    more = f"References: <other@x.example> {first.letter.message_id}"

    ticket = again(script, first.customer, more=more)

    assert ticket["number"] == first.number
    assert ticket["posts"][1]["trust"] == "E1"


def test_by_the_id_of_an_earlier_mail_of_their_own_when_the_domain_is_proven(
    script: Script,
) -> None:
    first = opened(script, "own-id@customer.example")
    more = f"In-Reply-To: <first-{first.customer}>"

    ticket = again(script, first.customer, more=more)

    assert ticket["number"] == first.number
    assert ticket["posts"][1]["trust"] == "E2"


def test_an_id_that_others_may_know_opens_a_linked_ticket_without_proof(script: Script) -> None:
    first = opened(script, "guessed@stranger.example")
    more = f"In-Reply-To: <first-{first.customer}>"

    ticket = again(script, first.customer, more=more)

    assert ticket["number"] > first.number
    assert ticket["linked"] == first.number
    assert len(script.stage.ticket(first.number)["posts"]) == 1


def test_a_number_in_the_subject_joins_a_participant_whose_domain_is_proven(
    script: Script,
) -> None:
    first = opened(script, "subject@customer.example")

    ticket = again(script, first.customer, subject=f"AW: Cannot log in [Support #{first.number}]")

    assert ticket["number"] == first.number
    assert ticket["posts"][1]["trust"] == "E2"


def test_a_number_in_the_subject_proves_nothing_for_anybody_else(script: Script) -> None:
    first = opened(script, "tagged@customer.example")
    subject = f"Re: Cannot log in [Support #{first.number}]"

    claimed = again(script, "tagged@stranger.example", subject=subject)
    colleague = again(script, "colleague@customer.example", subject=subject)

    assert first.number < claimed["number"] < colleague["number"]
    assert claimed["linked"] is None
    assert colleague["linked"] is None
    assert len(script.stage.ticket(first.number)["posts"]) == 1


def test_a_broken_token_is_worse_than_none(script: Script) -> None:
    first = opened(script, "broken@customer.example")
    local, _, domain = first.letter.reply_to.partition("@")
    changed = local[:-1] + ("a" if local[-1] != "a" else "b")
    before = len(script.stage.held())

    ticket = again(script, first.customer, to=f"{changed}@{domain}")

    assert len(ticket["posts"]) == 1
    assert len(script.stage.held()) == before + 1
    assert "token-broken" in script.stage.held()[-1]["reason"]


def test_an_answer_to_a_closed_ticket_opens_a_new_one_that_names_it(script: Script) -> None:
    first = opened(script, "closed@customer.example")
    assert script.stage.maild("ticket", "set", str(first.number), "state=closed").returncode == 0

    ticket = again(script, first.customer, to=first.letter.reply_to)

    assert ticket["number"] > first.number
    assert ticket["linked"] == first.number
    assert script.stage.ticket(first.number)["state"] == "closed"

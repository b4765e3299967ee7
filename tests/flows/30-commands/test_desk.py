"""The desk by mail: search, split, other customers, callers, escalations, absences, promises."""

from __future__ import annotations

import json
import re

from tests.flows.letter import Letter
from tests.flows.stage import Json, Stage

ALICE, BOB = "alice@example.com", "bob@example.com"


def opened(house: Stage, customer: str, text: str = "The cup is broken.") -> tuple[int, Letter]:
    house.send(f"From: {customer}\nTo: support@example.com\nSubject: Broken cup\n\n{text}\n")
    number = int(house.ticket_of(customer)["number"])
    house.letter(customer, number)
    house.letter(BOB, number)
    return number, house.letter(ALICE, number)


def answer(house: Stage, letter: Letter, text: str) -> None:
    head = (
        f"From: {letter.recipient}\nTo: {letter.reply_to}\nSubject: Re: {letter.subject}\n"
        f"In-Reply-To: {letter.message_id}\nMIME-Version: 1.0\n"
    )
    house.send(f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n", letter.reply_to)
    house.settled()


def alone(house: Stage, text: str, person: str = ALICE, more: str = "") -> None:
    """A mail to the support address that answers nothing."""
    house.send(
        f"From: {person}\nTo: support@example.com\nSubject: For the desk\n{more}"
        f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
    house.settled()


def told(house: Stage, person: str, words: str) -> Letter:
    """The next mail to somebody that has these words."""
    while True:
        letter = house.letter(person)
        if words in letter.text:
            return letter


def events(ticket: Json) -> list[str]:
    return [event["kind"] for event in ticket["events"]]


def test_a_search_finds_what_the_agent_may_see(house: Stage) -> None:
    number, notice = opened(house, "olga.desk@customer.example", "Der Henkel der Größe 7 ist ab.")
    house.send(
        "From: oskar.desk@customer.example\nTo: orders@acme.example\nSubject: Henkel\n\nHenkel, bitte.\n"
    )
    other = int(house.ticket_of("oskar.desk@customer.example")["number"])

    answer(house, notice, "#Search\u00a0“henk GROSSE”")
    one = told(house, ALICE, "Tickets found: 1.")
    answer(house, notice, '#search henkel AND "NOT* OR')
    none = told(house, ALICE, "There are none.")
    listed = json.loads(house.maild("ticket", "list", "--search", "henkel", "--json").stdout)

    assert f"#{number}]" in one.text
    assert "Der Henkel der Größe 7 ist ab." in one.text
    assert "Der Henkel der Größe 7 ist ab." in one.html
    assert "Tickets found" not in none.text
    assert [row["number"] for row in listed] == [other, number]


def test_a_post_moves_to_a_ticket_of_its_own(house: Stage) -> None:
    customer = "pia.desk@customer.example"
    number, notice = opened(house, customer)
    answer(house, notice, "We send a new one.")
    ours = house.letter(customer, number)
    house.send(
        f"From: {customer}\nTo: {ours.reply_to}\nSubject: Re: Broken cup\n"
        f"Message-ID: <second@customer.example>\nIn-Reply-To: {ours.message_id}\n"
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nAnd where is my saucer?\n"
        "--b\nContent-Type: text/plain; name=bill.txt\n"
        "Content-Disposition: attachment; filename=bill.txt\n\n12 Euro\n--b--\n",
        ours.reply_to,
    )
    asked = told(house, ALICE, "And where is my saucer?")

    answer(house, asked, "#split")
    transcript = told(house, ALICE, "in the new ticket")
    found = re.search(r"new ticket #(\d+)", transcript.text)
    assert found is not None
    second = int(found[1])
    fresh = house.letter(ALICE, second)
    answer(house, fresh, "The saucer follows.")
    saucer = house.letter(customer, second)
    house.send(
        f"From: {customer}\nTo: {saucer.reply_to}\nSubject: Re: x\n"
        f"In-Reply-To: {saucer.message_id}\n\nGood.\n",
        saucer.reply_to,
    )
    house.settled()
    old, new = house.ticket(number), house.ticket(second)

    assert [p["kind"] for p in old["posts"]] == ["customer", "agent", "note"]
    assert old["posts"][2]["text"] == f"→ #{second}"
    assert [p["kind"] for p in new["posts"]] == ["customer", "agent", "customer"]
    assert new["posts"][0]["attachments"][0]["name"] == "bill.txt"
    assert (new["linked"], new["customer"]["address"]) == (number, customer)
    assert "And where is my saucer?" in fresh.text
    [split] = [event for event in old["events"] if event["kind"] == "ticket.split"]
    assert split["data"] == {"to": str(second), "posts": "3"}
    assert new["events"][0]["data"]["split from"] == str(number)


def test_a_ticket_is_given_to_another_customer(house: Stage) -> None:
    wrong, right = "pamina.desk@customer.example", "petra.desk@customer.example"
    number, notice = opened(house, wrong)

    answer(house, notice, f"#customer {right} Petra Pan\n\nYour cup is on its way.")
    letter = house.letter(right, number)
    ticket = house.ticket(number)

    assert ticket["customer"]["address"] == right
    assert ticket["customer"]["name"] == "Petra Pan"
    assert [p["address"] for p in ticket["participants"]] == [right]
    assert "Your cup is on its way." in letter.text
    assert "broken" not in letter.text + letter.html
    assert "customer.changed" in events(ticket)
    assert not house.unread(wrong, number)


def test_a_caller_gets_a_ticket(house: Stage) -> None:
    caller = "quentin.desk@customer.example"

    alone(house, f"#customer {caller} Quentin\n#priority high\n\nHis cup is broken, he says.")
    ticket = house.ticket_of(caller)
    number = int(ticket["number"])
    transcript = house.letter(ALICE, number)
    notice = house.letter(BOB, number)
    answer(house, transcript, "Hello Quentin, we send a new one.")
    letter = house.letter(caller, number)

    assert (ticket["priority"], ticket["posts"][0]["author"]) == ("high", ALICE)
    assert ticket["posts"][0]["text"].strip() == "His cup is broken, he says."
    assert "A ticket was opened for Quentin" in transcript.text
    assert "His cup is broken, he says." in notice.text
    assert "we send a new one" in letter.text
    assert not house.unread(caller)


def test_a_stranger_in_an_agents_name_opens_nothing(house: Stage) -> None:
    caller = "quirin.desk@customer.example"

    alone(
        house,
        f"#customer {caller}\n\nA lie.",
        more="Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\n",
    )

    assert not [t for t in house.tickets() if t["customer"]["address"] == caller]
    assert "agent-unproven" in house.held()[-1]["reason"]
    assert not house.letters(caller)


def test_an_escalation_is_acknowledged(house: Stage) -> None:
    number, notice = opened(house, "rita.desk@customer.example")

    answer(house, notice, "#ack")
    nothing = told(house, ALICE, "#ack")

    assert "there is no open escalation" in nothing.text
    assert "escalation.acknowledged" not in events(house.ticket(number))


def test_an_absence_is_told_kept_and_ended(house: Stage) -> None:
    _, notice = opened(house, "rolf.desk@customer.example")

    answer(house, notice, "#Away\u00a0until 2w")
    away = told(house, ALICE, "You are away until 2")
    listed = json.loads(house.maild("agent", "list", "--json").stdout)
    alone(house, "＃BACK\n\n-- \nAlice Archer\nExample")
    back = told(house, ALICE, "You are here again.")
    after = json.loads(house.maild("agent", "list", "--json").stdout)

    assert " UTC." in away.text
    alice = next(row for row in listed if row["address"] == ALICE)
    assert alice["away"]
    assert alice["away_until"].endswith(":00Z")
    assert back.reply_to == "support@example.com"
    assert "For the desk" not in back.text
    assert not any(row["away"] for row in after)


def test_an_operator_says_who_is_away(house: Stage) -> None:
    house.maild("agent", "away", BOB, "--until", "tomorrow 9:00")
    away = json.loads(house.maild("agent", "list", "--json").stdout)
    house.maild("agent", "back", BOB)
    refused = house.maild("agent", "back", BOB)

    assert [row["address"] for row in away if row["away"]] == [BOB]
    assert refused.returncode == 1
    assert b"is not away" in refused.stderr


def test_a_promise_to_call_back_is_kept_in_the_log_until_it_is_void(house: Stage) -> None:
    customer = "rudi.desk@customer.example"
    number, notice = opened(house, customer)

    answer(house, notice, "#pending until 3d\n\nI call you on the phone.")
    promised = house.ticket(number)
    letter = house.letter(customer, number)
    transcript = told(house, ALICE, "You promised the customer")
    house.send(
        f"From: {customer}\nTo: {letter.reply_to}\nSubject: Re: x\n\nNo need.\n", letter.reply_to
    )
    house.settled()
    void = house.ticket(number)

    assert promised["state"] == "pending"
    [kept] = [event for event in promised["events"] if event["kind"] == "callback.set"]
    assert kept["data"]["until"].endswith("+00:00")
    assert "The ticket is now: waiting for the customer." in transcript.text
    assert (void["state"], events(void).count("callback.cleared")) == ("open", 1)


def test_a_time_that_cannot_be_meant_is_refused_with_one_that_can(house: Stage) -> None:
    number, notice = opened(house, "romy.desk@customer.example")

    answer(house, notice, "#pending until tomorow\n\nI call you.")
    refused = told(house, ALICE, "#pending until tomorow")

    assert "Did you mean until tomorrow?" in " ".join(refused.text.split())
    assert house.ticket(number)["state"] == "new"


def test_what_needs_a_ticket_is_explained(house: Stage) -> None:
    alone(house, "#solve")
    solve = told(house, ALICE, "“#solve” needs a ticket")
    alone(house, "#serach cup")
    slip = told(house, ALICE, "#serach")
    alone(house, "#list\n#help")
    desk = told(house, ALICE, "#search WORDS")

    assert solve.reply_to == "support@example.com"
    assert "Did you mean #search?" in slip.text
    assert "#split [POST NUMBERS]" in desk.text

"""A mail by SMTP becomes a ticket, an acknowledgement and two notifications."""

from __future__ import annotations

import json
import urllib.request

from tests.flows.stage import Script, Stage, wait_for
from tests.flows.transcript import compare


def test_a_customers_mail_becomes_a_ticket(house: Stage, script: Script, renew: bool) -> None:
    script.send("customer")

    ticket = house.ticket_of("anna@customer.example")
    number = ticket["number"]
    acknowledgement = house.letter("anna@customer.example")
    notices = [house.letter(f"{name}@example.com", number) for name in ("alice", "bob")]

    assert (ticket["state"], ticket["queue"], ticket["assignee"]) == ("new", "support", "")
    assert acknowledgement.field("In-Reply-To") == "<story-01@customer.example>"
    assert acknowledgement.field("Auto-Submitted") == "auto-replied"
    assert acknowledgement.sender == ("Support", "support@example.com")
    assert notices[0].reply_to != notices[1].reply_to
    assert not house.unread("anna@customer.example")
    expected = script.folder / "expected.txt"
    compare(expected, [ticket], [acknowledgement, notices[0]], renew=renew)


def test_the_operator_sees_the_same_by_the_commands(house: Stage) -> None:
    house.send("From: <anton@customer.example>\nSubject: By the commands\n\nPlease look.\n")
    number = house.ticket_of("anton@customer.example")["number"]
    house.settled()

    listed = json.loads(house.maild("ticket", "list", "--json").stdout)
    shown = json.loads(house.maild("ticket", "show", str(number), "--json").stdout)
    standing = json.loads(house.maild("status", "--json").stdout)

    wanted = {"number", "subject", "state", "queue", "priority", "assignee", "created_at"}
    row = next(ticket for ticket in listed if ticket["number"] == number)
    assert wanted <= row.keys()
    assert shown == house.ticket(number)
    assert shown["posts"][0]["text"].strip() == "Please look."
    assert standing["tickets"]["new"] >= 1
    assert standing["journal"]["received"] == 0


def test_health_and_metrics_are_served_beside_it(house: Stage) -> None:
    place = f"http://127.0.0.1:{house.admin_port}"

    with urllib.request.urlopen(f"{place}/healthz", timeout=10) as answer:
        assert answer.status == 200
    with urllib.request.urlopen(f"{place}/metrics", timeout=10) as answer:
        assert b"maild_" in answer.read()


def test_a_stranger_gets_a_fixed_acknowledgement_once_a_day(house: Stage) -> None:
    mail = "From: Eve <eve@stranger.example>\nTo: support@example.com\nSubject: {}\n\nBuy pills!\n"
    house.send(mail.format("Cheap words"))
    first = house.ticket_of("eve@stranger.example")["number"]
    acknowledgement = house.letter("eve@stranger.example")

    house.send(mail.format("Other words"))
    wait_for(lambda: house.ticket_of("eve@stranger.example")["number"] > first, "no second ticket")

    assert "Cheap" not in acknowledgement.message.as_string()
    assert "pills" not in acknowledgement.message.as_string()
    assert not house.unread("eve@stranger.example")
    assert house.ticket(first)["posts"][0]["trust"] == "E0"

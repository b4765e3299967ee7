"""A deadline warns, is missed, is met: by a daemon that lives, and by one that was killed."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.stage import Json, Stage, wait_for

CONFIG = (Path(__file__).parent / "config.toml").read_text(encoding="utf-8")
CUSTOMER, LEAD = "gerda@customer.example", "lea@example.com"
FOLLOW_UP = ("idle", "aged")
HEADLINES = {
    "alice@example.com": ("A deadline is near", "UTC"),
    "dora@example.com": ("Eine Frist läuft bald ab", "(Europe/Berlin)"),
    "fleur@example.com": ("Une échéance approche", "UTC"),
    "elena@example.com": ("Se acerca un vencimiento", "UTC"),
}
MAIL = f"From: Gerda <{CUSTOMER}>\nTo: support@example.com\nSubject: Help\n\nNothing works.\n"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, CONFIG, FIRST="4h", WARN="80%")
    yield made
    made.close()


def policy(stage: Stage, first: str, warn: str) -> None:
    stage.values = {**stage.values, "FIRST": first, "WARN": warn}
    stage.write_config(CONFIG)


def states(ticket: Json) -> dict[str, str]:
    return {due["kind"]: due["state"] for due in ticket["deadlines"]}


def events(ticket: Json, kind: str) -> list[Json]:
    return [one for one in ticket["events"] if one["kind"] == kind]


def test_the_agents_are_warned_in_their_language_and_the_lead_hears_of_the_miss(
    stage: Stage,
) -> None:
    policy(stage, "15s", "1s")
    stage.start()
    stage.send(MAIL)
    number = stage.ticket_of(CUSTOMER)["number"]

    for agent, (headline, zone) in HEADLINES.items():
        stage.letter(agent, number)
        warned = stage.letter(agent, number)
        assert headline in warned.text
        assert zone in warned.text
        assert headline in warned.html
        assert warned.reply_to.startswith("support+")
    missed = stage.letter(LEAD, number)
    stage.settled()
    ticket = stage.ticket(number)

    assert "A deadline was missed" in missed.text
    assert "First response" in missed.text
    assert states(ticket)["first_response"] == "fired"
    assert len(events(ticket, "deadline.missed")) == 1
    assert len(stage.letters(LEAD)) == 1


def test_an_answer_in_time_tells_nobody_anything(stage: Stage) -> None:
    stage.start()
    stage.send(MAIL)
    number = stage.ticket_of(CUSTOMER)["number"]
    told = stage.letter("alice@example.com", number)
    before = stage.ticket(number)
    coming = json.loads(stage.maild("status", "--json").stdout)["deadlines_next"]
    stage.send(
        f"From: alice@example.com\nTo: {told.reply_to}\nSubject: Re: Help\n"
        f"In-Reply-To: {told.message_id}\n\nTurn it on.\n",
        told.reply_to,
    )
    stage.letter(CUSTOMER, number)
    stage.letter(CUSTOMER, number)

    assert states(before)["first_response"] == "waiting"
    assert [one["kind"] for one in coming][:2] == ["first_response.warning", "first_response"]
    assert {one["number"] for one in coming} == {number}
    after = states(stage.ticket(number))
    assert {state for kind, state in after.items() if kind not in FOLLOW_UP} == {"cancelled"}
    assert stage.letters(LEAD) == []


def test_a_daemon_that_was_killed_fires_what_came_due_meanwhile_once(stage: Stage) -> None:
    policy(stage, "5s", "1s")
    stage.start("--only", "intake,work")
    stage.send(MAIL)
    number = stage.ticket_of(CUSTOMER)["number"]
    stage.signal(signal.SIGKILL)
    wait_for(lambda: stage.exit_code is not None, "it does not die")
    wait_for(lambda: stage.standing().deadlines["late"] >= 2, "it does not come due")
    stage.start()
    stage.letter(LEAD, number)
    stage.settled()
    ticket = stage.ticket(number)

    assert len(events(ticket, "deadline.missed")) == 1
    assert events(ticket, "deadline.warned")[0]["data"]["merged"] == "yes"
    assert len(stage.letters(LEAD)) == 1


def test_a_new_policy_reaches_the_open_tickets_and_their_log_says_so(stage: Stage) -> None:
    stage.start()
    stage.send(MAIL)
    number = stage.ticket_of(CUSTOMER)["number"]
    policy(stage, "1h", "80%")
    stage.signal(signal.SIGHUP)

    moved = wait_for(
        lambda: events(stage.ticket(number), "deadline.moved"), "no deadline was moved"
    )

    assert {one["data"]["why"] for one in moved} == {"policy"}
    assert "first_response" in {one["data"]["kind"] for one in moved}

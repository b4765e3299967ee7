"""Machines that answer machines fall silent, whatever they put into their headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.letter import Letter
from tests.flows.stage import Stage, wait_for

HERE = Path(__file__).parent
ROUNDS_MAX = 12
MAILS_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a machine answers."""

    name: str
    subject: str
    fields: tuple[str, ...] = ()
    to: str = "Reply-To"
    """Whom it answers: `Reply-To`, `From` or `Return-Path`."""
    has_sender: bool = True
    """It gives its own return path; else the null one."""
    echoes: bool = False
    """It sends the text back that it was sent."""


HABITS = (
    Habit(
        name="standard",
        subject="Re: {}",
        fields=("Auto-Submitted: auto-replied (vacation)",),
        to="Return-Path",
        has_sender=False,
    ),
    Habit(
        name="exchange", subject="Automatic reply: {}", fields=("X-Auto-Response-Suppress: All",)
    ),
    Habit(name="webmail", subject="Away: {}", fields=("Precedence: bulk", "X-Autoreply: yes")),
    Habit(
        name="unix", subject="away from my mail", fields=("Precedence: junk",), has_sender=False
    ),
    Habit(name="notes", subject="Out of office: {}", to="From"),
    Habit(name="deutsch", subject="Abwesenheitsnotiz: {}"),
    Habit(name="phone", subject="Re: {}", to="From"),
    Habit(name="silent", subject="{}"),
    Habit(name="echo", subject="{}", echoes=True),
    Habit(name="echo-to-from", subject="Re: {}", to="From", echoes=True),
    Habit(name="echo-as-new", subject="Ticket received", to="From", echoes=True),
)


def answer(house: Stage, habit: Habit, letter: Letter, number: int) -> None:
    robot = letter.recipient
    targets = {
        "Reply-To": letter.reply_to,
        "From": letter.sender[1],
        "Return-Path": letter.return_path,
    }
    to = targets[habit.to]
    if not to:
        return  # nobody to answer
    text = letter.text if habit.echoes else f"I am away until Monday. ({number})"
    fields = [
        f"From: {robot}",
        f"To: {to}",
        f"Subject: {habit.subject.format(letter.subject)}",
        f"Message-ID: <{habit.name}-{number}@customer.example>",
        *habit.fields,
    ]
    sender = robot if habit.has_sender else ""
    house.send("\n".join([*fields, "", text, ""]), to, sender=sender)


@pytest.mark.parametrize("habit", HABITS, ids=[habit.name for habit in HABITS])
def test_a_machine_that_answers_all_we_send_is_soon_left_alone(
    house: Stage, habit: Habit, figures: Callable[..., None]
) -> None:
    robot = f"robot-{habit.name}@customer.example"
    house.send(f"From: {robot}\nTo: support@example.com\nSubject: Hello\n\nMay I ask something?\n")
    house.ticket_of(robot)
    answered: set[str] = set()

    for number in range(ROUNDS_MAX):
        house.settled()
        fresh = [m for m in house.letters(robot) if m.file.name not in answered]
        if not fresh:
            break
        for letter in fresh:
            answered.add(letter.file.name)
            answer(house, habit, letter, number)

    figures(robots=1, mails_until_silence_at_most=float(len(answered)))
    assert 1 <= len(answered) <= MAILS_MAX


def test_two_houses_set_on_each_other_fall_silent(tmp_path: Path) -> None:
    config = (HERE / "desk.toml").read_text(encoding="utf-8")
    desks = []
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        desks.append(Stage(tmp_path / name, config, NAME=name, PEER=0))
    left, right = desks
    for desk, peer in ((left, right), (right, left)):
        desk.values["PEER"] = peer.smtp_port
        desk.write_config(config)
    try:
        for desk in desks:
            desk.start()
        left.send(
            "From: support@right.example\nTo: support@left.example\nSubject: Hello\n\nAnybody?\n",
            "support@left.example",
        )
        wait_for(lambda: received(right), f"nothing reaches the right desk\n{left.log()[-2000:]}")
        for _ in range(3):  # each may have news for the other
            left.settled()
            right.settled()

        sent = [len(desk.outbox()) for desk in desks]
        arrived = [received(desk) for desk in desks]
    finally:
        for desk in desks:
            desk.close()

    print(f"\ntwo desks: {sum(sent)} mails written, {arrived} received, until silence")
    assert sum(sent) <= MAILS_MAX
    assert sum(arrived) <= 1 + MAILS_MAX


def received(desk: Stage) -> int:
    return sum(desk.standing().journal.values())

"""Customers who do not answer are reminded, and their tickets end; one word starts it all over."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from maild.core.ticket import State
from tests.needs import ROOT
from tests.ontime.office import CONFIG, Desk, desk_in

DAY = 24
RULES = (ROOT / "rules" / "70-follow-up.toml").read_text()
CUSTOMER = "customer0@customer.example"
WORDS = {
    "en": (
        "waiting to hear from you",
        "settled and close it soon",
        "marked your request as solved",
    ),
    "fr": ("attendons de vos nouvelles", "la clôturerons prochainement", "comme résolue"),
    "es": ("espera de sus noticias", "la cerraremos en breve", "como resuelta"),
    "de": ("noch nichts von Ihnen gehört", "schließen sie in Kürze ab", "als gelöst markiert"),
}


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Desk]:
    """An office without policies: only the rules of follow-up say what is due."""
    with desk_in(tmp_path, CONFIG) as opened:
        opened.use(CONFIG, RULES)
        yield opened


def _waits(desk: Desk, language: str = "en") -> int:
    (number,) = desk.opens(language=language)
    desk.answers(number)
    return number


def _days(desk: Desk, count: int) -> None:
    """Let days go by, the clock ringing on each."""
    for _ in range(count):
        desk.sleep(DAY)
        desk.alarm.ring()


def _text(mail: Mapping[str, Any]) -> str:
    return zlib.decompress(mail["literal"]).decode()


@pytest.mark.parametrize("language", WORDS)
def test_silence_is_followed_up_in_the_customers_language(waiting: Desk, language: str) -> None:
    number = _waits(waiting, language=language)

    _days(waiting, 11)

    mails = [_text(mail) for mail in waiting.mails(CUSTOMER)]
    assert len(mails) == 3
    for mail, words in zip(mails, WORDS[language], strict=True):
        assert words in _plain(mail)
        assert f"Content-Language: {language}" in mail
        assert "Auto-Submitted: auto-generated" in mail
    assert waiting.ticket(number).state is State.SOLVED
    assert waiting.ticket(number).tags == ("no-answer",)


def test_a_solved_ticket_is_closed_after_two_weeks_and_nobody_is_told(waiting: Desk) -> None:
    number = _waits(waiting)
    _days(waiting, 11)
    told = len(waiting.mails())

    _days(waiting, 15)

    assert waiting.ticket(number).state is State.CLOSED
    assert len(waiting.mails()) == told
    assert waiting.waiting(number) == {}


def test_a_word_of_the_customers_starts_it_all_over(waiting: Desk) -> None:
    number = _waits(waiting)
    _days(waiting, 5)
    waiting.writes(number)
    waiting.answers(number)

    _days(waiting, 2)
    before = len(waiting.mails(CUSTOMER))
    _days(waiting, 2)

    assert (before, len(waiting.mails(CUSTOMER))) == (1, 2)
    assert waiting.ticket(number).state is State.PENDING


def test_after_a_long_standstill_only_the_last_word_is_said(waiting: Desk) -> None:
    number = _waits(waiting)

    waiting.sleep(30 * DAY)
    waiting.restart()
    for _ in range(3):
        waiting.alarm.ring()

    [mail] = waiting.mails(CUSTOMER)
    assert WORDS["en"][2] in _plain(_text(mail))
    assert waiting.ticket(number).state is State.SOLVED


def test_a_ticket_that_waits_for_us_is_left_alone(waiting: Desk) -> None:
    (number,) = waiting.opens()

    _days(waiting, 30)

    assert waiting.mails(CUSTOMER) == []
    assert waiting.ticket(number).state is State.NEW


def test_weekends_are_no_working_days(tmp_path: Path) -> None:
    hours = '\n[[calendar]]\nname = "office"\nzone = "UTC"\nhours = { mon = "09:00-17:00", tue = "09:00-17:00", wed = "09:00-17:00", thu = "09:00-17:00", fri = "09:00-17:00" }\n'
    promise = '\n[[sla]]\nname = "all"\ncalendar = "office"\nresolution = "100d"\n'
    with desk_in(tmp_path, CONFIG + hours + promise) as desk:
        desk.use(CONFIG + hours + promise, RULES)
        desk.sleep(3 * DAY + 1)  # Thursday at ten
        number = _waits(desk)

        due = min(row["due_at"] for row in desk.rows(number) if row["kind"] == "idle")

        assert due == desk.now + timedelta(days=5)  # Tuesday at ten


def _plain(mail: str) -> str:
    """The words of a mail, whatever encoding its parts have."""
    message = message_from_bytes(mail.encode(), policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())

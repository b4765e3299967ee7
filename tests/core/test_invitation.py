"""What a calendar mail says is read from its first event."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from maild.core.invitation import Invitation, invitation
from maild.core.mail import Classification, Kind, Parsed
from tests.core.scenes import mail, play

ZONE = "BEGIN:VTIMEZONE\nTZID:Berlin\nBEGIN:STANDARD\nDTSTART:19701025T030000\nEND:STANDARD\n"


def ics(method: str, *lines: str, zone: str = "") -> str:
    body = "\r\n".join(lines)
    return (
        f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\n{zone}BEGIN:VEVENT\r\n{body}\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nSUMMARY:another\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def read(method: str, *lines: str, zone: str = "") -> Invitation:
    found = invitation(Parsed(calendar=ics(method, *lines, zone=zone)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("method", "parameters", "text"),
    [
        ("REQUEST", "PARTSTAT=NEEDS-ACTION", "invited: Roof"),
        ("CANCEL", "PARTSTAT=ACCEPTED", "cancelled: Roof"),
        ("REPLY", "CN=Ann;PARTSTAT=ACCEPTED", "accepted: Roof"),
        ("REPLY", 'CN="Ann: x";PARTSTAT="DECLINED"', "declined: Roof"),
        ("reply", "partstat=tentative", "tentative: Roof"),
        ("COUNTER", "PARTSTAT=TENTATIVE", "tentative: Roof"),
        ("COUNTER", "CN=Ann", "counter-proposed: Roof"),
        ("DECLINECOUNTER", "CN=Ann", "counter-proposal declined: Roof"),
    ],
)
def test_method_and_answer_are_told(method: str, parameters: str, text: str) -> None:
    found = read(method, f"ATTENDEE;{parameters}:mailto:ann@x.example", "SUMMARY:Roof")

    assert found.text == text


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("DTSTART:20260302T090000Z", "2026-03-02 09:00 UTC"),
        ("DTSTART;TZID=Europe/Berlin:20260302T100000", "2026-03-02 10:00 Europe/Berlin"),
        ('DTSTART;TZID="W. Europe: Berlin":20260302T100000', "2026-03-02 10:00 W. Europe"),
        ("DTSTART;VALUE=DATE:20260302", "2026-03-02"),
        ("DTSTART:20260302T100000", "2026-03-02 10:00"),
        ("DTSTART:tomorrow", ""),
    ],
)
def test_the_start_is_that_of_the_event_and_not_of_a_zone(line: str, start: str) -> None:
    assert read("REQUEST", line, zone=ZONE).start == start


def test_a_folded_and_escaped_summary_is_read_as_it_was_meant() -> None:
    found = read("REQUEST", "SUMMARY;LANGUAGE=en:Roof\\, wall\r\n  and floor\\nTop")

    assert found.summary == "Roof, wall and floor Top"


@pytest.mark.parametrize("text", ["", "METHOD:PUBLISH\nSUMMARY:Fair\n", "METHOD:\n", "METHOD:(x)"])
def test_what_asks_nothing_is_no_calendar_mail(text: str) -> None:
    assert invitation(Parsed(calendar=text)) is None


def test_the_method_may_stand_in_the_content_type_alone() -> None:
    parsed = Parsed(
        content_type="text/calendar", content_params=(("method", "cancel"),), calendar="SUMMARY:A"
    )

    assert invitation(parsed) == Invitation(method="CANCEL", summary="A")


def test_a_calendar_mail_without_words_says_what_it_asks_on_the_ticket() -> None:
    letter = mail(text="")
    parsed = replace(letter.parsed, text=" ", calendar=ics("REPLY", "SUMMARY:Roof"))
    machine = Classification(kind=Kind.CALENDAR, is_calendar=True)
    silent = play(replace(letter, parsed=parsed, classification=machine))
    spoken = play(replace(letter, parsed=replace(parsed, text="See you"), classification=machine))

    assert (silent.posts[0].text, silent.posts[0].reply_text) == ("answered: Roof",) * 2
    assert spoken.posts[0].text == "See you"


@pytest.mark.parametrize(
    "shape", [";", "A:", '"', "ATTENDEE;" + "PARTSTAT=", "\n ", "BEGIN:VEVENT\n"]
)
def test_hostile_calendars_are_read_in_no_time(shape: str) -> None:
    start = time.process_time()

    invitation(Parsed(calendar="METHOD:REPLY\n" + shape * (1_000_000 // len(shape))))

    assert time.process_time() - start < 1

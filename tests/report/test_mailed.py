"""Reports by mail: when they come, how often, to whom, and what they look like."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from maild import easel
from maild.core import weeklymail
from maild.core.countable import Happened, Life, What
from maild.core.counting import Count
from maild.core.house import Rhythm
from maild.core.measure import Share
from maild.core.scorecard import Wish
from maild.core.ticket import Move
from maild.core.traits import Traits
from maild.core.weekly import Weekly
from maild.outbox import reporting
from maild.reporting import Reporter
from maild.watch import Watch
from tests.ontime.office import ALICE, BOB, CONFIG, MONDAY, Desk, desk_in, renderer
from tests.operations.test_metrics import value
from tests.pages.browser import Looks, chromium, open_page

ORGANISATION = "A&B <i>Engines</i>"


def _config(language: str = "en", **more: str) -> str:
    """Bob leads support."""
    settings = {"every": '"week"', "zone": '"UTC"', **more}
    lines = "\n".join(f"{name} = {told}" for name, told in settings.items())
    known = CONFIG.replace('name = "Bob"', f'name = "Bob"\nlanguages = ["{language}"]')
    return f"{known}\n[report]\n{lines}\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An office in which something happened for two weeks, on the Monday after, at seven."""
    with desk_in(tmp_path, _config()) as opened:
        opened.use(_config(), rules="")
        for _ in range(2):
            for day in range(7):
                for number in opened.opens(day + 1, assignee=ALICE):
                    opened.says(number, "organisation.changed", to=ORGANISATION)
                    opened.answers(number)
                    if day > 2:
                        opened.moves(number, Move.SOLVE)
                opened.sleep(24)
        opened.sleep(-2)
        yield opened


def _reporter(desk: Desk, *, is_trusted: bool = True) -> Reporter:
    return Reporter(lambda: desk.office, lambda: is_trusted)


def _mails(desk: Desk, recipient: str = BOB) -> list[Mapping[str, Any]]:
    return [mail for mail in desk.mails(recipient) if mail["key"].startswith("report/")]


def _read(mail: Mapping[str, Any]) -> EmailMessage:
    return message_from_bytes(zlib.decompress(mail["literal"]), policy=policy.default)


def _text(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def _written(desk: Desk, language: str = "en", **more: str) -> EmailMessage:
    desk.use(_config(language, **more), rules="")
    desk.sleep(1)
    assert _reporter(desk).ring() == 1
    (mail,) = _mails(desk)
    return _read(mail)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("rhythm", "zone", "at", "first", "due_at"),
    [
        ("week", "UTC", "2026-03-09T08:00", date(2026, 3, 2), "2026-03-09T08:00"),
        ("week", "UTC", "2026-03-09T07:59", date(2026, 2, 23), "2026-03-02T08:00"),
        ("week", "UTC", "2026-03-15T00:00", date(2026, 3, 2), "2026-03-09T08:00"),
        ("week", "Asia/Tokyo", "2026-03-08T23:00", date(2026, 3, 2), "2026-03-08T23:00"),
        ("day", "UTC", "2026-03-09T08:00", date(2026, 3, 8), "2026-03-09T08:00"),
        ("month", "UTC", "2026-03-09T00:00", date(2026, 2, 1), "2026-03-01T08:00"),
        ("month", "UTC", "2026-01-01T07:00", date(2025, 11, 1), "2025-12-01T08:00"),
        ("week", "Europe/Berlin", "2026-03-30T06:00", date(2026, 3, 23), "2026-03-30T06:00"),
    ],
)
def test_a_report_is_due_at_eight_on_the_first_morning_after(
    rhythm: str, zone: str, at: str, first: date, due_at: str
) -> None:
    period = weeklymail.latest(_utc(at), Rhythm(rhythm), zone)

    assert period is not None
    assert (period.first_day, period.due_at) == (first, _utc(due_at))
    assert len(period.before) == 4
    assert period.before[-1].end == period.span.start


def test_no_rhythm_no_report() -> None:
    assert weeklymail.latest(MONDAY, Rhythm.NEVER, "UTC") is None


def test_it_comes_once_whoever_rings(desk: Desk) -> None:
    rung = [_reporter(desk).ring() for _ in range(2)]
    desk.sleep(1)

    rung += [_reporter(desk).ring() for _ in range(3)]
    desk.sleep(24)
    rung.append(_reporter(desk).ring())

    keys = [mail["key"] for mail in _mails(desk)]
    assert rung == [1, 0, 1, 0, 0, 0]
    assert keys == [f"report/week 2026-03-02/{BOB}", f"report/week 2026-03-09/{BOB}"]
    assert _mails(desk, ALICE) == []


def test_after_a_standstill_only_the_newest_comes_and_late(desk: Desk) -> None:
    desk.sleep(24 * 17)

    assert [_reporter(desk).ring(), _reporter(desk).ring()] == [1, 0]
    assert [mail["key"] for mail in _mails(desk)] == [f"report/week 2026-03-23/{BOB}"]


def test_a_clock_that_is_not_believed_writes_none(desk: Desk) -> None:
    desk.sleep(1)

    assert _reporter(desk, is_trusted=False).ring() == 0


def test_where_nothing_happened_nothing_comes(tmp_path: Path) -> None:
    with desk_in(tmp_path, _config()) as desk:
        assert _reporter(desk).ring() == 0
        assert _mails(desk) == []


def test_a_report_that_is_due_and_not_written_is_told_to_prometheus(desk: Desk) -> None:
    watch = Watch(lambda: desk.office)
    desk.sleep(3)
    watch.look()
    late = value("maild_report_overdue_seconds")

    _reporter(desk).ring()
    watch.look()

    assert late == 2 * 3600
    assert value("maild_report_overdue_seconds") == 0


def test_those_who_are_named_get_it_and_agents_in_their_language(desk: Desk) -> None:
    desk.use(_config("de", recipients=f'["boss@elsewhere.example", "{BOB}"]'), rules="")
    desk.sleep(1)

    assert _reporter(desk).ring() == 2
    assert str(_read(_mails(desk, "boss@elsewhere.example")[0])["Subject"]).startswith("Week 11")
    assert str(_read(_mails(desk)[0])["Subject"]).startswith("Woche 11")


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_it_has_pictures_and_says_the_same_without_them(desk: Desk, language: str) -> None:
    message = _written(desk, language)
    html, text = _text(message, "html"), _text(message)
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]

    assert len(pictures) >= 2
    assert all(part.get_content().startswith(b"\x89PNG") for part in pictures)
    for part in pictures:
        assert f'src="cid:{str(part["Content-ID"]).strip("<>")}"' in html
    told = re.findall(r'alt="([^"]+)"', html)
    assert len(told) == len(pictures)
    assert "28" in told[0]
    assert all(len(line) <= 78 for line in text.splitlines())
    assert re.search(r"28 +7\D.*[▁▂▃▄▅▆▇█·]{5}", text)
    assert "A&amp;B &lt;i&gt;" in html
    assert "A&B <i>" in text


@pytest.mark.parametrize(
    ("missed", "told"), [(0, "100%"), (1, "99.7%"), (3, "99%"), (299, "0.3%"), (300, "0%")]
)
def test_almost_all_is_not_told_as_all(missed: int, told: str) -> None:
    period = weeklymail.latest(MONDAY, Rhythm.WEEK, "UTC")
    assert period is not None
    promises = tuple(
        Happened(
            what=What.PROMISE,
            key=f"first_response {n}",
            value=float(n >= missed),
            at=period.span.start,
            traits=Traits(),
        )
        for n in range(300)
    )
    count = Count(Wish(whole=period.span, spans=period.before))
    count.add(Life(happened=promises))

    repeats = (Share(hits=0, n=0),) * (len(period.before) + 1)
    weekly = Weekly(period=period, report=count.report(), repeats=repeats)

    drawn = reporting.charts(weekly, renderer().words("en"))

    [chart] = [one for one in drawn if one.name == "sla"]
    assert chart.texts[-1] == told


def test_without_the_library_it_says_nothing_odd(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(easel, "LIBRARY", "no_such_library")

    message = _written(desk)

    assert message.get_content_type() == "multipart/alternative"
    assert "<img" not in _text(message, "html")
    assert "28" in _text(message)


@pytest.mark.parametrize(
    ("form", "expected"),
    [("csv", ",week,"), ("csv", ",volume,count,28,"), ("json", '"volume": {')],
)
def test_all_figures_travel_in_a_file_where_that_is_wished(
    desk: Desk, form: str, expected: str
) -> None:
    message = _written(desk, format=f'"{form}"')

    (file,) = message.iter_attachments()
    assert file.get_filename() == f"week-2026-03-09.{form}"
    content = file.get_content()
    told = content if isinstance(content, str) else content.decode()
    assert expected.strip(",") in told


def _after_an_incident(desk: Desk, **more: str) -> EmailMessage:
    """Let two weeks more go by, the second one with an incident; return its report."""
    desk.use(_config(**more), rules="")
    usual = {"en": "Export of data", "de": "Daten exportieren"}
    broken = {"en": "Login <b>broken", "de": "Anmeldung defekt"}
    for subjects in (usual, broken):
        for language, words in subjects.items():
            for number in desk.opens(5, subject=words, language=language):
                desk.says(number, "assignee.changed", to=ALICE)
                desk.answers(number)
                desk.moves(number, Move.SOLVE)
        desk.sleep(24 * 7)
    desk.sleep(1)
    assert _reporter(desk).ring() == 1
    return _read(_mails(desk)[-1])


def test_topics_that_rose_are_told_by_language(desk: Desk) -> None:
    message = _after_an_incident(desk)

    html, text = _text(message, "html"), _text(message)
    topics = text[text.index("Topics that rose most") : text.index("“before”")]
    assert re.search(r"broken \(EN\) +5 +0\s", topics)
    assert re.search(r"anmeldung defekt \(DE\) +5 +0\s", topics)
    assert "export" not in topics
    assert "anmeldung defekt" in html
    assert "<b>broken" not in html


def test_a_share_says_of_how_many_it_is(desk: Desk) -> None:
    message = _after_an_incident(desk)

    assert re.search(r"Wrote again within 7 days +100% .* 10  ", _text(message))
    assert re.search(r"Wrote again within 7 days <span[^>]*>n = 10</span>", _text(message, "html"))
    assert "Tickets opened <span" not in _text(message, "html")


@pytest.mark.parametrize("allowed", [False, True])
def test_agents_are_named_only_where_that_is_allowed(desk: Desk, *, allowed: bool) -> None:
    message = _after_an_incident(desk, per_agent=str(allowed).lower())

    html, text = _text(message, "html"), _text(message)
    assert bool(re.search(r"By agent\s.*\sAlice +10 +10 ", text, re.DOTALL)) is allowed
    assert (">Alice</th>" in html) is allowed
    assert "@customer.example" not in html + text
    assert "alice@" not in html + text


@pytest.mark.parametrize(("width", "dark"), [(600, False), (375, False), (600, True)])
def test_it_is_read_on_a_desk_and_on_a_phone(
    desk: Desk, tmp_path: Path, width: int, *, dark: bool
) -> None:
    message = _written(desk)
    html = _text(message, "html")
    for part in message.walk():
        if part["Content-ID"]:
            data = base64.b64encode(part.get_content()).decode()
            html = html.replace(
                f"cid:{str(part['Content-ID']).strip('<>')}", f"data:image/png;base64,{data}"
            )
    (tmp_path / "mail.html").write_text(html, "utf-8")

    with chromium() as browser, open_page(browser, Looks(width=width, dark=dark)) as seen:
        seen.page.goto((tmp_path / "mail.html").as_uri())
        seen.settle()
        shown = seen.page.evaluate(
            "() => [...document.images].map(i => i.naturalWidth > 0 && i.alt.length > 10)"
        )

        assert not seen.is_too_wide()
        assert len(shown) >= 2
        assert all(shown)
        assert seen.trouble == []

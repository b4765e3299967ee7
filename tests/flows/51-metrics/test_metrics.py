"""A scraper watches a daemon at work: whatever happens moves what is told about it."""

from __future__ import annotations

import re
import smtplib
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.stage import Stage, running, wait_for
from tests.needs import find, require

CONFIG = """
[maild]
name = "Example"
domain = "example.com"
state_dir = "state"
secret_file = "secret"

[relay]
url = "maildir:out"

[smtp]
listen = ["127.0.0.1:@SMTP@"]

[web]
listen = ""
admin_listen = "127.0.0.1:@ADMIN@"

[limits]
parts = 5

[[mailbox]]
name = "Support"
address = "support@example.com"

[[queue]]
name = "support"
lead = "alice@example.com"

[[agent]]
address = "alice@example.com"

[report]
every = "day"
format = "table"
"""
MAIL = "From: Anna <anna@customer.example>\nSubject: It smokes\n\nPlease help.\n"
PARTS = "".join("--b\nContent-Type: text/plain\n\nx\n" for _ in range(9))
BOMB = f"From: <b@c.example>\nSubject: Parts\nContent-Type: multipart/mixed; boundary=b\n\n{PARTS}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running(tmp_path_factory.mktemp("metrics"), CONFIG) as stage:
        yield stage


def _scraped(house: Stage) -> str:
    place = f"http://127.0.0.1:{house.admin_port}/metrics"
    with urllib.request.urlopen(place, timeout=60) as answer:
        return str(answer.read().decode())


def _value(text: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else 0.0


def _moves(house: Stage, **expected: float) -> None:
    """Wait until all of some series have reached a value."""

    def behind() -> list[str]:
        text = _scraped(house)
        wanted = {_SERIES[name]: least for name, least in expected.items()}
        return [series for series, least in wanted.items() if _value(text, series) < least]

    wait_for(lambda: not behind(), f"{expected} came")


_SERIES = {
    "smtp": 'maild_mail_journalled_total{source="smtp"}',
    "pipe": 'maild_mail_journalled_total{source="pipe"}',
    "refused": 'maild_mail_refused_total{reason="5.3.4",source="smtp"}',
    "posted": 'maild_mail_outcomes_total{kind="human",outcome="posted"}',
    "hostile": 'maild_mail_held_total{reason="hostile"}',
    "held": 'maild_journal_rows{state="held"}',
    "done": 'maild_journal_rows{state="done"}',
    "commits": "maild_commit_batch_size_count",
    "handled": "maild_handled_batch_size_count",
    "read": "maild_read_seconds_count",
    "sent": 'maild_replies_total{result="sent"}',
    "outbox": 'maild_outbox_rows{state="sent"}',
    "tickets": 'maild_tickets{state="new"}',
    "automatic": "maild_automatic_mails",
    "most": "maild_automatic_mails_max",
    "free": "maild_disk_free_bytes",
    "wanted": "maild_disk_wanted_bytes",
    "looked": "maild_looked_timestamp_seconds",
    "build": 'maild_build_info{version="0.1.0"}',
}


WANTED = 25 * 1024 * 1024 * 3 // 2 + 64 * 1024 * 1024
"""What the listener wants at its defaults: the largest mail, half of it again, the reserve."""


def test_a_mail_by_smtp_moves_all_that_it_touches(house: Stage) -> None:
    house.send(MAIL)
    house.settled()

    _moves(house, smtp=1, commits=1, handled=1, read=1, posted=1, tickets=1, done=1)
    _moves(
        house, sent=1, outbox=1, automatic=1, most=1, free=1, wanted=WANTED, looked=1e9, build=1
    )


def test_a_mail_by_a_pipe_is_counted_by_the_daemon(house: Stage) -> None:
    done = house.maild(
        "deliver", "--from", "p@c.example", "--to", "support@example.com", stdin=MAIL.encode()
    )

    assert done.returncode == 0, done.stderr
    _moves(house, pipe=1)


def test_what_is_refused_and_what_is_held_say_why(house: Stage) -> None:
    with (
        smtplib.SMTP("127.0.0.1", house.smtp_port, timeout=30) as client,
        pytest.raises(smtplib.SMTPException),
    ):
        client.sendmail("a@c.example", ["support@example.com"], b"x" * 76 + b"\r\n" + _too_much())
    house.send(BOMB)
    house.settled()

    _moves(house, refused=1, hostile=1, held=1)
    assert re.search(r'mail\.refused .*"552 5\.3\.4 ', house.log())


def _too_much() -> bytes:
    return (b"y" * 76 + b"\r\n") * 350_000


def test_what_is_told_is_as_prometheus_wants_it(house: Stage) -> None:
    require("promtool")
    checked = subprocess.run(
        [str(find("promtool")), "check", "metrics"],
        input=_scraped(house).encode(),
        capture_output=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_nothing_is_told_that_is_not_documented(house: Stage) -> None:
    readme = (Path(__file__).parents[3] / "systemd" / "README.md").read_text("utf-8")
    told = re.findall(r"^# TYPE (maild_\w+) \w+$", _scraped(house), re.MULTILINE)

    assert told
    assert [name for name in told if f"`{name}`" not in readme] == []

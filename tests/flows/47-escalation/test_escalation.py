"""Warned, missed, escalated, paged, acknowledged: by a daemon that lives."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.flows.stage import Json, Stage, fill, wait_for

HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8")
RULES = (HERE / "rules.toml").read_text(encoding="utf-8")
SECRET = "known to both of us, and to nobody else"
CUSTOMER, LEAD = "gerda@customer.example", "lea@example.com"
STEPS = {
    "alice@example.com": ("Escalation: step 1 of 2", "To stop this escalation"),
    "dora@example.com": ("Eskalation: Schritt 1 von 2", "Um diese Eskalation zu beenden"),
    "fleur@example.com": ("Escalade\u00a0: étape 1 sur 2", "Pour arrêter cette escalade"),
    "elena@example.com": ("Escalado: paso 1 de 2", "Para detener este escalado"),
}
MAIL = f"From: Gerda <{CUSTOMER}>\nTo: support@example.com\nSubject: Help\n\nNothing works.\n"


@dataclass
class Pager:
    """Somebody else's program: it answers in turn, the last answer for ever."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def paging() -> Iterator[Pager]:
    pager = Pager()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            pager.got.append((dict(self.headers), data))
            self.send_response(
                pager.answers.pop(0) if len(pager.answers) > 1 else pager.answers[0]
            )
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pager.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield pager
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def pager() -> Iterator[Pager]:
    with paging() as made:
        yield made


@contextmanager
def staged(folder: Path, pager: Pager, second: str) -> Iterator[Stage]:
    (folder / "rules").mkdir()
    (folder / "rules" / "10-all.toml").write_text(fill(RULES, {"SECOND": second}))
    (folder / "hook.secret").write_text(f"{SECRET}\n")
    stage = Stage(folder, CONFIG, FIRST="4s", HOOK=pager.url)
    try:
        stage.start()
        yield stage
    finally:
        stage.close()


def events(ticket: Json, kind: str) -> list[Json]:
    return [one["data"] for one in ticket["events"] if one["kind"] == kind]


def logged(stage: Stage, number: int, kind: str) -> list[Json]:
    return wait_for(
        lambda: events(stage.ticket(number), kind), lambda: f"no {kind}\n{stage.log()[-3000:]}"
    )


def is_genuine(headers: dict[str, str], data: bytes) -> bool:
    signed = headers["Maild-Timestamp"].encode() + b"." + data
    wanted = "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, headers["Maild-Signature"])


def test_a_ladder_tells_pages_and_stops_when_an_agent_acknowledges(
    tmp_path: Path, pager: Pager
) -> None:
    pager.answers = [503, 200]
    with staged(tmp_path, pager, "1h") as stage:
        stage.send(MAIL)
        number = stage.ticket_of(CUSTOMER)["number"]
        letters = {}
        for agent, (headline, way) in STEPS.items():
            stage.letter(agent, number)
            letters[agent] = stage.letter(agent, number)
            assert headline in letters[agent].text
            assert headline in letters[agent].html
            assert way in letters[agent].text
        told = letters["alice@example.com"]
        stage.send(
            f"From: alice@example.com\nTo: {told.reply_to}\nSubject: Re: Help\n"
            f"In-Reply-To: {told.message_id}\n\n#ack\n",
            told.reply_to,
        )
        [stopped] = logged(stage, number, "escalation.stopped")
        wait_for(lambda: len(pager.got) >= 2, lambda: f"no page\n{stage.log()[-3000:]}")
        stage.settled()
        ticket = stage.ticket(number)
        pages = [row for row in stage.outbox() if row["kind"] == "page"]

    first, second = pager.got
    assert is_genuine(*first)
    assert is_genuine(*second)
    assert first[1] == second[1]
    assert first[0]["Idempotency-Key"] == second[0]["Idempotency-Key"]
    assert json.loads(first[1])["ticket"]["number"] == number
    assert stopped == {"ladder": "nobody acts", "why": "acknowledged"}
    assert ticket["assignee"] == "alice@example.com"
    assert len(events(ticket, "deadline.warned")) == 1
    assert len(events(ticket, "escalation.step")) == 1
    assert {due["state"] for due in ticket["deadlines"] if due["kind"] == "escalation"} == {
        "fired",
        "cancelled",
    }
    assert [(row["state"], row["attempts"]) for row in pages] == [("sent", 2)]


def test_where_nobody_acts_the_tier_is_raised_and_a_refused_page_is_told(
    tmp_path: Path, pager: Pager
) -> None:
    pager.answers = [410]
    with staged(tmp_path, pager, "4s") as stage:
        stage.send(MAIL)
        number = stage.ticket_of(CUSTOMER)["number"]
        first, second = stage.letter(LEAD, number), stage.letter(LEAD, number)
        [escalated] = logged(stage, number, "ticket.escalated")
        stage.settled()
        ticket = stage.ticket(number)

    texts = {first.text, second.text}
    assert escalated == {"from": "1", "to": "2", "why": "no answer in time"}
    assert any("The webhook oncall could not be called" in text for text in texts)
    assert any("Raised from tier 1 to tier 2" in text for text in texts)
    assert ticket["tier"] == 2
    assert len(events(ticket, "page.failed")) == 1
    assert len(pager.got) == 1

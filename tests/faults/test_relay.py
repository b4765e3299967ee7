"""A relay in every kind of trouble, one after the other, then a real Postfix that picks and chooses.

The daemon hands over to one port. Nobody listens there; then Postfix's smtp-sink refuses at each
stage for now, hangs up, and hangs up after the dot; then Postfix takes mail, but not at once for
some recipients (greylisting) and never for one. Time is moved on between them, never waited for.
"""

from __future__ import annotations

import re
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.faults.customers import Account, write_many
from tests.faults.form import IS_LONG
from tests.flows.stage import Stage, wait_for
from tests.needs import needs
from tests.outbox import relays
from tests.ports import free_port
from tests.servers.postfix import Postfix, postfix

HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8")
pytestmark = [needs("postfix", "root"), pytest.mark.servers, pytest.mark.timeout(300)]
EACH_STAGE = (("-q", "CONNECT"), ("-r", "MAIL"), ("-r", "RCPT"), ("-Q", "DATA"), ("-r", "."))
AFTER_THE_DOT = ("-q", ".")
TROUBLES = (*(EACH_STAGE if IS_LONG else EACH_STAGE[2:3]), AFTER_THE_DOT)
"""The short form tries one stage: what each means for a single mail is shown elsewhere."""
GREY, GONE = ("grey-1@customer.example", "grey-2@customer.example"), "gone@customer.example"
NAMES = ["plain-1", "plain-2", "grey-1", "grey-2", "gone"]
DUE = "UPDATE outbox SET next_try_at = created_at WHERE state = 'queued'"
MINUTES = (1, 5, 15, 60, 60, 60)
"""The wait after each try."""
MINUTES_AFTER_THE_DOT = 10
"""Where nobody knows, whatever was before."""
JITTER = 1.1


class Greylist(socketserver.ThreadingTCPServer):
    """Postfix asks it of each recipient: the first time is too early for some."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.asked: Counter[str] = Counter()


class _Asked(socketserver.StreamRequestHandler):
    server: Greylist

    def handle(self) -> None:
        for line in self.rfile:
            name, _, value = line.decode().strip().partition("=")
            if name == "recipient":
                recipient = value
            elif not name:
                self.server.asked[recipient] += 1
                early = recipient in GREY and self.server.asked[recipient] == 1
                action = "450 4.2.0 greylisted, come again" if early else "dunno"
                self.wfile.write(f"action={action}\n\n".encode())


@contextmanager
def choosy(port: int) -> Iterator[Postfix]:
    """A Postfix that never takes mail for one recipient, and for some not at once."""
    with Greylist() as asked:
        threading.Thread(target=asked.serve_forever, daemon=True).start()
        more = (
            "smtpd_recipient_restrictions ="
            f" check_recipient_access inline:{{{{{GONE}=550 5.1.1 no such user}}}},"
            f" check_policy_service inet:127.0.0.1:{asked.server_address[1]},"
            " permit_mynetworks, reject"
        )
        with postfix(1, more=more, port=port) as server:
            yield server
        asked.shutdown()


def test_a_relay_in_trouble_gets_each_mail_once_when_it_is_back(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    relay, account = free_port(), Account()
    stage = Stage(tmp_path, CONFIG.replace("maildir:outgoing", f"smtp://127.0.0.1:{relay}"))
    off_schedule: list[str] = []
    try:
        stage.start()
        before = datetime.now(UTC)
        write_many(account, stage.smtp_port, NAMES)
        wait_for(lambda: len(rows(stage)) == 2 * len(NAMES), "not all mails are written")
        tried(stage, 1)
        off_schedule += late_or_early(stage, "nobody there", before, 1)
        for tries, trouble in enumerate(TROUBLES, 2):
            off_schedule += troubled(stage, relay, trouble, tries)
        with choosy(relay) as server:
            started = time.monotonic()
            due(stage)
            tried_by_postfix(stage, server)
            back = time.monotonic() - started
            waiting = {row.recipient for row in rows(stage) if row.state == "queued"}
            due(stage)
            stage.settled()
            taken = arrived(server)
        ends = {row.message_id: row for row in rows(stage)}
        assert stage.stop() == 0
    finally:
        stage.close()

    expected = {name for name, row in ends.items() if row.recipient != GONE}
    lost, extra = expected - taken.keys(), taken.total() - len(taken)
    figures(
        troubles=len(TROUBLES) + 1,
        mails=len(ends),
        lost=len(lost),
        extra_deliveries=extra,
        off_schedule=len(off_schedule),
        back_after_seconds=back,
    )
    assert account.refused == []
    assert off_schedule == []
    assert waiting == set(GREY), "the others did not wait for the greylisted ones"
    assert (lost, extra) == (set(), 0)
    assert {row.recipient for row in ends.values() if row.state != "sent"} == {GONE}
    assert "no such user" in next(r.last_error for r in ends.values() if r.state == "failed")


def troubled(stage: Stage, relay: int, trouble: tuple[str, str], tries: int) -> list[str]:
    """Let all mails be tried while the relay is so; return those that wait for the wrong time."""
    with relays.sink(*trouble, port=relay):
        before = datetime.now(UTC)
        due(stage)
        tried(stage, tries)
    minutes = MINUTES_AFTER_THE_DOT if trouble == AFTER_THE_DOT else MINUTES[tries - 1]
    return late_or_early(stage, " ".join(trouble), before, minutes)


def late_or_early(stage: Stage, what: str, before: datetime, minutes: int) -> list[str]:
    """Return the mails whose next try is not so long after the last, which came after `before`."""
    after, delay = datetime.now(UTC), timedelta(minutes=minutes)
    return [
        f"{what}: {row.recipient} at {row.next_try_at}"
        for row in rows(stage)
        if not before + delay <= moment(row.next_try_at) <= after + delay * JITTER
    ]


def tried(stage: Stage, tries: int) -> None:
    """Wait until every mail was tried so often, and what came of it is written."""

    def is_done() -> bool:
        return all(row.attempts == tries and row.state == "queued" for row in rows(stage))

    wait_for(is_done, lambda: f"not tried {tries} times: {rows(stage)}", 60)


def tried_by_postfix(stage: Stage, server: Postfix) -> None:
    """Wait until Postfix has said its first word about every mail."""

    def is_done() -> bool:
        found = rows(stage)
        return all(row.attempts == len(TROUBLES) + 2 and row.state != "sending" for row in found)

    wait_for(is_done, lambda: f"{rows(stage)}\n{server.log()[-3000:]}", 60)


def due(stage: Stage) -> None:
    with stage.database.write() as connection:
        connection.execute(text(DUE))


def rows(stage: Stage) -> list[Any]:
    asked = "SELECT message_id, recipient, state, attempts, next_try_at, last_error FROM outbox"
    with stage.database.read() as connection:
        return list(connection.execute(text(asked)))


def moment(stored: str) -> datetime:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


def arrived(server: Postfix) -> Counter[str]:
    """Count the mails that Postfix took, by Message-ID."""
    return Counter(re.findall(r"message-id=<([^>]+)>", server.log()))

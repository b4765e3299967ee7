"""kill -9 in a loop while mail comes in on four sessions: nothing is lost, nothing is doubled.

`MAILD_KILLS` asks for more than the fifty kills of the short form.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from maild.errors import StoreBusy
from tests.crash.daemons import Zygote, sink_of
from tests.crash.people import Sink, Writer
from tests.faults.form import times
from tests.flows.stage import Stage, wait_for
from tests.ports import free_port

KILLS = int(os.environ.get("MAILD_KILLS", times(50, 200)))
SESSIONS = 4
STEP_SECONDS_MAX = 60
SETTLE_SECONDS_MAX = 180
TEN_MINUTES_LATER = "UPDATE outbox SET next_try_at = created_at WHERE state = 'queued'"
"""What was in the wire when a daemon died waits so long; nobody sleeps for it here."""
HERE = Path(__file__).parent
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + KILLS * 10)]


class Moment(Enum):
    """When a daemon dies: up to so many seconds after it was seen there."""

    STARTING = 0.3
    LISTENING = 1.2
    SENDING = 0.05


MOMENTS = (Moment.STARTING, Moment.SENDING, Moment.LISTENING, Moment.SENDING, Moment.SENDING)


@contextmanager
def writing(stage: Stage, sink: Sink) -> Iterator[list[Writer]]:
    stop = threading.Event()
    writers = [Writer(f"w{n}", stage.smtp_port, sink, stop) for n in range(SESSIONS)]
    for writer in writers:
        writer.start()
    try:
        yield writers
    finally:
        stop.set()
        for writer in writers:
            writer.join(30)


def test_nothing_is_lost_or_doubled(tmp_path: Path, figures: Callable[..., None]) -> None:
    relay = free_port()
    stage = Stage(tmp_path, (HERE / "config.toml").read_text(), RELAY=relay)
    zygote = Zygote(stage)
    started = time.monotonic()
    try:
        with sink_of(relay) as sink:
            with writing(stage, sink) as writers:
                hits, groups, starts = _kill_again_and_again(stage, zygote)
            last = zygote.start()
            _wait_for_the_end(stage)
            os.kill(last, signal.SIGTERM)
            code = zygote.wait()
    finally:
        zygote.close()
    seconds = time.monotonic() - started
    _tell(stage, sink, writers, hits, seconds)

    assert code == 0
    _check_hits(hits)
    lost = _check_journal(stage, writers)
    doubled = _check_tickets(stage, writers)
    _check_outbox(stage, sink)
    figures(
        kills=hits["kills"],
        acknowledged=sum(len(writer.acknowledged) for writer in writers),
        lost=lost,
        tickets_doubled=doubled,
        mails_sent=len(set(sink.hashes)),
        sent_twice=len(sink.hashes) - len(set(sink.hashes)),
        restart_seconds_95_of_100=sorted(starts)[len(starts) * 95 // 100],
    )
    wait_for(lambda: not any(_lives(group) for group in groups), "readers outlive their daemon")
    stage.close()


def _kill_again_and_again(
    stage: Stage, zygote: Zygote
) -> tuple[Counter[str], list[int], list[float]]:
    """Kill; return what was under way, counted in kills, the daemons' process groups, and how long
    those starts took that were let come to their end.
    """
    hits: Counter[str] = Counter()
    groups: list[int] = []
    starts: list[float] = []
    chance = random.Random(17)
    pause = threading.Event()
    for n in range(KILLS):
        daemon = zygote.start()
        groups.append(daemon)
        started = time.monotonic()
        moment = MOMENTS[n % len(MOMENTS)]
        if moment is not Moment.STARTING:
            starts.append(_wait_until_working(stage, moment) - started)
            assert _lives(daemon), "a daemon leads no group of its own"
        pause.wait(chance.uniform(0, moment.value))
        os.kill(daemon, signal.SIGKILL)
        assert zygote.wait() == -signal.SIGKILL, stage.log()[-3000:]
        hits["kills"] += 1
        if (stage.folder / "state" / "maild.db").exists():
            hits.update(_under_way(stage))
    return hits, groups, starts


def _wait_until_working(stage: Stage, moment: Moment) -> float:
    """Return the time at which it listened."""

    def words() -> str:
        return f"nothing is {moment.name.lower()}\n{stage.log()[-3000:]}"

    wait_for(lambda: _listens(stage.smtp_port), words, STEP_SECONDS_MAX)
    listened = time.monotonic()
    if moment is Moment.SENDING:
        wait_for(lambda: stage.standing().outbox["sending"], words, STEP_SECONDS_MAX)
    return listened


def _under_way(stage: Stage) -> set[str]:
    try:
        now = stage.standing()
    except (StoreBusy, OperationalError):
        return set()  # killed before there were tables
    found = {"received": now.journal["received"], "parsing": now.journal["parsing"]}
    found["sending"] = now.outbox["sending"]
    return {name for name, rows in found.items() if rows}


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_for_the_end(stage: Stage) -> None:
    """Wait as long as something moves: how fast it does is the machine's business."""
    wait_for(lambda: _listens(stage.smtp_port), "no listener")
    with stage.database.write() as connection:
        connection.execute(text(TEN_MINUTES_LATER))

    def words() -> str:
        waiting = (
            "SELECT id, kind, attempts, next_try_at FROM outbox WHERE state <> 'sent' LIMIT 9"
        )
        rows = _rows(stage, waiting)
        return f"work is left after the last start: {_left(stage)} {rows}\n{stage.log()[-3000:]}"

    while any((now := _left(stage))[:4]):
        wait_for(partial(_moved, stage, now), words, SETTLE_SECONDS_MAX)


def _moved(stage: Stage, before: tuple[int, ...]) -> bool:
    return _left(stage) != before


def _left(stage: Stage) -> tuple[int, ...]:
    """Count what is under way, and last what is sent."""
    now = stage.standing()
    under_way = (now.journal["received"], now.journal["parsing"])
    return (*under_way, now.outbox["queued"], now.outbox["sending"], now.outbox["sent"])


def _rows(stage: Stage, statement: str) -> list[Any]:
    with stage.database.read() as connection:
        return list(connection.execute(text(statement)))


def _tell(
    stage: Stage, sink: Sink, writers: list[Writer], hits: Counter[str], seconds: float
) -> None:
    acknowledged = sum(len(writer.acknowledged) for writer in writers)
    under_way = ", ".join(f"{what} {hits[what]}" for what in ("received", "parsing", "sending"))
    print(f"\nkills: {hits['kills']} in {seconds:.0f} s; with rows under way: {under_way}")
    answers = sum(writer.answered for writer in writers)
    print(f"mails acknowledged: {acknowledged}, of them about {answers} answers by token")
    print(f"mails tried: {sum(writer.tries for writer in writers)}")
    print(f"journal: {stage.standing().journal}, tickets: {stage.standing().tickets}")
    doubled = len(sink.hashes) - len(set(sink.hashes))
    print(f"mails sent: {len(set(sink.hashes))}, sent twice: {doubled}")


def _check_hits(hits: Counter[str]) -> None:
    """The test cannot pass without having hit what it is about."""
    assert hits["kills"] >= KILLS
    for what in ("received", "parsing", "sending"):
        assert hits[what] >= KILLS // 10, f"too few kills while rows were {what}: {hits}"


def _check_journal(stage: Stage, writers: list[Writer]) -> int:
    """Return how many acknowledged mails are missing."""
    rows = _rows(stage, "SELECT sha256, outcome, message_id, reason FROM journal")
    known = {row.sha256 for row in rows}
    acknowledged = {digest for writer in writers for digest in writer.acknowledged.values()}
    missing = acknowledged - known
    held = [row.reason for row in rows if row.outcome == "held"]
    posted = Counter(row.message_id for row in rows if row.outcome == "posted")
    print(f"acknowledged and missing: {len(missing)}, healthy mails held: {len(held)}")

    assert len(acknowledged) > KILLS * 2
    assert not missing
    assert not held
    assert {row.outcome for row in rows} <= {"posted", "ignored"}
    assert set(posted.values()) == {1}
    assert len(posted) == len({row.message_id for row in rows})
    return len(missing)


def _check_tickets(stage: Stage, writers: list[Writer]) -> int:
    """Return how many customers have two tickets for one mail."""
    customers = Counter(ticket["customer"]["address"] for ticket in stage.tickets())
    doubled = {address: count for address, count in customers.items() if count > 1}
    posts = _rows(
        stage,
        "SELECT ticket_id, count(*) AS n FROM post GROUP BY ticket_id HAVING count(*) > 1",
    )
    strangers = _rows(
        stage,
        "SELECT post.id FROM post JOIN ticket ON ticket.id = post.ticket_id"
        " JOIN customer ON customer.id = ticket.customer_id"
        " WHERE post.kind = 'customer' AND post.author <> customer.address",
    )
    numbers = [ticket["number"] for ticket in stage.tickets()]
    print(f"tickets: {len(numbers)}, doubled: {len(doubled)}, with answers: {len(posts)}")

    opened = {sender for writer in writers for sender in writer.opened}
    assert not doubled
    assert set(customers) <= opened
    assert len(opened - set(customers)) <= SESSIONS, "the last mail of each may not have come in"
    assert posts
    assert not strangers
    return len(doubled)


def _check_outbox(stage: Stage, sink: Sink) -> None:
    rows = _rows(stage, "SELECT sha256, state, attempts FROM outbox")
    assert {row.state for row in rows} == {"sent"}
    assert {row.sha256 for row in rows} == set(sink.hashes)
    assert len({row.sha256 for row in rows}) == len(rows)

"""`make bench`: one run, one table; every row a ratio or a bound, beside what the machine allows."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from maild import log
from tests.bench import client, limits
from tests.bench.daemon import free_port, running
from tests.bench.tick import ring_seconds
from tests.bench.workload import Letter, letters
from tests.needs import missing
from tests.servers.postfix import postfix

SESSIONS = 20
OPEN_TICKETS = 1_000_000
DUE = 1_000


def main() -> None:
    """Measure and print."""
    log.configure(environment={}, level=log.Level.ERROR)
    options = argparse.ArgumentParser(prog="make bench")
    options.add_argument("--mails", type=int, default=2000)
    count = options.parse_args().mails
    with tempfile.TemporaryDirectory(prefix="maild-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        load = letters(count, folder / "load")
        size = sum(len(letter.raw) for letter in load) / 1e6
        _say(f"{count} mails, {size:.1f} MB, {SESSIONS} sessions")
        _machine(folder)
        _reading(load)
        _intake(folder, load)
        _line(folder, load)
        _outgoing(folder, load)
        _clock(folder)


def _machine(folder: Path) -> None:
    _row("disk: fdatasync of 4 KiB, median", f"{limits.fsync_ms(folder):.3f} ms")
    for mails_each in (1, 10, 100):
        rate = limits.sqlite_rate(folder, mails_each, 2000 // mails_each)
        _row(f"SQLite itself, durable, {mails_each} mails a commit", f"{rate:,.0f}/s")


def _clock(folder: Path) -> None:
    idle, busy, rings = ring_seconds(folder / "clock", OPEN_TICKETS, DUE)
    _row(
        f"clock: a ring, {OPEN_TICKETS:,} open tickets, none due",
        f"{idle * 1000:.1f} ms",
        "",
        "5 ms",
    )
    words = f"{busy:.2f} s, {rings} rings"
    _row(f"clock: the longest ring, {DUE:,} tickets due", words, "", "1 s")


def _reading(load: Sequence[Letter]) -> None:
    parser, ours = limits.parse_rates(load[:500])
    _row("reading: mail-parser alone, one process", f"{parser:,.0f}/s")
    _row(
        "reading: maild, all of it, one process",
        f"{ours:,.0f}/s",
        f"{ours / parser:.2f} x",
        "0.5 x",
    )


def _intake(folder: Path, load: Sequence[Letter]) -> None:
    peer = _postfix_rate(load)
    with running(folder / "intake", only="intake") as daemon:
        _row("start to the first answer", f"{daemon.start_seconds:.2f} s", "", "1.5 s")
        _row("memory, idle", f"{daemon.memory_mib():.0f} MiB", "", "100 MiB")
        one = client.send(daemon.port, load[:200], 1)
        found = client.send(daemon.port, load, SESSIONS)
    ratio = f"{found.rate / peer:.2f} x Postfix" if peer else "Postfix is not installed"
    _row("durable intake", f"{found.rate:,.0f}/s", ratio, "1.0 x")
    _row("from the dot to 250, one session, median", f"{one.dot_ms(0.5):.1f} ms", "", "2 ms")
    _row(f"the same, {SESSIONS} sessions, 99 of 100", f"{found.dot_ms(0.99):.0f} ms", "", "50 ms")


def _line(folder: Path, load: Sequence[Letter]) -> None:
    with running(folder / "line") as daemon:
        start = time.perf_counter()
        found = client.send(daemon.port, load, SESSIONS)
        daemon.wait_done(len(load))
        rate = len(load) / (time.perf_counter() - start)
        _row("end to end: SMTP in, ticket, replies queued", f"{rate:,.0f}/s", "", "840/s")
        _row("  the same run, from the dot to 250, 99 of 100", f"{found.dot_ms(0.99):.0f} ms")
        _row(
            "memory, most while they passed",
            f"{daemon.memory_mib('VmHWM'):.0f} MiB",
            "",
            "200 MiB",
        )
        tickets = daemon.rows("SELECT count(*) FROM ticket")
        queued = daemon.rows("SELECT count(*) FROM outbox")
        held = daemon.rows("SELECT count(*) FROM journal WHERE outcome = 'held'")
        _row("  tickets, replies, held", f"{tickets} {queued} {held}")


def _outgoing(folder: Path, load: Sequence[Letter]) -> None:
    """Queue replies with the senders off, then let them out to a relay that takes all."""
    if missing("postfix"):
        _row("outgoing", "smtp-sink is not installed")
        return
    port = free_port()
    sink = subprocess.Popen(["smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "100"])
    try:
        place = folder / "out"
        with running(place, only="intake,work", relay=f"smtp://127.0.0.1:{port}") as daemon:
            client.send(daemon.port, load[:1000], SESSIONS)
            daemon.wait_done(min(1000, len(load)))
            queued = daemon.rows("SELECT count(*) FROM outbox")
            sent = "SELECT count(*) FROM outbox WHERE state = 'sent'"
        with running(place, only="send", relay=f"smtp://127.0.0.1:{port}") as daemon:
            while (first := daemon.rows(sent)) == 0:
                time.sleep(0.01)
            start = time.perf_counter()
            while daemon.rows(sent) < queued:
                time.sleep(0.02)
            rate = (queued - first) / (time.perf_counter() - start)
    finally:
        sink.kill()
        sink.wait()
    _row("outgoing, kept connections, each recorded", f"{rate:,.0f}/s", "", "1,000/s")


def _postfix_rate(load: Sequence[Letter]) -> float:
    """A real Postfix to its own durable queue, in the same run."""
    if missing("postfix") or missing("root"):
        return 0.0
    more = "defer_transports = lmtp\nmessage_size_limit = 50000000\n"
    with postfix(free_port(), domain="bench.example", more=more) as server:
        return client.send(server.port, load, SESSIONS).rate


def _row(what: str, figure: str, ratio: str = "", target: str = "") -> None:
    _say(f"{what:<48} {figure:>12}  {ratio:<18} {'target ' + target if target else ''}".rstrip())


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""`make bench`: one run, one table; every row a ratio or a bound, beside what the machine allows.

python -m tests.bench [--mails N] [--rows NAME ...] [--picture FILE] [--peer-python FILE]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import which
from statistics import median

from maild import log
from tests.bench import client, growth, limits, machines, mailbox, shares
from tests.bench.daemon import SLOW_DISK, Measured, running
from tests.bench.parsers import duel
from tests.bench.peers import MAILS_MAX, PEERS, Fed, PeerError
from tests.bench.table import Row, Table, say
from tests.bench.tick import rung
from tests.bench.workload import Letter, letters
from tests.needs import missing
from tests.ports import free_port
from tests.servers.postfix import postfix

SESSIONS = 20
MANY = 1_000_000
DUE = 1_000
LARGE_MIB = 25
STARTS = 5
WITHOUT_PEERS = 840
"""Ten times what the best peer reached where the targets were set."""


class Bench:
    """One run: what was measured is needed again by later rows."""

    def __init__(self, folder: Path, load: Sequence[Letter], peer_python: Path) -> None:
        """Measure nothing yet."""
        self.folder = folder
        self.load = load
        self.table = Table()
        self._peer_python = peer_python
        self._peers: list[Fed] | None = None
        self._rates: dict[str, float] = {}

    def machine(self) -> None:
        """What the disk and SQLite themselves allow."""
        self._row("disk: fdatasync of 4 KiB, median", f"{limits.fsync_ms(self.folder):.3f} ms")
        for each in (1, 10, 100):
            rate = limits.sqlite_rate(self.folder, each, 2000 // each)
            self._row(f"SQLite itself, durable, {each} mails a commit", f"{rate:,.0f}/s")

    def reading(self) -> None:
        """A reader beside the library that it is built on."""
        found = duel([letter.raw for letter in self.load[:500]])
        self._row("reading: mail-parser alone, one process", f"{found.parser:,.0f}/s")
        words = "reading: maild, all of it, one process"
        span = f"{found.ratios[0]:.2f} to {found.ratios[-1]:.2f}"
        row = Row(
            what=words,
            figure=f"{found.maild:,.0f}/s",
            beside=f"{found.ratio:.2f} x parser ({span})",
            target="≥ 0.5 x parser",
            met=found.ratio / 0.5,
        )
        self.table.add(row)

    def start(self) -> None:
        """All roles, from nothing to the first answer; what a daemon needs that has nothing to do."""
        place = self.folder / "start"
        with running(place) as daemon:
            self._row("first start, which makes the database", f"{daemon.start_seconds:.1f} s")
        seconds, memory = [], []
        for _ in range(STARTS):
            with running(place) as daemon:
                seconds.append(daemon.start_seconds)
                daemon.wait_ready()
                memory.append(daemon.memory_mib())
        self._at_most("start to the first answer", median(seconds), 1.5, "s")
        self._at_most("memory, idle", median(memory), 100, "MiB")
        with running(place, pages=f"127.0.0.1:{free_port()}") as daemon:
            daemon.wait_ready()
            self._row("  the same, with pages", f"{daemon.memory_mib():.0f} MiB")

    def intake(self) -> None:
        """Mail in, durably, beside Postfix."""
        peer = _postfix_rate(self.load)
        with running(self.folder / "intake", only="intake") as daemon:
            one = client.send(daemon.port, self.load[:200], 1)
            found = client.send(daemon.port, self.load, SESSIONS)
        if peer:
            self._row("Postfix to its durable queue", f"{peer:,.0f}/s")
            self._at_least("durable intake", found.rate, peer, "1.0 x Postfix")
        else:
            self._row("durable intake", f"{found.rate:,.0f}/s", "Postfix is not installed")
        self._at_most("from the dot to 250, one session, median", one.dot_ms(0.5), 2, "ms")
        self._at_most(f"the same, {SESSIONS} sessions, 99 of 100", found.dot_ms(0.99), 50, "ms")

    def peers(self) -> None:
        """Other help desks, fed from files."""
        self._peers = []
        for kind in PEERS:
            peer = kind(self._peer_python, self.folder / kind.package)
            if not peer.version():
                self._row(f"{kind.package}, fed from files", "not shown", "not installed")
                continue
            try:
                fed = peer.feed(self.load[:MAILS_MAX])
            except PeerError as error:
                self._row(f"{kind.package}, fed from files", "not shown", str(error)[:80])
                continue
            each = fed.processor / fed.posts * 1000
            made = f"{each:.1f} ms of processor time; {fed.posts} mails, {fed.tickets} tickets"
            self._row(f"{fed.name}, fed from files, no SMTP", f"{fed.rate:,.0f}/s", made)
            self._peers.append(fed)

    def line(self) -> None:
        """Mail in to ticket and answer; memory and processor time meanwhile."""
        best = self._best_peer()
        wanted = 10 * best.rate if best else WITHOUT_PEERS
        target = f"10 x {best.name}" if best else f"{WITHOUT_PEERS}/s, as no peer is installed"
        with running(self.folder / "line") as daemon:
            daemon.wait_ready()
            before, sender = shares.look(daemon.process.pid), time.process_time()
            rate = self._rates["line"] = _through(daemon, self.load)
            sender = time.process_time() - sender
            used = shares.look(daemon.process.pid).since(before)
            self._at_least("end to end: SMTP in, ticket, replies queued", rate, wanted, target)
            if best:
                each = used.all / len(self.load)
                told = f"{best.processor / best.posts / each:.1f} x by processor time a mail"
                self._row(f"  beside {best.name}", f"{rate / best.rate:.1f} x", told)
            self._reason(used, sender)
            most = daemon.memory_mib("VmHWM")
            self._at_most("memory, most while they passed", most, 200, "MiB")
            tickets = daemon.rows("SELECT count(*) FROM ticket")
            queued = daemon.rows("SELECT count(*) FROM outbox")
            held = daemon.rows("SELECT count(*) FROM journal WHERE outcome = 'held'")
            self._row("  tickets, replies, held", f"{tickets} {queued} {held}")

    def disk(self) -> None:
        """The same where each sync takes 2 ms longer."""
        if missing("strace"):
            self._not_shown("end to end, each sync 2 ms longer", "0.8 x", "strace is missing")
            return
        with running(self.folder / "disk", under=SLOW_DISK) as daemon:
            rate = _through(daemon, self.load)
        words = "end to end, each sync 2 ms longer"
        self._at_least(words, rate, 0.8 * self._usual(), "0.8 x end to end")

    def growth(self) -> None:
        """The same with a million tickets there already."""
        place = self.folder / "growth"
        with running(place, only="intake"):
            pass
        growth.fill(place / "var" / "maild.db", MANY)
        with running(place) as daemon:
            rate = _through(daemon, self.load)
        ratio = self._usual() / rate
        words = f"cost a mail with {MANY:,} tickets, against none"
        self._at_most(words, ratio, 1.2, "x")

    def large(self) -> None:
        """What one mail of 25 MB needs."""
        with running(self.folder / "large") as daemon:
            client.send(daemon.port, self.load[:100], SESSIONS)
            daemon.wait_done(100)
            before = daemon.memory_mib()
            client.send(daemon.port, [_large()], 1)
            daemon.wait_done(101)
            more = daemon.memory_mib("VmHWM") - before
        self._at_most(f"memory, more with a mail of {LARGE_MIB} MB", max(more, 0.1), 80, "MiB")

    def imap(self) -> None:
        """A backlog on an IMAP server, beside the same mails by SMTP."""
        words = f"IMAP to ticket, Dovecot, backlog of {len(self.load):,}"
        if reason := missing("dovecot") or missing("root"):
            self._not_shown(words, "0.8 x", reason)
            return
        rate = mailbox.rate(self.folder / "imap", self.load)
        self._at_least(words, rate, 0.8 * self._usual(), "0.8 x end to end")

    def outgoing(self) -> None:
        """Queue replies with the senders off, then let them out to a relay that takes all."""
        if missing("postfix"):
            self._not_shown("outgoing", "1,000/s", "smtp-sink is not installed")
            return
        rate, each = _outgoing(self.folder / "out", self.load[:1000])
        self._at_least("outgoing, kept connections, each recorded", rate, 1000, "1,000/s")
        self._row("  processor time a mail", f"{each * 1000:.2f} ms")

    def clock(self) -> None:
        """A ring with a million open tickets."""
        found = rung(self.folder / "clock", MANY, DUE)
        words = f"clock: a ring, {MANY:,} open tickets, none due"
        self._at_most(words, found.idle * 1000, 5, "ms")
        words = f"clock: the longest ring of {found.rings}, {DUE:,} tickets due"
        self._at_most(words, found.longest, 1, "s")
        each = found.processor / DUE * 1000
        figure = f"{found.together:.1f} s, {each:.1f} ms of processor time a ticket"
        self._row(f"  all of them, {DUE:,} tickets", figure)

    def nodes(self) -> None:
        """Two nodes on one PostgreSQL, each pinned to a core, beside one."""
        words = "two nodes on PostgreSQL against one"
        if reason := missing("postgresql"):
            self._not_shown(words, "1.6 x", reason)
            return
        one, two = machines.rates(self.folder / "nodes", self.load, SESSIONS)
        self._row("one node on PostgreSQL, pinned to a core", f"{one:,.0f}/s")
        self._row("two nodes, each pinned to a core", f"{two:,.0f}/s", f"{two / one:.2f} x")
        if machines.are_enough_cores():
            self._at_least(words, two / one, 1.6, "1.6 x", "x")
        else:
            reason = f"{two / one:.2f} x on this machine, too few cores for PostgreSQL besides"
            self._not_shown(words, "1.6 x", reason)

    def _best_peer(self) -> Fed | None:
        """The fastest of this run; they are fed now when they were not yet."""
        if self._peers is None:
            self.peers()
        return max(self._peers or (), key=lambda fed: fed.rate, default=None)

    def _reason(self, used: shares.Shares, sender: float) -> None:
        """Why the line is as fast as it is: what a mail needs of the processor, part by part."""
        mails, cores = len(self.load) / 1000, os.cpu_count() or 1
        self._row("  processor time a mail, all of maild", f"{used.all / mails:.2f} ms")
        for part, seconds in sorted(used.parts.items(), key=lambda part: -part[1]):
            share = f"{seconds / used.all:.0%} of it"
            self._row(f"    {part}", f"{seconds / mails:.2f} ms", share)
        self._row("  beside it, who sends the load", f"{sender / mails:.2f} ms")
        most = len(self.load) / used.daemon
        told = f"{used.daemon / mails:.2f} ms, as Python has it"
        self._row("  at most, one thread of the daemon at a time", f"{most:,.0f}/s", told)
        most = cores * len(self.load) / (used.all + sender)
        told = f"{cores} / {(used.all + sender) / mails:.2f} ms, its sender included"
        self._row(f"  at most, by {cores} cores", f"{most:,.0f}/s", told)

    def _usual(self) -> float:
        """The rate end to end in this run, measured when it is not known yet."""
        if "line" not in self._rates:
            self.line()
        return self._rates["line"]

    def _row(self, what: str, figure: str, beside: str = "") -> None:
        self.table.add(Row(what=what, figure=figure, beside=beside))

    def _at_least(
        self, what: str, found: float, wanted: float, target: str, unit: str = "/s"
    ) -> None:
        met = found / wanted
        figure = f"{found:,.0f}{unit}" if unit == "/s" else f"{found:.2f} {unit}"
        beside = f"{met:.2f} of the target"
        self.table.add(Row(what=what, figure=figure, beside=beside, target=f"≥ {target}", met=met))

    def _at_most(self, what: str, found: float, wanted: float, unit: str) -> None:
        figure, beside = f"{found:.2f} {unit}", f"{found / wanted:.2f} of the bound"
        target, met = f"≤ {wanted:g} {unit}", wanted / found
        self.table.add(Row(what=what, figure=figure, beside=beside, target=target, met=met))

    def _not_shown(self, what: str, target: str, reason: str) -> None:
        self.table.add(Row(what=what, figure="not shown", beside=reason, target=target))


SECTIONS: dict[str, Callable[[Bench], None]] = {
    "machine": Bench.machine,
    "reading": Bench.reading,
    "start": Bench.start,
    "intake": Bench.intake,
    "peers": Bench.peers,
    "line": Bench.line,
    "disk": Bench.disk,
    "growth": Bench.growth,
    "large": Bench.large,
    "imap": Bench.imap,
    "outgoing": Bench.outgoing,
    "clock": Bench.clock,
    "nodes": Bench.nodes,
}


def main() -> None:
    """Measure, print and draw."""
    log.configure(environment={}, level=log.Level.ERROR)
    options = argparse.ArgumentParser(prog="make bench")
    options.add_argument("--mails", type=int, default=5000)
    options.add_argument("--rows", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    options.add_argument("--picture", type=Path, help="draw the table as an SVG")
    words = "a Python that has roundup or django-helpdesk, to compare with (default: this one)"
    options.add_argument("--peer-python", metavar="FILE", default=sys.executable, help=words)
    chosen = options.parse_args()
    peer_python = which(chosen.peer_python)
    if not peer_python:
        options.error(f"no such program: {chosen.peer_python}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="maild-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        load = letters(chosen.mails, folder / "load")
        size = sum(len(letter.raw) for letter in load) / 1e6
        say(f"{chosen.mails} mails, {size:.1f} MB, {SESSIONS} sessions")
        bench = Bench(folder, load, Path(peer_python).absolute())
        for section in chosen.rows:
            SECTIONS[section](bench)
    say(f"{bench.table.verdict()}; {time.monotonic() - began:.0f} s")
    if chosen.picture:
        bench.table.draw(chosen.picture)


def _through(daemon: Measured, load: Sequence[Letter]) -> float:
    """Send all and wait until each has ended; return how many mails a second that was."""
    before = daemon.rows("SELECT count(*) FROM journal WHERE outcome <> ''")
    start = time.perf_counter()
    client.send(daemon.port, load, SESSIONS)
    daemon.wait_done(before + len(load))
    return len(load) / (time.perf_counter() - start)


def _large() -> Letter:
    head = b"From: <large@load.example>\r\nSubject: large\r\nMessage-ID: <large@load.example>\r\n"
    kind = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nsee the file\r\n--b\r\nContent-Type: "
    file = b'application/pdf; name="f.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    lines = (b"QUJD" * 18 + b"\r\n") * (LARGE_MIB * 10**6 // 74)
    raw = head + kind + part + file + lines + b"--b--\r\n"
    return Letter(sender="large@load.example", raw=raw)


def _outgoing(place: Path, load: Sequence[Letter]) -> tuple[float, float]:
    """Return how many mails a second went out, and the processor time of each in seconds."""
    port = free_port()
    sink = subprocess.Popen(["smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "100"])
    relay = f"smtp://127.0.0.1:{port}"
    try:
        with running(place, only="intake,work", relay=relay) as daemon:
            client.send(daemon.port, load, SESSIONS)
            daemon.wait_done(len(load))
            queued = daemon.rows("SELECT count(*) FROM outbox")
        sent = "SELECT count(*) FROM outbox WHERE state = 'sent'"
        with running(place, only="send", relay=relay) as daemon:
            while (first := daemon.rows(sent)) == 0:
                time.sleep(0.01)
            start, before = time.perf_counter(), daemon.processor_seconds()
            while daemon.rows(sent) < queued:
                time.sleep(0.02)
            seconds, used = time.perf_counter() - start, daemon.processor_seconds() - before
            mails = queued - first
            return mails / seconds, used / mails
    finally:
        sink.kill()
        sink.wait()


def _postfix_rate(load: Sequence[Letter]) -> float:
    """A real Postfix to its own durable queue, in the same run."""
    if missing("postfix") or missing("root"):
        return 0.0
    more = "defer_transports = lmtp\nmessage_size_limit = 50000000\n"
    with postfix(free_port(), domain="bench.example", more=more) as server:
        return client.send(server.port, load, SESSIONS).rate


if __name__ == "__main__":
    main()

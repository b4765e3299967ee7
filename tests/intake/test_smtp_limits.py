"""Everything a client may have too much of: bytes, time, sessions, commands, recipients, tries."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

from maild.intake.smtp_limits import Failures, Gate, Networks, SessionLimits, client_key
from maild.settings import RuntimeLimits, SmtpSettings
from tests.intake.listener import ANYWHERE, QUICK, Client, Listener, Setup, Store

MAIL = b"From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n"
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

SERVER = """
import asyncio, sys
from concurrent.futures import Future
from maild import log
from maild.core.house import House, Mailbox
from maild.intake.smtp import Intake, serve
from maild.settings import Listen, RuntimeLimits, SmtpSettings

class Drop:
    def append(self, envelope, raw):
        future = Future()
        future.set_result(len(raw))
        return future

async def main():
    log.configure(level=log.Level.ERROR)
    house = House(name="X", domain="mail.example",
                  mailboxes=(Mailbox(name="S", address="support@mail.example"),))
    settings = SmtpSettings(listen=(Listen(host="127.0.0.1", port=0),), max_size_bytes=30_000_000)
    runtime = RuntimeLimits(connections=200, connections_per_address=1000)
    server = await serve(Intake(settings=settings, runtime=runtime, house=house, journal=Drop(),
                                disk_free=lambda: 10**12, hostname="mx.mail.example"))
    print(server.ports[0], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(0)

asyncio.run(main())
"""


class Process:
    """A listener in a process of its own, whose memory can be looked at."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate(timeout=20)

    def megabytes(self) -> float:
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * PAGE_BYTES / 1e6

    def files(self) -> int:
        return len(list(Path(f"/proc/{self._process.pid}/fd").iterdir()))


def _setup(kept: Store, limits: SessionLimits = QUICK, **runtime: int) -> Setup:
    return Setup(journal=kept.journal, runtime=RuntimeLimits(**runtime), limits=limits)


def test_a_mail_that_is_too_large_is_answered_after_its_end(kept: Store) -> None:
    settings = SmtpSettings(listen=ANYWHERE, max_size_bytes=1000)
    with (
        Listener(Setup(journal=kept.journal, settings=settings)) as running,
        Client(running.port) as client,
    ):
        assert "SIZE 1000" in client.offers
        reply = client.mail(b"x" * 70 + b"\r\n" + b"y" * 929 + b"\r\n.\r\n")
        exact = client.mail(b"x" * 70 + b"\r\n" + b"y" * 926 + b"\r\n.\r\n")

    assert reply == "552 5.3.4 a mail may have at most 1000 bytes"
    assert exact.startswith("250")
    assert kept.count() == 1


def test_a_mail_without_end_is_answered_and_cut_off(kept: Store) -> None:
    settings = SmtpSettings(listen=ANYWHERE, max_size_bytes=1000)
    limits = SessionLimits(watch_seconds=0.05, linger_seconds=1, dropped_bytes=50_000)
    setup = Setup(journal=kept.journal, settings=settings, limits=limits)
    with Listener(setup) as running, Client(running.port) as client:
        reply = client.mail(b"x" * 51_001)

        assert reply.startswith("552 5.3.4")
        assert client.reply() == ""


def test_memory_stays_bounded_whatever_is_sent() -> None:
    block = b"x" * 100_000
    with Process() as server, ExitStack() as clients:
        first = clients.enter_context(Client(server.port))
        first.mail(MAIL + b".\r\n")
        before = server.megabytes()

        for _ in range(10):
            client = clients.enter_context(Client(server.port))
            client.begin()
            for _ in range(200):
                client.send(block)
        endless_line = server.megabytes() - before
        flood = clients.enter_context(Client(server.port))
        flood.socket.settimeout(0.5)
        with pytest.raises(OSError):
            flood.send(b"NOOP\r\n" * 20_000_000)
        unread_replies = server.megabytes() - before

        print(f"10 x 20 MB in one line: +{endless_line:.1f} MB; flood: +{unread_replies:.1f} MB")
        assert endless_line < 20
        assert unread_replies < 20


def test_a_large_mail_costs_a_bounded_multiple_of_itself() -> None:
    text = (b"y" * 998 + b"\r\n") * 25_000
    with Process() as server, Client(server.port) as client:
        client.mail(MAIL + b".\r\n")
        before = server.megabytes()
        most = [before]
        over = threading.Event()

        def look() -> None:
            while not over.wait(0.002):
                most.append(server.megabytes())

        watcher = threading.Thread(target=look)
        watcher.start()
        reply = client.mail(text + b".\r\n")
        over.set()
        watcher.join()

    print(f"one mail of 25 MB: +{max(most) - before:.1f} MB")
    assert reply.startswith("250")
    assert max(most) - before < 80


def test_five_hundred_connections_are_turned_away_above_the_limit() -> None:
    with Process() as server, ExitStack() as clients:
        opened = [clients.enter_context(Client(server.port, greeting="")) for _ in range(500)]
        greeted = [client for client in opened if client.greeting.startswith("220")]
        refused = [client for client in opened if client.greeting.startswith("421 4.7.0")]

        print(f"{server.files()} files, {server.megabytes():.0f} MB with 500 clients")
        assert (len(greeted), len(refused)) == (200, 300)
        assert server.files() < 230
        assert greeted[0].say("EHLO x").startswith("250")
        for client in greeted[:50]:
            assert client.say("QUIT").startswith("221")
        assert clients.enter_context(Client(server.port)).mail(MAIL + b".\r\n").startswith("250")


def test_one_address_has_only_so_many_connections(kept: Store) -> None:
    with Listener(_setup(kept, connections_per_address=3)) as running, ExitStack() as clients:
        for _ in range(3):
            clients.enter_context(Client(running.port))

        fourth = clients.enter_context(Client(running.port, greeting=""))

        assert fourth.greeting.startswith("421 4.7.0")
        assert fourth.reply() == ""


@pytest.mark.parametrize(
    "settings",
    [
        SmtpSettings(listen=ANYWHERE, trusted_clients=("127.0.0.0/8",)),
        SmtpSettings(listen=ANYWHERE, lmtp=True),
    ],
)
def test_clients_of_ours_are_spared(kept: Store, settings: SmtpSettings) -> None:
    runtime = RuntimeLimits(connections_per_address=1)
    setup = Setup(journal=kept.journal, settings=settings, runtime=runtime)
    with Listener(setup) as running, ExitStack() as clients:
        opened = [clients.enter_context(Client(running.port, greeting="")) for _ in range(4)]

        assert all(client.greeting.startswith("220") for client in opened)
        assert all(opened[0].say("XYZ").startswith("500") for _ in range(50))


def test_three_thousand_recipients_are_told_to_come_in_parts(kept: Store) -> None:
    with Listener(_setup(kept)) as running, Client(running.port) as client:
        client.say("MAIL FROM:<a@b.example>")
        names = [f"RCPT TO:<support+{n}@mail.example>\r\n" for n in range(3000)]
        sender = threading.Thread(target=client.send, args=("".join(names).encode(),))
        sender.start()
        replies = [client.reply()[:9] for _ in range(3000)]
        sender.join()
        client.say("DATA")
        client.send(MAIL + b".\r\n")

        assert replies == ["250 2.1.5"] * 100 + ["452 4.5.3"] * 2900
        assert client.reply().startswith("250")
        assert kept.envelope()[1].count("support+") == 100


def test_a_client_that_guesses_addresses_is_hung_up_on(kept: Store) -> None:
    with Listener(_setup(kept)) as running, Client(running.port) as client:
        client.say("MAIL FROM:<a@b.example>")

        replies = [client.say(f"RCPT TO:<guess{n}@mail.example>") for n in range(20)]
        last = client.say("RCPT TO:<guess@mail.example>")

        assert {reply[:9] for reply in replies} == {"550 5.1.1"}
        assert last.startswith("550 5.1.1")
        assert client.reply() == "421 4.7.0 too many errors"
        assert client.reply() == ""


def test_a_client_that_only_talks_is_hung_up_on(kept: Store) -> None:
    limits = SessionLimits(commands=30, linger_seconds=1)
    with Listener(_setup(kept, limits)) as running, Client(running.port) as client:
        for _ in range(4):
            assert all(client.say("NOOP").startswith("250") for _ in range(20))
            assert client.mail(MAIL + b".\r\n").startswith("250")

        for _ in range(31):
            assert client.say("NOOP").startswith("250")

        assert client.reply() == "421 4.7.0 too many commands without a mail"


@pytest.mark.parametrize("sent", [b"", b"NOO", b"MAIL FROM:<a@b.example>\r\n"])
def test_an_idle_client_is_hung_up_on(kept: Store, sent: bytes) -> None:
    with Listener(_setup(kept, idle_seconds=0)) as running, Client(running.port) as client:
        client.send(sent)
        replies = client.file.read().decode()

        assert replies.endswith("421 4.4.2 idle for too long\r\n")


def test_a_slow_drip_is_cut_off_and_leaves_nothing(kept: Store) -> None:
    limits = SessionLimits(watch_seconds=0.05, rate_grace_seconds=0.2, linger_seconds=1)
    setup = _setup(kept, limits, bytes_per_second_min=500)
    with Listener(setup) as running, Client(running.port) as client:
        client.begin()
        began = time.monotonic()
        client.socket.settimeout(0.02)
        got = b""
        while not got and time.monotonic() - began < 5:
            client.send(b"x")
            try:
                got = client.socket.recv(100)
            except TimeoutError:
                continue

    assert got == b"421 4.4.2 the mail comes too slowly\r\n"
    assert kept.count() == 0


def test_a_client_that_never_reads_is_cut_off(kept: Store) -> None:
    limits = SessionLimits(watch_seconds=0.05, linger_seconds=0.1, commands=10**9)
    with Listener(_setup(kept, limits, idle_seconds=1)) as running:
        client = Client(running.port)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.socket.settimeout(3)

        with pytest.raises(ConnectionError):
            client.send(b"EHLO x\r\n" * 10_000_000)

        client.close()


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("", ""),
    ],
)
def test_one_client_is_one_address_or_one_network(address: str, key: str) -> None:
    assert client_key(address) == key


def test_networks_hold_their_addresses() -> None:
    networks = Networks(("10.0.0.0/8", "2001:db8::/32", "192.0.2.7"))

    assert all(a in networks for a in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.7"))
    assert not any(a in networks for a in ("11.0.0.1", "2001:db9::1", "192.0.2.8", "", "x"))


def test_the_gate_forgets_clients_that_left() -> None:
    gate = Gate(connections=2, connections_per_client=1)

    assert gate.enter("a", is_spared=False)
    assert not gate.enter("a", is_spared=False)
    assert gate.enter("b", is_spared=False)
    assert gate.is_full
    assert not gate.enter("c", is_spared=True)
    gate.leave("a")
    assert gate.enter("a", is_spared=False)
    gate.leave("a")
    gate.leave("b")
    assert (gate.open, len(gate._clients)) == (0, 0)


def test_failures_are_counted_in_a_window_and_of_a_bounded_number_of_clients() -> None:
    failures = Failures(tries=3, window_seconds=60)

    for second in (0, 10, 20):
        assert not failures.is_barred("a", second)
        failures.add("a", second)

    assert failures.is_barred("a", 59)
    assert not failures.is_barred("b", 59)
    assert not failures.is_barred("a", 61)
    for n in range(20_000):
        failures.add(str(n), 100)
    assert len(failures._times) <= 10_000

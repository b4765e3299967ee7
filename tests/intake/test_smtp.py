"""The listener as a whole: durable or not acknowledged, TLS, accounts, sockets, start and stop."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import io
import smtplib
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maild.core.house import House, Mailbox
from maild.errors import ConfigError
from maild.intake.smtp import SmtpServer
from maild.intake.smtp_limits import SessionLimits
from maild.intake.smtp_session import Session
from maild.settings import Listen, RuntimeLimits, SmtpSettings
from maild.settings.values import Account
from tests.intake.listener import (
    ANYWHERE,
    Client,
    Held,
    Listener,
    Setup,
    Store,
    certificate,
    sha256,
)
from tests.needs import find, needs

MAIL = b"From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n"
WITHIN_SECONDS = 10.0
GUESSES, TRIES_OF_ONE = 1000, 18
"""Passwords in all, and on a connection: after twenty errors it is cut off."""
ACCOUNTS = (
    Account(user="ann", password="right horse", addresses=("ann@mail.example",)),
    Account(user="bob", password=""),
)


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(kept: Store, certified: tuple[Path, Path]) -> Iterator[Listener]:
    """A listener with STARTTLS on its first port, TLS from the first byte on its second."""
    listen = (*ANYWHERE, Listen(host="127.0.0.1", port=0, tls=True))
    settings = SmtpSettings(
        listen=listen, tls_cert=certified[0], tls_key=certified[1], accounts=ACCOUNTS
    )
    with Listener(Setup(journal=kept.journal, settings=settings)) as running:
        yield running


def _trusting(certified: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certified[0]))


def _comes_to(store: Store, count: int) -> bool:
    """Wait until a journal holds as many mails as expected, and see that it stays so."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while store.count() < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return store.count() == count


def _reset(client: Client) -> None:
    linger = struct.pack("ii", 1, 0)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    client.close()


def _half_close(client: Client) -> None:
    client.socket.shutdown(socket.SHUT_WR)


DROPS = [Client.close, _reset, _half_close]


@pytest.mark.parametrize("drop", DROPS)
def test_a_client_that_drops_after_the_dot_leaves_exactly_one_mail(
    kept: Store, drop: object
) -> None:
    assert callable(drop)
    held = Held(kept.journal)
    with Listener(Setup(journal=held)) as running:
        client = Client(running.port)
        client.begin()
        client.send(MAIL + b".\r\n")
        assert held.came.wait(WITHIN_SECONDS)

        drop(client)
        with Client(running.port) as other:
            assert other.say("NOOP").startswith("250")
        held.release.set()

        assert _comes_to(kept, 1)
        client.close()
    assert kept.hashes() == [sha256(MAIL)]


def test_a_client_that_closes_its_side_still_hears_the_answer(kept: Store) -> None:
    with Listener(Setup(journal=kept.journal)) as running, Client(running.port) as client:
        start = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<support@mail.example>\r\nDATA\r\n"
        client.send(start + MAIL + b".\r\n")

        _half_close(client)

        assert client.file.read().endswith(b"250 2.0.0 journalled as 1\r\n")


@pytest.mark.parametrize("drop", DROPS)
def test_a_client_that_drops_before_the_dot_leaves_nothing(
    listener: Listener, kept: Store, drop: object
) -> None:
    assert callable(drop)
    client = Client(listener.port)
    client.begin()
    client.send(MAIL + b".\r")

    drop(client)

    deadline = time.monotonic() + WITHIN_SECONDS
    while listener.server.sessions and time.monotonic() < deadline:
        time.sleep(0.01)
    assert listener.server.sessions == 0
    assert kept.count() == 0
    client.close()


def test_no_reply_comes_before_the_commit(kept: Store) -> None:
    held = Held(kept.journal)
    with Listener(Setup(journal=held)) as running, Client(running.port) as client:
        client.begin()
        client.send(MAIL + b".\r\n")
        assert held.came.wait(WITHIN_SECONDS)
        client.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.socket.recv(10)
        before = kept.count()
        client.socket.settimeout(10)
        held.release.set()

        assert (before, client.socket.recv(100)) == (0, b"250 2.0.0 journalled as 1\r\n")


def test_a_stop_finishes_the_mail_in_hand_and_sends_the_idle_away(kept: Store) -> None:
    limits = SessionLimits(watch_seconds=0.05, linger_seconds=1)
    with Listener(Setup(journal=kept.journal, limits=limits)) as running:
        idle, begun, sending = (Client(running.port) for _ in range(3))
        begun.say("MAIL FROM:<a@b.example>")
        sending.begin()
        sending.send(MAIL)

        port = running.port
        stopped = running.begin_stop(20)
        farewells = [idle.reply(), begun.reply()]
        with pytest.raises(ConnectionRefusedError):
            Client(port)
        sending.send(b".\r\n")

        assert [words[:9] for words in farewells] == ["421 4.3.2"] * 2
        assert sending.reply().startswith("250 2.0.0 journalled as 1")
        assert sending.reply().startswith("421 4.3.2")
        stopped.result(WITHIN_SECONDS)
        for client in (idle, begun, sending):
            client.close()
    assert kept.count() == 1


@pytest.mark.parametrize("turns", range(5))
def test_a_stop_drops_nobody_who_has_just_come(kept: Store, turns: int) -> None:
    held_by_systemd = socket.create_server(("127.0.0.1", 0))
    settings = SmtpSettings(listen=(Listen(host="fd:smtp", port=0),))
    setup = Setup(journal=kept.journal, settings=settings, sockets={"smtp": held_by_systemd.dup()})

    async def come_and_stop(server: SmtpServer) -> list[socket.socket]:
        """Nothing else happens between their coming and the stop but some turns of the loop."""
        came = [socket.create_connection(held_by_systemd.getsockname(), 10) for _ in range(3)]
        for _ in range(turns):
            await asyncio.sleep(0)
        await server.stop(WITHIN_SECONDS)
        return came

    with Listener(setup) as running:
        clients = running.run(come_and_stop(running.server))
    waiting = _waiting(held_by_systemd)
    for client in clients:
        with client:
            if client.getsockname() not in waiting:
                assert client.recv(100)[:3] in {b"220", b"421"}


@pytest.mark.parametrize("is_tls_only", [False, True], ids=["starttls", "smtps"])
def test_a_stop_lets_who_is_within_a_handshake_hear_of_it(
    secure: Listener, certified: tuple[Path, Path], *, is_tls_only: bool
) -> None:
    if is_tls_only:
        plain = socket.create_connection(("127.0.0.1", secure.server.ports[1]), 10)
        _until(lambda: len(secure.server._handshakes) == 1)
    else:
        client = Client(secure.port)
        client.say("STARTTLS")
        plain = client.socket

    stopped = secure.begin_stop(WITHIN_SECONDS)
    _until(lambda: secure.server._reception.is_stopping)

    with _trusting(certified).wrap_socket(plain, server_hostname="127.0.0.1") as tls:
        assert tls.recv(100)[:9] == b"421 4.3.2"
    stopped.result(WITHIN_SECONDS)
    _until(lambda: secure.server._reception.gate.open == 0)


@pytest.mark.parametrize("is_tls_only", [False, True], ids=["starttls", "smtps"])
def test_a_stop_does_not_wait_for_a_handshake_that_does_not_go_on(
    kept: Store, certified: tuple[Path, Path], *, is_tls_only: bool
) -> None:
    listen = (Listen(host="127.0.0.1", port=0, tls=is_tls_only),)
    settings = SmtpSettings(listen=listen, tls_cert=certified[0], tls_key=certified[1])
    limits = SessionLimits(stop_handshake_seconds=0.1)
    with Listener(Setup(journal=kept.journal, settings=settings, limits=limits)) as running:
        if is_tls_only:
            silent = socket.create_connection(("127.0.0.1", running.port), 10)
            _until(lambda: len(running.server._handshakes) == 1)
        else:
            client = Client(running.port)
            client.say("STARTTLS")
            silent = client.socket

        running.begin_stop(3600).result(WITHIN_SECONDS)

        with silent:
            assert silent.recv(100) == b""
        assert not running.server._handshakes


def test_a_session_that_has_ended_waits_for_no_collector(
    secure: Listener, certified: tuple[Path, Path]
) -> None:
    gc.collect()
    gc.disable()
    of_others = sessions()
    try:
        with Client(secure.port) as polite:
            assert polite.mail(MAIL + b".\r\n").startswith("250")
            assert polite.say("QUIT").startswith("221")
        with Client(secure.port) as gone:
            gone.begin()
            gone.send(MAIL)
        with smtplib.SMTP("127.0.0.1", secure.port) as encrypted:
            encrypted.starttls(context=_trusting(certified))
            encrypted.login("ann", "right horse")
        _until(lambda: secure.server._reception.gate.open == 0)
        _until(lambda: not sessions() - of_others)
    finally:
        gc.enable()


def sessions() -> set[Session]:
    """Those that are alive in this process; a test before may have left some."""
    return {one for one in gc.get_objects() if type(one) is Session}


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_so()


def _waiting(listening: socket.socket) -> set[Any]:
    """Return the addresses of the clients that the next process would greet."""
    found = set()
    with listening, contextlib.suppress(BlockingIOError):
        listening.setblocking(False)
        while True:
            connection, name = listening.accept()
            connection.close()
            found.add(name)
    return found


def test_a_stop_cuts_off_a_mail_that_does_not_end(kept: Store) -> None:
    with Listener(Setup(journal=kept.journal)) as running, Client(running.port) as client:
        client.begin()
        client.send(MAIL)

        running.stop(0.2)

        heard = b""
        with contextlib.suppress(ConnectionError):
            client.send(b".\r\n")
            heard = client.file.read()
        assert heard == b""
    assert kept.count() == 0


def test_a_stop_waits_for_a_commit_whose_client_has_gone(kept: Store) -> None:
    held = Held(kept.journal)
    with Listener(Setup(journal=held)) as running:
        client = Client(running.port)
        client.begin()
        client.send(MAIL + b".\r\n")
        held.came.wait(WITHIN_SECONDS)
        _reset(client)
        stopped = running.begin_stop(10)
        time.sleep(0.1)

        assert not stopped.done()
        held.release.set()
        stopped.result(WITHIN_SECONDS)
        assert kept.count() == 1


def test_only_so_many_large_mails_are_in_memory_as_a_whole(kept: Store) -> None:
    held = Held(kept.journal)
    limits = SessionLimits(spooled_mails=1, linger_seconds=1)
    large = MAIL + b"y" * 998 + b"\r\n" + b"a line of the body\r\n" * 50_000 + b".\r\n"
    with Listener(Setup(journal=held, limits=limits)) as running:
        first, second = Client(running.port), Client(running.port)
        for client in (first, second):
            client.begin()
            client.send(large)
        assert held.came.wait(WITHIN_SECONDS)
        held.came.clear()

        came_too_early = held.came.wait(0.3)
        held.release.set()
        replies = [first.reply(), second.reply()]
        first.close()
        second.close()

    assert not came_too_early
    assert sorted(reply[-1] for reply in replies) == ["1", "2"]


def test_a_changed_house_is_used_at_once(listener: Listener) -> None:
    house = House(
        name="X", domain="new.example", mailboxes=(Mailbox(name="N", address="new@new.example"),)
    )
    with Client(listener.port) as client:
        client.say("MAIL FROM:<a@b.example>")
        before = client.say("RCPT TO:<new@new.example>")

        listener.server.use_house(house)

        assert before.startswith("550 5.7.1")
        assert client.say("RCPT TO:<new@new.example>").startswith("250")
        assert client.say("RCPT TO:<support@mail.example>").startswith("550")


def test_an_inherited_socket_answers_without_delay(kept: Store) -> None:
    inherited = socket.create_server(("127.0.0.1", 0))
    assert inherited.proto == 0
    port = inherited.getsockname()[1]
    settings = SmtpSettings(listen=(Listen(host="fd:smtp", port=0),))
    setup = Setup(journal=kept.journal, settings=settings, sockets={"smtp": inherited})
    with Listener(setup) as running, Client(port) as client:
        for _ in range(20):
            client.send(b"EHLO x\r\nNOOP\r\n")
            assert client.reply().startswith("250-")
            assert client.reply().startswith("250 ")
        transports = [s.transport for s in running.server._sessions if s.transport is not None]
        nodelay = [
            t.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for t in transports
        ]

        assert running.port == port
        assert nodelay == [1]


def test_a_socket_that_systemd_did_not_hand_over_is_a_config_error(kept: Store) -> None:
    settings = SmtpSettings(listen=(*ANYWHERE, Listen(host="fd:smtp", port=0)))
    listener = Listener(Setup(journal=kept.journal, settings=settings))
    listener._thread.start()

    with pytest.raises(ConfigError, match="no socket named 'smtp'"):
        listener.run(listener._serve())

    listener._loop.call_soon_threadsafe(listener._loop.stop)
    listener._thread.join()
    listener._loop.close()


def test_lmtp_is_spoken_on_a_unix_socket_that_is_removed_again(
    kept: Store, tmp_path: Path
) -> None:
    path = tmp_path / "lmtp"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    settings = SmtpSettings(listen=(Listen(host=f"unix:{path}", port=0),), lmtp=True)
    with (
        Listener(Setup(journal=kept.journal, settings=settings)),
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.settimeout(10)
        client.connect(str(path))
        start = b"LHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<support@mail.example>\r\nDATA\r\n"
        client.sendall(start + MAIL + b".\r\nQUIT\r\n")
        heard = b"".join(iter(lambda: client.recv(1000), b""))

    assert b"250 2.0.0 journalled as 1\r\n221" in heard
    assert not path.exists()


def test_starttls_is_offered_and_works(
    secure: Listener, kept: Store, certified: tuple[Path, Path]
) -> None:
    with smtplib.SMTP("127.0.0.1", secure.port, timeout=10) as client:
        client.ehlo()
        clear = dict(client.esmtp_features)
        client.starttls(context=_trusting(certified))
        client.ehlo()
        client.sendmail("a@b.example", ["support@mail.example"], "Subject: x\n\nbody\n")

        assert "starttls" in clear
        assert "auth" not in clear
        assert "starttls" not in client.esmtp_features
        assert client.esmtp_features["auth"].split() == ["LOGIN", "PLAIN"]
        assert client.docmd("STARTTLS")[0] == 503
    assert kept.count() == 1


def test_what_is_sent_in_clear_behind_starttls_is_dropped(
    secure: Listener, certified: tuple[Path, Path]
) -> None:
    with Client(secure.port) as client:
        client.say("MAIL FROM:<evil@b.example>")
        client.send(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@b.example>\r\n")
        assert client.reply().startswith("220")
        with _trusting(certified).wrap_socket(client.socket, server_hostname="127.0.0.1") as tls:
            tls.sendall(b"NOOP\r\n")
            first = tls.recv(1000)
            tls.sendall(b"MAIL FROM:<a@b.example>\r\n")
            second = tls.recv(1000)

    assert first == b"250 2.0.0 nothing done\r\n"
    assert second == b"503 5.5.1 greet first\r\n"


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.0\r\n\r\n" * 20, b""])
def test_a_handshake_that_fails_ends_the_session(secure: Listener, junk: bytes) -> None:
    with Client(secure.port) as client:
        client.say("STARTTLS")
        client.send(junk)
        client.socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while client.socket.recv(1000):
                pass

    deadline = time.monotonic() + WITHIN_SECONDS
    while secure.server.sessions and time.monotonic() < deadline:
        time.sleep(0.01)
    assert secure.server.sessions == 0
    assert secure.server._reception.gate.open == 0


def test_what_comes_with_the_end_of_a_handshake_is_heard(
    secure: Listener, certified: tuple[Path, Path]
) -> None:
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = _trusting(certified).wrap_bio(came, goes, server_hostname="127.0.0.1")
    with socket.create_connection(("127.0.0.1", secure.server.ports[1]), 10) as client:
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                tls.do_handshake()
                break
            client.sendall(goes.read())
            came.write(client.recv(10_000))
        tls.write(b"EHLO client.example\r\nQUIT\r\n")
        client.sendall(goes.read())
        heard = b""
        while b"\r\n221 " not in heard:
            came.write(client.recv(10_000))
            with contextlib.suppress(ssl.SSLWantReadError):
                heard += tls.read(10_000)

    assert heard.startswith(b"220 mx.mail.example ESMTP")


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.0\r\n\r\n" * 20, b""])
def test_a_handshake_that_fails_makes_no_session(secure: Listener, junk: bytes) -> None:
    with socket.create_connection(("127.0.0.1", secure.server.ports[1]), 10) as client:
        client.sendall(junk)
        client.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while client.recv(1000):
                pass

    _until(lambda: not secure.server._handshakes)
    assert secure.server.sessions == 0
    assert secure.server._reception.gate.open == 0


def _smtps(
    kept: Store, certified: tuple[Path, Path], handshake_seconds_max: float = 60, **runtime: int
) -> Listener:
    listen = (Listen(host="127.0.0.1", port=0, tls=True),)
    settings = SmtpSettings(listen=listen, tls_cert=certified[0], tls_key=certified[1])
    limits = SessionLimits(linger_seconds=1, handshake_seconds_max=handshake_seconds_max)
    known = RuntimeLimits(**runtime)
    return Listener(Setup(journal=kept.journal, settings=settings, limits=limits, runtime=known))


def _come(port: int, address: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 10, source_address=(address, 0))


def _is_hung_up_on(client: socket.socket) -> bool:
    try:
        return client.recv(100) == b""
    except ConnectionError:
        return True


def test_only_so_many_handshakes_go_on_at_once(kept: Store, certified: tuple[Path, Path]) -> None:
    with _smtps(kept, certified, connections=2) as running, contextlib.ExitStack() as clients:
        came = [clients.enter_context(_come(running.port)) for _ in range(3)]

        assert _is_hung_up_on(came[2])
        assert len(running.server._handshakes) == 2


def test_an_address_with_many_silent_handshakes_shuts_nobody_else_out(
    kept: Store, certified: tuple[Path, Path], logged: io.StringIO
) -> None:
    with _smtps(kept, certified) as running, contextlib.ExitStack() as clients:
        for _ in range(200):
            clients.enter_context(_come(running.port, "127.0.0.2"))
        _until(lambda: logged.getvalue().count('client=127.0.0.2 reason="too many"') == 180)
        assert len(running.server._handshakes) == 20

        with (
            _come(running.port) as plain,
            _trusting(certified).wrap_socket(plain, server_hostname="127.0.0.1") as tls,
        ):
            assert tls.recv(100).startswith(b"220")


def test_a_handshake_that_never_ends_gives_its_place_back(
    kept: Store, certified: tuple[Path, Path]
) -> None:
    with _smtps(kept, certified, 0.1) as running, _come(running.port) as silent:
        assert _is_hung_up_on(silent)
        _until(lambda: running.server._reception.gate.open == 0)


def test_a_session_has_the_place_of_its_handshake(
    kept: Store, certified: tuple[Path, Path]
) -> None:
    with _smtps(kept, certified, connections_per_address=1) as running:
        for _ in range(2):
            with (
                _come(running.port) as plain,
                _trusting(certified).wrap_socket(plain, server_hostname="127.0.0.1") as tls,
                _come(running.port) as second,
            ):
                assert tls.recv(100).startswith(b"220")
                assert _is_hung_up_on(second)
            _until(lambda: running.server._reception.gate.open == 0)


@pytest.mark.parametrize("drop", [Client.close, _reset])
def test_a_client_that_drops_after_the_dot_inside_tls_leaves_one_mail(
    kept: Store, certified: tuple[Path, Path], drop: object
) -> None:
    assert callable(drop)
    held = Held(kept.journal)
    settings = SmtpSettings(listen=ANYWHERE, tls_cert=certified[0], tls_key=certified[1])
    with Listener(Setup(journal=held, settings=settings)) as running:
        client = Client(running.port)
        client.say("STARTTLS")
        client.socket = _trusting(certified).wrap_socket(
            client.socket, server_hostname="127.0.0.1"
        )
        client.file = client.socket.makefile("rb")
        client.say("EHLO client.example")
        client.begin()
        client.send(MAIL + b".\r\n")
        assert held.came.wait(WITHIN_SECONDS)

        drop(client)
        held.release.set()

        assert _comes_to(kept, 1)


def test_tls_from_the_first_byte(
    secure: Listener, kept: Store, certified: tuple[Path, Path]
) -> None:
    port = secure.server.ports[1]
    with smtplib.SMTP_SSL("127.0.0.1", port, context=_trusting(certified), timeout=10) as client:
        client.login("ann", "right horse")
        client.sendmail("ann@mail.example", ["support@mail.example"], "Subject: x\n\nbody\n")

        assert "starttls" not in client.esmtp_features
    assert kept.count() == 1


@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_an_account_is_written_on_the_envelope(
    certified: tuple[Path, Path], mechanism: str, kept: Store
) -> None:
    seen = []

    class Spy:
        def append(self, envelope, raw):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            seen.append(envelope)
            return kept.journal.append(envelope, raw)

    settings = SmtpSettings(
        listen=ANYWHERE, tls_cert=certified[0], tls_key=certified[1], accounts=ACCOUNTS
    )
    with (
        Listener(Setup(journal=Spy(), settings=settings)) as running,
        smtplib.SMTP("127.0.0.1", running.port, timeout=10) as client,
    ):
        client.starttls(context=_trusting(certified))
        client.ehlo("laptop.example")
        client.user, client.password = "ann", "right horse"
        client.auth(mechanism, getattr(client, f"auth_{mechanism}"))
        client.sendmail("ann@mail.example", ["support@mail.example"], "Subject: x\n\nbody\n")

    assert [(e.account, e.helo, e.client) for e in seen] == [
        ("ann", "laptop.example", "127.0.0.1")
    ]


@pytest.mark.parametrize(
    ("user", "password"),
    [("ann", "wrong"), ("nobody", "right horse"), ("bob", ""), ("", ""), ("ann", "right hors")],
)
def test_a_wrong_password_opens_nothing(
    secure: Listener, certified: tuple[Path, Path], user: str, password: str
) -> None:
    with smtplib.SMTP("127.0.0.1", secure.port, timeout=10) as client:
        client.starttls(context=_trusting(certified))
        client.ehlo()

        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login(user, password)

    assert refused.value.smtp_code == 535


def test_passwords_are_not_asked_for_in_clear(secure: Listener) -> None:
    plain = base64.b64encode(b"\0ann\0right horse").decode()
    with Client(secure.port) as client:
        assert "AUTH" not in client.offers
        assert client.say(f"AUTH PLAIN {plain}").startswith("502")


def test_passwords_can_be_tried_five_times_a_minute(
    secure: Listener, certified: tuple[Path, Path], figures: Callable[..., None]
) -> None:
    """Of a thousand five are looked at; then the right one is no use either."""
    wrong = base64.b64encode(b"\0ann\0wrong").decode()
    right = base64.b64encode(b"\0ann\0right horse").decode()
    codes: list[int] = []
    last = 0
    while not last:
        with smtplib.SMTP("127.0.0.1", secure.port, timeout=10) as client:
            client.starttls(context=_trusting(certified))
            client.ehlo()
            of_one = min(TRIES_OF_ONE, GUESSES - len(codes))
            codes += [client.docmd("AUTH", f"PLAIN {wrong}")[0] for _ in range(of_one)]
            last = client.docmd("AUTH", f"PLAIN {right}")[0] if len(codes) == GUESSES else 0

    figures(guessed=len(codes), looked_at=codes.count(535), let_in=codes.count(235))
    assert codes == [535] * 5 + [454] * (GUESSES - 5)
    assert last == 454


def test_a_bad_certificate_is_a_config_error_and_a_new_one_is_taken(
    secure: Listener, kept: Store, certified: tuple[Path, Path], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    settings = SmtpSettings(listen=ANYWHERE, tls_cert=bad, tls_key=bad)
    listener = Listener(Setup(journal=kept.journal, settings=settings))
    listener._thread.start()
    with pytest.raises(ConfigError, match="tls_cert"):
        listener.run(listener._serve())
    listener._loop.call_soon_threadsafe(listener._loop.stop)
    listener._thread.join()
    listener._loop.close()

    secure.server.reload_certificate()

    with smtplib.SMTP("127.0.0.1", secure.port, timeout=10) as client:
        assert client.starttls(context=_trusting(certified))[0] == 220


def test_a_spool_that_cannot_be_written_is_no_room(kept: Store, tmp_path: Path) -> None:
    setup = Setup(journal=kept.journal, spool_dir=tmp_path / "missing")
    with Listener(setup) as running, Client(running.port) as client:
        large = client.mail(b"x" * 998 + b"\r\n" + MAIL * 20_000 + b".\r\n")
        small = client.mail(MAIL + b".\r\n")

    assert large.startswith("452 4.3.1")
    assert small.startswith("250")
    assert kept.count() == 1


@needs("swaks")
def test_swaks_is_served(listener: Listener, kept: Store) -> None:
    command = [str(find("swaks")), "--server", f"127.0.0.1:{listener.port}", "--silent", "2"]

    subprocess.run(
        [*command, "--from", "a@b.example", "--to", "support@mail.example", "--body", "."],
        check=True,
        timeout=30,
    )

    assert kept.count() == 1


@needs("postfix")
def test_smtp_source_pours_mail_in_and_none_is_lost(listener: Listener, kept: Store) -> None:
    command = f"{find('smtp-source')} -s 10 -m 500 -l 3000 -f a@b.example -t support@mail.example"
    began = time.perf_counter()

    subprocess.run(
        [*command.split(), f"127.0.0.1:{listener.port}"],
        check=True,
        timeout=60,
        capture_output=True,
    )

    print(f"{500 / (time.perf_counter() - began):.0f} mails a second, new connection each")
    assert kept.count() == 500


def test_twenty_sessions_at_once_are_answered_quickly(listener: Listener, kept: Store) -> None:
    times: list[float] = []

    def send() -> None:
        with Client(listener.port) as client:
            for _ in range(50):
                client.begin()
                began = time.perf_counter()
                client.send(MAIL + b".\r\n")
                assert client.reply().startswith("250")
                times.append(time.perf_counter() - began)

    began = time.perf_counter()
    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    times.sort()
    rate = len(times) / (time.perf_counter() - began)
    print(
        f"{rate:.0f} mails a second, dot to 250: p50 {times[500] * 1e3:.1f} ms, p99 {times[990] * 1e3:.1f} ms"
    )
    assert kept.count() == 1000

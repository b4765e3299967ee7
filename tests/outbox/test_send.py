"""Handing over to relays: real ones, failing ones, and those that fall silent."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from maild.outbox import send
from maild.outbox.result import SendResult
from maild.outbox.send import Relay, Timeouts
from maild.settings.values import RelaySettings
from maild.store.outbox import LEASE
from tests.outbox import letters
from tests.outbox.letters import written
from tests.outbox.relays import Taker, certificate, server, server_tls, sink
from tests.ports import free_port

MAIL = b"Subject: x\r\n\r\n.\r\n..two\r\nlast\r\n"
SENDER, TARGET = "support+token@acme.example", "ada@example.org"
PATIENT = Timeouts(command_seconds=30, data_seconds=30, dot_seconds=30)
SHORT = Timeouts(connect_seconds=5, command_seconds=5, data_seconds=5, dot_seconds=0.3)


def relay(port: int, timeouts: Timeouts | None = None, **settings: str) -> Relay:
    fields = {"scheme": "smtp", "host": "127.0.0.1", **settings}
    return Relay(
        RelaySettings(port=port, **fields),  # type: ignore[arg-type]
        local_hostname="client.example",
        timeouts=timeouts,
    )


@pytest.fixture
def not_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat the relay as one that is not on this machine."""
    monkeypatch.setattr(send, "is_loopback", lambda _: False)


@pytest.fixture(scope="module")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


def test_the_relay_gets_the_very_bytes_and_one_connection_serves_many() -> None:
    taker = Taker()
    data = written(letters.with_files(letters.answer()))[1]
    large = MAIL + b"More of it.\r\n" * 10_000
    with server(taker) as port:
        out = relay(port)

        results = [out.send(SENDER, TARGET, one).result for one in (MAIL, data, large)]
        kept = out._smtp
        out.close()

    assert results == [SendResult.ACCEPTED] * 3
    assert [mail[2] for mail in taker.mails] == [MAIL, data, large]
    assert taker.mails[0][:2] == (SENDER, [TARGET])
    assert kept is not None


def test_the_null_path_is_sent_as_such() -> None:
    taker = Taker()
    with server(taker) as port:
        out = relay(port)
        out.send("", TARGET, MAIL)
        out.close()

    assert taker.mails[0][0] in ("", "<>")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("-f", "MAIL"), SendResult.TEMPORARY),
        (("-f", "RCPT"), SendResult.PERMANENT),
        (("-f", "DATA"), SendResult.PERMANENT),
        (("-f", "."), SendResult.PERMANENT),
        (("-r", "MAIL"), SendResult.TEMPORARY),
        (("-r", "RCPT"), SendResult.TEMPORARY),
        (("-r", "DATA"), SendResult.TEMPORARY),
        (("-r", "."), SendResult.TEMPORARY),
        (("-f", "CONNECT"), SendResult.TEMPORARY),
        (("-f", "EHLO,HELO"), SendResult.TEMPORARY),
        (("-q", "CONNECT"), SendResult.TEMPORARY),
        (("-q", "MAIL"), SendResult.TEMPORARY),
        (("-q", "DATA"), SendResult.TEMPORARY),
        (("-Q", "RCPT"), SendResult.TEMPORARY),
        (("-q", "."), SendResult.UNKNOWN),
        (("-Q", "."), SendResult.TEMPORARY),
        (("-B", "530 5.7.0 Authentication required", "-f", "MAIL"), SendResult.TEMPORARY),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_each_stage_decides_what_a_failure_means(
    options: tuple[str, ...], expected: SendResult
) -> None:
    with sink(*options) as port:
        out = relay(port)

        first, second = out.send(SENDER, TARGET, MAIL), out.send(SENDER, TARGET, MAIL)
        out.close()

    assert (first.result, second.result) == (expected, expected)
    assert first.answer
    assert first.answer.isprintable()


def test_a_refused_mail_does_not_harm_the_next_one_on_the_connection() -> None:
    answers = {"RCPT TO:<bad@example.org>": b"550 5.1.1 no such user\r\n"}
    with scripted(answers) as (port, seen):
        out = relay(port)

        results = [out.send(SENDER, to, MAIL).result for to in ("bad@example.org", TARGET)]
        out.close()

    assert results == [SendResult.PERMANENT, SendResult.ACCEPTED]
    assert seen.count("RSET") == 1
    assert sum(line.startswith("EHLO") for line in seen) == 1


PIPELINING = {"EHLO": b"250-hi\r\n250 PIPELINING\r\n"}
NOBODY = {"RCPT TO": b"550 5.1.1 no such user\r\n", "DATA": b"554 no recipients\r\n"}


def test_commands_that_go_together_are_refused_by_the_first_that_is() -> None:
    with scripted(PIPELINING | NOBODY) as (port, seen):
        out = relay(port)

        sent = [out.send(SENDER, TARGET, MAIL) for _ in range(2)]
        out.close()

    assert [(one.result, one.answer[:9]) for one in sent] == [
        (SendResult.PERMANENT, "550 5.1.1")
    ] * 2
    assert [line.split()[0] for line in seen] == [
        "EHLO",
        *["MAIL", "RCPT", "DATA", "RSET"] * 2,
        "QUIT",
    ]


@pytest.mark.parametrize(
    "answers",
    [{"DATA": b"354 go\r\n"}, {"RCPT TO": b"550 5.1.1 no, goodbye\r\n"}],
    ids=["waits for the mail", "is gone"],
)
def test_a_relay_that_refuses_and_goes_its_own_way_is_left(answers: dict[str, bytes]) -> None:
    with scripted(PIPELINING | NOBODY | answers) as (port, seen):
        out = relay(port)

        sent = out.send(SENDER, TARGET, MAIL)

    assert (sent.result, sent.answer[:9]) == (SendResult.PERMANENT, "550 5.1.1")
    assert out._smtp is None
    assert "." not in seen


def test_silence_after_the_dot_is_unknown_and_before_it_temporary() -> None:
    at_the_dot = replace(PATIENT, dot_seconds=0.3), SendResult.UNKNOWN
    before_it = replace(PATIENT, command_seconds=0.3), SendResult.TEMPORARY
    for silent, (patience, expected) in ((".", at_the_dot), ("DATA", before_it)):
        with sink("-W", f"{silent}:60") as port:
            sent = relay(port, patience).send(SENDER, TARGET, MAIL)

        assert sent.result is expected
        assert "timed out" in sent.answer


def test_a_slow_answer_after_the_dot_is_awaited() -> None:
    with sink("-W", ".:2") as port:
        out = relay(port, replace(PATIENT, command_seconds=1))

        sent = out.send(SENDER, TARGET, MAIL)
        out.close()

    assert sent.result is SendResult.ACCEPTED


def test_by_default_ten_minutes_are_waited_after_the_dot() -> None:
    by_default = Timeouts()

    assert by_default.dot_seconds == 600
    assert by_default.before_dot_seconds + 600 <= LEASE.total_seconds() - 60


@pytest.mark.parametrize("stage", ["CONNECT", "MAIL", "DATA", "."])
def test_who_never_comes_to_the_end_of_an_answer_is_left_in_time(stage: str) -> None:
    is_last = stage == "."
    short = {"dot_seconds" if is_last else "before_dot_seconds": 0.5}
    with endless(stage) as (port, reached):
        sent = relay(port, replace(PATIENT, **short)).send(SENDER, TARGET, MAIL)

    assert reached.is_set()
    assert sent.result is (SendResult.UNKNOWN if is_last else SendResult.TEMPORARY)
    assert "timed out" in sent.answer


@contextmanager
def endless(stage: str) -> Iterator[tuple[int, threading.Event]]:
    """Serve one who sends mail, and answer at a stage with line after line for ten seconds."""
    listener = socket.create_server(("127.0.0.1", 0))
    reached, over = threading.Event(), threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            for line in chain([b"CONNECT"], lines):
                word = line.split()[0].decode().upper() if line.strip() else ""
                if word == stage:
                    reached.set()
                    for _ in range(200):
                        connection.sendall(b"250-and\r\n")
                        over.wait(0.05)
                    return
                connection.sendall(ANSWERS.get(word, b""))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listener.getsockname()[1]), reached
    finally:
        over.set()
        thread.join()
        listener.close()


ANSWERS = {
    "CONNECT": b"220 hi\r\n",
    "EHLO": b"250 hi\r\n",
    "MAIL": b"250 ok\r\n",
    "RCPT": b"250 ok\r\n",
    "DATA": b"354 go\r\n",
}


def test_a_kept_connection_that_died_is_replaced_unseen() -> None:
    port = free_port()
    out = relay(port)

    with sink(port=port):
        assert out.send(SENDER, TARGET, MAIL).result is SendResult.ACCEPTED
    with sink(port=port):
        assert out.send(SENDER, TARGET, MAIL).result is SendResult.ACCEPTED
    gone = out.send(SENDER, TARGET, MAIL)

    assert gone.result is SendResult.TEMPORARY
    assert "refused" in gone.answer


@pytest.mark.parametrize("sign", ["\r\n", "\n", "\r", " ", "\t", "\0", "<", ">", "\x7f", "\u2028"])
def test_no_hostile_address_reaches_the_wire(sign: str) -> None:
    out = relay(free_port())

    for address in (f"a{sign}@example.org", f"a@example.org{sign}", f"a@example.org>{sign}DATA"):
        for sender, target in ((SENDER, address), (address, TARGET)):
            assert out.send(sender, target, MAIL).result is SendResult.PERMANENT


def test_a_mail_with_bare_line_breaks_is_never_sent() -> None:
    out = relay(free_port())

    for data in (b"a\nb\r\n", b"a\r\n.\n.\r\n", b"a\rb\r\n", b"x\r"):
        assert out.send(SENDER, TARGET, data).result is SendResult.PERMANENT


@pytest.mark.parametrize("lone", [b"\r", b"\n"])
def test_nor_one_with_a_bare_line_break_far_inside(lone: bytes) -> None:
    out = relay(free_port())

    for before in (2**16 - 2, 2**16 - 1, 2**16, 2**16 + 1, 2**18):
        data = b"x\r\n" * (before // 3) + b"x" * (before % 3) + lone + b"x\r\n"
        assert out.send(SENDER, TARGET, data).result is SendResult.PERMANENT


def test_mails_of_all_lengths_arrive_whole() -> None:
    taker = Taker()
    line = b"x" * 70 + b"\r\n"
    lengths = [16 * 1024 * times + more for times in (1, 2) for more in range(-8, 3)]
    mails = [b"x" * (length % 72) + line * (length // 72) for length in lengths]
    with server(taker) as port:
        out = relay(port)
        for mail in mails:
            out.send(SENDER, TARGET, mail)
            out.send(SENDER, TARGET, mail.removesuffix(b"\r\n"))
        out.close()

    assert [taken[2] for taken in taker.mails[::2]] == mails
    assert [taken[2] for taken in taker.mails[1::2]] == mails


def test_an_address_outside_ascii_needs_smtputf8() -> None:
    taker = Taker()
    with server(taker, enable_SMTPUTF8=True) as port:
        out = relay(port)
        with_it = out.send(SENDER, "jörg@exämple.org", MAIL)
        out.close()
    with sink() as port:
        out = relay(port)
        without = out.send(SENDER, "jörg@exämple.org", MAIL)
        after = out.send(SENDER, "ada@exämple.org", MAIL)
        out.close()

    assert with_it.result is SendResult.ACCEPTED
    assert taker.mails[0][1] == ["jörg@xn--exmple-cua.org"]
    assert without.result is SendResult.PERMANENT
    assert "SMTPUTF8" in without.answer
    assert after.result is SendResult.ACCEPTED


@pytest.mark.usefixtures("not_local")
def test_in_clear_nothing_is_sent_to_another_machine() -> None:
    taker = Taker()
    with server(taker) as port:
        sent = relay(port).send(SENDER, TARGET, MAIL)

    assert sent.result is SendResult.TEMPORARY
    assert "STARTTLS" in sent.answer
    assert taker.mails == []


@pytest.mark.usefixtures("not_local")
@pytest.mark.parametrize("excluded", ["LOGIN", "PLAIN"])
def test_starttls_and_auth_go_together(tls_files: tuple[Path, Path], excluded: str) -> None:
    taker = Taker()
    trusted = ssl.create_default_context(cafile=str(tls_files[0]))
    with server(
        taker,
        tls_context=server_tls(*tls_files),
        authenticator=taker.authenticate,
        auth_required=True,
        auth_exclude_mechanism=[excluded],
    ) as port:
        settings = RelaySettings(
            scheme="smtp", host="127.0.0.1", port=port, user="maild", password="sesame"
        )
        out = Relay(settings, local_hostname="client.example", tls=trusted)
        sent = out.send(SENDER, TARGET, MAIL)
        out.close()

    assert sent.result is SendResult.ACCEPTED
    assert taker.in_tls == [True]
    assert taker.users == [f"{'PLAIN' if excluded == 'LOGIN' else 'LOGIN'}:maild"]


@pytest.mark.usefixtures("not_local")
def test_a_certificate_that_nobody_vouches_for_is_refused(tls_files: tuple[Path, Path]) -> None:
    taker = Taker()
    with server(taker, tls_context=server_tls(*tls_files)) as port:
        sent = relay(port).send(SENDER, TARGET, MAIL)

    assert sent.result is SendResult.TEMPORARY
    assert "certificate" in sent.answer.lower()
    assert taker.mails == []


@pytest.mark.usefixtures("not_local")
def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    files = certificate(tmp_path, name="DNS:other.example")
    trusted = ssl.create_default_context(cafile=str(files[0]))
    with server(Taker(), tls_context=server_tls(*files)) as port:
        settings = RelaySettings(scheme="smtp", host="127.0.0.1", port=port)
        sent = Relay(settings, local_hostname="c.example", tls=trusted).send(SENDER, TARGET, MAIL)

    assert sent.result is SendResult.TEMPORARY
    assert "not valid for" in sent.answer


def test_smtps_is_encrypted_from_the_first_byte(tls_files: tuple[Path, Path]) -> None:
    taker = Taker()
    trusted = ssl.create_default_context(cafile=str(tls_files[0]))
    with server(taker, ssl_context=server_tls(*tls_files)) as port:
        settings = RelaySettings(scheme="smtps", host="127.0.0.1", port=port)
        out = Relay(settings, local_hostname="client.example", tls=trusted)
        results = [out.send(SENDER, TARGET, MAIL).result for _ in range(2)]
        out.close()

    assert results == [SendResult.ACCEPTED] * 2
    assert [mail[2] for mail in taker.mails] == [MAIL, MAIL]


def test_a_wrong_password_costs_no_mail() -> None:
    taker = Taker()
    with server(taker, authenticator=taker.authenticate, auth_require_tls=False) as port:
        sent = relay(port, user="maild", password="wrong").send(SENDER, TARGET, MAIL)

    assert sent.result is SendResult.TEMPORARY
    assert "535" in sent.answer
    assert "wrong" not in sent.answer


def test_oauth_sends_the_token_as_xoauth2() -> None:
    answers = {"EHLO": b"250-hi\r\n250 AUTH XOAUTH2\r\n", "AUTH": b"235 welcome\r\n"}
    with scripted(answers) as (port, seen):
        settings = RelaySettings(
            scheme="smtp", host="127.0.0.1", port=port, user="u@acme.example", oauth="file"
        )
        out = Relay(settings, local_hostname="c.example", access=lambda *_asked: "T0KEN")
        sent = out.send(SENDER, TARGET, MAIL)
        out.close()

    [line] = [line for line in seen if line.startswith("AUTH")]
    assert sent.result is SendResult.ACCEPTED
    assert line.startswith("AUTH XOAUTH2 dXNlcj11QGFjbWUuZXhhbXBsZQFhdXRoPUJlYXJlciBUMEtFTgEB")


def test_the_size_is_told_where_the_relay_wants_to_know() -> None:
    with scripted({"EHLO": b"250-hi\r\n250 SIZE 1000\r\n"}) as (port, seen):
        out = relay(port)
        out.send(SENDER, TARGET, MAIL)
        out.close()

    assert f"MAIL FROM:<{SENDER}> SIZE={len(MAIL)}" in seen


def test_many_mails_leave_over_one_connection() -> None:
    data = written(letters.acknowledgement())[1]
    with sink() as port:
        out = relay(port)

        results = {out.send(SENDER, TARGET, data).result for _ in range(500)}
        out.close()

    assert results == {SendResult.ACCEPTED}


class scripted:  # noqa: N801 - reads as a verb
    """A server that answers commands from a table and keeps every line it sees."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self._answers = {"EHLO": b"250 hi\r\n", "DATA": b"354 go\r\n", **answers}
        self._seen: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> tuple[int, list[str]]:
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return int(self._listener.getsockname()[1]), self._seen

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 hi\r\n")
            in_data = False
            for raw in lines:
                verb, space, rest = raw.decode().rstrip("\r\n").partition(" ")
                line = f"{verb.upper()}{space}{rest}"
                if in_data:
                    in_data = line != "."
                    if in_data:
                        continue
                self._seen.append(line)
                answer = self._answer(line)
                in_data = answer.startswith(b"354")
                connection.sendall(answer)
                if answer.endswith(b"goodbye\r\n"):
                    return

    def _answer(self, line: str) -> bytes:
        return next(
            (a for start, a in self._answers.items() if line.startswith(start)), b"250 ok\r\n"
        )


def test_maildir_settings_make_a_maildir(tmp_path: Path) -> None:
    out = Relay(RelaySettings(scheme="maildir", path=tmp_path / "out"), local_hostname="c.example")

    sent = out.send(SENDER, TARGET, MAIL)
    out.close()

    [file] = (tmp_path / "out/new").iterdir()
    top = f"Return-Path: <{SENDER}>\nDelivered-To: {TARGET}\n".encode()
    assert sent.result is SendResult.ACCEPTED
    assert file.read_bytes() == top + MAIL.replace(b"\r\n", b"\n")

"""The dialogue: every command, every refusal, by SMTP and LMTP."""

from __future__ import annotations

import smtplib

import pytest

from maild.errors import DiskFull, StoreBusy
from maild.settings import RuntimeLimits, SmtpSettings
from tests.intake.listener import (
    ANYWHERE,
    Client,
    Failing,
    Listener,
    Setup,
    Store,
    sha256,
)
from tests.operations.test_metrics import value

MAIL = b"From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n"
GREETED = ("EHLO client.example",)
STARTED = (*GREETED, "MAIL FROM:<a@b.example>")
ADDRESSED = (*STARTED, "RCPT TO:<support@mail.example>")

DIALOGUE = [
    ((), "MAIL FROM:<a@b.example>", "503 5.5.1"),
    ((), "EHLO", "501 5.5.4"),
    ((), "HELO two words", "501 5.5.4"),
    ((), "HELO client.example", "250 mx"),
    ((), "LHLO client.example", "500 5.5.1"),
    (GREETED, "MAIL FROM:<a@b.example>", "250 2.1.0"),
    (GREETED, "mail from: <a@b.example>", "250 2.1.0"),
    (GREETED, "MAIL FROM:<>", "250 2.1.0"),
    (GREETED, "MAIL FROM:<a@b.example> SIZE=1000 BODY=8BITMIME SMTPUTF8", "250 2.1.0"),
    (GREETED, 'MAIL FROM:<"a b"@c.example>', "250 2.1.0"),
    (GREETED, "MAIL FROM:<jürgen@büro.example> SMTPUTF8", "250 2.1.0"),
    (GREETED, "MAIL FROM:<", "501 5.5.4"),
    (GREETED, "MAIL FROM:", "501 5.5.4"),
    (GREETED, "MAIL", "501 5.5.4"),
    (GREETED, "MAIL TO:<a@b.example>", "501 5.5.4"),
    (GREETED, "MAIL FROM:<bob>", "553 5.1.7"),
    (GREETED, "MAIL FROM:<a b@c.example>", "553 5.1.7"),
    (GREETED, "MAIL FROM:<a@b.example> SIZE=999999999999", "552 5.3.4"),
    (GREETED, "MAIL FROM:<a@b.example> SIZE=x", "501 5.5.4"),
    (GREETED, "MAIL FROM:<a@b.example> BODY=BINARYMIME", "501 5.5.4"),
    (GREETED, "MAIL FROM:<a@b.example> RET=FULL", "555 5.5.4"),
    (GREETED, "RCPT TO:<support@mail.example>", "503 5.5.1"),
    (GREETED, "DATA", "503 5.5.1"),
    (GREETED, "STARTTLS", "503 5.5.1"),
    (GREETED, "AUTH PLAIN AGEAYg==", "502 5.5.1"),
    (GREETED, "VRFY support", "252 2.5.0"),
    (GREETED, "EXPN support", "502"),
    (GREETED, "HELP", "214 2.0.0"),
    (GREETED, "NOOP", "250 2.0.0"),
    (GREETED, "RSET", "250 2.0.0"),
    (GREETED, "BDAT 10 LAST", "500 5.5.1"),
    (GREETED, "NOOP a\rb", "500 5.5.2"),
    (GREETED, "NOOP a\0b", "500 5.5.2"),
    (GREETED, "NOOP " + "x" * 12_300, "500 5.5.2"),
    (GREETED, "NOOP " + "x" * 40_000, "421 4.7.0"),
    (GREETED, "QUIT", "221 2.0.0"),
    (STARTED, "MAIL FROM:<c@d.example>", "503 5.5.1"),
    (STARTED, "RCPT TO:<support@mail.example>", "250 2.1.5"),
    (STARTED, "RCPT TO:<SUPPORT+Tag@MAIL.example>", "250 2.1.5"),
    (STARTED, "RCPT TO:<support@mail.example> NOTIFY=NEVER", "555 5.5.4"),
    (STARTED, "RCPT TO:<nobody@mail.example>", "550 5.1.1"),
    (STARTED, "RCPT TO:<>", "550 5.1.3"),
    (STARTED, "RCPT TO", "501 5.5.4"),
    (STARTED, "DATA", "503 5.5.1"),
    (ADDRESSED, "DATA now", "501 5.5.4"),
    (ADDRESSED, "DATA", "354 "),
]

RELAY = [
    "someone@elsewhere.example",
    "someone%elsewhere.example@mail.example",
    "support%mail.example@elsewhere.example",
    "@mail.example:someone@elsewhere.example",
    "@mail.example,@b.example:support@mail.example",
    '"someone@elsewhere.example"@mail.example',
    '"support"@mail.example',
    '"support@mail.example"@elsewhere.example',
    "elsewhere.example!someone@mail.example",
    "someone@[127.0.0.1]",
    "support@mail.example@elsewhere.example",
    "support@mail.example.elsewhere.example",
    "support@xmail.example",
    "|cat@mail.example",
    "postmaster",
]


@pytest.mark.parametrize(("before", "command", "expected"), DIALOGUE)
def test_each_command_is_answered_by_the_table(
    listener: Listener, before: tuple[str, ...], command: str, expected: str
) -> None:
    with Client(listener.port, greeting="") as client:
        for earlier in before:
            assert client.say(earlier).startswith("250")

        assert client.say(command).startswith(expected)


@pytest.mark.parametrize("recipient", RELAY)
def test_nothing_is_relayed(listener: Listener, kept: Store, recipient: str) -> None:
    with Client(listener.port) as client:
        client.say("MAIL FROM:<a@b.example>")

        assert client.say(f"RCPT TO:<{recipient}>").startswith("550")
        assert client.say("DATA").startswith("503")
    assert kept.count() == 0


def test_unknown_addresses_are_answered_alike(listener: Listener) -> None:
    with Client(listener.port) as client:
        client.say("MAIL FROM:<a@b.example>")

        replies = {
            client.say(f"RCPT TO:<{name}@mail.example>") for name in ("x", "admin", "sales+")
        }

    assert replies == {"550 5.1.1 nobody here has this address", "250 2.1.5 ours"}


def test_an_ordinary_client_is_told_the_journal_id(listener: Listener, kept: Store) -> None:
    with smtplib.SMTP("127.0.0.1", listener.port, timeout=10) as client:
        client.ehlo("client.example")
        client.mail("a@b.example")
        client.rcpt("Support+TAG@Mail.Example")
        client.rcpt("support+tag@mail.example")
        code, words = client.data("Subject: x\n\n.dot\nbody\n")

    assert (code, words) == (250, b"2.0.0 journalled as 1")
    assert kept.hashes() == [sha256(b"Subject: x\r\n\r\n.dot\r\nbody\r\n")]
    sender, recipients = kept.envelope()
    assert sender == "a@b.example"
    assert "support+tag@mail.example" in recipients


def test_the_null_sender_is_taken(listener: Listener, kept: Store) -> None:
    with Client(listener.port) as client:
        client.begin(sender="")
        client.send(MAIL + b".\r\n")

        assert client.reply().startswith("250 2.0.0")
    assert kept.envelope()[0] == ""


def test_many_mails_pass_on_one_connection(listener: Listener, kept: Store) -> None:
    with Client(listener.port) as client:
        replies = [client.mail(MAIL + b".\r\n") for _ in range(40)]

    assert [reply.rpartition(" ")[2] for reply in replies] == [str(n) for n in range(1, 41)]
    assert kept.count() == 40


def test_a_whole_dialogue_in_one_segment_is_answered_in_order(
    listener: Listener, kept: Store
) -> None:
    with Client(listener.port) as client:
        start = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<support@mail.example>\r\nDATA\r\n"

        client.send((start + MAIL + b".\r\n") * 3 + b"QUIT\r\n")
        codes = [client.reply()[:3] for _ in range(13)]

    assert codes == ["250", "250", "354", "250"] * 3 + ["221"]
    assert kept.hashes() == [sha256(MAIL)] * 3


def test_a_large_mail_that_was_sent_ahead_of_354_is_read(listener: Listener, kept: Store) -> None:
    text = MAIL + b"a line of the body\r\n" * 50_000
    with Client(listener.port) as client:
        start = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<support@mail.example>\r\nDATA\r\n"

        client.send(start + text + b".\r\nQUIT\r\n")
        codes = [client.reply()[:3] for _ in range(5)]

    assert codes == ["250", "250", "354", "250", "221"]
    assert kept.hashes() == [sha256(text)]


@pytest.mark.parametrize(
    ("error", "at_once", "expected"),
    [
        (DiskFull("/var/secret full"), False, "452 4.3.1"),
        (StoreBusy("locked by pid 7"), False, "451 4.3.0"),
        (RuntimeError("password=hunter2"), False, "451 4.3.0"),
        (RuntimeError("password=hunter2"), True, "451 4.3.0"),
        (DiskFull("/var/secret full"), True, "452 4.3.1"),
    ],
)
def test_a_mail_that_cannot_be_kept_stays_with_the_client_who_learns_no_detail(
    error: Exception, at_once: bool, expected: str
) -> None:
    with (
        Listener(Setup(journal=Failing(error, at_once=at_once))) as running,
        Client(running.port) as client,
    ):
        reply = client.mail(MAIL + b".\r\n")

        assert reply.startswith(expected)
        assert str(error) not in reply
        assert "hunter2" not in reply
        assert client.say("NOOP").startswith("250")


def test_mail_is_refused_at_the_door_while_the_disk_is_nearly_full(kept: Store) -> None:
    free = [0]
    setup = Setup(journal=kept.journal, disk_free=lambda: free[0])
    needed = setup.settings.max_size_bytes * 3 // 2 + setup.runtime.disk_free_bytes
    series = 'maild_mail_refused_total{reason="4.3.1",source="smtp"}'
    before = value(series)
    with Listener(setup) as running, Client(running.port) as client:
        free[0] = needed - 1
        full = client.say("MAIL FROM:<a@b.example>")
        free[0] = needed
        roomy = client.mail(MAIL + b".\r\n")

    assert full.startswith("452 4.3.1")
    assert value(series) == before + 1
    assert roomy.startswith("250")


def test_an_unexpected_error_in_a_command_is_answered_with_try_again(kept: Store) -> None:
    def disk_free() -> int:
        raise OSError("/var/lib/maild is gone")

    with (
        Listener(Setup(journal=kept.journal, disk_free=disk_free)) as running,
        Client(running.port) as client,
    ):
        reply = client.say("MAIL FROM:<a@b.example>")

        assert reply == "451 4.3.0 this server cannot take the mail now; try again later"
        assert client.say("NOOP").startswith("250")


def _lmtp(kept: Store, **runtime: int) -> Setup:
    settings = SmtpSettings(listen=ANYWHERE, lmtp=True, max_size_bytes=100_000)
    return Setup(journal=kept.journal, settings=settings, runtime=RuntimeLimits(**runtime))


def _lmtp_replies(client: Client, data: bytes) -> list[str]:
    client.say("MAIL FROM:<a@b.example>")
    client.say("RCPT TO:<support@mail.example>")
    assert client.say("RCPT TO:<nobody@mail.example>").startswith("550 5.1.1")
    client.say("RCPT TO:<sales@mail.example>")
    client.say("RCPT TO:<help@mail.example>")
    assert client.say("DATA").startswith("354")
    client.send(data)
    replies = [client.reply() for _ in range(3)]
    assert client.say("NOOP").startswith("250 2.0.0 nothing")
    return replies


@pytest.mark.parametrize(
    ("data", "expected", "count"),
    [
        (MAIL + b".\r\n", "250 2.0.0 journalled as 1", 1),
        (b"x" * 99 + b"\r\n" + b"y" * 100_000 + b"\r\n.\r\n", "552 5.3.4", 0),
        (b"z" * 70_000 + b"\r\n.\r\n", "554 5.6.0", 0),
    ],
)
def test_lmtp_answers_once_for_each_recipient_that_was_taken(
    kept: Store, data: bytes, expected: str, count: int
) -> None:
    with Listener(_lmtp(kept)) as running, Client(running.port, "LHLO client.example") as client:
        replies = _lmtp_replies(client, data)

    assert all(reply.startswith(expected) for reply in replies)
    assert kept.count() == count


def test_lmtp_answers_once_for_each_recipient_when_the_journal_fails() -> None:
    settings = SmtpSettings(listen=ANYWHERE, lmtp=True)
    setup = Setup(journal=Failing(StoreBusy("locked")), settings=settings)
    with Listener(setup) as running, Client(running.port, "LHLO client.example") as client:
        replies = _lmtp_replies(client, MAIL + b".\r\n")

    assert [reply[:9] for reply in replies] == ["451 4.3.0"] * 3


def test_lmtp_greets_with_lhlo_only(kept: Store) -> None:
    with Listener(_lmtp(kept)) as running, Client(running.port, greeting="") as client:
        assert client.say("EHLO client.example").startswith("500 5.5.1")
        assert client.say("HELO client.example").startswith("500 5.5.1")
        assert "PIPELINING" in client.say("LHLO client.example")

"""Whom a refusal is about: what would be said to any mail of ours costs no mail."""

from __future__ import annotations

import pytest

from maild.outbox.refusal import is_about_us
from maild.outbox.send import SendResult
from tests.outbox.test_send import MAIL, SENDER, TARGET, relay, scripted

FROM, TO = "MAIL FROM:<help@desk.example>", "RCPT TO:<ada@example.org>"


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        (FROM, "554 5.7.1 <help@desk.example>: Sender address rejected: Access denied", True),
        (FROM, "553 5.1.8 <help@desk.example>... Domain of sender does not exist", True),
        (FROM, "550", True),
        (FROM, "552 message size exceeds fixed limit", False),
        (FROM, "554 5.3.4 too much", False),
        (FROM, "550 5.6.7 SMTPUTF8 is not for this one", False),
        (TO, "554 5.7.1 <ada@example.org>: Relay access denied", True),
        (TO, "554 5.7.1 <help@desk.example>: Sender address rejected: not owned", True),
        (TO, "550 5.7.1 Unable to relay", True),
        (TO, "530 5.7.0 Must issue a STARTTLS command first", True),
        (TO, "554 5.7.1 <ada@example.org>: Recipient address rejected: Access denied", False),
        (TO, "550 5.1.1 <ada@example.org>: Recipient address rejected: unknown", False),
        (".", "554 5.2.252 SendAsDenied; support@desk.example not allowed", True),
        (".", "554 5.7.1 spam", False),
    ],
)
def test_a_refusal_is_about_us_or_about_the_mail(
    command: str, answer: str, expected: bool
) -> None:
    assert is_about_us(command, int(answer[:3]), answer) is expected


@pytest.mark.parametrize("greeting", [b"250 hi\r\n", b"250-hi\r\n250 PIPELINING\r\n"])
def test_a_relay_that_refuses_our_sender_is_tried_again_and_one_that_refuses_size_is_not(
    greeting: bytes,
) -> None:
    denied = {"EHLO": greeting, "MAIL FROM": b"554 5.7.1 Sender address rejected: no\r\n"}
    large = {"EHLO": greeting, "MAIL FROM": b"552 5.3.4 too large\r\n"}
    unwilling = {"EHLO": greeting, "RCPT TO": b"554 5.7.1 <a>: Relay access denied\r\n"}

    results = []
    for answers in (denied, large, unwilling):
        with scripted(answers) as (port, _):
            out = relay(port)
            results.append(out.send(SENDER, TARGET, MAIL).result)
            out.close()

    assert results == [SendResult.TEMPORARY, SendResult.PERMANENT, SendResult.TEMPORARY]

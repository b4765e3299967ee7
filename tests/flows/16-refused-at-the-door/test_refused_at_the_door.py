"""Mail that is not for us, or too large, never gets in."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

import pytest

from tests.flows.stage import Stage

SENDER = "lena@customer.example"


@pytest.fixture
def client(house: Stage) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", house.smtp_port, timeout=20) as connection:
        connection.ehlo()
        yield connection


@pytest.mark.parametrize("stranger", ["nobody@example.com", "friend@elsewhere.example"])
def test_an_unknown_recipient_is_refused_and_the_known_one_served(
    house: Stage, client: smtplib.SMTP, stranger: str
) -> None:
    before = sum(house.standing().journal.values())

    refused = client.sendmail(
        SENDER, ["help@example.com", stranger], f"Subject: {stranger}\n\nx\n"
    )
    with pytest.raises(smtplib.SMTPRecipientsRefused) as alone:
        client.sendmail(SENDER, [stranger], "Subject: x\n\nx\n")

    assert {address: code for address, (code, _) in refused.items()} == {stranger: 550}
    assert alone.value.recipients[stranger][0] == 550
    assert sum(house.standing().journal.values()) == before + 1


def test_a_declared_size_that_is_too_large_is_refused_before_the_data(
    client: smtplib.SMTP,
) -> None:
    code, words = client.mail(SENDER, [f"size={2 * 1024 * 1024 + 1}"])

    assert code == 552, words


def test_a_mail_that_grows_too_large_is_refused_after_it(
    house: Stage, client: smtplib.SMTP
) -> None:
    before = sum(house.standing().journal.values())
    client.mail(SENDER)
    client.rcpt("support@example.com")

    code, words = client.data(
        b"Subject: large\r\n\r\n" + b"y" * 70 + (b"\r\n" + b"z" * 70) * 30_000
    )

    assert code == 552, words
    assert sum(house.standing().journal.values()) == before
    assert client.noop()[0] == 250

"""A real Postfix in front: each recipient of a mail gets its own, right outcome."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from maild.errors import StoreBusy
from maild.settings import SmtpSettings
from tests.intake.listener import ANYWHERE, Failing, Listener, Setup, Store, store
from tests.needs import needs
from tests.servers.postfix import Postfix, postfix

pytestmark = [needs("postfix", "root"), pytest.mark.servers]

LMTP = SmtpSettings(listen=ANYWHERE, lmtp=True, max_size_bytes=500_000)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    with store(tmp_path) as opened:
        yield opened


@pytest.fixture
def front(kept: Store) -> Iterator[Postfix]:
    with (
        Listener(Setup(journal=kept.journal, settings=LMTP)) as running,
        postfix(running.port) as server,
    ):
        yield server


def _send(server: Postfix, recipients: list[str], text: str = "Subject: x\n\nbody\n") -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=20) as client:
        client.sendmail("a@sender.example", recipients, text)


def test_good_recipients_are_sent_and_unknown_ones_bounced(front: Postfix, kept: Store) -> None:
    good = ["support@mail.example", "sales+abc@mail.example", "help@mail.example"]
    bad = ["nobody@mail.example", "guess@mail.example"]

    _send(front, [*good, *bad])
    front.wait_for("removed", 2)

    assert front.outcomes() == dict.fromkeys(good, "sent") | dict.fromkeys(bad, "bounced")
    assert "journalled as 1" in front.log()
    assert "deferred" not in front.log()
    assert kept.count() == 1


def test_a_mail_that_is_too_large_bounces_for_every_recipient(front: Postfix, kept: Store) -> None:
    good = ["support@mail.example", "sales@mail.example"]

    _send(front, good, "Subject: x\n\n" + ("y" * 70 + "\n") * 8000)
    front.wait_for("status=bounced", 2)

    assert front.outcomes() == dict.fromkeys(good, "bounced")
    assert kept.count() == 0


def test_many_mails_use_one_connection_again(front: Postfix, kept: Store) -> None:
    with smtplib.SMTP("127.0.0.1", front.port, timeout=20) as client:
        for n in range(50):
            client.sendmail("a@sender.example", ["support@mail.example"], f"Subject: {n}\n\nx\n")

    front.wait_for("status=sent", 50)

    assert kept.count() == 50


def test_a_busy_database_means_later_for_every_recipient() -> None:
    good = ["support@mail.example", "sales@mail.example"]
    setup = Setup(journal=Failing(StoreBusy("locked")), settings=LMTP)
    with Listener(setup) as running, postfix(running.port) as server:
        _send(server, good)
        server.wait_for("status=deferred", 2)

        assert server.outcomes() == dict.fromkeys(good, "deferred")
        assert "451 4.3.0" in server.log()
        assert "lost connection with" not in server.log()

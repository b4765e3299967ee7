"""A real Postfix with opendkim and opendmarc in front: what they write counts, forged fields not."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from maild import reading
from maild.core import boundary
from maild.core.authresults import Verdict
from maild.core.mail import Mail, ReadOptions
from maild.settings import SmtpSettings
from maild.store import journal
from tests.authenticate.nameserver import Zone, name_server, text
from tests.authenticate.signing import Signer, record, signed
from tests.intake.listener import ANYWHERE, HOUSE, Listener, Setup, Store, store
from tests.needs import needs
from tests.servers.milters import AUTHSERV_ID, DNS, milters
from tests.servers.postfix import Postfix, postfix

pytestmark = [needs("postfix", "opendkim", "opendmarc", "root"), pytest.mark.servers]

TRUSTING = replace(
    HOUSE,
    mailboxes=tuple(replace(box, authserv_id=(AUTHSERV_ID,)) for box in HOUSE.mailboxes),
)
ZONE: Zone = {
    ("_dmarc.customer.example", "TXT"): text("v=DMARC1; p=none"),
    ("s1._domainkey.customer.example", "TXT"): text(record()),
    ("s1._domainkey.evil.example", "TXT"): text(record()),
    ("evil.example", "TXT"): text("v=spf1 +all"),
}
FORGED = (
    f"Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from=customer.example\r\n",
    f"Authentication-Results: {AUTHSERV_ID}; dkim=pass header.d=customer.example\r\n",
    "\r\n".join(
        (
            f"Received: from a (b [127.0.0.1]) by {AUTHSERV_ID} (Postfix) with ESMTP id X",
            "\tfor <support@mail.example>; Mon, 2 Mar 2026 08:58:00 +0000 (UTC)",
            f"Authentication-Results: {AUTHSERV_ID};",
            "\tdmarc=pass header.from=customer.example\r\n",
        )
    ),
    f"Authentication-Results: {AUTHSERV_ID} 1; (\r\n dmarc=pass header.from=customer.example)\r\n",
    "Authentication-Results: MTA.example; dmarc=pass header.from=customer.example\r\n",
)


@dataclass(frozen=True, kw_only=True)
class Front:
    """Postfix in front of our LMTP listener."""

    postfix: Postfix
    kept: Store

    def brought(self, raw: bytes, sender: str = "bounce@evil.example") -> tuple[Mail, Verdict]:
        """Send a mail from outside; return it as it was journalled, and what is believed."""
        count = self.kept.count()
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=20) as client:
            client.sendmail(sender, ["support@mail.example"], raw)
        self.postfix.wait_for("status=sent", count + 1)
        (claimed,) = journal.load(self.kept.database, [self.kept.count()])
        mail = reading.read(claimed.raw, claimed.envelope, ReadOptions())
        return mail, boundary.judged(mail, claimed.envelope, TRUSTING)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    lmtp = SmtpSettings(listen=ANYWHERE, lmtp=True)
    with (
        name_server(ZONE, DNS),
        store(tmp_path_factory.mktemp("kept")) as kept,
        Listener(Setup(journal=kept.journal, settings=lmtp)) as running,
        milters() as more,
        postfix(running.port, more=more) as server,
    ):
        yield Front(postfix=server, kept=kept)


def letter(sender: str = "anna@customer.example", above: str = "") -> bytes:
    head = (
        f"{above}From: Anna <{sender}>\r\nTo: support@mail.example\r\nSubject: It smokes\r\n"
        "Date: Mon, 2 Mar 2026 08:58:00 +0000\r\nMessage-ID: <1@customer.example>\r\n\r\n"
    )
    return f"{head}The printer smokes.\r\n".encode()


def test_a_signed_mail_is_proven_by_what_they_write(front: Front) -> None:
    mail, found = front.brought(signed(letter()))

    names = [name for name, _ in mail.parsed.headers]
    print(f"\nwritten: {mail.parsed.header_all('authentication-results')}")
    assert found is Verdict.PASS
    assert names[:4] == [*["authentication-results"] * 3, "received"]


def test_a_mail_that_was_tampered_with_fails(front: Front) -> None:
    _, found = front.brought(signed(letter()).replace(b"smokes.", b"burns."))

    assert found is Verdict.FAIL


def test_a_signature_of_somebody_else_fails(front: Front) -> None:
    _, found = front.brought(signed(letter(), Signer(domain="evil.example")))

    assert found is Verdict.FAIL


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_field_below_theirs_is_ignored(front: Front, forged: str) -> None:
    _, found = front.brought(letter(above=forged))

    assert found is Verdict.FAIL


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_field_proves_nothing_for_a_domain_without_policy(
    front: Front, forged: str
) -> None:
    above = forged.replace("customer.example", "silent.example")

    _, found = front.brought(letter("anna@silent.example", above))

    assert found is Verdict.NONE

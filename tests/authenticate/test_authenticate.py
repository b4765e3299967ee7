"""Our own SPF, DKIM, DMARC and ARC against a DNS of our own: what is proven, and what never is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild import authenticate, reading, settings
from maild.authenticate import checks, resolver
from maild.authenticate.checks import Authenticator
from maild.authenticate.resolver import Resolver
from maild.authenticate.suffixes import organisation_of
from maild.core import boundary, dkim
from maild.core.authresults import Verdict
from maild.core.mail import Envelope, Mail, ReadOptions, Source
from maild.core.spf import Kind, Question
from maild.errors import ConfigError
from maild.settings import AuthenticateSettings
from tests.authenticate.nameserver import BROKEN, FAILURES, SILENT, NameServer, name_server, text
from tests.authenticate.signing import BODY, Signer, ed_record, record, sealed, signed
from tests.core.scenes import HOUSE

CLIENT = "203.0.113.9"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SMTP = Envelope(
    mail_from="bounce@customer.example",
    rcpt_to=("support@co.example",),
    source=Source.SMTP,
    client=CLIENT,
    helo="mail.customer.example",
)
ELSEWHERE = replace(SMTP, mail_from="x@elsewhere.example")
"""SPF says nothing about the domain of From."""
DMARC = ("_dmarc.customer.example", "TXT")
KEY = ("s1._domainkey.customer.example", "TXT")
SPF = ("customer.example", "TXT")
ZONE = {
    DMARC: text("v=DMARC1; p=reject"),
    KEY: text(record()),
    ("ed._domainkey.customer.example", "TXT"): text(ed_record()),
    SPF: text(f"v=spf1 ip4:{CLIENT} -all"),
    ("elsewhere.example", "TXT"): text("v=spf1 +all"),
}
SHORT = (
    "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAO62ceUqHQ+Tp3vepu6BxFUgMCymYjy1q3hageRVVTLDXZfU"
    "Jl67soel9rSJ8tEz2R4jAkjiuQoe/oiGi6NPSNWC0eR3BNDXJbacnoWtOMQ4EThaiw2rhCXD7GhtBQp8qwIDAQAB"
)
"""An RSA key of 768 bits."""
OPTIONS = ReadOptions(authenticates=True)


def letter(sender: str = "Anna <anna@customer.example>", body: str = BODY) -> bytes:
    head = (
        f"From: {sender}\r\nTo: support@co.example\r\nSubject:  The   printer\r\n\tsmokes\r\n"
        "Date: Mon, 2 Mar 2026 08:58:00 +0000\r\nMessage-ID: <1@customer.example>\r\n\r\n"
    )
    return (head + body).encode()


@pytest.fixture
def dns() -> Iterator[NameServer]:
    with name_server(ZONE) as server:
        yield server


class Checker:
    """Reads and checks a mail as the line does."""

    def __init__(self, dns: NameServer, **more: object) -> None:
        wanted = AuthenticateSettings(is_on=True, nameservers=(dns.address,), seconds=5)
        self.own = Authenticator(replace(wanted, **more), "mx.co.example")  # type: ignore[arg-type]
        self.evidence = ""

    def judge(self, raw: bytes, envelope: Envelope = SMTP, at: datetime = NOW) -> Verdict:
        mail = self.read(raw, envelope)
        self.evidence = self.own.check(mail, envelope, at)
        return boundary.judged(mail, replace(envelope, evidence=self.evidence), HOUSE)

    def unsigned(self, raw: bytes, envelope: Envelope) -> set[str]:
        """What a mail that passes has unproven."""
        assert self.judge(raw, envelope) is Verdict.PASS
        found = replace(envelope, evidence=self.evidence)
        return set(boundary.unsigned(self.read(raw), found, HOUSE))

    @staticmethod
    def read(raw: bytes, envelope: Envelope = SMTP) -> Mail:
        return reading.read(raw, envelope, OPTIONS)


@pytest.fixture
def checker(dns: NameServer) -> Checker:
    return Checker(dns)


def test_a_signed_mail_is_proven_and_the_evidence_says_how(checker: Checker) -> None:
    found = checker.judge(signed(letter()), ELSEWHERE)

    assert found is Verdict.PASS
    assert checker.evidence == (
        "mx.co.example; dmarc=pass (p=reject) header.from=customer.example; "
        "spf=pass smtp.mailfrom=elsewhere.example; dkim=pass header.d=customer.example header.s=s1"
    )


def test_only_what_a_signature_covers_is_proven_unless_the_domain_sent_the_mail(
    checker: Checker,
) -> None:
    again = b"Cc: eve@elsewhere.example\r\nThread-Index: AdrTxA==\r\n" + signed(letter())
    kept = signed(b"Cc: ben@customer.example\r\n" + letter(), Signer(names="from:to:cc:subject"))

    assert checker.unsigned(again, ELSEWHERE) == {"cc", "thread-index"}
    assert checker.unsigned(again, SMTP) == set()
    assert checker.unsigned(kept, ELSEWHERE) == set()


@pytest.mark.parametrize("form", ["simple/simple", "simple/relaxed", "relaxed/simple"])
def test_a_signature_holds_in_every_canonical_form(checker: Checker, form: str) -> None:
    assert checker.judge(signed(letter(), Signer(form=form)), ELSEWHERE) is Verdict.PASS


def test_an_ed25519_signature_holds(checker: Checker) -> None:
    signer = Signer(algorithm="ed25519-sha256", selector="ed")

    assert checker.judge(signed(letter(), signer), ELSEWHERE) is Verdict.PASS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("raucht", "brennt"),
        ("anna@customer", "ceo@customer"),
        ("To: support", "To: sales"),
        ("It smokes  a", "It smokes a  b"),
    ],
)
def test_a_mail_that_was_tampered_with_is_refused(checker: Checker, old: str, new: str) -> None:
    raw = signed(letter()).replace(old.encode(), new.encode())

    assert checker.judge(raw, ELSEWHERE) is Verdict.FAIL
    assert "dkim=fail" in checker.evidence


WEAK = [
    ("a length", Signer(more="; l=10"), "l= lets text"),
    ("SHA-1", Signer(algorithm="rsa-sha1"), "no algorithm"),
    ("expired", Signer(more="; x=1772441999"), "expired"),
    ("expired before it was made", Signer(more="; t=1800000000; x=1800000000"), "before it was"),
    ("Subject left out", Signer(names="from:to:date"), "Subject is not signed"),
    ("From left out", Signer(names="to:subject:date"), "From is not signed"),
    ("a foreign identity", Signer(more="; i=@evil.example"), "i= is outside"),
    ("a short key", Signer(selector="short"), "a key of 768 bits"),
    ("no key", Signer(selector="gone"), "no key is published"),
    ("a revoked key", Signer(selector="revoked"), "revoked"),
    ("a key for SHA-1", Signer(selector="sha1"), "for other hashes"),
    ("a key not for mail", Signer(selector="tls"), "not for mail"),
    ("a key of another kind", Signer(selector="ed"), "another kind"),
    ("rubbish for a key", Signer(selector="junk"), "cannot be read"),
    ("another's key", Signer(selector="other"), "does not fit"),
    ("a tag that stands twice", Signer(more="; d=customer.example"), "no a= or"),
]


@pytest.mark.parametrize(("signer", "why"), [row[1:] for row in WEAK], ids=[r[0] for r in WEAK])
def test_a_weak_signature_is_no_proof(dns: NameServer, signer: Signer, why: str) -> None:
    keys = {
        "short": record(p=SHORT),
        "revoked": record(p=""),
        "sha1": record(h="sha1"),
        "tls": record(s="tlsrpt"),
        "junk": record(p="AAAA"),
        "other": record(1024),
    }
    for name, value in keys.items():
        dns.zone[(f"{name}._domainkey.customer.example", "TXT")] = text(value)
    checker = Checker(dns)

    assert checker.judge(signed(letter(), signer), ELSEWHERE) is Verdict.FAIL
    assert why in checker.evidence
    assert "dkim=pass" not in checker.evidence


def test_a_signature_holds_until_it_expires_at_receipt(checker: Checker) -> None:
    raw = signed(letter(), Signer(more="; x=1772442000"))

    assert checker.judge(raw, ELSEWHERE, NOW) is Verdict.PASS


def test_one_good_signature_among_bad_ones_suffices_but_only_so_many_are_looked_at(
    checker: Checker, dns: NameServer
) -> None:
    raw = signed(letter())
    for n in range(4):
        raw = signed(raw, Signer(selector=f"gone{n}"))

    assert checker.judge(raw, ELSEWHERE) is Verdict.PASS

    assert checker.judge(signed(raw, Signer(selector="gone4")), ELSEWHERE) is Verdict.FAIL
    assert len([name for name, _ in dns.asked if "_domainkey" in name]) == 6


ALIGNED = [
    ("the same", "customer.example", "", "customer.example", True),
    ("below, relaxed", "customer.example", "", "mail.customer.example", True),
    ("below, strict", "customer.example", "; adkim=s", "mail.customer.example", False),
    ("above, relaxed", "mail.customer.example", "", "customer.example", True),
    ("above, strict", "mail.customer.example", "; adkim=s", "customer.example", False),
    ("beside, relaxed", "a.customer.example", "", "b.customer.example", True),
    ("another", "customer.example", "", "evil.example", False),
    ("an ending alike", "customer.example", "", "evilcustomer.example", False),
    ("a public suffix", "customer.co.uk", "", "evil.co.uk", False),
    ("a shared host", "customer.github.io", "", "evil.github.io", False),
    ("on a public suffix", "mail.customer.co.uk", "", "customer.co.uk", True),
]


@pytest.mark.parametrize("by", ["dkim", "spf"])
@pytest.mark.parametrize(
    ("sender", "asks", "domain", "expected"),
    [row[1:] for row in ALIGNED],
    ids=[row[0] for row in ALIGNED],
)
def test_what_is_aligned(
    dns: NameServer, by: str, sender: str, asks: str, domain: str, *, expected: bool
) -> None:
    asks = asks if by == "dkim" else asks.replace("adkim", "aspf")
    dns.zone[(f"_dmarc.{organisation_of(sender)}", "TXT")] = text(f"v=DMARC1; p=none{asks}")
    dns.zone[(f"s1._domainkey.{domain}", "TXT")] = text(record())
    dns.zone[(domain, "TXT")] = text("v=spf1 +all")
    raw = letter(f"Anna <anna@{sender}>")
    if by == "dkim":
        raw, envelope = signed(raw, Signer(domain=domain)), replace(SMTP, mail_from="x@no.example")
    else:
        envelope = replace(SMTP, mail_from=f"bounce@{domain}")

    found = Checker(dns).judge(raw, envelope)

    assert found is (Verdict.PASS if expected else Verdict.FAIL)


def test_without_a_policy_only_a_signature_of_the_very_domain_proves_it(dns: NameServer) -> None:
    del dns.zone[DMARC]
    checker = Checker(dns)

    assert checker.judge(letter()) is Verdict.NONE
    assert "spf=pass" in checker.evidence
    assert checker.judge(signed(letter()), ELSEWHERE) is Verdict.PASS
    assert checker.judge(letter(), ELSEWHERE) is Verdict.NONE


@pytest.mark.parametrize(
    "records",
    [
        text("v=DMARC1; p=reject") + text("v=DMARC1; p=none"),
        text("v=dmarc; p=reject"),
        text("v=DMARC12; p=reject"),
        text("hello"),
    ],
)
def test_a_policy_that_is_none_is_none(dns: NameServer, records: tuple[str, ...]) -> None:
    dns.zone[DMARC] = records

    assert Checker(dns).judge(letter()) is Verdict.NONE


TWICE = [
    "Content-Type: text/html; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "Subject: Refund me at once",
    "To: billing@co.example",
    "Reply-To: eve@evil.example",
]


@pytest.mark.parametrize("field", TWICE)
def test_a_signed_mail_that_is_sent_again_with_a_second_field_proves_nothing(
    checker: Checker, field: str
) -> None:
    name = field.partition(":")[0]
    first = {"Content-Type": "text/plain", "Reply-To": "anna@customer.example"}
    own = "" if name in {"Subject", "To"} else f"{name}: {first.get(name, '7bit')}\r\n"
    names = "from:to:subject:date:reply-to:content-type:content-transfer-encoding"
    raw = signed(own.encode() + letter(), Signer(names=names))

    assert checker.judge(raw, ELSEWHERE) is Verdict.PASS

    assert checker.judge(f"{field}\r\n".encode() + raw, ELSEWHERE) is Verdict.NONE
    assert "dkim=pass" in checker.evidence


def test_a_mail_of_nobody_is_never_proven(checker: Checker) -> None:
    both = "Anna <anna@customer.example>, Eve <eve@evil.example>"

    assert checker.judge(signed(letter(both)), ELSEWHERE) is Verdict.NONE
    assert "dmarc=" not in checker.evidence


@pytest.mark.parametrize("name", [DMARC, KEY, SPF], ids=["policy", "key", "spf"])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failing_dns_neither_proves_nor_accuses(
    dns: NameServer, failure: str, name: tuple[str, str]
) -> None:
    dns.zone[name] = failure
    raw = signed(letter()) if name == KEY else letter()
    envelope = ELSEWHERE if name == KEY else SMTP
    checker = Checker(dns, seconds=1)

    assert checker.judge(raw, envelope) is Verdict.NONE
    assert "dmarc=temperror" in checker.evidence


def test_somebody_elses_lame_key_excuses_nobody(dns: NameServer) -> None:
    dns.zone[("s1._domainkey.evil.example", "TXT")] = BROKEN

    raw = signed(letter(), Signer(domain="evil.example"))

    assert Checker(dns).judge(raw, ELSEWHERE) is Verdict.FAIL


def test_a_check_ends_by_its_deadline_and_a_lame_name_is_waited_for_once(
    dns: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "TRY_SECONDS", 0.5)
    dns.zone[DMARC] = dns.zone[KEY] = dns.zone[SPF] = SILENT
    checker = Checker(dns, seconds=0.5)
    start = time.monotonic()

    checker.judge(signed(letter()))
    first = time.monotonic() - start
    for _ in range(100):
        checker.judge(signed(letter()))

    assert first >= 0.4
    assert time.monotonic() - start - first < 30
    assert 1 <= dns.asked.count(DMARC) <= 2


def test_an_organisation_whose_names_are_new_each_time_is_waited_for_no_longer_than_others(
    dns: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question would else be waited for anew, and hold one of few threads meanwhile."""
    monkeypatch.setattr(resolver, "TRY_SECONDS", 0.1)
    monkeypatch.setattr(resolver, "PATIENCE_SECONDS", 0.35)
    names = [f"s{n}._domainkey.evil.example" for n in range(50)]
    dns.zone |= {(name, "TXT"): SILENT for name in names}
    own = Resolver([dns.address])

    told = [own.ask(Question(name, Kind.TXT), 5) for name in names]
    another = own.ask(Question("_dmarc.customer.example", Kind.TXT), 5)

    assert told == [None] * len(names)
    assert another == ("v=DMARC1; p=reject",)
    asked = {name for name, _ in dns.asked if name.endswith("evil.example")}
    assert 1 <= len(asked) <= 4


def test_one_silent_domain_does_not_hold_up_the_mail_of_others(
    dns: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred seconds of silence, and 16 threads for them."""
    monkeypatch.setattr(resolver, "TRY_SECONDS", 1.0)
    monkeypatch.setattr(resolver, "PATIENCE_SECONDS", 0.5)
    for n in range(100):
        dns.zone[(f"s{n}._domainkey.evil.example", "TXT")] = SILENT
    checker = Checker(dns)
    bad = [
        checker.own.submit(
            checker.read(signed(letter(), Signer(domain="evil.example", selector=f"s{n}"))),
            ELSEWHERE,
            NOW,
        )
        for n in range(100)
    ]

    good = checker.own.submit(checker.read(signed(letter())), SMTP, NOW)

    assert "dmarc=pass" in good.result(60)
    assert all("dmarc=" in one.result(60) for one in bad)
    asked = {name for name, _ in dns.asked if name.endswith("evil.example")}
    assert len(asked) <= checks.THREADS + 1


@pytest.mark.parametrize("answer", [(), BROKEN], ids=["no such name", "a failure"])
def test_names_that_are_answered_by_the_hundred_take_the_proof_from_no_domain(
    dns: NameServer, monkeypatch: pytest.MonkeyPatch, answer: tuple[str, ...] | str
) -> None:
    """Else anybody could, by signatures that name the domain and keys that it never had."""
    monkeypatch.setattr(resolver, "PATIENCE_SECONDS", 0.001)
    names = [f"x{n}._domainkey.customer.example" for n in range(300)]
    if answer:
        dns.zone |= {(name, "TXT"): answer for name in names}
    checker = Checker(dns)

    told = {checker.own._resolver.ask(Question(name, Kind.TXT), 5) for name in names}

    assert told == {None if answer else ()}
    assert checker.judge(signed(letter()), ELSEWHERE) is Verdict.PASS


def _silenced(dns: NameServer, monkeypatch: pytest.MonkeyPatch, below: str) -> Resolver:
    """Return one that has waited in vain for the keys of a domain, as long as it does."""
    own = Resolver([dns.address])
    assert own.ask(Question(KEY[0], Kind.TXT), 5) == (record(),)
    assert own.ask(Question(f"gone._domainkey.{below}", Kind.TXT), 5) == ()
    with monkeypatch.context() as hasty:
        hasty.setattr(resolver, "TRY_SECONDS", 0.1)
        for n in range(4):
            dns.zone[(f"x{n}._domainkey.{below}", "TXT")] = SILENT
            assert own.ask(Question(f"x{n}._domainkey.{below}", Kind.TXT), 5) is None
    monkeypatch.setattr(resolver, "PATIENCE_SECONDS", 0.15)
    return own


def test_what_is_known_is_told_while_the_domain_counts_as_silent(
    dns: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = _silenced(dns, monkeypatch, "customer.example")
    before = len(dns.asked)

    assert own.ask(Question(KEY[0], Kind.TXT), 5) == (record(),)
    assert own.ask(Question("gone._domainkey.customer.example", Kind.TXT), 5) == ()
    assert own.ask(Question(DMARC[0], Kind.TXT), 5) is None
    assert len(dns.asked) == before


def test_a_silent_subdomain_takes_nothing_from_its_organisation(
    dns: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dns.zone[("_dmarc.shop.customer.example", "TXT")] = text("v=DMARC1; p=none")
    own = _silenced(dns, monkeypatch, "old.customer.example")

    assert own.ask(Question("_dmarc.shop.customer.example", Kind.TXT), 5) is None
    for name in (
        DMARC[0],
        SPF[0],
        "ed._domainkey.customer.example",
        "ED._domainkey.Customer.example.",
    ):
        assert own.ask(Question(name, Kind.TXT), 5)


def test_a_name_that_was_hardly_waited_for_is_asked_again(dns: NameServer) -> None:
    """A mail whose other names took its time does not speak for this one."""
    dns.zone[KEY] = SILENT
    own = Resolver([dns.address])
    question = Question(KEY[0], Kind.TXT)

    hardly = own.ask(question, 0.05)
    dns.zone[KEY] = text(record())

    assert hardly is None
    assert own.ask(question, 5) == (record(),)


def test_the_number_of_questions_is_bounded(dns: NameServer) -> None:
    dns.zone[SPF] = text("v=spf1 mx -all")
    exchanges = tuple(f"10 mx{n}.customer.example." for n in range(10))
    dns.zone[("customer.example", "MX")] = exchanges

    checker = Checker(dns, lookups=5)

    assert checker.judge(letter()) is Verdict.NONE
    assert "spf=temperror" in checker.evidence
    assert len(dns.asked) == 5


@pytest.mark.parametrize(("count", "times"), [(3, 1), (300, 2)])
def test_a_flood_of_records_is_read_in_part_and_not_kept(
    dns: NameServer, count: int, times: int
) -> None:
    dns.zone["flood.example", "TXT"] = tuple(f'"record {n}"' for n in range(count))
    asking = Resolver((dns.address,))

    answers = [asking.ask(Question("flood.example", Kind.TXT), 20) for _ in range(2)]

    assert [len(texts or ()) for texts in answers] == [min(count, 50)] * 2
    assert len(dns.asked) == times


def test_what_a_server_of_ours_forwards_fails_no_check(dns: NameServer) -> None:
    checker = Checker(dns, trusted_clients=("203.0.113.0/24",))

    assert checker.judge(letter(), ELSEWHERE) is Verdict.NONE
    assert checker.judge(signed(letter()), ELSEWHERE) is Verdict.PASS
    assert "spf=none;" in checker.evidence


def forwarded(*, by: str = "lists.example", results: str = "", changed: bool = True) -> bytes:
    """A mail that a list changed and sealed, having seen that it was good."""
    found = results or f"{by}; dmarc=pass header.from=customer.example"
    raw = signed(letter()).replace(b"raucht", b"raucht [list]") if changed else signed(letter())
    return sealed(raw, Signer(domain=by), found)


@pytest.fixture
def lists(dns: NameServer) -> NameServer:
    for name in ("lists.example", "relay.example", "evil.example"):
        dns.zone[(f"s1._domainkey.{name}", "TXT")] = text(record())
    return dns


def test_a_listed_sealer_is_believed_and_no_other(lists: NameServer) -> None:
    checker = Checker(lists, sealers=("lists.example",))

    assert checker.judge(forwarded(), ELSEWHERE) is Verdict.PASS
    assert "policy.arc=lists.example policy.own=fail" in checker.evidence
    assert checker.judge(forwarded(by="evil.example"), ELSEWHERE) is Verdict.FAIL
    assert Checker(lists).judge(forwarded(), ELSEWHERE) is Verdict.FAIL


@pytest.mark.parametrize(
    "results",
    [
        "lists.example; dmarc=fail header.from=customer.example",
        "lists.example; dmarc=pass header.from=evil.example",
        'lists.example; spf=none smtp.mailfrom="; dmarc=pass header.from=customer.example"@x',
    ],
)
def test_a_sealer_who_saw_no_pass_proves_nothing(lists: NameServer, results: str) -> None:
    checker = Checker(lists, sealers=("lists.example",))

    assert checker.judge(forwarded(results=results), ELSEWHERE) is Verdict.FAIL


CHAINS = [
    ("both listed", ("lists.example", "relay.example"), Verdict.PASS),
    ("the last one only", ("relay.example",), Verdict.FAIL),
    ("the first one only", ("lists.example",), Verdict.FAIL),
]


@pytest.mark.parametrize(
    ("sealers", "expected"), [row[1:] for row in CHAINS], ids=[r[0] for r in CHAINS]
)
def test_a_chain_counts_as_far_as_its_newest_sealers_are_listed(
    lists: NameServer, sealers: tuple[str, ...], expected: Verdict
) -> None:
    second = "relay.example; dmarc=fail header.from=customer.example"
    raw = sealed(forwarded(), Signer(domain="relay.example"), second, cv="pass", n=2)

    assert Checker(lists, sealers=sealers).judge(raw, ELSEWHERE) is expected


BREAKS = [
    (b"raucht [list]", b"raucht [evil]"),
    (b"ARC-Seal: i=1", b"ARC-Seal: i=2"),
    (b"cv=none", b"cv=pass"),
    (b"cv=none", b"cv=fail"),
    (b"lists.example; dmarc=pass", b"lists.example; dkim=none; dmarc=pass"),
    (b"ARC-Authentication-Results: i=1", b"ARC-Authentication-Results: i=x"),
    (b"From: Anna <anna@", b"From: Anna <ceo@"),
]


@pytest.mark.parametrize(("old", "new"), BREAKS)
def test_a_chain_that_was_broken_proves_nothing(lists: NameServer, old: bytes, new: bytes) -> None:
    checker = Checker(lists, sealers=("lists.example",))
    raw = forwarded()
    assert old in raw

    assert checker.judge(raw.replace(old, new), ELSEWHERE) is Verdict.FAIL


def test_a_seal_is_not_believed_twice(lists: NameServer) -> None:
    raw = forwarded()
    seal = raw[: raw.index(b"ARC-Message-Signature")]

    found = Checker(lists, sealers=("lists.example",)).judge(seal + raw, ELSEWHERE)

    assert found is Verdict.FAIL


def test_only_mail_of_strangers_by_smtp_is_checked_and_only_once() -> None:
    wanted = AuthenticateSettings(is_on=True)

    assert authenticate.is_wanted(wanted, SMTP)
    assert not authenticate.is_wanted(replace(wanted, is_on=False), SMTP)
    assert not authenticate.is_wanted(wanted, replace(SMTP, source=Source.LMTP))
    assert not authenticate.is_wanted(wanted, replace(SMTP, account="alice"))
    assert not authenticate.is_wanted(wanted, replace(SMTP, evidence="mx; dmarc=none"))
    assert not authenticate.is_wanted(wanted, replace(SMTP, client=""))


def test_without_the_packages_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maild.authenticate.keys.IS_THERE", False)
    known = settings.defaults(Path("var"))
    assert authenticate.of(known) is None
    wanted = replace(
        known, smtp=replace(known.smtp, authenticate=AuthenticateSettings(is_on=True))
    )

    with pytest.raises(ConfigError) as refused:
        authenticate.of(wanted)

    assert "cryptography" in str(refused.value)
    assert "maild[auth]" in str(refused.value)


@pytest.mark.parametrize(
    "field",
    [
        "DKIM-Signature: " + "a=b;" * 15_000,
        "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=s; h=from" + ":x" * 30_000,
        "ARC-Seal: i=1;" + ";" * 60_000,
        "DKIM-Signature: v=1; d=" + "a." * 30_000,
        "DKIM-Signature: b" + "= " * 30_000,
        "DKIM-Signature: v=1; b=\u00e9\u00e9; \u2028",
    ],
)
def test_hostile_signatures_are_read_in_no_time(checker: Checker, field: str) -> None:
    raw = f"{field}\r\n".encode() + signed(letter())

    assert checker.judge(raw, ELSEWHERE) in (Verdict.PASS, Verdict.FAIL)


@pytest.mark.parametrize("end", ["\n\n\r\n", "\n\r\n", "\r\r\r\n"])
def test_a_colleague_who_hides_the_signed_from_proves_nothing(checker: Checker, end: str) -> None:
    before = f"X-Before: it{end[0]}From: anna@customer.example{end}"

    judged = checker.judge(before.encode() + signed(letter("eve@customer.example")), ELSEWHERE)

    assert judged is not Verdict.PASS


def test_a_field_folded_without_end_is_read_in_no_time() -> None:
    raw = b"X-Folded: a" + b"\r\n b" * 500_000 + b"\r\n" + signed(letter())
    start = time.monotonic()

    (found,) = dkim.signatures(raw, 5)

    assert not found.problem
    assert time.monotonic() - start < 20


def test_names_that_could_break_out_of_the_evidence_are_left_out(checker: Checker) -> None:
    evil = b"DKIM-Signature: v=1; a=rsa-sha256; d=x; s=s(; h=from; bh=x; b=x; \r\n"
    envelope = replace(ELSEWHERE, mail_from='"; dmarc=pass header.from=customer.example"@x y')

    assert checker.judge(evil + letter(), envelope) is Verdict.FAIL
    assert checker.evidence.count("dmarc=") == 1

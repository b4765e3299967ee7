"""What our own boundary says: Received fields of our servers, Gmail, Microsoft 365, forgeries.

The samples are written after what these services are known to write, with made-up names, times and
numbers; each says what it is modelled on.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core.authresults import Verdict
from maild.core.boundary import judged
from maild.core.house import House, Provider
from maild.core.mail import Envelope, Source
from tests.core.scenes import HOUSE, mail

Fields = list[tuple[str, str]]
PASS, FAIL, NONE = Verdict.PASS, Verdict.FAIL, Verdict.NONE
POLLED = Envelope(source=Source.IMAP, mailbox="Support")


def house(provider: Provider = Provider.GENERIC, **more: object) -> House:
    box = replace(HOUSE.mailboxes[0], provider=provider, **more)  # type: ignore[arg-type]
    return replace(HOUSE, mailboxes=(box,), trusted_domains=())


def received(by: str, sender: str = "mail.somewhere.example") -> tuple[str, str]:
    return "received", f"from {sender} ({sender} [192.0.2.1]) by {by} with ESMTP id a1; Mon, 2 Mar"


def results(text: str) -> tuple[str, str]:
    return "authentication-results", text


def said(fields: Fields, known: House, sender: str = "anna@customer.example") -> Verdict:
    return judged(mail(sender, headers=fields), POLLED, known)


GOOD = results("mx.co.example; dmarc=pass header.from=customer.example")
DOVECOT, MX = received("imap.co.example"), received("mx.co.example")
FOREIGN = received("mx.evil.example")
GENERIC = [
    ("on top", [GOOD, MX, FOREIGN], (), PASS),
    ("below a server of ours", [DOVECOT, GOOD, MX], ("imap.co.example",), PASS),
    ("below two of ours", [DOVECOT, MX, GOOD], ("imap.co.example", "mx.co.example"), PASS),
    ("in any order", [MX, DOVECOT, GOOD], ("imap.co.example", "mx.co.example"), PASS),
    ("in other letters", [received("IMAP.co.example"), GOOD], ("imap.CO.example",), PASS),
    ("below one that is not named", [DOVECOT, GOOD], (), NONE),
    ("below a foreign one", [DOVECOT, FOREIGN, GOOD], ("imap.co.example",), NONE),
    ("below one of ours too many", [DOVECOT, DOVECOT, GOOD], ("imap.co.example",), NONE),
    ("below one that writes twice", [DOVECOT, DOVECOT, GOOD], ("imap.co.example",) * 2, PASS),
    ("our name in a comment", [received("evil.example (by imap.co.example)"), GOOD],
     ("imap.co.example",), NONE),
    ("our name as a greeting", [received("evil.example", "imap.co.example"), GOOD],
     ("imap.co.example",), NONE),
    ("our name behind", [received("evil.example via x by imap.co.example"), GOOD],
     ("imap.co.example",), NONE),
    ("no by", [("received", "from x; Mon"), GOOD], ("imap.co.example", ""), NONE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "hops", "expected"), [row[1:] for row in GENERIC], ids=[r[0] for r in GENERIC]
)
def test_received_fields_of_our_own_servers_are_passed_over(
    fields: Fields, hops: tuple[str, ...], expected: Verdict
) -> None:
    assert said(fields, house(received_by=hops)) is expected


def google(*, results_text: str) -> Fields:
    """As a mailbox at Gmail shows it: an inner hop, its ARC set, then the field of mx.google.com."""
    return [
        ("delivered-to", "support@co.example"),
        ("received", "by 2002:a05:7301:1234:b0:99:aaaa:bbbb with SMTP id x1csp1; Mon, 2 Mar 2026"),
        ("x-google-smtp-source", "AGHT+IExample"),
        ("x-received", "by 2002:a05:600c:1::2 with SMTP id 5b1f17b1804b1-1; Mon, 2 Mar 2026"),
        ("arc-seal", "i=1; a=rsa-sha256; t=1; cv=none; d=google.com; s=arc-1; b=AAAA"),
        ("arc-message-signature", "i=1; a=rsa-sha256; c=relaxed/relaxed; d=google.com; b=AAAA"),
        ("arc-authentication-results", f"i=1; mx.google.com; {results_text}"),
        ("return-path", "<anna@customer.example>"),
        ("received", ("from mail.customer.example (mail.customer.example. [192.0.2.7]) by "
         "mx.google.com with ESMTPS id a-1 for <support@co.example>; Mon, 02 Mar 2026")),
        ("received-spf", "pass (google.com: domain of anna@customer.example designates 192.0.2.7)"),
        results(f"mx.google.com; {results_text}"),
        ("dkim-signature", "v=1; d=customer.example"),
    ]  # fmt: skip


GMAIL = [
    # Modelled on mail of a domain with DKIM and a DMARC policy: the policy stands in a comment.
    ("a policy", ("dkim=pass header.i=@customer.example header.s=s1 header.b=AbCdEfGh; spf=pass "
     "(google.com: domain of a@customer.example designates 192.0.2.7 as permitted sender) "
     "smtp.mailfrom=a@customer.example; dmarc=pass (p=REJECT sp=REJECT dis=NONE) "
     "header.from=customer.example"), PASS),
    # Modelled on mail that fails the policy of its domain.
    ("a failed policy", ("spf=softfail smtp.mailfrom=a@customer.example; dmarc=fail (p=REJECT "
     "sp=REJECT dis=QUARANTINE) header.from=customer.example"), FAIL),
    # Modelled on mail of a domain without policy: there is no dmarc=, DKIM is told by header.i.
    ("no policy, signed", ("dkim=pass header.i=@customer.example header.s=s1 header.b=AbCdEfGh; "
     "spf=pass smtp.mailfrom=a@customer.example"), PASS),
    ("no policy, SPF alone", "spf=pass smtp.mailfrom=a@customer.example", NONE),
    # Modelled on Google Workspace without a key of its own: Google signs for a domain of its own.
    ("a key of Google's", ("dkim=pass header.i=@customer-example.20230601.gappssmtp.com "
     "header.s=20230601 header.b=AbCdEfGh; spf=pass smtp.mailfrom=a@customer.example"), NONE),
    # Modelled on forwarded mail: an ARC result stands before the others.
    ("forwarded", ("arc=pass (i=2 spf=pass dkim=pass dmarc=pass fromdomain=customer.example); "
     "spf=pass smtp.mailfrom=x@list.example; dmarc=fail (p=NONE) header.from=customer.example"),
     FAIL),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in GMAIL], ids=[row[0] for row in GMAIL]
)
def test_what_gmail_writes(text: str, expected: Verdict) -> None:
    assert said(google(results_text=text), house(Provider.GMAIL)) is expected


FORGED_GOOGLE = results("mx.google.com; dmarc=pass header.from=customer.example")
INNER = ("received", "by 2002:a05:7301:1234:b0:99:aaaa:bbbb with SMTP id x1csp1; Mon, 2 Mar 2026")
AT_GOOGLE = received("mx.google.com")
FAKES = [
    ("below what Gmail wrote", [*google(results_text="spf=none"), FORGED_GOOGLE]),
    ("below a hop from outside", [AT_GOOGLE, FOREIGN, FORGED_GOOGLE]),
    ("with its own mx.google.com", [AT_GOOGLE, AT_GOOGLE, FORGED_GOOGLE]),
    ("with an inner hop below", [AT_GOOGLE, INNER, FORGED_GOOGLE]),
    ("a machine that is not Google's", [received("2002:c05:1::1"), AT_GOOGLE, FORGED_GOOGLE]),
    ("another writer", [AT_GOOGLE, results("mx.google.com.evil.example; dmarc=pass "
     "header.from=customer.example")]),
    ("in ARC only", [AT_GOOGLE, ("arc-authentication-results", "i=1; " + FORGED_GOOGLE[1])]),
]  # fmt: skip


@pytest.mark.parametrize("fields", [row[1] for row in FAKES], ids=[row[0] for row in FAKES])
def test_a_field_that_gmail_did_not_write_is_ignored(fields: Fields) -> None:
    assert said(fields, house(Provider.GMAIL)) is NONE


HUB = "DB9PR01MB1234.eurprd01.prod.outlook.com"
EDGE = "DB5EUR01FT012.mail.protection.outlook.com"
COLLEAGUE = "carol@co.example"


def microsoft(text: str, *, auth_as: str = "Anonymous", **more: str) -> Fields:
    """As a mailbox in Exchange Online shows it: hops inside, the field without a writer, the edge."""
    return [
        ("received", f"from {HUB} (2603:10a6:10:1::1) by {HUB} with HTTPS; Mon, 2 Mar 2026"),
        ("received", (f"from {EDGE} (2603:10a6:10:2::2) by {HUB.lower()} with Microsoft SMTP Server "
         "(version=TLS1_2, cipher=X) id 15.20.1.1; Mon, 2 Mar 2026")),
        results(text),
        ("received-spf", "Pass (protection.outlook.com: domain of customer.example designates)"),
        ("received", (f"from mail.customer.example (192.0.2.7) by {EDGE} (10.1.1.1) with Microsoft "
         "SMTP Server id 15.20.1.1 via Frontend Transport; Mon, 2 Mar 2026")),
        ("x-ms-exchange-organization-authsource", EDGE),
        ("x-ms-exchange-organization-authas", auth_as),
        ("x-ms-exchange-crosstenant-authas", auth_as),
        *((name.replace("_", "-"), value) for name, value in more.items()),
    ]  # fmt: skip


def between_colleagues(sender: str = COLLEAGUE) -> Fields:
    """As mail inside one tenant looks: no client, no SPF, `dmarc=none`, and the internal marks."""
    domain = sender.rpartition("@")[2]
    return [
        ("received", f"from {HUB} (2603:10a6:10:1::1) by {HUB} with HTTPS; Mon, 2 Mar 2026"),
        results(f"dkim=none (message not signed) header.d=none;dmarc=none action=none "
                f"header.from={domain};"),
        ("received", f"from {HUB} ([fe80::1]) by {HUB} ([fe80::1%4]) with mapi id 15.20.1.1; Mon"),
        ("x-ms-exchange-organization-messagedirectionality", "Originating"),
        ("x-ms-exchange-organization-authsource", HUB),
        ("x-ms-exchange-organization-authas", "Internal"),
        ("x-ms-exchange-organization-authmechanism", "04"),
        ("x-ms-exchange-crosstenant-authas", "Internal"),
    ]  # fmt: skip


OUTSIDE = [
    # Modelled on mail of a domain with a policy: every method, then the composite result.
    ("a policy", ("spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=customer.example; dkim=pass "
     "(signature was verified) header.d=customer.example;dmarc=pass action=none "
     "header.from=customer.example;compauth=pass reason=100"), PASS),
    # Modelled on an older form that puts the receiving domain behind each result.
    ("the older form", ("spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=customer.example; "
     "co.example; dkim=pass (signature was verified) header.d=customer.example;co.example; "
     "dmarc=pass action=none header.from=customer.example;compauth=pass reason=100"), PASS),
    ("a failed policy", ("spf=fail (sender IP is 192.0.2.7) smtp.mailfrom=customer.example; "
     "dkim=none (message not signed) header.d=none;dmarc=fail action=oreject "
     "header.from=customer.example;compauth=fail reason=000"), FAIL),
    # Modelled on a domain without policy that would have passed one.
    ("best guess", ("spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=customer.example; dkim=none "
     "header.d=none;dmarc=bestguesspass action=none header.from=customer.example;compauth=pass "
     "reason=109"), PASS),
    # Modelled on mail that passed because of its sender's habits: that proves nobody.
    ("a soft pass", ("spf=none (sender IP is 192.0.2.7) smtp.mailfrom=customer.example; dkim=none "
     "header.d=none;dmarc=none action=none header.from=customer.example;compauth=softpass "
     "reason=202"), NONE),
    ("known by history", ("spf=none (sender IP is 192.0.2.7) smtp.mailfrom=x.example; dkim=none "
     "header.d=none;dmarc=bestguesspass action=none header.from=customer.example;compauth=pass "
     "reason=703"), NONE),
    ("composite says fail", ("spf=pass smtp.mailfrom=customer.example; dmarc=pass action=none "
     "header.from=customer.example;compauth=fail reason=001"), NONE),
    # Modelled on a forwarder whose ARC seal the tenant trusts: neither proven nor false for us.
    ("saved by ARC", ("spf=fail (sender IP is 192.0.2.7) smtp.mailfrom=customer.example; dmarc=fail "
     "action=none header.from=customer.example;compauth=pass reason=130"), NONE),
    ("no policy, signed", ("spf=none smtp.mailfrom=x.example; dkim=pass (signature was verified) "
     "header.d=customer.example;dmarc=none action=none header.from=customer.example"), PASS),
    ("another domain", ("spf=pass smtp.mailfrom=evil.example; dmarc=pass action=none "
     "header.from=evil.example;compauth=pass reason=100"), NONE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in OUTSIDE], ids=[row[0] for row in OUTSIDE]
)
def test_what_microsoft_365_writes_about_mail_from_outside(text: str, expected: Verdict) -> None:
    assert said(microsoft(text), house(Provider.M365)) is expected


def test_a_colleague_of_the_tenant_is_proven_by_the_internal_marks() -> None:
    assert said(between_colleagues(), house(Provider.M365), COLLEAGUE) is PASS


def changed(fields: Fields, name: str, value: str | None) -> Fields:
    """The same fields with another value, or without the field."""
    return [
        (key, text if key != name else value or "")
        for key, text in fields
        if key != name or value is not None
    ]


AUTH_AS = "x-ms-exchange-organization-authas"
INSIDE = between_colleagues()
CLAIMED = ("spf=none (sender IP is 192.0.2.7) smtp.mailfrom=co.example; dkim=none header.d=none;"
           "dmarc=none action=none header.from=co.example;compauth=none reason=405")  # fmt: skip
NOT_INSIDE = [
    ("from outside, with forged marks", microsoft(CLAIMED, auth_as="Internal")),
    ("from outside, marks added", [*microsoft(CLAIMED), (AUTH_AS, "Internal")]),
    ("from outside, field forged below", [*microsoft(CLAIMED, auth_as="Internal"), *INSIDE]),
    ("marked twice", [*INSIDE, (AUTH_AS, "Internal")]),
    ("marked in both ways", [*INSIDE, (AUTH_AS, "Anonymous")]),
    ("anonymous", changed(INSIDE, AUTH_AS, "Anonymous")),
    ("unmarked: CrossTenant alone", changed(INSIDE, AUTH_AS, None)),
    ("no source", changed(INSIDE, "x-ms-exchange-organization-authsource", None)),
    (
        "a source elsewhere",
        changed(INSIDE, "x-ms-exchange-organization-authsource", "mail.evil.example"),
    ),
    (
        "a source that looks alike",
        changed(
            INSIDE, "x-ms-exchange-organization-authsource", "x.prod.outlook.com.evil.example"
        ),
    ),
    (
        "incoming",
        changed(INSIDE, "x-ms-exchange-organization-messagedirectionality", "Incoming"),
    ),
    ("no results", changed(INSIDE, "authentication-results", None)),
    ("through a foreign server", [*INSIDE, FOREIGN]),
    ("results below a foreign server", [FOREIGN, *INSIDE]),
    ("no hop", changed(INSIDE, "received", None)),
]


@pytest.mark.parametrize("fields", [r[1] for r in NOT_INSIDE], ids=[r[0] for r in NOT_INSIDE])
def test_marks_that_may_be_forged_prove_nothing(fields: Fields) -> None:
    assert said(fields, house(Provider.M365), COLLEAGUE) is NONE


def test_internal_marks_count_for_our_own_domains_only() -> None:
    other = between_colleagues("carol@customer.example")

    assert said(other, house(Provider.M365), "carol@customer.example") is NONE
    assert said(INSIDE, house(Provider.M365), "ceo@evil.example") is NONE
    trusting = replace(house(Provider.M365), trusted_domains=("customer.example",))
    assert said(other, trusting, "carol@customer.example") is PASS


def test_a_forged_field_beside_that_of_microsoft_is_ignored() -> None:
    forged = results("spf=pass; dmarc=pass action=none header.from=customer.example;compauth=pass")
    fields = microsoft(
        "spf=fail (sender IP is 192.0.2.7); dmarc=none header.from=customer.example"
    )
    place = [name for name, _ in fields].index("authentication-results") + 1

    assert said([*fields, forged], house(Provider.M365)) is NONE
    assert said([*fields[:place], forged, *fields[place:]], house(Provider.M365)) is NONE
    assert said([received("evil.example"), forged], house(Provider.M365)) is NONE


def test_marks_of_one_provider_are_nothing_at_another() -> None:
    text = "dmarc=pass header.from=customer.example"

    assert said(google(results_text=text), house()) is NONE
    assert said(google(results_text=text), house(Provider.M365)) is NONE
    assert said(microsoft(text), house(Provider.GMAIL)) is NONE
    assert said(INSIDE, house(Provider.GMAIL), COLLEAGUE) is NONE


def test_our_own_evidence_counts_on_smtp_only() -> None:
    found = "mx; dmarc=pass header.from=customer.example"

    assert judged(mail(), Envelope(source=Source.SMTP, evidence=found), house()) is PASS
    assert judged(mail(), Envelope(source=Source.LMTP, evidence=found), house()) is NONE

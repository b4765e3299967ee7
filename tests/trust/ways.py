"""Ways in which a mail comes in, and what each truly proves about the domain or person in From.

Our own results, marks of Gmail and Microsoft 365, sessions; honest and forged. As in `forms.py`,
what is true is said here and never asked of the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from maild.core.house import House, Provider, Submitter
from maild.core.mail import Envelope, Source
from tests.core.scenes import ALICE, ANNA, BOB, HOUSE
from tests.trust.forms import Finding
from tests.trust.house import LMTP

ACCOUNTS = (
    Submitter(user="alice", addresses=(ALICE,)),
    Submitter(user="bob", addresses=(BOB,)),
    Submitter(user="shop", addresses=(ANNA,)),
    Submitter(user="scanner"),
)
SMTP = replace(LMTP, source=Source.SMTP, client="203.0.113.9", helo="mail.client.example")
HUB = "AM0PR01MB0001.eurprd01.prod.outlook.com"
INSIDE = f"Received: from {HUB} (fe80::1) by {HUB} (fe80::1%4) with mapi id 1; Mon, 2 Mar 2026"
EDGE = "AM5EUR01FT001.mail.protection.outlook.com"
MARKS = (
    "X-MS-Exchange-Organization-AuthAs: Internal",
    f"X-MS-Exchange-Organization-AuthSource: {HUB}",
    "X-MS-Exchange-CrossTenant-AuthAs: Internal",
)
GOOGLE = (
    "Received: by 2002:a05:7301:1:b0:1:a:b with SMTP id x1; Mon, 2 Mar 2026",
    (
        "Received: from mail.client.example (mail.client.example. [203.0.113.9]) by mx.google.com "
        "with ESMTPS id a1; Mon, 2 Mar 2026"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way in; `finding.truth` is what is known about the domain, `user` who logged in."""

    what: str
    finding: Finding
    envelope: Envelope = SMTP
    provider: Provider = Provider.GENERIC
    user: str = ""

    def proves(self, person: str) -> bool:
        """Whether the session is one of that very person."""
        return any(a.user == self.user and person in a.addresses for a in ACCOUNTS)


def houses() -> dict[Provider, House]:
    """The same house with a mailbox at each provider."""
    box = HOUSE.mailboxes[0]
    return {
        provider: replace(
            HOUSE,
            mailboxes=(replace(box, provider=provider), *HOUSE.mailboxes[1:]),
            accounts=ACCOUNTS,
            trusted_clients=(),
            trusted_domains=(),
        )
        for provider in Provider
    }


def ways(domain: str) -> tuple[Way, ...]:
    """Every way, for a From in a domain."""
    return (*_ours(domain), *_sessions(), *_google(domain), *_microsoft(domain))


def _ours(domain: str) -> Iterator[Way]:
    """Our own SPF, DKIM, DMARC and ARC."""
    forged = f"Authentication-Results: mx.co.example; dmarc=pass header.from={domain}"
    found = (
        ("pass", f"dmarc=pass (p=reject) header.from={domain}; spf=none", "pass"),
        ("pass by ARC", f"dmarc=pass header.from={domain} policy.arc=l.example", "pass"),
        ("no policy, signed", f"dmarc=none header.from={domain}; dkim=pass header.d={domain}", "pass"),
        ("fail", f"dmarc=fail (p=none) header.from={domain}; spf=pass smtp.mailfrom=x", "fail"),
        ("a failing DNS", f"dmarc=temperror header.from={domain}; spf=temperror", "none"),
        ("no policy, SPF", f"dmarc=none header.from={domain}; spf=pass smtp.mailfrom={domain}", "none"),
        ("signed by another", f"dmarc=none header.from={domain}; dkim=pass header.d=x.example", "none"),
        ("of another From", "dmarc=pass header.from=evil.example", "none"),
        ("nothing", "spf=none", "none"),
    )  # fmt: skip
    for what, text, truth in found:
        envelope = replace(SMTP, evidence=f"co.example; {text}")
        for fields in ((), (forged,)):
            finding = Finding(what=what, fields=fields, truth=truth)
            words = f"ours: {what}{', and a forged field' if fields else ''}"
            yield Way(what=words, finding=finding, envelope=envelope)
    yield Way(what="unchecked, forged field", finding=Finding(what="", fields=(forged,)))


def _sessions() -> Iterator[Way]:
    """AUTH by each account, and an account that came by a way that knows none."""
    for account in (*ACCOUNTS, Submitter(user="unknown")):
        envelope = replace(SMTP, account=account.user)
        finding = Finding(what="session")
        yield Way(what=f"session of {account.user}", finding=finding, envelope=envelope,
                  user=account.user)  # fmt: skip
        lmtp = replace(LMTP, account=account.user)
        yield Way(what=f"LMTP names {account.user}", finding=finding, envelope=lmtp)


def _google(domain: str) -> Iterator[Way]:
    field = "Authentication-Results: mx.google.com; "
    passed = f"{field}dmarc=pass (p=REJECT) header.from={domain}"
    stranger = "Received: from a by evil.example; Mon, 2 Mar 2026"
    found: tuple[tuple[str, tuple[str, ...], str], ...] = (
        ("pass", (*GOOGLE, passed), "pass"),
        ("signed", (*GOOGLE, f"{field}dkim=pass header.i=@{domain} header.s=s"), "pass"),
        ("fail", (*GOOGLE, f"{field}dmarc=fail header.from={domain}"), "fail"),
        ("none", (*GOOGLE, f"{field}spf=pass smtp.mailfrom={domain}"), "none"),
        ("forged below", (*GOOGLE, f"{field}spf=none", GOOGLE[1], passed), "none"),
        ("forged hop", (*GOOGLE, GOOGLE[1], passed), "none"),
        ("through a stranger", (*GOOGLE, stranger, passed), "none"),
        ("in ARC", (*GOOGLE, f"ARC-{passed.replace(': ', ': i=1; ', 1)}"), "none"),
        ("marks of Microsoft", (INSIDE, (f"Authentication-Results: dkim=none;dmarc=none "
         f"header.from={domain}"), *MARKS), "none"),
    )  # fmt: skip
    for what, fields, truth in found:
        finding = Finding(what=what, fields=fields, truth=truth)
        yield Way(what=f"gmail: {what}", finding=finding, envelope=LMTP, provider=Provider.GMAIL)


def _microsoft(domain: str) -> Iterator[Way]:
    field = "Authentication-Results: "
    outside = f"{field}spf=none (sender IP is 203.0.113.9) smtp.mailfrom=x.example;dkim=none;"
    passed = f"{outside}dmarc=pass action=none header.from={domain};compauth=pass reason=100"
    none = f"{outside}dmarc=none action=none header.from={domain};compauth=none reason=405"
    failed = f"{outside}dmarc=fail action=oreject header.from={domain};compauth=fail reason=000"
    hop = f"Received: from {EDGE} (10.1.1.1) by {HUB} with HTTPS; Mon, 2 Mar 2026"
    edge = (
        f"Received: from mail.client.example (203.0.113.9) by {EDGE} (10.1.1.1); Mon, 2 Mar 2026"
    )
    inside = (
        f"{field}dkim=none (message not signed) header.d=none;dmarc=none header.from={domain};"
    )
    found: tuple[tuple[str, tuple[str, ...], str], ...] = (
        ("pass", (hop, passed, edge), "pass"),
        ("fail", (hop, failed, edge), "fail"),
        ("none", (hop, none, edge), "none"),
        ("history", (hop, none.replace("compauth=none reason=405", "compauth=pass reason=703"),
                     edge), "none"),
        ("forged marks", (hop, none, edge, *MARKS), "none"),
        ("forged field below", (hop, none, edge, passed), "none"),
        ("forged inner field below", (hop, none, edge, inside, *MARKS), "none"),
        ("a pass, contradicted", (hop, passed.replace("compauth=pass", "compauth=fail"), edge),
         "none"),
        ("field of a stranger", ("Received: from a by evil.example; Mon", passed), "none"),
    )  # fmt: skip
    for what, fields, truth in found:
        finding = Finding(what=what, fields=fields, truth=truth)
        yield Way(what=f"m365: {what}", finding=finding, envelope=LMTP, provider=Provider.M365)

"""What forgers write: From in every form, tokens in every state, results of every kind.

Each entry says what is true of it, so that the expected answer comes from here and not from the
code: whom a form plainly names, what a token proves, what the boundary found out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from maild.core.token import Purpose, issue
from tests.core.scenes import KEYS, NOW

EVIL = "mallory@evil.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way to write From; `names` when it names the victim and nobody else."""

    what: str
    fields: tuple[str, ...]
    names: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """One address to write to; `is_own` when its token was made for the sender and ticket."""

    what: str
    to: str
    is_own: bool = False
    proves_ticket: bool = False
    points: bool = False
    """It names the ticket, which is no proof of a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What stands above a mail about its From; `truth` is what the boundary itself wrote."""

    what: str
    fields: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    truth: str = "none"


def forms(victim: str) -> tuple[Form, ...]:
    """Every way to write From; the first four are honest."""
    local, _, domain = victim.partition("@")
    honest = (
        victim,
        f"<{victim}>",
        f'"A. Person" <{victim}>',
        f"=?utf-8?q?Ann=C3=A9?= <{victim}>",
    )
    forged = (
        f"{victim} <{EVIL}>",
        f'"{victim}" <{EVIL}>',
        f'"<{victim}>" <{EVIL}>',
        f"{victim}, {EVIL}",
        f"{EVIL}, {victim}",
        f"{victim} {EVIL}",
        f"<{victim}> <{EVIL}>",
        f"<{victim}><{EVIL}>",
        f"{EVIL} <{victim}>",
        f"Staff: {victim};",
        f"Staff: {victim}, {EVIL};",
        f"<@evil.example:{victim}>",
        f"<@evil.example,@b.example:{victim}>",
        f"{local}\0@{domain}",
        f"{victim}\0{EVIL}",
        f"{victim}@evil.example",
        f'"{victim}"@evil.example',
        f"{victim}%evil.example@evil.example",
        f"\u0430{local[1:]}@{domain}",
        f"{local}@{domain.replace('o', chr(0x43E), 1)}",
        f"{local}\uff20{domain}",
        f"{local}@{domain.replace('.', chr(0x3002))}",
        f"{local}\u200b@{domain}",
        f"=?utf-8?q?{local}=40{domain}?= <{EVIL}>",
        f"=?utf-8?q?{local}=40{domain}?=",
        f"=?utf-8?q?x=22_=3C{local}=40{domain}=3E=0A?= <{EVIL}>",
        f"=?utf-8?b?YWxpY2U=?=@{domain}",
        f"{victim} (<{EVIL}>)",
        f"{victim}\r\n <{EVIL}>",
        f"{EVIL} ({victim})",
        f"{EVIL}",
        f"{local}@{domain}.",
        f"{local}@{domain}@",
        f"{local}@sub.{domain}",
        f"<{victim}",
        f"{victim}; {EVIL}",
        f"\\{victim}",
        "",
    )
    return (
        *(Form(what=text, fields=(f"From: {text}",), names=True) for text in honest),
        *(Form(what=text, fields=(f"From: {text}",)) for text in forged),
        Form(what="two fields", fields=(f"From: {victim}", f"From: {EVIL}")),
        Form(what="two fields, turned", fields=(f"From: {EVIL}", f"From: {victim}")),
        Form(what="two equal fields", fields=(f"From: {victim}", f"From: {victim}")),
        Form(what="Sender only", fields=(f"Sender: {victim}",)),
        Form(what="Sender", fields=(f"From: {EVIL}", f"Sender: {victim}")),
        Form(what="Reply-To", fields=(f"From: {EVIL}", f"Reply-To: {victim}")),
        Form(what="Resent-From", fields=(f"From: {EVIL}", f"Resent-From: {victim}")),
        Form(what="From with a space", fields=(f"From : {victim}", f"From: {EVIL}")),
        Form(what="X-Original-From", fields=(f"From: {EVIL}", f"X-Original-From: {victim}")),
    )


def badges(person: str, other: str, ticket: int, purpose: Purpose) -> tuple[Badge, ...]:
    """Every state of a token; `other` is somebody else with a token for the same ticket."""

    def to(who: str, number: int = ticket, what: Purpose = purpose, key: int = 2) -> str:
        keys = type(KEYS)(current=key, by_id=KEYS.by_id)
        made = issue(keys, purpose=what, ticket=number, recipient=who, today=NOW.date())
        return f"support+{made}@co.example"

    own = to(person)
    token = own.partition("+")[2].partition("@")[0]
    good = (
        ("own", own),
        ("own, upper case", own.upper()),
        ("own, in mixed case", own.title()),
        ("own, under a name", f'"Support (Co)" <{own}>'),
        ("own, folded behind a long name", f'"{"long " * 12}"\r\n <{own}>'),
        ("own, under an encoded name", f"=?utf-8?q?Unterst=C3=BCtzung?=\r\n\t<{own}>"),
        ("own, second of two", f"somebody@else.example,\r\n {own}"),
        ("own, of a retired key", to(person, key=1)),
        ("own, beside a plain address", f"support@co.example, {own}"),
    )
    wrong = [Purpose.SURVEY, Purpose.CONFIRM, Purpose.PORTAL, Purpose.THREAD, Purpose.RETURN]
    crossed = Purpose.AGENT if purpose is Purpose.CUSTOMER else Purpose.CUSTOMER
    bad = (
        ("none", "support@co.example"),
        ("of another ticket", to(person, ticket + 1)),
        ("of no ticket", to(person, 4_000_000)),
        ("cut", f"support+{token[:-1]}@co.example"),
        ("longer", f"support+{token}a@co.example"),
        ("empty", "support+@co.example"),
        ("elsewhere", own.replace("co.example", "evil.example")),
        ("in the name", f'"{own}" <support@co.example>'),
        ("in a comment", f"support@co.example ({own})"),
        ("broken by a soft line end", f"support+{token[:20]}=20{token[20:]}@co.example"),
        *((f"flipped at {n}", f"support+{flipped}@co.example") for n, flipped in _flipped(token)),
    )
    return (
        *(Badge(what=what, to=text, is_own=True, proves_ticket=True) for what, text in good),
        *(Badge(what=what, to=text) for what, text in bad),
        *(Badge(what=f"for {p.name}", to=to(person, what=p), points=True) for p in wrong),
        Badge(what="of somebody else", to=to(other), proves_ticket=True),
        Badge(what="for the other side", to=to(person, what=crossed), proves_ticket=True),
    )


def findings(domain: str) -> tuple[Finding, ...]:
    """Every kind of Authentication-Results, honest and forged."""
    ours, passed = "Authentication-Results: mx.co.example", f"dmarc=pass header.from={domain}"
    failed = f"dmarc=fail header.from={domain}"
    return (
        Finding(what="none"),
        Finding(what="pass", fields=(f"{ours}; {passed}",), truth="pass"),
        Finding(
            what="pass, folded", fields=(f"{ours};\r\n\tspf=pass;\r\n {passed}",), truth="pass"
        ),
        Finding(what="pass, comments", fields=(f"{ours} (c); {passed} (p=none)",), truth="pass"),
        Finding(what="pass, version", fields=(f"{ours} 1; {passed}",), truth="pass"),
        Finding(what="pass, case", fields=(f"{ours}; {passed}".upper(),), truth="pass"),
        Finding(what="fail", fields=(f"{ours}; {failed}",), truth="fail"),
        Finding(
            what="fail, a comment says pass",
            fields=(f"{ours}; {failed} ({passed})",),
            truth="fail",
        ),
        Finding(what="none, in a reason", fields=(f'{ours}; dmarc=none reason="; {passed}"',)),
        Finding(
            what="none, in a property", fields=(f'{ours}; spf=none smtp.mailfrom="; {passed}"@x',)
        ),
        Finding(
            what="pass of another domain", fields=(f"{ours}; dmarc=pass header.from=evil.example",)
        ),
        Finding(
            what="pass of a subdomain", fields=(f"{ours}; dmarc=pass header.from=x.{domain}",)
        ),
        Finding(
            what="fail above a forged pass", fields=(f"{ours}; {failed}", f"{ours}; {passed}")
        ),
        Finding(
            what="of another writer", fields=(f"Authentication-Results: evil.example; {passed}",)
        ),
        Finding(what="of a writer like ours", fields=(f"{ours}.evil.example; {passed}",)),
        Finding(what="of nobody", fields=(f"Authentication-Results: ; {passed}",)),
        Finding(what="below Received", below=(f"{ours}; {passed}",)),
        Finding(what="in X-", fields=(f"X-{ours}; {passed}",)),
        Finding(what="in ARC", fields=(f"ARC-{ours.replace(': ', ': i=1; ')}; {passed}",)),
    )


def _flipped(token: str) -> Iterator[tuple[int, str]]:
    """The token with another letter at each place."""
    for n, letter in enumerate(token):
        yield n, f"{token[:n]}{'b' if letter == 'a' else 'a'}{token[n + 1 :]}"

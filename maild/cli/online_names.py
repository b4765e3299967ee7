"""`maild check --online`: what the DNS says of the domains that our mail comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maild.authenticate import resolver
from maild.cli.looked import Looked, failed, ok, warning
from maild.core.house import Mailbox, Provider
from maild.core.spf import Kind, Question
from maild.settings import Settings

SECONDS = 3.0
_SELECTORS = {
    Provider.GMAIL: ("google",),
    Provider.M365: ("selector1", "selector2"),
    Provider.GENERIC: (),
}


def names(known: Settings, selectors: Sequence[str]) -> Iterator[Looked]:
    """Look at MX, SPF, DKIM and DMARC of every domain; `selectors` are those of DKIM."""
    if not resolver.IS_THERE:
        todo = "install maild[auth] to have MX, SPF, DKIM and DMARC looked at"
        yield warning("DNS", "nothing can be asked here: dnspython is not installed", todo)
        return
    asks = resolver.Resolver(known.smtp.authenticate.nameservers)
    for domain, boxes in _domains(known).items():
        yield _mx(asks, domain)
        if boxes:
            yield _spf(asks, domain)
            yield _dmarc(asks, domain)
            own = [name for box in boxes for name in _SELECTORS[box.provider]]
            yield _dkim(asks, domain, tuple(dict.fromkeys((*selectors, *own))))


def _domains(known: Settings) -> dict[str, list[Mailbox]]:
    """Every domain of ours with the mailboxes that write from it."""
    found: dict[str, list[Mailbox]] = {}
    for box in known.house.mailboxes:
        found.setdefault(box.address.rpartition("@")[2], []).append(box)
    if known.house.reply_domain:
        found.setdefault(known.house.reply_domain, [])
    return found


def _mx(asks: resolver.Resolver, domain: str) -> Looked:
    about = f"MX of {domain}"
    hosts = asks.ask(Question(domain, Kind.MX), SECONDS)
    if hosts is None:
        return _silent(about)
    if any(hosts):
        return ok(about, f"mail to it goes to {', '.join(sorted(hosts))}")
    if hosts:
        words = "it says that it takes no mail (RFC 7505)"
        return failed(about, words, "take the MX '.' away, or use another domain")
    if asks.ask(Question(domain, Kind.A), SECONDS):
        words = "there is none; mail goes to the address of the name itself"
        return warning(about, words, "set an MX record")
    return failed(about, "there is none: no answer of a customer arrives", "set an MX record")


def _spf(asks: resolver.Resolver, domain: str) -> Looked:
    about = f"SPF of {domain}"
    texts = asks.ask(Question(domain, Kind.TXT), SECONDS)
    if texts is None:
        return _silent(about)
    found = [text for text in texts if text.lower().partition(" ")[0] == "v=spf1"]
    if len(found) > 1:
        words = f"there are {len(found)} records: every check of it fails (RFC 7208 §4.5)"
        return failed(about, words, "make one record of them")
    if not found:
        words = "there is none: what we send may be taken for spam"
        return warning(about, words, "set a TXT record with your relay, e.g. 'v=spf1 mx ~all'")
    if found[0].lower().split()[-1] in {"+all", "all"}:
        words = "it lets the whole world send in your name"
        return warning(about, words, "end it with ~all or -all")
    return ok(about, found[0][:200])


def _dmarc(asks: resolver.Resolver, domain: str) -> Looked:
    about = f"DMARC of {domain}"
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        name = ".".join(labels[start:])
        texts = asks.ask(Question(f"_dmarc.{name}", Kind.TXT), SECONDS)
        if texts is None:
            return _silent(about)
        found = [text for text in texts if text.lower().startswith("v=dmarc1")]
        if found:
            return ok(about, f"{found[0][:200]} (at _dmarc.{name})")
    words = "there is none: anybody may write in your name, and large providers mind"
    todo = f"set a TXT record at _dmarc.{domain}, to begin with 'v=DMARC1; p=none'"
    return warning(about, words, todo)


def _dkim(asks: resolver.Resolver, domain: str, selectors: Sequence[str]) -> Looked:
    about = f"DKIM of {domain}"
    if not selectors:
        return ok(about, "not looked at: say --dkim NAME with the selector that your relay uses")
    for selector in selectors:
        texts = asks.ask(Question(f"{selector}._domainkey.{domain}", Kind.TXT), SECONDS)
        if texts is None:
            return _silent(about)
        keys = [text.replace(" ", "") for text in texts]
        if any("p=" in key and not key.endswith(("p=", "p=;")) for key in keys):
            return ok(about, f"there is a key at {selector}._domainkey.{domain}")
    words = f"there is no key at {', '.join(selectors)}: what we send may be taken for spam"
    return warning(about, words, "let the relay sign, and set the record that it names")


def _silent(about: str) -> Looked:
    return failed(about, "the DNS does not answer", "look at the network and at /etc/resolv.conf")

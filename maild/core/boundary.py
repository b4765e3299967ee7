"""What our own boundary says about the domain of From: its topmost fields, or our own checks.

A mail may carry anything that its sender wrote, so place and writer decide: a field counts when it
stands above everything that came from outside. What our boundary adds, it adds on top. A filter of
Postfix's or Exim's writes above the Received field of its server; whatever took the mail on from
there, such as an IMAP server's LMTP, adds one more on top: such servers are named in the settings,
each as often as it writes one field. A Received field too many ends the search.

**Gmail** writes `Authentication-Results: mx.google.com`, below the Received fields of its own
machines and the one of mx.google.com. Without a DMARC policy there is no `dmarc=`; a good
signature names the domain as `header.i=@domain`.

**Microsoft 365** writes Authentication-Results without saying who writes (departs from RFC 8601
§2.2), above the Received field of the server that took the mail in, and below those of its other
servers. A mail from outside always has `spf=` in it, one between colleagues never: that one has
`dmarc=none`, and X-MS-Exchange-Organization-AuthAs says Internal. The service removes
X-MS-Exchange-Organization-* fields from what comes from outside; since we cannot see that, they
count only beside a topmost field that knows of no client outside. X-MS-Exchange-CrossTenant-*
prove nothing: every tenant may send them.

**A field that stands twice** though it may stand once, and tells how the mail is read or answered,
makes every pass worth nothing (RFC 6376 §8.15): a signature covers one of them, and whoever sends
a signed mail again chose the other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from maild.core import vouched
from maild.core.address import recipient
from maild.core.authresults import (
    VALUE_CHARACTERS_MAX,
    Verdict,
    authserv_id,
    property_of,
    result_of,
    statements,
    verdict,
    without_comments,
)
from maild.core.house import House, Mailbox, Provider
from maild.core.mail import Envelope, Mail, Source

__all__ = ["Verdict", "is_judged", "judged", "unsigned"]

_RESULTS = "authentication-results"
_BY = re.compile(r"(?:^|\s)by\s+([^\s;]+)", re.IGNORECASE)
_GOOGLE = "mx.google.com"
_GOOGLE_INSIDE = re.compile(r"2002:a[0-9a-f]{2}:[0-9a-f:]+")
"""Google's machines among each other: private addresses (10.0.0.0/8) in the form of RFC 3056."""
_MICROSOFT = (".prod.outlook.com", ".protection.outlook.com")
_METHODS = ("spf", "dkim", "dmarc", "compauth", "arc")
_AUTH_AS = "x-ms-exchange-organization-authas"
_AUTH_SOURCE = "x-ms-exchange-organization-authsource"
_DIRECTION = "x-ms-exchange-organization-messagedirectionality"
_ONCE = (
    "from", "to", "cc", "subject", "reply-to", "message-id", "in-reply-to", "references",
    "thread-index", "content-type", "content-transfer-encoding",
)  # fmt: skip
"""RFC 5322 §3.6, RFC 2045 §3; Thread-Index is Outlook's."""
_ARC_OVERRIDE = "130"


def judged(mail: Mail, envelope: Envelope, house: House) -> Verdict:
    """Return what is known about the domain of the one From address; pure."""
    found = _said(mail, envelope, house)
    return Verdict.NONE if found is Verdict.PASS and _is_ambiguous(mail) else found


def unsigned(mail: Mail, envelope: Envelope, house: House) -> frozenset[str]:
    """Return the fields of a mail whose domain is proven that its proof does not stand for.

    Their names are those of `core.vouched.unsigned`; none for a mail that never left its tenant.
    """
    box = _judge(envelope, house)
    values = _values(mail, envelope, box)
    is_microsofts = box is not None and box.provider is Provider.M365
    is_inside = is_microsofts and not any(result_of(w, "spf") for w in statements(values))
    return frozenset() if is_inside else vouched.unsigned(mail, values, house)


def is_judged(envelope: Envelope, house: House) -> bool:
    """Tell whether anybody whom we believe judges the mails that come this way."""
    if envelope.source is Source.SMTP:
        return bool(envelope.evidence)
    box = _mailbox(envelope, house)
    return box is not None and (bool(box.authserv_id) or box.provider is not Provider.GENERIC)


def _is_ambiguous(mail: Mail) -> bool:
    counts = Counter(name for name, _ in mail.parsed.headers)
    return any(counts[name] > 1 for name in _ONCE)


def _said(mail: Mail, envelope: Envelope, house: House) -> Verdict:
    domain = mail.identity.rpartition("@")[2]
    box = _judge(envelope, house)
    values = _values(mail, envelope, box)
    if box is None or box.provider is not Provider.M365:
        return verdict(values, domain)
    own_domains = (box.address.rpartition("@")[2], *house.trusted_domains)
    return _microsoft(mail, domain, values, own_domains)


def _judge(envelope: Envelope, house: House) -> Mailbox | None:
    """The mailbox whose boundary judged the mail; None where that was our listener, or nobody."""
    return None if envelope.source is Source.SMTP else _mailbox(envelope, house)


def _values(mail: Mail, envelope: Envelope, box: Mailbox | None) -> list[str]:
    """Return the fields that count, each with the name of its writer."""
    if box is None:
        return [envelope.evidence] if envelope.source is Source.SMTP and envelope.evidence else []
    if box.provider is Provider.M365:
        found = _topmost(mail, _is_nobodys, lambda host: host.endswith(_MICROSOFT))
        return [f"microsoft; {field}" for field in islice(found, 1)]
    ids = [name.lower() for name in box.authserv_id]
    if box.provider is Provider.GMAIL:
        ids.append(_GOOGLE)
        is_own_hop = _google_hops(Counter(name.lower() for name in box.received_by or (_GOOGLE,)))
    else:
        is_own_hop = _counted(Counter(name.lower() for name in box.received_by))
    return list(_topmost(mail, lambda value: authserv_id(value) in ids, is_own_hop))


def _mailbox(envelope: Envelope, house: House) -> Mailbox | None:
    """The mailbox whose trust counts: that which was polled, else the first one addressed."""
    box = next((box for box in house.mailboxes if box.name == envelope.mailbox), None)
    if box is None:
        found = (recipient(address, house) for address in envelope.rcpt_to[:200])
        box = next((ours.mailbox for ours in found if ours is not None), None)
    return box


def _topmost(
    mail: Mail, is_ours: Callable[[str], bool], is_own_hop: Callable[[str], bool]
) -> Iterator[str]:
    """Give the topmost contiguous fields of ours, as long as all above them is of our boundary."""
    has_begun = False
    for name, value in mail.parsed.headers:
        if name == _RESULTS and is_ours(value):
            has_begun = True
            yield value
        elif has_begun or (name == "received" and not is_own_hop(_by(value))):
            return


def _by(received: str) -> str:
    """Which server wrote a Received field (RFC 5321 §4.4), lower case; empty when it is untold."""
    found = _BY.search(without_comments(received[:VALUE_CHARACTERS_MAX]))
    return found[1].lower() if found else ""


def _counted(hops: Counter[str]) -> Callable[[str], bool]:
    """Tell our hops, each as often as it writes a field: a further one is somebody else's text."""

    def is_own(host: str) -> bool:
        hops[host] -= 1
        return host != "" and hops[host] >= 0

    return is_own


def _google_hops(hops: Counter[str]) -> Callable[[str], bool]:
    """The same; before the first of them stand Google's machines among each other."""
    is_counted = _counted(hops)
    is_inside = True

    def is_own(host: str) -> bool:
        nonlocal is_inside
        if is_inside and _GOOGLE_INSIDE.fullmatch(host):
            return True
        is_inside = False
        return is_counted(host)

    return is_own


def _microsoft(
    mail: Mail, domain: str, values: list[str], own_domains: tuple[str, ...]
) -> Verdict:
    """Judge by the one topmost field, and by the internal marks where it knows of no client."""
    said = statements(values)
    results = {method: result for method in _METHODS if (result := _first(said, method))}
    about = next((property_of(w, "header.from") for w in said if result_of(w, "dmarc")), "")
    composite = results.get("compauth", "")
    reason = next((property_of(w, "reason") for w in said if result_of(w, "compauth")), "")
    found = verdict(values, domain)
    if found is Verdict.FAIL:
        return Verdict.NONE if reason == _ARC_OVERRIDE else Verdict.FAIL
    if found is Verdict.PASS:
        return Verdict.NONE if composite == "fail" else Verdict.PASS
    if not domain or about != domain:
        return Verdict.NONE
    if results.get("dmarc") == "bestguesspass":
        is_explicit = composite == "pass" and reason.startswith("1")
        return Verdict.PASS if is_explicit else Verdict.NONE
    is_inside = "spf" not in results and domain in own_domains and _is_internal(mail)
    return Verdict.PASS if is_inside else Verdict.NONE


def _is_nobodys(value: str) -> bool:
    """Tell a field that begins with a result instead of the name of its writer."""
    method, equals, _ = authserv_id(value).partition("=")
    return bool(equals) and method in _METHODS


def _first(said: tuple[list[str], ...], method: str) -> str:
    return next((result for words in said if (result := result_of(words, method))), "")


def _is_internal(mail: Mail) -> bool:
    """Tell a mail between colleagues of one tenant: one mark of each kind, and no other hop."""
    marks = [value.strip().lower() for value in mail.parsed.header_all(_AUTH_AS)]
    sources = [value.strip().lower() for value in mail.parsed.header_all(_AUTH_SOURCE)]
    directions = {value.strip().lower() for value in mail.parsed.header_all(_DIRECTION)}
    hops = [_by(value) for value in mail.parsed.header_all("received")]
    return (
        marks == ["internal"]
        and len(sources) == 1
        and sources[0].endswith(_MICROSOFT)
        and directions <= {"originating"}
        and bool(hops)
        and all(host.endswith(_MICROSOFT) for host in hops)
    )

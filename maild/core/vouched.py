"""What the proof of a domain stands for beside From, Subject and text: the signed fields.

A signature still holds when its mail is sent again by whoever has seen it, with new fields on top
and new words in those that it does not cover. So a pass that rests on signatures alone says
nothing about such a field, and nothing about any when the mail may have been meant for somebody
else: none of our addresses stands in a signed To or Cc. Where SPF passes for the domain of From,
the mail came from a server of that domain, and the whole of it is theirs.

Who judged the mail names the signatures that held; what these cover stands in the mail. Where two
signatures fit a name, one of them may be a stranger's that failed: only what both cover counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from maild.core import dkim
from maild.core.address import recipient
from maild.core.authresults import Verdict, property_of, result_of, statements, verdict
from maild.core.dkim import Claim
from maild.core.house import House
from maild.core.mail import Mail

_SIGNATURE = "dkim-signature"
_SEALED = "arc-message-signature"
_NOTHING: frozenset[str] = frozenset()


def unsigned(mail: Mail, values: Sequence[str], house: House) -> frozenset[str]:
    """Return which of cc, in-reply-to, references, subject, thread-index a mail has unproven.

    `values` are the Authentication-Results fields that say that From's domain passed.
    """
    signed = _signed(mail, values)
    if signed is None:
        return _NOTHING
    parsed = mail.parsed
    named = (*(parsed.to if "to" in signed else ()), *(parsed.cc if "cc" in signed else ()))
    if all(recipient(one.addr, house) is None for one in named[:200]):
        signed = _NOTHING
    carried = {
        "cc": parsed.cc,
        "in-reply-to": parsed.in_reply_to,
        "references": parsed.references,
        "subject": parsed.subject,
        "thread-index": parsed.thread_index,
    }
    return frozenset(name for name, value in carried.items() if value and name not in signed)


def _signed(mail: Mail, values: Sequence[str]) -> frozenset[str] | None:
    """The names of the fields that are proven; None for all."""
    said = statements(values)
    domain = mail.identity.rpartition("@")[2]
    sealer = next((name for words in said if (name := property_of(words, "policy.arc"))), "")
    return _sealed(mail, sealer, domain) if sealer else _proven(mail, said, domain)


def _proven(mail: Mail, said: Sequence[list[str]], domain: str) -> frozenset[str] | None:
    if any(_is_sent_by(words, domain) for words in said):
        return None
    claims = [dkim.claim(value) for value in mail.parsed.header_all(_SIGNATURE)]
    if any(result_of(words, "dkim") for words in said):
        held = [words for words in said if result_of(words, "dkim") == "pass"]
        return _NOTHING.union(*(_held(words, claims, domain) for words in held))
    if not claims and not any(result_of(words, "spf") for words in said):
        return None
    return _common(one for one in claims if one.is_unreadable or _speaks_for(one.domain, domain))


def _is_sent_by(words: Sequence[str], domain: str) -> bool:
    """SPF passed for the domain, one above it or one below, where bounces go to one of those."""
    sender = property_of(words, "smtp.mailfrom").rpartition("@")[2]
    is_near = _speaks_for(sender, domain) or _speaks_for(domain, sender)
    return result_of(words, "spf") == "pass" and is_near


def _held(words: Sequence[str], claims: Iterable[Claim], domain: str) -> frozenset[str]:
    """What the signature covers of which a statement says that it held (RFC 8601 §2.7.1)."""
    identity = property_of(words, "header.i").rpartition("@")[2]
    signer = property_of(words, "header.d")
    selector, start = property_of(words, "header.s"), property_of(words, "header.b")

    def fits(one: Claim) -> bool:
        is_signer = one.domain == signer if signer else _speaks_for(one.domain, identity)
        return (
            is_signer
            and _speaks_for(one.domain, domain)
            and selector in ("", one.selector)
            and one.value.lower().startswith(start)
        )

    return _common(one for one in claims if one.is_unreadable or fits(one))


def _sealed(mail: Mail, sealer: str, domain: str) -> frozenset[str]:
    """What both the newest set of ARC covers and the sealer saw proven."""
    seen = (one.results for one in reversed(mail.seals) if one.seal.domain == sealer)
    results = next((text for text in seen if verdict([text], domain) is Verdict.PASS), "")
    claims = [dkim.claim(value) for value in mail.parsed.header_all(_SEALED)]
    covered = _common(one for one in claims if one.instance in ("", str(len(mail.seals))))
    before = _proven(mail, statements([results]), domain)
    return covered if before is None else covered & before


def _common(claims: Iterable[Claim]) -> frozenset[str]:
    found = [one.names for one in claims]
    return reduce(frozenset.intersection, found) if found else _NOTHING


def _speaks_for(name: str, domain: str) -> bool:
    """A domain, or one above it: nobody else is above it in the DNS."""
    return name != "" and (name == domain or domain.endswith(f".{name}"))

"""DMARC: do SPF and DKIM speak for the domain of From? (RFC 7489 §3.1).

Pure: the records, and the function that tells the organisational domain, are arguments. What was
found is written as the value of an Authentication-Results field (RFC 8601), so that it is stored,
shown and judged like that of any other boundary (`core/authresults.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from maild.core.spf import SpfResult

OrganisationOf = Callable[[str], str]
"""From a domain to its organisational domain; the domain itself where there is none above it."""
_TAG = re.compile(r"\s*([a-z]{1,20})\s*=\s*([^;]{0,500}?)\s*", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9])?")


class Check(StrEnum):
    """What became of a signature or of the whole (RFC 8601 §2.7)."""

    PASS = "pass"  # noqa: S105 - a result, not a secret
    FAIL = "fail"
    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a domain publishes."""

    wish: str = "none"
    """`p=`: shown, never followed: what is done with a mail stands in core/trust.py."""
    is_dkim_strict: bool = False
    is_spf_strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One DKIM signature and what it came to."""

    domain: str
    selector: str
    result: Check
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that was found out about one mail."""

    domain: str
    """Of the one From address; empty when From names nobody beyond doubt."""
    policy: Policy | None
    """None when the domain publishes none."""
    policy_failed: bool = False
    """The DNS could not say whether it does."""
    spf: SpfResult = SpfResult.NONE
    spf_domain: str = ""
    signed: tuple[Signed, ...] = ()
    sealer: str = ""
    """A listed sealer of a whole ARC chain who saw a pass for this domain; empty for none."""
    is_forwarded_by_us: bool = False
    """The client is one of our own: it forwards, so that a fail would say nothing."""


def policy(texts: Iterable[str]) -> Policy | None:
    """Read the one record of a domain (RFC 7489 §6.3); several are none."""
    found = [text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(?:;|\Z)", text)]
    if len(found) != 1:
        return None
    pairs = (_TAG.fullmatch(piece) for piece in found[0].split(";")[:50])
    tags = {pair[1].lower(): pair[2].lower() for pair in pairs if pair}
    return Policy(
        wish=tags["p"] if tags.get("p") in ("none", "quarantine", "reject") else "none",
        is_dkim_strict=tags.get("adkim") == "s",
        is_spf_strict=tags.get("aspf") == "s",
    )


def result(found: Findings, organisation_of: OrganisationOf) -> Check:
    """Say what DMARC comes to (RFC 7489 §6.6.2).

    A failing DNS is neither a pass nor a fail: when what could not be looked up might have made a
    pass, the result is a temporary error.
    """
    if not found.domain:
        return Check.NONE
    if found.policy_failed:
        return Check.TEMPERROR
    if found.policy is None:
        return Check.NONE
    results = _aligned(found, found.policy, organisation_of)
    if Check.PASS in results:
        return Check.PASS
    if Check.TEMPERROR in results:
        return Check.TEMPERROR
    return Check.NONE if found.is_forwarded_by_us else Check.FAIL


def field(found: Findings, writer: str, organisation_of: OrganisationOf) -> str:
    """Write the findings as a field's value; only names that are harmless there stand in it."""
    dmarc = result(found, organisation_of)
    parts = [writer]
    if _is_harmless(found.domain):
        wish = f" (p={found.policy.wish})" if found.policy else ""
        judged, also = dmarc.value, ""
        if found.sealer and dmarc is not Check.PASS and _is_harmless(found.sealer):
            judged, also = Check.PASS.value, f" policy.arc={found.sealer} policy.own={dmarc}"
        parts.append(f"dmarc={judged}{wish} header.from={found.domain}{also}")
    about = f" smtp.mailfrom={found.spf_domain}" if _is_harmless(found.spf_domain) else ""
    parts.append(f"spf={found.spf}{about}")
    for one in found.signed:
        if _is_harmless(one.domain) and _is_harmless(one.selector):
            names = f" header.d={one.domain} header.s={one.selector}"
        else:
            names = ""
        why = f" ({_plain(one.why)})" if one.why else ""
        parts.append(f"dkim={one.result}{why}{names}")
    return "; ".join(parts)


def _aligned(
    found: Findings, published: Policy, organisation_of: OrganisationOf
) -> Sequence[Check]:
    """Return the results of all that speaks for the domain of From (RFC 7489 §3.1)."""

    def fits(domain: str, *, is_strict: bool) -> bool:
        if domain == found.domain:
            return True
        return (
            not is_strict
            and domain != ""
            and organisation_of(domain) == organisation_of(found.domain)
        )

    results = [
        one.result for one in found.signed if fits(one.domain, is_strict=published.is_dkim_strict)
    ]
    if fits(found.spf_domain, is_strict=published.is_spf_strict):
        passed = {SpfResult.PASS: Check.PASS, SpfResult.TEMPERROR: Check.TEMPERROR}
        results.append(passed.get(found.spf, Check.FAIL))
    return results


def _is_harmless(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _plain(text: str) -> str:
    """What may stand in a comment."""
    return re.sub(r"[^A-Za-z0-9 .,=_-]", "?", text)[:80]

"""Which clients may send for a domain: SPF (RFC 7208), without a network of its own.

Strategy: `check` is a generator. It yields a `Question` for the DNS and is sent the answer: texts,
none, or `None` when the DNS failed for a time. So the rules stand here, pure, and whoever drives
the generator does the asking.

Departs from RFC 7208 §5.5: `ptr` is not followed but makes the result neutral; it costs many
look-ups, was always a bad idea, and neutral is neither a pass nor a fail.
"""

from __future__ import annotations

import ipaddress
import re
import string
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

LOOKUPS_MAX = 10
"""Terms that ask the DNS, over all included records (RFC 7208 §4.6.4)."""
VOIDS_MAX = 2
EXCHANGES_MAX = 10
_TERMS_MAX = 200
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
_MECHANISM = re.compile(
    r"([-+?~]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?::([^\s]*?))?((?:/\d{1,3})?(?://\d{1,3})?)",
    re.IGNORECASE,
)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9._-]*)=(.*)")
_MACRO = re.compile(r"%(?:\{([A-Za-z])(\d{0,3})(r?)([.\-+,/_=]*)\}|([%_-])|(.?))", re.IGNORECASE)


class Kind(StrEnum):
    """What the DNS is asked for."""

    A = "A"
    AAAA = "AAAA"
    MX = "MX"
    TXT = "TXT"


@dataclass(frozen=True, slots=True)
class Question:
    """One question for the DNS."""

    name: str
    kind: Kind


Answer = tuple[str, ...] | None
"""What was found, possibly nothing; None when the DNS could not say at the moment."""


class SpfResult(StrEnum):
    """What a record says about a client (RFC 7208 §2.6)."""

    PASS = "pass"  # noqa: S105 - a result, not a secret
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


Asking = Generator[Question, Answer, SpfResult]
_BY_SIGN = {
    "": SpfResult.PASS,
    "+": SpfResult.PASS,
    "-": SpfResult.FAIL,
    "~": SpfResult.SOFTFAIL,
    "?": SpfResult.NEUTRAL,
}
_VERSIONS = {"ip4": 4, "ip6": 6}
_NAME_CHARACTERS_MAX = 253
_LABEL_CHARACTERS_MAX = 63


class _Ended(Exception):
    """No error: the result is known before the end of the record."""

    def __init__(self, result: SpfResult) -> None:
        super().__init__(result)
        self.result = result


def check(client: str, helo: str, mail_from: str) -> Asking:
    """Ask whether a client may send for the return path, or for its greeting when that is null."""
    sender = mail_from if "@" in mail_from else f"postmaster@{mail_from or helo}"
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return SpfResult.NONE
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    domain = sender.rpartition("@")[2].lower().rstrip(".")
    if not _is_name(domain):
        return SpfResult.NONE
    try:
        return (yield from _Check(address, helo, sender).evaluate(domain))
    except _Ended as end:
        return end.result


@dataclass(slots=True)
class _Check:
    """One check with its budget."""

    client: IPv4Address | IPv6Address
    helo: str
    sender: str
    lookups: int = field(default=0, init=False)
    voids: int = field(default=0, init=False)

    def evaluate(self, domain: str) -> Asking:
        """Follow the record of one domain; includes lie at most `LOOKUPS_MAX` deep."""
        record = yield from self._record(domain)
        if record is None:
            return SpfResult.NONE
        terms = record.split(" ")[1:_TERMS_MAX]
        modifiers = _modifiers(terms)
        for sign, name, argument, prefixes in _mechanisms(terms):
            if (yield from self._matches(name, (argument, prefixes), domain)):
                return _BY_SIGN[sign]
        if "redirect" not in modifiers:
            return SpfResult.NEUTRAL
        self._count_lookup()
        target = self._expanded(modifiers["redirect"], domain)
        result = yield from self.evaluate(target)
        return SpfResult.PERMERROR if result is SpfResult.NONE else result

    def _record(self, domain: str) -> Generator[Question, Answer, str | None]:
        """The one record of a domain; two of them are a permanent error."""
        if not _is_name(domain):
            return None
        texts = yield Question(domain, Kind.TXT)
        if texts is None:
            raise _Ended(SpfResult.TEMPERROR)
        found = [t for t in texts if t.lower() == "v=spf1" or t.lower().startswith("v=spf1 ")]
        if len(found) > 1:
            raise _Ended(SpfResult.PERMERROR)
        return found[0] if found else None

    def _matches(
        self, name: str, what: tuple[str | None, str], domain: str
    ) -> Generator[Question, Answer, bool]:
        """Tell whether one mechanism speaks about the client (RFC 7208 §5)."""
        argument, prefixes = what
        if name == "all":
            return _without(argument, prefixes)
        if name in _VERSIONS:
            return self._is_in(f"{argument}{prefixes}", _VERSIONS[name])
        self._count_lookup()
        if name == "ptr":
            raise _Ended(SpfResult.NEUTRAL)
        if argument == "" or (argument is None and name in ("include", "exists")):
            raise _Ended(SpfResult.PERMERROR)
        target = domain if argument is None else self._expanded(argument, domain)
        if name == "include":
            return (yield from self._included(target))
        return (yield from self._has_host(name, target, prefixes))

    def _has_host(
        self, name: str, target: str, prefixes: str
    ) -> Generator[Question, Answer, bool]:
        """`exists` asks whether there is any address, `a` and `mx` whether it is the client's."""
        if name == "exists":
            return bool((yield from self._ask(target, Kind.A)))
        hosts = (target,) if name == "a" else (yield from self._exchanges(target))
        for host in hosts:
            if (yield from self._is_host(host, prefixes, counts=name == "a")):
                return True
        return False

    def _included(self, target: str) -> Generator[Question, Answer, bool]:
        """Only a pass of the included record matches (RFC 7208 §5.2)."""
        result = yield from self.evaluate(target)
        if result is SpfResult.NONE:
            raise _Ended(SpfResult.PERMERROR)
        return result is SpfResult.PASS

    def _exchanges(self, target: str) -> Generator[Question, Answer, tuple[str, ...]]:
        hosts = yield from self._ask(target, Kind.MX)
        if len(hosts) > EXCHANGES_MAX:
            raise _Ended(SpfResult.PERMERROR)
        return hosts

    def _is_host(
        self, host: str, prefixes: str, *, counts: bool
    ) -> Generator[Question, Answer, bool]:
        four, _, six = prefixes.partition("//")
        is_four = isinstance(self.client, IPv4Address)
        kind, length = (Kind.A, four[1:] or "32") if is_four else (Kind.AAAA, six or "128")
        found = yield from self._ask(host, kind, counts=counts)
        return any(self._is_in(f"{text}/{length}", self.client.version) for text in found)

    def _ask(
        self, name: str, kind: Kind, *, counts: bool = True
    ) -> Generator[Question, Answer, tuple[str, ...]]:
        """Ask; too many answers of nothing are a permanent error (RFC 7208 §4.6.4)."""
        if not _is_name(name):
            return ()
        found = yield Question(name, kind)
        if found is None:
            raise _Ended(SpfResult.TEMPERROR)
        self.voids += counts and not found
        if self.voids > VOIDS_MAX:
            raise _Ended(SpfResult.PERMERROR)
        return found

    def _is_in(self, text: str, version: int) -> bool:
        """Tell whether the client lies in a network; a wrong one is a permanent error."""
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise _Ended(SpfResult.PERMERROR) from None
        if network.version != version:
            raise _Ended(SpfResult.PERMERROR)
        return network.version == self.client.version and self.client in network

    def _count_lookup(self) -> None:
        self.lookups += 1
        if self.lookups > LOOKUPS_MAX:
            raise _Ended(SpfResult.PERMERROR)

    def _expanded(self, text: str, domain: str) -> str:
        """Replace macros (RFC 7208 §7); what becomes too long loses labels on the left."""
        made = _MACRO.sub(lambda found: self._macro(found, domain), text).lower().rstrip(".")
        if len(made) <= _NAME_CHARACTERS_MAX:
            return made
        return made[-_NAME_CHARACTERS_MAX - 1 :].partition(".")[2]

    def _macro(self, found: re.Match[str], domain: str) -> str:
        letter, digits, is_reversed, signs, literal, wrong = found.groups()
        if literal:
            return {"%": "%", "_": " ", "-": "%20"}[literal]
        values = {
            "s": self.sender,
            "l": self.sender.rpartition("@")[0],
            "o": self.sender.rpartition("@")[2],
            "d": domain,
            "i": _dotted(self.client),
            "p": "unknown",
            "v": "in-addr" if isinstance(self.client, IPv4Address) else "ip6",
            "h": self.helo,
        }
        if wrong is not None or letter is None or letter.lower() not in values or digits == "0":
            raise _Ended(SpfResult.PERMERROR)
        parts = re.split(f"[{re.escape(signs or '.')}]", values[letter.lower()][:500])
        parts = parts[::-1] if is_reversed else parts
        made = ".".join(parts[-int(digits) :] if digits else parts)
        return _escaped(made) if letter.isupper() else made


def _escaped(text: str) -> str:
    """Write what a URL cannot hold as `%XX` (RFC 7208 §7.3)."""
    signs = (sign if sign in _UNRESERVED else sign.encode() for sign in text)
    return "".join(s if isinstance(s, str) else "".join(f"%{b:02X}" for b in s) for s in signs)


def _modifiers(terms: list[str]) -> dict[str, str]:
    """Read `name=value` terms; a redirect that stands twice is a permanent error."""
    found: dict[str, str] = {}
    for term in terms:
        modifier = _MODIFIER.fullmatch(term)
        if modifier is None:
            continue
        name = modifier[1].lower()
        if name in ("redirect", "exp") and (name in found or not modifier[2]):
            raise _Ended(SpfResult.PERMERROR)
        found[name] = modifier[2]
    return found


def _mechanisms(terms: list[str]) -> list[tuple[str, str, str | None, str]]:
    """Read every other term; one that is none makes the whole record wrong (RFC 7208 §4.6)."""
    found = []
    for term in terms:
        if not term or _MODIFIER.fullmatch(term):
            continue
        mechanism = _MECHANISM.fullmatch(term)
        if mechanism is None:
            raise _Ended(SpfResult.PERMERROR)
        sign, name, argument, prefixes = mechanism.groups()
        found.append((sign, name.lower(), argument, prefixes))
    return found


def _without(argument: str | None, prefixes: str) -> bool:
    if argument is not None or prefixes:
        raise _Ended(SpfResult.PERMERROR)
    return True


def _dotted(client: IPv4Address | IPv6Address) -> str:
    """An IPv6 address as single hex digits with dots between (RFC 7208 §7.3)."""
    if isinstance(client, IPv4Address):
        return str(client)
    return ".".join(client.exploded.replace(":", ""))


def _is_name(name: str) -> bool:
    """Tell whether the DNS can be asked for a name: labels of 1 to 63, more than one."""
    labels = name.split(".")
    fits = all(0 < len(label) <= _LABEL_CHARACTERS_MAX for label in labels)
    is_short = len(name) <= _NAME_CHARACTERS_MAX
    return name.isascii() and name.isprintable() and fits and is_short and len(labels) > 1

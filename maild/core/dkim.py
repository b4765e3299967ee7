"""Signatures in a mail: DKIM (RFC 6376) and the chain of ARC (RFC 8617), without any key.

Strategy: all that needs the mail's bytes is done here, linear and in the reader's child: which
header fields were signed, the hash of the body, the digest that a signature must fit. What is left
for the daemon is one small question about each signature: does the key that its domain publishes
fit digest and value? So no hostile text is touched where the network is.

Stricter than RFC 6376, since a pass here is a proof of a person's domain: `l=` (text may be put
behind what was signed), rsa-sha1, and a signature that does not cover From and Subject prove
nothing. Content-Type is left to the signer: the largest sign none (`core/boundary.py` on two).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from maild.core.mail import Seal, Signature

SIGNATURES_SEEN_MAX = 50
"""Fields beyond are not even looked at."""
SEALS_MAX = 10
_FIELD_NAME = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:")
_BLANKS = re.compile(rb"[ \t]+")
_SPACE = re.compile(r"[ \t\r\n]+")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+[a-z0-9-]{1,63}")
_SELECTOR = re.compile(r"(?=.{1,120}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[0-9]{1,12}")
_ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
_CHAIN = ("arc-authentication-results", "arc-message-signature", "arc-seal")
_RESULTS, _MESSAGE, _SEAL = _CHAIN
Field = tuple[str, bytes]
"""Name in lower case, and the whole field as it came, its CRLF included."""


def signatures(raw: bytes, count_max: int) -> tuple[Signature, ...]:
    """Return what each DKIM-Signature claims, topmost first; at most `count_max`.

    One that can prove nothing says why in `problem`. A header block that cannot be taken apart
    beyond doubt has none at all.
    """
    fields, body = _divided(raw)
    hashes = _BodyHashes(body)
    found = [field for field in fields if field[0] == "dkim-signature"][:SIGNATURES_SEEN_MAX]
    return tuple(_signature(field, fields, hashes) for field in found[:count_max])


def seals(raw: bytes) -> tuple[Seal, ...]:
    """Return the chain of ARC sets, oldest first; empty where there is none, or a broken one."""
    fields, body = _divided(raw)
    sets = _sets([field for field in fields if field[0] in _CHAIN])
    if not sets:
        return ()
    hashes = _BodyHashes(body)
    plain = [field for field in fields if field[0] != _SEAL]
    chain: list[bytes] = []
    made = []
    for instance, one in enumerate(sets, 1):
        message = _signature((_MESSAGE, one[_MESSAGE]), plain, hashes)
        chain += [_relaxed((name, one[name])) for name in (_RESULTS, _MESSAGE)]
        seal = _seal(one[_SEAL], chain, is_first=instance == 1)
        chain.append(_relaxed((_SEAL, one[_SEAL])))
        text = one[_RESULTS].partition(b":")[2].decode("utf-8", "replace")
        results = _SPACE.sub(" ", text).strip().partition(";")[2].strip()
        made.append(Seal(seal=seal, message=message, results=results))
    return tuple(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the field of a signature says of itself; whether it holds is for others to say."""

    domain: str = ""
    selector: str = ""
    instance: str = ""
    """`i=`: of ARC the place in the chain."""
    value: str = ""
    names: frozenset[str] = frozenset()
    """The fields that it covers, lower case; none where it cannot be read."""

    @property
    def is_unreadable(self) -> bool:
        """Whether it may be of anybody."""
        return not self.domain


def claim(text: str) -> Claim:
    """Read the value of a DKIM-Signature or ARC-Message-Signature of a parsed mail."""
    tags = _tags(b":" + text.encode("ascii", "replace"))
    return Claim(
        domain=tags.get("d", "").lower(),
        selector=tags.get("s", "").lower(),
        instance=tags.get("i", ""),
        value=tags.get("b", ""),
        names=frozenset(name.strip() for name in tags.get("h", "").lower().split(":")),
    )


class _BodyHashes:
    """The hash of one body in each canonical form, each made once, and only when asked for."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._made: dict[str, bytes] = {}

    def of(self, form: str) -> bytes:
        if form not in self._made:
            text = _relaxed_body(self._body) if form == "relaxed" else _simple_body(self._body)
            self._made[form] = hashlib.sha256(text).digest()
        return self._made[form]


def _divided(raw: bytes) -> tuple[list[Field], bytes]:
    """Cut a mail into header fields and body; no fields when a line of the header is none.

    Nor where a line end is in doubt: whoever reads the mail may see another From there.
    """
    head, _, body = raw.partition(b"\r\n\r\n")
    if not head.count(b"\r") == head.count(b"\n") == head.count(b"\r\n"):
        return [], body
    found: list[tuple[str, list[bytes]]] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and found:
            found[-1][1].append(line + b"\r\n")
            continue
        named = _FIELD_NAME.match(line)
        if named is None:
            return [], body
        found.append((named[1].decode("ascii").lower(), [line + b"\r\n"]))
    return [(name, b"".join(lines)) for name, lines in found], body


def _signature(field: Field, fields: Sequence[Field], hashes: _BodyHashes) -> Signature:
    """Work out what a signature signs, and what is wrong with it."""
    tags = _tags(field[1])
    made = Signature(
        domain=tags.get("d", "").lower(),
        selector=tags.get("s", "").lower(),
        algorithm=tags.get("a", "").lower(),
        expires=int(tags["x"]) if _NUMBER.fullmatch(tags.get("x", "")) else None,
    )
    problem = _wrong_tags(tags, is_arc=field[0] == _MESSAGE) or _wrong_names(made)
    if problem:
        return _failed(made, problem)
    header, _, content = tags.get("c", "simple/simple").lower().partition("/")
    forms = (header, content or "simple")
    if not set(forms) <= {"simple", "relaxed"}:
        return _failed(made, f"unknown form {tags['c'][:40]!r}")
    if hashes.of(forms[1]) != _binary(tags["bh"]):
        return _failed(made, "the body was changed")
    names = [name.strip().lower() for name in tags["h"].split(":")]
    if "from" not in names:
        return _failed(made, "From is not signed")
    if "subject" not in names and any(name == "subject" for name, _ in fields):
        return _failed(made, "Subject is not signed")
    canonical = _relaxed if forms[0] == "relaxed" else _simple
    signed = [canonical(one) for one in _chosen(names, fields, field)]
    own = canonical((field[0], _without_value(field[1]))).removesuffix(b"\r\n")
    digest = hashlib.sha256(b"".join([*signed, own])).digest()
    return Signature(
        domain=made.domain,
        selector=made.selector,
        algorithm=made.algorithm,
        expires=made.expires,
        digest=digest,
        value=_binary(tags["b"]),
    )


def _seal(field: bytes, chain: Iterable[bytes], *, is_first: bool) -> Signature:
    """Work out what an ARC-Seal signs: every set up to its own (RFC 8617 §5.1.1)."""
    tags = _tags(field)
    made = Signature(
        domain=tags.get("d", "").lower(),
        selector=tags.get("s", "").lower(),
        algorithm=tags.get("a", "").lower(),
    )
    problem = _wrong_names(made)
    if tags.get("cv", "").lower() != ("none" if is_first else "pass"):
        problem = f"the chain was judged {tags.get('cv', '')[:20]!r}"
    if "h" in tags or not tags.get("b"):
        problem = "not well formed"
    if problem:
        return _failed(made, problem)
    own = _relaxed((_SEAL, _without_value(field))).removesuffix(b"\r\n")
    return Signature(
        domain=made.domain,
        selector=made.selector,
        algorithm=made.algorithm,
        digest=hashlib.sha256(b"".join([*chain, own])).digest(),
        value=_binary(tags["b"]),
    )


def _failed(made: Signature, problem: str) -> Signature:
    """The same claim, with the reason why it proves nothing; odd names are not repeated."""
    return Signature(
        domain=made.domain if _DOMAIN.fullmatch(made.domain) else "",
        selector=made.selector if _SELECTOR.fullmatch(made.selector) else "",
        algorithm=made.algorithm if made.algorithm in _ALGORITHMS else "",
        problem=problem,
    )


def _wrong_tags(tags: Mapping[str, str], *, is_arc: bool) -> str:
    """Return why tags prove nothing, whatever the key (RFC 6376 §3.5); empty when they may."""
    missing = [name for name in ("a", "b", "bh", "d", "h", "s") if not tags.get(name)]
    if missing:
        return f"no {'= or '.join(missing)}= that can be read"
    made, ends = tags.get("t", ""), tags.get("x", "")
    are_times = all(_NUMBER.fullmatch(text) for text in (made, ends) if text)
    domain, identity = tags["d"].lower(), tags.get("i", "@" + tags["d"]).lower()
    inside = identity.rpartition("@")[2]
    doubts = (
        (not is_arc and tags.get("v") != "1", "not of version 1"),
        ("l" in tags, "l= lets text be added behind what was signed"),
        (
            "dns/txt" not in tags.get("q", "dns/txt").lower().split(":"),
            "its key is not in the DNS",
        ),
        (not are_times, "t= or x= is no time"),
        (
            bool(are_times and made and ends and int(ends) <= int(made)),
            "expired before it was made",
        ),
        (
            not is_arc and inside != domain and not inside.endswith(f".{domain}"),
            "i= is outside of d=",
        ),
    )
    return next((words for is_so, words in doubts if is_so), "")


def _wrong_names(made: Signature) -> str:
    if made.algorithm not in _ALGORITHMS:
        return f"{made.algorithm[:20]!r} is no algorithm to rely on"
    if not _DOMAIN.fullmatch(made.domain) or not _SELECTOR.fullmatch(made.selector):
        return "d= or s= is no name"
    return ""


def _tags(field: bytes) -> dict[str, str]:
    """Read a tag list (RFC 6376 §3.2); empty when it is none, or names a tag twice."""
    try:
        text = field.partition(b":")[2].decode("ascii")
    except UnicodeDecodeError:
        return {}
    found: dict[str, str] = {}
    pieces = text.split(";")
    for n, piece in enumerate(pieces):
        name, equals, value = (part.strip(" \t\r\n") for part in piece.partition("="))
        if not name and not equals and n == len(pieces) - 1:
            break
        if not equals or not _TAG.fullmatch(name) or name in found:
            return {}
        found[name] = _SPACE.sub("", value)
    return found


def _without_value(field: bytes) -> bytes:
    """Take the value of `b=` away, with all space around it (RFC 6376 §3.7)."""
    name, _, text = field.partition(b":")
    pieces = text.split(b";")
    for n, piece in enumerate(pieces):
        tag, equals, _ = piece.partition(b"=")
        if equals and tag.strip() == b"b":
            pieces[n] = tag + equals
    return name + b":" + b";".join(pieces)


def _chosen(names: Iterable[str], fields: Sequence[Field], own: Field) -> list[Field]:
    """Pick the signed fields: of each name the last one not yet taken (RFC 6376 §5.4.2)."""
    left: dict[str, list[Field]] = {}
    for field in fields:
        if field != own:
            left.setdefault(field[0], []).append(field)
    return [left[name].pop() for name in names if left.get(name)]


def _sets(fields: Sequence[Field]) -> list[dict[str, bytes]]:
    """Order ARC fields by instance; empty unless each instance has each field exactly once."""
    sets: dict[int, dict[str, bytes]] = {}
    for name, field in fields:
        number = _instance(field)
        if not 0 < number <= SEALS_MAX or name in sets.setdefault(number, {}):
            return []
        sets[number][name] = field
    complete = all(len(one) == len(_CHAIN) for one in sets.values())
    is_gapless = sorted(sets) == list(range(1, len(sets) + 1))
    return [sets[n] for n in sorted(sets)] if complete and is_gapless else []


def _instance(field: bytes) -> int:
    """Read `i=`; it stands first in ARC-Authentication-Results, anywhere in the others."""
    text = field.partition(b":")[2].decode("ascii", "replace")
    for piece in text.split(";")[:20]:
        name, equals, value = (part.strip() for part in piece.partition("="))
        if name == "i" and equals:
            return int(value) if _NUMBER.fullmatch(value) else 0
    return 0


def _simple(field: Field) -> bytes:
    return field[1]


def _relaxed(field: Field) -> bytes:
    """Lower name, one line, single blanks (RFC 6376 §3.4.2)."""
    value = field[1].partition(b":")[2].replace(b"\r\n", b"")
    return field[0].encode() + b":" + _BLANKS.sub(b" ", value).strip(b" \t") + b"\r\n"


def _simple_body(body: bytes) -> bytes:
    """Without empty lines at the end, with one line end (RFC 6376 §3.4.3)."""
    return body.rstrip(b"\r\n") + b"\r\n"


def _relaxed_body(body: bytes) -> bytes:
    """Single blanks, none at the end of a line, no empty lines at the end (RFC 6376 §3.4.4)."""
    if not body:
        return b""
    text = _BLANKS.sub(b" ", body if body.endswith(b"\r\n") else body + b"\r\n")
    text = _simple_body(text.replace(b" \r\n", b"\r\n"))
    return b"" if text == b"\r\n" else text


def _binary(text: str) -> bytes:
    """Read base64; empty when it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def public_key(texts: Iterable[str], algorithm: str) -> tuple[bytes, str]:
    """Read the key record of a selector (RFC 6376 §3.6.1): the key, or why there is none to use.

    An RSA key is DER, an Ed25519 key 32 bytes (RFC 8463 §4).
    """
    records = [_tags(b":" + text.encode("ascii", "replace")) for text in texts]
    tags = next((tags for tags in records if "p" in tags), None)
    if tags is None:
        return b"", "no key is published"
    kind = algorithm.partition("-")[0]
    doubts = (
        (tags.get("v", "DKIM1") != "DKIM1", "the key is of another version"),
        (tags.get("k", "rsa").lower() != kind, "the key is of another kind"),
        (
            "h" in tags and "sha256" not in tags["h"].lower().split(":"),
            "the key is for other hashes",
        ),
        (
            not {"*", "email"} & set(tags.get("s", "*").lower().split(":")),
            "the key is not for mail",
        ),
        (tags["p"] == "", "the key was revoked"),
    )
    problem = next((words for is_so, words in doubts if is_so), "")
    key = _binary(tags["p"])
    return (b"", problem or "the key cannot be read") if problem or not key else (key, "")

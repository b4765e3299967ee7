"""Authentication-Results fields: what a trusted boundary says about the domain of From (RFC 8601).

The values hold text of the sender's (`smtp.mailfrom="; dmarc=pass ..."@x`), so they are taken
apart by the field's own grammar: quoted strings and comments hide what stands in them, and two
different DMARC results prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

VALUE_CHARACTERS_MAX = 8192
_SAYS_NOTHING = ("none", "temperror", "permerror")
_OUTSIDE = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z|\\)|\(|[^"(]+', re.DOTALL)
_INSIDE = re.compile(r"\\.?|[()]|[^\\()]+", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z|\\)|;|\s+|[^\s;"]+', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Verdict(StrEnum):
    """What was judged about one domain."""

    PASS = "pass"  # noqa: S105 - a result, not a secret
    FAIL = "fail"
    NONE = "none"


def authserv_id(value: str) -> str:
    """Return who wrote a field (RFC 8601 §2.5), lower case; empty when it does not say so."""
    first = next(_statements(value), [])
    return first[0].lower() if first else ""


def verdict(values: Sequence[str], domain: str) -> Verdict:
    """Return what fields of one trusted writer say about a From domain (lower case).

    `dmarc=pass` and `dmarc=fail` decide where their `header.from` is this very domain. Where DMARC
    has nothing to say (no result; none, since the domain publishes no policy; or an error), a
    `dkim=pass` of the domain itself counts as a pass. A domain that was judged twice in different
    ways, or another one than that of From, proves nothing. Without a domain (From names nobody
    beyond doubt) there is no pass, but a fail is one.
    """
    results = statements(values)
    judged = {
        (result_of(words, "dmarc"), property_of(words, "header.from"))
        for words in results
        if result_of(words, "dmarc")
    }
    if not domain:
        is_false = any(result == "fail" for result, _ in judged)
        return Verdict.FAIL if is_false else Verdict.NONE
    if len(judged) > 1:
        return Verdict.NONE
    if judged:
        result, about = judged.pop()
        if about != domain:
            return Verdict.NONE
        if result not in _SAYS_NOTHING:
            known = {"pass": Verdict.PASS, "fail": Verdict.FAIL}
            return known.get(result, Verdict.NONE)
    is_signed = any(_signer(words) == domain for words in results)
    return Verdict.PASS if is_signed else Verdict.NONE


def statements(values: Sequence[str]) -> tuple[list[str], ...]:
    """Cut fields into the words of each result; who wrote them is left out."""
    return tuple(words for value in values for words in list(_statements(value))[1:])


def _signer(words: Sequence[str]) -> str:
    """The domain that a good signature is of: `header.d`, or what `header.i` says (Gmail)."""
    if result_of(words, "dkim") != "pass":
        return ""
    identity = property_of(words, "header.i")
    return property_of(words, "header.d") or identity.rpartition("@")[2]


def result_of(words: Sequence[str], method: str) -> str:
    """Return the result of a statement's method: `dmarc=pass` or `dmarc/1=pass`; else empty."""
    name, equals, result = words[0].lower().partition("=") if words else ("", "", "")
    return result if equals and name.partition("/")[0] == method else ""


def property_of(words: Sequence[str], name: str) -> str:
    """Return the value of one property of a statement, lower case; empty when it has none."""
    start = f"{name}="
    return next((w[len(start) :].lower() for w in words[1:] if w.lower().startswith(start)), "")


def _statements(value: str) -> Iterator[list[str]]:
    """Cut a field into statements of words; comments are gone, quoted strings stay whole."""
    words: list[str] = []
    is_joined = False
    for found in _TOKEN.finditer(without_comments(value[:VALUE_CHARACTERS_MAX])):
        piece = found.group()
        if piece == ";":
            yield words
            words, is_joined = [], False
        elif piece.isspace():
            is_joined = False
        else:
            text = _ESCAPED.sub(r"\1", piece.strip('"')) if piece.startswith('"') else piece
            if is_joined:
                words[-1] += text
            else:
                words.append(text)
            is_joined = True
    yield words


def without_comments(value: str) -> str:
    """Put a space where a comment stands (RFC 5322 §3.2.2); quotes mean nothing inside one."""
    kept: list[str] = []
    place = depth = 0
    while place < len(value):
        found = (_INSIDE if depth else _OUTSIDE).match(value, place)
        assert found is not None, "every character is a piece"
        piece, place = found.group(), found.end()
        if piece == "(":
            depth += 1
            kept.append(" ")
        elif depth == 0:
            kept.append(piece)
        elif piece == ")":
            depth -= 1
    return "".join(kept)

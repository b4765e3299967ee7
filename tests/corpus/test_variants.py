"""No rule fits one mail alone: with other people, dates and spaces each mail is read the same.

Strategy: each case is changed in a way that means nothing, and what is read must change likewise.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest

from maild.core.bounce import examine
from maild.core.classify import classify
from maild.core.mail import Envelope, Limits, ReadOptions
from maild.core.replytext import split
from maild.parse import parse
from tests.corpus.table import known_cases
from tests.needs import CORPUS, needs

pytestmark = [pytest.mark.corpus, needs("corpus")]
SHARE_MIN = 0.99

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CLOCK = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):[0-5]\d(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_LONG = [
    "January",
    "February",
    "March",
    "April",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_NEXT = {
    first: second
    for names in (_MONTHS, _LONG, _DAYS)
    for first, second in zip(names, names[1:] + names[:1], strict=True)
}
_NAMED = re.compile(rf"\b(?:{'|'.join(sorted(_NEXT, key=len, reverse=True))})\b")
_NAME_BEFORE_MAIL = re.compile(r"\b[A-Z][a-zà-ÿ]+ [A-Z][a-zà-ÿ]+(?= ?[<(\[])")


def other_addresses(text: str) -> str:
    return _MAIL.sub("someone.else@other-house.example", text)


def other_dates(text: str) -> str:
    text = _NAMED.sub(lambda found: _NEXT[found[0]], text)
    return _YEAR.sub("2031", text)


def other_clocks(text: str) -> str:
    return _CLOCK.sub("10:47", text)


def other_names(text: str) -> str:
    return _NAME_BEFORE_MAIL.sub("Ørsted Müller", text)


def trailing_spaces(text: str) -> str:
    return "\n".join(f"{line} " if line else line for line in text.split("\n"))


def windows_lines(text: str) -> str:
    return text.replace("\n", "\r\n")


def blank_lines(text: str) -> str:
    return f"\n\n{text}\n\n\n"


CHANGES = (
    other_addresses,
    other_dates,
    other_clocks,
    other_names,
    trailing_spaces,
    windows_lines,
    blank_lines,
)


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_means_nothing_changes_nothing(change: Callable[[str], str]) -> None:
    texts = [
        parse((CORPUS / case["eml"]).read_bytes(), Limits()).text
        for case in known_cases()
        if case["category"] in {"reply_text", "threading", "headers", "charset", "autoreply"}
    ]

    moved = []
    for text in texts:
        before = split(text, html_reply=None, delimiters=()).reply_text
        after = split(change(text), html_reply=None, delimiters=()).reply_text
        if squeezed(after) != squeezed(change(before)):
            moved.append((before, after))

    assert len(texts) >= 200
    assert any(change(text) != text for text in texts)
    assert 1 - len(moved) / len(texts) >= SHARE_MIN, moved[:2]


_RECIPIENT = re.compile(rb"\b[a-z][a-z0-9]{2,15}(?=@)")
_ROLE = re.compile(rb"daemon|post|admin|root|support|help|info|abuse|reply|bounce|owner|list|mail")


def renamed(found: re.Match[bytes]) -> bytes:
    """Give a plain local part another name of its own; one that names a role stays."""
    name = found[0]
    if _ROLE.search(name):
        return name
    return b"q" + hashlib.sha256(name).hexdigest()[:7].encode()


def judged(raw: bytes) -> tuple[tuple[object, ...], tuple[str, ...]]:
    """Return what a mail is, and whose mail came back."""
    parsed = parse(raw, Limits())
    bounce = examine(parsed)
    found = classify(parsed, Envelope(), options=ReadOptions(), bounce=bounce)
    kind = (found.kind, found.must_not_answer, bounce and bounce.bounce_class)
    return kind, bounce.addresses if bounce else ()


def test_a_machine_is_known_whomever_it_writes_about() -> None:
    wanted = {"bounce", "autoreply", "list", "loop"}
    raws = [(CORPUS / c["eml"]).read_bytes() for c in known_cases() if c["category"] in wanted]

    moved = []
    for raw in raws:
        kind, addresses = judged(raw)
        renamed_addresses = tuple(_RECIPIENT.sub(renamed, one.encode()) for one in addresses)
        other = judged(_RECIPIENT.sub(renamed, raw))
        if other != (kind, tuple(one.decode() for one in renamed_addresses)):
            moved.append((kind, addresses, other))

    assert len(raws) >= 200
    assert 1 - len(moved) / len(raws) >= SHARE_MIN, moved

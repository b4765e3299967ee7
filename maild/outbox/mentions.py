"""Does a mail name somebody? Asked of its own bytes, decoded as a reader would see them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from maild.core import erasure

_WORDS_MIN = 8
"""A name or a subject that is shorter names too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needles:
    """What somebody is known by, lower case."""

    address: str
    phrases: tuple[str, ...] = ()
    """Names and subjects."""
    tickets: frozenset[int] = frozenset()


def needles(address: str, phrases: Sequence[str], tickets: Sequence[int]) -> Needles:
    """Put together what to look for; phrases that are too short are left out."""
    long = {one.strip().lower() for one in phrases if len(one.strip()) >= _WORDS_MIN}
    return Needles(address=address, phrases=tuple(sorted(long)), tickets=frozenset(tickets))


def names(literal: bytes, wanted: Needles, *, is_ours: bool) -> bool:
    """Tell whether a mail names somebody; to colleagues (`is_ours`) also by subject and number."""
    try:
        raw = zlib.decompress(literal)
    except zlib.error:
        return False
    for text in _texts(raw):
        lower = text.lower()
        if erasure.names(wanted.address, text):
            return True
        if is_ours and (any(one in lower for one in wanted.phrases) or _numbered(lower, wanted)):
            return True
    return False


def mail_names(raw: bytes, address: str) -> bool:
    """Tell whether a raw mail names an address, in its header or in a text part."""
    return any(erasure.names(address, one) for one in _texts(raw))


def _numbered(text: str, wanted: Needles) -> bool:
    return any(int(one[1]) in wanted.tickets for one in re.finditer(r"#(\d{1,12})\b", text))


def _texts(raw: bytes) -> Iterator[str]:
    """The bytes as they are, then the header and each text part, decoded."""
    yield raw.decode("utf-8", "replace")
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    for name in ("Subject", "From", "To", "Cc"):
        yield str(mail.get(name, ""))
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            data = part.get_payload(decode=True)
            yield data.decode("utf-8", "replace") if isinstance(data, bytes) else ""

"""An answer to a survey, cut into numbers, words, stars and other signs; pure.

No more than `TEXT_MAX` characters and `TOKENS_MAX` tokens are looked at, and every step goes
forward.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

TEXT_MAX = 4000
TOKENS_MAX = 200
_INVISIBLE = re.compile("[\ufe0f\u20e3\u200b-\u200d\u2060\U0001f3fb-\U0001f3ff]")
_TOKEN = re.compile(
    r"(?P<number>\d{1,9}(?:[.,]\d{1,9})?)"
    r"|(?P<word>[^\W\d_]{1,60}(?:['-][^\W\d_]{1,60}){0,3})"
    r"|(?P<stars>[★⭐🌟☆]{1,40})"
    r"|(?P<sign>\S)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One piece of a line."""

    kind: str
    """`number`, `word`, `stars` or `sign`."""
    text: str
    """Small letters, with accents."""
    plain: str
    """Without."""


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text, whatever its lines."""
    normal = unicodedata.normalize("NFKC", text[:TEXT_MAX]).replace("’", "'")
    normal = _INVISIBLE.sub("", normal).casefold()
    found: list[Token] = []
    for match in _TOKEN.finditer(normal):
        kind = match.lastgroup or "sign"
        found.append(Token(kind=kind, text=match[0], plain=plain(match[0])))
        if len(found) == TOKENS_MAX:
            break
    return found


def plain(text: str) -> str:
    """Return small letters without accents."""
    parts = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in parts if unicodedata.category(c) != "Mn")


def words(text: str) -> list[str]:
    """Return the words of a text, in small letters without accents."""
    return [token.plain for token in tokens(text) if token.kind == "word"]

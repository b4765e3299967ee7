"""Take a command block off the top of an HTML text, and leave its form as it is.

Strategy: the block is known from the plain rendering. The texts of the HTML are read from the top
until they have spelled the same letters; that much is blanked, and with it the line breaks and the
elements that are empty now. HTML that spells anything else is given up for its plain text.
"""

from __future__ import annotations

import re
from html import escape

from maild.core.markup import END, START, TEXT, VOID, Token, pairs_of, read

_UNSPELLED = re.compile(
    "[\\s*_`\\\\\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
"""What a plain rendering adds or changes: blanks, marks of emphasis, what nobody sees."""
_SHOWN = frozenset({"img", "hr"})


def without_beginning(html: str, block: str) -> str:
    """Return sanitised HTML without the lines of `block` at its top.

    Empty when the HTML does not begin with the letters of the block: then the plain text stands
    alone. The cost grows with the length of the HTML alone.
    """
    wanted = _UNSPELLED.sub("", block)
    if not wanted or not html:
        return html
    tokens = read(html)
    end = _blank(tokens, wanted)
    if end < 0:
        return ""
    return written(_without_empty(tokens, end))


def written(tokens: list[Token]) -> str:
    """Return balanced tokens as markup, everything escaped."""
    pieces: list[str] = []
    for token in tokens:
        if token.kind is TEXT:
            pieces.append(escape(token.text, quote=False))
        elif token.kind is END:
            pieces.append(f"</{token.name}>")
        else:
            values = "".join(f' {k}="{escape(v)}"' for k, v in token.attributes.items())
            pieces.append(f"<{token.name}{values}>")
    return "".join(pieces)


def _blank(tokens: list[Token], wanted: str) -> int:
    """Blank the texts that spell the block; return the index of the last one, -1 when none do."""
    place = 0
    for index, token in enumerate(tokens):
        if token.kind is not TEXT:
            if token.name in _SHOWN:
                return -1
            continue
        taken = 0
        while taken < len(token.text) and place < len(wanted):
            letter = token.text[taken]
            if not _UNSPELLED.match(letter):
                if letter != wanted[place]:
                    return -1
                place += 1
            taken += 1
        tokens[index] = token._replace(text=token.text[taken:].lstrip())
        if place == len(wanted):
            return index
    return -1


def _without_empty(tokens: list[Token], end: int) -> list[Token]:
    """Drop what shows nothing any more, up to and around the last blanked text."""
    pairs = pairs_of(tokens)
    kept = [True] * len(tokens)
    for index in range(end + 1):
        token = tokens[index]
        if token.kind is TEXT or token.name == "br":
            kept[index] = bool(token.text)
    for index in range(end, -1, -1):
        token = tokens[index]
        is_element = token.kind is START and token.name not in VOID
        if is_element and not any(kept[index + 1 : pairs[index]]):
            kept[index] = kept[pairs[index]] = False
    rest = [token for token, keep in zip(tokens, kept, strict=True) if keep]
    return _without_first_breaks(rest)


def _without_first_breaks(tokens: list[Token]) -> list[Token]:
    """The line break that ended the block goes with it, and empty lines below it."""
    first = next((n for n, token in enumerate(tokens) if _is_seen(token)), len(tokens))
    return [token for token in tokens[:first] if token.name != "br"] + tokens[first:]


def _is_seen(token: Token) -> bool:
    return bool(token.text.strip()) or token.name in _SHOWN

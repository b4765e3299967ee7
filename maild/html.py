"""HTML of a mail: its readable text, a harmless copy of it, and its own visible reply [nh3].

Strategy: `core.markup` makes a balanced list of tokens of bounded depth; the text, the quotation
and the markup handed to nh3 are all made from these tokens, so that nh3 (whose cost grows with the
square of the depth) never sees what a stranger wrote, only what was written from the tokens.
nh3 has the last word about every element, attribute, scheme and style; what it cannot tell apart
(an image inside the mail from one elsewhere) is never written for it to see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import compress

import nh3

from maild.core.mail import NO_PHRASES, Limits, Phrases
from maild.core.markup import END, START, TEXT, VOID, Token, read, words
from maild.core.markupquotes import unquoted
from maild.core.markuptext import joined, lines_of, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlReading:
    """What an HTML part says."""

    text: str
    """Readable text, lines ending in LF; empty where it was not asked for."""
    safe_html: str
    """Sanitised markup: no script, form, style sheet or remote content; `cid:` images kept."""
    reply_text: str | None
    """The text without quotation, where the markup itself shows one; else None."""
    safe_reply_html: str | None
    """The same as sanitised markup."""


def render(
    html: str,
    *,
    limits: Limits,
    wants_text: bool = True,
    phrases: Phrases = NO_PHRASES,
) -> HtmlReading:
    """Return what an HTML text of any quality says; what exceeds `limits.html_bytes` is cut off.

    `phrases` are an operator's words of mail programs.
    Never raises; the cost grows with the length of the text alone.
    """
    tokens = _tokens(html, limits)
    lines = lines_of(tokens) if wants_text else None
    kept = unquoted(tokens, lines, phrases)
    safe, safe_reply = _cleaned(tokens, kept)
    return HtmlReading(
        text=joined(lines or []),
        safe_html=safe,
        reply_text=None if kept is None else text_of(compress(tokens, kept), mark_quotes=False),
        safe_reply_html=safe_reply,
    )


def readable(html: str, *, limits: Limits) -> str:
    """Return only the readable text of an HTML text: `HtmlReading.text`."""
    return text_of(_tokens(html, limits))


def sanitise(html: str, *, limits: Limits | None = None) -> str:
    """Return harmless HTML: formatting, tables, lists, plain links and `cid:` images only."""
    return _clean(_written(_tokens(html, limits or Limits())))


def _tokens(html: str, limits: Limits) -> list[Token]:
    # A character is at least one byte: cutting by characters first keeps the encoding cheap.
    html = html[: limits.html_bytes]
    if not html.isascii():
        html = html.encode("utf-8", "replace")[: limits.html_bytes].decode("utf-8", "ignore")
    return read(html.replace("\x00", ""))


_TAGS = set(
    words(
        "a abbr address b big blockquote br caption center cite code col colgroup dd del dfn div "
        "dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp small span strike "
        "strong sub sup table tbody td tfoot th thead tr tt u ul var"
    )
)
_ATTRIBUTES = {
    "*": {"align", "dir", "lang", "style", "valign"},
    "a": {"href"},
    "col": {"width"},
    "font": {"color", "face", "size"},
    "img": {"alt", "height", "src", "width"},
    "ol": {"start", "type"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "td": {"colspan", "rowspan", "width", "height", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "height", "bgcolor"},
    "tr": {"bgcolor"},
    "ul": {"type"},
}
_STYLES = {
    "color",
    "background-color",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "line-height",
    "list-style-type",
    "margin-left",
    "padding-left",
    "text-align",
    "text-decoration",
    "text-indent",
    "vertical-align",
    "white-space",
}
_PIECE_MAX = 2000
_LINK_SCHEMES = ("http://", "https://", "mailto:")


def _cleaned(tokens: list[Token], kept: bytearray | None) -> tuple[str, str | None]:
    """Return a mail and what is kept of it, sanitised; what is the same in both is made once."""
    pieces = _written(tokens)
    if kept is None:
        return _clean(pieces), None
    whole: list[str] = []
    reply: list[str] = []
    for start, end in _stretches(tokens, pieces, kept):
        stretch, shares = pieces[start:end], kept[start:end]
        whole.append(_clean(stretch))
        reply.append(whole[-1] if all(shares) else _clean(compress(stretch, shares)))
    return "".join(whole), "".join(reply)


def _stretches(
    tokens: list[Token], pieces: list[str], kept: bytearray
) -> Iterator[tuple[int, int]]:
    """Yield where each run of whole elements begins and ends that are all kept, or are not."""
    start, depth = 0, 0
    for index, piece in enumerate(pieces):
        if not depth and index > start and kept[index] != kept[index - 1]:
            yield start, index
            start = index
        token = tokens[index]
        if piece and token.kind is not TEXT and token.name not in VOID:
            depth += 1 if token.kind is START else -1
    yield start, len(pieces)


def _clean(pieces: Iterable[str]) -> str:
    markup = "".join(pieces)
    return _CLEANER.clean(markup) if markup else ""


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style"},
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "cid"},
    url_relative="deny",
    link_rel="noopener noreferrer",
    filter_style_properties=_STYLES,
)
_COMMON = _ATTRIBUTES["*"]


def _written(tokens: list[Token]) -> list[str]:
    """Write each token as canonical markup: known elements and attributes, everything escaped."""
    pieces: list[str] = []
    tags: dict[int, str] = {}
    """What was written for the tags so far, by identity: mails repeat few tags many times."""
    for token in tokens:
        if token.kind is TEXT:
            text = token.text
            plain = len(text) <= _PIECE_MAX and not ("&" in text or "<" in text or ">" in text)
            pieces.append(text if plain else _written_text(text))
            continue
        piece = tags.get(id(token))
        if piece is None:
            piece = tags[id(token)] = _written_tag(token)
        pieces.append(piece)
    return pieces


def _written_text(text: str) -> str:
    """Escape a text; a long one is cut by elements that nh3 drops.

    nh3 copies a text again for each character reference in it: without the cuts 1 MB of `&`
    takes nine seconds.
    """
    if len(text) <= _PIECE_MAX:
        return escape(text, quote=False)
    starts = range(0, len(text), _PIECE_MAX)
    return "<wbr>".join(escape(text[start : start + _PIECE_MAX], quote=False) for start in starts)


def _written_tag(token: Token) -> str:
    name, attributes = token.name, token.attributes
    if name not in _TAGS:
        return ""
    if token.kind is END:
        return f"</{name}>"
    if name == "img" and not attributes.get("src", "").lower().startswith("cid:"):
        return escape(attributes.get("alt", ""))
    known = _ATTRIBUTES.get(name, _COMMON)
    written = [
        _written_attribute(key, value)
        for key, value in attributes.items()
        if key in known or key in _COMMON
    ]
    return f"<{name}{''.join(written)}>"


@lru_cache(maxsize=512)
def _written_attribute(name: str, value: str) -> str:
    """Write an attribute that loads nothing, and leads nowhere but to a page or a mail."""
    if name == "href":
        value = value.strip()
        if not value.lower().startswith(_LINK_SCHEMES):
            return ""
    if name == "style" and ("url" in value.lower() or "\\" in value):
        return ""
    return f' {name}="{escape(value)}"'

"""HTML of a mail: its readable text, a harmless copy of it, and its own visible reply [nh3].

Strategy: `core.markup` makes a balanced list of tokens of bounded depth; the text, the quotation
and the markup handed to nh3 are all made from these tokens, so that nh3 (whose cost grows with the
square of the depth) never sees what a stranger wrote, only what was written from the tokens.
nh3 has the last word about every element, attribute, address and style.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import nh3

from maild.core.mail import Limits
from maild.core.markup import Kind, Token, read, words
from maild.core.markupquotes import without_quotes
from maild.core.markuptext import text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlReading:
    """What an HTML part says."""

    text: str
    """Readable text, lines ending in LF."""
    safe_html: str
    """Sanitised markup: no script, form, style sheet or remote content; `cid:` images kept."""
    reply_text: str | None
    """The text without quotation, where the markup itself shows one; else None."""
    safe_reply_html: str | None
    """The same as sanitised markup."""


def render(html: str, *, limits: Limits) -> HtmlReading:
    """Return what an HTML text of any quality says; what exceeds `limits.html_bytes` is cut off.

    Never raises; the cost grows with the length of the text alone.
    """
    tokens = _tokens(html, limits)
    reply = without_quotes(tokens)
    return HtmlReading(
        text=text_of(tokens),
        safe_html=_clean(tokens),
        reply_text=None if reply is None else text_of(reply, mark_quotes=False),
        safe_reply_html=None if reply is None else _clean(reply),
    )


def sanitise(html: str, *, limits: Limits | None = None) -> str:
    """Return harmless HTML: formatting, tables, lists, plain links and `cid:` images only."""
    return _clean(_tokens(html, limits or Limits()))


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


def _clean(tokens: list[Token]) -> str:
    return _CLEANER.clean(_written(tokens))


def _filter(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "src":
        return value if tag == "img" and value.lower().startswith("cid:") else None
    if attribute == "href":
        value = value.strip()
        return value if value.lower().startswith(_LINK_SCHEMES) else None
    if attribute == "style" and ("url" in value.lower() or "\\" in value):
        return None
    return value


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style"},
    attributes=_ATTRIBUTES,
    attribute_filter=_filter,
    url_schemes={"http", "https", "mailto", "cid"},
    url_relative="deny",
    link_rel="noopener noreferrer",
    filter_style_properties=_STYLES,
)
_COMMON = _ATTRIBUTES["*"]
_NONE: set[str] = set()


def _written(tokens: list[Token]) -> str:
    """Write tokens as canonical markup: known elements, known attributes, everything escaped."""
    pieces: list[str] = []
    for token in tokens:
        if token.kind is Kind.TEXT:
            pieces.append(_written_text(token.text))
        elif token.name not in _TAGS:
            continue
        elif token.kind is Kind.END:
            pieces.append(f"</{token.name}>")
        elif token.name == "img" and not token.attributes.get("src", "").lower().startswith(
            "cid:"
        ):
            pieces.append(escape(token.attributes.get("alt", "")))
        else:
            pieces.append(f"<{token.name}{_written_attributes(token)}>")
    return "".join(pieces)


def _written_text(text: str) -> str:
    """Escape a text; a long one is cut by elements that nh3 drops.

    nh3 copies a text again for each character reference in it: without the cuts 1 MB of `&`
    takes nine seconds.
    """
    if len(text) <= _PIECE_MAX:
        return escape(text, quote=False)
    starts = range(0, len(text), _PIECE_MAX)
    return "<wbr>".join(escape(text[start : start + _PIECE_MAX], quote=False) for start in starts)


def _written_attributes(token: Token) -> str:
    known = _ATTRIBUTES.get(token.name, _NONE)
    return "".join(
        f' {name}="{escape(value)}"'
        for name, value in token.attributes.items()
        if name in known or name in _COMMON
    )

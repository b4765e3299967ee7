"""HTML as a flat, balanced list of tokens; pure and linear, so that nothing hostile can stall it.

Strategy: one pass of one possessive pattern cuts the text into tags and text the way a browser's
tokenizer does (HTML Standard, "Tokenization"); a stack of bounded depth closes what was left open
and drops what is too deep, so that everything behind this file sees well-formed markup.  Content
that is never shown (scripts, style sheets, hidden elements, comments) is gone here already.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

DEPTH_MAX = 150
"""How deep elements may nest; tags below are dropped, their text is kept."""

VOID = frozenset(
    "area base basefont bgsound br col embed frame hr img input link meta param source track wbr".split()
)
"""Elements that never have content."""

BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dir div dl dt fieldset figure "
    "figcaption footer form h1 h2 h3 h4 h5 h6 header hr html li main menu nav ol p pre section "
    "summary table tbody td tfoot th thead tr ul".split()
)
"""Elements that begin on a line of their own."""


class Kind(Enum):
    """What a token is."""

    START = 1
    END = 2
    TEXT = 3


class Token(NamedTuple):
    """One piece of markup; every START that is no void element has its END."""

    kind: Kind
    name: str = ""
    """Lower-case element name; empty for text."""
    attributes: Mapping[str, str] = {}
    """Names in lower case, values decoded; the first of two equal names counts."""
    text: str = ""
    """Decoded characters of a TEXT token."""


def read(source: str) -> list[Token]:
    """Return the balanced tokens of an HTML text of any quality; never raises."""
    builder = _Builder()
    for token in _cut(source):
        if token.kind is Kind.TEXT:
            builder.text(token)
        elif token.kind is Kind.START:
            builder.start(token)
        else:
            builder.end(token.name)
    builder.finish()
    return builder.tokens


def matching_end(tokens: list[Token], start: int) -> int:
    """Return the index of the END that belongs to the START at `start` (itself when void)."""
    if tokens[start].name in VOID:
        return start
    depth = 0
    for index in range(start, len(tokens)):
        token = tokens[index]
        if token.kind is Kind.START and token.name not in VOID:
            depth += 1
        elif token.kind is Kind.END:
            depth -= 1
            if depth == 0:
                return index
    return len(tokens) - 1


def unescape(text: str) -> str:
    """Return text with character references decoded; absurdly long numbers become U+FFFD."""
    if "&" not in text:
        return text
    return html.unescape(_HUGE_NUMBER.sub("\ufffd", text))


_HUGE_NUMBER = re.compile(r"&#(?:[0-9]{9,}+|[xX][0-9a-fA-F]{9,}+);?")
_SPACE = r"[ \t\n\f\r]"
_ATTRIBUTE = (
    r"([^ \t\n\f\r/>][^ \t\n\f\r/>=]*+)"
    rf"(?:{_SPACE}*+={_SPACE}*+"
    r"(?:\"([^\"]*+)(?:\"|\Z)|'([^']*+)(?:'|\Z)|([^ \t\n\f\r>\"'][^ \t\n\f\r>]*+))?+)?+"
)
_ATTRIBUTE_BARE = _ATTRIBUTE.replace("([^", "(?:[^")
_TAG = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<[!?][^>]*+(?:>|\Z)"
    rf"|<(/?)([a-zA-Z][^ \t\n\f\r/>]*+)((?:(?:[ \t\n\f\r/]++|{_ATTRIBUTE_BARE})*+))(?:>|\Z)"
    r"|</[^a-zA-Z>][^>]*+(?:>|\Z)|</>",
    re.DOTALL,
)
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_RAW = {
    name: re.compile(rf"</{name}(?=[ \t\n\f\r/>]|\Z)", re.IGNORECASE)
    for name in ("script", "style", "title", "xmp", "iframe", "noembed", "noframes", "textarea")
}
_UNSEEN = frozenset(
    "script style title iframe noembed noframes template svg math xml object applet audio video "
    "canvas select datalist".split()
)
_KEPT_ATTRIBUTES = frozenset(
    "align alt bgcolor border cellpadding cellspacing class color colspan dir face height hidden "
    "href id lang name reversed rowspan size src start style title type valign width".split()
)
_ATTRIBUTES_MAX = 50
_ATTRIBUTE_LENGTH_MAX = 4096
_HIDDEN = re.compile(
    r"display:none|visibility:hidden|max-height:0(?:px)?(?:;|!|$)|mso-hide:all.*font-size:[01]px"
)
_NO_ATTRIBUTES: Mapping[str, str] = {}


def _cut(source: str) -> Iterator[Token]:
    position = 0
    while position < len(source):
        found = _TAG.search(source, position)
        if found is None:
            break
        if found.start() > position:
            yield Token(Kind.TEXT, text=unescape(source[position : found.start()]))
        position = found.end()
        name = (found[2] or "").lower()
        if not name:
            continue
        if found[1]:
            yield Token(Kind.END, name)
            continue
        yield Token(Kind.START, name, _attributes(found[3]))
        if name in _RAW:
            end = _RAW[name].search(source, position)
            position_end = end.start() if end else len(source)
            if name not in _UNSEEN:
                yield Token(Kind.TEXT, text=source[position:position_end])
            position = position_end
    if position < len(source):
        yield Token(Kind.TEXT, text=unescape(source[position:]))


def _attributes(source: str) -> Mapping[str, str]:
    if not source.strip("/ \t\n\f\r"):
        return _NO_ATTRIBUTES
    attributes: dict[str, str] = {}
    for count, found in enumerate(_ATTRIBUTES.finditer(source)):
        name = found[1].lower()
        if name in _KEPT_ATTRIBUTES and name not in attributes:
            value = found[2] or found[3] or found[4] or ""
            attributes[name] = unescape(value[:_ATTRIBUTE_LENGTH_MAX])
        if count >= _ATTRIBUTES_MAX:
            break
    return attributes


def is_hidden(attributes: Mapping[str, str]) -> bool:
    """Return whether an element with these attributes is never shown by a mail client."""
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    if not style or ":" not in style:
        return False
    return _HIDDEN.search(style.lower().replace(" ", "")) is not None


class _Builder:
    """The stack that makes the tokens balanced."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self._stack: list[str] = []
        self._open: Counter[str] = Counter()
        self._too_deep: Counter[str] = Counter()
        self._unseen_from = 0
        """Depth of the outermost element that is not shown; 0 for none."""

    def text(self, token: Token) -> None:
        if not self._unseen_from:
            self.tokens.append(token)

    def start(self, token: Token) -> None:
        self._close_implied(token.name)
        if token.name in VOID:
            if not self._unseen_from and not is_hidden(token.attributes):
                self.tokens.append(token)
            return
        if len(self._stack) >= DEPTH_MAX:
            self._too_deep[token.name] += 1
            return
        self._stack.append(token.name)
        self._open[token.name] += 1
        if self._unseen_from:
            return
        if token.name in _UNSEEN or is_hidden(token.attributes):
            self._unseen_from = len(self._stack)
            return
        self.tokens.append(token)

    def end(self, name: str) -> None:
        if self._too_deep[name]:
            self._too_deep[name] -= 1
            return
        if name == "br":
            self.text(Token(Kind.START, name))
        if not self._open[name] or (name in _INLINE and self._block_above(name)):
            return
        while self._pop() != name:
            pass

    def finish(self) -> None:
        while self._stack:
            self._pop()

    def _pop(self) -> str:
        name = self._stack.pop()
        self._open[name] -= 1
        if not self._unseen_from:
            self.tokens.append(Token(Kind.END, name))
        elif self._unseen_from > len(self._stack):
            self._unseen_from = 0
        return name

    def _block_above(self, name: str) -> bool:
        """Whether a table cell or quote lies between the top and the inline element `name`."""
        for other in reversed(self._stack):
            if other == name:
                return False
            if other in _BARRIERS:
                return True
        return False

    def _close_implied(self, name: str) -> None:
        closed, barriers = _IMPLIED.get(name, _NO_IMPLIED)
        if name in BLOCKS and name not in _IMPLIED:
            closed, barriers = _PARAGRAPH
        if not any(self._open[other] for other in closed):
            return
        for depth in range(len(self._stack) - 1, -1, -1):
            if self._stack[depth] in closed:
                while len(self._stack) > depth:
                    self._pop()
                return
            if self._stack[depth] in barriers:
                return


_INLINE = frozenset("a abbr b big code em font i s small span strike strong sub sup tt u".split())
_BARRIERS = frozenset("table td th caption blockquote li div".split())
_TABLE = frozenset(("table",))
_PARAGRAPH = (frozenset(("p",)), frozenset("table td th caption button div blockquote li".split()))
_NO_IMPLIED: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
_IMPLIED = {
    "li": (frozenset(("li",)), frozenset("ul ol menu table".split())),
    "dt": (frozenset(("dt", "dd")), frozenset(("dl", "table"))),
    "dd": (frozenset(("dt", "dd")), frozenset(("dl", "table"))),
    "td": (frozenset(("td", "th")), _TABLE | {"tr"}),
    "th": (frozenset(("td", "th")), _TABLE | {"tr"}),
    "tr": (frozenset(("tr",)), _TABLE),
    "tbody": (frozenset("tbody thead tfoot tr".split()), _TABLE),
    "thead": (frozenset("tbody thead tfoot tr".split()), _TABLE),
    "tfoot": (frozenset("tbody thead tfoot tr".split()), _TABLE),
    "option": (frozenset(("option",)), frozenset(("select",))),
    "body": _NO_IMPLIED,
    "html": _NO_IMPLIED,
}

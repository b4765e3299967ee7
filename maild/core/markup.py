"""HTML as a flat, balanced list of tokens; pure and linear, so that nothing hostile can stall it.

Strategy: one possessive pattern cuts the whole text into tags and text the way a browser's
tokenizer does (HTML Standard, "Tokenization"), in one go, since pattern and Python by turns throw
each other out of the processor's cache (dense tags take some 24 bytes a character, which the
reader's limit on memory holds); a stack of bounded depth closes what was left open and drops what
is too deep, so that everything behind this file sees well-formed markup. Content that is never
shown (scripts, style sheets, hidden elements, comments) is gone here already.
Mails repeat the same tags over and over: what a tag means is read once and remembered.
"""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

DEPTH_MAX = 150
"""How deep elements may nest; tags below are dropped, their text is kept."""
TOKENS_MAX = 50_000
"""How many tokens are kept apart; behind them tags are dropped, their text is kept."""


def words(text: str) -> frozenset[str]:
    """Return the set of the words of a line: a readable way to write long lists of names."""
    return frozenset(text.split())


VOID = words(
    "area base basefont bgsound br col embed frame hr img input link meta param source track wbr"
)
"""Elements that never have content."""

BLOCKS = words(
    "address article aside blockquote body caption center dd details dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html li main menu nav ol p pre "
    "section summary table tbody td tfoot th thead tr ul"
)
"""Elements that begin on a line of their own."""


class Kind(Enum):
    """What a token is."""

    START = 1
    END = 2
    TEXT = 3


START, END, TEXT = Kind.START, Kind.END, Kind.TEXT
"""The kinds by names of their own: asking the enum costs more than most of what a token needs."""


_NO_ATTRIBUTES: Mapping[str, str] = {}


class Token(NamedTuple):
    """One piece of markup; every START that is no void element has its END."""

    kind: Kind
    name: str = ""
    """Lower-case element name; empty for text."""
    attributes: Mapping[str, str] = _NO_ATTRIBUTES
    """Names in lower case, values decoded; the first of two equal names counts."""
    text: str = ""
    """Decoded characters of a TEXT token."""
    hidden: bool = False
    """Whether a mail client never shows the element."""


def read(source: str) -> list[Token]:
    """Return the balanced tokens of an HTML text of any quality; never raises."""
    builder = _Builder()
    pieces = iter(_TAGS.split(source))
    builder.characters(next(pieces))
    for tag_source, text in zip(pieces, pieces, strict=True):
        tag = _KNOWN.get(tag_source) or _read_tag(tag_source)
        if tag.start is not None:
            builder.start(tag, tag.start)
            if tag.name in _RAW:
                builder.token(Token(TEXT, text=tag.content))
        elif tag.name:
            builder.end(tag.name)
        builder.characters(text)
    builder.finish()
    return builder.tokens


def pairs_of(tokens: list[Token]) -> list[int]:
    """Return for each START of balanced tokens the index of its END, else its own index."""
    pairs = list(range(len(tokens)))
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind is END:
            pairs[opened.pop()] = index
        elif token.kind is START and token.name not in VOID:
            opened.append(index)
    return pairs


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
    rf"<(/?)([a-zA-Z][^ \t\n\f\r/>]*+)((?:(?:[ \t\n\f\r/]++|{_ATTRIBUTE_BARE})*+))(?:>|\Z)"
)
_RAW = words("script style title xmp iframe noembed noframes textarea")
"""Elements in whose content markup does not count."""
_TAGS = re.compile(
    r"(<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<[!?][^>]*+(?:>|\Z)"
    + "".join(
        rf"|<(?ai:{name})(?=[ \t\n\f\r/>]|\Z)(?:[ \t\n\f\r/]++|{_ATTRIBUTE_BARE})*+(?:>|\Z)"
        rf"(?:[^<]++|<(?!(?i:/{name})(?:[ \t\n\f\r/>]|\Z)))*+"
        for name in sorted(_RAW)
    )
    + rf"|</?[a-zA-Z][^ \t\n\f\r/>]*+(?:[ \t\n\f\r/]++|{_ATTRIBUTE_BARE})*+(?:>|\Z)"
    r"|</[^a-zA-Z>][^>]*+(?:>|\Z)|</>)",
    re.DOTALL,
)
"""All tags and comments; to the start of a raw element belongs its content."""
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_UNSEEN = words(
    "script style title iframe noembed noframes template svg math xml object applet audio video "
    "canvas select datalist"
)
_KEPT_ATTRIBUTES = words(
    "align alt bgcolor border cellpadding cellspacing class color colspan dir face height hidden "
    "href id lang name rowspan size src start style type valign width"
)
_ATTRIBUTES_MAX = 50
_ATTRIBUTE_LENGTH_MAX = 4096
_HIDDEN = re.compile(r"display:none|visibility:hidden|max-height:0(?:px)?(?:;|!|$)")
_REMEMBERED_LENGTH_MAX = 400
"""Characters of a tag; a longer one hardly comes again."""
_REMEMBERED_MAX = 1024
"""Tags; when there are more, all are forgotten."""


class _Tag(NamedTuple):
    """What a tag means, wherever it stands."""

    name: str
    """Lower case; empty for a comment and the like."""
    start: Token | None = None
    """The token of a start tag; None for any other."""
    closing: tuple[frozenset[str], frozenset[str]] | None = None
    """What a start tag closes, and what keeps that from being closed."""
    is_void: bool = False
    is_unseen: bool = False
    """Whether what is in the element is never shown."""
    content: str = ""
    """What follows in which markup does not count."""


_NO_TAG = _Tag("")
_KNOWN: dict[str, _Tag] = {}
"""What tags mean that were read before."""


def _read_tag(source: str) -> _Tag:
    """Return what a tag means, and remember it."""
    found = _TAG.match(source)
    if found is None:
        return _NO_TAG
    slash, name, attributes = found.groups()
    name = name.lower()
    tag = _Tag(name) if slash else _read_start(name, attributes, source[found.end() :])
    if len(source) <= _REMEMBERED_LENGTH_MAX:
        if len(_KNOWN) >= _REMEMBERED_MAX:
            _KNOWN.clear()
        _KNOWN[source] = tag
    return tag


def _read_start(name: str, source: str, content: str) -> _Tag:
    attributes = _attributes(source) if source else _NO_ATTRIBUTES
    is_hidden = bool(attributes) and _is_hidden(attributes)
    token = Token(START, name, attributes, "", is_hidden)
    is_unseen = is_hidden or name in _UNSEEN
    return _Tag(name, token, _CLOSING.get(name), name in VOID, is_unseen, content)


def _attributes(source: str) -> Mapping[str, str]:
    attributes: dict[str, str] = {}
    for count, found in enumerate(_ATTRIBUTES.finditer(source)):
        name, quoted, apostrophed, bare = found.groups()
        name = name.lower()
        if name in _KEPT_ATTRIBUTES and name not in attributes:
            value = (quoted or apostrophed or bare or "")[:_ATTRIBUTE_LENGTH_MAX]
            attributes[name] = unescape(value) if "&" in value else value
        if count >= _ATTRIBUTES_MAX:
            break
    return attributes


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    """Return whether an element with these attributes is never shown by a mail client."""
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    if not style or ":" not in style:
        return False
    style = style.lower().replace(" ", "")
    hides = "none" in style or "hidden" in style or "max-height" in style
    return hides and _HIDDEN.search(style) is not None


class _Builder:
    """The stack that makes the tokens balanced."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self._stack: list[str] = []
        self._ends = _Ends()
        self._open: defaultdict[str, int] = defaultdict(int)
        self._too_deep: Counter[str] = Counter()
        self._rest: list[str] = []
        """Texts behind the last token that is kept apart."""
        self._unseen_from = 0
        """Depth of the outermost element that is not shown; 0 for none."""

    def characters(self, source: str) -> None:
        if source and not self._unseen_from:
            text = unescape(source) if "&" in source else source
            self.token(Token(TEXT, "", _NO_ATTRIBUTES, text))

    def token(self, token: Token) -> None:
        """Add a text or a void element."""
        if self._unseen_from:
            return
        if len(self.tokens) < TOKENS_MAX:
            self.tokens.append(token)
        else:
            self._rest.append(token.text)

    def start(self, tag: _Tag, token: Token) -> None:
        name, _, closing, is_void, is_unseen, _ = tag
        if closing is not None:
            self._close_implied(*closing)
        if is_void:
            if not token.hidden:
                self.token(token)
            return
        if len(self._stack) >= DEPTH_MAX or len(self.tokens) >= TOKENS_MAX:
            self._too_deep[name] += 1
            return
        self._stack.append(name)
        self._open[name] += 1
        if self._unseen_from:
            return
        if is_unseen:
            self._unseen_from = len(self._stack)
            return
        self.tokens.append(token)

    def end(self, name: str) -> None:
        if self._too_deep and self._too_deep[name]:
            self._too_deep[name] -= 1
            return
        if name == "br":
            self.token(Token(START, name))
        if not self._open[name]:
            return
        if self._stack[-1] != name and name in _INLINE and self._block_above(name):
            return
        while self._pop() != name:
            pass

    def finish(self) -> None:
        if self._rest:
            self.tokens.append(Token(TEXT, text="\n".join(self._rest)))
        while self._stack:
            self._pop()

    def _pop(self) -> str:
        name = self._stack.pop()
        self._open[name] -= 1
        if not self._unseen_from:
            self.tokens.append(self._ends[name])
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

    def _close_implied(self, closed: frozenset[str], barriers: frozenset[str]) -> None:
        """Close the nearest open element of some names, if no barrier lies above it."""
        for name in closed:
            if self._open[name]:
                break
        else:
            return
        for depth in range(len(self._stack) - 1, -1, -1):
            if self._stack[depth] in closed:
                while len(self._stack) > depth:
                    self._pop()
                return
            if self._stack[depth] in barriers:
                return


class _Ends(dict[str, Token]):
    """The END of each name, made once for a text."""

    def __missing__(self, name: str) -> Token:
        return self.setdefault(name, Token(END, name))


_INLINE = words("a abbr b big code em font i s small span strike strong sub sup tt u")
_BARRIERS = words("table td th caption blockquote li div")
_TABLE = words("table")
_ROW_GROUPS = words("tbody thead tfoot tr")
_PARAGRAPH = (words("p"), words("table td th caption button div blockquote li"))
_CLOSING = dict.fromkeys(BLOCKS - {"body", "html"}, _PARAGRAPH) | {
    "li": (words("li"), words("ul ol menu table")),
    "dt": (words("dt dd"), words("dl table")),
    "dd": (words("dt dd"), words("dl table")),
    "td": (words("td th"), words("table tr")),
    "th": (words("td th"), words("table tr")),
    "tr": (words("tr"), _TABLE),
    "tbody": (_ROW_GROUPS, _TABLE),
    "thead": (_ROW_GROUPS, _TABLE),
    "tfoot": (_ROW_GROUPS, _TABLE),
    "option": (words("option"), words("select")),
}
"""What the start of an element closes, and what keeps that from being closed."""

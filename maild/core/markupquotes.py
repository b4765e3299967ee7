"""Which tokens of an HTML mail are a quotation, told by the marks that mail programs leave.

Strategy: a *container* mark says that the element is a quotation; a *divider* mark says that the
quotation begins here and lasts to the end of the mail.  Answers that stand between the quoted
blocks of a container stay.  A forwarded mail is no quotation.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable
from functools import lru_cache
from itertools import compress

from maild.core.mail import NO_PHRASES, Phrases
from maild.core.markup import START, TEXT, Token, pairs_of
from maild.core.markuptext import lines_of, text_of
from maild.core.phrasebook import phrasebook
from maild.core.replycut import find_cut, read_page
from maild.core.replymarks import (
    attribution,
    cleaned,
    is_attribution_ending,
    is_forward_divider,
)

_CONTAINER_CLASSES = re.compile(
    r"(?:^|[\s_])(?:gmail_quote(?:_container)?|gmail_attr|yahoo_quoted|moz-cite-prefix"
    r"|moz-email-headers-table|protonmail_quote|tutanota_quote|zmail_extra|airmail_ext_on"
    r"|front-blockquote|missive_quote|nylas-quote|email_?quote|email-quoted-reply"
    r"|cite-prefix|mailmateQuote|mcnt-quote|quotedmail|mail-quote-collapse|hs_reply"
    r"|ms-outlook-mobile-reference-message|quoted-text|history_container|mailbird_quote"
    r"|sh-quoted-content|canary_quote|spike-quote|iwaquote|wmquote)(?:\s|$)",
    re.IGNORECASE,
)
_CONTAINER_IDS = re.compile(
    r"(?:^|_)(?:olk_src_body_section|yahoo_quoted(?:_\d+)?|mail-editor-reference-message-container"
    r"|reply-intro|isquotedcontent|mail_android_quote|qt|replyblockquote|original-content"
    r"|ms-outlook-mobile-reference-message|origbody|quotedcontent|forwardcontainer)$",
    re.IGNORECASE,
)
_DIVIDER_IDS = re.compile(
    r"(?:^|_)(?:divrplyfwdmsg|appendonsend|stopspelling|zwchr|lineBreakAtBeginningOfMessage"
    r"|replySplit|originalmessage|x_?divRplyFwdMsg|aolmsgpart\w*)$",
    re.IGNORECASE,
)
_DIVIDER_CLASSES = re.compile(
    r"(?:^|\s)(?:zwchr|gmail_quote_divider|OutlookMessageHeader)(?:\s|$)"
)
_DIVIDER_STYLE = re.compile(
    r"border:none;border-top:solid#(?:b5c4df|e1e1e1)|border-top:solid#(?:b5c4df|e1e1e1)1\.0pt"
    r"|border-top:1(?:\.0)?pxsolid#(?:b5c4df|e1e1e1)|border-width:1ptmediummedium"
    r"|border-color:(?:rgb\(\d+,\d+,\d+\)|#[0-9a-f]{6})currentcolorcurrentcolor",
)
_MARKING = frozenset(("class", "id", "name", "style", "type"))
_QUOTE_NAMES = frozenset(("quote", "messagereplysection", "quoted-content"))
_WINDOW_TOKENS = 40
_WINDOW_CHARACTERS = 500
_WINDOW_TEXT_MAX = 20_000
_WINDOWS_MAX = 600
"""How far, and how often, an attribution or a forward is looked for around a quotation."""


def unquoted(
    tokens: list[Token],
    lines: list[tuple[str, int]] | None,
    phrases: Phrases = NO_PHRASES,
) -> bytearray | None:
    """Return for each of the balanced tokens 1 when it is not quoted, else 0.

    None when no quotation is marked, or nothing else is there.  The kept tokens are balanced.
    `lines` are those of `lines_of`, where they are known already; `phrases` are an operator's.
    """
    folding = _Folding(tokens, phrases)
    marked = folding.marked()
    marked = folding.blockquotes(also_last=not marked) or marked
    if not marked and not folding.carried(lines_of(tokens) if lines is None else lines):
        return None
    kept = folding.rest()
    return kept if _has_text(compress(tokens, kept)) else None


class _Folding:
    """Which tokens of one mail are kept."""

    def __init__(self, tokens: list[Token], phrases: Phrases) -> None:
        self._tokens = tokens
        self._book = phrasebook(phrases)
        self._pairs = pairs_of(tokens)
        self._kept = bytearray(b"\x01") * len(tokens)
        self._windows = 0
        self._before: tuple[int, list[str]] = (-1, [])
        """The lines before a token, asked for twice in a row."""
        self._blockquotes = [
            index
            for index, token in enumerate(tokens)
            if token.name == "blockquote" and token.kind is START
        ]
        self._first_text = next(
            (index for index, token in enumerate(tokens) if _shows(token)), len(tokens)
        )

    def marked(self) -> bool:
        """Drop what mail programs marked as quoted; tell whether there was any."""
        found = False
        end = -1
        for index, token in enumerate(self._tokens):
            if index <= end or _MARKING.isdisjoint(token.attributes):
                continue
            if self._first_text < index and _is_divider(token):
                self._drop(index, len(self._tokens) - 1)
                return True
            if _is_container(token):
                end = self._pairs[index]
                found = self._container(index, end) or found
        return found

    def blockquotes(self, *, also_last: bool) -> bool:
        """Drop unmarked blockquotes that are attributed, or end the mail; tell whether any was."""
        found = False
        start, end = -1, -1
        for index in self._blockquotes:
            if self._kept[index] and index > end:
                start, end = index, self._pairs[index]
                if self._drop_attribution(start) and not self._is_forward(start, end):
                    self._drop(start, end)
                    found = True
        if found or not also_last or start <= self._first_text:
            return found
        if self._is_forward(start, end) or _has_text(self._tokens[end + 1 :]):
            return False
        self._drop(start, end)
        return True

    def carried(self, lines: list[tuple[str, int]]) -> bool:
        """Drop what follows a mark that the text itself shows, as older mail programs do."""
        page = read_page(self._book.translated([cleaned(line) for line, _ in lines]))
        cut = find_cut(page, ())
        first = cut.index
        if cut.forward or not 0 < first < len(lines) or lines[first - 1][1] >= lines[first][1]:
            return False
        self._drop(lines[first][1], len(self._tokens) - 1)
        return True

    def rest(self) -> bytearray:
        """Return 1 for each kept token, balanced: an END stays exactly when its START does."""
        kept = self._kept
        for start, end in enumerate(self._pairs):
            if end > start:
                kept[end] = kept[start]
        return kept

    def _container(self, start: int, end: int) -> bool:
        """Drop a container; what stands between the quote blocks inside it is an answer."""
        if self._is_forward(start, end):
            return False
        self._drop_attribution(start)
        blocks: list[tuple[int, int]] = []
        if self._tokens[start].name != "blockquote":
            first = bisect(self._blockquotes, start)
            for index in self._blockquotes[first : bisect(self._blockquotes, end)]:
                if not blocks or index > blocks[-1][1]:
                    blocks.append((index, self._pairs[index]))
        self._drop(start, blocks[0][1] if blocks else end)
        for first, last in blocks[1:]:
            self._drop(first, last)
        return True

    def _drop_attribution(self, start: int) -> bool:
        """Drop the attribution directly before a quotation; tell whether there is one."""
        lines = self._lines_before(start)
        known = self._book.translated(lines)
        if not lines or not is_attribution_ending(known[-1]):
            return False
        mark = attribution([*known, ">"], len(lines) - 1)
        if mark is None or mark.kept:
            return mark is not None
        wanted = "".join("".join(lines[mark.start :]).split())
        index = start
        while wanted and index > 0:
            index -= 1
            text = "".join(cleaned(self._tokens[index].text).split())
            if not wanted.endswith(text):
                break
            if text:
                self._kept[index] = 0
                wanted = wanted.removesuffix(text)
        return True

    def _is_forward(self, start: int, end: int) -> bool:
        """Whether the text just before or at the beginning of an element announces a forward."""
        near = self._window(start, min(end, start + _WINDOW_TOKENS))
        inside = self._book.translated(near)
        before = self._book.translated(self._lines_before(start))
        return (bool(inside) and is_forward_divider(inside, 0)) or (
            bool(before) and is_forward_divider(before, len(before) - 1)
        )

    def _lines_before(self, start: int) -> list[str]:
        """Return the lines just before a token, so many that an attribution would be there."""
        if self._before[0] == start:
            return self._before[1]
        first, characters = start, 0
        while first > max(0, start - _WINDOW_TOKENS) and characters < _WINDOW_CHARACTERS:
            first -= 1
            characters += len(self._tokens[first].text)
        self._before = start, self._window(first, start)
        return self._before[1]

    def _window(self, start: int, end: int) -> list[str]:
        """Return the cleaned lines of a few tokens; nothing when there are too many already."""
        tokens = self._tokens[start:end]
        self._windows += 1
        if self._windows > _WINDOWS_MAX or sum(len(t.text) for t in tokens) > _WINDOW_TEXT_MAX:
            return []
        lines = (cleaned(line) for line in text_of(tokens, mark_quotes=False).split("\n"))
        return [line for line in lines if line]

    def _drop(self, start: int, end: int) -> None:
        self._kept[start : end + 1] = bytes(end + 1 - start)


def _is_container(token: Token) -> bool:
    attributes = token.attributes
    if "class" in attributes and _is_container_class(attributes["class"]):
        return True
    if "id" in attributes and _CONTAINER_IDS.search(attributes["id"]):
        return True
    if token.name == "blockquote" and attributes.get("type", "").lower() == "cite":
        return True
    return attributes.get("name", "").lower() in _QUOTE_NAMES and token.name != "a"


def _is_divider(token: Token) -> bool:
    attributes = token.attributes
    if "id" in attributes and _DIVIDER_IDS.search(attributes["id"]):
        return True
    if "class" in attributes and _DIVIDER_CLASSES.search(attributes["class"]):
        return True
    return "style" in attributes and _draws_divider(attributes["style"])


@lru_cache(maxsize=256)
def _is_container_class(names: str) -> bool:
    return _CONTAINER_CLASSES.search(names) is not None


@lru_cache(maxsize=256)
def _draws_divider(style: str) -> bool:
    style = style.lower()
    return "border" in style and _DIVIDER_STYLE.search(style.replace(" ", "")) is not None


def _has_text(tokens: Iterable[Token]) -> bool:
    return any(_shows(token) for token in tokens)


def _shows(token: Token) -> bool:
    if token.kind is TEXT:
        return bool(token.text.strip(" \t\n\f\r\xa0\u200b\ufeff"))
    return token.kind is START and token.name == "img"

"""Which lines of a text are quoted, and from where everything is only carried along.

Strategy: one walk over the lines.  Whatever stands before the first mark was said now; a mark at
the very top cuts nothing off, because then the carried text is all there is (a forward).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from maild.core.attributions import REPLY_ABOVE
from maild.core.replymarks import (
    MARK_LENGTH_MAX,
    Attribution,
    attribution,
    follows_quote,
    header_block,
    header_field,
    holds_lotus_words,
    is_attribution_ending,
    is_dangling_end,
    is_forward_divider,
    is_history_heading,
    is_lotus_header,
    is_original_divider,
    is_quoted,
    is_rule,
    stands_alone,
)

_MARKS_MAX = 2000
"""How many lines of one mail are looked at as a possible mark; a mail has a few dozen."""
_REMNANT_MAX = 30
_WORD_MIN = 4
_DELIMITER_MIN = 8
_DELIMITER_MAX = 160
_FOLDED_LINE_MIN = 60
"""A quoted line this long was folded on the way when a few unmarked words follow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The cleaned lines of a text, and what is marked in them."""

    lines: list[str]
    quoted: list[bool]
    marks: list[Attribution]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where the carried text begins."""

    index: int
    """The number of lines when nothing is carried."""
    forced: bool = False
    """It was our own delimiter: nothing above it means that nothing was said."""
    forward: bool = False
    """What is carried was forwarded: no quote, but no word of the sender's either."""
    own: frozenset[int] = frozenset()
    """The lines that hold a delimiter of ours: it is a mail of ours that is carried."""


def read_page(lines: list[str]) -> Page:
    """Return what is quoted and attributed in cleaned lines."""
    quoted = [is_quoted(line) for line in lines]
    for index in [index for index, is_marked in enumerate(quoted) if is_marked]:
        if is_dangling_end(lines, index):
            quoted[index] = False
        elif _is_remnant(lines, quoted, index + 1):
            quoted[index + 1] = True
    marks = _attributions(lines, quoted)
    _mark_piped(lines, quoted, marks)
    return Page(lines=lines, quoted=quoted, marks=marks)


def find_cut(page: Page, delimiters: tuple[str, ...], *, is_ours: bool = False) -> Cut:
    """Return the first line from which everything is carried along.

    Where a mail of ours is carried a mark at the very top cuts as well: nothing was said then.
    `is_ours` tells so of a text in which no delimiter is left.
    """
    own, foreign = _delimiter_lines(page.lines, delimiters)
    cuts = (_delimiter_cut(page, own, foreign), _mark_cut(page, is_ours=is_ours or bool(own)))
    cut = min((cut for cut in cuts if cut), key=lambda cut: cut.index, default=_nothing(page))
    return replace(cut, own=frozenset(own))


def beginnings(lines: list[str]) -> set[int]:
    """Return each of some cleaned lines with which an older mail begins, as far as it is told."""
    looked = [i for i, line in enumerate(lines) if line and _may_begin(line)][:_MARKS_MAX]
    marks = {mark.start for mark in read_page(lines).marks}
    return marks.union(i for i in looked if _begins_carried(lines, i))


def _nothing(page: Page) -> Cut:
    return Cut(index=len(page.lines))


def _delimiter_cut(page: Page, own: set[int], foreign: set[int]) -> Cut | None:
    """Return the cut at "reply above this line".

    Our own line, when it is not quoted, cuts even at the top; any other needs text above it.
    One that is quoted cuts nothing off where answers stand between the quotes or behind them.
    """
    if not own and not foreign:
        return None
    first, between = _first_said(page), _last_between(page)
    for index in sorted(own | foreign):
        if page.quoted[index] and index < between:
            continue
        if index in own and (first < index or not page.quoted[index]):
            return Cut(index=_back_over_rules(page.lines, index), forced=True)
        if first < index:
            return Cut(index=_back_over_rules(page.lines, index))
    return None


def _last_between(page: Page) -> int:
    """Return the last line that was said between quotes or behind them, -1 for none.

    It begins a paragraph: else it may be the rest of a folded line. A signature says nothing.
    """
    last = next((i for i in range(len(page.lines) - 1, -1, -1) if page.quoted[i]), 0)
    behind = next((i for i in range(last + 1, len(page.lines)) if page.lines[i]), last)
    if behind > last + 1 and not page.lines[behind].startswith("--"):
        return behind
    for index in range(last - 1, 0, -1):
        line = page.lines[index]
        if line and not (page.quoted[index] or page.lines[index - 1] or is_rule(line)):
            return index
    return -1


def _delimiter_lines(lines: list[str], delimiters: Iterable[str]) -> tuple[set[int], set[int]]:
    """Return the lines that ask to reply above them: by our own `delimiters`, and foreign ones."""
    own = tuple(squeezed for text in delimiters if (squeezed := _squeezed(text)))
    known = _known_delimiters(lines)
    ours: set[int] = set()
    foreign: set[int] = set()
    for index, line in enumerate(lines) if own or known else ():
        if not _DELIMITER_MIN <= len(line) <= MARK_LENGTH_MAX:
            continue
        squeezed = _squeezed(line)
        if any(text in squeezed for text in own):
            ours.add(index)
        elif len(line) <= _DELIMITER_MAX and any(text in squeezed for text in known):
            foreign.add(index)
    return ours, foreign


def _known_delimiters(lines: list[str]) -> tuple[str, ...]:
    """Return the foreign delimiters that occur at all: one fast search of each, for the whole."""
    everything = "\n".join(lines).lower()
    if not any(word in everything for word in _ABOVE_WORDS):
        return ()
    return tuple(text for text in REPLY_ABOVE if text in everything)


def _telling_words(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return a few words of which one stands in each text: those that stand in most of them."""
    chosen: list[str] = []
    left = texts
    while left:
        counts = Counter(word for text in left for word in text.replace(",", "").split())
        chosen.append(max(counts, key=lambda word: (len(word) >= _WORD_MIN, counts[word], word)))
        left = tuple(text for text in left if chosen[-1] not in text)
    return tuple(chosen)


def _squeezed(text: str) -> str:
    return " ".join(text.lower().strip("-_=—–#*> \t").split())


def _mark_cut(page: Page, *, is_ours: bool) -> Cut | None:
    """Return the cut at an attribution of unmarked text, a divider or a quoted header."""
    first = _first_said(page)
    sure = (
        mark.start
        for mark in page.marks
        if (first < mark.start or mark.kept or is_ours)
        and not follows_quote(page.lines, mark.end)
        and stands_alone(page.lines, mark)
    )
    attributed = next(sure, len(page.lines))
    lotus = holds_lotus_words(page.lines)
    looks = 0
    for index, line in enumerate(page.lines[:attributed]):
        if page.quoted[index] or not line or not _may_begin(line):
            continue
        looks += 1
        if _begins_carried(page.lines, index) or (lotus and is_lotus_header(page.lines, index)):
            forward = is_forward_divider(page.lines, index)
            if first >= index and (forward or not is_ours):
                return None
            return Cut(index=_back_over_rules(page.lines, index), forward=forward)
        if looks >= _MARKS_MAX:
            break
    return Cut(index=attributed)


def _first_said(page: Page) -> int:
    """Return the first line that is neither blank, drawn, quoted nor part of an attribution."""
    inside = {index for mark in page.marks for index in range(mark.start, mark.end)}
    return next(
        (
            index
            for index, line in enumerate(page.lines)
            if line and not page.quoted[index] and index not in inside and not is_rule(line)
        ),
        len(page.lines),
    )


def quote_runs(page: Page, end: int) -> list[tuple[int, int]]:
    """Return the runs of quoted lines before `end`; blank lines do not part a run."""
    runs: list[tuple[int, int]] = []
    last_text = -1
    for index in range(end):
        if page.quoted[index]:
            if runs and runs[-1][1] > last_text:
                runs[-1] = (runs[-1][0], index + 1)
            else:
                runs.append((index, index + 1))
        elif page.lines[index]:
            last_text = index
    return runs


def is_prompt(page: Page, start: int, end: int) -> bool:
    """Return whether a run of quoted lines is the prompt of an interpreter, pasted by somebody."""
    return all(line.startswith((">>> ", "...")) for line in page.lines[start:end] if line)


def _is_remnant(lines: list[str], quoted: list[bool], index: int) -> bool:
    """Whether a few words were folded off a long quoted line by a mail program on the way."""
    return (
        index < len(lines) - 1
        and not quoted[index]
        and quoted[index + 1]
        and 0 < len(lines[index]) <= _REMNANT_MAX
        and len(lines[index - 1]) >= _FOLDED_LINE_MIN
    )


def _attributions(lines: list[str], quoted: list[bool]) -> list[Attribution]:
    marks: list[Attribution] = []
    looks = 0
    for index, line in enumerate(lines):
        if quoted[index] or not line or not is_attribution_ending(line):
            continue
        looks += 1
        mark = attribution(lines, index)
        if mark is not None:
            marks.append(mark)
        if looks >= _MARKS_MAX:
            break
    return marks


def _mark_piped(lines: list[str], quoted: list[bool], marks: list[Attribution]) -> None:
    """Take lines that begin with `|` behind an attribution for quoted."""
    done = 0
    for mark in marks:
        index = max(mark.end, done)
        while index < len(lines) and (not lines[index] or lines[index].startswith("|")):
            quoted[index] = quoted[index] or bool(lines[index])
            index += 1
        done = index


def _may_begin(line: str) -> bool:
    """Whether a line could begin a quoted header or be a divider: cheap, to skip the rest."""
    return line[0] in "-_=—–―*#" or ":" in line[:60] or "：" in line[:60] or len(line) < 40  # noqa: PLR2004


def _begins_carried(lines: list[str], index: int) -> bool:
    if header_field(lines[index]) is not None and header_block(lines, index) is not None:
        return True
    return (
        is_original_divider(lines, index)
        or is_forward_divider(lines, index)
        or is_history_heading(lines[index])
    )


def _back_over_rules(lines: list[str], index: int) -> int:
    """Return the first of the blank and drawn lines directly above a mark."""
    while index > 0 and (not lines[index - 1] or is_rule(lines[index - 1])):
        index -= 1
    return index


_ABOVE_WORDS = _telling_words(REPLY_ABOVE)

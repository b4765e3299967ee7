"""Which lines of a text are quoted, and from where everything is only carried along.

Strategy: one walk over the lines.  Whatever stands before the first mark was said now; a mark at
the very top cuts nothing off, because then the carried text is all there is (a forward).
"""

from __future__ import annotations

from dataclasses import dataclass

from maild.core.replymarks import (
    Attribution,
    Strength,
    attribution,
    delimiter_lines,
    follows_quote,
    header_block,
    header_field,
    is_attribution_ending,
    is_dangling_end,
    is_forward_divider,
    is_history_heading,
    is_lotus_header,
    is_original_divider,
    is_quoted,
    is_rule,
)

_MARKS_MAX = 2000
"""How many lines of one mail are looked at as a possible mark; a mail has a few dozen."""
_REMNANT_MAX = 30
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


def find_cut(page: Page, delimiters: tuple[str, ...]) -> Cut:
    """Return the first line from which everything is carried along."""
    own, foreign = delimiter_lines(page.lines, delimiters)
    sure = {
        mark.start: mark
        for mark in page.marks
        if mark.strength is not Strength.WEAK and not follows_quote(page.lines, mark.end)
    }
    inside = {index for mark in page.marks for index in range(mark.start, mark.end)}
    said = False
    looks = 0
    for index, line in enumerate(page.lines):
        if not line:
            continue
        if index in own and (said or not page.quoted[index]):
            return Cut(index=_back_over_rules(page.lines, index), forced=True)
        if index in foreign and said:
            return Cut(index=_back_over_rules(page.lines, index))
        if page.quoted[index]:
            continue
        if index in sure and (said or sure[index].kept):
            return Cut(index=index)
        if index in inside:
            continue
        if looks < _MARKS_MAX and _may_begin(line):
            looks += 1
            if _begins_carried(page.lines, index):
                return Cut(index=_back_over_rules(page.lines, index) if said else len(page.lines))
        said = said or not is_rule(line)
    return Cut(index=len(page.lines))


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
        or is_lotus_header(lines, index)
    )


def _back_over_rules(lines: list[str], index: int) -> int:
    """Return the first of the blank and drawn lines directly above a mark."""
    while index > 0 and (not lines[index - 1] or is_rule(lines[index - 1])):
        index -= 1
    return index

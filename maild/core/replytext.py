"""What a person wrote now, out of a text that also carries quotes, a forward and a signature.

Strategy: what lies behind the *cut* is only carried along (see `core.replycut`); before it, the
lines marked as quoted go together with their attributions, so that answers between and below them
stay; then the signature goes from each run of lines that is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from maild.core.armour import without_armour
from maild.core.forwarding import forwarded
from maild.core.mail import NO_PHRASES, Phrases, VisibleReply
from maild.core.phrasebook import phrasebook
from maild.core.replycut import Cut, Page, find_cut, is_prompt, quote_runs, read_page
from maild.core.replymarks import cleaned, cleaned_lines, follows_quote, is_rule
from maild.core.signatures import signature_start, small_print

_PAUSE = re.compile(r"\n{5,}")
"""More blank lines than are ever kept."""


def split(
    text: str,
    *,
    html_reply: str | None,
    delimiters: tuple[str, ...],
    phrases: Phrases = NO_PHRASES,
) -> VisibleReply:
    """Take a mail's full text apart.

    `html_reply` is the visible text that the mail's HTML shows by its own structure, if it does;
    `delimiters` are the "reply above this line" lines of our own mails, `phrases` an operator's
    words of mail programs.  Never raises; the cost grows with the length of the text alone.
    """
    folding = _Folding(text, delimiters, phrases)
    chosen = folding
    if (
        html_reply is not None
        and html_reply.strip()
        and (not folding.found or _is_part(html_reply, text))
    ):
        chosen = _Folding(html_reply, delimiters, phrases, is_ours=folding.is_ours)
    return VisibleReply(
        reply_text=chosen.without_signatures(),
        unquoted_text=chosen.unquoted(),
        interleaved=chosen.interleaved,
        forwarded=forwarded(folding.lines, folding.cleaned, phrases),
    )


class _Folding:
    """The lines of one text, and which of them were written now."""

    def __init__(
        self, text: str, delimiters: tuple[str, ...], phrases: Phrases, *, is_ours: bool = False
    ) -> None:
        text = without_armour(text.replace("\r\n", "\n").replace("\r", "\n"))
        text = _PAUSE.sub("\n\n\n\n", text) if "\n\n\n\n\n" in text else text
        self.lines = text.split("\n")
        self.interleaved = False
        self.is_ours = is_ours
        """A mail of ours is carried along: where nothing else was said, nothing was."""
        self.cleaned = phrasebook(phrases).translated(cleaned_lines(text))
        self._page = read_page(self.cleaned)
        self._kept = [True] * len(self.lines)
        self._visible = self.cleaned.copy()
        """The same lines, cleaned."""
        self._shown = self.lines.copy()
        """The lines; of some, only the beginning belongs to the reply."""
        self._forwarded_from = len(self.lines)
        self._fold(delimiters)
        self._kept_runs = self._runs()
        self.found = not all(
            keep or not line for keep, line in zip(self._kept, self._page.lines, strict=True)
        )

    def unquoted(self) -> str:
        """Return the kept lines, and the forwarded mail below them."""
        lines = [line for start, end in self._kept_runs for line in self._shown[start:end]]
        return _joined(lines + self.lines[self._forwarded_from :])

    def without_signatures(self) -> str:
        """Return the kept lines without signatures; what is only a signature stays."""
        lines: list[str] = []
        for start, end in self._kept_runs:
            said = any(lines)
            count = signature_start(self._visible[start:end], alone=not said)
            lines.extend(self._shown[start : start + count])
        return _joined(lines) or self.unquoted()

    def _runs(self) -> list[tuple[int, int]]:
        """Return the runs of kept lines."""
        runs: list[tuple[int, int]] = []
        start = -1
        for index, keep in enumerate([*self._kept, False]):
            if keep and start < 0:
                start = index
            elif not keep and start >= 0:
                runs.append((start, index))
                start = -1
        return runs

    def _fold(self, delimiters: tuple[str, ...]) -> None:
        page = self._page
        cut = find_cut(page, delimiters, is_ours=self.is_ours)
        self.is_ours = self.is_ours or bool(cut.own)
        self._drop(cut.index, len(self.lines))
        if cut.forward:
            self._forwarded_from = cut.index
        attributed = self._drop_attributions(page, cut.index)
        self._drop_quotes(page, cut, attributed)
        self._drop_small_print(page)
        if not (attributed or cut.forced or self.is_ours or self._says_something(page)):
            self._kept = [True] * len(self.lines)
            self._shown = self.lines
            self._visible = self.cleaned

    def _drop(self, start: int, end: int) -> None:
        self._kept[start:end] = [False] * (end - start)

    def _drop_attributions(self, page: Page, cut: int) -> set[int]:
        """Drop the attributions of marked quotes; return the lines where these begin."""
        behind: set[int] = set()
        for mark in page.marks:
            if mark.start > cut:
                break
            if mark.kept:
                self._kept[mark.start] = True
                self._shown[mark.start] = mark.kept
                self._visible[mark.start] = cleaned(mark.kept)
            if mark.end <= cut and follows_quote(page.lines, mark.end):
                self._drop(mark.start + bool(mark.kept), mark.end)
                behind.add(next(i for i in range(mark.end, len(page.lines)) if page.lines[i]))
        return behind

    def _drop_quotes(self, page: Page, cut: Cut, attributed: set[int]) -> None:
        """Drop quotes, but a single one at the top that nobody is named for and text follows.

        One that holds a delimiter of ours needs no name.
        """
        runs = [
            run
            for run in quote_runs(page, cut.index)
            if run[0] in attributed or not is_prompt(page, *run)
        ]
        if not runs:
            return
        said = [
            index
            for index in range(cut.index)
            if page.lines[index] and self._kept[index] and not page.quoted[index]
        ]
        is_known = bool(attributed) or any(_holds(run, cut.own) for run in runs)
        if not said and not is_known:
            return
        if len(runs) == 1 and not is_known and said[0] >= runs[0][1]:
            return
        for start, end in runs:
            self._drop(start, end)
        self.interleaved = any(runs[0][1] <= index < runs[-1][0] for index in said)

    def _drop_small_print(self, page: Page) -> None:
        visible = [line if keep else "" for line, keep in zip(page.lines, self._kept, strict=True)]
        for start, end in small_print(visible):
            self._drop(start, end)

    def _says_something(self, page: Page) -> bool:
        return any(
            keep and line and not is_rule(line)
            for keep, line in zip(self._kept, page.lines, strict=True)
        )


def _holds(run: tuple[int, int], lines: Iterable[int]) -> bool:
    """Whether one of some lines stands in a run."""
    return any(run[0] <= line < run[1] for line in lines)


def _is_part(html_reply: str, text: str) -> bool:
    """Whether a text was itself made from the HTML: its structure then knows best."""
    lines = {line.lstrip("> ") for line in text.split("\n")}
    return all(line.lstrip("> ") in lines for line in html_reply.split("\n"))


def _joined(lines: list[str]) -> str:
    """Return lines as text without blank lines around it and with at most two in a row inside."""
    kept: list[str] = []
    blanks = 0
    for line in lines:
        bare = line.rstrip()
        blanks = 0 if bare else blanks + 1
        if blanks <= 2 and (bare or kept):  # noqa: PLR2004 two blank lines are a pause
            kept.append(bare)
    return "\n".join(kept).rstrip("\n")

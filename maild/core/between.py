"""Answers between quoted lines keep what they answer, where it is the customer's to read.

Strategy: what the agent wrote is known; every other line of the mail is quoted or ours. A quoted
line stays where it repeats something public of the ticket word for word and an answer follows it;
so our notice, notes and what only colleagues may read are gone, whatever a client made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

QUOTED_LINES_MAX = 500
PUBLIC_CHARACTERS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Public:
    """What was said in public, to be asked line by line."""

    _words: str

    @classmethod
    def of(cls, texts: Iterable[str]) -> Public:
        """Gather texts, the newest first: where there is too much the oldest go."""
        whole = "\n".join(_squeezed(text[:PUBLIC_CHARACTERS_MAX]) for text in texts)
        return cls(whole[:PUBLIC_CHARACTERS_MAX])

    def holds(self, line: str) -> bool:
        """Tell whether a line, whatever quotes it, stands in one of the texts."""
        bare = bare_line(line)
        return bool(bare) and bare in self._words


@dataclass(slots=True)
class _Page:
    """What is written out so far, and the quoted lines that wait for their answer."""

    public: Public
    said: frozenset[str]
    lines: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    quoted: int = 0
    answered: int = 0
    """Answers that have quoted lines of the customer's above them."""
    foreign: bool = False
    """Something was quoted that is not public: the quote was not cut by hand."""
    is_between: bool = False
    """Something is quoted below an answer."""
    in_answer: bool = False

    def quote(self, line: str) -> None:
        """Take a quoted line."""
        bare = bare_line(line)
        if not bare or self.quoted >= QUOTED_LINES_MAX:
            return
        self.quoted += 1
        self.is_between = self.is_between or self.answered > 0
        if self.public.holds(bare):
            self.waiting.append(f"> {bare}")
        else:
            self.foreign = True
        self.in_answer = False

    def answer(self, line: str) -> None:
        """Take a line of the agent's own."""
        if not self.in_answer and self.lines and self.lines[-1]:
            self.lines.append("")
        if self.waiting and bare_line(line) in self.said:
            self.lines += [*self.waiting, ""]
            self.waiting = []
            self.answered += 1
        self.lines.append(line)
        self.in_answer = True


def answered(text: str, body: str, said: str, public: Public) -> str:
    """Return `body` with the public quoted lines that its parts answer, or as it is.

    `text` is the whole mail, `body` what the agent wrote in it, `said` the same without signature.
    Quotes stay where answers stand between them, or where nothing else was left of our notice.
    """
    page = _Page(public=public, said=frozenset(map(bare_line, said.split("\n"))) - {""})
    rest = _walked(text, body, page)
    is_meant = page.is_between or not page.foreign
    return "\n".join(page.lines).strip("\n") if page.answered and is_meant and not rest else body


def bare_line(line: str) -> str:
    """Return a line without marks of quotation and superfluous blanks."""
    return _squeezed(line.lstrip("> \t"))


def _walked(text: str, body: str, page: _Page) -> bool:
    """Go through the mail; tell whether something of the agent's was not found in it."""
    own = iter(body.split("\n"))
    wanted = _next(own)
    for line in text.split("\n"):
        if wanted is not None and line.strip() == wanted.strip():
            page.answer(wanted.rstrip())
            wanted = _next(own)
        elif line.lstrip().startswith(">"):
            page.quote(line)
        elif not line.strip() and page.in_answer and page.lines[-1]:
            page.lines.append("")
    return wanted is not None


def _next(lines: Iterator[str]) -> str | None:
    return next((line for line in lines if line.strip()), None)


def _squeezed(text: str) -> str:
    return " ".join(text.split())

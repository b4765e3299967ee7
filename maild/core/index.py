"""Words as the full text search keeps and asks them: the same on every database.

Strategy: the words are taken apart here and not by the databases, whose own ways differ. What is
stored and what is asked are then lists of plain words, which need no grammar: letters and digits
only, small, without accents. A script that puts no spaces between words is kept in pairs of
characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from string import ascii_letters, digits

from maild.core.ticket import Ticket

TEXT_CHARACTERS_MAX = 100_000
"""Of a post; what stands further down is not found."""
WORDS_MAX = 5_000
WORD_CHARACTERS_MAX = 40
WANTED_MAX = 8
"""Words of one search that count; the rest is left out."""
FOUND_MAX = 20
"""Tickets that one search shows."""
CONTEXTS_MAX = 2
"""Posts of a ticket that are shown where the words stand."""
AROUND_CHARACTERS = 60
PREFIX_CHARACTERS_MIN = 3
_WORD = re.compile(r"[^\W_]+")
_UNBROKEN = re.compile(r"\S+")
_SIGNS_TO_SPACES = bytes(n if chr(n) in ascii_letters + digits else 32 for n in range(256))
"""Plain text is most of what is written: so it is taken apart three times as fast."""
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_PIECES = re.compile(rf"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")


class _Forms(dict[int, str]):
    """The plain form of each sign, worked out when it is first met."""

    def __missing__(self, sign: int) -> str:
        """Without accents and other marks, in the plain form of each letter.

        Folded before and after: only then has no letter another form at the end of a word.
        """
        plain = unicodedata.normalize("NFKD", chr(sign).casefold()).casefold()
        found = "".join(one for one in plain if unicodedata.category(one)[0] != "M")
        if len(self) < _FORMS_MAX:
            self[sign] = found
        return found


_FORMS_MAX = 20_000
_FORMS = _Forms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One word that is looked for."""

    word: str
    is_prefix: bool
    """A longer word that begins with it will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A ticket that has every word, and where some of them stand."""

    ticket: Ticket
    contexts: tuple[str, ...] = ()


def words(*texts: str) -> tuple[str, ...]:
    """Return the words of some texts, each once, in the order in which they first come."""
    found: dict[str, None] = {}
    for text in texts:
        found.update(dict.fromkeys(_words(text[:TEXT_CHARACTERS_MAX])))
    return tuple(islice(found, WORDS_MAX))


def wanted(text: str) -> tuple[Wanted, ...]:
    """Return what a person looks for; empty where they wrote no letter and no digit.

    A word is looked for at the beginning of words, and a very short one as it stands.
    """
    return tuple(
        Wanted(word=word, is_prefix=_may_begin(word)) for word in words(text)[:WANTED_MAX]
    )


def context(text: str, sought: Iterable[Wanted]) -> str:
    """Return where in a text the first of the words stands, with what is around; empty for none.

    On one line, cut at both ends where there is more.
    """
    text = " ".join(text[:TEXT_CHARACTERS_MAX].split())
    goals = tuple(sought)
    for stretch in _UNBROKEN.finditer(text):
        if _has(_words(stretch[0]), goals):
            first, last = _place(stretch[0], goals)
            start = max(0, stretch.start() + first - AROUND_CHARACTERS)
            most = min(stretch.start() + last + AROUND_CHARACTERS, start + 4 * AROUND_CHARACTERS)
            before, after = "…" if start else "", "…" if most < len(text) else ""
            return f"{before}{text[start:most].strip()}{after}"
    return ""


def _has(found: Iterable[str], goals: tuple[Wanted, ...]) -> bool:
    return any(
        word.startswith(goal.word) if goal.is_prefix else word == goal.word
        for word in found
        for goal in goals
    )


def _place(stretch: str, goals: tuple[Wanted, ...]) -> tuple[int, int]:
    """Return from where to where in what is written the first word stands that is looked for.

    A sign may become several letters, as ™, or none, as an accent that stands by itself: words
    are those of the plain form, so each of its characters is led back to the sign it is of.
    """
    forms = [_plain(sign) for sign in stretch]
    signs = [n for n, form in enumerate(forms) for _ in form]
    for run in _WORD.finditer("".join(forms)):
        if _has(_pieces(run[0]), goals):
            places = (run[0].find(goal.word) for goal in goals)
            start = run.start() + min(place for place in places if place >= 0)
            return signs[start], signs[run.end() - 1] + 1
    return 0, len(stretch)


def _words(text: str) -> Iterable[str]:
    plain = _plain(text)
    if plain.isascii():
        runs = plain.encode("ascii").translate(_SIGNS_TO_SPACES).decode("ascii").split()
        return [run[:WORD_CHARACTERS_MAX] for run in runs]
    if _IS_UNSPACED.search(plain) is None:
        return [run[:WORD_CHARACTERS_MAX] for run in _WORD.findall(plain)]
    return chain.from_iterable(map(_pieces, _WORD.findall(plain)))


def _pieces(run: str) -> Iterator[str]:
    for piece in _PIECES.findall(run):
        if _IS_UNSPACED.match(piece):
            yield from _pairs(piece)
        else:
            yield piece[:WORD_CHARACTERS_MAX]


def _pairs(run: str) -> Iterable[str]:
    """Every two characters that follow each other, and the last one by itself."""
    return (run[n : n + 2] for n in range(len(run)))


def _plain(text: str) -> str:
    """Small, without accents; the form of a sign depends on no other sign."""
    return text.lower() if text.isascii() else text.translate(_FORMS).lower()


def _may_begin(word: str) -> bool:
    return len(word) >= PREFIX_CHARACTERS_MIN or (len(word) == 1 and not word.isascii())

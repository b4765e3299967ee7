"""What customers write about more than before: terms that rose most, by language; pure.

A term is a word or two words that follow each other, and counts once a ticket, however often it
stands there. How surprising a rise is is told by the log-likelihood ratio (Dunning, "Accurate
Methods for the Statistics of Surprise and Coincidence", 1993) of the tickets that have it, now and
before: it holds for rare terms too, where a plain ratio shouts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise
from math import log

from maild.core.languagewords import WORDS

WORDS_MAX = 400
"""Of one ticket's subject and text; what stands further down is seldom its topic."""
TEXT_CHARACTERS_MAX = 4000
TICKETS_MIN = 3
"""A term of fewer tickets is no topic."""
SURPRISE_MIN = 3.84
"""Chance alone rises above it in five of a hundred terms."""
_SMALL_CHARACTERS_MAX = 4
_COMMON = {
    language: frozenset(w for w in words.split() if len(w) <= _SMALL_CHARACTERS_MAX)
    for language, words in WORDS.items()
}
"""Words that hold sentences together; longer ones of these lists may well be somebody's topic."""
_JOINS = " \t\r\n-"
_WORD = re.compile(r"[^\W\d_][\w]{2,29}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one ticket says: its subject and what the customer wrote, without quotes."""

    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A term that rose."""

    language: str
    term: str
    now: int
    """Tickets that have it."""
    before: float
    """Tickets that had it, in a stretch as long as the one of now."""
    surprise: float


def rising(
    now: Iterable[Told], before: Iterable[Told], stretches: int, most: int = 5
) -> tuple[Topic, ...]:
    """Return the terms of each language that rose most, the most surprising ones first.

    `before` holds so many stretches of time as long as that of `now`. Of terms that stand in the
    same tickets the longer one is told.
    """
    new, old = _counted(now), _counted(before)
    found: list[Topic] = []
    for language in sorted(new):
        topics = sorted(
            _topics(language, new[language], old.get(language, _Terms()), stretches),
            key=lambda topic: (-topic.surprise, -len(topic.term), topic.term),
        )
        found += list(_apart(topics))[:most]
    return tuple(found)


class _Terms:
    """In how many tickets of a language each term stands."""

    def __init__(self) -> None:
        self.tickets = 0
        self.counts: Counter[str] = Counter()


def _counted(told: Iterable[Told]) -> Mapping[str, _Terms]:
    found: dict[str, _Terms] = {}
    for one in told:
        terms = found.setdefault(one.language, _Terms())
        terms.tickets += 1
        terms.counts.update(_terms(one))
    return found


def _terms(told: Told) -> set[str]:
    """Return words, and pairs that follow each other, without those that say nothing."""
    common = _COMMON.get(told.language, frozenset())
    text = told.text[:TEXT_CHARACTERS_MAX].lower()
    words = list(islice(_WORD.finditer(text), WORDS_MAX))
    single = {word.group() for word in words} - common
    pairs = {
        f"{a.group()} {b.group()}"
        for a, b in pairwise(words)
        if a.group() in single and b.group() in single and _follows(text, a.end(), b.start())
    }
    return single | pairs


def _follows(text: str, end: int, start: int) -> bool:
    """Whether nothing stands between two words but that they share a line, or a paragraph."""
    between = text[end:start]
    return not between.strip(_JOINS) and between.count("\n") <= 1


def _topics(language: str, new: _Terms, old: _Terms, stretches: int) -> Iterator[Topic]:
    for term, count in new.counts.items():
        was = old.counts[term]
        surprise = _surprise(count, new.tickets, was, old.tickets)
        rose = count * old.tickets > was * new.tickets
        if count >= TICKETS_MIN and rose and surprise >= SURPRISE_MIN:
            yield Topic(
                language=language,
                term=term,
                now=count,
                before=was / stretches if stretches else 0.0,
                surprise=surprise,
            )


def _apart(topics: Iterable[Topic]) -> Iterator[Topic]:
    """Leave out a term that a better one holds, or that holds a better one."""
    chosen: list[set[str]] = []
    for topic in topics:
        words = set(topic.term.split())
        if not any(words <= other or other <= words for other in chosen):
            chosen.append(words)
            yield topic


def _surprise(new: int, new_all: int, old: int, old_all: int) -> float:
    """Return Dunning's ratio of two shares; 0 where they are the same."""
    both = (new + old) / (new_all + old_all)
    shares = ((new, new_all), (old, old_all))
    gain = sum(
        _likelihood(hits, n, hits / n) - _likelihood(hits, n, both) for hits, n in shares if n
    )
    return max(2 * gain, 0.0)


def _likelihood(hits: int, n: int, share: float) -> float:
    """Return the logarithm of how likely so many hits are; a share of 0 or 1 has no doubt."""
    if share in {0.0, 1.0}:
        return 0.0
    return hits * log(share) + (n - hits) * log(1 - share)

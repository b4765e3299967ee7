"""Count what happened: by period and group, the last word of each period alone.

Strategy: a ticket is counted when all of it is known, and forgotten: what stays is as large as
there are groups and periods, and the times of which the middle is wanted. Of a happening that was
said and taken back within a period nothing is left in it; of one that was said in an earlier
period, that one keeps what it had.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Protocol

from maild.core import kpi
from maild.core.countable import Happened, Life, Standing, What
from maild.core.kpi import Counted
from maild.core.scorecard import Group, Report, Wish
from maild.core.survey import Kind
from maild.core.traits import Traits

_Key = tuple[What, str]
_Told = dict[_Key, Happened]
"""Of one ticket and period: the last word about each thing."""
_Counting = Callable[[Counted, Happened, _Told], None]
_TOTAL = None
_WHOLE = 0
"""The place of the whole period; the parts have 1, 2, and so on."""


class Count:
    """The figures of a wish in the making: add tickets, then ask for the report."""

    def __init__(self, wish: Wish) -> None:
        """Begin with nothing; the parts of the wish are in order and apart from each other."""
        self._wish = wish
        self._starts = [span.start for span in wish.spans]
        self._ends = [span.end for span in wish.spans]
        self._counted: defaultdict[str | None, list[Counted]] = defaultdict(self._nothing)

    def add(self, life: Life) -> None:
        """Count one ticket."""
        self._count(life.happened)
        self._count_backlog(life.standings)

    def add_surveys(self, happened: Iterable[Happened]) -> None:
        """Count surveys that belong to no ticket."""
        self._count(happened)

    def report(self) -> Report:
        """Return the figures of all that was added."""
        total = self._group(_TOTAL)
        names = sorted(name for name in self._counted if name is not None)
        return Report(
            wish=self._wish, total=total, groups=tuple(self._group(name) for name in names)
        )

    def _nothing(self) -> list[Counted]:
        return [Counted() for _ in range(1 + len(self._wish.spans))]

    def _group(self, name: str | None) -> Group:
        whole, *parts = (kpi.figures(counted) for counted in self._counted[name])
        return Group(name=name or "", whole=whole, spans=tuple(parts))

    def _count(self, happened: Iterable[Happened]) -> None:
        told: defaultdict[int, _Told] = defaultdict(dict)
        for one in happened:
            for place in self._places(one.at):
                _take(told[place], one)
        for place, things in told.items():
            for one in things.values():
                count = _COUNT.get(one.what)
                if count is not None:
                    for counted in self._of(one.traits, place):
                        count(counted, one, things)
            self._count_rates(place, things)

    def _count_rates(self, place: int, things: _Told) -> None:
        """Count the tickets that a rate is told of, each once, where it was last."""
        for hit, other, count in _RATES:
            found = [things[what, ""] for what in (other, hit) if (what, "") in things]
            if found:
                where = max(found, key=attrgetter("at")).traits
                for counted in self._of(where, place):
                    count(counted, is_hit=(hit, "") in things)

    def _count_backlog(self, standings: Iterable[Standing]) -> None:
        previous: Standing | None = None
        for one in standings:
            if previous is not None:
                self._wait(previous, one.since)
            previous = one
        if previous is not None:
            self._wait(previous, None)

    def _wait(self, standing: Standing, until: datetime | None) -> None:
        """Count a ticket in the backlog of every period that ends while it waits."""
        if not standing.is_unsolved:
            return
        end = self._wish.whole.end
        if standing.since < end and (until is None or end <= until):
            self._in_backlog(standing.traits, _WHOLE)
        first = bisect_right(self._ends, standing.since)
        last = len(self._ends) if until is None else bisect_right(self._ends, until)
        for place in range(first, last):
            self._in_backlog(standing.traits, place + 1)

    def _in_backlog(self, traits: Traits, place: int) -> None:
        for counted in self._of(traits, place):
            counted.backlog += 1

    def _of(self, traits: Traits, place: int) -> Iterable[Counted]:
        """Give what is counted for a ticket: nothing where the wish does not mean it."""
        if not traits.is_meant(self._wish.only):
            return ()
        names: tuple[str | None, ...] = (_TOTAL,)
        if self._wish.by is not None:
            names += traits.names(self._wish.by)
        return [self._counted[name][place] for name in names]

    def _places(self, at: datetime) -> Iterator[int]:
        """Give the periods that an instant belongs to."""
        if self._wish.whole.start <= at < self._wish.whole.end:
            yield _WHOLE
        part = bisect_right(self._starts, at)
        if part and at < self._ends[part - 1]:
            yield part


def _take(told: _Told, one: Happened) -> None:
    """Let one word follow the others."""
    if one.what is What.SPAM:
        told.clear()
    elif one.value is None:
        told.pop((one.what, one.key), None)
    else:
        told[one.what, one.key] = one


def _opened(counted: Counted, _one: Happened, _things: _Told) -> None:
    counted.opened += 1


def _solved(counted: Counted, one: Happened, things: _Told) -> None:
    counted.solved += 1
    counted.resolution.append(one.value or 0.0)
    counted.first_contact += (What.FIRST_CONTACT, "") in things
    counted.deflected += (What.DEFLECTED, "") in things


def _time(name: str) -> _Counting:
    def count(counted: Counted, one: Happened, _things: _Told) -> None:
        getattr(counted, name).append(one.value or 0.0)

    return count


def _promise(counted: Counted, one: Happened, _things: _Told) -> None:
    kept = counted.met if one.value else counted.missed
    kept[one.key.partition(" ")[0]] += 1


def _asked(counted: Counted, one: Happened, things: _Told) -> None:
    kind = one.key.partition(" ")[0]
    counted.sent[kind] += 1
    counted.answered[kind] += (What.VOTED, one.key) in things


def _voted(counted: Counted, one: Happened, _things: _Told) -> None:
    marks = counted.csat if one.key.startswith(Kind.CSAT) else counted.nps
    marks.append(int(one.value or 0))


def _reopened(counted: Counted, *, is_hit: bool) -> None:
    counted.ended += 1
    counted.reopened += is_hit


def _escalated(counted: Counted, *, is_hit: bool) -> None:
    counted.handled += 1
    counted.escalated += is_hit


class _Rate(Protocol):
    def __call__(self, counted: Counted, *, is_hit: bool) -> None: ...


_COUNT: Mapping[What, _Counting] = {
    What.OPENED: _opened,
    What.ANSWERED: _time("first_response"),
    What.ANSWERED_WORKING: _time("first_response_working"),
    What.SOLVED: _solved,
    What.SOLVED_WORKING: _time("resolution_working"),
    What.PROMISE: _promise,
    What.ASKED: _asked,
    What.VOTED: _voted,
}
_RATES: tuple[tuple[What, What, _Rate], ...] = (
    (What.REOPENED, What.ENDED, _reopened),
    (What.ESCALATED, What.OPENED, _escalated),
)
"""What makes a ticket count in a rate, and what else makes it one of those that it is told of."""

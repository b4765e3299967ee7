"""Every figure told a second time, from the rows of the log, by a reader that shares no code.

Strategy: of each ticket what was known at the end of a period is looked at as a whole, and asked
plainly: was it solved, is it still, what was the first answer. So nothing is taken back here; the
real reader goes forward once and takes back what turns out otherwise.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from statistics import fmean, quantiles

from sqlalchemy import text

from maild.store.database import Database

ENDED = ("solved", "closed")
UNSOLVED = ("new", "open", "pending", "on-hold")
CLOCKS = ("first_response", "next_response", "resolution")
TIMES = ("first_response", "first_response_working", "resolution", "resolution_working")
GROUPED = ("queue", "agent", "tier", "segment", "language", "tag", "organisation")
TOTAL = ("", "")
Place = tuple[str, str]
"""What is grouped by, and the name of the group."""
Where = Mapping[str, frozenset[str]]
"""The groups that a ticket belongs to at a moment."""


@dataclass(frozen=True, slots=True)
class Period:
    """From its start to before its end."""

    start: datetime
    end: datetime


@dataclass(slots=True, eq=False)
class Row:
    """A line of the log, when it was known, and where its ticket was then."""

    at: datetime
    known: datetime
    kind: str
    actor: str
    data: dict[str, str]
    step: int
    where: Where = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """What was found of one group in one period."""

    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    times: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    rates: defaultdict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    marks: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def lines(self) -> dict[str, tuple[float | None, int]]:
        """Return each figure: its value, and of how many it is told."""
        told: dict[str, tuple[float | None, int]] = {
            name: (self.counts[name], self.counts[name])
            for name in ("volume", "solved", "backlog")
        }
        for name in TIMES:
            told |= _spread(name, sorted(self.times[name]))
        clocks = [self.rates[clock] for clock in CLOCKS]
        told["sla"] = _rate([kept for clock in clocks for kept in clock])
        told |= {f"sla.{name}": _rate(found) for name, found in zip(CLOCKS, clocks, strict=True)}
        names = ("first_contact_resolution", "reopen_rate", "escalation_rate", "deflection")
        told |= {name: _rate(self.rates[name]) for name in names}
        csat, nps = self.marks["csat"], self.marks["nps"]
        told["csat"] = _rate([mark in {4, 5} for mark in csat])
        told["csat.mean"] = (fmean(csat) if csat else None, len(csat))
        balance = [(mark > 8) - (mark < 7) for mark in nps]
        told["nps"] = (100 * sum(balance) / len(nps) if nps else None, len(nps))
        for kind in ("csat", "nps"):
            told[f"{kind}.response_rate"] = _rate(self.rates[f"asked {kind}"])
        return told


def _rate(found: Sequence[bool]) -> tuple[float | None, int]:
    return (sum(found) / len(found) if found else None, len(found))


def _spread(name: str, times: Sequence[float]) -> dict[str, tuple[float | None, int]]:
    tenths = quantiles(times, n=10, method="inclusive") if len(times) > 1 else list(times) * 9
    mean = fmean(times) if times else None
    found = (mean, tenths[4], tenths[8]) if times else (None, None, None)
    parts = ("mean", "median", "p90")
    return {f"{name}.{part}": (one, len(times)) for part, one in zip(parts, found, strict=True)}


def told(database: Database, periods: Sequence[Period]) -> list[dict[Place, Tally]]:
    """Return what happened in each period, by group; `TOTAL` is all of it."""
    found: list[dict[Place, Tally]] = [defaultdict(Tally) for _ in periods]
    for log in logs(database):
        _tell(log, periods, found)
    for log in loose(database):
        for n, period in enumerate(periods):
            _tell_surveys(log, period, found[n])
    return found


def _tell(
    log: Sequence[Row], periods: Sequence[Period], found: Sequence[dict[Place, Tally]]
) -> None:
    asked = [row for row in log if "survey" in row.data and row.data.get("kind") != "nps"]
    waits = Seen(log, log[0].known).state in UNSOLVED
    for period, into in zip(periods, found, strict=True):
        if log[0].known >= period.end:
            continue
        if asked:
            _tell_surveys(asked, period, into)
        if log[-1].known >= period.start:
            _tell_ticket(log, period, into)
        elif waits:
            _tell_backlog(log[-1], into)


def logs(database: Database) -> Iterator[list[Row]]:
    """Give every ticket's log, one after the other."""
    with database.read() as connection:
        rows = connection.execute(
            text(
                "SELECT ticket_id, id, at, kind, actor, data, journal_id FROM event"
                " WHERE ticket_id IS NOT NULL ORDER BY ticket_id, id"
            )
        )
        for _, some in groupby(rows, lambda row: row[0]):
            yield _log(some)


def loose(database: Database) -> list[list[Row]]:
    """Give the lines about surveys that are about no ticket, wherever they stand, by survey."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    with database.read() as connection:
        rows = connection.execute(
            text(
                "SELECT at, kind, actor, data FROM event WHERE kind LIKE 'survey.%'"
                " AND json_extract(data, '$.kind') = 'nps'"
                " AND kind IN ('survey.sent', 'survey.answered') ORDER BY id"
            )
        )
        for at, kind, actor, data in rows:
            said = json.loads(data)
            row = Row(instant(at), instant(at), kind, actor, said, 0, _opened(said, ""))
            found[said["survey"]].append(row)
    return list(found.values())


def instant(at: str) -> datetime:
    """Read a time as it stands in the database."""
    return datetime.fromisoformat(at).replace(tzinfo=UTC)


def _log(rows: Iterable[Sequence[str]]) -> list[Row]:
    log: list[Row] = []
    latest = datetime(1970, 1, 1, tzinfo=UTC)
    where: Where = {}
    for step, (_, some) in enumerate(groupby(rows, lambda row: row[6] or row[2])):
        together = [(instant(row[2]), row) for row in some]
        latest = max([latest, *(at for at, _ in together)])
        new = [Row(at, latest, row[3], row[4], json.loads(row[5]), step) for at, row in together]
        for row in new:
            where = _moved(where, row)
        for row in new:
            row.where = where
        log += new
    return log


def _opened(data: Mapping[str, str], tier: str) -> Where:
    found = {by: frozenset({data.get(by, "")}) for by in GROUPED}
    found["agent"] = frozenset({data.get("assignee", "")})
    found["tier"] = frozenset({data.get("tier", tier)})
    found["tag"] = frozenset(data.get("tags", "").split())
    return found


def _moved(where: Where, row: Row) -> Where:
    """Return where a ticket is after a line of its log."""
    if row.kind == "ticket.created":
        return _opened(row.data, "1")
    to = row.data.get("to", "")
    subject, _, verb = row.kind.partition(".")
    if subject == "tag":
        tags = where["tag"] - {to} if verb == "removed" else where["tag"] | {to}
        return {**where, "tag": tags}
    if row.kind == "customer.changed":
        named = ("segment", "organisation")
        return {**where, **{by: frozenset({row.data.get(by, "")}) for by in named}}
    if row.kind in {"ticket.assigned", "assignee.changed"}:
        return {**where, "agent": frozenset({to})}
    if verb == "changed" and subject in GROUPED:
        return {**where, subject: frozenset({to})}
    return where


def _places(where: Where, agent: str) -> Iterator[Place]:
    """Give the groups of something that an agent did, or nobody."""
    yield TOTAL
    for by, names in where.items():
        told = {agent} if by == "agent" and agent else names
        for name in told or {""}:
            yield by, name


def _tell_ticket(log: Sequence[Row], period: Period, into: dict[Place, Tally]) -> None:
    count = bisect_left(log, period.end, key=lambda row: row.known)
    seen = Seen(log[:count], period.start)
    if seen.state in UNSOLVED:
        _tell_backlog(log[count - 1], into)
    if log[count - 1].known < period.start or seen.state == "spam":
        return
    for tell in (seen.opening, seen.answer, seen.end, seen.reopened, seen.escalated, seen.kept):
        for found in tell():
            for place in _places(found.row.where, found.agent):
                _put(into[place], found)


def _tell_backlog(last: Row, into: dict[Place, Tally]) -> None:
    for place in _places(last.where, ""):
        into[place].counts["backlog"] += 1


def _put(tally: Tally, found: Found) -> None:
    if found.how == "count":
        tally.counts[found.figure] += 1
    elif found.how == "time":
        tally.times[found.figure].append(found.value)
    else:
        tally.rates[found.figure].append(bool(found.value))


def _tell_surveys(lines: Sequence[Row], period: Period, into: dict[Place, Tally]) -> None:
    """The surveys that went out in the period, and the last mark of each that was given in it."""
    marks = {
        _survey(row): row
        for row in lines
        if row.kind == "survey.answered" and period.start <= row.known < period.end
    }
    for key, row in marks.items():
        for place in _places(row.where, ""):
            into[place].marks[key[0]].append(int(row.data["score"]))
    gone = {_survey(row) for row in lines if row.kind == "notice.withdrawn"}
    asked = [row for row in lines if row.kind == "survey.sent" and _survey(row) not in gone]
    for row in asked:
        if period.start <= _goes_out(row) < period.end:
            for place in _places(row.where, ""):
                into[place].rates[f"asked {row.data['kind']}"].append(_survey(row) in marks)


def _goes_out(row: Row) -> datetime:
    until = row.data.get("until")
    return datetime.fromisoformat(until) if until else row.known


def _survey(row: Row) -> tuple[str, str]:
    return row.data["kind"], row.data["survey"]


@dataclass(frozen=True, slots=True)
class Found:
    """Something that counts: for which figure, with what value, and which line told it."""

    figure: str
    how: str
    row: Row
    value: float = 1
    agent: str = ""


class Seen:
    """A ticket as it was known when a period ended; what happened in the period is told."""

    def __init__(self, log: Sequence[Row], start: datetime) -> None:
        self.log = log
        self.start = start
        moves = [row for row in log if row.kind == "state.changed"]
        befores = ["new", *(row.data["to"] for row in moves)]
        changes = list(zip(befores, moves, strict=False))
        self.state = befores[-1]
        self.ends = [r for was, r in changes if was in UNSOLVED and r.data["to"] in ENDED]
        self.again = [r for was, r in changes if was in ENDED and r.data["to"] in UNSOLVED]
        self.begins = [log[0], *(r for was, r in changes if was == "spam")]

    def now(self, row: Row) -> bool:
        """Tell whether a line was written in the period."""
        return self.start <= row.known

    def opening(self) -> Iterator[Found]:
        if self.now(self.begins[-1]):
            yield Found("volume", "count", self.begins[-1])

    def lost(self, log: Sequence[Row]) -> dict[str, Row]:
        """By number of the post: what was lost once is lost."""
        return {row.data["n"]: row for row in reversed(log) if row.kind == "reply.failed"}

    def answers(self, log: Sequence[Row]) -> list[Row]:
        gone = self.lost(log)
        return [row for row in log if _is_post(row, "agent") and row.data["n"] not in gone]

    def answer(self) -> Iterator[Found]:
        """The first answer that stands; it may be the first only because others were lost."""
        answers = self.answers(self.log)
        if not answers:
            return
        first = answers[0]
        lost = self.lost(self.log).items()
        earlier = [row for n, row in lost if int(n) < int(first.data["n"])]
        said = max([first, *earlier], key=lambda row: row.known)
        if self.now(said) and "written" not in first.data:
            seconds = (first.at - self.log[0].at).total_seconds()
            yield Found("first_response", "time", said, seconds, first.actor)
        after = max((self.log.index(row) for row in earlier), default=0)
        reached = [row for row in self.log[after:] if _is_reached(row, "first_response")]
        if reached and self.now(reached[-1]):
            posts = self.answers(self.log[: self.log.index(reached[-1])])
            worked = float(reached[-1].data["worked"])
            if posts and "written" not in posts[0].data:
                agent = posts[-1].actor
                yield Found("first_response_working", "time", reached[-1], worked, agent)

    def end(self) -> Iterator[Found]:
        """It was solved, and still is."""
        if self.state not in ENDED or not self.now(self.ends[-1]):
            return
        last = self.ends[-1]
        before = self.log[: self.log.index(last)]
        agent = self.solver(last)
        yield Found("solved", "count", last, agent=agent)
        seconds = (last.at - self.log[0].at).total_seconds()
        yield Found("resolution", "time", last, seconds, agent)
        reached = [row for row in self.log if _is_reached(row, "resolution")]
        if reached and self.now(reached[-1]) and reached[-1].step >= last.step:
            worked = float(reached[-1].data["worked"])
            yield Found("resolution_working", "time", reached[-1], worked, agent)
        is_first = self.is_first_contact(before)
        yield Found("first_contact_resolution", "rate", last, is_first, agent)
        yield Found("deflection", "rate", last, self.is_deflected(before), agent)

    def solver(self, row: Row) -> str:
        """Who has the ticket when it is solved, else who solved it."""
        had = self.log[0].where
        for one in self.log[: self.log.index(row)]:
            had = one.where if one.step < row.step else _moved(had, one)
        (agent,) = had["agent"]
        return agent or (row.actor if "@" in row.actor else "")

    def is_first_contact(self, before: Sequence[Row]) -> bool:
        answers = self.answers(before)
        spoken = [r for r in before if _is_post(r, "customer") or r in answers]
        was_opened_again = any(row in before for row in self.again)
        return len(answers) == 1 and spoken[-1] is answers[0] and not was_opened_again

    def is_deflected(self, before: Sequence[Row]) -> bool:
        withheld = {row.step for row in self.log if row.kind == "reply.withheld"}
        sent = [r for r in before if r.kind == "template.sent" and r.step not in withheld]
        return bool(sent) and not any(_is_post(r, "agent") or _is_post(r, "note") for r in before)

    def reopened(self) -> Iterator[Found]:
        found = [row for row in (*self.ends, *self.again) if self.now(row)]
        if found:
            last = max(found, key=self.log.index)
            agent = self.solver(last) if last in self.ends else ""
            is_again = any(self.now(row) for row in self.again)
            yield Found("reopen_rate", "rate", last, is_again, agent)

    def escalated(self) -> Iterator[Found]:
        tier, raised = "1", []
        for row in self.log:
            if row.kind == "ticket.created":
                tier = row.data.get("tier", "1")
            elif row.kind == "tier.changed":
                is_later = row.step > self.log[0].step
                raised += [row] if row.data["to"] > tier and is_later and self.now(row) else []
                tier = row.data["to"]
        found = [row for row in (*raised, self.begins[-1]) if self.now(row)]
        if found:
            last = max(found, key=lambda row: row.known)
            yield Found("escalation_rate", "rate", last, bool(raised))

    def kept(self) -> Iterator[Found]:
        """Of each run of a clock the last word in the period; missed once is missed for good."""
        for clock in CLOCKS:
            for row, is_met in self.runs(clock).values():
                if self.now(row):
                    is_told = row.kind == "clock.reached"
                    yield Found(clock, "rate", row, is_met, self.keeper(clock, row, told=is_told))

    def keeper(self, clock: str, row: Row, *, told: bool) -> str:
        """Whose answer, or whose solution, a clock was reached by; nobody's where it ran out."""
        if not told:
            return ""
        before = self.log[: self.log.index(row)]
        if clock == "resolution":
            ends = [one for one in self.ends if one in before]
            return self.solver(ends[-1]) if ends else ""
        answers = self.answers(before)
        return answers[-1].actor if answers else ""

    def runs(self, clock: str) -> dict[str, tuple[Row, bool]]:
        runs: dict[str, tuple[Row, bool]] = {}
        for row in self.log:
            since = row.data.get("since", "")
            if row.kind == "deadline.missed" and row.data["kind"] == clock:
                runs.setdefault(since, (row, False))
                runs[since] = (row, False) if runs[since][1] else runs[since]
            elif row.kind == "clock.reached" and row.data["clock"] == clock:
                if row.data.get("verdict") and runs.get(since, (row, True))[1]:
                    runs[since] = (row, row.data["verdict"] == "met")
            elif row.kind == "state.changed" and clock == "resolution":
                if row.data["to"] in UNSOLVED:
                    runs = {key: run for key, run in runs.items() if not run[1]}
            elif row.kind == "reply.failed" and clock != "resolution":
                gone = {one.at for one in self.log if one.data.get("n") == row.data["n"]}
                runs = {
                    key: run
                    for key, run in runs.items()
                    if not run[1] or instant(run[0].data["at"][:-6]) not in gone
                }
        return runs


def _is_post(row: Row, kind: str) -> bool:
    return row.kind == "post.added" and row.data["kind"] == kind


def _is_reached(row: Row, clock: str) -> bool:
    is_it = row.kind == "clock.reached" and row.data["clock"] == clock
    return is_it and row.data.get("worked", "").isdecimal()

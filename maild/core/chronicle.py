"""The log of one ticket, read into what can be counted.

Lines that were written together (for one mail, at one instant) are one step: they are known at the
latest time that one of them bears, and never before what was written earlier. So what is known at
an instant is the beginning of the log, whatever comes behind. What happens belongs to where the
ticket is at the end of its step: a new ticket is counted where the rules put it.

A happening may be taken back by a later one, and said again; which of them counts in a period is
told by `core/counting.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter

from maild.core import deferred, history, reached, survey, traits
from maild.core.countable import Happened, Life, Logged, Standing, What
from maild.core.promise import Clock
from maild.core.ticket import PostKind, State
from maild.core.traits import Traits

TEMPLATE_SENT = "template.sent"
"""A rule answered the customer with a text that is no acknowledgement."""
WITHHELD = "reply.withheld"
LATE = "mail.late"
"""A mail was handled a while after it came in; the line bears the time of the handling."""
MISSED = "deadline.missed"
TIER_CHANGED = "tier.changed"
UNSOLVED = (State.NEW, State.OPEN, State.PENDING, State.ON_HOLD)
"""Together the backlog."""
ENDED = (State.SOLVED, State.CLOSED)
_SPOKEN = (PostKind.CUSTOMER, PostKind.AGENT)
_CLOCKS = frozenset(clock.value for clock in Clock)
_SOLVED = (What.SOLVED, What.SOLVED_WORKING, What.FIRST_CONTACT, What.DEFLECTED)


def of_ticket(log: Iterable[Logged]) -> Life:
    """Read the log of one ticket, in the order of its lines."""
    reading = _Reading()
    latest: datetime | None = None
    for step in _steps(log):
        own = max(line.at for line in step)
        latest = own if latest is None else max(latest, own)
        reading.take(step, latest)
    return Life(happened=reading.in_order(), standings=tuple(reading.standings))


def of_survey(log: Iterable[Logged]) -> tuple[Happened, ...]:
    """Read the lines about surveys that are about no ticket.

    What was answered may stand on a ticket that was opened because of it; the survey is not about
    that one, and is counted neither with its queue nor only until it is spam.
    """
    return tuple(
        Happened(
            what=what,
            key=key,
            value=value,
            at=_until(line) or line.at,
            traits=traits.opened(line.data, tier=""),
        )
        for line in log
        if _is_loose(line)
        for what, key, value in [_survey(line)]
    )


def _steps(log: Iterable[Logged]) -> Iterator[list[Logged]]:
    """Give the lines that were written together."""
    for _, lines in groupby(log, lambda line: line.journal_id or line.at):
        yield list(lines)


def _is_loose(line: Logged) -> bool:
    """Whether a line is about a survey that is about no ticket."""
    return line.data.get("kind") == survey.Kind.NPS


def _survey(line: Logged) -> tuple[What, str, float | None]:
    key = f"{line.data.get('kind', '')} {line.data.get('survey', '')}"
    if line.kind != survey.ANSWERED:
        return What.ASKED, key, 0.0
    mark = line.data.get("score", "")
    return What.VOTED, key, float(mark) if mark.isdecimal() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A post that both sides can read."""

    n: str
    kind: PostKind
    author: str
    at: datetime
    is_moved: bool
    """It came from another ticket, and was counted there."""


class _Reading:
    """What is known of a ticket so far."""

    def __init__(self) -> None:
        self.happened: list[Happened] = []
        self.standings: list[Standing] = []
        self._step: frozenset[str] = frozenset()
        """The kinds of the lines of this step."""
        self._new: list[tuple[What, str, float | None, str]] = []
        """What this step brought: what, key, value, and the agent who did it."""
        self._traits = Traits()
        self._state: State | None = None
        self._created_at: datetime | None = None
        self._customer = ""
        self._said: list[_Said] = []
        self._solver = ""
        self._was_touched = False
        """An agent wrote on it, if only a note."""
        self._was_answered_by_rule = False
        self._was_reopened = False
        self._missed: set[str] = set()
        """Runs of clocks whose deadline came first."""
        self._met: dict[str, str] = {}
        """Runs of clocks that were reached in time, and when."""
        self._waits: dict[str, datetime] = {}
        """When surveys go out that wait for the customer's daytime."""

    def take(self, lines: Sequence[Logged], known_at: datetime) -> None:
        """Read lines that were written together."""
        self._new, self._step = [], frozenset(line.kind for line in lines)
        for line in lines:
            read = _READ.get(line.kind)
            if read is not None:
                read(self, line)
            self._traits = traits.changed(self._traits, line.kind, line.actor, line.data)
            self._traits = self._traits.with_rules(line.rules)
        for what, key, value, agent in self._new:
            where = self._traits
            if agent and agent != where.agent:
                where = replace(where, agent=agent)
            at = self._waits.get(key, known_at) if what is What.ASKED else known_at
            self.happened.append(Happened(what=what, key=key, value=value, at=at, traits=where))
        self._stand(known_at)

    def opened(self, line: Logged) -> None:
        """A ticket begins."""
        self._traits = traits.opened(line.data)
        self._state, self._created_at = State.NEW, line.at
        self._customer = (line.data.get("for") or line.actor).lower()
        self._tell(What.OPENED)

    def given(self, line: Logged) -> None:
        """It is another customer's."""
        self._customer = line.data.get("to", "").lower()

    def posted(self, line: Logged) -> None:
        """Somebody wrote."""
        kind = line.data.get("kind", "")
        self._was_touched |= kind in (PostKind.AGENT, PostKind.NOTE)
        if kind not in _SPOKEN:
            return
        said = _Said(
            n=line.data.get("n", ""),
            kind=PostKind(kind),
            author=line.actor,
            at=line.at,
            is_moved="written" in line.data,
        )
        is_first = kind == PostKind.AGENT and self._first() is None
        self._said.append(said)
        if is_first:
            self._answered(said)

    def lost(self, line: Logged) -> None:
        """A reply was taken back, or did not reach the customer: it was none."""
        is_theirs = line.data.get("to", "").lower() == self._customer
        if line.kind != history.POST_UNDONE and not is_theirs:
            return
        first, n = self._first(), line.data.get("n", "")
        gone = [said for said in self._said if said.kind is PostKind.AGENT and said.n == n]
        self._said = [said for said in self._said if said not in gone]
        for said in gone:
            answered = said.at.astimezone(UTC).isoformat()
            self._unkept(r for r, at in self._met.items() if at == answered and not _is_end(r))
            if said is first:
                self._back(What.ANSWERED, What.ANSWERED_WORKING)
                following = self._first()
                if following is not None:
                    self._answered(following)

    def moved(self, line: Logged) -> None:
        """The state changed."""
        to, before = line.data.get("to", ""), self._state
        if to not in tuple(State) or to == before:
            return
        self._state = State(to)
        if self._state is State.SPAM:
            self._tell(What.SPAM)
        elif before is State.SPAM:
            self._tell(What.OPENED)
        if self._state in ENDED and before not in ENDED:
            self._ended(line)
        elif before in ENDED and self._state in UNSOLVED:
            self._opened_again()

    def raised(self, line: Logged) -> None:
        """The tier changed; as a ticket opens it has none to leave."""
        to = line.data.get("to", "")
        if to > self._traits.tier and history.TICKET_CREATED not in self._step:
            self._tell(What.ESCALATED)

    def reached(self, line: Logged) -> None:
        """A clock was reached."""
        clock, worked = line.data.get("clock", ""), line.data.get("worked", "")
        run, first = _run(line.data, clock), self._first()
        agent = self._solver
        if clock != Clock.RESOLUTION:
            agent = next((s.author for s in reversed(self._said) if s.kind is PostKind.AGENT), "")
        if clock == Clock.RESOLUTION and worked.isdecimal():
            self._tell(What.SOLVED_WORKING, value=float(worked), agent=agent)
        is_first = clock == Clock.FIRST_RESPONSE and first is not None and not first.is_moved
        if is_first and worked.isdecimal():
            self._tell(What.ANSWERED_WORKING, value=float(worked), agent=agent)
        verdict = line.data.get("verdict", "")
        if run in self._missed or not verdict:
            return
        is_met = verdict == reached.MET
        if is_met:
            self._met[run] = line.data.get("at", "")
        else:
            self._missed.add(run)
        self._tell(What.PROMISE, key=run, value=float(is_met), agent=agent)

    def missed(self, line: Logged) -> None:
        """A deadline came before its clock was reached."""
        clock = line.data.get("kind", "")
        run = _run(line.data, clock)
        if clock in _CLOCKS and run not in self._missed:
            self._missed.add(run)
            self._tell(What.PROMISE, key=run, value=0.0)

    def answered_by_rule(self, _line: Logged) -> None:
        """A rule sent the customer an answer, unless there was no budget for it."""
        self._was_answered_by_rule |= WITHHELD not in self._step

    def surveyed(self, line: Logged) -> None:
        """The customer was asked, or answered."""
        if _is_loose(line):
            return
        what, key, value = _survey(line)
        self._tell(what, key=key, value=value)
        until = _until(line)
        if until is not None:
            self._waits[key] = until

    def withdrawn(self, line: Logged) -> None:
        """A survey that waited for the customer's daytime was taken back: nobody was asked."""
        gone = _survey(line)[:2]
        self.happened = [one for one in self.happened if (one.what, one.key) != gone]

    def in_order(self) -> tuple[Happened, ...]:
        """Return what happened, by its time: what waited has the time that it waited for."""
        return tuple(sorted(self.happened, key=attrgetter("at")))

    def _stand(self, known_at: datetime) -> None:
        """Remember how it stands now, where that is not as before."""
        was = self.standings[-1] if self.standings else None
        is_unsolved = self._state in UNSOLVED
        if (was is not None and was.is_unsolved == is_unsolved) and was.traits == self._traits:
            return
        if is_unsolved or (was is not None and was.is_unsolved):
            self.standings.append(
                Standing(since=known_at, is_unsolved=is_unsolved, traits=self._traits)
            )

    def _first(self) -> _Said | None:
        """The first public reply of an agent that stands."""
        return next((said for said in self._said if said.kind is PostKind.AGENT), None)

    def _answered(self, said: _Said) -> None:
        if not said.is_moved:
            self._tell(What.ANSWERED, value=self._seconds(said.at), agent=said.author)

    def _ended(self, line: Logged) -> None:
        """It is solved, or closed without that."""
        self._solver = self._traits.agent or (line.actor if "@" in line.actor else "")
        agents = [said for said in self._said if said.kind is PostKind.AGENT]
        has_last_word = len(agents) == 1 and self._said[-1] is agents[0]
        self._tell(What.ENDED, agent=self._solver)
        self._tell(What.SOLVED, value=self._seconds(line.at), agent=self._solver)
        if has_last_word and not self._was_reopened:
            self._tell(What.FIRST_CONTACT, agent=self._solver)
        if self._was_answered_by_rule and not self._was_touched:
            self._tell(What.DEFLECTED, agent=self._solver)

    def _opened_again(self) -> None:
        """It is not solved after all; an agent who takes a reply back did not solve it at all."""
        self._back(*_SOLVED)
        self._unkept(run for run in self._met if _is_end(run))
        if history.POST_UNDONE in self._step:
            self._back(What.ENDED)
        else:
            self._was_reopened = True
            self._tell(What.REOPENED)

    def _unkept(self, runs: Iterable[str]) -> None:
        """Take back that promises were kept: their clocks run again."""
        for run in tuple(runs):
            del self._met[run]
            self._tell(What.PROMISE, key=run, value=None)

    def _tell(
        self, what: What, *, key: str = "", value: float | None = 0.0, agent: str = ""
    ) -> None:
        self._new.append((what, key, value, agent))

    def _back(self, *gone: What) -> None:
        for what in gone:
            self._tell(what, value=None)

    def _seconds(self, at: datetime) -> float:
        """The time since the ticket was opened, by the clock on the wall."""
        return max((at - (self._created_at or at)).total_seconds(), 0.0)


def _until(line: Logged) -> datetime | None:
    """When a survey that waits goes out; None for one that does not wait."""
    until = line.data.get("until", "")
    return datetime.fromisoformat(until) if until else None


def _run(data: Mapping[str, str], clock: str) -> str:
    return f"{clock} {data.get('since', '')}"


def _is_end(run: str) -> bool:
    """Whether it is of the clock that a solved ticket reaches, answered or not."""
    return run.startswith(Clock.RESOLUTION)


_READ: Mapping[str, Callable[[_Reading, Logged], None]] = {
    history.TICKET_CREATED: _Reading.opened,
    history.CUSTOMER_CHANGED: _Reading.given,
    history.POST_ADDED: _Reading.posted,
    history.POST_UNDONE: _Reading.lost,
    **dict.fromkeys(history.NOT_DELIVERED, _Reading.lost),
    history.STATE_CHANGED: _Reading.moved,
    TIER_CHANGED: _Reading.raised,
    reached.REACHED: _Reading.reached,
    MISSED: _Reading.missed,
    TEMPLATE_SENT: _Reading.answered_by_rule,
    survey.SENT: _Reading.surveyed,
    survey.ANSWERED: _Reading.surveyed,
    deferred.WITHDRAWN: _Reading.withdrawn,
}
KINDS = frozenset(_READ) | traits.KINDS | {LATE, WITHHELD}
"""The lines of a log that are read; others say nothing that is counted."""

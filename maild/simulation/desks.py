"""The agents of a simulated house: who works when, and which ticket is next for whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from maild.core import calendar
from maild.core.calendar import Calendar, Span
from maild.core.house import Agent, House
from maild.core.ticket import Priority
from maild.store.tally import ToDo

OFFICE_HOURS = Calendar(
    name="office hours",
    hours=(*((Span(start=540, end=1020),),) * 5, (), ()),
)
"""Of agents whose entry names no calendar: weekdays from nine to five, UTC."""
_ORDER = (Priority.URGENT, Priority.HIGH, Priority.NORMAL, Priority.LOW)


class Desks:
    """All agents of a house."""

    def __init__(self, house: House, calendars: Sequence[Calendar]) -> None:
        """Nobody is away, and nobody has anything in hand."""
        self._house = house
        by_name = {one.name: one for one in calendars}
        self._hours = {a.address: by_name.get(a.calendar, OFFICE_HOURS) for a in house.agents}
        self._away: dict[str, datetime] = {}
        self._busy: dict[str, int] = {}

    def openings(self, start: datetime, end: datetime) -> Iterable[datetime]:
        """Return when somebody begins to work, each time once."""
        kept = {one.name: one for one in self._hours.values()}
        return sorted({at for one in kept.values() for at in calendar.openings(one, start, end)})

    def leaves(self, agent: str, until: datetime) -> None:
        """Let an agent be away."""
        self._away[agent] = until

    def frees(self, agent: str) -> None:
        """Let an agent be done with what they had in hand."""
        self._busy.pop(agent, None)

    def working(self, now: datetime) -> list[Agent]:
        """Return who could take a ticket now."""
        return [
            one
            for one in self._house.agents
            if one.address not in self._busy
            and not self._is_away(one.address, now)
            and calendar.is_open(self._hours[one.address], now)
        ]

    def take(self, agent: Agent, waiting: Sequence[ToDo], now: datetime) -> ToDo | None:
        """Take the next ticket: the most urgent, one's own, what waited longest; None for none."""
        taken = set(self._busy.values())
        fitting = [
            one for one in waiting if one.number not in taken and self._fits(agent, one, now)
        ]
        if not fitting:
            return None
        found = min(fitting, key=lambda one: self._rank(agent, one))
        self._busy[agent.address] = found.number
        return found

    def _fits(self, agent: Agent, ticket: ToDo, now: datetime) -> bool:
        """Of a colleague's tickets those are taken over whose agent is away, or has left."""
        holder = self._house.agent_of(ticket.assignee) if ticket.assignee else None
        if holder is not None and holder.address != agent.address:
            return self._is_away(holder.address, now) and agent.serves(ticket.queue)
        if holder is None and not agent.serves(ticket.queue):
            return not any(one.serves(ticket.queue) for one in self._house.agents)
        return holder is not None or agent.tier >= ticket.tier or not self._has_tier(ticket)

    def _has_tier(self, ticket: ToDo) -> bool:
        agents = self._house.agents
        return any(one.serves(ticket.queue) and one.tier >= ticket.tier for one in agents)

    def _rank(self, agent: Agent, ticket: ToDo) -> tuple[int, bool]:
        """Order by what counts; `waiting` is ordered by time, and `min` keeps the first."""
        return _ORDER.index(Priority(ticket.priority)), ticket.assignee != agent.address

    def _is_away(self, agent: str, now: datetime) -> bool:
        return self._away.get(agent, now) > now

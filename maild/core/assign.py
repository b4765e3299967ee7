"""Who gets a ticket, and why not the others.

Who cannot take it falls out: another queue, too low a tier, a skill that is missing, away, full.
Of the rest, those at work come first (else who begins first), then the customer's last agent
where that is wished, then who speaks the customer's language, then the lowest tier that will do;
then the way of choosing decides: who waited longest for a ticket, or who has the least in hand.
What is equal in all this goes to who waited longest, then by address: no order of anything that
came in matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maild.core import calendar
from maild.core.absence import FOREVER
from maild.core.calendar import AROUND_THE_CLOCK, Calendar
from maild.core.house import Agent, House
from maild.core.snapshot import AgentLoad
from maild.core.terms import LEAST_LOADED, WAYS, Speaking, Terms
from maild.core.ticket import Priority, State, Ticket
from maild.errors import NotAllowed

PRIORITY_WEIGHTS = {Priority.LOW: 1, Priority.NORMAL: 2, Priority.HIGH: 3, Priority.URGENT: 5}
STATE_WEIGHTS = {State.NEW: 2, State.OPEN: 2, State.PENDING: 1}
"""A state that does not stand here is not in hand: it weighs nothing and fills no capacity."""
SHOWN_MAX = 10
"""Agents whose reasons are written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is asked."""

    how: str
    """An agent's address, `round-robin` or `least-loaded`."""
    ticket: Ticket
    terms: Terms = Terms()  # noqa: RUF009 - frozen
    last_agent: str = ""
    """Who had the customer's last ticket; empty for nobody."""
    without: str = ""
    """Address of an agent who is out of the question; empty for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Who there is, and what they have in hand."""

    house: House
    calendars: tuple[Calendar, ...] = ()
    """Working hours, which agents name."""
    loads: tuple[AgentLoad, ...] = ()
    """May lack agents: they have nothing in hand then."""
    now: datetime

    def load(self, address: str) -> AgentLoad:
        """Return what somebody has in hand."""
        for load in self.loads:
            if load.address == address:
                return load
        return AgentLoad(address=address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who gets the ticket, where, and why."""

    address: str = ""
    """Registered address; empty for nobody."""
    queue: str
    """The ticket's queue from now on."""
    why: str
    passed: tuple[str, ...] = ()
    """`ADDRESS: why not`, for the others who were considered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Able:
    """Somebody who could take the ticket."""

    agent: Agent
    load: AgentLoad
    begins: datetime
    """When they are at work: now or later."""


def weight(state: State, priority: Priority) -> int:
    """Return how heavy a ticket lies in somebody's hand: 0 to 10."""
    return STATE_WEIGHTS.get(state, 0) * PRIORITY_WEIGHTS[priority]


def choose(search: Search, crew: Crew) -> Choice:
    """Return who gets a ticket; equal arguments give an equal answer, in whatever order."""
    terms, queue = search.terms, search.ticket.queue
    if search.how not in WAYS:
        found = _named(search.how, "named by the rule", search, crew)
    else:
        found = _in_queues(search, crew)
    if not found.address and terms.fallback:
        last = _named(terms.fallback, "the fallback: nobody else can", search, crew)
        found = replace(last, queue=queue, passed=(*found.passed, *last.passed))
    return replace(found, passed=_listed(found.passed))


def is_away(address: str, crew: Crew) -> bool:
    """Tell whether nobody reads what an agent is sent: away, or not of the house any more."""
    until = crew.load(address).away_until
    return crew.house.agent_of(address) is None or (until is not None and until > crew.now)


def changed(
    loads: tuple[AgentLoad, ...], before: Ticket | None, after: Ticket | None
) -> tuple[AgentLoad, ...]:
    """Return what everybody has in hand after a ticket changed."""
    if after is None or (before is not None and _burden(before) == _burden(after)):
        return loads
    known = {load.address: load for load in loads}
    turn = max((load.last_turn for load in loads), default=0) + 1
    if before is not None and before.assignee:
        known[before.assignee] = _added(known, before, -1)
    if after.assignee:
        load = _added(known, after, 1)
        is_new = before is None or before.assignee != after.assignee
        known[after.assignee] = replace(load, last_turn=turn) if is_new else load
    return tuple(known.values())


def _burden(ticket: Ticket) -> tuple[str, State, Priority]:
    return ticket.assignee, ticket.state, ticket.priority


def _added(known: dict[str, AgentLoad], ticket: Ticket, sign: int) -> AgentLoad:
    load = known.get(ticket.assignee, AgentLoad(address=ticket.assignee))
    return replace(
        load,
        open_tickets=load.open_tickets + sign * (ticket.state in STATE_WEIGHTS),
        weight=load.weight + sign * weight(ticket.state, ticket.priority),
    )


def _named(address: str, why: str, search: Search, crew: Crew) -> Choice:
    """One agent, whatever their queue, tier and skills; never one who is away or full."""
    agent, queue = crew.house.agent_of(address), search.ticket.queue
    if agent is None:
        return Choice(queue=queue, why=f"nobody is called {address}")
    obstacle = _absent(agent, search, crew) or _full(agent, crew)
    if obstacle:
        words = f"{agent.address}: {obstacle}"
        return Choice(queue=queue, why="who is named cannot take it", passed=(words,))
    return Choice(address=agent.address, queue=queue, why=why)


def _in_queues(search: Search, crew: Crew) -> Choice:
    """The ticket's queue, then the one it runs over into, and so on, each once."""
    passed: list[str] = []
    queues = tuple(_queues(search, crew.house))
    for queue in queues:
        found = _on_queue(queue, search, crew)
        if found.address:
            over = f"; {queues[0]} ran over" if queue != queues[0] else ""
            return replace(found, why=f"{found.why}{over}", passed=(*passed, *found.passed))
        passed += found.passed
    why = f"nobody on {', '.join(queues)} can take it"
    return Choice(queue=search.ticket.queue, why=why, passed=tuple(passed))


def _queues(search: Search, house: House) -> Iterator[str]:
    over = {queue.name: queue.overflow for queue in house.queues}
    queue, seen = search.ticket.queue, set[str]()
    while queue and queue not in seen:
        yield queue
        is_first = not seen
        seen.add(queue)
        queue = (search.terms.overflow if is_first else "") or over.get(queue, "")


def _on_queue(queue: str, search: Search, crew: Crew) -> Choice:
    able: list[_Able] = []
    passed: list[str] = []
    for agent in sorted(crew.house.agents, key=lambda one: one.address):
        if not agent.serves(queue):
            continue
        begins = _begins(agent, crew)
        obstacle = _obstacle(agent, begins, search, crew)
        if obstacle or begins is None:
            passed.append(f"{agent.address}: {obstacle}")
        else:
            able.append(_Able(agent=agent, load=crew.load(agent.address), begins=begins))
    if not able:
        return Choice(queue=queue, why="", passed=tuple(passed or [f"nobody works on {queue}"]))
    return _best(able, passed, search, crew, queue)


def _begins(agent: Agent, crew: Crew) -> datetime | None:
    """When an agent is at work: now, or at the next opening; None for never."""
    named = (one for one in crew.calendars if one.name == agent.calendar)
    hours = next(named, AROUND_THE_CLOCK)
    if calendar.is_open(hours, crew.now):
        return crew.now
    try:
        return calendar.next_opening(hours, crew.now)
    except NotAllowed:
        return None


def _obstacle(agent: Agent, begins: datetime | None, search: Search, crew: Crew) -> str:
    """Say why an agent cannot take it; empty when nothing is in the way."""
    terms, ticket = search.terms, search.ticket
    missing = [skill for skill in terms.skills if skill not in agent.skills]
    if agent.tier < ticket.tier:
        return f"tier {agent.tier}"
    if missing:
        return f"no skill {', '.join(missing)}"
    if terms.language is Speaking.REQUIRED and not _speaks(agent, ticket, crew.house):
        return f"does not speak {ticket.language}"
    if begins is None:
        return "never at work"
    if terms.at_work and begins > crew.now:
        return f"not at work before {begins:%Y-%m-%d %H:%M} UTC"
    return _absent(agent, search, crew) or _full(agent, crew)


def _absent(agent: Agent, search: Search, crew: Crew) -> str:
    until = crew.load(agent.address).away_until
    if agent.address == search.without:
        return "out of the question"
    if until is None or until <= crew.now:
        return ""
    return "away" if until == FOREVER else f"away until {until:%Y-%m-%d %H:%M} UTC"


def _full(agent: Agent, crew: Crew) -> str:
    count = crew.load(agent.address).open_tickets
    return f"full: {count} of {agent.capacity}" if 0 < agent.capacity <= count else ""


def _speaks(agent: Agent, ticket: Ticket, house: House) -> bool:
    """An agent without a list of languages speaks that of the mailbox."""
    if not ticket.language:
        return True
    own = house.mailbox(ticket.mailbox).language if house.mailboxes else ""
    return ticket.language in (agent.languages or (own,))


def _best(
    able: Sequence[_Able], passed: Sequence[str], search: Search, crew: Crew, queue: str
) -> Choice:
    """Narrow down to one; each step keeps the best and says of the others what they lack."""
    told = list(passed)
    first = min(one.begins for one in able)
    left = _kept(
        able, lambda one: one.begins == first, f"not at work at {first:%Y-%m-%d %H:%M} UTC", told
    )
    ticket = search.ticket
    own = [one for one in left if search.terms.sticky and one.agent.address == search.last_agent]
    if own:
        told += [f"{one.agent.address}: did not have them" for one in left if one not in own]
        return _choice(own[0], "had the customer's last ticket", queue, told)
    if search.terms.language is Speaking.PREFERRED:
        words = f"does not speak {ticket.language}"
        left = _kept(left, lambda one: _speaks(one.agent, ticket, crew.house), words, told)
    tier = min(one.agent.tier for one in left)
    left = _kept(left, lambda one: one.agent.tier == tier, f"tier above {tier}", told)
    return _in_turn(queue, left, told, search)


def _in_turn(queue: str, left: Sequence[_Able], told: list[str], search: Search) -> Choice:
    def turn(one: _Able) -> tuple[int, int, str]:
        return one.load.last_turn, one.load.last_assigned_ticket, one.agent.address

    if search.how == LEAST_LOADED:
        taken = min(left, key=lambda one: (one.load.weight, turn(one)))
        least, why = taken.load.weight, f"has the least in hand on {queue}: {taken.load.weight}"
        for one in left:
            more = one.load.weight > least
            told.append(f"{one.agent.address}: {one.load.weight if more else 'later in turn'}")
    else:
        taken, why = min(left, key=turn), f"next in turn on {queue}"
        told += [f"{one.agent.address}: later in turn" for one in left]
    return _choice(taken, why, queue, told)


def _kept(
    able: Sequence[_Able], keeps: Callable[[_Able], bool], lack: str, told: list[str]
) -> Sequence[_Able]:
    """Those who have what is wished; all of them where nobody has it."""
    kept = [one for one in able if keeps(one)]
    if not kept:
        return able
    told += [f"{one.agent.address}: {lack}" for one in able if one not in kept]
    return kept


def _choice(one: _Able, why: str, queue: str, told: Sequence[str]) -> Choice:
    own = f"{one.agent.address}: "
    others = [line for line in told if not line.startswith(own)]
    return Choice(address=one.agent.address, queue=queue, why=why, passed=tuple(others))


def _listed(passed: Sequence[str]) -> tuple[str, ...]:
    """The reasons in a length that can be read, each once."""
    lines = tuple(dict.fromkeys(passed))
    if len(lines) <= SHOWN_MAX:
        return lines
    return (*lines[:SHOWN_MAX], f"and {len(lines) - SHOWN_MAX} more")

"""Who gets a ticket: a named agent, the next in turn, or the one with the least in hand."""

from __future__ import annotations

from collections.abc import Sequence

from maild.core.house import Agent, House
from maild.core.snapshot import AgentLoad

ROUND_ROBIN = "round-robin"
LEAST_LOADED = "least-loaded"


def choose(how: str, queue: str, house: House, loads: Sequence[AgentLoad]) -> tuple[str, str]:
    """Return (registered address, why); the address is empty when nobody can take it.

    `how` is an agent's address, `round-robin` or `least-loaded`; `loads` may lack agents, who
    then have nothing in hand.
    """
    named = house.agent_of(how)
    if named is not None:
        return named.address, "named by the rule"
    if how not in (ROUND_ROBIN, LEAST_LOADED):
        return "", f"nobody is called {how}"
    by_address = {load.address: load for load in loads}
    able = [
        (agent, by_address.get(agent.address, AgentLoad(address=agent.address)))
        for agent in house.agents
        if agent.serves(queue)
    ]
    free = [(agent, load) for agent, load in able if _has_room(agent, load)]
    if not free:
        return "", f"nobody on {queue} has room" if able else f"nobody works on {queue}"
    if how == ROUND_ROBIN:
        agent, load = min(free, key=lambda pair: pair[1].last_assigned_ticket)
        return agent.address, f"next in turn on {queue}"
    agent, load = min(free, key=lambda pair: (pair[1].open_tickets, pair[1].last_assigned_ticket))
    return agent.address, f"has the least in hand on {queue}: {load.open_tickets}"


def _has_room(agent: Agent, load: AgentLoad) -> bool:
    return agent.capacity == 0 or load.open_tickets < agent.capacity

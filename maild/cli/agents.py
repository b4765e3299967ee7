"""`maild agent`: who works here, what they have in hand, and who is away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maild.cli import show as out
from maild.cli.place import WrongUsage
from maild.core import moment
from maild.core.absence import Absence
from maild.core.house import Agent
from maild.core.moment import Unfit
from maild.errors import NotAllowed
from maild.now import utc_now
from maild.settings import Settings
from maild.store import absence, reach, staffing

COLUMNS = (
    *("address", "name", "queues", "tier", "open_tickets"),
    *("away", "away_until", "suspended"),
)
OPERATOR = "operator"


def list_agents(config: Path | None, *, as_json: bool) -> None:
    """Print the agents in the order of the settings."""
    now = utc_now()
    with out.opened(config) as (known, database), database.read() as connection:
        loads = {load.address: load for load in staffing.loads(connection, now)}
        away = absence.all_away(connection, now)
        silenced = reach.silenced(connection, known.house.agent_addresses)
    rows: list[dict[str, Any]] = [
        {
            "address": agent.address,
            "name": agent.name,
            "queues": list(agent.queues),
            "tier": agent.tier,
            "open_tickets": loads[agent.address].open_tickets if agent.address in loads else 0,
            "away": agent.address in away,
            "suspended": agent.address in silenced,
            "away_until": _until(away.get(agent.address)),
        }
        for agent in known.house.agents
    ]
    if as_json:
        out.as_document(rows)
    else:
        out.as_table(rows, COLUMNS, "nobody works here")


def be_away(config: Path | None, address: str, until: str) -> None:
    """Note that an agent is away, until a time or until somebody says that they are back."""
    now = utc_now()
    with out.opened(config) as (known, database):
        agent = _agent(known, address)
        hours = moment.hours_of(agent.calendar, known.calendars)
        ends = moment.read(until, now, hours) if until else None
        if isinstance(ends, Unfit):
            words = f"{until!r} is no time to come; write for example {ends.nearest!r}"
            raise WrongUsage(f"--until: {words}")
        told = Absence(agent=agent.address, since=now, until=ends, set_by=OPERATOR)
        with database.write() as connection:
            absence.record(connection, [told], now)
    words = f"until {moment.shown(ends, hours)}" if ends else "until somebody says otherwise"
    out.line(f"{agent.address} is away {words}")


def be_back(config: Path | None, address: str) -> None:
    """Note that an agent is here again."""
    with out.opened(config) as (known, database):
        agent = _agent(known, address)
        with database.write() as connection:
            if not absence.back(connection, agent.address):
                raise NotAllowed(f"{agent.address} is not away")
    out.line(f"{agent.address} is here again")


def _agent(known: Settings, address: str) -> Agent:
    agent = known.house.agent_of(address)
    if agent is None:
        raise WrongUsage(f"{address} is no agent")
    return agent


def _until(away: Absence | None) -> str | None:
    """When an absence ends, RFC 3339; None for never, and for none."""
    if away is None or away.until is None:
        return None
    return away.until.isoformat(timespec="seconds").replace("+00:00", "Z")

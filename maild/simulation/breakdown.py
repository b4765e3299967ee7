"""Who did what in a simulation: rules, promises and agents, each in a line."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from maild.handle import Office
from maild.simulation.report import PROMISED
from maild.store import firings, tally
from maild.store.tally import Ended

_FIRED, _WAITING = "fired", "waiting"

Json = dict[str, Any]


def rules(office: Office, start: datetime) -> list[Json]:
    """Return how often each rule fired, in the order in which they are asked."""
    with office.database.read() as connection:
        found = firings.since(connection, start)
    return [
        {"rule": rule.name, "fired": len(found.get(rule.name, ()))} for rule in office.world.rules
    ]


def promises(office: Office) -> list[Json]:
    """Return how many clocks of each policy were met and missed, in the order of the settings."""
    ended: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    with office.database.read() as connection:
        for one in tally.deadlines(connection):
            if _is_over(one):
                ended[one.policy][one.state == _FIRED] += 1
    return [_kept(one.policy.name, ended[one.policy.name]) for one in office.world.promises]


def agents(office: Office) -> list[Json]:
    """Return how many answers each agent wrote, and how many tickets they have to the end."""
    with office.database.read() as connection:
        answers, tickets = tally.answers(connection), tally.assigned(connection)
    return [
        {
            "agent": one.address,
            "answers": answers.get(one.address, 0),
            "tickets": tickets.get(one.address, 0),
        }
        for one in office.world.house.agents
    ]


def deadlines(office: Office) -> dict[str, int]:
    """Return how many deadlines ended how."""
    with office.database.read() as connection:
        found = Counter(one.state for one in tally.deadlines(connection))
    return {name: found[name] for name in (_FIRED, "cancelled", _WAITING)}


def _is_over(one: Ended) -> bool:
    return one.state != _WAITING and one.kind in PROMISED


def _kept(name: str, ended: Counter[bool]) -> Json:
    due = ended.total()
    return {
        "promise": name,
        "kept": ended[False],
        "missed": ended[True],
        "percent": round(100 * ended[False] / due, 1) if due else None,
    }

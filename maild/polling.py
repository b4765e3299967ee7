"""Customers whose turn it is to be asked how they find us: whose turn -> read -> ask, one by one.

Each has a transaction of its own, which holds the survey and its mail. Whoever writes the survey's
key first asks, so that nobody is asked twice however many machines ring.
"""

from __future__ import annotations

from datetime import timedelta

from maild.carry import Office, carry_out
from maild.core import surveying
from maild.core.rule import Rule, RuleEvent
from maild.store import polls

PER_RING = 50
"""So many are asked at once; the rest at the next ring."""
DAY = timedelta(days=1)


def due(office: Office) -> tuple[tuple[Rule, int], ...]:
    """Return the rules and the customers (by number) that may be asked now, in daytime only."""
    rules = [rule for rule in office.world.rules if rule.on is RuleEvent.SURVEY_DUE]
    house, now = office.world.house, office.now()
    if not rules or not surveying.is_daytime(house.zone, now):
        return ()
    with office.database.read() as connection:
        room = house.surveys_per_day - polls.sent_since(connection, now - DAY)
        found: dict[int, Rule] = {}
        for rule in rules:
            turn = surveying.turn(rule, now, most=max(0, min(PER_RING, room)))
            for number in polls.whose(connection, turn):
                found.setdefault(number, rule)
    return tuple((rule, number) for number, rule in found.items())[: max(0, room)]


def ask(office: Office, rule: Rule, number: int) -> bool:
    """Ask one customer; False when the rule does not mean them, or somebody else asked."""
    now, world = office.now(), office.world
    with office.database.write() as connection:
        candidate = polls.candidate(connection, number, world.house)
        decision = surveying.poll(candidate, rule, world, now) if candidate else None
        polls.take(connection, number, rule.name, now)
        if decision is None:
            return False
        return bool(carry_out(connection, office, [(decision, None)])[0].written)

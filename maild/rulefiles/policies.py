"""`[[sla]]` of config.toml -> `core.promise.Promise`: conditions compiled, calendars at hand.

A promise is asked about a ticket at any time, so its `match` knows the ticket and the customer
but no mail.
"""

from __future__ import annotations

from maild.core.calendar import AROUND_THE_CLOCK
from maild.core.promise import Policy, Promise
from maild.core.rule import CHANGING
from maild.rulefiles import condition, words
from maild.rulefiles.condition import ALWAYS, Compiled
from maild.rulefiles.words import Misfit
from maild.settings import Settings, lines
from maild.settings.problems import Problems

ABSENT = CHANGING | {("customer", "verified"), ("ticket", "is_new"), ("ticket", "number")}
"""Fields that say something about one mail, or change when the ticket is written."""
_OF_EVENTS = frozenset({"mail", "event", "deadline", "survey", "now"})


def promises(known: Settings) -> tuple[Promise, ...]:
    """Return every policy in the order of the file; ConfigError names every bad condition."""
    problems = Problems(file=str(known.file or "config.toml"))
    if known.file:
        problems.lines = lines.locate(known.file.read_text(encoding="utf-8"))
    hours = {calendar.name: calendar for calendar in known.calendars}
    values = dict(words.VALUES) | {
        "ticket.queue": frozenset(queue.name for queue in known.house.queues)
    }
    made = tuple(
        Promise(
            policy=policy,
            calendar=hours.get(policy.calendar, AROUND_THE_CLOCK),
            condition=_condition(policy, values, ("sla", n, "match"), problems).holds,
        )
        for n, policy in enumerate(known.policies)
    )
    problems.raise_any()
    return made


def _condition(
    policy: Policy, values: dict[str, frozenset[str]], place: lines.Path, problems: Problems
) -> Compiled:
    """Compile a policy's condition; note what is wrong with it."""
    if not policy.match.strip():
        return ALWAYS
    made = condition.compiled(policy.match, values)
    misfits = _foreign(policy.match) if isinstance(made, Compiled) else made
    for misfit in misfits:
        problems.add(place, f"{policy.name!r}, character {misfit.start + 1}: {misfit.text}")
    return made if isinstance(made, Compiled) else ALWAYS


def _foreign(text: str) -> tuple[Misfit, ...]:
    """Return the fields that nobody can tell without a mail."""
    named = words.fields_used(words.split(text))
    return tuple(
        Misfit(
            start=max(text.find(f"{table}.{name}"), 0),
            text=f"{table}.{name} is not known here: a promise is about a ticket, not a mail",
        )
        for table, name in sorted(named)
        if table in _OF_EVENTS or (table, name) in ABSENT
    )

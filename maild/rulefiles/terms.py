"""What may stand beside `assign` in a rule -> `core.terms.Terms`, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from maild.core.house import House
from maild.core.terms import WAYS, Speaking, Terms
from maild.settings.problems import nearest

KEYS = ("skills", "language", "sticky", "at_work", "overflow", "fallback")
_FOR_NAMED = ("fallback",)
"""What has a meaning where the rule names an agent."""


def terms(options: Mapping[str, Any]) -> Terms:
    """Return the terms of options in which nothing is `wrong`."""
    return Terms(
        skills=tuple(options.get("skills", ())),
        language=Speaking(options.get("language", Speaking.PREFERRED)),
        sticky=options.get("sticky", False),
        at_work=options.get("at_work", False),
        overflow=options.get("overflow", ""),
        fallback=_agent(options.get("fallback", "")),
    )


def wrong(how: object, options: Mapping[str, object], house: House) -> str:
    """Say what is wrong with what stands beside `assign`; empty for nothing."""
    for name, given in options.items():
        if name not in KEYS:
            return f"there is no {name!r} beside it{nearest(name, KEYS)}"
        if how not in WAYS and name not in _FOR_NAMED:
            return f"{name!r} has no effect where an agent is named; write {' or '.join(WAYS)}"
        problem = _wrong_value(name, given, house)
        if problem:
            return problem
    return ""


def _wrong_value(name: str, given: object, house: House) -> str:
    if name in ("sticky", "at_work"):
        return "" if isinstance(given, bool) else f"{name!r} must be true or false"
    if name == "skills":
        return _wrong_skills(given, house)
    if name == "language":
        return _one_of(given, [str(one) for one in Speaking], "language")
    if name == "overflow":
        return _one_of(given, [queue.name for queue in house.queues], "queue")
    agents = [agent.address for agent in house.agents]
    return _one_of(_agent(given), agents, "agent")


def _wrong_skills(given: object, house: House) -> str:
    """Require skills that somebody has: else nobody could ever be found."""
    if not isinstance(given, list) or not given or not all(isinstance(s, str) for s in given):
        return "'skills' must be a list such as [\"billing\"]"
    known = sorted({skill for agent in house.agents for skill in agent.skills})
    sentences = (_one_of(skill, known, "agent with the skill") for skill in given)
    return next((sentence for sentence in sentences if sentence), "")


def _agent(given: object) -> Any:
    return given.lower() if isinstance(given, str) else given


def _one_of(given: object, known: Collection[str], kind: str) -> str:
    if isinstance(given, str) and given in known:
        return ""
    return f"there is no {kind} {given!r}{nearest(str(given), known)}"

"""What may stand behind each verb of a rule: one check each, which says why a value cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from maild.core.house import House
from maild.core.rule import Verb
from maild.core.survey import Kind
from maild.core.terms import WAYS
from maild.core.ticket import Priority
from maild.settings.problems import nearest

_ADDRESS = re.compile(r"[^\s@<>,;]{1,64}@[A-Za-z0-9.-]{1,253}")
_TAG = re.compile(r"[\w.-]{1,64}")
_TEMPLATE = re.compile(r"[a-z0-9_-]{1,64}")
_REASON_MAX = 200
_TIER_MAX = 3
_READERS = ("assignee", "queue", "tier", "lead", "account-manager")
_UP_DOWN = ("+1", "-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What values are checked against."""

    house: House
    templates: frozenset[str]
    """Names that `reply` may use; empty when they are not known."""


def wrong(verb: Verb, value: object, known: Known) -> str:
    """Say why a value cannot stand behind a verb; empty when it can."""
    return _VALUES[verb](value, known)


def _queue(value: object, known: Known) -> str:
    """Require a queue of the house."""
    return _one_of(value, [queue.name for queue in known.house.queues], "queue")


def _priority(value: object, _known: Known) -> str:
    """Require one of the four, or the next one up or down."""
    return _one_of(value, [*(str(priority) for priority in Priority), *_UP_DOWN], "priority")


def _tier(value: object, _known: Known) -> str:
    """Require a number from 1 to 3, or the next one up or down."""
    if value in _UP_DOWN:
        return ""
    fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _TIER_MAX
    return "" if fits else f'{value!r} is no tier; write 1, 2 or 3 without quotes, "+1" or "-1"'


def _tag(value: object, _known: Known) -> str:
    """Require a word."""
    fits = isinstance(value, str) and _TAG.fullmatch(value)
    return "" if fits else f"{value!r} is no tag; write one word of letters, digits, '-', '_', '.'"


def _assign(value: object, known: Known) -> str:
    """Require an agent, or a way to choose one."""
    agents = [agent.address for agent in known.house.agents]
    return _one_of(value, [*WAYS, *agents], "agent")


def _name_of(value: object, _known: Known) -> str:
    """Require a name in one line."""
    fits = isinstance(value, str) and value.strip() and value.isprintable()
    return "" if fits and len(str(value)) <= _REASON_MAX else f"{value!r} is no name in one line"


def _notify(value: object, _known: Known) -> str:
    """Require an address, or whom it means."""
    if isinstance(value, str) and (value in _READERS or _ADDRESS.fullmatch(value)):
        return ""
    return f"{value!r} is nobody; write {', '.join(_READERS)} or an address"


def _webhook(value: object, known: Known) -> str:
    """Require a webhook of the house."""
    return _one_of(value, known.house.webhooks, "[[webhook]]")


def _open(value: object, known: Known) -> str:
    """Require true, or a queue of the house."""
    return "" if value is True else _queue(value, known)


def _survey(value: object, _known: Known) -> str:
    """Require one of the two."""
    return _one_of(value, [str(kind) for kind in Kind], "survey")


def _reply(value: object, known: Known) -> str:
    """Require a template."""
    if known.templates:
        return _one_of(value, known.templates, "template")
    fits = isinstance(value, str) and _TEMPLATE.fullmatch(value)
    return "" if fits else f'{value!r} is no name of a template, such as "acknowledgement"'


def _reason(value: object, _known: Known) -> str:
    """Require a reason in words."""
    if isinstance(value, str) and value.strip() and len(value) <= _REASON_MAX:
        return ""
    return f"write the reason in words, at most {_REASON_MAX} characters"


def _true(value: object, _known: Known) -> str:
    """Require true."""
    return "" if value is True else "write true, or leave it out"


def _stop(value: object, _known: Known) -> str:
    """Require true."""
    return "" if value is True else "write { stop = true }, or leave it out"


def _one_of(value: object, known: Collection[str], kind: str) -> str:
    """Require one of the known words."""
    if isinstance(value, str) and value in known:
        return ""
    return f"there is no {kind} {value!r}{nearest(str(value), known)}"


_VALUES: dict[Verb, Callable[[object, Known], str]] = {
    Verb.QUEUE: _queue,
    Verb.PRIORITY: _priority,
    Verb.TIER: _tier,
    Verb.TAG: _tag,
    Verb.ASSIGN: _assign,
    Verb.SEGMENT: _name_of,
    Verb.ORGANISATION: _name_of,
    Verb.NOTIFY: _notify,
    Verb.REPLY: _reply,
    Verb.NOTE: _reason,
    Verb.PAGE: _webhook,
    Verb.SURVEY: _survey,
    Verb.OPEN: _open,
    Verb.SOLVE: _true,
    Verb.CLOSE: _true,
    Verb.REOPEN: _true,
    Verb.HOLD: _reason,
    Verb.IGNORE: _reason,
    Verb.STOP: _stop,
}

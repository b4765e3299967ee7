"""Names that the files of the house give: queues, segments, rules and so on (`report --queue`).

They are known whether anything ever happened under them or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from maild.core import clientele
from maild.core.house import House
from maild.core.rule import Rule, Verb
from maild.core.scorecard import By

TIERS = ("1", "2", "3")


def names(by: By, house: House, rules: Sequence[Rule], languages: Iterable[str]) -> frozenset[str]:
    """Return the names that settings, rules and templates (their languages) give."""
    files = _Files(house=house, rules=rules, languages=tuple(languages))
    return frozenset(filter(None, _GIVEN[by](files)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    house: House
    rules: Sequence[Rule]
    languages: tuple[str, ...]

    def said(self, verb: Verb) -> Iterator[str]:
        """Give what rules, and the steps of their ladders, do with a verb."""
        for rule in self.rules:
            for actions in (rule.actions, *(step.actions for step in rule.steps)):
                yield from (action.value for action in actions if action.verb is verb)


def _queues(files: _Files) -> Iterator[str]:
    yield from (queue.name for queue in files.house.queues)
    yield from (box.queue for box in files.house.mailboxes)
    yield from files.said(Verb.QUEUE)


def _segments(files: _Files) -> Iterator[str]:
    yield clientele.SEGMENT
    yield from (one.segment for one in files.house.organisations)
    yield from files.said(Verb.SEGMENT)


def _organisations(files: _Files) -> Iterator[str]:
    yield from (one.name for one in files.house.organisations)
    yield from files.said(Verb.ORGANISATION)


def _languages(files: _Files) -> Iterator[str]:
    yield from files.languages
    yield from (box.language for box in files.house.mailboxes)


_GIVEN: Mapping[By, Callable[[_Files], Iterable[str]]] = {
    By.QUEUE: _queues,
    By.AGENT: lambda files: (agent.address for agent in files.house.agents),
    By.TIER: lambda _files: TIERS,
    By.SEGMENT: _segments,
    By.LANGUAGE: _languages,
    By.TAG: lambda files: files.said(Verb.TAG),
    By.ORGANISATION: _organisations,
    By.RULE: lambda files: (rule.name for rule in files.rules),
}

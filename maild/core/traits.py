"""Where a ticket belongs, as its log tells it: what figures are grouped and chosen by.

| By           | told by                                                                    |
|--------------|----------------------------------------------------------------------------|
| queue, tier, language, tag | how the ticket was opened, and every change since            |
| agent        | who has it; where an agent answered, who did                               |
| segment, organisation | what the customer was when it was opened, or as a rule said later |
| rule         | the rules that fired on it so far                                          |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from maild.core.scorecard import EVERYTHING, By, Only


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """Where a ticket belongs at one moment; empty where nobody said."""

    queue: str = ""
    agent: str = ""
    tier: str = "1"
    segment: str = ""
    language: str = ""
    organisation: str = ""
    tags: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()

    def names(self, by: By) -> tuple[str, ...]:
        """Return the groups that it belongs to: one, but of tags and rules any number.

        A ticket without any tag, or on which no rule fired, belongs to the group without a name.
        """
        if by is By.TAG:
            return tuple(sorted(self.tags)) or ("",)
        if by is By.RULE:
            return tuple(sorted(self.rules)) or ("",)
        name: str = getattr(self, by)
        return (name,)

    def is_meant(self, only: Only) -> bool:
        """Tell whether a filter leaves it in."""
        if only is EVERYTHING:
            return True
        wanted = ((by, getattr(only, by)) for by in By)
        return all(name in self.names(by) for by, name in wanted if name)

    def with_rules(self, names: tuple[str, ...]) -> Traits:
        """Return the traits after some rules fired."""
        return replace(self, rules=self.rules.union(names)) if names else self


_RULE = "rule:"


def opened(data: Mapping[str, str], tier: str = "1") -> Traits:
    """Return where a ticket belongs as it is opened, by the data of `ticket.created`.

    Tags stand there with spaces between them. `tier` is that of one of which no tier is told.
    """
    return Traits(
        queue=data.get("queue", ""),
        agent=data.get("assignee", ""),
        tier=data.get("tier", tier),
        segment=data.get("segment", ""),
        language=data.get("language", ""),
        organisation=data.get("organisation", ""),
        tags=frozenset(filter(None, data.get("tags", "").split(" "))),
    )


def changed(traits: Traits, kind: str, actor: str, data: Mapping[str, str]) -> Traits:
    """Return where a ticket belongs after a line of its log; the same where that says nothing."""
    change = _CHANGES.get(kind)
    return change(traits, actor, data) if change else traits


def _field(name: str) -> Callable[[Traits, str, Mapping[str, str]], Traits]:
    def change(traits: Traits, _actor: str, data: Mapping[str, str]) -> Traits:
        return replace(traits, **{name: data.get("to", "")})  # type: ignore[arg-type]

    return change


def _tagged(traits: Traits, _actor: str, data: Mapping[str, str]) -> Traits:
    return replace(traits, tags=traits.tags | {data.get("to", "")})


def _untagged(traits: Traits, _actor: str, data: Mapping[str, str]) -> Traits:
    return replace(traits, tags=traits.tags - {data.get("to", "")})


def _customer(traits: Traits, _actor: str, data: Mapping[str, str]) -> Traits:
    segment, organisation = data.get("segment", ""), data.get("organisation", "")
    return replace(traits, segment=segment, organisation=organisation)


def _fired(traits: Traits, actor: str, _data: Mapping[str, str]) -> Traits:
    return traits.with_rules((actor.removeprefix(_RULE),))


_CHANGES: Mapping[str, Callable[[Traits, str, Mapping[str, str]], Traits]] = {
    "queue.changed": _field("queue"),
    "ticket.assigned": _field("agent"),
    "assignee.changed": _field("agent"),
    "tier.changed": _field("tier"),
    "segment.changed": _field("segment"),
    "organisation.changed": _field("organisation"),
    "language.changed": _field("language"),
    "customer.changed": _customer,
    "tag.added": _tagged,
    "tag.changed": _tagged,
    "tag.removed": _untagged,
    "rule.fired": _fired,
}
KINDS = frozenset(_CHANGES)
"""The lines of a log that say where a ticket belongs, beside how it was opened."""

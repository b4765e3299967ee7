"""A rule at work: what its actions are given."""

from __future__ import annotations

from dataclasses import dataclass

from maild.core.facts import Happening
from maild.core.ladder import Climb
from maild.core.rule import Rule, Verb
from maild.core.scene import Situation
from maild.core.trust import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A rule whose condition holds, and what it was asked about."""

    situation: Situation
    happening: Happening
    rule: Rule
    level: Level
    """What the mail in hand proves about its sender."""
    step: int = 0
    """Of the rule's ladder, from 1; 0 where the rule itself fires."""
    climb: Climb | None = None
    """The ladder that it is a step of."""

    @property
    def actor(self) -> str:
        """Who does it, as the log has it."""
        return f"rule:{self.rule.name}"

    @property
    def why(self) -> str:
        """Why, in words: the note of the step, that of the rule, or the rule's name."""
        own = self.rule.steps[self.step - 1].actions if self.step else ()
        notes = (a.value for a in (*own, *self.rule.actions) if a.verb is Verb.NOTE)
        return next(notes, self.rule.name)

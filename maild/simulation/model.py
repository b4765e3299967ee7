"""How people behave in a simulation: when they write, how long they work, what they do next.

All numbers are invented, and stand here: they are those of some help desk, not of yours. All
chance comes from one seeded generator, so that one seed is one history. Agents and customers know
nothing of rules and policies; what these change is what a simulation shows.
"""

from __future__ import annotations

import math
from bisect import bisect
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from random import Random
from typing import TypeVar

from maild.core.survey import Kind

SEGMENTS = {"free": 60, "paid": 30, "enterprise": 10}
LANGUAGES = {"en": 50, "de": 20, "fr": 15, "es": 15}
TICKETS_PER_CUSTOMER = 5
HOUR_WEIGHTS = (1, 1, 1, 1, 1, 2, 4, 9, 16, 20, 20, 17, 13, 15, 18, 17, 14, 10, 6, 4, 4, 3, 2, 1)
"""Of the mail of a day (UTC), by hour."""
DAY_WEIGHTS = (22, 20, 18, 17, 15, 4, 4)
"""Of the mail of a week, Monday first."""
THINGS = {
    "en": ("invoice", "login", "export", "printer", "order", "report"),
    "de": ("Rechnung", "Anmeldung", "Export", "Drucker", "Bestellung", "Bericht"),
    "fr": ("facture", "connexion", "export", "imprimante", "commande", "rapport"),
    "es": ("factura", "acceso", "exportación", "impresora", "pedido", "informe"),
}
"""What tickets are about."""
NEWS = 0.25
"""Of new tickets in a week in which something is broken: that is what they are about."""
QUIET = 0.5
"""Of weeks: nothing is broken."""
ORGANISATIONS = (
    "Alder",
    "Birch",
    "Cedar",
    "Elm",
    "Hazel",
    "Larch",
    "Maple",
    "Oak",
    "Pine",
    "Rowan",
)
"""Of the customers of the segment `enterprise`; others have none."""
URGENT, HIGH = 0.03, 0.12
"""Of new tickets: their subject says so, and a rule of the operator's may believe it."""
SPAM = 0.01
SERVICE_MINUTES = 14.0
"""Median of what an agent works on a ticket before doing something; a log-normal of `SPREAD`."""
SPREAD = 0.7
EXCHANGES = (55, 28, 12, 5)
"""How often an agent answers before a ticket can be solved: once, twice, ..., in hundredths."""
NOTE, PROMISE = 0.05, 0.03
"""What an agent does instead of answering: a note for colleagues, a promised call."""
ANSWERS = 0.78
"""Of customers who are asked something; the others are silent, and `LATER` of them find time."""
LATER = 0.3
ANSWER_HOURS = 6.0
REOPENS, THANKS, RETURNS = 0.08, 0.06, 0.01
"""Of customers whose ticket was solved: it was not solved, thanks, one more weeks later."""
VOTES = 0.3
"""Of customers who are asked how they find us; a quarter of them adds words."""
CSAT_MARKS = (6, 5, 9, 25, 55)
NPS_MARKS = (3, 1, 1, 2, 2, 6, 6, 13, 20, 18, 28)
"""How often a mark is given, the lowest first."""
VOTE_HOURS = 10.0
SICK_PER_YEAR, HOLIDAYS_PER_YEAR = 3, 2
"""Absences of an agent: some days that nobody foresaw, some weeks."""

_Value = TypeVar("_Value", int, str)


class Reaction(StrEnum):
    """What a customer does after an agent's mail."""

    SILENCE = "silence"
    ANSWER = "answer"
    LATE_ANSWER = "late answer"
    REOPEN = "reopen"
    THANKS = "thanks"
    RETURN = "return"


class Deed(StrEnum):
    """What an agent does with a ticket."""

    REPLY = "reply"
    SOLVE = "solve"
    CLOSE_UP = "solve without a word"
    NOTE = "note"
    PROMISE = "promise"
    SPAM = "spam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A customer."""

    address: str
    name: str
    language: str
    segment: str
    mailbox: int
    """Which one they write to; counted from 0, taken modulo those that there are."""
    organisation: str = ""


@dataclass(slots=True, kw_only=True)
class Case:
    """What only the people know of a ticket."""

    person: Person
    exchanges: int
    """So often an agent has to answer before it can be solved."""
    is_spam: bool = False
    is_thanked: bool = False
    """The customer's last mail needs no answer."""


class Model:
    """The behaviour of everybody, drawn from one seed."""

    def __init__(self, seed: int, tickets: int) -> None:
        """Make the customers."""
        self.chance = Random(seed)  # noqa: S311 - a history, no secret
        self._opinions = Random(seed + 1)  # noqa: S311 - the same
        self._seed = seed
        self._topics = Random(seed + 2)  # noqa: S311 - the same
        count = max(1, tickets // TICKETS_PER_CUSTOMER)
        self.people = tuple(self._person(n) for n in range(count))

    def arrivals(self, start: datetime, days: int, tickets: int) -> list[datetime]:
        """Draw when customers write for the first time; in order, exactly so many."""
        hours = [start + timedelta(hours=n) for n in range(days * 24)]
        weights = [HOUR_WEIGHTS[at.hour] * DAY_WEIGHTS[at.weekday()] for at in hours]
        summed = list(accumulate(weights))
        drawn = (self.chance.random() * summed[-1] for _ in range(tickets))
        found = (
            hours[bisect(summed, one)] + timedelta(seconds=self.chance.randrange(3600))
            for one in drawn
        )
        return sorted(found)

    def case(self) -> Case:
        """Draw who writes, and how much work that is."""
        exchanges = self._one_of(dict(enumerate(EXCHANGES, start=1)))
        is_spam = self.chance.random() < SPAM
        person = self.chance.choice(self.people)
        if is_spam:
            person = self._person(self.chance.randrange(10**6, 10**9))
        return Case(person=person, exchanges=exchanges, is_spam=is_spam)

    def subject(self, language: str, at: datetime) -> str:
        """Draw what a ticket is about; when something is broken, that is told more often."""
        drawn = self.chance.random()
        word = "urgent: " if drawn < URGENT else "important: " if drawn < URGENT + HIGH else ""
        things = THINGS.get(language, THINGS["en"])
        thing = self.chance.choice(range(len(things)))
        news = self._broken(at, len(things))
        if news is not None and self._topics.random() < NEWS:
            thing = news
        return f"{word}{things[thing]} {self.chance.randrange(1000, 10000)}"

    def service(self) -> timedelta:
        """Draw how long an agent works on a ticket before doing something."""
        drawn = self._log_normal(SERVICE_MINUTES, SPREAD)
        return timedelta(minutes=min(max(drawn, 2.0), 240.0))

    def deed(self, case: Case) -> Deed:
        """Draw what an agent does then."""
        if case.is_spam:
            return Deed.SPAM
        if case.is_thanked:
            return Deed.CLOSE_UP
        drawn = self.chance.random()
        if drawn < NOTE + PROMISE:
            return Deed.NOTE if drawn < NOTE else Deed.PROMISE
        return Deed.REPLY if case.exchanges > 1 else Deed.SOLVE

    def reaction(self, deed: Deed) -> tuple[Reaction, timedelta]:
        """Draw what the customer does after an agent's mail, and how much later."""
        drawn, chance = self.chance.random(), self.chance
        if deed is Deed.REPLY:
            if drawn < ANSWERS:
                return Reaction.ANSWER, self._hours(ANSWER_HOURS)
            if drawn < ANSWERS + (1 - ANSWERS) * LATER:
                return Reaction.LATE_ANSWER, timedelta(days=chance.uniform(3, 20))
        elif deed is Deed.SOLVE:
            if drawn < REOPENS:
                return Reaction.REOPEN, self._hours(20.0)
            if drawn < REOPENS + THANKS:
                return Reaction.THANKS, self._hours(3.0)
            if drawn < REOPENS + THANKS + RETURNS:
                return Reaction.RETURN, timedelta(days=chance.uniform(15, 60))
        return Reaction.SILENCE, timedelta()

    def vote(self, kind: Kind) -> tuple[int, timedelta] | None:
        """Draw the mark that a customer gives, and how much later; None for no answer."""
        chance = self._opinions
        if chance.random() >= VOTES:
            return None
        weights = CSAT_MARKS if kind is Kind.CSAT else NPS_MARKS
        (score,) = chance.choices(list(kind.marks), weights)
        hours = chance.lognormvariate(math.log(VOTE_HOURS), 1.0)
        return score, timedelta(hours=min(hours, 24.0 * 20))

    def absences(self, start: datetime, days: int) -> list[tuple[datetime, datetime]]:
        """Draw when an agent is away."""
        counts = {2: SICK_PER_YEAR, 10: HOLIDAYS_PER_YEAR}
        return [
            (since, since + timedelta(days=self.chance.randint(1, longest)))
            for longest, per_year in counts.items()
            for _ in range(round(per_year * days / 365))
            for since in [start + timedelta(days=self.chance.randrange(days), hours=6)]
        ]

    def _broken(self, at: datetime, things: int) -> int | None:
        """Draw which thing is broken in a week; the same for all of it, None for nothing."""
        week = Random(self._seed * 1000 + (at.date().toordinal() - 1) // 7)  # noqa: S311 - the same
        return None if week.random() < QUIET else week.randrange(things)

    def _person(self, n: int) -> Person:
        segment = self._one_of(SEGMENTS)
        is_large = segment == "enterprise"
        return Person(
            address=f"person{n}@{segment}{n % 97}.example",
            name=f"Person {n}",
            language=self._one_of(LANGUAGES),
            segment=segment,
            mailbox=self._one_of({0: 60, 1: 25, 2: 15}),
            organisation=ORGANISATIONS[n % len(ORGANISATIONS)] if is_large else "",
        )

    def _hours(self, median: float) -> timedelta:
        return timedelta(hours=min(self._log_normal(median, 1.0), 24.0 * 14))

    def _log_normal(self, median: float, spread: float) -> float:
        return self.chance.lognormvariate(math.log(median), spread)

    def _one_of(self, weights: dict[_Value, int]) -> _Value:
        return self.chance.choices(list(weights), list(weights.values()))[0]

"""The course of a simulation: what happens next, a person or a deadline, and the clock goes there.

Mails of the same quarter of an hour come in together, as from a mailbox that is looked into now
and then; deadlines ring to the second. After the last day no new tickets come, but everybody goes
on until all is settled, or for `SETTLING`.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

from maild.core.decision import Outcome
from maild.core.house import Agent
from maild.core.survey import Survey
from maild.core.token import Purpose
from maild.handle import Handled, Office
from maild.simulation import compare, letters
from maild.simulation.desks import Desks
from maild.simulation.letters import Author, Letter
from maild.simulation.model import Case, Deed, Model, Person, Reaction
from maild.simulation.place import Place
from maild.store.tally import ToDo

TOGETHER = timedelta(minutes=15)
SETTLING = timedelta(days=120)
PROMISED = timedelta(days=3)
AGAIN = timedelta(hours=1)
"""Later a deadline is tried again that could not fire, because of a fault of ours."""
DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXTS = {
    Deed.REPLY: "Please try it once more and tell us what you see.",
    Deed.SOLVE: "#solve\n\nIt was our fault; it is repaired now.",
    Deed.CLOSE_UP: "#solve",
    Deed.NOTE: "#note\n\nSomebody who knows the other system should look into this",
    Deed.SPAM: "#spam",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be simulated."""

    start: datetime
    days: int
    tickets: int
    seed: int


@dataclass(slots=True, kw_only=True)
class Course:
    """What a simulation saw while it ran."""

    backlog: dict[date, int] = field(default_factory=dict)
    """At the end of each day (UTC), counted in the ticket table."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """What became of the mails that came in."""
    held: Counter[str] = field(default_factory=Counter)
    """Why mails were held."""
    mails: int = 0
    """Written by us."""
    rings: int = 0
    """Tickets on which deadlines fired."""
    compared: int = 0
    """Tickets whose deadlines were computed anew, on the first day of each week."""
    differing: list[tuple[datetime, int]] = field(default_factory=list)
    """When, and which, where something else was written."""
    is_settled: bool = False
    """Nobody has anything to do any more, and no deadline waits; else time was up."""
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Post:
    """A mail that somebody sends, and what follows when it was handled."""

    letter: Letter
    then: Callable[[Handled], None]


@dataclass(frozen=True, slots=True, order=True)
class _Coming:
    at: datetime
    nth: int
    do: Callable[[], _Post | None] = field(compare=False)


class Year:
    """One simulation."""

    def __init__(self, office: Office, wish: Wish) -> None:
        """Draw what is known beforehand: the customers, their first mails, and the absences."""
        self._wish = wish
        self._model = Model(wish.seed, wish.tickets)
        self.place = Place(office, self._model.people, wish.start)
        world = self.place.office.world
        self._house, self._keys = world.house, world.keys
        self._desks = Desks(world.house, world.calendars)
        self._numbers = count(1)
        self._coming: list[_Coming] = []
        self._due: datetime | None = None
        self._rang_at: datetime | None = None
        self._writers = 0
        """Customers and agents who will write yet."""
        self._cases: dict[int, Case] = {}
        self.course = Course(end=wish.start)
        self._last = wish.start + wish.days * DAY
        self._plan()

    def run(self, each_day: Callable[[date], None] = lambda _day: None) -> Course:
        """Let time pass until all is settled; `each_day` is told of every day that ended."""
        midnight = self._wish.start + DAY
        while (at := self._next()) is not None:
            while midnight <= at:
                self._end_day(midnight, each_day)
                midnight += DAY
            self.place.now = at
            self._receive(at)
            if self._due is not None and self._due <= at:
                self.course.rings += self.place.ring()
                self._rang_at = at
            self._work(at)
        self.course.is_settled = self._due is None and not self.place.backlog()
        self.course.end = self.place.now = midnight - _MOMENT
        self.course.rings += self.place.ring()
        self._end_day(midnight, each_day)
        return self.course

    def _plan(self) -> None:
        wish, model = self._wish, self._model
        for at in model.arrivals(wish.start, wish.days, wish.tickets):
            self._writes(at, self._opens)
        for agent in self._house.agents:
            for since, until in model.absences(wish.start, wish.days):
                self._at(since, lambda agent=agent, until=until: self._leaves(agent, until))  # type: ignore[misc]
        for at in self._desks.openings(wish.start, self._last + SETTLING):
            self._at(at, lambda: None)

    def _at(self, at: datetime, do: Callable[[], _Post | None]) -> None:
        """Let something happen at the quarter of an hour that is nearest, but not before now."""
        late = (at + TOGETHER / 2 - _EPOCH) % TOGETHER
        grid = max(at + TOGETHER / 2 - late, self.place.now)
        heapq.heappush(self._coming, _Coming(grid, next(self._numbers), do))

    def _writes(self, at: datetime, letter: Callable[[], _Post]) -> None:
        """Let somebody write at a time."""

        def written() -> _Post:
            self._writers -= 1
            return letter()

        self._writers += 1
        self._at(at, written)

    def _next(self) -> datetime | None:
        """Return when something happens next; None when all is settled, or time is up."""
        self._due = self._ringing()
        coming = self._coming[0].at if self._coming else None
        times = [max(at, self.place.now) for at in (self._due, coming) if at is not None]
        if not times or min(times) > self._last + SETTLING:
            return None
        is_over = self._due is None and min(times) > self._last and not self._writers
        return None if is_over and not self.place.backlog() else min(times)

    def _ringing(self) -> datetime | None:
        """Return when deadlines are to ring; what did not fire just now is tried again later."""
        due, now = self.place.next_due(), self.place.now
        return now + AGAIN if due is not None and due <= now == self._rang_at else due

    def _end_day(self, midnight: datetime, each_day: Callable[[date], None]) -> None:
        day = (midnight - DAY).date()
        self.course.backlog[day] = self.place.backlog()
        self.place.empty_outbox()
        self._are_asked(midnight)
        self.course.mails = self.place.written
        if midnight.weekday() == 0:
            self._compare(midnight)
        each_day(day)

    def _compare(self, now: datetime) -> None:
        office, course = self.place.office, self.course
        with office.database.read() as connection:
            numbers = compare.open_tickets(connection)
            found = compare.differing(connection, office, numbers, now - _MOMENT)
        course.compared += len(numbers)
        course.differing += [(now, number) for number in found]

    def _receive(self, now: datetime) -> None:
        """Let everybody do what they do now; their mails come in together."""
        posts: list[_Post] = []
        while self._coming and self._coming[0].at <= now:
            post = heapq.heappop(self._coming).do()
            posts += [post] if post else []
        handled = self.place.receive([post.letter for post in posts])
        for post, one in zip(posts, handled, strict=True):
            self.course.outcomes[one.outcome.value] += 1
            if one.outcome is Outcome.HELD:
                self.course.held[one.reasons[-1].why.value] += 1
            post.then(one)

    def _work(self, now: datetime) -> None:
        """Let agents who are free take what waits."""
        free = self._desks.working(now)
        waiting = self.place.to_do() if free else ()
        for agent in free if waiting else ():
            ticket = self._desks.take(agent, waiting, now)
            if ticket is not None:
                self._take(agent, ticket, now + self._model.service())

    def _take(self, agent: Agent, ticket: ToDo, until: datetime) -> None:
        self._writes(until, lambda: self._acts(agent, ticket))

    def _opens(self) -> _Post:
        """A customer writes for the first time."""
        case = self._model.case()
        boxes = self._house.mailboxes
        box = boxes[case.person.mailbox % len(boxes)]
        subject = self._model.subject(case.person.language, self.place.now)
        letter = self._letter(letters.of(case.person), box.address, subject)
        return _Post(letter=letter, then=lambda done: self._begins(case, done))

    def _begins(self, case: Case, done: Handled) -> None:
        if done.ticket:
            self._cases[done.ticket] = case

    def _acts(self, agent: Agent, ticket: ToDo) -> _Post:
        """An agent does something with the ticket in hand."""
        case = self._case(ticket)
        deed = self._model.deed(case)
        to = self._reply_address((Purpose.AGENT, ticket.number, agent.address), ticket.mailbox)
        author = Author(address=agent.address, name=agent.name, language="en")
        text = f"{self._text(deed)} ({next(self._numbers)})" if _has_text(deed) else _TEXTS[deed]
        letter = self._letter(author, to, "Re: your ticket", text)
        return _Post(letter=letter, then=lambda done: self._done(agent, ticket, deed, done))

    def _done(self, agent: Agent, ticket: ToDo, deed: Deed, done: Handled) -> None:
        """An agent's mail was handled: they are free, and the customer reads it."""
        self._desks.frees(agent.address)
        case = self._case(ticket)
        if done.outcome is not Outcome.POSTED:
            return
        if deed in (Deed.REPLY, Deed.SOLVE):
            case.exchanges = max(1, case.exchanges - 1)
        reaction, later = self._model.reaction(deed)
        if reaction is not Reaction.SILENCE:
            at = self.place.now + later
            self._writes(at, lambda: self._reacts(ticket, reaction))

    def _reacts(self, ticket: ToDo, reaction: Reaction) -> _Post:
        """A customer answers."""
        case = self._case(ticket)
        who = case.person.address
        to = self._reply_address((Purpose.CUSTOMER, ticket.number, who), ticket.mailbox)
        letter = self._letter(letters.of(case.person), to, "Re: your answer")
        return _Post(letter=letter, then=lambda done: self._reacted(case, reaction, done))

    def _reacted(self, case: Case, reaction: Reaction, done: Handled) -> None:
        """A customer's mail is on its ticket, or on a new one that is linked with it."""
        case.is_thanked = reaction is Reaction.THANKS
        if done.ticket and done.ticket not in self._cases:
            self._cases[done.ticket] = replace(case, exchanges=1)

    def _are_asked(self, midnight: datetime) -> None:
        """Customers read the surveys of the day, and some will answer."""
        for survey in self.place.asked(midnight - DAY):
            drawn = self._model.vote(survey.kind)
            if drawn is not None and survey.sent_at < midnight:
                score, later = drawn
                at = max(survey.sent_at + later, self.place.now)
                self._writes(at, lambda survey=survey, score=score: self._votes(survey, score))  # type: ignore[misc]

    def _votes(self, survey: Survey, score: int) -> _Post:
        """A customer answers a survey."""
        to = self._reply_address((Purpose.SURVEY, survey.id, survey.recipient), survey.mailbox)
        author = Author(address=survey.recipient, name=survey.name, language=survey.language)
        said = str(score) if score % 4 else f"{score}\n\nThat is what I think."
        letter = self._letter(author, to, "Re: a survey", said)
        return _Post(letter=letter, then=lambda _done: None)

    def _leaves(self, agent: Agent, until: datetime) -> None:
        """An agent is away; what they have in hand they finish."""
        self._desks.leaves(agent.address, until)
        self.place.is_away(agent.address, until)

    def _case(self, ticket: ToDo) -> Case:
        """Return what people know of a ticket; one that a rule made is settled in one answer."""
        known = self._cases.get(ticket.number)
        if known is None:
            person = Person(
                address=ticket.customer, name="", language="en", segment="free", mailbox=0
            )
            known = self._cases[ticket.number] = Case(person=person, exchanges=1)
        return known

    def _reply_address(self, to: tuple[Purpose, int, str], mailbox: str) -> str:
        box = self._house.mailbox(mailbox)
        return letters.reply_address(self._house, self._keys, box, to, self.place.now)

    def _letter(self, author: Author, to: str, subject: str, text: str = "") -> Letter:
        number = next(self._numbers)
        said = text or letters.words(author.language, number)
        return letters.letter(author, to, subject, said, (number, self.place.now))

    def _text(self, deed: Deed) -> str:
        """What an agent writes; a promise names its day."""
        if deed is not Deed.PROMISE:
            return _TEXTS[deed]
        day = (self.place.now + PROMISED).date()
        return f"#pending until {day.isoformat()}\n\nWe will get back to you"


def _has_text(deed: Deed) -> bool:
    return deed not in (Deed.CLOSE_UP, Deed.SPAM)

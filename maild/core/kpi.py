"""The figures: what each one is, written once; from what was counted to what is told.

What is counted comes from the event log alone (`core/countable.py`), and holds for a period from
its first instant to before its last. Each happening belongs to the period in which the log was
told of it; whatever the log learns later changes nothing of a period that is over. So a figure of
any past day can be computed again, and is the same.

Within a period the last word counts: a reply that was taken back gave no first response, a ticket
that was solved and opened again is not solved, of a vote that was changed the later one stands.
Spam is no ticket. Where a ticket belongs (queue, agent, tier, segment, language, tags,
organisation) is told by the log as of that happening, never by the ticket as it is now.

A person of ours is an agent; automatic mail, acknowledgements and notes for colleagues are no
answers. Times are told in seconds: by the clock on the wall, and in the working time of the
policy's calendar.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from maild.core import estimate
from maild.core.measure import Line, Rating, Score, Share, Spread, Unit
from maild.core.promise import Clock
from maild.core.survey import Kind

PROMOTER_MIN, DETRACTOR_MAX = 9, 6
SATISFIED_MIN = 4
MEDIAN, MOST = 0.5, 0.9


@dataclass(slots=True, kw_only=True)
class Counted:
    """What happened in one period to one group of tickets, counted; filled by `countable`."""

    opened: int = 0
    solved: int = 0
    """Tickets that were solved and still were at the end."""
    backlog: int = 0
    first_response: list[float] = field(default_factory=list)
    first_response_working: list[float] = field(default_factory=list)
    resolution: list[float] = field(default_factory=list)
    resolution_working: list[float] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    """Promises that were kept, by clock."""
    missed: Counter[str] = field(default_factory=Counter)
    first_contact: int = 0
    """Of `solved`."""
    deflected: int = 0
    """Of `solved`."""
    reopened: int = 0
    ended: int = 0
    """Tickets that were solved or reopened."""
    escalated: int = 0
    handled: int = 0
    """Tickets that were opened or escalated."""
    csat: list[int] = field(default_factory=list)
    nps: list[int] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    """Surveys, by kind."""
    answered: Counter[str] = field(default_factory=Counter)
    """Of those that were sent in the same period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All figures of one period and one group of tickets."""

    volume: int
    solved: int
    backlog: int
    first_response: Spread
    first_response_working: Spread
    resolution: Spread
    resolution_working: Spread
    sla: Share
    """Of all clocks together."""
    sla_by_clock: tuple[tuple[Clock, Share], ...]
    first_contact: Share
    reopened: Share
    escalated: Share
    csat: Rating
    nps: Score
    csat_responses: Share
    nps_responses: Share
    deflection: Share


def figures(counted: Counted) -> Figures:
    """Return every figure of what was counted."""
    return Figures(
        volume=volume(counted),
        solved=solved(counted),
        backlog=backlog(counted),
        first_response=first_response(counted),
        first_response_working=first_response_working(counted),
        resolution=resolution(counted),
        resolution_working=resolution_working(counted),
        sla=sla(counted),
        sla_by_clock=tuple((clock, sla(counted, clock)) for clock in Clock),
        first_contact=first_contact(counted),
        reopened=reopen_rate(counted),
        escalated=escalation_rate(counted),
        csat=csat(counted),
        nps=nps(counted),
        csat_responses=response_rate(counted, Kind.CSAT),
        nps_responses=response_rate(counted, Kind.NPS),
        deflection=deflection(counted),
    )


def volume(counted: Counted) -> int:
    """Ticket volume: the number of tickets that were opened.

    Formula: tickets opened in the period, whoever opened them (a customer's mail, an agent for a
    customer, a split), less those that were found to be spam in it. A merged ticket counts: it
    was work.
    """
    return counted.opened


def solved(counted: Counted) -> int:
    """Solved tickets: the number of tickets that were solved and stayed so.

    Formula: tickets that became solved in the period, or were closed without being solved before,
    and that still were at its end.
    """
    return counted.solved


def backlog(counted: Counted) -> int:
    """Backlog: the number of tickets that wait to be solved.

    Formula: tickets that are new, open, pending or on hold at the end of the period.
    """
    return counted.backlog


def first_response(counted: Counted) -> Spread:
    """First response time: how long customers waited for the first word of a person.

    Formula: from the opening of a ticket to the first public reply of an agent that was not taken
    back and that reached the customer; by the clock on the wall; mean, median and 90th percentile
    over the tickets that were first answered in the period. An acknowledgement or a note is no
    answer.
    """
    return spread(counted.first_response)


def first_response_working(counted: Counted) -> Spread:
    """First response time in working hours: the same, while somebody was at work.

    Formula: as first response time, in the working time of the calendar of the policy that held
    then. Only tickets for which a policy held are told of.
    """
    return spread(counted.first_response_working)


def resolution(counted: Counted) -> Spread:
    """Resolution time: how long it took until a ticket was solved for good.

    Formula: from the opening of a ticket to the last time that it was solved in the period,
    waiting for the customer included; by the clock on the wall; mean, median and 90th percentile
    over the solved tickets of the period.
    """
    return spread(counted.resolution)


def resolution_working(counted: Counted) -> Spread:
    """Resolution time in working hours: the same, while somebody was at work.

    Formula: as resolution time, in the working time of the calendar of the policy that held then,
    waiting for the customer included. Only tickets for which a policy held are told of.
    """
    return spread(counted.resolution_working)


def sla(counted: Counted, clock: Clock | None = None) -> Share:
    """SLA attainment: the share of promises that were kept.

    Formula: promises kept, of promises kept or missed in the period; for each clock (first
    response, next response, resolution) and for all together. A promise is kept when its clock
    was reached in time, the instant of the deadline included, and missed when the deadline came
    first, at the moment that this happened. What was promised is told by the log: a policy that
    changes later changes nothing. Of one run of a clock the last word in the period counts.
    """
    clocks = (clock,) if clock else tuple(Clock)
    met = sum(counted.met[one] for one in clocks)
    return Share(hits=met, n=met + sum(counted.missed[one] for one in clocks))


def first_contact(counted: Counted) -> Share:
    """First contact resolution (FCR): the share of tickets that one answer solved.

    Formula: of the solved tickets of the period, those with exactly one public reply of an agent
    before, no word of the customer after it, and which were never opened again.
    """
    return Share(hits=counted.first_contact, n=counted.solved)


def reopen_rate(counted: Counted) -> Share:
    """Reopen rate: the share of tickets that were not solved after all.

    Formula: of the tickets that were solved or opened again in the period, those that were opened
    again in it, however often. A customer's mail about a closed ticket opens a new one and is
    none.
    """
    return Share(hits=counted.reopened, n=counted.ended)


def escalation_rate(counted: Counted) -> Share:
    """Escalation rate: the share of tickets that went to a higher tier.

    Formula: of the tickets that were opened or escalated in the period, those whose tier was
    raised in it after they were opened, by an agent, a rule or an operator. Reminders and pages
    are none.
    """
    return Share(hits=counted.escalated, n=counted.handled)


def csat(counted: Counted) -> Rating:
    """Customer satisfaction (CSAT): the share of customers who were content with a ticket.

    Formula: answers of 4 or 5, of all answers (1 to 5) that were given in the period; beside it
    the mean of all answers. A vote belongs to when it was given, not to when its ticket was
    solved; one that was changed counts once in a period, as it was last. The field
    calls the two best of five the "top two boxes".
    """
    satisfied = sum(score >= SATISFIED_MIN for score in counted.csat)
    return Rating(
        satisfied=Share(hits=satisfied, n=len(counted.csat)), mean=estimate.mean(counted.csat)
    )


def nps(counted: Counted) -> Score:
    """Net promoter score (NPS): how much more customers would recommend us than would not.

    Formula: 100 x (promoters - detractors) / answers; promoters answered 9 or 10, detractors 0 to
    6, passives 7 or 8. A vote belongs to when it was given; one that was changed counts once in a
    period, as it was last. Source: Reichheld,
    "The One Number You Need to Grow" (2003).
    """
    promoters = sum(score >= PROMOTER_MIN for score in counted.nps)
    detractors = sum(score <= DETRACTOR_MAX for score in counted.nps)
    passives = len(counted.nps) - promoters - detractors
    return Score(promoters=promoters, passives=passives, detractors=detractors)


def response_rate(counted: Counted, kind: Kind = Kind.CSAT) -> Share:
    """Survey response rate: the share of surveys that were answered.

    Formula: of the surveys that were sent in the period, those that were answered before its end.
    An answer that comes later counts in CSAT or NPS when it comes, but not here: a short period
    shows less than a long one.
    """
    return Share(hits=counted.answered[kind], n=counted.sent[kind])


def deflection(counted: Counted) -> Share:
    """Deflection: the share of tickets that needed nobody of ours.

    Formula: of the solved tickets of the period, those to which a rule sent an answer (a text
    other than an acknowledgement) and on which no agent wrote anything, not even a note. Of
    people who found help elsewhere and never wrote, mail tells nothing.
    """
    return Share(hits=counted.deflected, n=counted.solved)


DEFINED: tuple[Callable[[Counted], object], ...] = (
    volume,
    solved,
    backlog,
    first_response,
    first_response_working,
    resolution,
    resolution_working,
    sla,
    first_contact,
    reopen_rate,
    escalation_rate,
    csat,
    nps,
    response_rate,
    deflection,
)
"""Every figure; its docstring is its definition, as `maild report --explain` prints it."""


def spread(values: list[float]) -> Spread:
    """Return mean, median and 90th percentile of times in seconds."""
    ordered = sorted(values)
    return Spread(
        n=len(ordered),
        mean=estimate.mean(ordered),
        median=estimate.quantile(ordered, MEDIAN),
        p90=estimate.quantile(ordered, MOST),
    )


def lines(found: Figures) -> tuple[Line, ...]:
    """Return every figure as a line of its own, always the same ones in the same order."""
    told = [_count("volume", found.volume), _count("solved", found.solved)]
    told.append(_count("backlog", found.backlog))
    for name in ("first_response", "first_response_working", "resolution", "resolution_working"):
        told += _spread(name, getattr(found, name))
    told.append(_share("sla", found.sla))
    told += [_share(f"sla.{clock}", share) for clock, share in found.sla_by_clock]
    told.append(_share("first_contact_resolution", found.first_contact))
    told.append(_share("reopen_rate", found.reopened))
    told.append(_share("escalation_rate", found.escalated))
    told.append(_share("csat", found.csat.satisfied))
    n = found.csat.satisfied.n
    told.append(Line(name="csat.mean", unit=Unit.RATING, value=found.csat.mean, n=n))
    low, high = found.nps.interval or (None, None)
    value, unit = found.nps.value, Unit.SCORE
    told.append(Line(name="nps", unit=unit, value=value, n=found.nps.n, low=low, high=high))
    told.append(_share("csat.response_rate", found.csat_responses))
    told.append(_share("nps.response_rate", found.nps_responses))
    told.append(_share("deflection", found.deflection))
    return tuple(told)


def _count(name: str, value: int) -> Line:
    return Line(name=name, unit=Unit.COUNT, value=value, n=value)


def _share(name: str, share: Share) -> Line:
    low, high = share.interval or (None, None)
    return Line(name=name, unit=Unit.SHARE, value=share.value, n=share.n, low=low, high=high)


def _spread(name: str, found: Spread) -> list[Line]:
    return [
        Line(name=f"{name}.{what}", unit=Unit.SECONDS, value=getattr(found, what), n=found.n)
        for what in ("mean", "median", "p90")
    ]

"""When a report by mail is due, and who gets it; pure.

It is due at eight in the zone of `[report]`, on the first morning after its period: each day, each
Monday, each first of a month. After a standstill only the newest one is written, however late.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from maild.core.decision import Audience, Decision, Enclosed, Outcome, Reply, ReplyKind
from maild.core.house import House, Rhythm
from maild.core.reason import Reason, Why
from maild.core.scorecard import Span, Step
from maild.core.snapshot import World
from maild.core.ticket import Customer, Ticket
from maild.core.weekly import BEFORE, Period, Weekly

TEMPLATE = "report"
_EIGHT = timedelta(hours=8)
_DAY = timedelta(days=1)
_STEPS = {Rhythm.DAY: Step.DAY, Rhythm.WEEK: Step.WEEK, Rhythm.MONTH: Step.MONTH}


def latest(now: datetime, rhythm: Rhythm, zone: str) -> Period | None:
    """Return the newest period whose report is due at `now` (aware); None for no reports."""
    step = _STEPS.get(rhythm)
    if step is None:
        return None
    place = ZoneInfo(zone)
    end = _begin((now.astimezone(place) - _EIGHT).date(), step)
    days = [end]
    for _ in range(1 + BEFORE):
        days.append(_begin(days[-1] - _DAY, step))
    edges = [datetime.combine(day, time(), place).astimezone(UTC) for day in reversed(days)]
    spans = [Span(start=a, end=b) for a, b in pairwise(edges)]
    due_at = datetime.combine(end, time(8), place).astimezone(UTC)
    return Period(step=step, zone=zone, span=spans[-1], before=tuple(spans[:-1]), due_at=due_at)


def recipients(house: House) -> tuple[str, ...]:
    """Return who gets reports: those who are named, else everybody who leads a queue."""
    led = (house.agent_of(queue.lead) for queue in house.queues if queue.lead)
    leads = (agent.address for agent in led if agent)
    return tuple(dict.fromkeys(house.reporting.recipients or leads))


def language_of(world: World, address: str) -> str:
    """Return the language in which somebody reads a report."""
    agent = world.house.agent_of(address)
    spoken = (*(agent.languages if agent else ()), world.house.mailboxes[0].language, "en")
    return next(one for one in spoken if one in (*world.languages, "en"))


def decide(
    told: Weekly,
    world: World,
    now: datetime,
    enclosed: Mapping[str, tuple[Enclosed, ...]],
    key: str,
) -> Decision:
    """Send a report to all who get it; it belongs to no ticket.

    `enclosed` holds the pictures and files of each language; `key` is the period's own, and
    another one where it is sent once more.
    """
    house = world.house
    mailbox = house.mailboxes[0]
    replies = tuple(
        Reply(
            kind=ReplyKind.NOTIFICATION,
            audience=Audience.AGENT,
            template=TEMPLATE,
            recipient=address,
            recipient_name=agent.name if (agent := house.agent_of(address)) else "",
            mailbox=mailbox.name,
            language=(language := language_of(world, address)),
            subject="",
            zone=told.period.zone,
            weekly=told,
            enclosed=enclosed.get(language, ()),
            key=f"report/{key}/{address}",
        )
        for address in recipients(house)
    )
    draft = Ticket(
        mailbox=mailbox.name, customer=Customer(address=mailbox.address), created_at=now
    )
    reason = Reason(why=Why.DEADLINE, detail=f"report of {key}")
    return Decision(outcome=Outcome.POSTED, reasons=(reason,), before=draft, replies=replies)


def _begin(day: date, step: Step) -> date:
    """Return the first day of the day, week or month that holds a day."""
    if step is Step.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step is Step.MONTH else day

"""Whose digest is due: once a local day, when their working day opens, and never long after.

| the agent has                        | the digest is due                                  |
|--------------------------------------|----------------------------------------------------|
| a calendar                           | when it first opens on a day; not on other days    |
| a calendar that is open all day long | at eight in its zone                               |
| no calendar                          | at eight in the zone of `[report]`, every day      |

After a standstill only today's is written, and only while it still is their morning: `LATE_MAX`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from maild.core import calendar
from maild.core.calendar import Calendar
from maild.core.decision import Audience, Decision, Outcome, Reply, ReplyKind
from maild.core.digest import Digest
from maild.core.house import Agent, Digests, House
from maild.core.reason import Reason, Why
from maild.core.snapshot import World
from maild.core.ticket import Customer, Ticket

TEMPLATE = "digest"
LATE_MAX = timedelta(hours=4)
_EIGHT = time(8)
_DAY = timedelta(days=1)
_DAYS_BACK = 7
"""So far back a working day is looked for; else it is yesterday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """One agent's digest that is due."""

    agent: Agent
    day: date
    """Their local day."""
    zone: str
    since: datetime
    """Local midnight before their last working day."""
    until: datetime
    """Local midnight before this one."""
    is_yesterday: bool
    """Their last working day was yesterday."""
    leads: tuple[str, ...] = ()
    """Names of the queues that they lead."""


def due(
    now: datetime, world: World, written: Collection[tuple[str, date]], away: Collection[str]
) -> tuple[Morning, ...]:
    """Return the digests to write at `now` (aware).

    `written` are registered addresses and local days that are done with; who is `away` gets none.
    """
    mornings = (_morning(now, agent, world) for agent in _readers(world.house))
    return tuple(
        one
        for one in mornings
        if one and one.agent.address not in away and (one.agent.address, one.day) not in written
    )


def decide(morning: Morning, digest: Digest, world: World, now: datetime) -> Decision:
    """Send a digest that is not empty to the agent; it belongs to no ticket."""
    agent, house = morning.agent, world.house
    mailbox = next((b for b in house.mailboxes if agent.serves(b.queue)), house.mailboxes[0])
    spoken = (*agent.languages, mailbox.language, "en")
    reply = Reply(
        kind=ReplyKind.NOTIFICATION,
        audience=Audience.AGENT,
        template=TEMPLATE,
        recipient=agent.address,
        recipient_name=agent.name,
        mailbox=mailbox.name,
        language=next(one for one in spoken if one in (*world.languages, "en")),
        subject="",
        zone=morning.zone,
        digest=digest,
        key=f"digest/{agent.address}/{morning.day.isoformat()}",
    )
    draft = Ticket(
        mailbox=mailbox.name,
        customer=Customer(address=agent.address, name=agent.name),
        created_at=now,
    )
    reason = Reason(why=Why.DEADLINE, detail=f"digest of {morning.day.isoformat()}")
    return Decision(outcome=Outcome.POSTED, reasons=(reason,), before=draft, replies=(reply,))


def _readers(house: House) -> Iterable[Agent]:
    if house.digest is Digests.NONE:
        return ()
    if house.digest is Digests.ALL:
        return house.agents
    return [agent for agent in house.agents if _leads(agent, house)]


def _leads(agent: Agent, house: House) -> tuple[str, ...]:
    led = (queue for queue in house.queues if queue.lead)
    return tuple(queue.name for queue in led if house.agent_of(queue.lead) == agent)


def _morning(now: datetime, agent: Agent, world: World) -> Morning | None:
    """Return an agent's morning if it is now; a night shift's may have begun yesterday."""
    hours = next((one for one in world.calendars if one.name == agent.calendar), None)
    zone = hours.zone if hours else world.house.zone
    today = now.astimezone(ZoneInfo(zone)).date()
    for day in (today, today - _DAY):
        opened = _opening(hours, zone, day)
        if opened is None or not opened <= now <= opened + LATE_MAX:
            continue
        last = _last_worked(hours, zone, day)
        return Morning(
            agent=agent,
            day=day,
            zone=zone,
            since=_midnight(last, zone),
            until=_midnight(day, zone),
            is_yesterday=last == day - _DAY,
            leads=_leads(agent, world.house),
        )
    return None


def _opening(hours: Calendar | None, zone: str, day: date) -> datetime | None:
    """Return when a local day's work begins; None where nobody works."""
    eight = datetime.combine(day, _EIGHT, ZoneInfo(zone))
    if hours is None:
        return eight
    opened = calendar.openings(hours, _midnight(day, zone), _midnight(day + _DAY, zone))
    if opened:
        return opened[0]
    return eight if calendar.is_open(hours, eight) else None


def _last_worked(hours: Calendar | None, zone: str, day: date) -> date:
    before = (day - n * _DAY for n in range(1, _DAYS_BACK + 1))
    return next((one for one in before if _opening(hours, zone, one)), day - _DAY)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))

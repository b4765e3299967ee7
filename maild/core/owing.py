"""By when we owe an answer, as the notices of a decision tell it; pure.

Strategy: the ticket's log with the lines that the decision adds is the very log from which the
rows of the deadlines are computed when all is written. So a notice tells what will stand there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from maild.core import agenda, facts
from maild.core.agenda import Kind, Plan
from maild.core.decision import Audience, Decision, Reply
from maild.core.history import Entry
from maild.core.promise import Due
from maild.core.snapshot import World
from maild.core.ticket import Ticket

_TEMPLATE = "notification"
_ANSWERS = (Kind.FIRST_RESPONSE, Kind.NEXT_RESPONSE)


def is_asked(decision: Decision) -> bool:
    """Whether a mail of a decision tells by when an answer is due."""
    return any(map(_tells, decision.replies))


def told(  # noqa: PLR0913 - a decision, and all that its deadlines come from
    decision: Decision,
    *,
    ticket: Ticket,
    log: Sequence[Entry],
    plan: Plan,
    world: World,
    now: datetime,
) -> Decision:
    """Let the notices of a decision tell by when an answer is due; nothing where none is.

    `ticket` is as it will be written; `log` is what was written before, and what the decision
    adds to it gets the time `now`.
    """
    entries = (*log, *_coming(decision, log, now))
    dues = tuple(
        Due(kind=item.kind, due_at=item.due_at, is_over=item.due_at <= now)
        for item in agenda.due(ticket, entries, plan, now)
        if item.kind in _ANSWERS
    )
    if not dues:
        return decision
    zone = facts.hours_of(plan.promises, ticket).zone
    replies = tuple(
        replace(reply, dues=dues, zone=_zone(reply, world) or zone) if _tells(reply) else reply
        for reply in decision.replies
    )
    return replace(decision, replies=replies)


def _tells(reply: Reply) -> bool:
    return reply.audience is Audience.AGENT and reply.template == _TEMPLATE


def _coming(decision: Decision, log: Sequence[Entry], now: datetime) -> Iterable[Entry]:
    """The lines that a decision adds, behind those that there are."""
    last = max((entry.id for entry in log), default=0)
    for place, draft in enumerate(decision.events, start=last + 1):
        yield Entry(
            id=place, at=draft.at or now, kind=draft.kind, actor=draft.actor, data=draft.data
        )


def _zone(reply: Reply, world: World) -> str:
    """The zone in which the reader works; empty where that is not told."""
    hours = world.hours_of(reply.recipient)
    return hours.zone if hours else ""

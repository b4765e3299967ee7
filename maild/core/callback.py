"""The command that lets a ticket wait for the customer, and a promise to call back by a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from maild.core import moment
from maild.core.command import Command
from maild.core.commandtable import Word
from maild.core.decision import Decision, EventDraft
from maild.core.moment import Unfit
from maild.core.ticket import State
from maild.core.told import Done
from maild.core.work import Misfit, Work

SET, CLEARED = "callback.set", "callback.cleared"
"""Events; the first has `until` (RFC 3339, UTC) in its data."""


def pending(work: Work, command: Command) -> Work | Misfit:
    """Read until when; the state itself is moved after the reply."""
    if not command.argument:
        return work
    hours = moment.hours_of(work.agent.calendar, work.scene.world.calendars)
    found = moment.read(command.argument, work.scene.snapshot.now, hours)
    if isinstance(found, Unfit):
        return Misfit(command=command, nearest=f"until {found.nearest}")
    return replace(work, pending_until=found)


def promised(work: Work, command: Command) -> Work:
    """Keep the promise with a ticket that is pending now, and tell until when it waits."""
    until = work.pending_until
    if command.word is not Word.PENDING or work.ticket.state is not State.PENDING:
        return work
    if until is None:
        return replace(work, ticket=replace(work.ticket, pending_until=None))
    if until == work.ticket.pending_until:
        return work
    hours = moment.hours_of(work.agent.calendar, work.scene.world.calendars)
    work = replace(work, ticket=replace(work.ticket, pending_until=until))
    work = work.logged(SET, ("until", until.astimezone(UTC).isoformat(timespec="seconds")))
    return work.tell(command, Done.PENDING_UNTIL, moment.shown(until, hours))


def kept(decision: Decision) -> Decision:
    """Say in the log that a promise is no more, where the ticket was moved by whatever it was."""
    before, after = decision.before, decision.after
    if before is None or after is None or before.pending_until is None:
        return decision
    if after.pending_until is not None:
        return decision
    data = (("until", before.pending_until.astimezone(UTC).isoformat(timespec="seconds")),)
    event = EventDraft(kind=CLEARED, actor=_actor(decision), data=data)
    return replace(decision, events=(*decision.events, event))


def _actor(decision: Decision) -> str:
    """Whoever moved the ticket."""
    return next((one.actor for one in reversed(decision.events) if one.actor), "maild")

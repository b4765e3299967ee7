"""Commands about the agent: away until some time, and back."""

from __future__ import annotations

from dataclasses import replace

from maild.core import moment
from maild.core.absence import Absence
from maild.core.command import Command
from maild.core.moment import Unfit
from maild.core.told import Done
from maild.core.work import Misfit, Work


def away(work: Work, command: Command) -> Work | Misfit:
    """Be away: until a time, or until they say that they are back."""
    now = work.scene.snapshot.now
    absence = Absence(agent=work.agent.address, since=now, set_by=work.agent.address)
    if not command.argument:
        return replace(work, absence=absence).tell(command, Done.AWAY)
    hours = moment.hours_of(work.agent.calendar, work.scene.world.calendars)
    until = moment.read(command.argument, now, hours)
    if isinstance(until, Unfit):
        return Misfit(command=command, nearest=f"until {until.nearest}")
    work = replace(work, absence=replace(absence, until=until))
    return work.tell(command, Done.AWAY_UNTIL, moment.shown(until, hours))


def back(work: Work, command: Command) -> Work:
    """Be here again."""
    if work.scene.snapshot.desk.absence is None:
        return work.tell(command, Done.UNCHANGED)
    now, agent = work.scene.snapshot.now, work.agent.address
    ended = Absence(agent=agent, since=now, until=now, set_by=agent)
    return replace(work, absence=ended).tell(command, Done.BACK)

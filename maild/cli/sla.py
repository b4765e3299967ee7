"""`maild sla preview`: what a policy promises for a ticket that comes at some time."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from maild import settings
from maild.cli import show as out
from maild.core import promise
from maild.core.calendar import AROUND_THE_CLOCK, Calendar
from maild.core.promise import Policy
from maild.core.ticket import Priority
from maild.settings import Settings
from maild.settings.problems import nearest

TIME_HINT = '--at: {!r} is no time; write "2026-03-27T15:30+01:00", or without offset for {}'


def preview(config: Path | None, names: tuple[str, str], at: str, *, as_json: bool) -> None:
    """Print what would be due for a ticket that comes at a time; reads the config only.

    `names` are the policy's and the priority's; what is not known is a fault of usage (exit 2).
    """
    known = settings.load(config, environ=os.environ)
    policy, priority = _policy(known, names[0]), _priority(names[1])
    hours = calendar_of(known, policy)
    start = _time(at, ZoneInfo(hours.zone))
    dues = promise.preview(policy, hours, priority, start)
    if as_json:
        out.as_document([{"kind": due.kind, "due_at": rfc3339(due.due_at)} for due in dues])
        return
    rows = [
        {
            "kind": due.kind,
            "due_at": rfc3339(due.due_at),
            "local": local(due.due_at, hours),
        }
        for due in dues
    ]
    nothing = f"{policy.name} promises nothing for priority {priority}"
    out.as_table(rows, ("kind", "due_at", "local"), nothing)


def calendar_of(known: Settings, policy: Policy) -> Calendar:
    """Return the calendar that a policy counts by."""
    found = (calendar for calendar in known.calendars if calendar.name == policy.calendar)
    return next(found, AROUND_THE_CLOCK)


def rfc3339(at: datetime) -> str:
    """Return an instant as RFC 3339 in UTC, with microseconds only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def local(at: datetime, hours: Calendar) -> str:
    """Return an instant as the wall clock of a calendar shows it, with weekday and zone."""
    return f"{at.astimezone(ZoneInfo(hours.zone)):%a %Y-%m-%d %H:%M:%S %Z}"


def _policy(known: Settings, name: str) -> Policy:
    """Return the policy of a name."""
    by_name = {policy.name: policy for policy in known.policies}
    if name not in by_name:
        hint = nearest(name, by_name) if by_name else "; config.toml has no [[sla]]"
        raise typer.BadParameter(f"--policy: there is no [[sla]] {name!r}{hint}")
    return by_name[name]


def _priority(name: str) -> Priority:
    """Return the priority of a name."""
    if name not in tuple(Priority):
        raise typer.BadParameter(
            f"--priority: {name!r} is none{nearest(name, [str(p) for p in Priority])}"
        )
    return Priority(name)


def _time(text: str, zone: ZoneInfo) -> datetime:
    """Read a time, without offset as the zone's wall clock; a repeated hour is the first.

    A time that the wall clock leaves out is refused.
    """
    try:
        given = datetime.fromisoformat(text.strip().upper())
        found = (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)
        shown = found.astimezone(given.tzinfo or zone)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(TIME_HINT.format(text, zone.key)) from error
    if shown.replace(tzinfo=None) != given.replace(tzinfo=None):
        raise typer.BadParameter(
            f"--at: the clocks of {zone.key} leave {text} out; write it with its offset from UTC"
        )
    return found

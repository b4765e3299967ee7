"""When a timed rule's time has come: real time or working days, always inside working hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from maild.core import calendar
from maild.core.calendar import Calendar
from maild.core.rule import After

_DAYS_MAX = 366 * 3
"""So many days in a row without an hour of work end the search: the rest is counted as days."""


@lru_cache(maxsize=8192)
def after(hours: Calendar, start: datetime, wait: After) -> datetime:
    """Return the instant (UTC) that is `wait` after `start` (aware), or the next one worked.

    A working day is a date on which the calendar has hours; the time of day stays what it is.
    NotAllowed where nobody works for a hundred years; a calendar without hours is never asked.
    The same is asked at every mail of a ticket.
    """
    end = start + timedelta(seconds=wait.seconds)
    if wait.working_days:
        end = _days_after(hours, end, wait.working_days)
    return calendar.next_opening(hours, end) if hours.week_seconds else end.astimezone(UTC)


def _days_after(hours: Calendar, start: datetime, days: int) -> datetime:
    """Return the same local time on the date that is so many working days later."""
    zone = ZoneInfo(hours.zone)
    local = start.astimezone(zone)
    day = local.date()
    for _ in range(_DAYS_MAX):
        if not days:
            break
        day += timedelta(days=1)
        midnight = datetime.combine(day, time(), zone)
        following = datetime.combine(day + timedelta(days=1), time(), zone)
        days -= bool(calendar.working_time(hours, midnight, following))
    return datetime.combine(day, local.time(), zone).astimezone(UTC)

"""`[[calendar]]` -> `Calendar`, `[[sla]]` -> `Policy`: when we work, and what we promise."""

from __future__ import annotations

from maild.core.calendar import Calendar, Holidays, no_holidays
from maild.core.promise import Policy, Target
from maild.settings import holidaydates, schema, units


def calendar(table: schema.CalendarTable) -> Calendar:
    """Fill in a calendar, public holidays included."""
    return Calendar(
        name=table.name,
        zone=table.zone,
        hours=units.week_spans(table.hours.model_dump()),
        holidays=table.holidays,
        holidays_of=_holidays(table.holidays),
        closed=tuple(table.closed),
        open=tuple(units.open_day(text) for text in table.open),
    )


def policy(table: schema.SlaTable) -> Policy:
    """Fill in a policy."""
    return Policy(
        name=table.name,
        match=table.match,
        calendar=table.calendar,
        first_response=_target(table.first_response),
        next_response=_target(table.next_response),
        resolution=_target(table.resolution),
        warn_at=tuple(units.warn_at(text) for text in table.warn_at),
        pause=tuple(table.pause),
    )


def _holidays(region: str) -> Holidays:
    """The holidays of a region, if one is named."""
    return holidaydates.of_region(region) if region else no_holidays


def _target(table: schema.TargetTable) -> Target:
    """Fill in the four durations of a target."""
    return Target(
        urgent=table.urgent or 0,
        high=table.high or 0,
        normal=table.normal or 0,
        low=table.low or 0,
    )

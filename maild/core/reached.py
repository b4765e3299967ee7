"""The log is told that a clock was reached: how long it took, and whether a promise was kept.

Policies, calendars and holidays change; what they meant at the time is written down then, so that
figures of a past month (`core/kpi.py`) never depend on today's settings.

| of `clock.reached` | says                                                                |
|--------------------|---------------------------------------------------------------------|
| `clock`            | `first_response`, `next_response`, `resolution`                     |
| `since`, `at`      | when the run began, and when it was reached; RFC 3339, UTC           |
| `worked`           | seconds of working time between these, whatever state it was in      |
| `due`, `verdict`   | `met` or `missed`; empty where nothing was promised                  |
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from maild.core import calendar, history, sla
from maild.core.decision import EventDraft
from maild.core.history import Entry
from maild.core.promise import Promise
from maild.core.ticket import PostKind

REACHED = "clock.reached"
MET, MISSED = "met", "missed"
FRESH = timedelta(hours=1)
"""What was reached longer ago is told no more: it was done before the log knew of it."""


def is_news(log: Iterable[Entry], now: datetime) -> bool:
    """Tell whether an agent answered or the ticket ended just now: cheap, for every decision."""
    return any(_may_reach(entry) for entry in log if entry.at > now - FRESH)


def told(
    log: Iterable[Entry], promised: Promise, on_record: Collection[tuple[str, str]], now: datetime
) -> tuple[EventDraft, ...]:
    """Return the lines that tell which clocks were just reached, each once.

    `on_record` holds kind and cycle of the deadlines that are written: a promise that nobody knew
    of was neither kept nor broken.
    """
    entries = history.ordered(log)
    known = {_key(dict(entry.data)) for entry in entries if entry.kind == REACHED}
    written = {(kind, cycle.partition("/")[0]) for kind, cycle in on_record}
    fresh = sla.reached(entries, promised.policy, promised.calendar, now, now - FRESH)
    drafts = (_draft(one, promised, written) for one in fresh)
    return tuple(draft for draft in drafts if _key(dict(draft.data)) not in known)


def _may_reach(entry: Entry) -> bool:
    if entry.kind == history.POST_ADDED:
        return entry.value("kind") == PostKind.AGENT
    return entry.kind == history.STATE_CHANGED and entry.value("to") in sla.ENDED


def _draft(
    one: sla.Reached, promised: Promise, written: Collection[tuple[str, str]]
) -> EventDraft:
    since, at = _text(one.started_at), _text(one.reached_at)
    worked = calendar.working_seconds(promised.calendar, one.started_at, one.reached_at)
    data = [("clock", one.clock.value), ("since", since), ("at", at), ("worked", str(worked))]
    if one.due_at is not None and (one.clock.value, since) in written:
        verdict = MET if one.is_met else MISSED
        data += [("due", _text(one.due_at)), ("verdict", verdict)]
    return EventDraft(kind=REACHED, actor="maild", data=tuple(data))


def _key(data: Mapping[str, str]) -> tuple[str | None, ...]:
    return tuple(data.get(name) for name in ("clock", "since", "at"))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()

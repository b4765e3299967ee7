"""What is over budget and must not be lost waits for its turn: the lines of the log that say so.

What a deadline or a ladder tells stands there as what waits for working hours does, so that
whoever acts meanwhile takes it back (`core/deferred.py`). Of anything else the line only says
until when it waits: `reply.postponed` or `page.postponed`. A survey says so itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from maild.core import deferred
from maild.core.decision import EventDraft, Reply
from maild.core.webhook import Page

Events = tuple[EventDraft, ...]


def reply_noted(events: Events, reply: Reply, until: datetime, budget: str) -> Events:
    """Return the events of a decision with word of a mail that waits until then."""
    if reply.survey is not None:
        return events
    is_ladder = reply.escalation is not None and reply.escalation.steps > 0
    if reply.dues or is_ladder:
        line = deferred.noted(reply.key, reply.recipient, until, reply.dues)
        return _later(events, line, reply.key, until)
    data = (("kind", reply.kind.value), *_until(until, budget))
    return (*events, _line("reply.postponed", reply.recipient, data))


def page_noted(events: Events, page: Page, until: datetime, budget: str) -> Events:
    """Return the events of a decision with word of a page that waits until then."""
    if page.due is not None or page.step:
        dues = (page.due,) if page.due is not None else ()
        line = deferred.noted(page.key, page.webhook, until, dues)
        return _later(events, line, page.key, until)
    return (*events, _line("page.postponed", page.webhook, _until(until, budget)))


def _later(events: Events, line: EventDraft, key: str, until: datetime) -> Events:
    """What waits for working hours already has its line: it waits for longer."""
    place = next((n for n, one in enumerate(events) if _is_about(one, key)), None)
    if place is None:
        return (*events, line)
    known = events[place]
    at = until.isoformat(timespec="seconds")
    data = tuple((name, at if name == "until" else value) for name, value in known.data)
    return (*events[:place], replace(known, data=data), *events[place + 1 :])


def _is_about(event: EventDraft, key: str) -> bool:
    return event.kind == deferred.DEFERRED and ("key", key) in event.data


def _until(until: datetime, budget: str) -> tuple[tuple[str, str], ...]:
    return (("budget", budget), ("until", until.isoformat(timespec="seconds")))


def _line(kind: str, to: str, data: Sequence[tuple[str, str]]) -> EventDraft:
    return EventDraft(kind=kind, actor="maild", data=(("to", to), *data))

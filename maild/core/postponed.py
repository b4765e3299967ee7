"""What is over budget and waits for its turn: the lines of the log that say so (`core/budget.py`).

It stands there as what waits for working hours does, so that whoever acts meanwhile takes it back
(`core/deferred.py`). Of a page that no deadline caused `page.postponed` only says until when.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from maild.core import deferred
from maild.core.decision import EventDraft, Reply
from maild.core.webhook import Page

Events = tuple[EventDraft, ...]


def reply_noted(events: Events, reply: Reply, until: datetime) -> Events:
    """Return the events of a decision with word of a reminder that waits until then."""
    line = deferred.noted(reply.key, reply.recipient, until, reply.dues)
    return _later(events, line, reply.key, until)


def page_noted(events: Events, page: Page, until: datetime) -> Events:
    """Return the events of a decision with word of a page that waits until then."""
    if page.due is not None or page.step:
        dues = (page.due,) if page.due is not None else ()
        line = deferred.noted(page.key, page.webhook, until, dues)
        return _later(events, line, page.key, until)
    data = (("to", page.webhook), ("until", until.isoformat(timespec="seconds")))
    return (*events, EventDraft(kind="page.postponed", actor="maild", data=data))


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

"""Mails and pages that wait for working hours: what somebody did meanwhile takes them back; pure.

What a deadline caused, and what the steps of a ladder tell, waits for the reader's next opening
unless the rule says `anytime`. Its words are fixed when it is written. Who answers on a Saturday
must not be escalated on Monday, so the ticket's log says what waits, and what ends it:

| about              | is no longer true after                                           |
|--------------------|-------------------------------------------------------------------|
| a response         | a reply to the customer that arrived, or the end of the ticket    |
| `resolution`       | the end of the ticket                                             |
| `callback`         | that the promise was kept or taken back, a reply, the end         |
| `idle`, `aged`     | any word of a person, or another state                            |
| a ladder           | whatever stops ladders (`core/ladder.py`)                         |
| a survey           | that the ticket is neither solved nor closed any more             |

| line of the log    | says                                                              |
|--------------------|-------------------------------------------------------------------|
| `notice.deferred`  | `key` of the mail or page, `to` whom, `until`, `about` which kinds |
| `notice.withdrawn` | that it was taken back                                            |

Both name the `survey` and its `kind`, where it is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from maild.core import agenda, history, ladder, sla
from maild.core.agenda import Kind
from maild.core.decision import EventDraft
from maild.core.history import Entry
from maild.core.promise import Due
from maild.core.survey import Survey
from maild.core.ticket import PostKind

DEFERRED = "notice.deferred"
WITHDRAWN = "notice.withdrawn"
SURVEY = "survey"
_WARNING = ".warning"
_OVER = (*sla.ENDED, *sla.GONE)
_PERSONS = (PostKind.CUSTOMER, PostKind.AGENT, PostKind.NOTE)


def noted(key: str, to: str, until: datetime, dues: Iterable[Due]) -> EventDraft:
    """Return the line for a notice that waits; without `dues` it is about a ladder alone."""
    kinds = dict.fromkeys(due.kind.removesuffix(_WARNING) for due in dues)
    return _waiting(key, to, until, ",".join(kinds or (Kind.ESCALATION.value,)))


def survey_noted(key: str, until: datetime, survey: Survey) -> EventDraft:
    """Return the line for a survey that waits for the customer's daytime."""
    which = (("survey", str(survey.id)), ("kind", survey.kind.value))
    return _waiting(key, "customer", until, SURVEY, *which)


def survey_withdrawn(key: str, survey: Survey, why: str) -> EventDraft:
    """Return the line that takes a survey back, and says why."""
    which = (("survey", str(survey.id)), ("kind", survey.kind.value))
    data = (("key", key), ("to", "customer"), *which, ("why", why))
    return EventDraft(kind=WITHDRAWN, actor="maild", data=data)


def untrue(log: Iterable[Entry], now: datetime) -> tuple[EventDraft, ...]:
    """Return the lines that take back what still waits and is no longer true."""
    every = tuple(log)
    if not any(entry.kind == DEFERRED and _waits(entry, now) for entry in every):
        return ()
    entries = history.ordered(every)
    known = {entry.value("key"): entry.id for entry in entries if entry.kind == WITHDRAWN}
    answers = {p.n for p in history.spoken(entries) if p.kind is PostKind.AGENT}
    return tuple(
        withdrawn(entry)
        for entry in entries
        if entry.kind == DEFERRED and _waits(entry, now)
        if known.get(entry.value("key"), 0) < entry.id
        if _is_over(entry, [later for later in entries if later.id > entry.id], answers)
    )


def withdrawn(entry: Entry) -> EventDraft:
    """Return the line that takes a notice back."""
    copied = ("key", "to", "survey", "kind")
    data = tuple((name, entry.value(name)) for name in copied if entry.value(name))
    return EventDraft(kind=WITHDRAWN, actor="maild", data=(*data, ("why", "somebody acted")))


def _waiting(key: str, to: str, until: datetime, about: str, *more: tuple[str, str]) -> EventDraft:
    at = until.isoformat(timespec="seconds")
    data = (("key", key), ("to", to), ("until", at), ("about", about), *more)
    return EventDraft(kind=DEFERRED, actor="maild", data=data)


def _waits(entry: Entry, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(entry.value("until")) > now
    except (ValueError, TypeError):
        return False


def _is_over(entry: Entry, later: Sequence[Entry], answers: set[int]) -> bool:
    """Tell whether nothing that a notice says is true any more."""
    kinds = entry.value("about").split(",")
    return all(any(_ends(kind, one, answers) for one in later) for kind in kinds)


def _ends(kind: str, entry: Entry, answers: set[int]) -> bool:
    """Tell whether one line of the log ends what a notice says about one kind."""
    is_moved = entry.kind == history.STATE_CHANGED
    if kind == SURVEY:
        return is_moved and entry.value("to") not in sla.ENDED
    if is_moved and entry.value("to") in _OVER:
        return True
    if kind in (Kind.IDLE, Kind.AGED):
        is_word = entry.kind == history.POST_ADDED and entry.value("kind") in _PERSONS
        return is_moved or is_word
    if kind == Kind.ESCALATION:
        return ladder.acts(entry, answers)
    if kind == Kind.CALLBACK and entry.kind == agenda.CALLBACK_CLEARED:
        return True
    return kind != Kind.RESOLUTION and _is_answer(entry, answers)


def _is_answer(entry: Entry, answers: set[int]) -> bool:
    if entry.kind != history.POST_ADDED or entry.value("kind") != PostKind.AGENT:
        return False
    number = entry.value("n")
    return number.isdecimal() and int(number) in answers

"""Surveys on their way into the database: who is not asked, what is asked, and what was answered.

In the transaction of the decision that they belong to (`maild.carry`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from maild.core import deferred, surveying
from maild.core.decision import Decision
from maild.core.survey import ANSWERED, SENT, UNSUBSCRIBED
from maild.core.surveying import Known
from maild.store import commit, surveys, takeback, unasked
from maild.store.database import Connection

_LOOSE = frozenset({SENT, ANSWERED, UNSUBSCRIBED})
"""What the log tells also where there is no ticket."""


def admitted(
    connection: Connection, decisions: Sequence[Decision], now: datetime, *, is_final: bool = True
) -> list[Decision]:
    """Leave out what nobody wants, and what would come too soon after another survey.

    When it is final nobody else asks the same customers meanwhile.
    """
    readers = [reply.recipient for d in decisions for reply in d.replies if reply.is_bulk]
    if not readers:
        return list(decisions)
    if is_final:
        surveys.hold(connection, readers)
    known = Known(
        asked_at=surveys.lasts(connection, readers),
        left=surveys.unsubscribed(connection, readers),
    )
    return [surveying.admitted(decision, known, now) for decision in decisions]


def asked(connection: Connection, decisions: Sequence[Decision]) -> list[Decision]:
    """Write the surveys down that go out; who loses a key sends none."""
    return [_asked(connection, decision) for decision in decisions]


def recorded(connection: Connection, decisions: Sequence[Decision], now: datetime) -> None:
    """Write down what was answered."""
    surveys.vote(connection, [vote for d in decisions for vote in d.votes], now)
    left = [one for d in decisions for one in d.leaving]
    surveys.leave(connection, left, now)
    _take_back(connection, [one.customer for one in left], now)
    for decision in decisions:
        if decision.asked_back:
            surveys.note_asked_back(connection, decision.asked_back)


def loose(connection: Connection, decision: Decision, journal_id: int, now: datetime) -> None:
    """Append to the log what belongs to no ticket."""
    events = [event for event in decision.events if event.kind in _LOOSE]
    if events:
        commit.add_events(connection, None, events, journal_id, now)


def _take_back(connection: Connection, customers: Sequence[int], now: datetime) -> None:
    """Take back what waits for the daytime of customers who want no such mail; say so."""
    waiting = {
        surveying.mail_key(one.key): one for one in unasked.waiting(connection, customers, now)
    }
    held = takeback.withdraw(connection, waiting)
    unasked.free(connection, {key: waiting[key].id for key in held})
    for key in sorted(held):
        line = deferred.survey_withdrawn(key, waiting[key], "unsubscribed")
        commit.add_events(connection, waiting[key].ticket or None, [line], 0, now)


def _asked(connection: Connection, decision: Decision) -> Decision:
    mails = [reply for reply in decision.replies if reply.is_bulk]
    if not mails:
        return decision
    customers = surveys.customer_ids(connection, [reply.recipient for reply in mails])
    numbers: dict[str, int] = {}
    for reply in mails:
        survey = reply.survey
        if survey is not None:
            customer = customers.get(reply.recipient.lower(), 0)
            row = replace(survey, customer=customer)
            numbers[survey.key] = surveys.add(connection, row, customer) if customer else 0
    return surveying.asked(decision, numbers, customers)

"""Surveys that were taken back before they went out: nobody was asked, and may be asked anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from maild.core.survey import Survey
from maild.store import surveys, tables
from maild.store.tables import metadata
from maild.store.takeback import FREED

_SURVEY = metadata.tables[surveys.SurveyRow.__tablename__]
_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]


def waiting(connection: Connection, customers: Sequence[int], now: datetime) -> tuple[Survey, ...]:
    """Return the surveys that wait for these customers' daytime."""
    if not customers:
        return ()
    mine = (_SURVEY.c.customer_id.in_(customers), _SURVEY.c.sent_at > now)
    found = connection.execute(select(_SURVEY.c.id).where(*mine)).scalars().all()
    return tuple(surveys.of(connection, found).values())


def free(connection: Connection, unsent: Mapping[str, int]) -> None:
    """Forget surveys, by the keys of their mails: these are held, and the keys are free again."""
    if not unsent:
        return
    for key, number in unsent.items():
        mail = update(_OUTBOX).where(_OUTBOX.c.key == key)
        connection.execute(mail.values(key=f"{key}{FREED}{number}"))
    connection.execute(delete(_SURVEY).where(_SURVEY.c.id.in_(unsent.values())))

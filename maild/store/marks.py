"""Which marks customers gave us: shown to the colleague who reads of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, exists, select

from maild.core.dossier import RECENT_MAX, Mark
from maild.core.survey import Kind
from maild.store import surveys, tables
from maild.store.prepared import Prepared
from maild.store.tables import metadata

_T = metadata.tables
_CUSTOMER = _T[tables.CustomerRow.__tablename__]
_SURVEY = _T[surveys.SurveyRow.__tablename__]
_VOTE = _T[surveys.VoteRow.__tablename__]
_LATER = _VOTE.alias("later")
_IS_CHANGED = exists().where(_LATER.c.survey_id == _VOTE.c.survey_id, _LATER.c.id > _VOTE.c.id)
_GIVEN = Prepared(
    select(_CUSTOMER.c.address, _SURVEY.c.kind, _SURVEY.c.ticket_id, _VOTE.c.score, _VOTE.c.at)
    .select_from(_CUSTOMER)
    .join(_SURVEY, _SURVEY.c.customer_id == _CUSTOMER.c.id)
    .join(_VOTE, _VOTE.c.survey_id == _SURVEY.c.id)
    .where(_CUSTOMER.c.address.in_(bindparam("addresses", expanding=True)), ~_IS_CHANGED)
    .order_by(_VOTE.c.id.desc())
)


def given(connection: Connection, addresses: Sequence[str]) -> dict[str, tuple[Mark, ...]]:
    """Return the newest few marks by address (lower case), a changed one once; none without."""
    found: dict[str, list[Mark]] = {}
    if not addresses:
        return {}
    for row in _GIVEN.mappings(connection, {"addresses": list(addresses)}):
        mark = Mark(
            kind=Kind(row["kind"]),
            score=row["score"],
            at=row["at"],
            ticket=row["ticket_id"] or 0,
        )
        found.setdefault(row["address"], []).append(mark)
    return {address: tuple(some[:RECENT_MAX]) for address, some in found.items()}

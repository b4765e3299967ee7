"""Customers and organisations as rows: who they are to us, and the tickets they had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, or_, select, update
from sqlmodel import Field, SQLModel

from maild.core import clientele
from maild.core.decision import Placed
from maild.core.dossier import COUNTED_MAX, Brief, Dossier
from maild.core.house import House, Organisation
from maild.core.ticket import Customer, State
from maild.store import anew, marks, tables
from maild.store.prepared import Prepared, Record
from maild.store.tables import metadata

__all__ = [
    "COLUMNS",
    "WITH_ORGANISATION",
    "WITH_TICKET",
    "customer_of",
    "dossiers",
    "known",
    "metadata",
    "place",
]


class OrganisationRow(SQLModel, table=True):
    """An organisation that an import named; one of config.toml comes before it."""

    __tablename__ = "organisation"
    name: str = Field(primary_key=True)
    segment: str = ""
    account_manager: str = ""


_T = metadata.tables
CUSTOMER = _T[tables.CustomerRow.__tablename__]
ORGANISATION = _T[OrganisationRow.__tablename__]
_TICKET = _T[tables.TicketRow.__tablename__]
_FIELDS = (
    "address",
    "name",
    "language",
    "segment",
    "segment_from",
    "organisation",
    "account_manager",
    "notes",
)
COLUMNS = (
    *(CUSTOMER.c[name].label(f"customer_{name}") for name in _FIELDS),
    ORGANISATION.c.segment.label("organisation_segment"),
    ORGANISATION.c.account_manager.label("organisation_manager"),
)
"""What `customer_of` reads of a row."""
WITH_ORGANISATION = CUSTOMER.outerjoin(
    ORGANISATION, ORGANISATION.c.name == CUSTOMER.c.organisation
)
WITH_TICKET = _TICKET.join(WITH_ORGANISATION, CUSTOMER.c.id == _TICKET.c.customer_id)
_KNOWN = Prepared(
    select(*COLUMNS)
    .select_from(WITH_ORGANISATION)
    .where(CUSTOMER.c.address.in_(bindparam("addresses", expanding=True)))
)
_BRIEF = Prepared(
    select(
        _TICKET.c.id,
        _TICKET.c.state,
        _TICKET.c.subject,
        _TICKET.c.mailbox,
        _TICKET.c.assignee,
        _TICKET.c.language,
        _TICKET.c.created_at,
    )
    .where(
        _TICKET.c.customer_id
        == select(CUSTOMER.c.id).where(CUSTOMER.c.address == bindparam("who")).scalar_subquery()
    )
    .order_by(_TICKET.c.id.desc())
    .limit(COUNTED_MAX)
)
_SEGMENT = (
    update(CUSTOMER)
    .where(
        CUSTOMER.c.address == bindparam("who"),
        CUSTOMER.c.segment_from.not_in(clientele.LASTING),
        or_(CUSTOMER.c.segment != bindparam("said"), CUSTOMER.c.segment_from != bindparam("by")),
    )
    .values(segment=bindparam("said"), segment_from=bindparam("by"))
)
_MEMBER = (
    update(CUSTOMER)
    .where(CUSTOMER.c.address == bindparam("who"), CUSTOMER.c.organisation == "")
    .values(organisation=bindparam("said"))
)


def customer_of(row: Record, house: House) -> Customer:
    """Make the value of a row with `COLUMNS`, completed by the organisation."""
    name = row["customer_organisation"]
    imported = None
    if row["organisation_segment"] is not None:
        imported = Organisation(
            name=name,
            segment=row["organisation_segment"],
            account_manager=row["organisation_manager"],
        )
    known = Customer(**{field: row[f"customer_{field}"] for field in _FIELDS})
    return clientele.placed(known, house, imported)


def known(connection: Connection, addresses: Iterable[str], house: House) -> dict[str, Customer]:
    """Return customers by address, each completed by their organisation."""
    wanted = {"addresses": sorted({address.lower() for address in addresses if address})}
    if not wanted["addresses"]:
        return {}
    rows = _KNOWN.mappings(connection, wanted)
    return {row["customer_address"]: customer_of(row, house) for row in rows}


def dossiers(connection: Connection, addresses: Iterable[str]) -> tuple[Dossier, ...]:
    """Return the tickets and marks of customers, the newest ones; of each address once."""
    wanted = sorted({address.lower() for address in addresses if address})
    given = marks.given(connection, wanted)
    return tuple(
        Dossier(
            address=address,
            marks=given.get(address, ()),
            tickets=tuple(
                Brief(
                    number=number,
                    state=State(state),
                    subject=subject,
                    mailbox=mailbox,
                    assignee=assignee,
                    language=language,
                    created_at=at,
                )
                for number, state, subject, mailbox, assignee, language, at in _BRIEF.rows(
                    connection, {"who": address}
                )
            ),
        )
        for address in wanted
    )


def place(connection: Connection, placed: Sequence[Placed]) -> None:
    """Keep what rules said about customers; what a person or an import said stays."""
    for one in placed:
        changed = 0
        if one.segment:
            values = {"who": one.address, "said": one.segment, "by": one.by}
            changed += connection.execute(_SEGMENT, values).rowcount
        if one.organisation:
            values = {"who": one.address, "said": one.organisation}
            changed += connection.execute(_MEMBER, values).rowcount
        if changed:
            anew.ask(connection, [one.address])

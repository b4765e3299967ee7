"""Customers and organisations for people: listed, shown, and changed by an operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, update

from maild.core import clientele, roster
from maild.core.house import House
from maild.errors import NotAllowed
from maild.store import anew, customers, tables
from maild.store.customers import CUSTOMER, ORGANISATION
from maild.store.tables import metadata

Json = dict[str, Any]
_TICKET = metadata.tables[tables.TicketRow.__tablename__]
KEYS = ("name", "organisation", "segment", "language", "account_manager", "notes")


def listed(
    connection: Connection, house: House, *, organisation: str = "", segment: str = ""
) -> list[Json]:
    """Return customers by address; empty filters leave none out."""
    found = select(*customers.COLUMNS).select_from(customers.WITH_ORGANISATION)
    rows = connection.execute(found.order_by(CUSTOMER.c.address)).mappings()
    documents = (_document(row, house) for row in rows)
    return [
        one
        for one in documents
        if organisation.casefold() in ("", one["organisation"].casefold())
        and segment in ("", one["segment"])
    ]


def one(connection: Connection, house: House, address: str) -> Json:
    """Return a customer with their last tickets; NotAllowed when nobody has that address."""
    wanted = address.strip().lower()
    found = (
        select(*customers.COLUMNS)
        .select_from(customers.WITH_ORGANISATION)
        .where(CUSTOMER.c.address == wanted)
    )
    row = connection.execute(found).mappings().first()
    if row is None:
        raise NotAllowed(f"there is no customer {address}")
    dossier = customers.dossiers(connection, [wanted])[0]
    tickets = [
        {
            "number": ticket.number,
            "state": ticket.state.value,
            "subject": ticket.subject,
            "assignee": ticket.assignee,
            "created_at": _time(ticket.created_at),
        }
        for ticket in dossier.tickets
    ]
    return _document(row, house) | {"tickets": tickets}


def newest_mailbox(connection: Connection, customer: int) -> str:
    """Return the mailbox that a customer was in touch with last; empty where there was none."""
    newest = (
        select(_TICKET.c.mailbox)
        .where(_TICKET.c.customer_id == customer)
        .order_by(_TICKET.c.id.desc())
        .limit(1)
    )
    return connection.execute(newest).scalar() or ""


def change(connection: Connection, house: House, address: str, wanted: Mapping[str, str]) -> None:
    """Change a customer as the operator; NotAllowed names what cannot stand."""
    row = one(connection, house, address)
    said = {key: wanted.get(key, "") for key in KEYS} | {"address": row["address"]}
    reason = roster.wrong(said, house)
    if reason:
        raise NotAllowed(reason)
    values = {key: _clean(key, text, house) for key, text in wanted.items()}
    if "segment" in values:
        values["segment_from"] = clientele.OPERATOR if values["segment"] else ""
    connection.execute(
        update(CUSTOMER).where(CUSTOMER.c.address == row["address"]).values(**values)
    )
    anew.ask(connection, [row["address"]])


def organisations(connection: Connection, house: House) -> list[Json]:
    """Return the organisations of config.toml and of imports by name, with their customers."""
    rows = connection.execute(select(ORGANISATION)).mappings()
    known = {
        row["name"]: {
            "name": row["name"],
            "segment": row["segment"],
            "account_manager": row["account_manager"],
            "domains": [],
            "from": "import",
        }
        for row in rows
        if house.organisation_called(row["name"]) is None
    }
    own = {
        entry.name: {
            "name": entry.name,
            "segment": entry.segment,
            "account_manager": entry.account_manager,
            "domains": list(entry.domains),
            "from": "config",
        }
        for entry in house.organisations
    }
    members = _members(connection, house)
    everything = known | own
    return [
        everything[name] | {"customers": members[name.casefold()]}
        for name in sorted(everything, key=str.casefold)
    ]


def _members(connection: Connection, house: House) -> Counter[str]:
    """How many customers each organisation has, by its name in lower case."""
    domain = func.substr(CUSTOMER.c.address, _at(connection) + 1)
    counts = select(CUSTOMER.c.organisation, domain, func.count()).group_by(
        CUSTOMER.c.organisation, domain
    )
    found: Counter[str] = Counter()
    for name, of, count in connection.execute(counts):
        by_domain = house.organisation_of(f"x@{of}")
        called = name or (by_domain.name if by_domain else "")
        found[called.casefold()] += count
    return found


def _at(connection: Connection) -> Any:
    """Where the @ of an address stands."""
    if connection.dialect.name == "sqlite":
        return func.instr(CUSTOMER.c.address, "@")
    return func.strpos(CUSTOMER.c.address, "@")


def _clean(key: str, text: str, house: House) -> str:
    if key in ("language", "account_manager"):
        return text.lower()
    known = house.organisation_called(text) if key == "organisation" and text else None
    return known.name if known else text


def _document(row: RowMapping, house: House) -> Json:
    customer = customers.customer_of(row, house)
    return {
        "address": customer.address,
        "name": customer.name,
        "organisation": customer.organisation,
        "segment": customer.segment,
        "segment_from": customer.segment_from,
        "language": customer.language,
        "account_manager": customer.account_manager,
        "notes": customer.notes,
    }


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")

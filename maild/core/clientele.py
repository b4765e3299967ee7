"""Who a customer is to us: organisation, segment and account manager, and who said so.

What was said about one person (by an operator, an import, a rule) comes before what holds for the
organisation; config.toml comes before what was imported about an organisation.
"""

from __future__ import annotations

from dataclasses import replace

from maild.core.house import House, Organisation
from maild.core.ticket import Customer

SEGMENT = "free"
"""Of whom nothing is known."""
OPERATOR, IMPORT = "operator", "import"
LASTING = (OPERATOR, IMPORT)
"""Whose word about one person a rule does not change."""


def placed(customer: Customer, house: House, imported: Organisation | None = None) -> Customer:
    """Fill in what is not known of the person from the organisation.

    `imported` is what an import said about the organisation that the customer is said to be of.
    """
    found = _organisation(customer, house, imported)
    manager = customer.account_manager or (found.account_manager if found else "")
    name = found.name if found else customer.organisation
    if customer.segment:
        if (name, manager) == (customer.organisation, customer.account_manager):
            return customer
        return replace(customer, organisation=name, account_manager=manager)
    segment = found.segment if found else ""
    return replace(
        customer,
        organisation=name,
        account_manager=manager,
        segment=segment or SEGMENT,
        segment_from=f"organisation {name}" if segment else "",
    )


def source(customer: Customer) -> str:
    """Say in words what a customer is to us, and where the segment comes from."""
    words = f"segment {customer.segment}, from {customer.segment_from or 'nobody: the default'}"
    if customer.organisation and customer.organisation not in customer.segment_from:
        words += f"; of {customer.organisation}"
    return words


def _organisation(
    customer: Customer, house: House, imported: Organisation | None
) -> Organisation | None:
    """The organisation by the name that is on record, else by the domain of the address."""
    if not customer.organisation:
        return house.organisation_of(customer.address)
    return house.organisation_called(customer.organisation) or imported

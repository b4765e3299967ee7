"""The command that says whose ticket it is: changed where a ticket is somebody else's."""

from __future__ import annotations

from dataclasses import replace

from maild.core.address import valid
from maild.core.command import Command
from maild.core.house import House
from maild.core.scene import Scene
from maild.core.ticket import Customer, Participant
from maild.core.told import Done
from maild.core.work import Misfit, Work

NAME_CHARACTERS_MAX = 200


def customer(work: Work, command: Command) -> Work | Misfit:
    """Give the ticket to another customer; who was it before takes part no more.

    Nothing is sent because of it: the new customer gets what an agent writes from now on.
    """
    named = person(work.scene, command)
    if named is None:
        return Misfit(command=command)
    before = work.ticket.customer
    if named.address == before.address.lower():
        return work.tell(command, Done.UNCHANGED)
    others = tuple(
        one
        for one in work.ticket.participants
        if one.address.lower() not in (before.address.lower(), named.address)
    )
    first = Participant(address=named.address, name=named.name)
    ticket = replace(work.ticket, customer=named, participants=(first, *others))
    work = replace(work, ticket=ticket)
    belongs = (("segment", named.segment), ("organisation", named.organisation))
    told = (("from", before.address), ("to", named.address), *belongs)
    work = work.logged("customer.changed", *told)
    return work.tell(command, Done.CUSTOMER, named.name or named.address)


def person(scene: Scene, command: Command) -> Customer | None:
    """Return whom the line names: `anna@example.org Anna Smith`, `Anna Smith <anna@...>`.

    None for nobody, for more than one, for an agent, and for an address of ours.
    """
    words = command.argument.replace("<", " ").replace(">", " ").split()
    addresses = [word.strip(",;()[]\"'“”„").lower() for word in words if "@" in word]
    if len(addresses) != 1 or not valid(addresses[0]) or scene.is_ours(addresses[0]):
        return None
    if scene.house.agent_of(addresses[0]) is not None:
        return None
    name = " ".join(word for word in words if "@" not in word).strip(",;\"'“”„ ")
    return known_to(scene.house, Customer(address=addresses[0], name=name[:NAME_CHARACTERS_MAX]))


def known_to(house: House, customer: Customer) -> Customer:
    """Return a customer with the organisation that their domain belongs to."""
    known = house.organisation_of(customer.address)
    if known is None:
        return customer
    return replace(customer, segment=known.segment, organisation=known.name)

"""An agent's tickets go to somebody else, one by one, each in a transaction of its own."""

from __future__ import annotations

import dataclasses

from maild.carry import Office, carry_out
from maild.core import handing, ruling
from maild.core.handing import Handed, Handover
from maild.handle import look_at, occasion
from maild.store import staffing

__all__ = ["Handed", "Handover", "hand_over"]


def hand_over(office: Office, wanted: Handover) -> tuple[Handed, ...]:
    """Give what an agent has in hand to another, or to whoever can take it; say what became of it.

    The agent may be nobody of the house any more. NotAllowed when the other one is no agent, or
    away; what was handed over before stays so.
    """
    with office.database.read() as connection:
        numbers = staffing.in_hand(connection, wanted.of)
    handed = (_one(office, number, wanted) for number in numbers)
    return tuple(one for one in handed if one is not None)


def _one(office: Office, number: int, wanted: Handover) -> Handed | None:
    """None where the ticket went elsewhere meanwhile."""
    with office.database.write() as connection:
        staffing.take_turns(connection)
        view = look_at(connection, office, number)
        if view is None or view.ticket.assignee != wanted.of:
            return None
        known = occasion(connection, office, view)
        loads = staffing.loads(connection, office.now(), office.world.house.agent_addresses)
        known = dataclasses.replace(
            known,
            actor=handing.OPERATOR,
            snapshot=dataclasses.replace(known.snapshot, loads=loads),
        )
        decision = ruling.follow(known, handing.decide(known, view.ticket, wanted))
        carry_out(connection, office, [(decision, None)])
    return handing.told(decision)

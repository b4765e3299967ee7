"""An order to erase a person, and how it is cut where there is much of them.

While one transaction erases, all others wait. So of many tickets and mails some go at a time, each
as a whole, and what leads to them goes last: who is killed in between begins anew, and finds the
rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from maild.core.erasure import Person
from maild.store.traces import Traces

TICKETS_AT_ONCE = 50
MAILS_AT_ONCE = 200
"""In one transaction; who has no more goes in one."""
_Row = TypeVar("_Row", int, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to go."""

    person: Person
    reference: str
    """What the audit calls them (`core.erasure.reference`)."""
    by: str
    """Who gave the order."""
    traces: Traces
    mentions: tuple[int, ...] = ()
    """Mails of ours that name the person, to whomever they went."""
    letters: tuple[int, ...] = ()
    """Raw mails of others that name the person, and whose files nobody misses."""
    remaining: tuple[int, ...] = ()
    """Tickets that no piece before took: one of them given to somebody else stops the rest."""


def pieces(order: Order) -> list[Order]:
    """Cut an order: the last is for `erase.person`, those before it, if any, for `erase.part`.

    What is found by way of tickets and raw mails goes before them: keys, and mails that name them.
    """
    found = order.traces
    mails_out = sorted({*found.outbox, *order.mentions})
    mails = len(mails_out) + len(found.mails) + len(order.letters)
    if len(found.own) <= TICKETS_AT_ONCE and mails <= MAILS_AT_ONCE:
        return [order]
    none = replace(found, own=(), outbox=(), mails=(), message_ids=())
    empty = replace(order, traces=none, mentions=(), letters=())
    all_there = replace(empty, remaining=found.own)
    return [
        *(replace(all_there, mentions=some) for some in _cut(mails_out, MAILS_AT_ONCE)),
        *(
            replace(all_there, traces=replace(none, message_ids=some))
            for some in _cut(found.message_ids, MAILS_AT_ONCE)
        ),
        *(
            replace(
                empty, traces=replace(none, own=some), remaining=found.own[n * TICKETS_AT_ONCE :]
            )
            for n, some in enumerate(_cut(found.own, TICKETS_AT_ONCE))
        ),
        *(
            replace(empty, traces=replace(none, mails=some))
            for some in _cut(found.mails, MAILS_AT_ONCE)
        ),
        *(replace(empty, letters=some) for some in _cut(order.letters, MAILS_AT_ONCE)),
        empty,
    ]


def _cut(numbers: Sequence[_Row], most: int) -> list[tuple[_Row, ...]]:
    return [tuple(numbers[start : start + most]) for start in range(0, len(numbers), most)]

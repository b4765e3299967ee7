"""How an order to erase is cut: no piece holds much, all of them hold everything, once."""

from __future__ import annotations

import pytest

from maild.core.erasure import Person
from maild.store import order
from maild.store.order import Order, pieces
from maild.store.traces import Traces

MUCH = order.MAILS_AT_ONCE * 2 + 1
OWN = tuple(range(order.TICKETS_AT_ONCE * 2 + 1))


def to_erase(own: tuple[int, ...], mails: int, mentions: int, letters: int) -> Order:
    traces = Traces(
        customer=1,
        since=None,
        own=own,
        others=(),
        posts=(),
        mails=tuple(range(mails)),
        in_hand=(),
        message_ids=tuple(f"<{n}@x.example>" for n in range(mails)),
        events=(),
        journal=(),
        commands=(),
        outbox=(),
    )
    return Order(
        person=Person(address="bea@person.example", insiders=frozenset()),
        reference="x",
        by="operator:root",
        traces=traces,
        mentions=tuple(range(mentions)),
        letters=tuple(range(letters)),
    )


@pytest.mark.parametrize("much", ["mails", "mentions", "letters"])
def test_no_piece_holds_much_and_the_last_nothing_that_can_be_cut(much: str) -> None:
    whole = to_erase(OWN[:1], **({"mails": 0, "mentions": 0, "letters": 0} | {much: MUCH}))

    cut = pieces(whole)

    assert cut[-1].traces.mails == cut[-1].mentions == cut[-1].letters == ()
    for one in cut:
        found = (one.traces.mails, one.traces.message_ids, one.mentions, one.letters)
        assert sum(map(len, found)) <= order.MAILS_AT_ONCE
    assert [n for one in cut for n in one.traces.own] == list(whole.traces.own)
    assert [n for one in cut for n in one.traces.mails] == list(whole.traces.mails)
    assert [n for one in cut for n in one.mentions] == list(whole.mentions)
    assert [n for one in cut for n in one.letters] == list(whole.letters)


def test_what_is_not_erased_yet_must_be_theirs_when_a_piece_goes() -> None:
    cut = pieces(to_erase(OWN, MUCH, MUCH, MUCH))

    erased: set[int] = set()
    for one in cut:
        assert erased.isdisjoint(one.remaining)
        assert set(one.traces.own) <= set(one.remaining)
        if one.mentions or one.traces.message_ids:
            assert one.remaining == OWN
        erased.update(one.traces.own)
    assert cut[-1].remaining == ()

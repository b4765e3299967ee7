"""Who is meant by an announcement: those who wait, by whatever is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from maild.core.ticket import Move
from maild.store.audience import Wish, listeners
from tests.ontime.office import CONFIG, Desk, desk_in


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An office in which three customers wait, and the second has two tickets."""
    with desk_in(tmp_path, CONFIG) as opened:
        opened.opens(2, tags=("outage",))
        opened.opens(1, 1, queue="sales", tags=("invoice",))
        opened.opens(1, 2)
        with opened.database.write() as connection:
            for n, (segment, organisation) in enumerate((("paid", "Works"), ("vip", ""))):
                connection.execute(
                    text(
                        "UPDATE customer SET segment = :segment, segment_from = 'import', "
                        "organisation = :organisation WHERE address = :address"
                    ),
                    {
                        "segment": segment,
                        "organisation": organisation,
                        "address": f"customer{n}@customer.example",
                    },
                )
        yield opened


def _meant(desk: Desk, wish: Wish) -> list[int]:
    with desk.database.read() as connection:
        return [one.number for one in listeners(connection, wish, desk.office.world.house)]


@pytest.mark.parametrize(
    ("wish", "tickets"),
    [
        (Wish(), [1, 3, 4]),
        (Wish(segment="vip"), [3]),
        (Wish(segment="vip", tag="outage"), [2]),
        (Wish(organisation="Works"), [1]),
        (Wish(tag="outage"), [1, 2]),
        (Wish(queue="sales"), [3]),
        (Wish(segment="paid", queue="sales"), []),
    ],
)
def test_each_customer_is_meant_once_on_the_newest_ticket_that_fits(
    desk: Desk, wish: Wish, tickets: list[int]
) -> None:
    assert _meant(desk, wish) == tickets


def test_who_waits_no_more_or_wants_no_news_is_not_meant(desk: Desk) -> None:
    desk.moves(1, Move.SOLVE)
    with desk.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO unsubscribed VALUES "
                "('customer1@customer.example', '2026-03-02 00:00:00', 'page')"
            )
        )

    assert _meant(desk, Wish()) == [4]

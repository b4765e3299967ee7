"""The wall in words: lengths that add up, times that one can read from afar, figures with their n."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core import kpi
from maild.core.kpi import Counted
from maild.core.scorecard import Group, Report, Span, Wish
from maild.core.wall import Due, Stock, Wall
from maild.outbox import board
from maild.outbox.wall import WallShown
from tests.core.scenes import ALICE, HOUSE, NOW
from tests.outbox.letters import renderer

ZONE = replace(HOUSE, zone="Asia/Kolkata")
DUE = Due(
    number=7,
    subject="a\r\nb",
    queue="support",
    mailbox="Support",
    priority="urgent",
    assignee=ALICE,
    kind="resolution",
    due_at=NOW,
)


def shown(**changes: object) -> WallShown:
    days = [Counted(opened=opened) for opened in (4, 0, 2)]
    spans = tuple(
        Span(start=NOW - timedelta(days=3 - n), end=NOW - timedelta(days=2 - n)) for n in range(3)
    )
    whole = Counted(opened=6, csat=[5, 4, 1], nps=[0, 1, 9])
    group = Group(name="", whole=kpi.figures(whole), spans=tuple(kpi.figures(one) for one in days))
    wish = Wish(whole=Span(start=spans[0].start, end=NOW), spans=spans)
    wall = Wall(at=NOW, stocks=(), over=0, dues=(), report=Report(wish=wish, total=group))
    made = replace(wall, **changes)  # type: ignore[arg-type]
    return board.shown(made, ZONE, renderer().words("en"), ("de", "en", "fr"))


def test_the_bars_of_all_queues_have_one_scale() -> None:
    stocks = (Stock(queue="a", by_age=(4, 2, 1, 1)), Stock(queue="b", by_age=(0, 0, 0, 2)))

    first, second = shown(stocks=stocks).queues

    assert [(pile.start, pile.length) for pile in first.ages] == [
        (0, 500),
        (500, 250),
        (750, 125),
        (875, 125),
    ]
    assert [pile.length for pile in second.ages] == [0, 0, 0, 250]
    assert (first.open, second.open) == (8, 2)


@pytest.mark.parametrize(
    ("minutes", "amount", "unit", "is_over", "at"),
    [
        (0, 0, "minutes", True, "14:30"),
        (119, 119, "minutes", False, "16:29"),
        (-120, 2, "hours", True, "12:30"),
        (47 * 60 + 59, 47, "hours", False, "4 March, 14:29"),
        (-72 * 60, 3, "days", True, "27 February, 14:30"),
    ],
)
def test_a_time_is_told_as_one_reads_it_from_afar(
    minutes: int, amount: int, unit: str, is_over: bool, at: str
) -> None:
    due = replace(DUE, due_at=NOW + timedelta(minutes=minutes))

    (told,) = shown(dues=(due,)).dues

    assert (told.amount, told.unit, told.is_over, told.at) == (amount, unit, is_over, at)
    assert (told.tag, told.subject, told.assignee) == ("[Support #7]", "a b", "Alice")


def test_figures_stand_with_their_n_and_their_interval() -> None:
    told = shown()

    assert (told.csat.value, told.csat.n) == ("67", 3)
    assert (told.nps.value, told.nps.n) == ("\u221233", 3)
    assert int(told.csat.low) < 67 < int(told.csat.high)
    assert told.sla.value == ""
    assert [day.height for day in told.days] == [100, 0, 50]
    assert (told.volume, told.today, told.highest) == (6, 2, 4)
    assert told.at == "14:30"
    assert told.language_links == ("de", "fr")

"""What a template may print of the status wall, and the sample that tries it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """Tickets of one queue, or of one age, and how long a bar for them is."""

    count: int
    start: int = 0
    """Where its bar begins and how long it is, in thousandths of the longest bar."""
    length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One queue."""

    name: str
    open: int
    """New and open."""
    ages: tuple[Pile, ...]
    """The same by age, youngest first: under a day, three, seven days, and older."""
    pending: int
    unassigned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """What is due, or over."""

    tag: str
    subject: str
    queue: str
    priority: str
    priority_word: str
    assignee: str
    """Name; empty for nobody."""
    kind_word: str
    is_over: bool
    amount: int
    """How long until then, or since then, in `unit`."""
    unit: str
    """`minutes`, `hours` or `days`."""
    at: str
    """The time of day, in the house's zone; with the day where that is another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure, and of how many it is told."""

    value: str
    """A whole number; empty where nothing tells it."""
    n: int = 0
    low: str = ""
    """Where it lies by 95%; empty where there is no such interval."""
    high: str = ""


NOTHING = Figure(value="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day, and how high its bar is."""

    label: str
    """The day of the month."""
    count: int
    place: int
    """Counted from the left, from 0."""
    height: int
    """In hundredths of the highest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WallShown:
    """The status wall."""

    at: str = ""
    """The time of day, in the house's zone."""
    zone: str = "UTC"
    refreshes: bool = True
    language_links: tuple[str, ...] = ()
    """Codes of the languages that there are, but for the one that is shown."""
    open: int = 0
    unassigned: int = 0
    pending: int = 0
    over: int = 0
    queues: tuple[QueueRow, ...] = ()
    dues: tuple[DueRow, ...] = ()
    days: tuple[Day, ...] = ()
    """How many tickets were opened, day by day."""
    first_day: str = ""
    """The first of them, and the last, as people write it."""
    last_day: str = ""
    highest: int = 0
    """Most on one day."""
    today: int = 0
    volume: int = 0
    """Of all these days."""
    sla: Figure = NOTHING
    """Percent."""
    csat: Figure = NOTHING
    """Percent."""
    nps: Figure = NOTHING


_QUEUE = QueueRow(
    name="support",
    open=7,
    ages=(
        Pile(count=4, start=0, length=571),
        Pile(count=2, start=571, length=286),
        Pile(count=0, start=857, length=0),
        Pile(count=1, start=857, length=143),
    ),
    pending=3,
    unassigned=2,
)
_DUE = DueRow(
    tag="[Support #977]",
    subject="<b>Cup</b>",
    queue="support",
    priority="urgent",
    priority_word="urgent",
    assignee="Grace Hopper",
    kind_word="First response",
    is_over=True,
    amount=12,
    unit="minutes",
    at="14:05",
)
WALL = WallShown(
    at="14:17",
    zone="Europe/Berlin",
    language_links=("de", "es"),
    open=7,
    unassigned=2,
    pending=3,
    over=1,
    queues=(_QUEUE,),
    dues=(
        _DUE,
        DueRow(
            tag="[Support #12]",
            subject="Saucer",
            queue="sales",
            priority="low",
            priority_word="low",
            assignee="",
            kind_word="Resolution",
            is_over=False,
            amount=2,
            unit="days",
            at="3 May, 09:00",
        ),
    ),
    days=(
        Day(label="1", count=12, place=0, height=100),
        Day(label="2", count=0, place=1, height=0),
    ),
    first_day="1 May",
    last_day="2 May",
    highest=12,
    today=0,
    volume=12,
    sla=Figure(value="93", n=60, low="84", high="97"),
    csat=Figure(value="80", n=5, low="38", high="96"),
)

"""What a template may print of a digest, and the sample that tries it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTicket:
    """One ticket of a digest."""

    tag: str
    subject: str
    state_word: str
    priority: str
    priority_word: str
    customer: str
    age: str
    """As people write it: `3 days ago`."""
    due: str = ""
    """As people write it, in the reader's own time; empty for nothing."""
    due_word: str = ""
    is_over: bool = False
    """It has come already."""
    answer_to: str = ""
    """The reply address of this ticket and reader."""
    link: str = ""
    """The same as `mailto:`, with a subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedQueue:
    """The numbers of one queue."""

    name: str
    new: int
    open: int
    pending: int
    unassigned: int
    oldest: str
    """How old the oldest ticket is, as people write it; empty for none."""
    opened: int
    solved: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Tickets, and how many there are in all."""

    tickets: tuple[ListedTicket, ...] = ()
    count: int = 0
    more: int = 0
    """So many are not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedHeld:
    """Mails that are held until an operator looks at them."""

    count: int = 0
    oldest: str = ""
    """When the oldest came, as people write it; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A digest."""

    since: str = ""
    """Since when is told what happened, as people write it; empty for yesterday."""
    own: Listing = field(default_factory=Listing)
    over: Listing = field(default_factory=Listing)
    unassigned: Listing = field(default_factory=Listing)
    queues: tuple[ListedQueue, ...] = ()
    held: ListedHeld = field(default_factory=ListedHeld)


_TICKET = ListedTicket(
    tag="[Support #977]",
    subject="Cup",
    state_word="open",
    priority="urgent",
    priority_word="urgent",
    customer="Ada",
    age="3 days ago",
    due="2 May 2026",
    due_word="Resolution",
    answer_to="support+abc@example.com",
    link="mailto:support+abc@example.com?subject=Cup",
)
_OVER = ListedTicket(
    tag="[Support #12]",
    subject="<b>Saucer</b>",
    state_word="open",
    priority="low",
    priority_word="low",
    customer="Ben",
    age="yesterday",
    due="1 May 2026",
    due_word="First response",
    is_over=True,
)
SAMPLE = Shown(
    since="30 April 2026",
    own=Listing(tickets=(_TICKET, _OVER), count=9, more=7),
    over=Listing(tickets=(_OVER,), count=1),
    unassigned=Listing(tickets=(_TICKET,), count=1),
    queues=(
        ListedQueue(
            name="support",
            new=1,
            open=2,
            pending=3,
            unassigned=1,
            oldest="3 days ago",
            opened=5,
            solved=4,
            missed=1,
        ),
        ListedQueue(
            name="sales",
            new=0,
            open=0,
            pending=0,
            unassigned=0,
            oldest="",
            opened=0,
            solved=1,
            missed=0,
        ),
    ),
    held=ListedHeld(count=3, oldest="30 April 2026"),
)

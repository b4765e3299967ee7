"""What a template may print: the one list of its variables, and the sample that tries it.

`templates/README.md` documents every field; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from maild.outbox.digest import SAMPLE, Shown
from maild.outbox.wall import WALL, WallShown


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that travels along or was left out."""

    name: str
    size: str
    """As people write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One earlier post."""

    author: str
    at: str
    """As people write it."""
    kind: str
    """`customer`, `agent`, `note`, `auto` or `undone`."""
    kind_word: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one command, or of the text below the commands."""

    line: str
    """As the agent wrote it; empty for the text."""
    said: str
    """What was done, in the reader's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One command, as `#help` lists it."""

    usage: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One ticket of a list."""

    tag: str
    subject: str
    state_word: str
    priority_word: str
    customer: str
    opened_at: str
    """As people write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why an agent is asked."""

    code: str
    """`agent-unproven`, `confirm-all` or `note-repeated`."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What an agent is asked to confirm."""

    recipients: tuple[str, ...] = ()
    formatted: str = ""
    """What the formatted form says, where it says something else than the text."""
    orders: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    is_note: bool = False
    is_again: bool = False
    link: str = ""
    until: str = ""
    """As people write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """Another ticket of the customer."""

    tag: str
    subject: str
    state_word: str
    age: str
    """As people write it: `3 days ago`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """Something that is due, or was."""

    kind: str
    """`first_response`, `next_response`, `resolution`, `callback`, `idle` or `aged`."""
    kind_word: str
    due_at: str
    """As people write it, in the reader's own time where that is known."""
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Listed):
    """One ticket that a search found."""

    places: tuple[str, ...] = ()
    """Where some of the words stand, with what is around them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An escalation that an agent is told of."""

    by: str = ""
    by_rule: bool = False
    """`by` is the name of a rule."""
    why: str = ""
    from_tier: int = 0
    """0 where the tier stayed as it was."""
    to_tier: int = 0
    step: int = 0
    steps: int = 0
    """0 for no ladder."""
    next_at: str = ""
    """As people write it; empty where no step follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A mark that can be given."""

    score: int
    is_chosen: bool = False
    link: str = ""
    """The page on which it is chosen already; empty where pages cannot be reached."""
    mailto: str = ""
    """A link that begins a mail with this mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """A survey, or a vote in it."""

    kind: str = ""
    """`csat` or `nps`; empty for none."""
    marks: tuple[Mark, ...] = ()
    """All that can be given, rising."""
    most: int = 0
    score: int = -1
    """The mark that was given; -1 for none."""
    comment: str = ""
    until: str = ""
    """As people write it."""
    link: str = ""
    """Its page; empty where pages cannot be reached."""
    unsubscribe: str = ""
    """Where one says that one wants no such mail: a page, else a `mailto:` link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The variables of every template; texts are empty where there is nothing to tell."""

    language: str = "en"
    brand: str = ""
    address: str = ""
    number: int = 0
    tag: str = ""
    subject: str = ""
    state: str = "new"
    state_word: str = ""
    priority: str = "normal"
    priority_word: str = ""
    queue: str = ""
    tier: int = 1
    tags: tuple[str, ...] = ()
    assignee: str = ""
    linked: int = 0
    opened_at: str = ""
    customer: str = ""
    customer_address: str = ""
    organisation: str = ""
    segment: str = ""
    account_manager: str = ""
    notes: str = ""
    recent: tuple[Recent, ...] = ()
    recipient: str = ""
    event: str = "other"
    author: str = ""
    text: str = ""
    html: str = ""
    history: tuple[Entry, ...] = ()
    earlier: int = 0
    files: tuple[File, ...] = ()
    files_left_out: tuple[File, ...] = ()
    reason: str = ""
    detail: str = ""
    nearest: str = ""
    usage: str = ""
    meaning: str = ""
    lines: tuple[Line, ...] = ()
    tickets: tuple[Listed, ...] = ()
    found: tuple[Found, ...] = ()
    commands: tuple[Usage, ...] = ()
    joined: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    asking: Asking = field(default_factory=Asking)
    dues: tuple[Promised, ...] = ()
    escalation: Raised = field(default_factory=Raised)
    digest: Shown = field(default_factory=Shown)
    survey: Marking = field(default_factory=Marking)
    wall: WallShown = field(default_factory=WallShown)
    is_last: bool = False
    unreached: str = ""
    delimiter: str = ""


EVENTS = ("new", "customer", "agent", "note", "auto", "other")
"""What `event` may be: a new ticket, a customer's, an agent's, an automatic post, a note, else."""

REMINDED = (
    "warned",
    "missed",
    "callback",
    "idle",
    "aged",
    "escalated",
    "reopened",
    "solved",
    "closed",
    "answered",
)
"""What `reason` may be in `reminder`, besides `assigned`."""

REASONS = (
    "command-unknown",
    "command-argument",
    "nothing-written",
    "command-below",
    "command-ticketless",
    "agent-unproven",
    "note-repeated",
    "overtaken",
    "limit",
)
"""Some of what `reason` may be in `held`; others are `core.reason.Why` values."""

NOTICES = ("sent", "dropped", "over", "unknown", "busy", "voted", "ended", "left")
"""What `reason` may be on the page `notice`."""

_GIVEN = 2
_FULL = Values(
    brand="Support",
    address="support@example.com",
    number=1042,
    tag="[Support #1042]",
    subject="Where is my parcel?",
    state="open",
    state_word="open",
    priority="urgent",
    priority_word="urgent",
    queue="support",
    tier=2,
    tags=("parcel", "vip"),
    assignee="Grace Hopper",
    linked=977,
    opened_at="1 May 2026",
    customer="Ada Lovelace",
    customer_address="ada@example.org",
    organisation="Analytical Engines",
    segment="enterprise",
    account_manager="Grace Hopper",
    notes="Calls back on Mondays.\nWrites letters.",
    recent=(
        Recent(tag="[Support #977]", subject="Cup", state_word="open", age="3 days ago"),
        Recent(tag="[Support #12]", subject="", state_word="closed", age="yesterday"),
    ),
    recipient="Grace Hopper",
    event="new",
    author="Ada Lovelace",
    text="Hello,\n\n> quoted\n  indented <b>&amp;</b>\nAda",
    html="<p>Hello</p>",
    history=(
        Entry(author="Ada", at="1 May 2026", kind="customer", kind_word="customer", text="a\nb"),
        Entry(author="Grace", at="2 May 2026", kind="note", kind_word="note", text=""),
    ),
    earlier=7,
    files=(File(name="bill.pdf", size="340 KB"),),
    files_left_out=(File(name="film.mov", size="1.5 GB"),),
    reason="new",
    detail="#slove",
    nearest="solve",
    usage="#queue QUEUE",
    meaning="moves the ticket",
    lines=(Line(line="#solve", said="Solved."), Line(line="", said="Your reply was sent.")),
    tickets=(
        Listed(
            tag="[Support #977]",
            subject="Cup",
            state_word="open",
            priority_word="high",
            customer="Ada",
            opened_at="1 May 2026",
        ),
    ),
    found=(
        Found(
            tag="[Support #978]",
            subject="Saucer",
            state_word="open",
            priority_word="low",
            customer="Ada",
            opened_at="1 May 2026",
            places=("…the saucer is <b>broken</b>…",),
        ),
    ),
    commands=(Usage(usage="#solve", meaning="solves the ticket"),),
    joined=("Ben Babbage <ben@example.org>",),
    offered=("Eve <eve@example.net>", "carl@example.net"),
    asking=Asking(
        recipients=("ada@example.org", "ben@example.org"),
        formatted="Hello in bold",
        orders=("#solve",),
        doubts=(
            Doubt(code="agent-unproven", detail="E2 does not allow agent-reply at once"),
            Doubt(code="note-repeated", detail="it repeats a note"),
            Doubt(code="confirm-all", detail="E3"),
        ),
        is_again=True,
        link="https://support.example.com/confirm/abc",
        until="8 May 2026",
    ),
    dues=(
        Promised(
            kind="first_response", kind_word="First response", due_at="2 May 2026", is_over=True
        ),
        Promised(kind="resolution", kind_word="Resolution", due_at="3 May 2026", is_over=False),
    ),
    escalation=Raised(
        by="nobody acts",
        by_rule=True,
        why="nobody has answered",
        step=1,
        steps=3,
        next_at="2 May 2026",
    ),
    digest=SAMPLE,
    survey=Marking(
        kind="csat",
        marks=tuple(
            Mark(
                score=score,
                is_chosen=score == _GIVEN,
                link=f"https://support.example.com/survey/abc?score={score}",
                mailto=f"mailto:support@example.com?subject={score}",
            )
            for score in range(1, 6)
        ),
        most=5,
        score=_GIVEN,
        comment="Slow <b>and</b>\nfriendly",
        until="8 May 2026",
        link="https://support.example.com/survey/abc",
        unsubscribe="https://support.example.com/unsubscribe/abc",
    ),
    wall=WALL,
    is_last=True,
    unreached="ada@example.org",
    delimiter="-- above this line --",
)


def samples() -> Iterator[Values]:
    """Yield values that reach the branches of a sensible template: full, each event, empty."""
    yield _FULL
    yield replace(_FULL, html="", tags=("one",), files=_FULL.files * 2, history=_FULL.history[:1])
    for event in EVENTS[1:]:
        yield replace(_FULL, event=event, html="")
    for before, after in ((1, 2), (2, 1), (0, 0)):
        raised = Raised(by="Grace", why="it burns", from_tier=before, to_tier=after)
        yield replace(_FULL, escalation=raised, is_last=False)
    yield replace(_FULL, asking=replace(_FULL.asking, is_note=True, is_again=False, link=""))
    yield replace(_FULL, survey=replace(_FULL.survey, kind="nps", link="", comment="", score=-1))
    for reason in (*REASONS, *NOTICES, *REMINDED):
        yield replace(_FULL, reason=reason, nearest="")
    yield Values()

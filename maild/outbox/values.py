"""What a template may print: the one list of its variables (`samples` has one of each).

`templates/README.md` documents every field; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass

from maild.core.quick import quick
from maild.outbox.digest import Shown
from maild.outbox.report import ReportShown
from maild.outbox.wall import WallShown


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
    """`agent-unproven`, `confirm-all`, `absence-notice`, `note-repeated`, `quote-left` or
    `others-repeated`."""
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
class Marked:
    """A mark that the customer gave us."""

    kind: str
    """`csat` or `nps`."""
    score: int
    most: int
    """The best mark."""
    number: int
    """Of the ticket; 0 where it is about none."""
    age: str


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
class Signalled:
    """What an agent is told of a customer's mail beside its words (`core/signs.py`)."""

    unproven: str = ""
    """The address in From, where nothing proves it though mail is judged; else empty."""
    answers_to: str = ""
    """Where the sender asks for answers; nothing proves that it is theirs."""
    names: int = 0
    """The ticket that the subject names, without belonging to it; 0 for none."""
    newcomer: str = ""
    """Who has not written on the ticket before."""
    solved_at: str = ""
    """When the ticket was solved that is open again, as people write it."""


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


_NO_ASKING, _NO_ESCALATION, _NO_SURVEY, _NO_SIGNS = Asking(), Raised(), Marking(), Signalled()
_NO_DIGEST, _NO_REPORT, _NO_WALL = Shown(), ReportShown(), WallShown()


@quick
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
    marks: tuple[Marked, ...] = ()
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
    asking: Asking = _NO_ASKING
    dues: tuple[Promised, ...] = ()
    escalation: Raised = _NO_ESCALATION
    digest: Shown = _NO_DIGEST
    report: ReportShown = _NO_REPORT
    survey: Marking = _NO_SURVEY
    wall: WallShown = _NO_WALL
    signs: Signalled = _NO_SIGNS
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
    "quote-left",
    "sealed",
    "command-below",
    "command-ticketless",
    "agent-unproven",
    "overtaken",
    "new-readers",
    "ticket-spam",
    "no-ticket",
    "limit",
)
"""Some of what `reason` may be in `held`; others are `core.reason.Why` values."""

NOTICES = ("sent", "dropped", "over", "unknown", "busy", "voted", "ended", "left")
"""What `reason` may be on the page `notice`."""

"""A ticket as a value, and the one table of what moves it.

| event                       | new     | open    | pending | on-hold | solved | closed     |
|-----------------------------|---------|---------|---------|---------|--------|------------|
| customer's mail             | new     | open    | open    | open    | open   | new ticket |
| agent's public reply        | pending | pending | pending | pending | solved | closed     |
| note, ack, automatic mail   | -       | -       | -       | -       | -      | -          |
| `#solve`, reply or not      | solved  | solved  | solved  | solved  | solved | closed     |
| `#close`, reply or not      | closed  | closed  | closed  | closed  | closed | closed     |
| `#pending`, reply or not    | pending | pending | pending | pending | pending| closed     |
| `#hold`, reply or not       | on-hold | on-hold | on-hold | on-hold | on-hold| closed     |
| `#reopen`, reply or not     | new     | open    | open    | open    | open   | open       |
| `#spam`                     | spam    | spam    | spam    | spam    | spam   | spam       |
| solved for M days           | -       | -       | -       | -       | closed | -          |

`merged` and `spam` are ends of their own: nothing here moves them, but `#reopen` opens spam.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from maild.core.mail import Attachment
from maild.core.quick import quick


class State(StrEnum):
    """Where a ticket stands."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on-hold"
    SOLVED = "solved"
    CLOSED = "closed"
    MERGED = "merged"
    SPAM = "spam"


class Priority(StrEnum):
    """How much it hurts."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class PostKind(StrEnum):
    """Who speaks in a post."""

    CUSTOMER = "customer"
    AGENT = "agent"
    NOTE = "note"
    AUTO = "auto"
    UNDONE = "undone"
    """An agent's reply that was taken back before it went out."""


class Move(StrEnum):
    """What may move a ticket: the rows of the table."""

    CUSTOMER_MAIL = "customer-mail"
    AGENT_REPLY = "agent-reply"
    SILENT = "silent"
    SOLVE = "solve"
    CLOSE = "close"
    PENDING = "pending"
    HOLD = "hold"
    REOPEN = "reopen"
    SPAM = "spam"
    AGED = "aged"


class Role(StrEnum):
    """What somebody is on one ticket."""

    CUSTOMER = "customer"
    CC = "cc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody outside who takes part in a ticket."""

    address: str
    name: str = ""
    role: Role = Role.CUSTOMER


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who asked."""

    address: str
    name: str = ""
    language: str = ""
    segment: str = "free"
    segment_from: str = ""
    """Who said so: `operator`, `import`, `rule:NAME`, `organisation NAME`; empty for nobody."""
    organisation: str = ""
    account_manager: str = ""
    notes: str = ""
    """For colleagues only: never in a mail to a customer."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One ticket at one moment."""

    number: int = 0
    """0 while it has no number yet."""
    version: int = 0
    subject: str = ""
    state: State = State.NEW
    queue: str = "support"
    priority: Priority = Priority.NORMAL
    tier: int = 1
    assignee: str = ""
    """Registered address of the agent; empty for nobody."""
    tags: tuple[str, ...] = ()
    language: str = ""
    mailbox: str = ""
    """Name of the mailbox whose brand it carries."""
    customer: Customer
    participants: tuple[Participant, ...] = ()
    linked: int = 0
    """The older ticket that this one continues; 0 for none."""
    created_at: datetime
    first_response_at: datetime | None = None
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    pending_until: datetime | None = None
    """While it is pending: when the customer is promised to hear of us; None for no promise."""

    def with_tag(self, tag: str) -> Ticket:
        """Return the ticket with one more tag; tags are kept sorted and single."""
        return replace(self, tags=tuple(sorted({*self.tags, tag})))

    def participant(self, address: str) -> Participant | None:
        """Return who takes part under this address (any case), or None."""
        wanted = address.lower()
        return next((p for p in self.participants if p.address.lower() == wanted), None)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One entry of a ticket's story."""

    n: int
    """Counts from 1 within the ticket."""
    kind: PostKind
    author: str
    """Address; empty for the daemon itself."""
    author_name: str = ""
    at: datetime
    text: str = ""
    """The full text."""
    reply_text: str = ""
    """Without quotes and signature."""
    html: str = ""
    """Sanitised; empty when the mail had none."""
    language: str = ""
    message_id: str = ""
    """Without angle brackets."""
    thread_index: str = ""
    trust: str = ""
    journal_id: int = 0
    """The journal row whose raw mail holds the attachments; 0 for none."""
    attachments: tuple[Attachment, ...] = ()


_N, _O, _P, _H, _S, _C = (
    State.NEW,
    State.OPEN,
    State.PENDING,
    State.ON_HOLD,
    State.SOLVED,
    State.CLOSED,
)
MOVES: dict[Move, dict[State, State | None]] = {
    Move.CUSTOMER_MAIL: {_N: _N, _O: _O, _P: _O, _H: _O, _S: _O, _C: None},
    Move.AGENT_REPLY: {_N: _P, _O: _P, _P: _P, _H: _P, _S: _S, _C: _C},
    Move.SILENT: {_N: _N, _O: _O, _P: _P, _H: _H, _S: _S, _C: _C},
    Move.SOLVE: {_N: _S, _O: _S, _P: _S, _H: _S, _S: _S, _C: _C},
    Move.CLOSE: {_N: _C, _O: _C, _P: _C, _H: _C, _S: _C, _C: _C},
    Move.PENDING: {_N: _P, _O: _P, _P: _P, _H: _P, _S: _P, _C: _C},
    Move.HOLD: {_N: _H, _O: _H, _P: _H, _H: _H, _S: _H, _C: _C},
    Move.SPAM: dict.fromkeys((_N, _O, _P, _H, _S, _C), State.SPAM),
    Move.REOPEN: {_N: _N, _O: _O, _P: _O, _H: _O, _S: _O, _C: _O},
    Move.AGED: {_N: _N, _O: _O, _P: _P, _H: _H, _S: _C, _C: _C},
}
"""None means: not this ticket any more, a new one linked to it."""


def next_state(state: State, move: Move) -> State | None:
    """Return the state after a move, or None when a new linked ticket is due.

    Merged and spam stay what they are (`#reopen` opens spam), but a customer's mail to them opens
    a new ticket.
    """
    if state is State.SPAM and move is Move.REOPEN:
        return State.OPEN
    if state in (State.MERGED, State.SPAM):
        return None if move is Move.CUSTOMER_MAIL else state
    return MOVES[move][state]


def moved(ticket: Ticket, move: Move, now: datetime) -> Ticket:
    """Return the ticket after a move, its time stamps kept in step.

    The move must not lead to a new ticket (`next_state` told that before).
    """
    state = next_state(ticket.state, move)
    assert state is not None, "the caller asks next_state first"
    if state == ticket.state:
        return ticket
    return replace(
        ticket,
        state=state,
        solved_at=_solved_at(ticket, state, now),
        pending_until=None,
        closed_at=now if state is State.CLOSED else None,
    )


def _solved_at(ticket: Ticket, state: State, now: datetime) -> datetime | None:
    """A closed ticket keeps the time it was solved, or is solved by closing it."""
    if state is State.CLOSED:
        return ticket.solved_at or now
    return now if state is State.SOLVED else None

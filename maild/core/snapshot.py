"""What was looked up for one event: all that a decision may know of the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from maild.core.absence import Absence
from maild.core.calendar import Calendar
from maild.core.canned import Canned
from maild.core.decision import SentReply
from maild.core.dossier import Dossier
from maild.core.house import House
from maild.core.index import Finding
from maild.core.mail import Envelope, Mail
from maild.core.promise import Promise
from maild.core.proof import Proofs
from maild.core.question import Asked
from maild.core.quick import quick
from maild.core.rule import Rule
from maild.core.survey import Leaving, Survey
from maild.core.ticket import Customer, Post, State, Ticket
from maild.core.token import Keys
from maild.core.trust import Level

MERGES_MAX = 10
"""How often a ticket is followed that was merged into one that was merged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Whom a post brought along who does not take part (`core/newcomers.py`)."""

    post_n: int
    addresses: tuple[str, ...]


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket with as much of its story as a decision needs."""

    ticket: Ticket
    post_count: int = 0
    recent: tuple[Post, ...] = ()
    """The last few posts, oldest first, notes included."""
    notes: tuple[str, ...] = ()
    """All that only colleagues may read, of the tickets merged into it as well, and of those that
    a mail of ours showed the agent.

    Looked up for the ticket that an agent's mail is about, as are the public texts.
    """
    public_texts: tuple[str, ...] = ()
    """What stood in its public posts lately; looked up only where there is something to hide."""
    others: tuple[str, ...] = ()
    """What other customers wrote, or were told, in tickets that the agent was shown."""
    usual: tuple[str, ...] = ()
    """What agents told yet other customers lately; looked up only where there are `others`."""
    answers: tuple[Post, ...] = ()
    """The last public answers of agents, newest first; looked up as the notes are."""
    told: tuple[str, ...] = ()
    """Who got mail of ours about it as an agent; looked up as the notes are."""
    offers: tuple[Offer, ...] = ()
    """The last people who could be let in, newest first; looked up as the notes are."""
    public_ids: tuple[str, ...] = ()
    """Message-IDs of the public posts, oldest first."""
    thread_index: str = ""
    """The newest Thread-Index of a public post."""
    dossiers: tuple[Dossier, ...] = ()
    """The other tickets of its customer, where something happens to it without a mail."""
    automatic_last_hour: int = 0
    """Automatic mails to customers that this ticket caused in the last hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLoad:
    """How much an agent has in hand, and when they were last given something."""

    address: str
    open_tickets: int = 0
    last_assigned_ticket: int = 0
    """Number of the newest ticket assigned to them; 0 for none."""
    weight: int = 0
    """Of what they have in hand, by `core.assign.weight`."""
    last_turn: int = 0
    """Rises with every ticket that anybody is given; 0 for who was given none."""
    away_until: datetime | None = None
    """They are away until then; None for not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What was looked up because an agent's commands asked for it."""

    ticket: int = 0
    """The ticket that they are about."""
    story: tuple[Post, ...] = ()
    """Every post of that ticket, oldest first."""
    tickets: tuple[Ticket, ...] = ()
    """What the agent has in hand."""
    sent: SentReply | None = None
    """The agent's newest reply on the ticket; None for none."""
    findings: tuple[Finding, ...] = ()
    """The tickets that they may see and that have the words they search for."""
    has_more: bool = False
    """There are more of them."""
    escalation: str = ""
    """The kind of the newest event of the ticket about an escalation; empty for none."""
    absence: Absence | None = None
    """Where the agent is away now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One mail that came in: the event."""

    journal_id: int
    mail: Mail
    envelope: Envelope
    received_at: datetime
    is_dated: bool = True
    """Whether `received_at` is believed: else nothing has ended by then."""


_NO_DESK = Desk()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The world as it was looked up for one mail."""

    now: datetime
    proofs: Proofs
    customer: Customer
    """The sender, as known or as they claim to be."""
    same_as: int = 0
    """Journal row of the same mail; 0 for none."""
    same_id_other_content: bool = False
    is_own: bool = False
    """The Message-ID is that of a mail of ours."""
    waits_for: int = 0
    """Journal row, still unprocessed, of a mail that this one answers; 0 for none."""
    tickets: tuple[TicketView, ...] = ()
    """Every ticket that a token, an id or the subject's tag points at."""
    by_reference: tuple[int, ...] = ()
    """Numbers of the tickets that the answered ids belong to, nearest first."""
    by_thread_index: int = 0
    by_subject: int = 0
    """The number in the subject's tag; 0 for none."""
    acknowledged_today: bool = False
    """The sender got an acknowledgement within the last 24 hours."""
    loads: tuple[AgentLoad, ...] = ()
    dossiers: tuple[Dossier, ...] = ()
    """The tickets of the sender, and of the customers of the tickets looked up."""
    desk: Desk = _NO_DESK
    blocked_up_to: Level | None = None
    """The most that a mail proved which opened a ticket of the sender's that is marked as spam;
    None for no such ticket."""
    question: Asked | None = None
    """The newest question about this very mail; None for none. Looked up for an agent's mail."""
    questions: tuple[Asked, ...] = ()
    """The questions that its tokens may be meant for."""
    surveys: tuple[Survey, ...] = ()
    """The surveys that its tokens may be meant for."""
    leaving: tuple[Leaving, ...] = ()
    """Who may unsubscribe by its tokens."""

    def view(self, number: int) -> TicketView | None:
        """Return what is known of a ticket that was looked up."""
        return next((view for view in self.tickets if view.ticket.number == number), None)

    def followed(self, number: int) -> TicketView | None:
        """Return the same, or the ticket that it was merged into in the end."""
        view = self.view(number)
        for _ in range(MERGES_MAX):
            if view is None or view.ticket.state is not State.MERGED:
                break
            view = self.view(view.ticket.linked) or view
        return view


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What does not change from mail to mail."""

    house: House
    keys: Keys
    rules: tuple[Rule, ...] = ()
    languages: tuple[str, ...] = ("en", "fr", "es", "de")
    """Languages that templates exist in."""
    canned: Canned = field(default_factory=Canned)
    promises: tuple[Promise, ...] = ()
    """The policies, in order: the first that matches counts."""
    calendars: tuple[Calendar, ...] = ()
    """Working hours, which agents and policies name."""
    delimiters: tuple[str, ...] = ()
    """The line to reply above in our mails to agents, in every language."""
    fixed_subjects: tuple[str, ...] = ()
    """Of mails of ours to customers that have another subject than their ticket."""

    def hours_of(self, address: str) -> Calendar | None:
        """Return the calendar in which an agent works; None for one that is not told."""
        agent = self.house.agent_of(address)
        if agent is None or not agent.calendar:
            return None
        return next((hours for hours in self.calendars if hours.name == agent.calendar), None)

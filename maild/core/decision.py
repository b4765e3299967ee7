"""What was decided about one event: the output of `core.decide`, the input of the commit.

A decision is complete: the commit adds nothing but numbers (the ticket's, the posts') and the
compose step nothing but bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maild.core.absence import Absence
from maild.core.calendar import Calendar
from maild.core.commandtable import Word
from maild.core.digest import Digest
from maild.core.dossier import Aged, AgedMark
from maild.core.escalated import Escalation
from maild.core.index import Finding
from maild.core.mail import Attachment, BounceClass
from maild.core.promise import Due
from maild.core.question import Answered, Question
from maild.core.quick import quick
from maild.core.reason import Reason
from maild.core.survey import Leaving, Survey, Vote
from maild.core.ticket import Participant, Post, PostKind, State, Ticket
from maild.core.told import Told
from maild.core.webhook import Page
from maild.core.weekly import Weekly


class Outcome(StrEnum):
    """How a journal row ends; `WAIT` sends it back into the line for a moment."""

    POSTED = "posted"
    HELD = "held"
    IGNORED = "ignored"
    WAIT = "wait"


class ReplyKind(StrEnum):
    """What a mail of ours is; each kind but REPLY is automatic (RFC 3834)."""

    ACKNOWLEDGEMENT = "acknowledgement"
    REPLY = "reply"
    """An agent's words to the customer: the only kind that a person wrote."""
    NOTIFICATION = "notification"
    """To an agent, about a ticket; may be answered."""
    TEMPLATE = "template"
    """To the customer, from a template that a rule named."""
    PAGE = "page"
    """No mail at all: a call of a webhook (`core/webhook.py`)."""
    TROUBLE = "trouble"
    """To an agent: a mail of theirs was held, or a reply could not be delivered."""


class Audience(StrEnum):
    """Who reads a mail of ours: decides its token, its thread and what it may hold."""

    CUSTOMER = "customer"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """An attachment that travels along: its bytes lie in a journal row's raw mail."""

    journal_id: int
    """0 means the mail that is being handled now."""
    attachment: Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """A file of our own making that travels along."""

    name: str
    type: str
    data: bytes
    content_id: str = ""
    """Where the HTML shows it (RFC 2392); empty for a file beside the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """One earlier post, as a notification or a reply shows it."""

    author: str
    at: str
    """RFC 3339, UTC."""
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What there is to know of a customer's mail beside its words (`core/signs.py`)."""

    unproven: str = ""
    """The address in From, where those who judge mail could not prove it: empty for proven."""
    answers_to: str = ""
    """The address in Reply-To, where it is not the one in From: empty for none."""
    names: int = 0
    """The ticket that its subject names, and to which it does not belong; 0 for none."""
    newcomer: Participant | None = None
    """Who writes, where they have not written on this ticket before."""
    solved_at: datetime | None = None
    """When the ticket was solved that it opens again."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One mail of ours to one recipient, decided but not yet written.

    Text that customers or agents wrote stands in `text` and `html` only; a template may print it,
    never run it.
    """

    kind: ReplyKind
    audience: Audience
    template: str
    """Name of the template without language and ending, e.g. `acknowledgement`."""
    recipient: str
    """The address it goes to: exactly one."""
    recipient_name: str = ""
    to: tuple[Participant, ...] = ()
    """Who is shown in To (the customer); empty means the recipient."""
    cc: tuple[Participant, ...] = ()
    """Who is shown in Cc."""
    mailbox: str
    """Name of the mailbox whose brand it carries."""
    language: str
    subject: str
    """Base subject, without `Re:` and tag."""
    fixed: bool = False
    """The recipient is not verified: nothing that the sender wrote may appear."""
    sender_name: str = ""
    """Shown beside the support address in From, e.g. the agent's name."""
    text: str = ""
    html: str = ""
    """Sanitised HTML; empty for none."""
    author: str = ""
    """Who wrote `text`, as shown to the reader (a name or an address)."""
    history: tuple[Quoted, ...] = ()
    earlier: int = 0
    """Posts before those of `history`."""
    recent: tuple[Aged, ...] = ()
    """Other tickets of the customer, newest first: for colleagues only."""
    marks: tuple[AgedMark, ...] = ()
    """What the customer answered to surveys, newest first: likewise."""
    files: tuple[SentFile, ...] = ()
    files_left_out: tuple[Attachment, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    thread_index: str = ""
    """The parent's Thread-Index; ours becomes its child."""
    post_n: int = 0
    """The post of the ticket that it carries: every copy of that post has one Message-ID.
    0 for a mail that carries no post."""
    joined: tuple[Participant, ...] = ()
    """Who takes part because of the post it is about, beside the customer."""
    offered: tuple[Participant, ...] = ()
    """Whom an agent may let take part (`core/newcomers.py`)."""
    known: int = 0
    """How many posts of the ticket its reader knows by it, of an agent's; 0 where nothing is told
    (`core/overtaken.py`)."""
    post_kind: PostKind | None = None
    """Who speaks in the post it is about; None where there is none."""
    unreached: str = ""
    """The address that could not be reached, in a mail that tells so."""
    reason: str = ""
    """Why the agent gets it, as a code that the template puts into words: `new`, `assigned`,
    `answered` for a notification; a `core.reason.Why` value for `held` and `undelivered`."""
    detail: str = ""
    """More about the reason: the unknown word, the server's answer."""
    nearest: str = ""
    """The valid word or argument that looks most like the one that is not known."""
    command: Word | None = None
    """The word whose use is explained; None for none."""
    told: tuple[Told, ...] = ()
    """What became of each line of a command block."""
    tickets: tuple[Ticket, ...] = ()
    """Tickets that it lists."""
    findings: tuple[Finding, ...] = ()
    """What a search found."""
    has_help: bool = False
    """Whether it lists all commands."""
    question: Question | None = None
    """What the agent is asked to confirm; None for nothing."""
    dues: tuple[Due, ...] = ()
    """The deadlines that it tells of."""
    zone: str = ""
    """Zone of the reader's calendar, in which times are told; empty means UTC."""
    escalation: Escalation | None = None
    """The escalation that it tells of."""
    signs: Signs | None = None
    """Of the mail that it is about; None where that is no customer's."""
    digest: Digest | None = None
    """What a digest tells; None in any other mail."""
    weekly: Weekly | None = None
    """What a report tells; None in any other mail."""
    enclosed: tuple[Enclosed, ...] = ()
    survey: Survey | None = None
    """What it asks, or asks once more; its number is 0 until the survey is written down."""
    vote: Vote | None = None
    """The vote that it tells of; None for none."""
    is_bulk: bool = False
    """A survey or an announcement: who does not want such mail gets none (RFC 8058)."""
    customer: int = 0
    """Number of the customer whom it goes to; known where `is_bulk`."""
    is_last: bool = False
    """Others come later, or not at all: too many came at once (`core/budget.py`)."""
    not_before: datetime | None = None
    """It waits for this instant; None goes at once."""
    hours: Calendar | None = None
    """The hours in which it is to go out, also when it has to wait for longer; None for any."""
    key: str
    """Unique for ever: a second commit of the same decision adds no second mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """One line of the ticket's append-only log, not yet stamped with a number."""

    kind: str
    """`noun.past`, e.g. `ticket.created`, `state.changed`."""
    actor: str = ""
    """An address, `rule:NAME`, or `maild`."""
    data: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None
    """When it happened, if that was before it is decided: a mail counts from when it came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A mail of ours that came back with the token of its return path."""

    address: str
    """Whom the token was made for."""
    bounce_class: BounceClass = BounceClass.UNKNOWN
    message_id: str = ""
    """Of the mail that came back; empty when the bounce does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentReply:
    """An agent's newest reply on a ticket, with all that followed from it."""

    ticket: int
    post_n: int
    message_id: str = ""
    outbox: tuple[int, ...] = ()
    """Its copies in the outbox."""
    is_waiting: bool = False
    """Every copy still waits for its time."""
    moved_from: State | None = None
    """The state before it, where it moved the ticket and nothing moved it since."""
    took_ticket: bool = False
    """The ticket was given to its author because of it."""
    is_first: bool = False
    """No other reply went to the customer before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What a rule said about a customer: kept, unless a person or an import said it already."""

    address: str
    segment: str = ""
    """Empty for nothing said."""
    organisation: str = ""
    by: str = ""
    """`rule:NAME`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Posts that leave one ticket for a new one, with their files and ids."""

    ticket: int
    """The ticket that they leave."""
    posts: tuple[int, ...]
    """Their numbers there, in order; in the new ticket they are counted from 1."""
    actor: str
    """Who wished it."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """All that follows from one event."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    before: Ticket | None = None
    """The ticket as it was looked up; None when `after` is new or there is none."""
    after: Ticket | None = None
    posts: tuple[Post, ...] = ()
    """Posts to add; `n` is already right for a known ticket, counted from 1 for a new one."""
    keys: tuple[str, ...] = ()
    """Message-IDs that belong to the ticket from now on."""
    events: tuple[EventDraft, ...] = ()
    replies: tuple[Reply, ...] = ()
    pages: tuple[Page, ...] = ()
    """Webhooks that are called."""
    stopped: tuple[Reply, ...] = ()
    """Automatic mails to customers that the breaker stopped (`core/budget.py`)."""
    rules: tuple[str, ...] = ()
    """Names of the rules that fired, in order."""
    trust: str = ""
    thread_by: str = ""
    """By what the ticket was found: `token`, `references`, `thread-index`, `subject`, or empty."""
    returned: Returned | None = None
    """The mail of ours that came back; None for none."""
    placed: tuple[Placed, ...] = ()
    """What rules said about the customer."""
    others: tuple[Decision, ...] = ()
    """What follows for other tickets, in the same transaction."""
    undone: SentReply | None = None
    """A reply that is taken back before it goes out; None for none."""
    taken: Taken | None = None
    """Posts of another ticket that become posts of this one; None for none."""
    absence: Absence | None = None
    """An agent says to be away, or back; None for nothing said."""
    alive: str = ""
    """Address whose owner wrote this mail beyond doubt: mail to it is not suspended."""
    same_as: int = 0
    """Journal row that this mail repeats; 0 for none."""
    question: Question | None = None
    """What must be confirmed before the mail is carried out; None for nothing."""
    answered: Answered | None = None
    """The question that this answers; None for none."""
    votes: tuple[Vote, ...] = ()
    """Votes of a survey that count from now on."""
    asked_back: int = 0
    """Number of the survey whose answer could not be read: its writer is told so, once."""
    leaving: tuple[Leaving, ...] = ()
    """Who wants neither surveys nor announcements any more."""

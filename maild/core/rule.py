"""Rules: when an event happens and a condition holds, actions are taken.

The condition arrives compiled (`maild.rulefiles` does it with CEL); the core only asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from maild.core.survey import Sampling
from maild.core.terms import Terms

Value = object
Context = Mapping[str, Value]
Condition = Callable[[Context], bool]
"""Never raises: a condition that cannot be evaluated does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a condition says about one context."""

    holds: bool
    error: str = ""
    """Why it could not be evaluated (it does not hold then); empty when it could."""


Judge = Callable[[Context], Verdict]


class RuleEvent(StrEnum):
    """What a rule may wait for: `on`."""

    MAIL_RECEIVED = "mail.received"
    TICKET_CREATED = "ticket.created"
    CUSTOMER_REPLIED = "customer.replied"
    AGENT_REPLIED = "agent.replied"
    AGENT_NOTED = "agent.noted"
    TICKET_ASSIGNED = "ticket.assigned"
    TICKET_ESCALATED = "ticket.escalated"
    TICKET_SOLVED = "ticket.solved"
    TICKET_REOPENED = "ticket.reopened"
    TICKET_CLOSED = "ticket.closed"
    TICKET_IDLE = "ticket.idle"
    TICKET_AGED = "ticket.aged"
    TICKET_CALLBACK = "ticket.callback"
    DEADLINE_WARNED = "deadline.warned"
    DEADLINE_MISSED = "deadline.missed"
    SURVEY_ANSWERED = "survey.answered"
    SURVEY_DUE = "survey.due"

    @property
    def has_mail(self) -> bool:
        """Whether a mail is in hand: only then may a condition name its fields."""
        return self in _OF_MAIL

    @property
    def is_timed(self) -> bool:
        """Whether each rule on it says itself, with `after`, when it happens."""
        return self in (RuleEvent.TICKET_IDLE, RuleEvent.TICKET_AGED, RuleEvent.SURVEY_DUE)


_OF_MAIL = frozenset(
    (
        RuleEvent.MAIL_RECEIVED,
        RuleEvent.TICKET_CREATED,
        RuleEvent.CUSTOMER_REPLIED,
        RuleEvent.AGENT_REPLIED,
        RuleEvent.AGENT_NOTED,
    )
)


_OF_TIME = frozenset(
    (
        RuleEvent.TICKET_IDLE,
        RuleEvent.TICKET_AGED,
        RuleEvent.TICKET_CALLBACK,
        RuleEvent.DEADLINE_WARNED,
        RuleEvent.DEADLINE_MISSED,
    )
)


class Verb(StrEnum):
    """What a rule may do: the key of an entry of `do`."""

    QUEUE = "queue"
    PRIORITY = "priority"
    TIER = "tier"
    TAG = "tag"
    ASSIGN = "assign"
    SEGMENT = "segment"
    ORGANISATION = "organisation"
    NOTIFY = "notify"
    REPLY = "reply"
    NOTE = "note"
    PAGE = "page"
    SURVEY = "survey"
    OPEN = "open"
    SOLVE = "solve"
    CLOSE = "close"
    REOPEN = "reopen"
    HOLD = "hold"
    IGNORE = "ignore"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One entry of `do`: `{ queue = "oncall" }` is Action(verb=QUEUE, value="oncall").

    Values: queue a queue's name; priority low|normal|high|urgent or +1, -1; tier 1..3 or
    +1, -1; tag a word; note words for the ticket's log; page the name of a webhook;
    assign an agent's address, `round-robin` or `least-loaded`; segment a word for the customer;
    organisation the name of theirs; notify an address, `assignee`,
    `queue` (every agent of the queue), `tier` (those of the ticket's tier), `lead` or
    `account-manager`; reply a template's name; survey csat or nps; open
    the queue of the ticket that is opened where there is none, or true for the mailbox's; hold
    and ignore the reason in words; solve, close, reopen and stop true.
    """

    verb: Verb
    value: str
    terms: Terms = Terms()  # noqa: RUF009 - frozen, as the others are
    """Of `assign`: on which terms an agent is looked for."""
    anytime: bool = False
    """Of `notify`: also outside the reader's working hours, `{ notify = "lead", anytime = true }`.
    Else a mail that no mail caused waits for their next opening, and a page for the policy's."""
    sampling: Sampling = Sampling()  # noqa: RUF009 - frozen, as the others are
    """Of `survey`: who is asked, and how often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """How long a timed rule waits: `after = "36h"`, or `after = "3 working days"`.

    The first is real time; either ends at an instant that is worked in the ticket's calendar.
    """

    seconds: int = 0
    working_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One `[[rule.step]]`: what comes next, as long as nobody acts."""

    after_seconds: int
    """Counted from where the ladder began."""
    actions: tuple[Action, ...]

    @property
    def wait(self) -> timedelta:
        """The same, as a length of time."""
        return timedelta(seconds=self.after_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One `[[rule]]` of rules/*.toml, checked."""

    name: str
    on: RuleEvent
    condition: Condition
    actions: tuple[Action, ...]
    stop: bool = False
    source: str = ""
    """`file:line`, for people."""
    judge: Judge | None = None
    """The condition with its error, where the rule comes from a file."""
    after: After | None = None
    """Of a timed rule."""
    steps: tuple[Step, ...] = ()
    """Its ladder (`core/ladder.py`), in order of time."""
    anytime: bool = False
    """Its ladder counts real time, not working time, and its pages wait for no hours."""
    when: str = ""
    """The condition as it is written."""
    tables: frozenset[str] = frozenset(("mail", "ticket", "customer"))
    """The tables of `FIELDS` that the condition names."""

    def does(self, verb: Verb) -> bool:
        """Tell whether the rule, or a step of its ladder, has a verb."""
        every = (self.actions, *(step.actions for step in self.steps))
        return any(action.verb is verb for actions in every for action in actions)

    def verdict(self, context: Context) -> Verdict:
        """Evaluate the condition once; never raises, the error is part of the verdict."""
        if self.judge:
            return self.judge(context)
        return Verdict(holds=self.condition(context))


FIELDS: Mapping[str, Mapping[str, str]] = {
    "mail": {
        "from": "string",
        "from_name": "string",
        "from_domain": "string",
        "to": "list",
        "cc": "list",
        "subject": "string",
        "text": "string",
        "reply_text": "string",
        "kind": "string",
        "language": "string",
        "size": "int",
        "attachments": "list",
        "headers": "map",
        "mailbox": "string",
        "source": "string",
        "trust": "string",
        "is_automatic": "bool",
        "answers": "bool",
        "takes_part": "bool",
    },
    "ticket": {
        "number": "int",
        "subject": "string",
        "state": "string",
        "queue": "string",
        "priority": "string",
        "tier": "int",
        "assignee": "string",
        "tags": "list",
        "language": "string",
        "assignee_away": "bool",
        "is_new": "bool",
    },
    "customer": {
        "address": "string",
        "name": "string",
        "domain": "string",
        "segment": "string",
        "organisation": "string",
        "language": "string",
        "account_manager": "string",
        "notes": "string",
        "open_tickets": "int",
        "tickets_30d": "int",
        "verified": "bool",
    },
    "organisation": {
        "name": "string",
        "account_manager": "string",
    },
    "deadline": {
        "kind": "string",
        "due_in_minutes": "int",
        "late": "bool",
    },
    "survey": {
        "kind": "string",
        "score": "int",
        "low": "bool",
        "was_low": "bool",
        "changed": "bool",
        "comment": "string",
        "via": "string",
    },
    "event": {
        "name": "string",
        "actor": "string",
        "from": "string",
        "to": "string",
    },
    "now": {
        "hour": "int",
        "weekday": "string",
        "working": "bool",
    },
}
"""The fields that a condition may name, with their CEL types. `mail.answers` is true when the mail
answers something we know, `mail.takes_part` when its sender is somebody on that ticket;
`mail.text` and `mail.reply_text` are capped at 64 KB; `mail.headers` maps lower-case names to
their first value. `mail` is known where `RuleEvent.has_mail`, `deadline` where a time has come;
`now` is the time in the ticket's calendar; `event.from` and `event.to` are what a change led from
and to."""
CHANGING = frozenset(
    {("customer", "open_tickets"), ("customer", "tickets_30d"), ("ticket", "assignee_away")}
)
"""Fields whose value may change while nothing happens to the ticket."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def tables_of(on: RuleEvent) -> frozenset[str]:
    """Return the tables of `FIELDS` that a condition may name on an event."""
    own = {"mail"} if on.has_mail else set()
    if on is RuleEvent.SURVEY_DUE:
        return frozenset({"customer", "organisation", "event", "now"})
    if on in _OF_TIME:
        own = {"deadline"}
    elif on is RuleEvent.SURVEY_ANSWERED:
        own = {"survey"}
    return frozenset({"ticket", "customer", "organisation", "event", "now", *own})

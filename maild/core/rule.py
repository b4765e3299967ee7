"""Rules: when an event happens and a condition holds, actions are taken.

The condition arrives compiled (`maild.rulefiles` does it with CEL); the core only asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

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


class Verb(StrEnum):
    """What a rule may do: the key of an entry of `do`."""

    QUEUE = "queue"
    PRIORITY = "priority"
    TIER = "tier"
    TAG = "tag"
    ASSIGN = "assign"
    NOTIFY = "notify"
    REPLY = "reply"
    HOLD = "hold"
    IGNORE = "ignore"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One entry of `do`: `{ queue = "oncall" }` is Action(verb=QUEUE, value="oncall").

    Values: queue a queue's name; priority low|normal|high|urgent; tier 1..3; tag a word;
    assign an agent's address, `round-robin` or `least-loaded`; notify an address, `assignee`,
    `queue` (every agent of the queue) or `lead`; reply a template's name; hold and ignore the
    reason in words; stop true.
    """

    verb: Verb
    value: str


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
        "is_new": "bool",
    },
    "customer": {
        "address": "string",
        "name": "string",
        "domain": "string",
        "segment": "string",
        "organisation": "string",
        "verified": "bool",
    },
}
"""The fields that a condition may name, with their CEL types. `mail.answers` is true when the mail
answers something we know, `mail.takes_part` when its sender is somebody on that ticket;
`mail.text` and `mail.reply_text` are capped at 64 KB; `mail.headers` maps lower-case names to
their first value."""

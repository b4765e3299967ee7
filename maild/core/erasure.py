"""What stays when somebody is erased: figures without a person, and nothing that a person wrote.

| of their own tickets               | stays                                                     |
|------------------------------------|-----------------------------------------------------------|
| the ticket                         | state, queue, priority, tier, assignee, tags, times        |
| posts                              | who spoke (customer, agent, note), when, in which language |
| the log                            | times, kinds, and the values in `FIGURES` and `CHOICES`    |
| subject, texts, files, mails, keys | nothing                                                   |

On tickets of others they lose their own words, and their address where others wrote it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.history import CUSTOMER_CHANGED, NOT_DELIVERED, TICKET_CREATED
from maild.core.reason import Reason, Why
from maild.core.ticket import State, Ticket
from maild.core.token import Keys

ERASED = "erased"
"""What stands where an address or a text was."""
PERSON_ERASED, TICKET_ERASED = "person.erased", "ticket.erased"
LEFT = "participant.removed"
FIGURES = frozenset(
    {
        "n", "kind", "queue", "priority", "language", "due_at", "policy", "late", "merged",
        "until", "written", "ladder", "of", "budget", "bounces", "score", "tier", "posts",
        "segment", "assignee", "clock", "since", "at", "worked", "due", "verdict", "received",
        "survey", "template",
    }
)  # fmt: skip
"""Names of values in the log that figures are made of."""
CHOICES = frozenset(
    {
        "state.changed", "priority.changed", "queue.changed", "tier.changed", "language.changed",
        "segment.changed", "assignee.changed", "ticket.assigned", "ticket.escalated",
        "ticket.returned", "ticket.merged", "ticket.split",
    }
)  # fmt: skip
"""Lines of the log whose `from` and `to` are chosen by the house: states, queues, agents."""
READERS = {
    TICKET_CREATED: "for",
    CUSTOMER_CHANGED: "to",
    **dict.fromkeys(NOT_DELIVERED, "to"),
}
"""Lines of the log that name the customer: that it was the customer stays, who it was goes."""
TAGGED = frozenset({"tag.added", "tag.removed", "tag.changed"})
_OURS = ("maild", "operator")
_MARK = b"maild erasure\x00"
_OPEN = (State.NEW, State.OPEN, State.PENDING, State.ON_HOLD, State.SOLVED)
_VALUE_CHARACTERS_MAX = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is erased, or shown what we hold about them."""

    address: str
    """Lower case; empty for nobody in particular: what is too old goes."""
    insiders: frozenset[str] = frozenset()
    """Addresses of agents, lower case: they are named in figures."""

    def is_outside(self, who: str) -> bool:
        """Whether a writer in a log or a post is nobody of the house."""
        inside = who in _OURS or who.startswith("rule:") or who.lower() in self.insiders
        return bool(who) and not inside


def reference(address: str, keys: Keys) -> str:
    """Return what the audit keeps of an address: 16 hex digits that need our secret to make."""
    key = keys.by_id[keys.current]
    return hmac.new(key, _MARK + address.lower().encode(), hashlib.sha256).hexdigest()[:16]


def kept_actor(person: Person, actor: str) -> str:
    """Return what the log of an erased ticket says of who did something."""
    return ERASED if person.is_outside(actor) else actor


def kept_data(person: Person, kind: str, data: Mapping[str, str]) -> dict[str, str]:
    """Return the values that stay in a line of the log of an erased ticket."""
    if kind in TAGGED:
        return {name: tag for name, tag in data.items() if kept_tags(person, [tag])}
    names = FIGURES | {"from", "to"} if kind in CHOICES else FIGURES
    kept = {
        name: value
        for name, value in data.items()
        if name in names and len(str(value)) <= _VALUE_CHARACTERS_MAX and _is_ours(person, value)
    }
    if "tags" in data:
        kept["tags"] = " ".join(kept_tags(person, data["tags"].split(" ")))
    reader = READERS.get(kind, "")
    if reader in data and _is_them(person, data[reader]):
        kept[reader] = ERASED
    return kept


def kept_tags(person: Person, tags: Collection[str]) -> list[str]:
    """Return the tags that stay: the house's words, none that names the person."""
    local = person.address.partition("@")[0] or "@"
    name = re.compile(rf"(?<![^\W_]){re.escape(local)}(?![^\W_])", re.IGNORECASE)
    return [tag for tag in tags if "@" not in tag and not name.search(tag)]


def names(address: str, text: str) -> bool:
    """Tell whether a text names an address (lower case), and not one that is longer only."""
    return address in text.lower() and _address(address).search(text) is not None


def without(person: Person, text: str) -> str:
    """Return somebody else's text without the person's address."""
    if not person.address or person.address not in text.lower():
        return text
    return _address(person.address).sub(ERASED, text)


def closed(ticket: Ticket, now: datetime) -> Decision | None:
    """Close a ticket that will be erased: nobody is told, its deadlines end; None when it is."""
    if ticket.state not in _OPEN:
        return None
    change = (("from", ticket.state.value), ("to", State.CLOSED.value))
    return Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.OPERATOR, detail="to be erased"),),
        before=ticket,
        after=replace(ticket, state=State.CLOSED, closed_at=now, pending_until=None),
        events=(EventDraft(kind="state.changed", actor="operator", data=change),),
    )


def left(ticket: Ticket, person: Person) -> Decision | None:
    """Take a person out of somebody else's ticket; None when they do not take part."""
    staying = tuple(p for p in ticket.participants if p.address.lower() != person.address)
    if len(staying) == len(ticket.participants):
        return None
    return Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.OPERATOR, detail="erased"),),
        before=ticket,
        after=replace(ticket, participants=staying),
        events=(EventDraft(kind=LEFT, actor="operator"),),
    )


@lru_cache(maxsize=8)
def _address(address: str) -> re.Pattern[str]:
    """An address by itself: `joann@x.example` and `ann@x.example.org` are not `ann@x.example`.

    A percent escape may stand before it, as in a link.
    """
    begins = r"(?:(?<![^\W_])(?<![^\W_][.+_-])|(?<=%[0-9a-f]{2}))"
    ends = r"(?![^\W_])(?![.-][^\W_])"
    return re.compile(begins + re.escape(address) + ends, re.IGNORECASE)


def _is_them(person: Person, who: str) -> bool:
    """Whether it is who is erased, or was before; of what is too old, anybody outside."""
    is_outside = not person.address and not _is_ours(person, who)
    return is_outside or who.lower() in (person.address, ERASED)


def _is_ours(person: Person, value: str) -> bool:
    return "@" not in str(value) or str(value).lower() in person.insiders

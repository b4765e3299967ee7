"""Webhooks: what a page says, how it is signed, and which addresses may be dialled; pure.

A page is a row of the outbox like a mail. Its body is fixed when it is committed; only the time
stamp changes from attempt to attempt, and with it the signature.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from maild.core.calendar import Calendar
from maild.core.promise import Due
from maild.core.ticket import Ticket

RECIPIENT = "webhook:"
"""Before the name of a webhook, where mails have the address of their reader."""
SECRET_CHARACTERS_MIN = 16
SUBJECT_CHARACTERS_MAX = 200
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as a translator shows them (RFC 6052 §2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """`[[webhook]]`: somebody else's program that a rule may call."""

    name: str
    url: str
    allow_private: bool = False
    """It may be in this network, or on this machine."""
    customer_text: bool = False
    """The body tells subject and customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One call of one webhook, decided but not yet written."""

    webhook: str
    """Its name."""
    event: str
    """What happened, as rules name it."""
    rule: str
    """Name of the rule that says so."""
    step: int = 0
    """Of its ladder, counted from 1; 0 for the rule itself."""
    due: Due | None = None
    """The deadline that it is about."""
    not_before: datetime | None = None
    """It waits for this instant; None goes at once."""
    hours: Calendar | None = None
    """The hours in which it is to go out, also when it has to wait for longer; None for any."""
    key: str
    """Unique for ever: a second commit of the same decision adds no second page."""


def body(page: Page, hook: Webhook, ticket: Ticket, house: str, now: datetime) -> bytes:
    """Return the body: JSON in UTF-8, the same bytes for equal arguments; `now` is aware.

    It holds no word of the customer's unless the webhook is to have them.
    """
    told: dict[str, object] = {
        "id": identity(page.key),
        "at": _rfc3339(now),
        "house": house,
        "event": page.event,
        "rule": page.rule,
        "step": page.step,
        "ticket": _ticket(ticket, hook),
        "deadline": _deadline(page.due),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def identity(key: str) -> str:
    """Return the id of a page, the same in each attempt: receivers drop a second one by it."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def signature(secret: str, timestamp: int, data: bytes) -> str:
    """Return `v1=` and the HMAC-SHA-256 (RFC 2104) of the time stamp, a dot and the body, in hex.

    `timestamp` is in seconds since 1970, as the header `Maild-Timestamp` has it.
    """
    signed = str(timestamp).encode() + b"." + data
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def is_public(address: str) -> bool:
    """Tell whether an IP address is somebody else's: not private, loopback, link-local or such.

    An IPv4 address in the clothes of an IPv6 one is judged as what it is.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast for one in (found, *_inside(found)))


def _inside(address: IPv4Address | IPv6Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that an IPv6 one leads to."""
    if isinstance(address, IPv4Address):
        return ()
    translated = IPv4Address(address.packed[-4:]) if address in _TRANSLATED else None
    found = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()), translated)
    return tuple(one for one in found if one is not None)


def _ticket(ticket: Ticket, hook: Webhook) -> dict[str, object]:
    told: dict[str, object] = {
        "number": ticket.number,
        "state": ticket.state.value,
        "queue": ticket.queue,
        "priority": ticket.priority.value,
        "tier": ticket.tier,
        "assignee": ticket.assignee,
    }
    if hook.customer_text:
        told["subject"] = ticket.subject[:SUBJECT_CHARACTERS_MAX]
        told["customer"] = ticket.customer.address
        told["customer_name"] = ticket.customer.name
    return told


def _deadline(due: Due | None) -> dict[str, str] | None:
    return {"kind": due.kind, "due_at": _rfc3339(due.due_at)} if due else None


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

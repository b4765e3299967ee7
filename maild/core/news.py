"""Who opened a ticket that agents are told of, as the account of automatic mail knows them.

| the ticket was opened by                         | the account                                |
|--------------------------------------------------|--------------------------------------------|
| its customer, whose domain is proven             | their address without `+` detail           |
| somebody who writes in a customer's name         | the whole address, after `unproven:`       |
| an agent: a forward, a split, for somebody else  | none: colleagues hear of each              |

What is proven and what is not have accounts apart, else a stranger silenced a customer by opening
tickets in their name.
"""

from __future__ import annotations

from maild.core.address import without_detail
from maild.core.decision import Audience, Decision, Reply, ReplyKind
from maild.core.history import TICKET_CREATED
from maild.core.trust import PROVEN

_UNPROVEN = "unproven:"
"""An address has no `:` outside quotes, and ours have no quotes (`core/address.py`)."""


def opener(reply: Reply, decision: Decision) -> str:
    """Return who caused this news of a new ticket; empty for mail that is no such news.

    Its wording does not matter: a rule may have given the ticket to somebody already.
    """
    ticket = decision.after
    is_news = reply.kind is ReplyKind.NOTIFICATION and reply.audience is Audience.AGENT
    if not is_news or reply.template != "notification":
        return ""
    if decision.before is not None or ticket is None or ticket.number:
        return ""
    lines = (dict(event.data) for event in decision.events if event.kind == TICKET_CREATED)
    # `for` stands there where another opened it for the customer (`core/created.py`).
    if any("for" not in line for line in lines):
        claimed, proven = accounts(ticket.customer.address)
        return proven if decision.trust in PROVEN else claimed
    return ""


def accounts(address: str) -> tuple[str, str]:
    """Return under which names somebody's new tickets are counted: unproven, proven."""
    return f"{_UNPROVEN}{address.lower()}", without_detail(address)

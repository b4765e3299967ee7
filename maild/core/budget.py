"""How much automatic mail somebody gets at most: the limits are keyed on the victim (core/trust.py).

| scope   | counts                                               | within      | setting in `[limits]`         |
|---------|------------------------------------------------------|-------------|-------------------------------|
| pair    | mail to one address from one mailbox                 | an hour     | `automatic_per_pair_hour`     |
| address | mail to one address                                  | a day       | `automatic_per_address_day`   |
| domain  | mail to one domain                                   | an hour     | `automatic_per_domain_hour`   |
| breaker | mail to all customers, that which it stopped as well | ten minutes | `automatic_per_ten_minutes`   |
| desk    | mail to one agent about one ticket                   | an hour     | `to_agent_per_ticket_hour`    |
| timed   | mail to one agent that no mail caused, all tickets   | an hour     | `reminders_per_hour`          |
| page    | calls of one webhook                                 | an hour     | `pages_per_hour`              |

The first four are about acknowledgements and templates to customers. What an agent is told about
a mail that has no ticket counts as one ticket more, and so does what nobody proved to be theirs:
strangers neither flood an agent by way of many tickets nor silence one. The last mail that `timed`
lets through says that more are withheld. An agent's own words have no budget.

What answers a mail and is over budget is not written: else two machines would talk for ever. What
nobody can do without (a word to an agent, a page, a survey, news, a follow-up of the clock) waits
for its turn, as many windows as `_AHEAD` says; what is beyond these is not written either. The log
says both. The mail that asked is handled as ever. Behind the breaker nothing waits: it stops mail
because something is wrong. It closes by itself, as soon as less is asked for within ten minutes
than it lets through.
"""  # noqa: E501 - one table

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from maild.core import postponed
from maild.core.decision import Audience, Decision, EventDraft, Reply, ReplyKind
from maild.core.house import House
from maild.core.quick import replace
from maild.core.reason import Reason, Why
from maild.core.webhook import RECIPIENT, Page


class Scope(StrEnum):
    """What a budget is kept for."""

    PAIR = "pair"
    ADDRESS = "address"
    DOMAIN = "domain"
    BREAKER = "breaker"
    DESK = "desk"
    TIMED = "timed"
    PAGE = "page"

    @property
    def window(self) -> timedelta:
        """How far back it counts."""
        return _WINDOWS[self]


class Entry(StrEnum):
    """How an automatic mail stands in the account."""

    CUSTOMER = "customer"
    AGENT = "agent"
    REMINDER = "reminder"
    """To an agent, because a time came."""
    PAGE = "page"
    """No mail: a call of a webhook."""
    STOPPED = "stopped"
    """To a customer, asked for and stopped by the breaker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One budget that a mail draws on: whose it is, and how much of it there is."""

    scope: Scope
    recipient: str = ""
    """Lower case; empty where a scope does not ask for it, as below."""
    domain: str = ""
    mailbox: str = ""
    ticket: int = 0
    most: int = 0
    """So many mails within the scope's window."""

    @property
    def reach(self) -> int:
        """So many mails within the window and those in which mails wait for their turn."""
        return self.most * (1 + _AHEAD[self.scope])


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What was drawn on a budget before."""

    charge: Charge
    mails: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One line of the account."""

    entry: Entry
    recipient: str
    domain: str
    mailbox: str
    ticket: int
    at: datetime | None = None
    """When it goes out, where it waits for its turn; None is now."""


def charges(replies: Iterable[Reply], ticket: int, house: House) -> tuple[Charge, ...]:
    """Return the budgets that these mails draw on, each once; `ticket` is 0 for a new one."""
    every = (charge for reply in replies for charge in _charges(reply, ticket, house))
    return tuple(dict.fromkeys(every))


def within(decision: Decision, used: Iterable[Used], house: House, now: datetime) -> Decision:
    """Put off or take away the mails that are over budget; reasons and the ticket's log say so."""
    drawn = Counter({one.charge: one.mails for one in used})
    decision = _pages_within(decision, drawn, house, now)
    number = _ticket(decision)
    events = decision.events
    kept: list[Reply] = []
    withheld: list[tuple[Reply, Charge]] = []
    for reply in decision.replies:
        asked = _charges(reply, number, house)
        turn = _turn(asked, drawn, now, may_wait=_may_wait(reply))
        if turn.refused is not None:
            withheld.append((reply, turn.refused))
            continue
        if turn.at is not None:
            at = max(turn.at, reply.not_before or turn.at)
            events = postponed.reply_noted(events, reply, at, turn.budget)
            reply = replace(reply, not_before=at, budgeted_at=turn.at)  # noqa: PLW2901 - put off
        drawn.update(asked)
        timed = [c for c in asked if c.scope is Scope.TIMED]
        is_last = any(drawn[c] in {c.most, c.reach} for c in timed)
        kept.append(replace(reply, is_last=True) if is_last else reply)
    stopped = tuple(reply for reply, charge in withheld if charge.scope is Scope.BREAKER)
    return replace(
        decision,
        replies=tuple(kept),
        stopped=stopped,
        reasons=(*decision.reasons, *(_reason(*one) for one in withheld)),
        events=(*events, *(_event(*one) for one in withheld)),
    )


def bookings(decision: Decision, ticket: int) -> tuple[Booking, ...]:
    """Return what a decision that is carried out adds to the account."""
    asked = (
        *((reply, _entry(reply)) for reply in decision.replies),
        *((reply, Entry.STOPPED) for reply in decision.stopped),
    )
    pages = tuple(
        Booking(
            entry=Entry.PAGE,
            recipient=_called(page),
            domain="",
            mailbox="",
            ticket=ticket,
            at=page.budgeted_at,
        )
        for page in decision.pages
    )
    return pages + tuple(
        Booking(
            entry=entry,
            recipient=reply.recipient.lower(),
            domain=_domain(reply),
            mailbox=reply.mailbox,
            ticket=_about(reply, ticket),
            at=reply.budgeted_at,
        )
        for reply, entry in asked
        if entry is not None
    )


def asked_of(decision: Decision, house: House) -> tuple[Charge, ...]:
    """Return the budgets that a decision draws on."""
    pages = tuple(dict.fromkeys(_page_charge(page, house) for page in decision.pages))
    return (*charges(decision.replies, _ticket(decision), house), *pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """Whether and when a mail may go."""

    refused: Charge | None = None
    """The budget that says no."""
    at: datetime | None = None
    """When its turn comes, where it has to wait."""
    budget: str = ""
    """The scope that lets it wait."""


def _turn(
    asked: Iterable[Charge], drawn: Counter[Charge], now: datetime, *, may_wait: bool
) -> _Turn:
    """Say when a mail may go: every budget that it draws on has room for it then."""
    over = [charge for charge in asked if drawn[charge] >= charge.most]
    for charge in over:
        if not may_wait or drawn[charge] >= charge.reach:
            return _Turn(refused=charge)
    turns = [(now + c.scope.window * (drawn[c] // c.most), c.scope.value) for c in over]
    if not turns:
        return _Turn()
    at, budget = max(turns)
    return _Turn(at=at, budget=budget)


def _may_wait(reply: Reply) -> bool:
    """Tell what is worth more than its moment, and answers no mail of the reader's."""
    return reply.audience is Audience.AGENT or reply.is_bulk or reply.may_wait


def _pages_within(
    decision: Decision, drawn: Counter[Charge], house: House, now: datetime
) -> Decision:
    """Put off or take away the pages that are over budget; the ticket's log says so."""
    kept: list[Page] = []
    events = decision.events
    for page in decision.pages:
        charge = _page_charge(page, house)
        turn = _turn((charge,), drawn, now, may_wait=True)
        if turn.refused is not None:
            data = (("to", page.webhook), ("budget", charge.scope.value))
            events = (*events, EventDraft(kind="page.withheld", actor="maild", data=data))
            continue
        if turn.at is not None:
            at = max(turn.at, page.not_before or turn.at)
            events = postponed.page_noted(events, page, at, turn.budget)
            page = replace(page, not_before=at, budgeted_at=turn.at)  # noqa: PLW2901 - put off
        drawn[charge] += 1
        kept.append(page)
    return replace(decision, pages=tuple(kept), events=events)


def _page_charge(page: Page, house: House) -> Charge:
    return Charge(scope=Scope.PAGE, recipient=_called(page), most=house.pages_per_hour)


def _called(page: Page) -> str:
    return f"{RECIPIENT}{page.webhook}".lower()


def _charges(reply: Reply, ticket: int, house: House) -> tuple[Charge, ...]:
    """The narrowest budget comes first: it is the one that the reason names."""
    recipient, entry = reply.recipient.lower(), _entry(reply)
    if entry is None:
        return ()
    if entry in (Entry.AGENT, Entry.REMINDER):
        most = house.to_agent_per_ticket_hour
        about = _about(reply, ticket)
        desk = Charge(scope=Scope.DESK, recipient=recipient, ticket=about, most=most)
        own = (desk,) if about or _has_no_ticket(reply) else ()
        timed = Charge(scope=Scope.TIMED, recipient=recipient, most=house.reminders_per_hour)
        return (*own, timed) if entry is Entry.REMINDER else own
    return (
        Charge(
            scope=Scope.PAIR,
            recipient=recipient,
            mailbox=reply.mailbox,
            most=house.automatic_per_pair_hour,
        ),
        Charge(scope=Scope.ADDRESS, recipient=recipient, most=house.automatic_per_address_day),
        Charge(scope=Scope.DOMAIN, domain=_domain(reply), most=house.automatic_per_domain_hour),
        Charge(scope=Scope.BREAKER, most=house.automatic_per_ten_minutes),
    )


def _about(reply: Reply, ticket: int) -> int:
    """The ticket that a mail is booked on: none for what anybody can cause on every ticket."""
    is_unproven = reply.kind is ReplyKind.TROUBLE and reply.reason == Why.AGENT_UNPROVEN.value
    return 0 if is_unproven else ticket


def _has_no_ticket(reply: Reply) -> bool:
    """Tell whether mail without a ticket's number is about none, not about one that opens."""
    return reply.kind is ReplyKind.TROUBLE


def _entry(reply: Reply) -> Entry | None:
    """An agent's own words are on nobody's account."""
    if reply.kind is ReplyKind.REPLY:
        return None
    if reply.audience is Audience.CUSTOMER:
        return Entry.CUSTOMER
    return Entry.REMINDER if reply.template in _TIMED else Entry.AGENT


def _domain(reply: Reply) -> str:
    return reply.recipient.lower().rpartition("@")[2]


def _ticket(decision: Decision) -> int:
    ticket = decision.after or decision.before
    return ticket.number if ticket else 0


def _reason(reply: Reply, charge: Charge) -> Reason:
    words = (
        f"{reply.template} to {reply.recipient}: {charge.scope} budget of {charge.most} is used"
    )
    return Reason(why=Why.OVER_BUDGET, detail=words)


def _event(reply: Reply, charge: Charge) -> EventDraft:
    data = (("to", reply.recipient), ("kind", reply.kind.value), ("budget", charge.scope.value))
    return EventDraft(kind="reply.withheld", actor="maild", data=data)


_TIMED = frozenset({"reminder", "escalation"})
"""Templates of what is told because a time came."""
_WINDOWS = {
    Scope.PAIR: timedelta(hours=1),
    Scope.ADDRESS: timedelta(days=1),
    Scope.DOMAIN: timedelta(hours=1),
    Scope.BREAKER: timedelta(minutes=10),
    Scope.DESK: timedelta(hours=1),
    Scope.TIMED: timedelta(hours=1),
    Scope.PAGE: timedelta(hours=1),
}
_AHEAD = {
    Scope.PAIR: 24,
    Scope.ADDRESS: 1,
    Scope.DOMAIN: 24,
    Scope.BREAKER: 0,
    Scope.DESK: 1,
    Scope.TIMED: 24,
    Scope.PAGE: 24,
}
"""So many windows ahead what must not be lost may wait: a day, and an hour where a flood of mail
on one ticket would else go on behind its end."""

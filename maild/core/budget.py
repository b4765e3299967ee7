"""How much automatic mail somebody gets at most: the limits are keyed on the victim (core/trust.py).

| scope   | counts                                               | within      | setting in `[limits]`         |
|---------|------------------------------------------------------|-------------|-------------------------------|
| pair    | mail to one address from one mailbox                 | an hour     | `automatic_per_pair_hour`     |
| address | mail to one address                                  | a day       | `automatic_per_address_day`   |
| domain  | mail to one domain                                   | an hour     | `automatic_per_domain_hour`   |
| breaker | mail to all customers, that which it stopped as well | ten minutes | `automatic_per_ten_minutes`   |
| desk    | mail to one agent about one ticket                   | an hour     | `to_agent_per_ticket_hour`    |
| news    | news to one agent of new tickets of one sender       | an hour     | `to_agent_per_sender_hour`    |
| timed   | mail to one agent that no mail caused, all tickets   | an hour     | `reminders_per_hour`          |
| page    | calls of one webhook                                 | an hour     | `pages_per_hour`              |

The first four are about acknowledgements and templates to customers; `anna+1@` and `anna+2@` are
one address there (RFC 5233) where nothing proves who wrote. What an agent is told about a mail that
has no ticket counts as one ticket more, and so does what nobody proved to be theirs: strangers
neither flood an agent by way of many tickets nor silence one. The mail that uses up `news` or
`timed` says so; whose news it is stands in `core/news.py`. An agent's own words have no budget.

What is over budget is not written, and the mail that asked for it is handled as ever: else two
machines would talk for ever. What no mail of its reader's can cause waits for its turn instead:
pages, and what deadlines and the steps of ladders tell people of the house. It goes out as soon as
every budget has room, in the hours in which it was to go out, and who acts meanwhile takes it back
(`core/postponed.py`); what would come more than a day after the first turn is not written either.
A budget counts what has gone out by now, and what waits as soon as it goes out. The log says all
that. The breaker closes by itself, as soon as less is asked for within ten minutes than it lets
through.
"""  # noqa: E501 - one table

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import itemgetter

from maild.core import calendar, news, postponed
from maild.core.address import without_detail
from maild.core.decision import Audience, Decision, EventDraft, Reply, ReplyKind
from maild.core.house import House
from maild.core.quick import replace
from maild.core.reason import Reason, Why
from maild.core.trust import UNPROVEN
from maild.core.webhook import RECIPIENT, Page


class Scope(StrEnum):
    """What a budget is kept for."""

    PAIR = "pair"
    ADDRESS = "address"
    DOMAIN = "domain"
    BREAKER = "breaker"
    DESK = "desk"
    NEWS = "news"
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
    """Lower case, a customer's without `+` detail; empty where a scope does not ask for it."""
    domain: str = ""
    """Of the recipient; of news whose tickets they are (`core/news.py`), as in a booking."""
    mailbox: str = ""
    ticket: int = 0
    most: int = 0
    """So many mails within the scope's window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What was drawn on a budget before."""

    charge: Charge
    mails: int
    newest: tuple[datetime, ...] = ()
    """When the newest of them went out or will, as many as the budget has; the newest first. Known
    of what `queues` names."""


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


def queues(decision: Decision, used: Iterable[Used], house: House, now: datetime) -> set[Charge]:
    """Return the budgets of which it must be known when they have room for what may wait."""
    mails = len(decision.replies) + len(decision.pages)
    full = {one.charge for one in used if one.mails + mails > one.charge.most}
    waiting: list[Reply | Page] = [
        *decision.pages,
        *(reply for reply in decision.replies if _may_wait(reply)),
    ]
    asked = [(one, _asked(one, decision, house)) for one in waiting]
    return {
        charge
        for one, own in asked
        if not full.isdisjoint(own) or (one.not_before or now) > now
        for charge in own
    }


def within(decision: Decision, used: Iterable[Used], house: House, now: datetime) -> Decision:
    """Put off or take away the mails that are over budget; reasons and the ticket's log say so."""
    ledger = _Ledger(used, now)
    decision = _pages_within(decision, ledger, house)
    events = decision.events
    kept: list[Reply] = []
    withheld: list[tuple[Reply, Charge]] = []
    for reply in decision.replies:
        asked = _asked(reply, decision, house)
        turn = ledger.turn(reply, asked) if _may_wait(reply) else ledger.at_once(asked)
        if isinstance(turn, Charge):
            withheld.append((reply, turn))
            continue
        if turn > (reply.not_before or now):
            events = postponed.reply_noted(events, reply, turn)
            reply = replace(reply, not_before=turn)  # noqa: PLW2901 - put off
        is_last = ledger.book(asked, turn if _may_wait(reply) else now)
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
            at=page.not_before,
        )
        for page in decision.pages
    )
    return pages + tuple(
        Booking(
            entry=entry,
            recipient=_victim(reply, entry, decision),
            domain=news.opener(reply, decision) or _domain(reply),
            mailbox=reply.mailbox,
            ticket=_about(reply, ticket),
            at=reply.not_before if _may_wait(reply) else None,
        )
        for reply, entry in asked
        if entry is not None
    )


def asked_of(decision: Decision, house: House) -> tuple[Charge, ...]:
    """Return the budgets that a decision draws on, each once."""
    mails = (one for reply in decision.replies for one in _charges(reply, decision, house))
    pages = (_page_charge(page, house) for page in decision.pages)
    return tuple(dict.fromkeys((*mails, *pages)))


class _Ledger:
    """What was drawn on the budgets of one decision, before it and by its mails."""

    def __init__(self, used: Iterable[Used], now: datetime) -> None:
        known = tuple(used)
        self._drawn = Counter({one.charge: one.mails for one in known})
        self._newest = {one.charge: list(one.newest) for one in known}
        self.now = now

    def at_once(self, asked: Iterable[Charge]) -> datetime | Charge:
        """Say that a mail may go now, or which budget says no."""
        over = (charge for charge in asked if self._drawn[charge] >= charge.most)
        return next(over, self.now)

    def turn(self, one: Reply | Page, asked: Iterable[Charge]) -> datetime | Charge:
        """Say when a mail may go that may wait, or which budget keeps it from it for too long."""
        wanted = one.not_before or self.now
        if wanted <= self.now and not isinstance(self.at_once(asked), Charge):
            return wanted
        rooms = [(self._room(charge), charge) for charge in asked]
        room, last = max(rooms, key=itemgetter(0))
        if room <= wanted:
            return wanted
        turn = _opened(one, room)
        first = _opened(one, wanted + last.scope.window)
        return last if turn > first + _LONGEST else turn

    def book(self, asked: Iterable[Charge], at: datetime) -> bool:
        """Draw on budgets; say whether that used up one of those of which a reader is told."""
        is_last = False
        for charge in asked:
            newest = self._newest.setdefault(charge, [])
            newest.append(at)
            newest.sort(reverse=True)
            if at <= self.now:
                self._drawn[charge] += 1
                is_full = self._drawn[charge] == charge.most
                is_last |= charge.scope in _SAID and is_full
        return is_last

    def _room(self, charge: Charge) -> datetime:
        """Return when there is room behind all that went out and all that waits."""
        newest = self._newest.get(charge, [])
        if len(newest) < charge.most:
            return self.now
        return newest[charge.most - 1] + charge.scope.window


def _may_wait(reply: Reply) -> bool:
    """Tell what a deadline or a step of a ladder tells people of the house: no mail caused it."""
    is_step = reply.escalation is not None and reply.escalation.step > 0
    return _entry(reply) is Entry.REMINDER and (bool(reply.dues) or is_step)


def _opened(one: Reply | Page, at: datetime) -> datetime:
    """Return that instant, or when the hours begin in which this is to go out."""
    return at if one.hours is None else calendar.next_opening(one.hours, at)


def _pages_within(decision: Decision, ledger: _Ledger, house: House) -> Decision:
    """Put off or take away the pages that are over budget; the ticket's log says so."""
    kept: list[Page] = []
    events = decision.events
    for page in decision.pages:
        asked = (_page_charge(page, house),)
        turn = ledger.turn(page, asked)
        if isinstance(turn, Charge):
            data = (("to", page.webhook), ("budget", turn.scope.value))
            events = (*events, EventDraft(kind="page.withheld", actor="maild", data=data))
            continue
        if turn > (page.not_before or ledger.now):
            events = postponed.page_noted(events, page, turn)
            page = replace(page, not_before=turn)  # noqa: PLW2901 - put off
        ledger.book(asked, turn)
        kept.append(page)
    return replace(decision, pages=tuple(kept), events=events)


def _asked(one: Reply | Page, decision: Decision, house: House) -> tuple[Charge, ...]:
    return (_page_charge(one, house),) if isinstance(one, Page) else _charges(one, decision, house)


def _page_charge(page: Page, house: House) -> Charge:
    return Charge(scope=Scope.PAGE, recipient=_called(page), most=house.pages_per_hour)


def _called(page: Page) -> str:
    return f"{RECIPIENT}{page.webhook}".lower()


def _charges(reply: Reply, decision: Decision, house: House) -> tuple[Charge, ...]:
    """The narrowest budget comes first: it is the one that the reason names."""
    entry = _entry(reply)
    if entry is None:
        return ()
    recipient = _victim(reply, entry, decision)
    if opener := news.opener(reply, decision):
        most = house.to_agent_per_sender_hour
        return (Charge(scope=Scope.NEWS, recipient=recipient, domain=opener, most=most),)
    if entry in (Entry.AGENT, Entry.REMINDER):
        most = house.to_agent_per_ticket_hour
        about = _about(reply, _ticket(decision))
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


def _victim(reply: Reply, entry: Entry, decision: Decision) -> str:
    """Whose account a mail is on: whoever forges senders has as many `anna+1@` as they like.

    What is proven is nobody's forgery: a platform's `relay+1@` and `relay+2@` are two customers.
    """
    is_to_customer = entry in (Entry.CUSTOMER, Entry.STOPPED)
    is_foldable = is_to_customer and decision.trust in UNPROVEN
    return without_detail(reply.recipient) if is_foldable else reply.recipient.lower()


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
_SAID = frozenset({Scope.NEWS, Scope.TIMED})
"""The mail that uses one up says so (`Reply.is_last`)."""
_WINDOWS = {
    Scope.PAIR: timedelta(hours=1),
    Scope.ADDRESS: timedelta(days=1),
    Scope.DOMAIN: timedelta(hours=1),
    Scope.BREAKER: timedelta(minutes=10),
    Scope.DESK: timedelta(hours=1),
    Scope.NEWS: timedelta(hours=1),
    Scope.TIMED: timedelta(hours=1),
    Scope.PAGE: timedelta(hours=1),
}
_LONGEST = timedelta(days=1)
"""So long after the first turn that there could be what is over budget may still come."""

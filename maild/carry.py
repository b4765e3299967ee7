"""A decision becomes rows and mails: what nobody should be sent goes, the rest is written.

Decisions that have nothing to do with each other are carried out together, table by table.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial

from maild import ballots, timetable
from maild.core import agenda, budget, splitting, suspension, undelivered, webhook
from maild.core.agenda import Plan
from maild.core.decision import Audience, Decision, EventDraft, Reply, ReplyKind
from maild.core.quick import replace
from maild.core.rule import Verb
from maild.core.snapshot import World
from maild.core.ticket import PostKind, Ticket
from maild.core.webhook import Page
from maild.errors import PermanentError
from maild.log import Event, event
from maild.outbox.compose import Desk, Draft, Fetch, Literal, compose, pack
from maild.outbox.render import Renderer
from maild.settings import RelaySettings, WebhookSettings
from maild.store import (
    absence,
    account,
    commit,
    customers,
    journal,
    outbox,
    questions,
    reach,
    staffing,
)
from maild.store.database import Connection, Database
from maild.store.journal import Claimed
from maild.store.outbox import Outgoing
from maild.timetable import Round

Written = list[tuple[Reply, Draft]]
_NOWHERE = commit.Applied(ticket_id=None, post_id=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What is needed to handle events; replaced as a whole when the settings are reloaded."""

    database: Database
    world: World
    renderer: Renderer
    relays: Mapping[str, RelaySettings]
    """A mailbox's name to its relay; the empty name is everybody's."""
    webhooks: Mapping[str, WebhookSettings] = field(default_factory=dict)
    """By name: what rules may page."""
    now: Callable[[], datetime]

    def relay_of(self, mailbox: str) -> RelaySettings:
        """Return the relay that a mailbox's mail takes."""
        return self.relays.get(mailbox) or self.relays[""]

    @property
    def plan(self) -> Plan:
        """What says when something is due on a ticket."""
        return agenda.plan(self.world.promises, self.world.rules)

    @property
    def assigns(self) -> bool:
        """Whether a rule may need to know what every agent has in hand."""
        return any(rule.does(Verb.ASSIGN) for rule in self.world.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A decision that is carried out."""

    decision: Decision
    """Without what nobody should be sent, with the ids of what was written."""
    ticket: Ticket | None
    """None where nothing concerns a ticket that has a number."""
    journal_id: int
    written: Written
    applied: commit.Applied = _NOWHERE


def carry_out(
    connection: Connection, office: Office, cases: Sequence[tuple[Decision, Claimed | None]]
) -> list[Carried]:
    """Write decisions, and what follows from them for other tickets."""
    others = [(other, None) for decision, _ in cases for other in decision.others]
    return _carried(connection, office, [*cases, *others])[: len(cases)]


def _carried(
    connection: Connection, office: Office, cases: Sequence[tuple[Decision, Claimed | None]]
) -> list[Carried]:
    """Write the tickets first, since their numbers stand in every mail and token."""
    now = office.now()
    asked = [decision for decision, _ in cases]
    decisions = _reachable(connection, asked, office.world)
    numbered = commit.all_numbered(connection, decisions, now)
    tickets = [ticket or d.before for ticket, d in zip(numbered, decisions, strict=True)]
    changed = [(d.before, one) for one, d in zip(numbered, decisions, strict=True) if one]
    staffing.given(connection, changed, now)
    places = {id(one): ticket for one, ticket in zip(asked, tickets, strict=True)}
    decisions = _with_numbers(decisions, places)
    absence.record(connection, [d.absence for d in decisions if d.absence], now)
    customers.place(connection, [placed for d in decisions for placed in d.placed])
    decisions = ballots.admitted(connection, decisions, now)
    decisions = _budgeted(connection, office, list(zip(decisions, tickets, strict=True)))
    decisions = ballots.asked(connection, decisions)
    look = Round(plan=office.plan, now=now)
    decisions = timetable.announced(
        connection, look, office.world, list(zip(decisions, tickets, strict=True))
    )
    drafted = [
        _drafted(connection, office, decision, ticket, claimed)
        for decision, ticket, (_, claimed) in zip(decisions, tickets, cases, strict=True)
    ]
    told = [
        commit.Story(decision=one.decision, ticket=one.ticket, journal_id=one.journal_id)
        for one in drafted
        if one.ticket is not None
    ]
    applied = iter(commit.stories(connection, told, now))
    carried = [
        one if one.ticket is None else dataclasses.replace(one, applied=next(applied))
        for one in drafted
    ]
    mails = [_outgoing(office, *pair, one.applied, now) for one in carried for pair in one.written]
    outbox.add(connection, [*mails, *_pages(office, carried, now)], now)
    for decision in decisions:
        if decision.question is not None:
            questions.add(connection, decision.question, now)
        if decision.answered is not None:
            questions.answer(connection, decision.answered, now)
    ballots.recorded(connection, decisions, now)
    for one in carried:
        if one.ticket is None:
            ballots.loose(connection, one.decision, one.journal_id, now)
    _timed(connection, office, carried)
    return carried


def _timed(connection: Connection, office: Office, carried: Sequence[Carried]) -> None:
    """Let the deadlines of the tickets follow what was written."""
    told = {one.ticket.number: one for one in carried if one.ticket is not None}
    promised = frozenset(
        number
        for number, one in told.items()
        if any(draft.kind == agenda.CALLBACK_SET for draft in one.decision.events)
    )
    now = Round(plan=office.plan, now=office.now(), promised=promised)
    timetable.bring(connection, now, [one.ticket for one in told.values() if one.ticket])


def _with_numbers(
    decisions: Sequence[Decision], tickets: Mapping[int, Ticket | None]
) -> list[Decision]:
    """Tell who split a ticket which number the new one was given.

    The tickets are found by the `id` of the decision that was asked for.
    """
    if not any(decision.others for decision in decisions):
        return list(decisions)
    numbers = {at: ticket.number for at, ticket in tickets.items() if ticket}
    return [
        splitting.numbered(decision, [numbers[id(o)] for o in decision.others if o.taken])
        for decision in decisions
    ]


def allowed(connection: Connection, office: Office, decision: Decision) -> Decision:
    """Leave out what nobody should be sent: dead addresses, and more than there is budget for."""
    (decision,) = _reachable(connection, [decision], office.world)
    (decision,) = ballots.admitted(connection, [decision], office.now(), is_final=False)
    return _within(connection, office, decision)


def _reachable(
    connection: Connection, decisions: Sequence[Decision], world: World
) -> list[Decision]:
    """Leave out what would go to addresses that gave our mail back too often."""
    wanted = {reply.recipient.lower() for one in decisions for reply in one.replies}
    wanted |= {one.alive for one in decisions}
    marked = reach.marked(connection, sorted(wanted - {""}))
    return [suspension.reachable(decision, marked, world) for decision in decisions]


def _budgeted(
    connection: Connection, office: Office, decided: Sequence[tuple[Decision, Ticket | None]]
) -> list[Decision]:
    """Leave out what is over budget, and put the rest on the account, each before the next."""
    kept: list[Decision] = []
    lines: list[budget.Booking] = []
    for decision, ticket in decided:
        if budget.asked_of(decision, office.world.house):
            account.book(connection, lines, office.now())
            lines = []
        kept.append(_within(connection, office, decision))
        lines += budget.bookings(kept[-1], ticket.number if ticket else 0)
    account.book(connection, lines, office.now())
    return kept


def _within(connection: Connection, office: Office, decision: Decision) -> Decision:
    house, now = office.world.house, office.now()
    drawn = account.used(connection, budget.asked_of(decision, house), now)
    full = budget.queues(decision, drawn, house, now)
    drawn = account.queued(connection, drawn, full, now) if full else drawn
    return budget.within(decision, drawn, house, now)


def _drafted(
    connection: Connection,
    office: Office,
    decision: Decision,
    ticket: Ticket | None,
    claimed: Claimed | None,
) -> Carried:
    """Write the mails of a decision, and mark the addresses that it tells of."""
    journal_id = claimed.id if claimed else 0
    if ticket is None:
        return Carried(decision=decision, ticket=None, journal_id=journal_id, written=[])
    written, refused = _composed(connection, office, decision, ticket, claimed)
    if not ticket.number:
        return Carried(decision=decision, ticket=None, journal_id=journal_id, written=written)
    suspended = reach.mark(connection, decision, ticket.number, office.now())
    decision = _with_message_ids(decision, written, (*refused, *suspended))
    return Carried(decision=decision, ticket=ticket, journal_id=journal_id, written=written)


def _composed(
    connection: Connection,
    office: Office,
    decision: Decision,
    ticket: Ticket,
    claimed: Claimed | None,
) -> tuple[Written, tuple[EventDraft, ...]]:
    """Write every reply; one that cannot be written is told to the ticket and to its author."""
    written: Written = []
    refused: list[EventDraft] = []
    waiting = deque(decision.replies)
    fetch = cache(partial(_raw_mail, connection, claimed))
    while waiting:
        reply = waiting.popleft()
        desk = _desk(office, reply, claimed, fetch)
        try:
            written.append((reply, compose(reply, ticket=ticket, desk=desk)))
        except PermanentError as error:
            event(Event.REPLY_FAILED, ticket=ticket.number, to=reply.recipient, error=error)
            why = str(error)[:300]
            waiting += undelivered.unwritable(reply, decision, ticket, office.world, why)
            data = (("to", reply.recipient), ("why", why))
            refused.append(EventDraft(kind="reply.refused", actor="maild", data=data))
    return written, tuple(refused)


def _raw_mail(connection: Connection, claimed: Claimed | None, journal_id: int) -> bytes:
    if claimed is not None and journal_id in (0, claimed.id):
        return claimed.raw
    return journal.raw_mail(connection, journal_id)


def _desk(office: Office, reply: Reply, claimed: Claimed | None, fetch: Fetch) -> Desk:
    return Desk(
        house=office.world.house,
        keys=office.world.keys,
        now=office.now(),
        render=office.renderer,
        fetch=fetch,
        journal_id=claimed.id if claimed else 0,
        envelope=office.relay_of(reply.mailbox).envelope,
    )


def _with_message_ids(
    decision: Decision, written: Written, refused: tuple[EventDraft, ...]
) -> Decision:
    """Give a post of ours the Message-ID of its copies; every id of ours leads to the ticket."""
    by_post = {reply.post_n: draft.message_id for reply, draft in written if reply.post_n}
    posts = tuple(
        replace(post, message_id=by_post.get(post.n, ""))
        if post.kind is PostKind.AGENT or post.n in by_post
        else post
        for post in decision.posts
    )
    ids = dict.fromkeys((*decision.keys, *(draft.message_id for _, draft in written)))
    return replace(decision, posts=posts, keys=tuple(ids), events=(*decision.events, *refused))


def _outgoing(
    office: Office, reply: Reply, draft: Draft, applied: commit.Applied, now: datetime
) -> Outgoing:
    literal, pieces = pack(draft.pieces)
    undo = timedelta(seconds=office.world.house.undo_seconds)
    is_late = reply.kind is ReplyKind.REPLY and reply.audience is Audience.CUSTOMER
    return Outgoing(
        key=reply.key,
        ticket_id=applied.ticket_id,
        post_id=applied.post_id if reply.post_n else None,
        kind=reply.kind,
        mailbox=reply.mailbox,
        envelope_from=draft.envelope_from,
        recipient=draft.recipient,
        message_id=draft.message_id,
        sha256=draft.sha256,
        size=draft.size,
        literal=literal,
        pieces=[list(piece) for piece in pieces],
        created_at=now,
        not_before=max(now + undo if is_late else now, reply.not_before or now),
    )


def _pages(office: Office, carried: Sequence[Carried], now: datetime) -> list[Outgoing]:
    """Fix the bytes of what webhooks are told; one that was taken out of the settings is not."""
    return [
        _page(page, office, one.ticket, now)
        for one in carried
        if one.ticket is not None
        for page in one.decision.pages
        if page.webhook in office.webhooks
    ]


def _page(page: Page, office: Office, ticket: Ticket, now: datetime) -> Outgoing:
    hook = office.webhooks[page.webhook].hook
    data = webhook.body(page, hook, ticket, office.world.house.name, now)
    literal, pieces = pack([Literal(data=data)])
    return Outgoing(
        key=page.key,
        ticket_id=ticket.number,
        kind=ReplyKind.PAGE,
        mailbox=ticket.mailbox,
        envelope_from="",
        recipient=f"{webhook.RECIPIENT}{hook.name}",
        message_id=webhook.identity(page.key),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        literal=literal,
        pieces=[list(piece) for piece in pieces],
        created_at=now,
        not_before=page.not_before or now,
    )

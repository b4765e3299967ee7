"""One event, whoever brings it: look up -> decide -> compose -> commit, in one transaction.

Many mails share a transaction; when one of them fails, the whole is undone and each is done again
by itself, so that one bad mail never fails its neighbours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from maild.core import budget, decide, proof, suspension, undelivered
from maild.core.decision import Audience, Decision, EventDraft, Outcome, Reply, ReplyKind
from maild.core.mail import Mail
from maild.core.operator import Change
from maild.core.operator import decide as decide_change
from maild.core.reason import Reason, Why
from maild.core.rule import Verb
from maild.core.snapshot import Arrival, Snapshot, World
from maild.core.ticket import PostKind, Ticket
from maild.core.undelivered import Failure
from maild.errors import LostRace, NotAllowed, PermanentError, TemporaryError
from maild.log import Event, event
from maild.outbox.compose import Desk, Draft, compose, pack
from maild.outbox.render import Renderer
from maild.reader import NotRead, Read
from maild.settings import RelaySettings
from maild.store import account, commit, journal, lookup, outbox, reach, tickets
from maild.store.database import Database
from maild.store.journal import Claimed, Ending
from maild.store.outbox import Outgoing

WAIT = timedelta(seconds=0.5)
TRY_AGAIN = (timedelta(seconds=1), timedelta(seconds=10), timedelta(minutes=1))
RACES_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What is needed to handle events; replaced as a whole when the settings are reloaded."""

    database: Database
    world: World
    renderer: Renderer
    relays: Mapping[str, RelaySettings]
    """A mailbox's name to its relay; the empty name is everybody's."""
    now: Callable[[], datetime]

    def relay_of(self, mailbox: str) -> RelaySettings:
        """Return the relay that a mailbox's mail takes."""
        return self.relays.get(mailbox) or self.relays[""]

    @property
    def assigns(self) -> bool:
        """Whether a rule may need to know what every agent has in hand."""
        return any(a.verb is Verb.ASSIGN for rule in self.world.rules for a in rule.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What became of one mail, for the log and for people."""

    journal_id: int
    outcome: Outcome
    reasons: tuple[Reason, ...]
    kind: str = ""
    """What kind of mail it was; empty when it could not be read."""
    ticket: int = 0
    replies: int = 0
    rules: tuple[str, ...] = ()


Item = tuple[Claimed, Read]


def mails(office: Office, items: Sequence[Item]) -> tuple[Handled, ...]:
    """Handle mails in journal order; every one ends, waits, or counts a failed try.

    Raises `StoreBusy` or `DiskFull` when the database cannot be written; then nothing happened.
    """
    try:
        with office.database.write() as connection:
            handled = tuple(_handle(connection, office, *item) for item in items)
    except LostRace:
        handled = tuple(_alone(office, item) for item in items)
    except TemporaryError:
        raise
    except Exception as error:  # noqa: BLE001 - loop top: one bad mail never fails its neighbours
        if len(items) == 1:
            handled = (_set_aside(office, items[0], error),)
        else:
            handled = tuple(_alone(office, item) for item in items)
    return handled


def look(connection: Connection, office: Office, arrival: Arrival) -> tuple[Snapshot, Decision]:
    """Look up and decide, and change nothing."""
    world = office.world
    proofs = proof.collect(arrival.mail, arrival.envelope, world.house, world.keys)
    snapshot = lookup.for_mail(connection, arrival, proofs, world.house, office.now())
    if office.assigns:
        snapshot = dataclasses.replace(snapshot, loads=tickets.loads(connection))
    return snapshot, _allowed(connection, office, decide.on_mail(arrival, snapshot, world))


def failed_reply(office: Office, mail: Outgoing, failure: Failure) -> None:
    """Tell the ticket, and an agent where it matters, that a mail of ours failed or is late."""
    if mail.ticket_id is None:
        return
    with office.database.write() as connection:
        views = tickets.views(connection, [mail.ticket_id], office.world.house, failure.at)
        if views:
            decision = undelivered.decide(failure, views[0].ticket, office.world)
            decision = _allowed(connection, office, decision)
            _apply(connection, office, decision, None)


def operator(office: Office, number: int, changes: tuple[Change, ...]) -> None:
    """Change a ticket as the operator; NotAllowed when there is none, or a value cannot stand."""
    now, house = office.now(), office.world.house
    with office.database.write() as connection:
        views = tickets.views(connection, [number], house, now)
        if not views:
            raise NotAllowed(f"there is no ticket {number}")
        _apply(connection, office, decide_change(views[0].ticket, changes, house, now), None)


def _allowed(connection: Connection, office: Office, decision: Decision) -> Decision:
    """Leave out what nobody should be sent: dead addresses, and more than there is budget for."""
    house = office.world.house
    decision = _reachable(connection, decision, office.world)
    drawn = account.used(connection, budget.asked_of(decision, house), office.now())
    return budget.within(decision, drawn, house)


def _reachable(connection: Connection, decision: Decision, world: World) -> Decision:
    """Leave out what would go to addresses that gave our mail back too often."""
    wanted = {decision.alive, *(reply.recipient.lower() for reply in decision.replies)} - {""}
    marked = reach.marked(connection, sorted(wanted))
    return suspension.reachable(decision, marked, world)


def _alone(office: Office, item: Item) -> Handled:
    for _ in range(RACES_MAX):
        try:
            with office.database.write() as connection:
                return _handle(connection, office, *item)
        except LostRace:
            continue
        except TemporaryError:
            raise
        except Exception as error:  # noqa: BLE001 - loop top: a bug holds this mail and no other
            return _set_aside(office, item, error)
    with office.database.write() as connection:
        journal.put_back(connection, [item[0].id], office.now() + WAIT)
    reason = Reason(why=Why.WAITING, detail="the ticket changed again and again")
    return Handled(journal_id=item[0].id, outcome=Outcome.WAIT, reasons=(reason,))


def _set_aside(office: Office, item: Item, error: Exception) -> Handled:
    """Hold a mail that a bug of ours cannot handle, with its raw bytes."""
    event(Event.WORK_FAILED, journal=item[0].id, error=error)
    reason = Reason(why=Why.INTERNAL, detail=f"{type(error).__name__}: {str(error)[:300]}")
    with office.database.write() as connection:
        return _held(connection, office, item[0], reason)


def _handle(connection: Connection, office: Office, claimed: Claimed, read: Read) -> Handled:
    if isinstance(read, NotRead):
        return _not_read(connection, office, claimed, read)
    arrival = Arrival(
        journal_id=claimed.id,
        mail=read,
        envelope=claimed.envelope,
        received_at=claimed.received_at,
    )
    _, decision = look(connection, office, arrival)
    if decision.outcome is Outcome.WAIT:
        journal.put_back(connection, [claimed.id], office.now() + WAIT)
        return Handled(journal_id=claimed.id, outcome=Outcome.WAIT, reasons=decision.reasons)
    ticket, applied = _apply(connection, office, decision, claimed)
    journal.end(connection, _ending(claimed, read, decision, applied), office.now())
    return Handled(
        journal_id=claimed.id,
        outcome=decision.outcome,
        reasons=decision.reasons,
        kind=read.classification.kind.value,
        ticket=ticket.number if ticket else 0,
        replies=len(decision.replies),
        rules=decision.rules,
    )


def _not_read(connection: Connection, office: Office, claimed: Claimed, read: NotRead) -> Handled:
    if read.is_hostile:
        reason = Reason(why=Why.HOSTILE, detail=read.reason)
        return _held(connection, office, claimed, reason)
    reason = Reason(why=Why.READER_FAILED, detail=read.reason)
    delay = TRY_AGAIN[min(claimed.tries, len(TRY_AGAIN) - 1)]
    if journal.count_try(connection, claimed.id, office.now() + delay) >= journal.TRIES_MAX:
        return _held(connection, office, claimed, reason)
    return Handled(journal_id=claimed.id, outcome=Outcome.WAIT, reasons=(reason,))


def _held(connection: Connection, office: Office, claimed: Claimed, reason: Reason) -> Handled:
    ending = Ending(journal_id=claimed.id, outcome=Outcome.HELD, reason=str(reason))
    journal.end(connection, ending, office.now())
    return Handled(journal_id=claimed.id, outcome=Outcome.HELD, reasons=(reason,))


def _ending(
    claimed: Claimed, mail: Mail, decision: Decision, applied: commit.Applied | None
) -> Ending:
    return Ending(
        journal_id=claimed.id,
        outcome=decision.outcome,
        reason="; ".join(str(reason) for reason in decision.reasons),
        identity=mail.identity,
        content_hash=mail.content_hash,
        trust=decision.trust,
        ticket_id=applied.ticket_id if applied else None,
        post_id=applied.post_id if applied else None,
    )


def _apply(
    connection: Connection, office: Office, decision: Decision, claimed: Claimed | None
) -> tuple[Ticket | None, commit.Applied | None]:
    """Write a decision: the ticket first, since its number stands in every mail and token."""
    now = office.now()
    ticket = commit.numbered(connection, decision, now) or decision.before
    if ticket is None:
        return None, None
    written, refused = _composed(connection, office, decision, ticket, claimed)
    if not ticket.number:
        nowhere = commit.Applied(ticket_id=None, post_id=None)
        outbox.add(connection, [_outgoing(office, *one, nowhere, now) for one in written], now)
        return None, None
    decision = _with_message_ids(decision, written, refused)
    journal_id = claimed.id if claimed else 0
    applied = commit.story(connection, decision, ticket, journal_id, now)
    suspended = reach.mark(connection, decision, ticket.number, now)
    commit.add_events(connection, ticket.number, suspended, journal_id, now)
    outgoing = [_outgoing(office, reply, draft, applied, now) for reply, draft in written]
    outbox.add(connection, outgoing, now)
    account.book(connection, budget.bookings(decision, ticket.number), now)
    return ticket, applied


Written = list[tuple[Reply, Draft]]


def _composed(
    connection: Connection,
    office: Office,
    decision: Decision,
    ticket: Ticket,
    claimed: Claimed | None,
) -> tuple[Written, tuple[EventDraft, ...]]:
    """Write every reply; one that cannot be written is told to the ticket."""
    written: Written = []
    refused: list[EventDraft] = []
    for reply in decision.replies:
        desk = _desk(connection, office, reply, claimed)
        try:
            written.append((reply, compose(reply, ticket=ticket, desk=desk)))
        except PermanentError as error:
            event(Event.REPLY_FAILED, ticket=ticket.number, to=reply.recipient, error=error)
            data = (("to", reply.recipient), ("why", str(error)[:300]))
            refused.append(EventDraft(kind="reply.refused", actor="maild", data=data))
    return written, tuple(refused)


def _desk(connection: Connection, office: Office, reply: Reply, claimed: Claimed | None) -> Desk:
    def fetch(journal_id: int) -> bytes:
        if claimed is not None and journal_id in (0, claimed.id):
            return claimed.raw
        return journal.raw_mail(connection, journal_id)

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
    """Give an agent's post the Message-ID of its copies; every id of ours leads to the ticket."""
    by_post = {reply.post_n: draft.message_id for reply, draft in written if reply.post_n}
    posts = tuple(
        dataclasses.replace(post, message_id=by_post.get(post.n, ""))
        if post.kind is PostKind.AGENT
        else post
        for post in decision.posts
    )
    ids = dict.fromkeys((*decision.keys, *(draft.message_id for _, draft in written)))
    return dataclasses.replace(
        decision, posts=posts, keys=tuple(ids), events=(*decision.events, *refused)
    )


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
        not_before=now + undo if is_late else now,
    )

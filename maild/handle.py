"""One event, whoever brings it: look up -> decide -> compose -> commit, in one transaction.

Many mails share a transaction, and those that have nothing to do with each other are looked up and
written together; when one of them fails, the whole is undone and each is done again by itself, so
that one bad mail never fails its neighbours.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maild import timetable
from maild.carry import Carried, Office, allowed, carry_out
from maild.core import announcement, apart, assign, decide, ontime, proof, ruling, undelivered
from maild.core.announcement import Announcement
from maild.core.decision import Decision, Outcome
from maild.core.operator import Change
from maild.core.operator import decide as decide_change
from maild.core.quick import replace
from maild.core.reason import Reason, Why
from maild.core.scene import Occasion
from maild.core.snapshot import AgentLoad, Arrival, Snapshot, TicketView
from maild.core.undelivered import Failure
from maild.errors import DiskFull, LostRace, NotAllowed, TemporaryError
from maild.log import Event, event
from maild.metrics import Metric, count
from maild.reader import NotRead, Read
from maild.store import customers, journal, lookup, staffing, surveys, tickets
from maild.store import deadlines as deadline_rows
from maild.store.database import Connection
from maild.store.journal import Claimed, Ending
from maild.store.outbox import Outgoing
from maild.timetable import Round

__all__ = [
    "Handled",
    "Item",
    "Office",
    "announce",
    "deadlines",
    "failed_reply",
    "look",
    "look_at",
    "mails",
    "occasion",
    "operator",
    "take_turns",
    "together",
]

WAIT = timedelta(seconds=0.5)
BUSY_WAIT = timedelta(seconds=10)
TRY_AGAIN = (timedelta(seconds=1), timedelta(seconds=10), timedelta(minutes=1))
RACES_MAX = 5
TOGETHER_MAX = 16
"""Mails in a transaction: who waits for the database meanwhile waits some 20 ms."""
TOGETHER_SECONDS = 0.02
"""After this time a transaction takes on no further mail."""


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

    Raises `StoreBusy` or `DiskFull` when the database cannot be written; then nothing happened to
    the mails that have not ended yet.
    """
    handled: list[Handled] = []
    while len(handled) < len(items):
        handled += together(office, items[len(handled) :][:TOGETHER_MAX])
    return tuple(handled)


def together(office: Office, items: Sequence[Item]) -> Iterable[Handled]:
    """Handle the first mails in one transaction; when that fails, all of them, each in its own.

    Also when it fails for a time: it may be one mail only that the database cannot take. Each is
    then handled when the caller comes to it, who thereby sees that work goes on.
    """
    try:
        with office.database.write() as connection:
            end = time.monotonic() + TOGETHER_SECONDS
            handled = list(_first(connection, office, items))
            while len(handled) < len(items) and time.monotonic() < end:
                handled += _first(connection, office, items[len(handled) :])
            return handled
    except LostRace:
        pass
    except TemporaryError as error:
        if len(items) == 1 or isinstance(error, DiskFull):
            raise
    except Exception as error:  # noqa: BLE001 - loop top: one bad mail never fails its neighbours
        if len(items) == 1:
            return [_set_aside(office, items[0], error)]
    return (_alone(office, item) for item in items)


def look(connection: Connection, office: Office, arrival: Arrival) -> tuple[Snapshot, Decision]:
    """Look up and decide, and change nothing."""
    (snapshot,) = _snapshots(connection, office, [arrival])
    return snapshot, allowed(connection, office, decide.on_mail(arrival, snapshot, office.world))


def failed_reply(connection: Connection, office: Office, mail: Outgoing, failure: Failure) -> None:
    """Tell the ticket, and an agent where it matters, that a mail of ours failed or is late."""
    if mail.ticket_id is None:
        return
    views = tickets.views(connection, [mail.ticket_id], office.world.house, failure.at)
    if views:
        number = tickets.post_number(connection, mail.post_id)
        failure = replace(failure, post_n=number)
        decision = undelivered.decide(failure, views[0].ticket, office.world)
        carry_out(connection, office, [(decision, None)])


def deadlines(office: Office, numbers: Sequence[int]) -> dict[int, int]:
    """Let the deadlines of tickets fire that are due; return how many fired, by number.

    All is computed from the logs first: what was answered meanwhile is cancelled and tells nobody.
    A customer's second ticket waits for another call, since rules may ask about the first: it has
    no entry. All of it happens, or nothing does: then try each by itself.
    """
    now, world = office.now(), office.world
    with office.database.write() as connection:
        take_turns(connection, office)
        deadline_rows.lock(connection, numbers)
        found = _look_at_all(connection, office, numbers)
        views = apart.by_customer(found)
        look, own = Round(plan=office.plan, now=now), [view.ticket for view in views]
        firings = timetable.firings(connection, look, own)
        crew = loads(connection, office)
        decisions: list[Decision] = []
        for view in views:
            if (firing := firings.get(view.ticket.number)) is not None:
                decisions.append(ontime.on_time(firing, view, world, crew))
                crew = assign.changed(crew, decisions[-1].before, decisions[-1].after)
        done = [one for firing in firings.values() for one in ontime.fired(firing)]
        if done:
            deadline_rows.fire(connection, done, now)
            carry_out(connection, office, [(decision, None) for decision in decisions])
    for name in (name for decision in decisions for name in decision.rules):
        count(Metric.RULES_FIRED, rule=name)
    later = {view.ticket.number for view in found} - {view.ticket.number for view in views}
    fired = {number: len(firing.rows) for number, firing in firings.items()}
    return {number: fired.get(number, 0) for number in numbers if number not in later}


def announce(office: Office, news: Announcement, number: int, at: datetime) -> Decision | None:
    """Tell the customer of a ticket some news at a time; None when the ticket is gone."""
    now = office.now()
    with office.database.write() as connection:
        views = tickets.views(connection, [number], office.world.house, now)
        if not views:
            return None
        if surveys.unsubscribed(connection, [views[0].ticket.customer.address]):
            return announcement.unwanted()
        decision = announcement.decide(news, views[0], office.world, now=now, at=at)
        return carry_out(connection, office, [(decision, None)])[0].decision


def planned(office: Office, version: str, most: int) -> int:
    """Compute the deadlines of some open tickets anew; 0 when all have what `version` promises."""
    now, plan = office.now(), office.plan
    with office.database.write() as connection:
        numbers = deadline_rows.unplanned(connection, version, most, everybody=not plan.is_empty)
        known = tickets.views_by_number(connection, numbers, office.world.house, now)
        look = Round(plan=plan, now=now, why="policy")
        timetable.bring(connection, look, [view.ticket for view in known.values()])
    return len(numbers)


def operator(office: Office, number: int, changes: tuple[Change, ...]) -> None:
    """Change a ticket as the operator; NotAllowed when there is none, or a value cannot stand."""
    now = office.now()
    with office.database.write() as connection:
        take_turns(connection, office)
        view = look_at(connection, office, number)
        if view is None:
            raise NotAllowed(f"there is no ticket {number}")
        decision = decide_change(view.ticket, changes, office.world.house, now)
        decision = ruling.follow(occasion(connection, office, view), decision)
        carry_out(connection, office, [(decision, None)])


def occasion(connection: Connection, office: Office, view: TicketView) -> Occasion:
    """Return what an operator's change of a ticket is decided by."""
    now, ticket = office.now(), view.ticket
    at = f"operator-{ticket.number}-{ticket.version}-{now.isoformat()}"
    crew = loads(connection, office)
    return ontime.occasion(view, office.world, crew, ontime.Cause(name=at, now=now))


def look_at(connection: Connection, office: Office, number: int) -> TicketView | None:
    """Return a ticket as it stands, with the others of its customer; None when there is none."""
    found = tickets.views(connection, [number], office.world.house, office.now())
    if not found:
        return None
    return _with_dossiers(connection, found)[0]


def _look_at_all(
    connection: Connection, office: Office, numbers: Sequence[int]
) -> list[TicketView]:
    """Return tickets as `look_at` does, in the order asked for."""
    known = tickets.views_by_number(connection, numbers, office.world.house, office.now())
    return _with_dossiers(connection, [known[number] for number in numbers if number in known])


def _with_dossiers(connection: Connection, views: Sequence[TicketView]) -> list[TicketView]:
    addresses = [view.ticket.customer.address.lower() for view in views]
    known = {one.address: one for one in customers.dossiers(connection, addresses)}
    return [
        replace(view, dossiers=(known[address],) if address in known else ())
        for view, address in zip(views, addresses, strict=True)
    ]


def take_turns(connection: Connection, office: Office) -> None:
    """Wait for whoever assigns tickets right now; before anything is written."""
    if office.assigns:
        staffing.take_turns(connection)


def _snapshots(
    connection: Connection, office: Office, arrivals: Sequence[Arrival]
) -> tuple[Snapshot, ...]:
    house, keys = office.world.house, office.world.keys
    proofs = [proof.collect(one.mail, one.envelope, house, keys) for one in arrivals]
    found = lookup.for_mails(
        connection, list(zip(arrivals, proofs, strict=True)), house, office.now()
    )
    crew = loads(connection, office)
    return tuple(replace(snapshot, loads=crew) for snapshot in found)


def loads(connection: Connection, office: Office) -> tuple[AgentLoad, ...]:
    """Return what everybody has in hand, or only who is away where no rule assigns."""
    count = staffing.loads if office.assigns else staffing.away
    return count(connection, office.now(), office.world.house.agent_addresses)


def _alone(office: Office, item: Item) -> Handled:
    for _ in range(RACES_MAX):
        try:
            with office.database.write() as connection:
                return _first(connection, office, [item])[0]
        except LostRace:
            continue
        except DiskFull:
            raise
        except TemporaryError as error:
            return _later(office, item[0], error)
        except Exception as error:  # noqa: BLE001 - loop top: a bug holds this mail and no other
            return _set_aside(office, item, error)
    reason = Reason(why=Why.WAITING, detail="the ticket changed again and again")
    with office.database.write() as connection:
        return _tried(connection, office, item[0], reason)


def _later(office: Office, claimed: Claimed, error: TemporaryError) -> Handled:
    """Let one mail wait; when nothing at all can be written this fails, and all of them wait."""
    reason = Reason(why=Why.WAITING, detail=str(error)[:300])
    with office.database.write() as connection:
        journal.put_back(connection, [claimed.id], office.now() + BUSY_WAIT)
    return Handled(journal_id=claimed.id, outcome=Outcome.WAIT, reasons=(reason,))


def _set_aside(office: Office, item: Item, error: Exception) -> Handled:
    """Hold a mail that a bug of ours cannot handle, with its raw bytes."""
    event(Event.WORK_FAILED, mail=item[0].id, error=error)
    reason = Reason(why=Why.INTERNAL, detail=f"{type(error).__name__}: {str(error)[:300]}")
    with office.database.write() as connection:
        return _held(connection, office, item[0], reason)


def _first(connection: Connection, office: Office, items: Sequence[Item]) -> Sequence[Handled]:
    """Handle the first mail, and those after it that have nothing to do with each other."""
    claimed, read = items[0]
    if isinstance(read, NotRead):
        return [_not_read(connection, office, claimed, read)]
    take_turns(connection, office)
    arrivals = _arrivals(items)
    snapshots = _snapshots(connection, office, arrivals)
    count = apart.leading(arrivals, snapshots)
    decisions = _decided(office, arrivals[:count], snapshots[:count])
    cases = [(one, claimed) for one, (claimed, _) in zip(decisions, items, strict=False)]
    return _ended(connection, office, arrivals[:count], carry_out(connection, office, cases))


def _decided(
    office: Office, arrivals: Sequence[Arrival], snapshots: Sequence[Snapshot]
) -> list[Decision]:
    """Decide about mails that have nothing to do with each other, but for who gets the tickets."""
    decisions: list[Decision] = []
    crew = snapshots[0].loads
    for arrival, found in zip(arrivals, snapshots, strict=True):
        snapshot = replace(found, loads=crew)
        decision = decide.on_mail(arrival, snapshot, office.world)
        for one in (decision, *decision.others):
            crew = assign.changed(crew, one.before, one.after)
        decisions.append(decision)
    return decisions


def _arrivals(items: Sequence[Item]) -> list[Arrival]:
    """The mails up to the first that could not be read."""
    arrivals: list[Arrival] = []
    for claimed, read in items:
        if isinstance(read, NotRead):
            break
        arrival = Arrival(
            journal_id=claimed.id,
            mail=read,
            envelope=claimed.envelope,
            received_at=claimed.received_at,
            is_dated=claimed.is_dated,
        )
        arrivals.append(arrival)
    return arrivals


def _ended(
    connection: Connection,
    office: Office,
    arrivals: Sequence[Arrival],
    carried: Sequence[Carried],
) -> list[Handled]:
    """Give the journal rows their outcomes; a mail that waits goes back into the line."""
    done = list(zip(arrivals, carried, strict=True))
    waiting = [a.journal_id for a, one in done if one.decision.outcome is Outcome.WAIT]
    if waiting:
        journal.put_back(connection, waiting, office.now() + WAIT)
    endings = [_ending(a, one) for a, one in done if one.decision.outcome is not Outcome.WAIT]
    journal.end_all(connection, endings, office.now())
    return [
        Handled(
            journal_id=arrival.journal_id,
            outcome=one.decision.outcome,
            reasons=one.decision.reasons,
            kind=arrival.mail.classification.kind.value,
            ticket=one.ticket.number if one.ticket else 0,
            replies=len(one.decision.replies),
            rules=one.decision.rules,
        )
        for arrival, one in done
    ]


def _not_read(connection: Connection, office: Office, claimed: Claimed, read: NotRead) -> Handled:
    if read.is_hostile:
        return _held(connection, office, claimed, Reason(why=Why.HOSTILE, detail=read.reason))
    return _tried(connection, office, claimed, Reason(why=Why.READER_FAILED, detail=read.reason))


def _tried(connection: Connection, office: Office, claimed: Claimed, reason: Reason) -> Handled:
    """Count a failed try: the mail waits, and after the last one it is held."""
    delay = TRY_AGAIN[min(claimed.tries, len(TRY_AGAIN) - 1)]
    if journal.count_try(connection, claimed.id, office.now() + delay) >= journal.TRIES_MAX:
        return _held(connection, office, claimed, reason)
    return Handled(journal_id=claimed.id, outcome=Outcome.WAIT, reasons=(reason,))


def _held(connection: Connection, office: Office, claimed: Claimed, reason: Reason) -> Handled:
    ending = Ending(journal_id=claimed.id, outcome=Outcome.HELD, reason=str(reason))
    journal.end(connection, ending, office.now())
    return Handled(journal_id=claimed.id, outcome=Outcome.HELD, reasons=(reason,))


def _ending(arrival: Arrival, carried: Carried) -> Ending:
    decision = carried.decision
    return Ending(
        journal_id=arrival.journal_id,
        outcome=decision.outcome,
        reason="; ".join(str(reason) for reason in decision.reasons),
        rules=decision.rules,
        identity=arrival.mail.identity,
        content_hash=arrival.mail.content_hash,
        trust=decision.trust,
        ticket_id=carried.applied.ticket_id,
        post_id=carried.applied.post_id,
    )

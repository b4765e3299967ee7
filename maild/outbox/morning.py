"""A digest in the reader's language; each ticket has the address at which it is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from maild.core.digest import Digest, Figures, Held, Pile, Waiting
from maild.core.house import House
from maild.core.ticket import Ticket
from maild.outbox.digest import ListedHeld, ListedQueue, ListedTicket, Listing, Shown
from maild.outbox.headers import clean
from maild.outbox.threads import tag
from maild.outbox.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """What one writes a digest with."""

    house: House
    words: Words
    now: datetime
    """Aware."""
    address: Callable[[Ticket], str]
    """A ticket's reply address for the reader."""


def shown(digest: Digest, writer: Writer) -> Shown:
    """Return what a template may print of a digest."""
    since = writer.words.local_moment(digest.since, digest.zone)
    return Shown(
        since="" if digest.is_yesterday else since,
        own=_listing(digest.own, digest.zone, writer),
        over=_listing(digest.over, digest.zone, writer),
        unassigned=_listing(digest.unassigned, digest.zone, writer),
        queues=tuple(_queue(one, digest.zone, writer) for one in digest.queues),
        held=_held(digest.held, digest.zone, writer.words),
    )


def _listing(pile: Pile, zone: str, writer: Writer) -> Listing:
    return Listing(
        tickets=tuple(_ticket(one, zone, writer) for one in pile.shown),
        count=pile.count,
        more=pile.count - len(pile.shown),
    )


def _ticket(one: Waiting, zone: str, writer: Writer) -> ListedTicket:
    ticket, due, words = one.ticket, one.due, writer.words
    tagged = tag(writer.house.mailbox(ticket.mailbox), ticket)
    subject = clean(ticket.subject) or words.no_subject
    address = writer.address(ticket)
    return ListedTicket(
        tag=tagged,
        subject=subject,
        state_word=words.states[ticket.state.value],
        priority=ticket.priority.value,
        priority_word=words.priorities[ticket.priority.value],
        customer=clean(ticket.customer.name) or ticket.customer.address,
        age=_age(ticket.created_at, zone, writer),
        due=words.local_moment(due.due_at, zone) if due else "",
        due_word=words.dues[due.kind] if due else "",
        is_over=due is not None and (due.is_over or due.due_at <= writer.now),
        answer_to=address,
        link=f"mailto:{quote(address, safe='@+')}?subject={quote(f'{tagged} {subject}', safe='')}",
    )


def _queue(one: Figures, zone: str, writer: Writer) -> ListedQueue:
    return ListedQueue(
        name=one.queue,
        new=one.new,
        open=one.open,
        pending=one.pending,
        unassigned=one.unassigned,
        oldest=_age(one.oldest_at, zone, writer) if one.oldest_at else "",
        opened=one.opened,
        solved=one.solved,
        missed=one.missed,
    )


def _held(held: Held, zone: str, words: Words) -> ListedHeld:
    oldest = words.local_moment(held.oldest_at, zone) if held.oldest_at else ""
    return ListedHeld(count=held.count, oldest=oldest)


def _age(at: datetime, zone: str, writer: Writer) -> str:
    """How long ago it was, by the reader's own days."""
    place = ZoneInfo(zone)
    days = writer.now.astimezone(place).date() - at.astimezone(place).date()
    return writer.words.age(max(days.days, 0))

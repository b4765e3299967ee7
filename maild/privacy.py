"""Erase a person, one straight line: look -> close their tickets -> erase -> clear the files.

Each step can be done again: whoever is killed in between begins anew, and finds less to do. It is
looked again until nothing is found: others write while somebody is erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from maild.carry import Office, carry_out
from maild.core import erasure
from maild.core.decision import Decision
from maild.core.erasure import Person
from maild.core.ticket import Ticket
from maild.errors import LostRace, NotAllowed
from maild.outbox import mentions
from maild.store import erase as rows
from maild.store import journal, residue, tickets, traces
from maild.store.database import Connection
from maild.store.erase import Erased
from maild.store.order import Order, pieces
from maild.store.traces import Traces

RACES_MAX = 5
_TO_AGENTS = frozenset({"notification", "trouble", "page"})
_OVER = frozenset({"sent", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an erasure did, and what is left to do."""

    reference: str
    erased: Erased
    in_hand: int = 0
    """Mails that a node works on, and mails to others that name the person and wait to be sent:
    they go when it is done again."""
    letters_kept: int = 0
    """Raw mails of others that name the person and hold files of others."""


def erase(office: Office, address: str, by: str, *, is_alone: bool = False) -> Outcome | None:
    """Erase a person by address; None when nothing is held. `by` stands in the audit.

    NotAllowed for an address of the house. LostRace when others wrote about them at each try:
    something is held yet. TemporaryError when the files could not be cleared: what was deleted is
    owed to them until the next call. Only where nobody else works on the database, `is_alone`, a
    large file is written anew (`store/residue.py`).
    """
    done = _until_nothing_is_found(office, person(office, address), by)
    residue.clear(office.database, is_alone=is_alone)
    return done


def look(office: Office, address: str) -> Traces:
    """Return what is held about an address, and change nothing."""
    with office.database.read() as connection:
        return traces.find(connection, person(office, address).address)


def person(office: Office, address: str) -> Person:
    """Return who an address stands for; NotAllowed when it is one of the house."""
    house, folded = office.world.house, address.strip().lower()
    if house.agent_of(folded) is not None or folded in house.own_addresses:
        raise NotAllowed(f"{address} belongs to the house: take it out of the settings first")
    insiders = {one.address.lower() for one in house.agents} | set(house.own_addresses)
    return Person(address=folded, insiders=frozenset(insiders))


def _until_nothing_is_found(office: Office, who: Person, by: str) -> Outcome | None:
    """Look and erase until a look finds no more than a node has in hand.

    One look is not enough: a mail to them may fail while they are erased, and the log says so on
    somebody else's ticket.
    """
    reference = erasure.reference(who.address, office.world.keys)
    lost = LostRace("something about them was written at each try")
    done: Outcome | None = None
    is_whole = False
    for _ in range(RACES_MAX):
        with office.database.read() as connection:
            found = traces.find(connection, who.address)
        if found.is_empty or (is_whole and found.is_in_hand):
            return done
        try:
            for outcome in _erased(office, who, reference, by, found):
                done = _both(done, outcome)
            is_whole = True
        except LostRace as error:
            lost = error
    raise lost


def _both(first: Outcome | None, second: Outcome) -> Outcome:
    """Sum up two steps; what the first one could not erase may wait still."""
    if first is None:
        return second
    return Outcome(
        reference=second.reference,
        erased=first.erased.plus(second.erased),
        in_hand=max(first.in_hand, second.in_hand),
        letters_kept=max(first.letters_kept, second.letters_kept),
    )


def _erased(
    office: Office, who: Person, reference: str, by: str, found: Traces
) -> Iterator[Outcome]:
    """Erase what was found; say after each commit what it did, since the next may lose a race."""
    for number in found.own:
        _close(office, number)
    with office.database.read() as connection:
        who = Person(
            address=who.address,
            insiders=who.insiders | traces.insiders(connection, found.own) - {who.address},
        )
        named, waiting = _mentions(connection, who, found)
        letters, kept = _letters(connection, who, found)
    order = Order(
        person=who, reference=reference, by=by, traces=found, mentions=named, letters=letters
    )
    *some, last = pieces(order)
    for piece in some:
        with office.database.write() as connection:
            erased = rows.part(connection, piece, office.now())
        yield Outcome(reference=reference, erased=erased)
    with office.database.write() as connection:
        # Not before: a kill in between would hide on which tickets others wrote their address.
        for number in found.others:
            _carry(connection, office, number, lambda ticket: erasure.left(ticket, who))
        erased = rows.person(connection, last, office.now())
    yield Outcome(
        reference=reference,
        erased=erased,
        in_hand=len(found.in_hand) + waiting,
        letters_kept=kept,
    )


def _close(office: Office, number: int) -> None:
    """Close a ticket; LostRace when others change it each time."""
    lost = LostRace(f"ticket {number} was changed at each try")
    for _ in range(RACES_MAX):
        try:
            with office.database.write() as connection:
                _carry(connection, office, number, lambda one: erasure.closed(one, office.now()))
        except LostRace as error:
            lost = error
        else:
            return
    raise lost


def _carry(
    connection: Connection,
    office: Office,
    number: int,
    decide: Callable[[Ticket], Decision | None],
) -> None:
    """Change a ticket as everybody changes tickets; LostRace when somebody came first."""
    views = tickets.views(connection, [number], office.world.house, office.now())
    decision = decide(views[0].ticket) if views else None
    if decision is not None:
        carry_out(connection, office, [(decision, None)])


def _mentions(connection: Connection, who: Person, found: Traces) -> tuple[tuple[int, ...], int]:
    """Mails of ours that name the person, digests for one; and how many are to be sent first."""
    if found.since is None:
        return (), 0
    phrases = (*traces.subjects(connection, found.own), *traces.names(connection, who.address))
    wanted = mentions.needles(who.address, phrases, found.own)
    gone: list[int] = []
    waiting = 0
    mine = set(found.outbox) | set(traces.mails_about(connection, found))
    for row in traces.outgoing(connection, found.since):
        if row.id in mine or not mentions.names(
            row.literal, wanted, is_ours=row.kind in _TO_AGENTS
        ):
            continue
        is_over = row.state in _OVER
        gone += [row.id] if is_over else []
        waiting += not is_over
    return (*mine, *gone), waiting


def _letters(connection: Connection, who: Person, found: Traces) -> tuple[tuple[int, ...], int]:
    """Raw mails of others that name the person: those that may go, and how many stay for files."""
    gone: list[int] = []
    kept = 0
    for one in traces.written_by_others(connection, found):
        try:
            raw = journal.raw_mail(connection, one.journal_id)
        except KeyError:
            continue
        if mentions.mail_names(raw, who.address):
            kept += one.has_files
            gone += [] if one.has_files else [one.journal_id]
    return (*gone, *found.commands), kept

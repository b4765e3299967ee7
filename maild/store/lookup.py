"""Look up what decisions may know: one consistent view of the world around some mails.

Strategy: each question is asked once for all the mails, since asking costs more than answering.
A question that no mail has is not asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, case, func, select

from maild.core import clientele, naming, subject
from maild.core.address import without_detail
from maild.core.budget import Entry
from maild.core.customermail import sender, thread_index_key
from maild.core.decision import Outcome, ReplyKind
from maild.core.dossier import Dossier
from maild.core.house import House
from maild.core.inquiry import Inquiry, asked
from maild.core.mail import Mail
from maild.core.proof import Proofs, answered_ids
from maild.core.quick import replace
from maild.core.snapshot import MERGES_MAX, Arrival, Snapshot, TicketView
from maild.core.survey import Leaving, Via
from maild.core.ticket import Customer, State
from maild.core.trust import Level
from maild.store import customers, questions, surveys, tables
from maild.store.account import AutomaticRow
from maild.store.desk import desk_of
from maild.store.prepared import Prepared, Record
from maild.store.tables import JournalState, metadata
from maild.store.tickets import views_by_number, wanted_numbers, with_desk

IDS_MAX = 50
_T = metadata.tables
_JOURNAL = _T[tables.JournalRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_CUSTOMER = _T[tables.CustomerRow.__tablename__]
_KEY = _T[tables.MessageKeyRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_AUTOMATIC = _T[AutomaticRow.__tablename__]
_TICKET = _T[tables.TicketRow.__tablename__]

_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_OWN: BindParameter[int] = bindparam("own", expanding=True)
_ADDRESSES: BindParameter[str] = bindparam("addresses", expanding=True)
_CUT_IDS = Prepared(select(_JOURNAL.c.id, _JOURNAL.c.message_id).where(_JOURNAL.c.id.in_(_OWN)))
"""Message-IDs as they were cut at intake: rows are compared as all were cut, not as parsed."""
_SAME_KEY = (_JOURNAL.c.content_hash, _JOURNAL.c.identity, _JOURNAL.c.message_id)
_SAME = Prepared(
    select(*_SAME_KEY, _JOURNAL.c.outcome, func.min(_JOURNAL.c.id).label("first"))
    .where(
        _JOURNAL.c.content_hash.in_(bindparam("hashes", expanding=True)),
        _JOURNAL.c.id.not_in(_OWN),
        _JOURNAL.c.outcome != "",
    )
    .group_by(*_SAME_KEY, _JOURNAL.c.outcome)
)
_POSTED_IDS = Prepared(select(_POST.c.message_id).where(_POST.c.message_id.in_(_IDS)).distinct())
_OWN_IDS = Prepared(select(_OUTBOX.c.message_id).where(_OUTBOX.c.message_id.in_(_IDS)).distinct())
_KEYS = Prepared(select(_KEY.c.message_id, _KEY.c.ticket_id).where(_KEY.c.message_id.in_(_IDS)))
_UNDONE = Prepared(
    select(_JOURNAL.c.message_id, func.min(_JOURNAL.c.id).label("first"))
    .where(
        _JOURNAL.c.message_id.in_(_IDS),
        _JOURNAL.c.state.in_((JournalState.RECEIVED, JournalState.PARSING)),
    )
    .group_by(_JOURNAL.c.message_id)
)
_BY_ADDRESS = Prepared(
    select(*customers.COLUMNS)
    .select_from(customers.WITH_ORGANISATION)
    .where(_CUSTOMER.c.address.in_(_ADDRESSES))
)
_LEVELS = {level.label: int(max(level, Level.CLAIMED)) for level in Level}
_SPAM = (
    select(func.max(case(_LEVELS, value=_POST.c.trust, else_=int(Level.CLAIMED))))
    .select_from(_TICKET)
    .outerjoin(_POST, and_(_POST.c.ticket_id == _TICKET.c.id, _POST.c.n == 1))
    .where(_TICKET.c.customer_id == _CUSTOMER.c.id, _TICKET.c.state == State.SPAM)
    .scalar_subquery()
)
_BLOCKED = Prepared(
    select(_CUSTOMER.c.address, _SPAM.label("level")).where(_CUSTOMER.c.address.in_(_ADDRESSES))
)
"""Asked customer by customer: of a join of six SQLite thinks that all spam is read sooner."""
_ACKNOWLEDGED = Prepared(
    select(_AUTOMATIC.c.recipient)
    .join(_OUTBOX, _OUTBOX.c.ticket_id == _AUTOMATIC.c.ticket)
    .where(
        _AUTOMATIC.c.recipient.in_(_ADDRESSES),
        _AUTOMATIC.c.entry == Entry.CUSTOMER,
        _AUTOMATIC.c.at > bindparam("since"),
        _OUTBOX.c.kind == ReplyKind.ACKNOWLEDGEMENT,
        _OUTBOX.c.created_at > bindparam("since"),
    )
    .distinct()
)
"""Asked of the account, which knows a customer without `+` detail; a mail there is no
acknowledgement by itself, but one about a ticket that was acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the database said about some mails."""

    cut_ids: Mapping[int, str]
    same: Mapping[tuple[str, str, str], Sequence[Record]]
    posted_ids: frozenset[str]
    own_ids: frozenset[str]
    keys: Mapping[str, int]
    undone: Mapping[str, int]
    customers: Mapping[str, Record]
    acknowledged: frozenset[str]
    """Addresses without `+` detail."""
    blocked: Mapping[str, Level]


def for_mail(
    connection: Connection, arrival: Arrival, proofs: Proofs, house: House, now: datetime
) -> Snapshot:
    """Return everything that `core.decide.on_mail` may know; agents' loads are left out."""
    return for_mails(connection, [(arrival, proofs)], house, now)[0]


def for_mails(
    connection: Connection, mails: Sequence[tuple[Arrival, Proofs]], house: House, now: datetime
) -> tuple[Snapshot, ...]:
    """Return the same for many mails, each as if it were alone."""
    facts = _facts(connection, [arrival for arrival, _ in mails], now)
    found = [_without_tickets(arrival, proofs, house, facts, now) for arrival, proofs in mails]
    found = _with_questions(connection, [arrival for arrival, _ in mails], found, house)
    found = _with_surveys(connection, found)
    inquiries = [asked(arrival.mail, proofs, house) for arrival, proofs in mails]
    wanted = [
        wanted_numbers((*inquiry.tickets, *_pointed_at(snapshot)))
        for inquiry, snapshot in zip(inquiries, found, strict=True)
    ]
    views = views_by_number(connection, {n for some in wanted for n in some}, house, now)
    views = _with_merged(connection, views, house, now)
    wanted = [tuple(_chain(some, views)) for some in wanted]
    about = [_about(inquiry, views) for inquiry in inquiries]
    views = views | {
        own: with_desk(connection, views[own], shown)
        for own, shown in _shown(about).items()
        if own in views
    }
    dossiers = {one.address: one for one in _dossiers(connection, found, views)}
    return tuple(
        replace(
            snapshot,
            dossiers=_concerned(snapshot, [views[n] for n in some if n in views], dossiers),
            tickets=tuple(views[number] for number in some if number in views),
            desk=desk_of(connection, inquiry, house, now),
        )
        for snapshot, some, inquiry in zip(found, wanted, about, strict=True)
    )


def _with_questions(
    connection: Connection, arrivals: Sequence[Arrival], found: Sequence[Snapshot], house: House
) -> list[Snapshot]:
    """Add what agents were asked: about these very mails, and what these mails may answer."""
    own = [a.journal_id for a in arrivals if house.agent_of(a.mail.identity) is not None]
    answered = [token.ticket for snapshot in found for token in snapshot.proofs.confirms]
    known = questions.of(connection, (*own, *answered))
    if not known:
        return list(found)
    return [
        replace(
            snapshot,
            question=next(reversed(known.get(arrival.journal_id, ())), None),
            questions=tuple(
                one for t in snapshot.proofs.confirms for one in known.get(t.ticket, ())
            ),
        )
        for arrival, snapshot in zip(arrivals, found, strict=True)
    ]


def _with_surveys(connection: Connection, found: Sequence[Snapshot]) -> list[Snapshot]:
    """Add the surveys that these mails may answer, and whom they may unsubscribe."""
    voting = [token.ticket for snapshot in found for token in snapshot.proofs.surveys]
    leaving = [token.ticket for snapshot in found for token in snapshot.proofs.leaving]
    if not voting and not leaving:
        return list(found)
    known = surveys.of(connection, voting)
    addresses = {number: surveys.address_of(connection, number) for number in leaving}
    return [
        replace(
            snapshot,
            surveys=tuple(known[t.ticket] for t in snapshot.proofs.surveys if t.ticket in known),
            leaving=tuple(
                Leaving(address=addresses[t.ticket], customer=t.ticket, via=Via.REPLY)
                for t in snapshot.proofs.leaving
                if addresses[t.ticket]
            ),
        )
        for snapshot in found
    ]


def _dossiers(
    connection: Connection, found: Iterable[Snapshot], views: Mapping[int, TicketView]
) -> tuple[Dossier, ...]:
    """The tickets of everybody whom the mails are about."""
    holders = (view.ticket.customer.address for view in views.values())
    return customers.dossiers(connection, (*holders, *(one.customer.address for one in found)))


def _concerned(
    snapshot: Snapshot, views: Iterable[TicketView], dossiers: Mapping[str, Dossier]
) -> tuple[Dossier, ...]:
    """Those of one mail."""
    people = (snapshot.customer.address, *(view.ticket.customer.address for view in views))
    wanted = dict.fromkeys(address.lower() for address in people)
    return tuple(dossiers[one] for one in wanted if one in dossiers and dossiers[one].tickets)


def _with_merged(
    connection: Connection, views: dict[int, TicketView], house: House, now: datetime
) -> dict[int, TicketView]:
    """Add the tickets that others were merged into."""
    for _ in range(MERGES_MAX):
        missing = {_merged_into(view) for view in views.values()} - set(views) - {0}
        if not missing:
            break
        found = views_by_number(connection, missing, house, now)
        if not found:
            break
        views = views | found
    return views


def _chain(numbers: Iterable[int], views: Mapping[int, TicketView]) -> Iterator[int]:
    """The numbers, each followed by those of the tickets it was merged into."""
    seen: set[int] = set()
    for first in numbers:
        number = first
        while number in views and number not in seen:
            seen.add(number)
            yield number
            number = _merged_into(views[number])


def _merged_into(view: TicketView) -> int:
    return view.ticket.linked if view.ticket.state is State.MERGED else 0


def _about(inquiry: Inquiry, views: Mapping[int, TicketView]) -> Inquiry:
    """The inquiry about the ticket that the one it names was merged into in the end."""
    chain = tuple(_chain([inquiry.own], views))
    return replace(inquiry, own=chain[-1]) if chain else inquiry


def _shown(about: Iterable[Inquiry]) -> dict[int, set[int]]:
    """By ticket, what all the mails about it show: the view that they share knows it for each."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for one in about:
        found[one.own].update(one.shown)
    return found


def _facts(connection: Connection, arrivals: Sequence[Arrival], now: datetime) -> _Facts:
    """Ask about mails in hand before asking for their keys: what ends in between has its keys."""
    mails = [arrival.mail for arrival in arrivals]
    own = _lists(own=(arrival.journal_id for arrival in arrivals))
    ids = _lists(ids=(mail.parsed.message_id for mail in mails))
    answered = _lists(ids=(one for mail in mails for one in answered_ids(mail)[:IDS_MAX]))
    keys = _lists(ids=(*answered["ids"], *(one for mail in mails for one in _outlook_key(mail))))
    addresses = _lists(addresses=map(sender, mails))
    mailboxes = _lists(addresses=(without_detail(sender(mail)) for mail in mails))
    hashes = _lists(hashes=(mail.content_hash for mail in mails))
    since = {"since": now - timedelta(days=1)}
    undone = _asked(connection, _UNDONE, answered)
    return _Facts(
        cut_ids={row["id"]: row["message_id"] for row in _asked(connection, _CUT_IDS, own)},
        same=_by_likeness(_asked(connection, _SAME, hashes | own)),
        posted_ids=frozenset(row["message_id"] for row in _asked(connection, _POSTED_IDS, ids)),
        own_ids=frozenset(row["message_id"] for row in _asked(connection, _OWN_IDS, ids)),
        keys={row["message_id"]: row["ticket_id"] for row in _asked(connection, _KEYS, keys)},
        undone={row["message_id"]: row["first"] for row in undone},
        customers={
            row["customer_address"]: row for row in _asked(connection, _BY_ADDRESS, addresses)
        },
        acknowledged=frozenset(
            row["recipient"] for row in _asked(connection, _ACKNOWLEDGED, mailboxes, since)
        ),
        blocked=_blocked(_asked(connection, _BLOCKED, addresses)),
    )


def _blocked(rows: Iterable[Record]) -> dict[str, Level]:
    """By address, how much a spam ticket's first mail proved at most; only who has one."""
    levels = ((row["address"], row["level"]) for row in rows)
    return {address: Level(level) for address, level in levels if level is not None}


def _by_likeness(
    rows: Iterable[Record],
) -> Mapping[tuple[str, str, str], Sequence[Record]]:
    found: defaultdict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for row in rows:
        found[row["content_hash"], row["identity"], row["message_id"]].append(row)
    return found


def _same_as(alike: Sequence[Record], own: int) -> int:
    """The copy that stands for this mail, if possible one in a ticket; 0 for none.

    A copy that was posted counts always. One that was not counts only if it came before: else two
    copies could each be ignored because of the other, and the mail be lost.
    """
    posted = [row["first"] for row in alike if row["outcome"] == Outcome.POSTED]
    earlier = [row["first"] for row in alike if row["first"] < own]
    return min(posted or earlier, default=0)


def _lists(**values: Iterable[Any]) -> dict[str, list[Any]]:
    """What is asked for, each once and without the empty, in a steady order."""
    return {name: sorted({one for one in many if one}) for name, many in values.items()}


def _asked(
    connection: Connection,
    statement: Prepared,
    lists: Mapping[str, list[Any]],
    more: Mapping[str, object] = MappingProxyType({}),
) -> Sequence[Record]:
    """Ask, unless there is nothing to ask for."""
    if not any(lists.values()):
        return ()
    return statement.mappings(connection, {**lists, **more})


def _without_tickets(
    arrival: Arrival, proofs: Proofs, house: House, facts: _Facts, now: datetime
) -> Snapshot:
    mail, message_id = arrival.mail, arrival.mail.parsed.message_id
    ids = answered_ids(mail)[:IDS_MAX]
    names = tuple(box.name for box in house.mailboxes)
    cut_id = facts.cut_ids.get(arrival.journal_id, message_id)
    alike = facts.same.get((mail.content_hash, mail.identity, cut_id), ())
    same_as = _same_as(alike, arrival.journal_id)
    return Snapshot(
        now=now,
        proofs=proofs,
        customer=_customer(facts.customers.get(sender(mail)), mail, house),
        same_as=same_as,
        same_id_other_content=not same_as and message_id in facts.posted_ids,
        is_own=message_id in facts.own_ids,
        waits_for=_waits_for(facts, ids, arrival.journal_id),
        by_reference=tuple(dict.fromkeys(facts.keys[one] for one in ids if one in facts.keys)),
        by_thread_index=next((facts.keys.get(one, 0) for one in _outlook_key(mail)), 0),
        by_subject=subject.tagged_number(mail.parsed.subject, names),
        acknowledged_today=without_detail(sender(mail)) in facts.acknowledged,
        blocked_up_to=facts.blocked.get(sender(mail)),
    )


def _pointed_at(snapshot: Snapshot) -> tuple[int, ...]:
    proofs = snapshot.proofs
    return (
        *(token.ticket for token in (*proofs.tokens, *proofs.threads)),
        *snapshot.by_reference,
        snapshot.by_thread_index,
        snapshot.by_subject,
        *(one.question.ticket for one in snapshot.questions),
        *(one.ticket for one in snapshot.surveys),
    )


def _customer(row: Record | None, mail: Mail, house: House) -> Customer:
    name = mail.parsed.from_[0].name if mail.parsed.from_ else ""
    if row is None:
        called = naming.outside(name, house)
        unknown = Customer(address=sender(mail), name=called, segment="")
        return clientele.placed(unknown, house)
    known = customers.customer_of(row, house)
    return replace(known, name=naming.outside(known.name or name, house))


def _outlook_key(mail: Mail) -> tuple[str, ...]:
    """Outlook's mark counts only where the mail names no id that it answers."""
    key = thread_index_key(mail.parsed.thread_index)
    return (key,) if key and not answered_ids(mail) else ()


def _waits_for(facts: _Facts, ids: Sequence[str], own: int) -> int:
    """Of the mails it answers, the first before it that has not ended; 0 outside the journal."""
    return min((row for one in ids if 0 < (row := facts.undone.get(one, 0)) < own), default=0)

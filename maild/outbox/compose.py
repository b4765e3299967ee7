"""A decided reply becomes the bytes of one mail, fixed for ever.

Strategy: words come from a template, header fields from `headers` and `threads`, parts from
`parts`; here they are put in order. No clock and no chance: the same reply, ticket and desk give
the same bytes, boundaries included. To an unverified reader nothing is carried that the sender
wrote, whatever the reply holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime

from maild.core.address import recipient as own_mailbox
from maild.core.decision import Audience, Reply, ReplyKind
from maild.core.digest import Digest
from maild.core.house import House, Mailbox
from maild.core.ticket import Participant, PostKind, Ticket
from maild.core.token import Keys, Purpose, issue
from maild.errors import NotAllowed
from maild.outbox import headers, marking, morning, reporting, threads
from maild.outbox.addressing import checked_address, wire_address
from maild.outbox.body import Place, body
from maild.outbox.digest import Shown
from maild.outbox.pieces import (
    Fetch,
    Literal,
    Packed,
    Piece,
    StoredFile,
    assemble,
    joined,
    pack,
    stream,
    unpack,
)
from maild.outbox.render import Rendered, Renderer
from maild.outbox.threads import question_token
from maild.outbox.wording import ticket_without_sender, values_of, without_sender
from maild.outbox.words import Words

__all__ = [
    "Desk",
    "Draft",
    "Fetch",
    "Literal",
    "Packed",
    "Piece",
    "StoredFile",
    "assemble",
    "compose",
    "pack",
    "reply_address",
    "unpack",
]

_UNVERIFIED = "-unverified"
"""Ending of the template that is taken for an unverified reader, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What one writes with."""

    house: House
    keys: Keys
    now: datetime
    """Aware UTC."""
    render: Renderer
    fetch: Fetch
    """Raw mail by journal id."""
    journal_id: int = 0
    """The row of the mail in hand: it stands for 0 in `SentFile.journal_id`."""
    envelope: str = "verp"
    """Return path, as `RelaySettings.envelope`: `verp`, `null` or `plain`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One mail to one recipient, as the outbox keeps it."""

    message_id: str
    """Without angle brackets."""
    envelope_from: str
    """Return path without brackets; empty for the null path."""
    recipient: str
    """As it goes over the wire."""
    sha256: str
    """Hex digest of the assembled bytes."""
    size: int
    """Bytes when assembled."""
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """A reply on the desk, with what was found out about it."""

    reply: Reply
    ticket: Ticket
    desk: Desk
    mailbox: Mailbox
    words: Words
    recipient: str
    message_id: str


def compose(reply: Reply, *, ticket: Ticket, desk: Desk) -> Draft:
    """Write a reply; `ticket` has its number (0 only where there is no ticket).

    NotAllowed when the recipient is one of our own addresses or no address, or when a note would
    go to a customer; PermanentError when the template does not exist.
    """
    letter = _letter(reply, ticket, desk)
    rendered = _rendered(letter)
    own = b"".join(_header(letter, rendered))
    pieces = tuple(joined([Literal(data=own), *_body(letter, rendered)]))
    digest, size = hashlib.sha256(), 0
    for run in stream(pieces, desk.fetch):
        digest.update(run)
        size += len(run)
    return Draft(
        message_id=letter.message_id,
        envelope_from=_return_path(letter),
        recipient=letter.recipient,
        sha256=digest.hexdigest(),
        size=size,
        pieces=pieces,
    )


def reply_address(
    desk: Desk, mailbox: Mailbox, *, purpose: Purpose, ticket: int, recipient: str
) -> str:
    """Return the address that proves a ticket and a recipient when mail comes back to it.

    Without a ticket (0) it is the plain address of the mailbox: there is nothing to prove.
    """
    if not ticket:
        return mailbox.address
    token = issue(
        desk.keys,
        purpose=purpose,
        ticket=ticket,
        recipient=recipient,
        today=desk.now.date(),
    )
    return threads.token_address(mailbox, desk.house, token)


def _letter(reply: Reply, ticket: Ticket, desk: Desk) -> _Letter:
    """Check who may read it, and take out what an unverified reader must not get."""
    recipient = checked_address(reply.recipient)
    if own_mailbox(recipient, desk.house) is not None:
        raise NotAllowed(f"{recipient} is an address of our own")
    if reply.audience is Audience.CUSTOMER and reply.post_kind is PostKind.NOTE:
        raise NotAllowed("a note does not go to a customer")
    mailbox = desk.house.mailbox(reply.mailbox)
    message_id = threads.reply_message_id(desk.keys, desk.house, ticket, reply)
    if reply.fixed:
        reply, ticket = without_sender(reply), ticket_without_sender(ticket)
    return _Letter(
        reply=reply,
        ticket=ticket,
        desk=desk,
        mailbox=mailbox,
        words=desk.render.words(desk.render.language(reply.language, mailbox.language)),
        recipient=recipient,
        message_id=message_id,
    )


def _rendered(letter: _Letter) -> Rendered:
    reply, render = letter.reply, letter.desk.render
    name = reply.template
    if reply.fixed and render.has(name + _UNVERIFIED):
        name += _UNVERIFIED
    values = values_of(
        reply,
        ticket=letter.ticket,
        mailbox=letter.mailbox,
        house=letter.desk.house,
        words=letter.words,
        link=_link(letter),
    )
    if reply.digest is not None:
        values = replace(values, digest=_digest(reply.digest, letter), delimiter="")
    if reply.weekly is not None:
        report = reporting.shown(reply.weekly, reply.enclosed, letter.words)
        values = replace(values, report=report, delimiter="")
    if reply.survey is not None or reply.is_bulk:
        values = replace(values, survey=marking.shown(_writer(letter), reply))
    return render.render(name, letter.words.language, values)


def _digest(digest: Digest, letter: _Letter) -> Shown:
    """Give each ticket the address at which the reader answers it."""
    desk, reader = letter.desk, letter.reply.recipient

    def address(ticket: Ticket) -> str:
        mailbox = desk.house.mailbox(ticket.mailbox)
        return reply_address(
            desk, mailbox, purpose=Purpose.AGENT, ticket=ticket.number, recipient=reader
        )

    writer = morning.Writer(house=desk.house, words=letter.words, now=desk.now, address=address)
    return morning.shown(digest, writer)


def _header(letter: _Letter, rendered: Rendered) -> Iterator[bytes]:
    """The fields of the mail, without those of its outermost part."""
    reply, mailbox = letter.reply, letter.mailbox
    yield headers.addresses("From", [(_sender_name(letter), mailbox.address)])
    yield from _recipients(letter)
    yield headers.addresses("Reply-To", [(mailbox.name, _back_to(letter))])
    yield headers.unstructured("Subject", _subject(letter, rendered.subject))
    yield headers.structured("Date", format_datetime(letter.desk.now))
    yield headers.structured("Message-ID", f"<{letter.message_id}>")
    yield from _thread(letter)
    if reply.kind is not ReplyKind.REPLY:
        is_answer = reply.kind is ReplyKind.ACKNOWLEDGEMENT
        yield headers.structured(
            "Auto-Submitted", "auto-replied" if is_answer else "auto-generated"
        )
        yield headers.structured("X-Auto-Response-Suppress", "All")
    if reply.is_bulk:
        yield from marking.list_fields(_writer(letter), reply)
    yield headers.structured("Content-Language", letter.words.language)
    yield headers.structured("MIME-Version", "1.0")


def _sender_name(letter: _Letter) -> str:
    """An agent's name to customers, `NAME via MAILBOX` to agents, else the mailbox's."""
    name, brand = headers.clean(letter.reply.sender_name, headers.NAME_MAX), letter.mailbox.name
    if not name:
        return brand
    if letter.reply.audience is Audience.AGENT:
        return letter.words.via.format(name=name, mailbox=brand)
    return name


def _recipients(letter: _Letter) -> Iterator[bytes]:
    """To and Cc: the same in every copy of a post, never an address of ours."""
    reply = letter.reply
    recipient = Participant(address=letter.recipient, name=reply.recipient_name)
    seen: set[str] = set()
    to = _shown(letter, reply.to or (recipient,), seen)
    yield headers.addresses("To", to or _shown(letter, (recipient,), seen))
    cc = _shown(letter, reply.cc, seen)
    if cc:
        yield headers.addresses("Cc", cc)


def _shown(
    letter: _Letter, participants: Iterable[Participant], seen: set[str]
) -> list[tuple[str, str]]:
    """Pairs for an address field; `seen` collects what was shown already.

    An address outside ASCII stands only in its owner's copy, where SMTPUTF8 is needed anyway; the
    others see it as a name without an address (RFC 6857 §3.1.4).
    """
    pairs = []
    for participant in participants:
        address = wire_address(participant.address)
        key = address.lower()
        if not address or key in seen or own_mailbox(address, letter.desk.house):
            continue
        seen.add(key)
        if address.isascii() or key == letter.recipient.lower():
            pairs.append((participant.name, address))
        else:
            pairs.append((f"{participant.name} {address}".strip(), ""))
    return pairs


def _writer(letter: _Letter) -> marking.Writer:
    desk = letter.desk
    return marking.Writer(
        house=desk.house,
        keys=desk.keys,
        words=letter.words,
        mailbox=letter.mailbox,
        today=desk.now.date(),
    )


def _back_to(letter: _Letter) -> str:
    if letter.reply.survey is not None:
        return marking.address(_writer(letter), letter.reply.survey)
    if letter.reply.question is not None:
        token = question_token(letter.desk.keys, letter.reply.question, letter.desk.now)
        return threads.token_address(letter.mailbox, letter.desk.house, token)
    is_agent = letter.reply.audience is Audience.AGENT
    return reply_address(
        letter.desk,
        letter.mailbox,
        purpose=Purpose.AGENT if is_agent else Purpose.CUSTOMER,
        ticket=letter.ticket.number,
        recipient=letter.reply.recipient,
    )


def _link(letter: _Letter) -> str:
    """The page on which the question can be answered; empty where pages cannot be reached."""
    question, url = letter.reply.question, letter.desk.house.public_url
    if question is None or not url:
        return ""
    token = question_token(letter.desk.keys, question, letter.desk.now)
    return f"{url.rstrip('/')}/confirm/{token}"


def _return_path(letter: _Letter) -> str:
    """Where failures go; a person's reply always has a path that tells which mail failed."""
    mode, is_person = letter.desk.envelope, letter.reply.kind is ReplyKind.REPLY
    if mode == "plain":
        return letter.mailbox.address
    if mode == "null" and not is_person:
        return ""
    return reply_address(
        letter.desk,
        letter.mailbox,
        purpose=Purpose.RETURN,
        ticket=letter.ticket.number,
        recipient=letter.reply.recipient,
    )


def _subject(letter: _Letter, own: str) -> str:
    """A template's own subject or the conversation's, with the tag at its place."""
    tagged = threads.tag(letter.mailbox, letter.ticket)
    base = headers.clean(letter.reply.subject or letter.ticket.subject, _subject_room(tagged))
    if own:
        is_agent = letter.reply.audience is Audience.AGENT
        own = headers.clean(own, _subject_room(tagged))
        return f"{tagged} {own}".strip() if is_agent else f"{own} {tagged}".strip()
    return threads.subject_line(letter.reply, base or letter.words.no_subject, tagged)


def _subject_room(tagged: str) -> int:
    """Characters that are left, so that the tag is never cut off."""
    return max(headers.SUBJECT_MAX - len(tagged) - len("Re:  "), 40)


def _thread(letter: _Letter) -> Iterator[bytes]:
    """What clients thread by: the customers' conversation, or the agents' own one."""
    reply, ticket, desk = letter.reply, letter.ticket, letter.desk
    if reply.audience is Audience.AGENT:
        if ticket.number:
            root = threads.agents_root_id(desk.keys, desk.house, ticket)
            yield headers.structured("In-Reply-To", f"<{root}>")
            yield headers.structured("References", f"<{root}>")
        return
    parent = headers.message_id(reply.in_reply_to)
    if parent:
        yield headers.structured("In-Reply-To", f"<{parent}>")
    earlier = [one for one in headers.references(reply.references) if one != parent]
    ids = headers.references([*earlier, parent])
    if ids:
        yield headers.structured("References", " ".join(f"<{one}>" for one in ids))
    index = threads.child_index(reply.thread_index, desk.now, letter.message_id)
    if index:
        yield headers.structured("Thread-Index", index)
    if reply.subject:
        yield headers.unstructured("Thread-Topic", reply.subject)


def _body(letter: _Letter, rendered: Rendered) -> list[Piece]:
    return body(
        letter.reply,
        rendered,
        Place(
            message_id=letter.message_id,
            recipient=letter.recipient,
            domain=letter.desk.house.domain,
            journal_id=letter.desk.journal_id,
        ),
    )

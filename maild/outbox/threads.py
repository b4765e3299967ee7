"""What holds a conversation together: reply addresses, Message-IDs, Outlook's Thread-Index.

Two threads lie side by side on one ticket: the customers' and the agents'. They share no
reference, so that nothing of the agents' can surface in a customer's client.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime

from maild.core import overtaken
from maild.core.decision import Audience, Reply
from maild.core.house import House, Mailbox
from maild.core.question import Question
from maild.core.ticket import Ticket
from maild.core.token import Keys, Purpose, issue

_INDEX_HEADER = 22
_INDEX_CHILD = 5
_INDEX_MAX = _INDEX_HEADER + 100 * _INDEX_CHILD
_FILETIME_EPOCH = 116_444_736_000_000_000
"""1970 in units of 100 ns since 1601."""


def token_address(mailbox: Mailbox, house: House, token: str) -> str:
    """Return the address at which a token comes back: `local+TOKEN@domain`.

    With a reply domain it is `TOKEN@reply_domain`.
    """
    if house.reply_domain:
        return f"{token}@{house.reply_domain}"
    local, _, domain = mailbox.address.rpartition("@")
    return f"{local}+{token}@{domain}"


def question_token(keys: Keys, question: Question, now: datetime) -> str:
    """Return the token that answers one question; made for its agent and this round alone."""
    return issue(
        keys,
        purpose=Purpose.CONFIRM,
        ticket=question.journal_id,
        recipient=question.recipient,
        today=now.date(),
    )


def post_message_id(keys: Keys, house: House, ticket: Ticket, n: int) -> str:
    """Return the Message-ID of a post, without brackets: the same in every copy, for ever.

    The token in it is dated by the ticket's creation, so that a copy made later agrees.
    """
    return f"{_thread_token(keys, ticket, f'post:{n}')}.p{n}@{house.domain}"


def reply_message_id(keys: Keys, house: House, ticket: Ticket, reply: Reply) -> str:
    """Return the Message-ID of a reply, without brackets; it carries a token for threading.

    A reply that carries a post has that post's id; any other has one derived from its key.
    """
    if reply.post_n:
        return post_message_id(keys, house, ticket, reply.post_n)
    name = hashlib.sha256(reply.key.encode("utf-8", "replace")).hexdigest()[:20]
    token = _thread_token(keys, ticket, f"key:{name}")
    return f"{token}.k{name}{overtaken.mark(reply.known, ticket)}@{house.domain}"


def agents_root_id(keys: Keys, house: House, ticket: Ticket) -> str:
    """Return the id that all agents' mails of a ticket refer to; no mail has it."""
    return f"{_thread_token(keys, ticket, 'agents')}.agents@{house.domain}"


def tag(mailbox: Mailbox, ticket: Ticket) -> str:
    """Return `[Name #N]`, or the empty string for a ticket without a number."""
    return f"[{mailbox.name} #{ticket.number}]" if ticket.number else ""


def subject_line(reply: Reply, base: str, tagged: str) -> str:
    """Return the subject: the same base for ever, so that every client keeps one conversation.

    Customers see `Re: BASE [Name #N]` (no `Re:` where nothing is answered), agents
    `[Name #N] BASE`.
    """
    if reply.audience is Audience.AGENT:
        return f"{tagged} {base}".strip()
    prefix = "Re: " if reply.in_reply_to or reply.references else ""
    return f"{prefix}{base} {tagged}".strip()


def child_index(parent: str, now: datetime, name: str) -> str:
    """Return the Thread-Index of an answer, base64, or the empty string when there is no parent.

    [MS-OXOMSG] §2.2.1.3: 22 bytes of header (1 reserved, 5 of time, 16 of GUID), then 5 bytes for
    each answer: a bit for the scale, 31 bits of time since the header's, 4 bits of chance (here
    from `name`), 4 of level. `now` is aware. What is malformed or over a hundred answers deep is
    not continued.
    """
    try:
        raw = base64.b64decode(parent[: _INDEX_MAX * 2], validate=True)
    except (binascii.Error, ValueError):
        return ""
    size = len(raw)
    if size < _INDEX_HEADER or (size - _INDEX_HEADER) % _INDEX_CHILD or size >= _INDEX_MAX:
        return ""
    begun = int.from_bytes(raw[:6], "big") << 16
    elapsed = max(int(now.timestamp() * 10_000_000) + _FILETIME_EPOCH - begun, 0)
    chance = hashlib.sha256(name.encode("utf-8", "replace")).digest()[0] & 0xF0
    return base64.b64encode(raw + _delta(elapsed).to_bytes(4, "big") + bytes([chance])).decode()


def _thread_token(keys: Keys, ticket: Ticket, name: str) -> str:
    return issue(
        keys,
        purpose=Purpose.THREAD,
        ticket=ticket.number,
        recipient=name,
        today=ticket.created_at.date(),
    )


def _delta(elapsed: int) -> int:
    """Scale a time to 31 bits; the highest bit tells that the coarse scale was taken."""
    if elapsed < 1 << 49:
        return elapsed >> 18
    return 1 << 31 | (elapsed >> 23 & 0x7FFFFFFF)

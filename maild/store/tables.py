"""The tables: what is in a row is told here; how rows move is told where they are moved.

SQLModel's table classes do not validate: values are checked before they come here. The journal's
states stand in `store/journal.py`, the outbox's in `store/outbox.py`.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from maild.core.decision import ReplyKind
from maild.core.mail import Source
from maild.core.ticket import PostKind, Priority, Role, State
from maild.store.columns import (
    BigKey,
    index_where,
    json_value,
    long_text,
    metadata,
    moment,
    one_of,
    reference,
    row_id,
)

__all__ = ["metadata"]


class JournalState(StrEnum):
    """See the table in `store/journal.py`."""

    RECEIVED = "received"
    PARSING = "parsing"
    DONE = "done"
    HELD = "held"


class OutboxState(StrEnum):
    """See the table in `store/outbox.py`."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"


class Meta(SQLModel, table=True):
    """Small facts about the database itself: which house it belongs to, which version wrote it."""

    __tablename__ = "meta"
    name: str = Field(primary_key=True)
    value: str = long_text()


class Blob(SQLModel, table=True):
    """A run of bytes, stored once, compressed, in chunks."""

    __tablename__ = "blob"
    id: int = row_id()
    sha256: str = Field(sa_column=Column(String(64), nullable=False, index=True))
    size: int
    chunks: int
    created_at: dt.datetime = moment()


class BlobChunk(SQLModel, table=True):
    """At most 1 MiB (before compression) of a blob."""

    __tablename__ = "blob_chunk"
    blob_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("blob.id"), primary_key=True, autoincrement=False)
    )
    n: int = Field(primary_key=True)
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


NEVER_AGAIN = {"sqlite_autoincrement": True}
"""For tables whose numbers stand in tokens: one that was given is never given again, and a restore
leaves a gap behind the last one that it knows (`store/numbering.py`)."""
IN_HAND = "assignee <> '' AND state IN ('new', 'open', 'pending')"
"""What agents have in hand is counted again and again (`store/staffing.py`)."""
IN_HAND_INDEX = "ix_ticket_in_hand"
_POSTED = "outcome = 'posted' AND content_hash <> ''"
"""The same mail becomes a post once, whichever ways it came and whoever handles it."""


class JournalRow(SQLModel, table=True):
    """One raw mail that was acknowledged, for ever accounted for."""

    __tablename__ = "journal"
    __table_args__ = (
        one_of("state", JournalState),
        one_of("source", Source),
        CheckConstraint("outcome IN ('', 'posted', 'held', 'ignored', 'erased')", name="outcome"),
        CheckConstraint("(state IN ('done', 'held')) = (outcome <> '')", name="ended"),
        Index("ix_journal_due", "state", "not_before", "id"),
        index_where(
            _POSTED,
            "uq_journal_posted_once",
            *("content_hash", "identity", "message_id"),
            unique=True,
        ),
        NEVER_AGAIN,
    )
    id: int = row_id()
    blob_id: int | None = reference("blob.id", nullable=True)
    sha256: str = Field(sa_column=Column(String(64), nullable=False, index=True))
    size: int
    source: str = Field(sa_column=Column(String(8), nullable=False))
    mailbox: str = ""
    mail_from: str = ""
    rcpt_to: list[str] = json_value()
    client: str = ""
    helo: str = ""
    account: str = ""
    evidence: str = long_text()
    message_id: str = Field(default="", sa_column=Column(Text, nullable=False, index=True))
    """Cut from the header at intake, so that a reply can wait for the mail it answers."""
    received_at: dt.datetime = moment(index=True)
    state: str = Field(default=JournalState.RECEIVED, sa_column=Column(String(16), nullable=False))
    not_before: dt.datetime | None = moment(nullable=True)
    tries: int = 0
    """Tries that counted: the reader died or failed while the daemon lived."""
    suspect: bool = False
    """It was in hand when a daemon died: taken one by one."""
    claimed_by: str = ""
    claimed_until: dt.datetime | None = moment(nullable=True)
    outcome: str = ""
    reason: str = long_text()
    rules: list[str] = json_value()
    """The names of those that fired, in order."""
    identity: str = ""
    """The strict From; part of what makes two mails the same."""
    content_hash: str = Field(default="", sa_column=Column(String(64), nullable=False, index=True))
    trust: str = ""
    ticket_id: int | None = reference("ticket.id", nullable=True)
    post_id: int | None = Field(default=None, sa_column=Column(BigKey, nullable=True))
    ended_at: dt.datetime | None = moment(nullable=True)


class LedgerRow(SQLModel, table=True):
    """One mail on an IMAP server that is in the journal, or was passed over with a reason."""

    __tablename__ = "ledger"
    __table_args__ = (UniqueConstraint("mailbox", "folder", "uidvalidity", "uid"),)
    id: int = row_id()
    mailbox: str
    folder: str
    uidvalidity: int = Field(sa_column=Column(BigInteger, nullable=False))
    uid: int = Field(sa_column=Column(BigInteger, nullable=False))
    journal_id: int | None = reference("journal.id", nullable=True)
    sha256: str = Field(default="", sa_column=Column(String(64), nullable=False, index=True))
    after_done: bool = False
    """Whether the flag, the move or the deletion on the server was confirmed."""
    passed_over: str = ""
    """Why it was not taken; empty when it was."""
    at: dt.datetime = moment()


class MailboxRow(SQLModel, table=True):
    """What is known of one IMAP mailbox between two connections."""

    __tablename__ = "mailbox"
    name: str = Field(primary_key=True)
    folder: str = ""
    uidvalidity: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    first_uid: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """UIDs below this were there before us and are left alone."""
    last_success: dt.datetime | None = moment(nullable=True)
    last_error: str = long_text()
    behind: int = 0


class CustomerRow(SQLModel, table=True):
    """Somebody who wrote to us."""

    __tablename__ = "customer"
    __table_args__ = NEVER_AGAIN
    id: int = row_id()
    address: str = Field(unique=True)
    name: str = ""
    language: str = ""
    segment: str = ""
    """Empty means: that of the organisation, else free."""
    segment_from: str = ""
    organisation: str = ""
    account_manager: str = ""
    notes: str = long_text()
    verified: bool = False
    created_at: dt.datetime = moment()


class TicketRow(SQLModel, table=True):
    """A ticket as it stands; its id is its number."""

    __tablename__ = "ticket"
    __table_args__ = (
        one_of("state", State),
        one_of("priority", Priority),
        Index("ix_ticket_customer_id_id", "customer_id", "id"),
        index_where(IN_HAND, IN_HAND_INDEX, "assignee", "state", "priority"),
        NEVER_AGAIN,
    )
    id: int = row_id()
    version: int = 1
    subject: str = long_text()
    state: str = Field(sa_column=Column(String(16), nullable=False, index=True))
    queue: str = Field(index=True)
    priority: str = Field(sa_column=Column(String(8), nullable=False))
    tier: int = 1
    assignee: str = Field(default="", index=True)
    tags: list[str] = json_value()
    language: str = ""
    mailbox: str = ""
    customer_id: int = reference("customer.id", index=False)
    linked_id: int | None = reference("ticket.id", nullable=True)
    created_at: dt.datetime = moment(index=True)
    updated_at: dt.datetime = moment()
    first_response_at: dt.datetime | None = moment(nullable=True)
    solved_at: dt.datetime | None = moment(nullable=True)
    closed_at: dt.datetime | None = moment(nullable=True)
    pending_until: dt.datetime | None = moment(nullable=True)
    erased_at: dt.datetime | None = moment(nullable=True)
    """Since when it is a figure only (`core/erasure.py`): no mail and nobody gets to it."""


class ParticipantRow(SQLModel, table=True):
    """Who takes part in a ticket."""

    __tablename__ = "participant"
    __table_args__ = (one_of("role", Role), UniqueConstraint("ticket_id", "address"))
    id: int = row_id()
    ticket_id: int = reference("ticket.id", index=False)
    address: str
    name: str = ""
    role: str = Field(sa_column=Column(String(16), nullable=False))


class PostRow(SQLModel, table=True):
    """One entry of a ticket's story."""

    __tablename__ = "post"
    __table_args__ = (one_of("kind", PostKind), UniqueConstraint("ticket_id", "n"))
    id: int = row_id()
    ticket_id: int = reference("ticket.id", index=False)
    n: int
    kind: str = Field(sa_column=Column(String(16), nullable=False))
    author: str = ""
    author_name: str = ""
    at: dt.datetime = moment()
    text: str = long_text()
    reply_text: str = long_text()
    html: str = long_text()
    language: str = ""
    message_id: str = Field(default="", sa_column=Column(Text, nullable=False, index=True))
    thread_index: str = long_text()
    trust: str = ""
    journal_id: int | None = reference("journal.id", nullable=True, unique=True)


class AttachmentRow(SQLModel, table=True):
    """A file of a post: a place inside the journal's raw mail."""

    __tablename__ = "attachment"
    __table_args__ = (UniqueConstraint("post_id", "n"),)
    id: int = row_id()
    post_id: int = reference("post.id", index=False)
    n: int
    name: str = ""
    type: str = ""
    size: int = 0
    sha256: str = Field(default="", sa_column=Column(String(64), nullable=False))
    inline: bool = False
    content_id: str = ""
    start: int = 0
    end: int = 0
    encoding: str = "identity"
    index: int = 0


class MessageKeyRow(SQLModel, table=True):
    """A Message-ID ever seen on a ticket, referenced ones included: the first ticket keeps it."""

    __tablename__ = "message_key"
    message_id: str = Field(sa_column=Column(Text, primary_key=True))
    ticket_id: int = reference("ticket.id")


class EventRow(SQLModel, table=True):
    """One line of the append-only log; a trigger refuses to change or delete it."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_ticket_id_id", "ticket_id", "id"),)
    id: int = row_id()
    ticket_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("ticket.id"), nullable=True)
    )
    at: dt.datetime = moment(index=True)
    kind: str = Field(index=True)
    actor: str = ""
    data: dict[str, str] = json_value()
    journal_id: int | None = reference("journal.id", nullable=True)


class OutboxRow(SQLModel, table=True):
    """One mail of ours to one recipient; its bytes and Message-ID never change."""

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("state", OutboxState),
        one_of("kind", ReplyKind),
        Index("ix_outbox_due", "state", "next_try_at", "id"),
        Index("ix_outbox_recipient_kind_created_at", "recipient", "kind", "created_at"),
    )
    id: int = row_id()
    key: str = Field(unique=True)
    """Of the decision that made it: a second commit adds no second mail."""
    ticket_id: int | None = reference("ticket.id", nullable=True)
    post_id: int | None = Field(default=None, sa_column=Column(BigKey, nullable=True))
    kind: str = Field(sa_column=Column(String(24), nullable=False))
    mailbox: str = ""
    """Name of the mailbox whose relay it takes."""
    envelope_from: str = ""
    recipient: str
    message_id: str = Field(sa_column=Column(Text, nullable=False, index=True))
    sha256: str = Field(sa_column=Column(String(64), nullable=False))
    size: int
    literal: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """The bytes that are ours, compressed."""
    pieces: list[list[Any]] = json_value()
    """How literal bytes and parts of raw mails follow each other (`outbox/compose.py`)."""
    state: str = Field(sa_column=Column(String(16), nullable=False))
    created_at: dt.datetime = moment()
    not_before: dt.datetime = moment()
    next_try_at: dt.datetime = moment()
    attempts: int = 0
    unknown_ends: int = 0
    """How often the relay fell silent after the final dot, or we did before its answer."""
    dialled: bool = False
    """Whether it may be in the wire right now, on a way where a second copy would be seen."""
    first_try_at: dt.datetime | None = moment(nullable=True)
    """When the relay was dialled first, or first after an operator's retry."""
    claimed_by: str = ""
    claimed_until: dt.datetime | None = moment(nullable=True)
    last_error: str = long_text()
    sent_at: dt.datetime | None = moment(nullable=True)
    told: bool = False
    """Whether the agent was told of the delay."""


class AttemptRow(SQLModel, table=True):
    """One attempt to hand a mail to the relay, recorded before the relay is dialled."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("outbox_id", "n"),)
    id: int = row_id()
    outbox_id: int = reference("outbox.id", index=False)
    n: int
    at: dt.datetime = moment()
    result: str = ""
    """Empty while it is under way and after a crash; then accepted, temporary, ... ."""
    answer: str = long_text()

"""The invariants I1 to I5, as questions to what was gathered of a house and of its world.

Each question returns a line for every violation; nothing is asserted here, so that a soak goes on
and tells all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

NOTE = "confided-note-"
"""How every word of a note to colleagues begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the journal."""

    sha256: str
    outcome: str
    """Empty while nothing became of it."""
    posts: int
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A row of the outbox."""

    sha256: str
    state: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A mail that the relay has taken."""

    sha256: str
    message_id: str
    recipient: str
    confidences: frozenset[str]
    """The customers' and agents' words of confidence in it: see `people.py`."""
    reply_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known when no mail comes in; of ours some may go out, as deadlines fall due at any time."""

    acknowledged: frozenset[str] = frozenset()
    """SHA-256 of every mail that was acknowledged to its sender."""
    journal: tuple[Row, ...] = ()
    outbox: tuple[Reply, ...] = ()
    sent: tuple[Sent, ...] = ()
    """Looked at after the outbox."""
    sent_since: int = 0
    """So many of the last ones came after the outbox was looked at: it need not know them."""
    tickets: Counter[str] = field(default_factory=Counter)
    """How many each customer has; everyone of them opened one."""
    agents: frozenset[str] = frozenset()


def violations(evidence: Evidence) -> list[str]:
    """Return every violation in words; none for a house in order."""
    return [
        *_acknowledged_is_kept(evidence),
        *_each_row_has_one_end(evidence),
        *_bytes_are_fixed(evidence),
        *_once_is_enough(evidence),
        *_confidences_are_kept(evidence),
    ]


def _acknowledged_is_kept(evidence: Evidence) -> Iterator[str]:
    kept = {row.sha256 for row in evidence.journal}
    for digest in sorted(evidence.acknowledged - kept):
        yield f"I1: acknowledged and not in the journal: {digest}"


def _each_row_has_one_end(evidence: Evidence) -> Iterator[str]:
    for row in evidence.journal:
        wanted = 1 if row.outcome == "posted" else 0
        if row.outcome not in ("posted", "ignored") or row.posts != wanted:
            yield f"I2: {row.message_id} ended as {row.outcome or 'nothing'}, {row.posts} posts"


def _bytes_are_fixed(evidence: Evidence) -> Iterator[str]:
    for reply in evidence.outbox:
        if reply.state in ("sending", "failed", "held"):
            yield f"I3: {reply.message_id} ended as {reply.state}"
    written = {(reply.message_id, reply.sha256) for reply in evidence.outbox}
    taken = {(mail.message_id, mail.sha256) for mail in evidence.sent}
    earlier = evidence.sent[: len(evidence.sent) - evidence.sent_since]
    for identity, digest in sorted({(mail.message_id, mail.sha256) for mail in earlier} - written):
        yield f"I3: {identity} went out as {digest}, which is not what was written"
    for reply in evidence.outbox:
        if reply.state == "sent" and (reply.message_id, reply.sha256) not in taken:
            yield f"I3: {reply.message_id} counts as sent and never came to the relay"


def _once_is_enough(evidence: Evidence) -> Iterator[str]:
    posted = (row.message_id for row in evidence.journal if row.outcome == "posted")
    for identity, number in _doubled(posted):
        yield f"I4: {identity} was posted {number} times"
    for customer, number in sorted(evidence.tickets.items()):
        if number > 1:
            yield f"I4: {customer} has {number} tickets for one question"
    for identity, number in _doubled(reply.message_id for reply in evidence.outbox):
        yield f"I4: {identity} was written {number} times"


def _confidences_are_kept(evidence: Evidence) -> Iterator[str]:
    readers: dict[str, set[str]] = {}
    for mail in evidence.sent:
        if mail.reply_to:
            readers.setdefault(mail.reply_to, set()).add(mail.recipient)
        if mail.recipient in evidence.agents:
            continue
        for word in sorted(mail.confidences):
            if word.startswith(NOTE) or word != confidence_of(mail.recipient):
                yield f"I5: {mail.recipient} reads {word}"
    for address, people in sorted(readers.items()):
        if len(people) > 1:
            yield f"I5: {', '.join(sorted(people))} share the reply address {address}"


def confidence_of(customer: str) -> str:
    """Return the word that stands in mails of a customer's and of agents to them, and nowhere else."""
    return f"confided-by-{customer.partition('@')[0]}-only"


def _doubled(names: Iterable[str]) -> list[tuple[str, int]]:
    return [(name, number) for name, number in sorted(Counter(names).items()) if number > 1]

"""Which mails belong to one conversation, by their own headers alone.

Strategy: every Message-ID, named or only referenced, is a node, and each mail joins all that it
names (RFC 5256 §3, the REFERENCES algorithm without its display order); Outlook's Thread-Index
joins likewise. A mail that is marked as a reply and names nothing known joins the newest
conversation with its base subject. This is what a mail says of itself; whether it may join a
ticket is for `core.trust`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from maild.core import subject
from maild.core.customermail import thread_index_key
from maild.core.mail import Parsed


def keys(mails: Sequence[Parsed], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return a key for each mail, in order; equal keys are one conversation.

    `names` are the mailboxes' names, whose tags are no part of a subject.
    """
    groups = _Groups()
    newest: dict[str, str] = {}
    for n, mail in enumerate(mails):
        node = f"mail:{n}"
        for key in _named(mail):
            groups.join(key, node)
        base = subject.base(mail.subject, names).casefold()
        if base and subject.is_reply(mail.subject) and base in newest:
            groups.join(newest[base], node)
        if base:
            newest[base] = node
    return tuple(groups.first(f"mail:{n}") for n in range(len(mails)))


def _named(mail: Parsed) -> tuple[str, ...]:
    ids = (mail.message_id, *mail.in_reply_to, *mail.references)
    keys = (*(f"id:{one}" for one in ids if one), thread_index_key(mail.thread_index))
    return tuple(key for key in keys if key)


@dataclass(slots=True)
class _Groups:
    """Disjoint sets; the name of a set is its oldest member."""

    parents: dict[str, str] = field(default_factory=dict)
    ages: dict[str, int] = field(default_factory=dict)

    def first(self, node: str) -> str:
        """Return the oldest member of the set that a node belongs to."""
        self.ages.setdefault(node, len(self.ages))
        while (parent := self.parents.get(node, node)) != node:
            self.parents[node] = self.parents.get(parent, parent)
            node = parent
        return node

    def join(self, one: str, other: str) -> None:
        """Make two sets one."""
        a, b = self.first(one), self.first(other)
        if a != b:
            older, younger = sorted((a, b), key=self.ages.__getitem__)
            self.parents[younger] = older

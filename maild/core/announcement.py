"""News for many customers at once, an incident or its end: each hears it on their own ticket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from maild.core import reminders
from maild.core.decision import Decision, EventDraft, Outcome, Reply
from maild.core.proof import Proofs
from maild.core.reason import Reason, Why
from maild.core.scene import Occasion
from maild.core.snapshot import Snapshot, TicketView, World
from maild.core.ticket import Post, PostKind

TEMPLATE = "announcement"
CHARACTERS_MAX = 20_000
SENT = "announcement.sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What is announced, under a name that is used once."""

    name: str
    """The same name reaches the same customer once, however often it is announced."""
    texts: tuple[tuple[str, str], ...]
    """Language and text; the first one is for everybody whose language is not among them."""
    actor: str = "operator"

    def text(self, language: str) -> str:
        """Return the text in a language, else the first one."""
        return dict(self.texts).get(language, self.texts[0][1])

    def language(self, wished: str) -> str:
        """Return the language of the text that `text` returns."""
        known = [language for language, _ in self.texts]
        return wished if wished in known else known[0]


def decide(
    announcement: Announcement, view: TicketView, world: World, *, now: datetime, at: datetime
) -> Decision:
    """Tell the customer of one ticket at `at`, or say why they are not told.

    The ticket stays where it is: news is no answer (`core/ticket.py`). Who never proved an
    address, and to whom nobody of us wrote, hears nothing: the address may be a victim's.
    """
    ticket = view.ticket
    occasion = _occasion(announcement, view, world, now)
    before = Decision(outcome=Outcome.POSTED, reasons=(), before=ticket, after=ticket)
    reply = reminders.follow_up(occasion, before, TEMPLATE)
    if isinstance(reply, Reply) and reply.fixed:
        reply = Reason(why=Why.NOT_ACKNOWLEDGED, detail="the sender is not verified")
    if isinstance(reply, Reason):
        return replace(before, outcome=Outcome.IGNORED, reasons=(reply,))
    language = announcement.language(reply.language or occasion.language())
    post = Post(
        n=view.post_count + 1,
        kind=PostKind.AUTO,
        author="",
        at=now,
        text=announcement.text(language),
        reply_text=announcement.text(language),
        language=language,
    )
    sent = EventDraft(kind=SENT, actor=announcement.actor, data=(("name", announcement.name),))
    told = replace(
        reply, text=post.text, language=language, post_n=post.n, not_before=at, is_bulk=True
    )
    return replace(
        before,
        reasons=(Reason(why=Why.OPERATOR, detail=f"announcement {announcement.name}"),),
        posts=(post,),
        events=(sent,),
        replies=(told,),
    )


def unwanted() -> Decision:
    """Tell nobody who does not want to hear of it."""
    reason = Reason(why=Why.UNSUBSCRIBED, detail="the customer wants no announcements")
    return Decision(outcome=Outcome.IGNORED, reasons=(reason,))


def key(announcement: Announcement, address: str) -> str:
    """Return the key of the mail that tells an address, unique for ever."""
    return f"{_cause(announcement)}/{TEMPLATE}/{address.lower()}"


def _cause(announcement: Announcement) -> str:
    return f"announcement-{announcement.name}"


def _occasion(
    announcement: Announcement, view: TicketView, world: World, now: datetime
) -> Occasion:
    customer = view.ticket.customer
    snapshot = Snapshot(now=now, proofs=Proofs(), customer=customer, tickets=(view,))
    return Occasion(
        snapshot=snapshot,
        world=world,
        mailbox=world.house.mailbox(view.ticket.mailbox),
        name=_cause(announcement),
        actor=announcement.actor,
    )

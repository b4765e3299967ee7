"""A machine's mail: nobody's action, never answered; on its ticket, held, or ignored."""

from __future__ import annotations

import re
from dataclasses import replace

from maild.core import answers, undelivered
from maild.core.decision import Decision, EventDraft, Outcome, Reply, Returned
from maild.core.mail import Bounce, BounceClass
from maild.core.proof import thread_token
from maild.core.reason import Reason, Why
from maild.core.scene import Scene
from maild.core.snapshot import TicketView
from maild.core.thread import Found
from maild.core.ticket import PostKind, Ticket
from maild.core.token import Purpose, Token, made_for

_POST = re.compile(r"\.p([0-9]{1,9})@")
"""What a Message-ID of ours says of the post that it carries (`outbox/threads.py`)."""


def own_loop(scene: Scene) -> Decision:
    """Ignore a mail of our own that came back to us."""
    message_id = scene.mail.parsed.message_id
    return Decision(
        outcome=Outcome.IGNORED,
        reasons=(Reason(why=Why.OWN_LOOP, detail=f"<{message_id}> is our own"),),
    )


def same_mail(scene: Scene) -> Decision:
    """Ignore a mail that is in the journal already."""
    same_as = scene.snapshot.same_as
    return Decision(
        outcome=Outcome.IGNORED,
        reasons=(Reason(why=Why.SAME_MAIL, detail=f"journal row {same_as} is the same mail"),),
        same_as=same_as,
    )


def bounce(scene: Scene, found: Found | None) -> Decision:
    """A bounce counts only when it carries the token of our return path; it never makes a ticket.

    Who is responsible is told when a mail is lost; a warning that it is late is told of an agent's
    words alone. An answer that its customer did not get was not given: the ticket waits for us.
    An unproven bounce changes nothing and is held.
    """
    proven = scene.snapshot.proofs.token(Purpose.RETURN)
    if proven is None or found is None or found.pointed != proven.ticket:
        words = "a bounce without our token changes nothing"
        return Decision(
            outcome=Outcome.HELD, reasons=(Reason(why=Why.BOUNCE_UNPROVEN, detail=words),)
        )
    ticket, report = found.view.ticket, scene.mail.bounce or Bounce()
    address = _failed_address(scene, proven, ticket)
    kind = report.bounce_class.value
    n = _named_post(scene, found.view)
    lost = (("to", address), ("n", str(n))) if n and report.is_final else ()
    is_theirs = address.lower() == ticket.customer.address.lower()
    after, moves = undelivered.unanswered(ticket) if lost and is_theirs else (ticket, ())
    event = EventDraft(
        kind="reply.bounced", actor="maild", data=(("address", address), ("class", kind), *lost)
    )
    reason = Reason(why=Why.BOUNCE_OF_OURS, detail=f"{kind} for {address or 'an address'}")
    return Decision(
        outcome=Outcome.IGNORED,
        reasons=(reason,),
        before=ticket,
        after=after,
        events=(event, *moves),
        replies=_told(scene, ticket, address, reason, is_post=n > 0),
        returned=_returned(scene, address),
    )


def _named_post(scene: Scene, view: TicketView) -> int:
    """Return the number of the agent's post that came back, by its Message-ID; 0 for none."""
    message_id = scene.mail.bounce.message_id if scene.mail.bounce else ""
    token = thread_token(message_id, scene.house, scene.world.keys)
    named = _POST.search(message_id)
    if token is None or named is None or token.ticket != view.ticket.number:
        return 0
    n = int(named.group(1))
    is_other = any(post.n == n and post.kind is not PostKind.AGENT for post in view.recent)
    is_ours = not is_other and made_for(scene.world.keys, token, f"post:{n}")
    return n if is_ours else 0


def _told(
    scene: Scene, ticket: Ticket, address: str, reason: Reason, *, is_post: bool
) -> tuple[Reply, ...]:
    """Tell who is responsible that a mail is lost, or once that an agent's words are late.

    Never an agent of their own address: that news would fail the same way, for ever. So of an
    agent's address only the assignee hears.
    """
    house, report = scene.house, scene.mail.bounce or Bounce()
    if not (report.is_final or is_post):
        return ()
    late = f"{report.message_id}/late/{address}"
    failed = house.agent_of(address)
    readers = (ticket.assignee,) if failed else undelivered.responsible(ticket, house)
    agents = (house.agent_of(reader) for reader in readers)
    template = "undelivered" if report.is_final else "delayed"
    news = (
        answers.trouble(scene, ticket, agent, template, reason)
        for agent in agents
        if agent is not None and agent != failed
    )
    return tuple(
        replace(
            one,
            detail=report.detail,
            unreached=address,
            post_kind=PostKind.AGENT if is_post else None,
            key=one.key if report.is_final else f"{late}/{one.recipient}",
        )
        for one in news
    )


def _returned(scene: Scene, address: str) -> Returned | None:
    """A full mailbox is no dead address, whatever its server says."""
    report = scene.mail.bounce
    if not address or report is None:
        return None
    grade = BounceClass.TEMPORARY if report.is_full else report.bounce_class
    return Returned(address=address, bounce_class=grade, message_id=report.message_id)


def _failed_address(scene: Scene, proven: Token, ticket: Ticket) -> str:
    """The address that the token was made for, among those that may be meant; else empty.

    A report may name another one: that which the mail was forwarded to, or anything at all.
    """
    named = scene.mail.bounce.addresses if scene.mail.bounce else ()
    people = (p.address for p in ticket.participants)
    agents = (a.address for a in scene.house.agents)
    every = (*named, ticket.customer.address, *people, *agents)
    return next((a for a in every if made_for(scene.world.keys, proven, a)), "")

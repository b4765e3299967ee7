"""The command that takes posts of a ticket to a new one.

The posts move, with their files and the Message-IDs that their writers gave them: who answers
such a mail is led to the new ticket. Whatever we sent from the old ticket (reply addresses,
Message-IDs of ours) names the old one for ever. In the place of each post a note says where it
went, so that no number is given twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

from maild.core import answers
from maild.core.address import valid
from maild.core.command import Command
from maild.core.created import created
from maild.core.customership import known_to
from maild.core.decision import Decision, EventDraft, Outcome, Reply, Taken
from maild.core.reason import Reason, Why
from maild.core.scene import Scene
from maild.core.ticket import Customer, Participant, Post, PostKind, Role, State, Ticket
from maild.core.told import Done
from maild.core.work import Misfit, Work

NUMBERS_MAX = 100
SPLIT = "ticket.split"
"""Event of the ticket that the posts leave; its `to` is the number of the new one."""
MARK = "→ #"
"""So begins the note in the place of a post that was taken to another ticket."""
_NUMBER = re.compile(r"[#＃]?([0-9]{1,6})(?:-[#＃]?([0-9]{1,6}))?")


def split(work: Work, command: Command) -> Work | Misfit:
    """Take the customer's last post, or the posts that are named, to a new ticket.

    A post that was taken before, and the last that a ticket has, cannot be taken.
    """
    story = _story(work)
    chosen = _chosen(command.argument, story)
    left = [post for post in story if post not in chosen and not _is_stub(post)]
    if not chosen or not left or any(_is_stub(post) for post in chosen):
        return Misfit(command=command, nearest=_nearest(story))
    opened = _opened(work, chosen)
    numbers = ", ".join(str(post.n) for post in chosen)
    work = replace(work, others=(*work.others, opened))
    work = work.logged(SPLIT, ("to", ""), ("posts", numbers))
    return work.tell(command, Done.SPLIT)


def numbered(decision: Decision, opened: Sequence[int]) -> Decision:
    """Return the decision with the numbers that the new tickets were given, in order."""
    if not opened:
        return decision
    logged = iter(map(str, opened))
    events = tuple(
        replace(one, data=(("to", next(logged)), *one.data[1:])) if one.kind == SPLIT else one
        for one in decision.events
    )
    replies = tuple(_numbered_reply(reply, list(opened)) for reply in decision.replies)
    return replace(decision, events=events, replies=replies)


def _numbered_reply(reply: Reply, opened: list[int]) -> Reply:
    numbers = iter(map(str, opened))
    told = tuple(
        replace(one, value=next(numbers)) if one.done in (Done.SPLIT, Done.OPENED) else one
        for one in reply.told
    )
    return replace(reply, told=told)


def _story(work: Work) -> tuple[Post, ...]:
    desk = work.scene.snapshot.desk
    return desk.story if desk.ticket == work.ticket.number else work.view.recent


def _chosen(argument: str, story: Sequence[Post]) -> tuple[Post, ...]:
    """The posts that are meant, in their order; none where one of the numbers is of no post."""
    if not argument:
        return tuple(post for post in story if post.kind is PostKind.CUSTOMER)[-1:]
    wanted: set[int] = set()
    for piece in argument.replace(",", " ").replace("–", "-").split():
        found = _NUMBER.fullmatch(piece)
        if found is None:
            return ()
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last < first + NUMBERS_MAX:
            return ()
        wanted |= set(range(first, last + 1))
    by_number = {post.n: post for post in story}
    if not wanted <= set(by_number):
        return ()
    return tuple(by_number[n] for n in sorted(wanted))


def _is_stub(post: Post) -> bool:
    """Whether a note only stands in the place of a post that was taken."""
    return post.kind is PostKind.NOTE and post.text.startswith(MARK)


def _nearest(story: Sequence[Post]) -> str:
    """The numbers of the posts that could be taken."""
    free = [str(post.n) for post in story if not _is_stub(post)]
    return " ".join(free[-10:]) if len(free) > 1 else ""


def _opened(work: Work, chosen: Sequence[Post]) -> Decision:
    """The new ticket, of whoever wrote the first of the posts from outside."""
    old, now = work.ticket, work.scene.snapshot.now
    writers = _writers(work.scene, chosen) or (_first(old),)
    ticket = Ticket(
        subject=old.subject,
        state=State.NEW,
        queue=old.queue,
        priority=old.priority,
        tier=old.tier,
        assignee=old.assignee,
        tags=old.tags,
        language=old.language,
        mailbox=old.mailbox,
        customer=_customer(work, writers[0]),
        participants=(writers[0], *(replace(one, role=Role.CC) for one in writers[1:])),
        linked=old.number,
        created_at=now,
    )
    numbers = tuple(post.n for post in chosen)
    told = (("split from", str(old.number)), ("posts", ", ".join(map(str, numbers))))
    why = f"{work.agent.address} splits #{old.number}"
    opened = Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.COMMAND, detail=why),),
        after=ticket,
        events=(created(ticket, work.agent.address, *told), *_added(chosen)),
        taken=Taken(ticket=old.number, posts=numbers, actor=work.agent.address),
    )
    return replace(opened, replies=_told(work, opened, chosen))


def _writers(scene: Scene, chosen: Sequence[Post]) -> tuple[Participant, ...]:
    """Who wrote posts from outside, each once; never an agent, nor an address of ours."""
    found = {
        post.author.lower(): Participant(address=post.author.lower(), name=post.author_name)
        for post in reversed(chosen)
        if post.kind is PostKind.CUSTOMER
        and valid(post.author)
        and not scene.is_ours(post.author)
        and scene.house.agent_of(post.author) is None
    }
    order = (post.author.lower() for post in chosen if post.author.lower() in found)
    return tuple(found[address] for address in dict.fromkeys(order))


def _first(ticket: Ticket) -> Participant:
    return Participant(address=ticket.customer.address, name=ticket.customer.name)


def _customer(work: Work, writer: Participant) -> Customer:
    old = work.ticket.customer
    if writer.address == old.address.lower():
        return old
    return known_to(work.scene.house, Customer(address=writer.address, name=writer.name))


def _added(chosen: Sequence[Post]) -> tuple[EventDraft, ...]:
    """The log of the new ticket begins now, its clocks with it; it tells when each was written."""
    return tuple(
        EventDraft(
            kind="post.added",
            actor=post.author,
            data=(
                ("kind", post.kind),
                ("n", str(n)),
                ("written", post.at.astimezone(UTC).isoformat(timespec="seconds")),
            ),
        )
        for n, post in enumerate(chosen, start=1)
    )


def _told(work: Work, opened: Decision, chosen: Sequence[Post]) -> tuple[Reply, ...]:
    """The new ticket comes to who split it and to who has it, so that they can answer it."""
    posts = tuple(replace(post, attachments=()) for post in chosen)
    shown = replace(opened, posts=posts)
    people = dict.fromkeys((work.agent.address, work.ticket.assignee))
    return tuple(
        replace(
            answers.notification(work.scene, shown, address, "new"),
            text=posts[-1].reply_text or posts[-1].text,
            html="",
            history=answers.quoted(reversed(posts[:-1])),
            key=work.scene.key("split", address),
        )
        for address in people
        if work.scene.house.agent_of(address) is not None
    )

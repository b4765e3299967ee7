"""Commands that only ask: the whole ticket, the agent's tickets, a search, the commands."""

from __future__ import annotations

from dataclasses import replace

from maild.core.command import Command
from maild.core.decision import Quoted
from maild.core.ticket import Post, Priority, Ticket
from maild.core.told import Done
from maild.core.work import Work

_RANKS = tuple(reversed(Priority))


def show(work: Work, command: Command) -> Work:
    """Show every post of the ticket, notes included, to the agent."""
    desk = work.scene.snapshot.desk
    posts = desk.story if desk.ticket == work.ticket.number else ()
    story = tuple(_quoted(post) for post in posts)
    return replace(work, story=story).tell(command, Done.BELOW if story else Done.NONE)


def mine(work: Work, command: Command) -> Work:
    """List what the agent has in hand, the most urgent and the oldest first."""
    tickets = tuple(sorted(work.scene.snapshot.desk.tickets, key=_rank))
    done = Done.BELOW if tickets else Done.NONE
    return replace(work, tickets=tickets).tell(command, done)


def search(work: Work, command: Command) -> Work:
    """List the tickets that have the words, of those that the agent may see."""
    desk = work.scene.snapshot.desk
    if not desk.findings:
        return work.tell(command, Done.NONE)
    done = Done.FOUND_MORE if desk.has_more else Done.FOUND
    return replace(work, findings=desk.findings).tell(command, done, str(len(desk.findings)))


def commands(work: Work, command: Command) -> Work:
    """List the commands."""
    return replace(work, has_help=True).tell(command, Done.BELOW)


def _quoted(post: Post) -> Quoted:
    return Quoted(
        author=post.author_name or post.author or post.kind.value,
        at=post.at.isoformat(timespec="seconds"),
        kind=post.kind,
        text=post.reply_text or post.text,
    )


def _rank(ticket: Ticket) -> tuple[int, int]:
    return _RANKS.index(ticket.priority), ticket.number

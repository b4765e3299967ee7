"""Commands about who takes part in a ticket: a new Cc gets what comes after, never the history."""

from __future__ import annotations

from maild.core import answers
from maild.core.address import valid
from maild.core.command import Command, nearest_of
from maild.core.labels import signed
from maild.core.ticket import Participant, Post, PostKind, Role
from maild.core.told import Done
from maild.core.work import Misfit, Work

PARTICIPANTS_MAX = 50


def cc(work: Work, command: Command) -> Work | Misfit:
    """Add and remove people who get copies; never the customer, an agent or an address of ours."""
    added, removed = signed(command.argument.lower())
    added, removed = tuple(map(_bare, added)), tuple(map(_bare, removed))
    misfit = _misfit(work, command, added, removed)
    if misfit is not None:
        return misfit
    known = [p.address.lower() for p in work.ticket.participants]
    new = [address for address in added if address not in known]
    if not new and not removed:
        return work.tell(command, Done.UNCHANGED)
    for address in new:
        work = _joined(work, Participant(address=address, role=Role.CC))
    for address in removed:
        left = tuple(p for p in work.ticket.participants if p.address.lower() != address)
        work = work.changed("participant.removed", address, participants=left)
    if new:
        work = work.tell(command, Done.CC_ADDED, ", ".join(new))
    return work.tell(command, Done.CC_REMOVED, ", ".join(removed)) if removed else work


def accept(work: Work, command: Command) -> Work | Misfit:
    """Let whoever wrote the newest post from outside take part, where they do not yet."""
    post = _unaccepted(work)
    if post is None:
        return work.tell(command, Done.UNCHANGED)
    person = Participant(address=post.author, name=post.author_name, role=Role.CC)
    return _joined(work, person).tell(command, Done.CC_ADDED, post.author)


def _misfit(
    work: Work, command: Command, added: tuple[str, ...], removed: tuple[str, ...]
) -> Misfit | None:
    scene, ticket = work.scene, work.ticket
    copied = [p.address.lower() for p in ticket.participants if p.role is Role.CC]
    for address in removed:
        if address not in copied:
            return Misfit(command=command, nearest=nearest_of(address, copied))
    outside = all(
        valid(one) and not scene.is_ours(one) and scene.house.agent_of(one) is None
        for one in added
    )
    room = len(ticket.participants) + len(added) <= PARTICIPANTS_MAX
    return None if outside and room and (added or removed) else Misfit(command=command)


def _joined(work: Work, person: Participant) -> Work:
    people = answers.participants_of(work.ticket, person)
    return work.changed("participant.added", person.address, participants=people)


def _unaccepted(work: Work) -> Post | None:
    """The newest post of somebody outside, if its author takes no part."""
    outside = [post for post in work.view.recent if post.kind is PostKind.CUSTOMER]
    if not outside:
        return None
    author = outside[-1].author
    is_known = work.ticket.participant(author) is not None
    may_join = valid(author) and not work.scene.is_ours(author)
    return outside[-1] if may_join and not is_known else None


def _bare(address: str) -> str:
    """Without what clients and people put around an address."""
    return address.strip("<>()[]\"'“”„")

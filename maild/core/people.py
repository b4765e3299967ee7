"""Commands about who takes part in a ticket: a new Cc gets what comes after, never the history."""

from __future__ import annotations

from maild.core import answers, newcomers, overtaken
from maild.core.address import valid
from maild.core.command import Command, nearest_of
from maild.core.labels import signed
from maild.core.newcomers import PARTICIPANTS_MAX
from maild.core.ticket import Participant, Post, PostKind, Role
from maild.core.told import Done
from maild.core.work import Misfit, Work


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
    """Let those take part whom the agent was shown: who wrote last from outside, and their Cc.

    What came behind the mail that the agent answers was not shown yet, and lets nobody in.
    """
    post = _shown(work)
    people = _offered(work, post) if post else ()
    if not people:
        return work.tell(command, Done.UNCHANGED)
    for person in people:
        work = _joined(work, person)
    return work.tell(command, Done.CC_ADDED, ", ".join(person.address for person in people))


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


def _shown(work: Work) -> Post | None:
    """The newest post of somebody outside that the agent knows of."""
    known = overtaken.known_posts(work.scene, work.view)
    return next(
        (
            post
            for post in reversed(work.view.recent)
            if post.kind is PostKind.CUSTOMER and (known is None or post.n <= known)
        ),
        None,
    )


def _offered(work: Work, post: Post) -> tuple[Participant, ...]:
    """Who could be let in because of a post, and does not take part yet."""
    offers = (offer.addresses for offer in work.view.offers if offer.post_n == post.n)
    names = {post.author.lower(): post.author_name}
    addresses = dict.fromkeys((post.author.lower(), *next(offers, ())))
    people = tuple(
        Participant(address=address, name=names.get(address, ""), role=Role.CC)
        for address in addresses
        if newcomers.may_be_let_in(work.scene, work.ticket, address)
    )
    return people[: max(PARTICIPANTS_MAX - len(work.ticket.participants), 0)]


def _bare(address: str) -> str:
    """Without what clients and people put around an address."""
    return address.strip("<>()[]\"'“”„")

"""People whom a mail brings along: its author where they take no part, and whom it copies.

Who proves the domain of a participant, and signed the Cc, lets the people in it take part; all
others are only shown to the agent, who lets them in with one word. Nobody gets what was written
before.
"""

from __future__ import annotations

from maild.core import naming
from maild.core.address import valid
from maild.core.decision import EventDraft
from maild.core.mail import Address
from maild.core.scene import Scene
from maild.core.ticket import Participant, Post, Role, Ticket
from maild.core.trust import Answer, Deed, Level, Standing, may

CC_MAX = 50
PARTICIPANTS_MAX = 50
OFFERED_MAX = 20
OFFERED = "people.offered"
"""The event that names who could be let in: `n` is the post, `who` the addresses."""


def joined(scene: Scene, ticket: Ticket, level: Level) -> tuple[Participant, ...]:
    """Return who takes part after a mail to the ticket: the people in its Cc only by right."""
    if level is Level.DOMAIN and "cc" in scene.snapshot.proofs.unsigned:
        return ticket.participants
    writer = ticket.participant(scene.mail.identity)
    standing = Standing.STRANGER if writer is None else Standing.PARTICIPANT
    if may(level, standing, Deed.CHANGE_CC, scene.house.agent_trust) is not Answer.YES:
        return ticket.participants
    room = max(PARTICIPANTS_MAX - len(ticket.participants), 0)
    copied = scene.mail.parsed.cc[:CC_MAX]
    return (*ticket.participants, *_welcome(scene, ticket, copied)[:room])


def offered(scene: Scene, ticket: Ticket) -> tuple[Participant, ...]:
    """Return whom an agent may let in after a mail: its author and the people in its Cc."""
    author = scene.mail.parsed.from_[:1]
    copied = scene.mail.parsed.cc[:CC_MAX]
    return _welcome(scene, ticket, (*author, *copied))[:OFFERED_MAX]


def copied(scene: Scene, ticket: Ticket) -> tuple[Participant, ...]:
    """Return who is named in To and Cc of an agent's mail, and takes no part in the ticket."""
    named = (*scene.mail.parsed.to[:CC_MAX], *scene.mail.parsed.cc[:CC_MAX])
    return _welcome(scene, ticket, named)[:OFFERED_MAX]


def told(people: tuple[Participant, ...], post: Post) -> tuple[EventDraft, ...]:
    """Return the line of the log that says who could be let in; none for nobody."""
    if not people:
        return ()
    data = (("n", str(post.n)), ("who", ", ".join(person.address for person in people)))
    return (EventDraft(kind=OFFERED, actor=post.author, data=data, at=post.at),)


def added(before: tuple[Participant, ...], after: Ticket, post: Post) -> tuple[EventDraft, ...]:
    """Return the lines of the log that say who takes part from this mail on."""
    new = (person for person in after.participants if person not in before)
    return tuple(
        EventDraft(
            kind="participant.added",
            actor=post.author,
            data=(("to", person.address),),
            at=post.at,
        )
        for person in new
    )


def may_be_let_in(scene: Scene, ticket: Ticket, address: str) -> bool:
    """Tell whether somebody is from outside, can get mail, and takes no part yet."""
    return (
        valid(address)
        and ticket.participant(address) is None
        and not scene.is_ours(address)
        and scene.house.agent_of(address) is None
    )


def _welcome(scene: Scene, ticket: Ticket, people: tuple[Address, ...]) -> tuple[Participant, ...]:
    """Who of these may be let in, each once."""
    found = {
        person.addr.lower(): Participant(
            address=person.addr.lower(),
            name=naming.outside(person.name, scene.house),
            role=Role.CC,
        )
        for person in people
        if may_be_let_in(scene, ticket, person.addr)
    }
    return tuple(found.values())

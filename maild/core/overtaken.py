"""Two agents at once: an answer that was written before a colleague's was known is not sent.

Every mail of ours to an agent says in its Message-ID how many posts of the ticket its reader knows
by it, and who would read an answer. An agent's answer names that id: a colleague's public answer
behind that post is news, and so are new readers, whom a colleague's command or a merge brought.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from maild.core.house import Agent
from maild.core.proof import answered_ids
from maild.core.scene import Scene
from maild.core.snapshot import TicketView
from maild.core.ticket import Participant, Post, PostKind, Ticket
from maild.core.token import Purpose, Token, verify

_MARKED = re.compile(
    r"([A-Za-z2-7]{45})\.[A-Za-z0-9]{1,40}\.s([0-9]{1,9})(?:\.r((?:[0-9a-f]{4})*))?@[^@]{1,255}"
)
_READERS_MAX = 8


def mark(known: int, ticket: Ticket) -> str:
    """Return the end of the left side of a Message-ID that tells what is known by it.

    How many posts, and who takes part, unless they are too many; empty where nothing is told.
    """
    people = ticket.participants
    readers = f".r{''.join(map(_short, people))}" if len(people) <= _READERS_MAX else ""
    return f".s{known}{readers}" if known else ""


def unknown_answers(scene: Scene, view: TicketView, agent: Agent) -> tuple[Post, ...]:
    """Return what colleagues said in public that the agent did not know of, oldest first.

    Who answers no mail of ours by its id is judged by the day on which the reply address was
    made: what a colleague said on a later day is news. An answer that was taken back is none.
    """
    theirs = {post.n: post for post in (*view.answers, *view.recent) if _is_answer(post, agent)}
    known = known_posts(scene, view)
    return tuple(
        post
        for n, post in sorted(theirs.items())
        if (n > known if known is not None else _is_of_later_day(scene, post))
    )


def new_readers(scene: Scene, before: Ticket, after: Ticket) -> tuple[Participant, ...]:
    """Return who takes part, and did not when the mail was written that an agent answers.

    Also where that was about a ticket which was merged into this one. Whom the agent's own
    commands bring or send away, `after` them, is nobody new.
    """
    known = next((match[3] for match, _ in _marks(scene) if match[3] is not None), None)
    if known is None:
        return ()
    readers = {known[at : at + 4] for at in range(0, len(known), 4)}
    left = {person.address for person in after.participants}
    here = (person for person in before.participants if person.address in left)
    return tuple(person for person in here if _short(person) not in readers)


def known_posts(scene: Scene, view: TicketView) -> int | None:
    """Return up to which post of the ticket the author of a mail knows, None for who knows."""
    return next(_known(scene, view), None)


def _is_answer(post: Post, agent: Agent) -> bool:
    return post.kind is PostKind.AGENT and post.author != agent.address


def _known(scene: Scene, view: TicketView) -> Iterator[int]:
    """The numbers of posts that the answered mails told of, nearest first."""
    for match, token in _marks(scene):
        if token.ticket == view.ticket.number:
            yield int(match[2])


def _marks(scene: Scene) -> Iterator[tuple[re.Match[str], Token]]:
    """What mails of ours to agents told that are answered, nearest first."""
    for message_id in answered_ids(scene.mail):
        match = _MARKED.fullmatch(message_id)
        token = verify(scene.world.keys, match[1]) if match else None
        if match and token is not None:
            yield match, token


def _short(person: Participant) -> str:
    """Enough of somebody to tell a few people of one ticket apart."""
    return hashlib.sha256(person.address.lower().encode("utf-8", "replace")).hexdigest()[:4]


def _is_of_later_day(scene: Scene, post: Post) -> bool:
    tokens = scene.snapshot.proofs.tokens
    days = [token.issued for token in tokens if token.purpose is Purpose.AGENT]
    return bool(days) and post.at.date() > max(days)

"""Two agents at once: an answer that was written before a colleague's was known is not sent.

Every mail of ours to an agent says in its Message-ID how many posts of the ticket its reader knows
by it. An agent's answer names that id; a colleague's public answer behind that post is news.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from maild.core.house import Agent
from maild.core.proof import answered_ids
from maild.core.scene import Scene
from maild.core.snapshot import TicketView
from maild.core.ticket import Post, PostKind
from maild.core.token import Purpose, verify

_MARKED = re.compile(r"([A-Za-z2-7]{45})\.[A-Za-z0-9]{1,40}\.s([0-9]{1,9})@[^@]{1,255}")


def mark(known: int) -> str:
    """Return the end of the left side of a Message-ID that tells how many posts are known by it.

    Empty where nothing is told.
    """
    return f".s{known}" if known else ""


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


def known_posts(scene: Scene, view: TicketView) -> int | None:
    """Return up to which post of the ticket the author of a mail knows, None for who knows."""
    return next(_known(scene, view), None)


def _is_answer(post: Post, agent: Agent) -> bool:
    return post.kind is PostKind.AGENT and post.author != agent.address


def _known(scene: Scene, view: TicketView) -> Iterator[int]:
    """The numbers of posts that the answered mails told of, nearest first."""
    for message_id in answered_ids(scene.mail):
        match = _MARKED.fullmatch(message_id)
        token = verify(scene.world.keys, match.group(1)) if match else None
        if match and token is not None and token.ticket == view.ticket.number:
            yield int(match.group(2))


def _is_of_later_day(scene: Scene, post: Post) -> bool:
    tokens = scene.snapshot.proofs.tokens
    days = [token.issued for token in tokens if token.purpose is Purpose.AGENT]
    return bool(days) and post.at.date() > max(days)

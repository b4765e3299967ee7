"""What an agent's mail may not do at once: it is held, and its agent is shown what would be done.

The decision is made as if the mail were proven; then it is put aside, and what it would do becomes
a `Question` to the agent's registered address. Once that is answered the held mail is decided
anew, by the same functions and with authority for this one mail. What was shown must be what is
sent: where anything of it is different by then (somebody wrote on the ticket, people left, the
subject changed), the agent is asked again. An operator who releases such a mail answers in the
agent's place, has the ticket before their eyes, and is not asked again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from maild.core import answers
from maild.core.decision import Audience, Decision, Outcome, Reply
from maild.core.house import Agent, AgentTrust
from maild.core.mail import Attachment
from maild.core.markup import read
from maild.core.markuptext import text_of
from maild.core.question import (
    NamedFile,
    Question,
    QuestionState,
    Shown,
    Way,
)
from maild.core.reason import Reason, Why
from maild.core.scene import Scene
from maild.core.ticket import Post, PostKind, Ticket
from maild.core.trust import Deed, Level

TEXT_CHARACTERS_MAX = 200_000
"""So much of a text is shown; what it stands for is compared as a whole."""
ORDERS_MAX = 50
_WORD = re.compile(r"\w+")
_SAID = (PostKind.CUSTOMER, PostKind.AGENT)


def doubt(level: Level, deed: Deed, policy: AgentTrust) -> Reason:
    """Say why the table asks for a confirmation: too little is proven, or the house wants it."""
    is_wanted = policy is AgentTrust.CONFIRM_ALL and level > Level.DOMAIN
    why = Why.CONFIRM_ALL if is_wanted else Why.AGENT_UNPROVEN
    return Reason(why=why, detail=f"{level.label} does not allow {deed} at once")


def is_confirmed(scene: Scene, agent: Agent) -> bool:
    """Tell whether the agent, or an operator, said yes to this very mail."""
    asked = scene.snapshot.question
    is_theirs = asked is not None and asked.question.agent == agent.address
    return is_theirs and asked is not None and asked.state is QuestionState.APPROVED


def marked(scene: Scene, agent: Agent, start: Decision) -> Decision:
    """Return the beginning of a decision, with the reason that it was confirmed, where it was."""
    asked = scene.snapshot.question
    if asked is None or not is_confirmed(scene, agent):
        return start
    reason = Reason(why=Why.CONFIRMED, detail=f"by {asked.way or Way.MAIL}")
    return replace(start, reasons=(*start.reasons, reason))


def unless_confirmed(
    scene: Scene, agent: Agent, start: Decision, done: Decision, doubts: tuple[Reason, ...]
) -> Decision:
    """Return what would be `done`; or, where there are doubts that nobody answered, the question.

    `start` is what is known before anything is done: trust, ticket, reasons.
    """
    if not doubts or done.outcome is not Outcome.POSTED:
        return done
    question = _question(scene, agent, done, doubts)
    asked = scene.snapshot.question
    is_again = False
    if asked is not None and asked.question.agent == agent.address:
        is_same = asked.question.digest == question.digest
        if is_confirmed(scene, agent) and (is_same or asked.way is Way.OPERATOR):
            return done
        is_waiting = asked.state is QuestionState.WAITING and is_same
        round_ = asked.question.round + (0 if is_waiting else 1)
        question, is_again = replace(question, round=round_), not is_waiting
    return _held(scene, agent, start, done, (question, is_again))


def dropped(scene: Scene) -> Decision | None:
    """End a held mail that its agent gave up; None for every other."""
    asked = scene.snapshot.question
    if asked is None or asked.state is not QuestionState.DROPPED:
        return None
    reason = Reason(why=Why.DROPPED, detail=f"by {asked.question.agent}")
    return Decision(outcome=Outcome.IGNORED, reasons=(reason,))


def _held(
    scene: Scene,
    agent: Agent,
    start: Decision,
    done: Decision,
    asking: tuple[Question, bool],
) -> Decision:
    question, is_again = asking
    words = "; ".join(str(doubt) for doubt in question.shown.doubts)
    reason = Reason(why=Why.CONFIRM_ASKED, detail=words)
    ticket = start.before or done.after
    assert ticket is not None, "what an agent would do is always about a ticket"
    return replace(
        start,
        outcome=Outcome.HELD,
        reasons=(*start.reasons, reason),
        before=ticket,
        replies=(_mail(scene, ticket, agent, question, done, is_again=is_again),),
        question=question,
    )


def _mail(  # noqa: PLR0913 - one mail is made of all of this
    scene: Scene,
    ticket: Ticket,
    agent: Agent,
    question: Question,
    done: Decision,
    *,
    is_again: bool,
) -> Reply:
    """Write the question; the newest posts are shown, so that nobody answers what has changed."""
    reason = Reason(why=Why.CONFIRM_ASKED, detail="again" if is_again else "")
    told = answers.trouble(scene, ticket, agent, "confirm", reason)
    posts = done.posts[0].kind if done.posts else None
    return replace(
        told,
        subject=question.shown.subject or ticket.subject,
        text=question.shown.text,
        html="",
        history=answers.history(scene, replace(done, after=ticket)),
        post_kind=posts,
        question=question,
        key=scene.key(f"confirm-{question.round}", agent.address),
    )


def _question(scene: Scene, agent: Agent, done: Decision, doubts: tuple[Reason, ...]) -> Question:
    ticket = done.after or done.before
    assert ticket is not None, "what an agent would do is always about a ticket"
    shown = _shown(done, ticket, doubts)
    seconds = scene.house.confirm_seconds
    return Question(
        journal_id=scene.arrival.journal_id,
        agent=agent.address,
        ticket=done.before.number if done.before else 0,
        mailbox=ticket.mailbox,
        language=answers.agent_language(scene, agent, ticket),
        digest=_digest(scene, done, shown),
        expires_at=scene.snapshot.now + timedelta(seconds=seconds),
        shown=replace(
            shown,
            text=shown.text[: TEXT_CHARACTERS_MAX + 1],
            formatted=shown.formatted[: TEXT_CHARACTERS_MAX + 1],
        ),
    )


def _shown(done: Decision, ticket: Ticket, doubts: tuple[Reason, ...]) -> Shown:
    post = done.posts[0] if done.posts else None
    outside = [reply for reply in done.replies if reply.audience is Audience.CUSTOMER]
    orders = (r.detail for r in done.reasons if r.why is Why.COMMAND)
    files = outside[0].files if outside else ()
    left_out = outside[0].files_left_out if outside else ()
    return Shown(
        recipients=tuple(dict.fromkeys(reply.recipient for reply in outside)),
        subject=ticket.subject,
        text=post.text if post else "",
        formatted=_formatted(post) if post else "",
        files=_named(one.attachment for one in files),
        files_left_out=_named(left_out),
        orders=tuple(orders)[:ORDERS_MAX],
        doubts=doubts,
        is_note=post is not None and post.kind is PostKind.NOTE,
    )


def _formatted(post: Post) -> str:
    """What the formatted form says to whom reads it, where the plain one says something else."""
    said = text_of(read(post.html), mark_quotes=False) if post.html else ""
    return "" if _WORD.findall(said) == _WORD.findall(post.text) else said


def _named(attachments: Iterable[Attachment]) -> tuple[NamedFile, ...]:
    return tuple(NamedFile(name=one.name, size=one.size) for one in attachments)


def _digest(scene: Scene, done: Decision, shown: Shown) -> str:
    """Name all that would be done: equal texts mean that nothing is different.

    What somebody says on the ticket counts; a machine's answer and a note do not.
    """
    ticket = done.before
    view = scene.snapshot.view(ticket.number) if ticket else None
    said = [post.n for post in (view.recent if view else ()) if post.kind in _SAID]
    post = done.posts[0] if done.posts else None
    parts = [
        sorted(shown.recipients),
        shown.subject,
        [post.kind, post.text, post.html] if post else [],
        [[one.name, one.size, one.sha256] for one in (post.attachments if post else ())],
        shown.orders,
        [str(doubt) for doubt in shown.doubts],
        done.after.state.value if done.after else "",
        max(said, default=0),
    ]
    plain = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()

"""A vote that counts: written down, told to the ticket, and an event that rules wait for; pure.

What was said beside the mark stands on the ticket as well, as an automatic post: it is no word
that stops a clock or opens anything, rules do that. A survey about no ticket has its words in the
vote alone, unless a rule opens a ticket for them (`{ open = "support" }`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maild.core import ontime, ruling
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.house import House
from maild.core.ontime import Cause
from maild.core.proof import Proofs
from maild.core.reason import Reason, Why
from maild.core.scene import Occasion
from maild.core.snapshot import AgentLoad, Snapshot, TicketView, World
from maild.core.survey import (
    ANSWERED,
    COMMENT_CHARACTERS_MAX,
    CUSTOMER,
    Survey,
    Via,
    Vote,
    place,
)
from maild.core.ticket import Customer, Post, PostKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What somebody answers to a survey."""

    score: int
    comment: str = ""
    via: Via


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """Who votes on a page, and what is known of them."""

    customer: Customer
    view: TicketView | None = None
    """The ticket that the survey is about; None for none."""
    loads: tuple[AgentLoad, ...] = ()


def is_open(survey: Survey, house: House, now: datetime) -> bool:
    """Tell whether a vote counts now."""
    change = timedelta(seconds=house.vote_change_seconds)
    return survey.is_open(now, change, house.votes_per_survey)


def cast(survey: Survey, ballot: Ballot, house: House, now: datetime) -> Vote | None:
    """Return the vote that counts; None where none counts any more, or no such mark exists."""
    if not is_open(survey, house, now) or ballot.score not in survey.kind.marks:
        return None
    return Vote(
        survey=survey.id,
        kind=survey.kind,
        score=ballot.score,
        comment=_kept(ballot.comment),
        via=ballot.via,
        customer=survey.customer,
        language=survey.language,
        before=survey.given.score if survey.given else None,
        was_low=survey.was_low,
        earlier=survey.given.count if survey.given else 0,
    )


def is_same(survey: Survey, vote: Vote) -> bool:
    """Tell whether a vote says what is in force: sent twice, it counts once."""
    given = survey.given
    if given is None or given.score != vote.score:
        return False
    return vote.comment in ("", given.comment)


def counted(decision: Decision, vote: Vote, voter: Customer) -> Decision:
    """Return the decision with a vote, its line in the log, and the reason."""
    data = (
        ("survey", str(vote.survey)),
        ("kind", vote.kind.value),
        ("score", str(vote.score)),
        ("via", vote.via.value),
        ("customer", str(vote.customer)),
        *place(vote.kind, voter.segment, voter.organisation, vote.language),
    )
    words = f"{vote.kind} survey {vote.survey}: {vote.score} of {vote.kind.most}, by {vote.via}"
    return replace(
        decision,
        votes=(*decision.votes, vote),
        events=(*decision.events, EventDraft(kind=ANSWERED, actor=CUSTOMER, data=data)),
        reasons=(*decision.reasons, Reason(why=Why.VOTED, detail=words)),
    )


def on_page(survey: Survey, vote: Vote, voter: Voter, world: World, now: datetime) -> Decision:
    """Decide about a vote that somebody gave on its page, rules included."""
    view = voter.view
    ticket = view.ticket if view else None
    posts = _posts(survey, vote, view, now)
    added = tuple(
        EventDraft(kind="post.added", actor=CUSTOMER, data=(("kind", p.kind), ("n", str(p.n))))
        for p in posts
        if ticket is not None
    )
    decision = Decision(
        outcome=Outcome.POSTED,
        reasons=(),
        before=ticket,
        after=ticket,
        posts=posts,
        events=added,
    )
    votes = f"{vote.score}-{now.isoformat()}"
    cause = Cause(name=f"vote-{survey.id}-{votes}", now=now, actor=survey.recipient)
    scene = _occasion(survey, voter, world, cause)
    return settled(ruling.follow(scene, counted(decision, vote, voter.customer)))


def settled(decision: Decision) -> Decision:
    """Leave out what stands nowhere: where no rule opened a ticket there is no post of it."""
    if not decision.votes or decision.outcome is not Outcome.POSTED:
        return decision
    if decision.after is None or not decision.posts:
        return replace(decision, outcome=Outcome.IGNORED, posts=(), keys=())
    return decision


def first_post(survey: Survey, vote: Vote, now: datetime) -> Post:
    """Return the post that a ticket about a vote begins with."""
    mark = f"{vote.kind.value.upper()} {vote.score}/{vote.kind.most}"
    text = f"{mark}\n\n{vote.comment}".strip()
    return Post(
        n=1,
        kind=PostKind.CUSTOMER,
        author=survey.recipient,
        author_name=survey.name,
        at=now,
        text=text,
        reply_text=text,
        language=survey.language,
    )


def _posts(survey: Survey, vote: Vote, view: TicketView | None, now: datetime) -> tuple[Post, ...]:
    if view is None:
        return (first_post(survey, vote, now),)
    if not vote.comment or (survey.given and survey.given.comment == vote.comment):
        return ()
    post = replace(first_post(survey, vote, now), n=view.post_count + 1, kind=PostKind.AUTO)
    return (post,)


def _occasion(survey: Survey, voter: Voter, world: World, cause: Cause) -> Occasion:
    if voter.view is not None:
        return ontime.occasion(voter.view, world, voter.loads, cause)
    return Occasion(
        snapshot=Snapshot(
            now=cause.now, proofs=Proofs(), customer=voter.customer, loads=voter.loads
        ),
        world=world,
        mailbox=world.house.mailbox(survey.mailbox),
        name=cause.name,
        actor=cause.actor,
    )


def _kept(comment: str) -> str:
    return comment.replace("\r\n", "\n").replace("\x00", "").strip()[:COMMENT_CHARACTERS_MAX]

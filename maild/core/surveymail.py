"""A mail to the address that a survey came from: a vote, if it can be read for certain.

| it says                          | then                                                        |
|----------------------------------|-------------------------------------------------------------|
| a mark                           | it counts; a comment stands on the ticket                   |
| a mark, and more than a comment  | it counts, and the mail is handled as any mail              |
| something about a mark           | asked back, once; what was written stands on the ticket     |
| the same, and more               | asked back, once, and the mail is handled as any mail       |
| anything else                    | it is handled as any mail                                   |
| that they want no such mail      | they get none                                               |

The token went to the customer's address alone; with From being that address it proves as much as
any reply address of ours. Whoever else has it writes a mail like any other, and casts no vote. A
machine's mail is nobody's vote. Where no vote counts any more, the customer is told so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from maild.core import answers, confirmmail, customermail, leaving, markread, voting
from maild.core.address import valid
from maild.core.decision import Audience, Decision, EventDraft, Outcome, Reply, ReplyKind
from maild.core.mail import VisibleReply
from maild.core.markread import Reading
from maild.core.marktokens import words
from maild.core.reason import Reason, Why
from maild.core.scene import Scene
from maild.core.snapshot import TicketView
from maild.core.survey import CUSTOMER, Leaving, Survey, Via
from maild.core.thread import By, Found
from maild.core.ticket import Customer, Post, PostKind, Ticket
from maild.core.token import made_for
from maild.core.trust import Answer, Deed, Level, Standing, may
from maild.core.voting import Ballot

TEMPLATE = "survey-answer"
OVER = "over"
UNCLEAR = "unclear"
PASSED_ON = "passed-on"
"""Unclear as well, and somebody reads what was written."""


def decide(scene: Scene) -> Decision | None:
    """Decide about a mail with the token of a survey, or of leaving; None for any other."""
    proofs = scene.snapshot.proofs
    if not proofs.surveys and not proofs.leaving:
        return None
    if scene.mail.classification.is_bounce:
        return None
    if proofs.leaving:
        return _left(scene)
    if confirmmail.is_machines(scene):
        words = f"{scene.mail.classification.kind} is nobody's vote"
        reason = Reason(why=Why.AUTOMATIC, detail=words)
        return Decision(outcome=Outcome.IGNORED, reasons=(reason,))
    keys = scene.world.keys
    known = scene.snapshot.surveys
    survey = next((s for s in known if any(s.is_meant(t, keys) for t in proofs.surveys)), None)
    if survey is None or not _may_vote(scene, survey):
        return None
    return _answered(scene, survey)


def _left(scene: Scene) -> Decision:
    """Unsubscribe whom the token was made for, whoever's program sent the mail."""
    found = _meant(scene)
    if found is None or scene.is_automatic:
        reason = Reason(why=Why.VOTE_REFUSED, detail="nobody may unsubscribe by this mail")
        return Decision(outcome=Outcome.IGNORED, reasons=(reason,))
    return leaving.decide(found)


def _meant(scene: Scene) -> Leaving | None:
    tokens, keys = scene.snapshot.proofs.leaving, scene.world.keys
    return next(
        (
            one
            for one in scene.snapshot.leaving
            for token in tokens
            if token.ticket == one.customer and made_for(keys, token, one.address)
        ),
        None,
    )


def _may_vote(scene: Scene, survey: Survey) -> bool:
    level = _level(scene, survey)
    answer = may(level, Standing.PARTICIPANT, Deed.VOTE, scene.house.agent_trust)
    return answer is Answer.YES


def _level(scene: Scene, survey: Survey) -> Level:
    """The survey's token proves E1 of its reader; of anybody else it proves nothing."""
    proofs = scene.snapshot.proofs
    if proofs.domain_failed:
        return Level.FAILED
    if scene.mail.identity != survey.recipient.lower():
        return Level.CLAIMED
    return Level.TOKEN_AND_DOMAIN if proofs.domain else Level.TOKEN


def _answered(scene: Scene, survey: Survey) -> Decision:
    """Count what can be counted, and let nothing be lost of the rest."""
    found = _reading(scene, survey)
    scene = _whole(scene) if found.is_below else scene
    if found.wants_out:
        who = Leaving(address=survey.recipient, customer=survey.customer, via=Via.REPLY)
        return leaving.decide(who)
    house, now = scene.house, scene.now
    is_open = voting.is_open(survey, house, now)
    if found.score is None:
        is_again = survey.asked_back and found.is_about_mark and not found.is_courtesy
        base = _base(scene, survey, found, is_mail=found.has_more or is_again)
        is_asked = found.is_about_mark and is_open and not survey.asked_back
        reason = Reason(why=Why.VOTE_UNCLEAR, detail=f"{survey.kind} survey {survey.id}")
        base = replace(base, reasons=(*base.reasons, reason))
        return _told(scene, survey, base, _unclear(base, found)) if is_asked else base
    via = Via.LINK if found.by_link else Via.REPLY
    ballot = Ballot(score=found.score, comment=found.comment, via=via)
    vote = voting.cast(survey, ballot, house, now)
    base = _base(scene, survey, found, is_mail=found.has_more)
    if vote is None:
        reason = Reason(why=Why.VOTE_REFUSED, detail=f"the time of survey {survey.id} is over")
        base = _unless_posted(replace(base, reasons=(*base.reasons, reason)))
        return _told(scene, survey, base, OVER)
    if base.outcome is not Outcome.POSTED or voting.is_same(survey, vote):
        return _unless_posted(base)
    return voting.counted(base, vote, scene.snapshot.customer)


def _unless_posted(base: Decision) -> Decision:
    """A vote that does not count opens nothing, and makes no post of its own."""
    if base.outcome is Outcome.POSTED and (base.after is None or not base.posts):
        return replace(base, outcome=Outcome.IGNORED, posts=(), keys=())
    return base


def _unclear(base: Decision, found: Reading) -> str:
    is_read = found.has_more and base.outcome is Outcome.POSTED
    return PASSED_ON if is_read else UNCLEAR


def _reading(scene: Scene, survey: Survey) -> Reading:
    mail = scene.mail
    found = markread.read(
        survey.kind,
        mail.reply.reply_text,
        mail.parsed.subject,
        below=_below(mail.reply),
        names=_names(scene, survey),
    )
    has_files = any(not one.inline for one in mail.parsed.attachments)
    return replace(found, has_more=True) if has_files else found


def _below(reply: VisibleReply) -> str:
    """What was cut from the text as a signature, in its order."""
    said = Counter(reply.reply_text.split("\n"))
    cut: list[str] = []
    for line in reply.unquoted_text.split("\n"):
        if said[line] > 0:
            said[line] -= 1
        else:
            cut.append(line)
    return "\n".join(cut)


def _names(scene: Scene, survey: Survey) -> frozenset[str]:
    """The words that name the writer: no more than a name, wherever they stand."""
    known = [sender.name for sender in scene.mail.parsed.from_[:1]]
    local = survey.recipient.rpartition("@")[0].replace(".", " ").replace("_", " ")
    return frozenset(words(" ".join((*known, survey.name, local))))


def _whole(scene: Scene) -> Scene:
    """The same mail, whose signature is a part of what was written."""
    mail = scene.mail
    reply = replace(mail.reply, reply_text=mail.reply.unquoted_text)
    return replace(scene, arrival=replace(scene.arrival, mail=replace(mail, reply=reply)))


def _base(scene: Scene, survey: Survey, found: Reading, *, is_mail: bool) -> Decision:
    """What becomes of the mail itself: handled as any, put on the ticket, or nothing."""
    level = _level(scene, survey)
    view = scene.snapshot.followed(survey.ticket) if survey.ticket else None
    if is_mail:
        place = Found(view=view, by=By.TOKEN, pointed=survey.ticket) if view else None
        return customermail.decide(scene, place, level)
    ticket = view.ticket if view else None
    posts, events = _posts(scene, view, found, level)
    return Decision(
        outcome=Outcome.POSTED if posts or found.score is not None else Outcome.IGNORED,
        reasons=(Reason(why=Why.TRUST, detail=level.label),),
        before=ticket,
        after=ticket,
        trust=level.label,
        thread_by=By.TOKEN if ticket else "",
        posts=posts,
        keys=customermail.keys_of(scene.mail) if posts else (),
        events=events,
    )


def _posts(
    scene: Scene, view: TicketView | None, found: Reading, level: Level
) -> tuple[tuple[Post, ...], tuple[EventDraft, ...]]:
    """The mail as a post: on the ticket nobody's action, else what a rule may open a ticket by."""
    if view is None:
        is_vote = found.score is not None
        posts = (customermail.post_of(scene, PostKind.CUSTOMER, 1, level),) if is_vote else ()
        return posts, ()
    if not found.comment:
        return (), ()
    post = customermail.post_of(scene, PostKind.AUTO, view.post_count + 1, level)
    data = (("kind", post.kind.value), ("n", str(post.n)))
    added = EventDraft(kind="post.added", actor=CUSTOMER, data=data, at=post.at)
    return (post,), (added,)


def _told(scene: Scene, survey: Survey, base: Decision, reason: str) -> Decision:
    """Write to the customer that their answer was not counted, unless a machine may read it."""
    if scene.mail.classification.must_not_answer or not valid(survey.recipient):
        return base
    mail, parsed = scene.mail, scene.mail.parsed
    reply = Reply(
        kind=ReplyKind.TEMPLATE,
        audience=Audience.CUSTOMER,
        template=TEMPLATE,
        recipient=survey.recipient,
        recipient_name=survey.name,
        mailbox=survey.mailbox,
        language=scene.language(survey.language, mail.language),
        subject="",
        in_reply_to=parsed.message_id,
        references=answers.trimmed(parsed.references),
        reason=reason,
        survey=survey,
        key=scene.key(TEMPLATE, survey.recipient),
    )
    if base.before is None and base.after is None:
        draft = Ticket(
            mailbox=survey.mailbox,
            customer=Customer(address=survey.recipient, name=survey.name),
            created_at=scene.arrival.received_at,
        )
        base = replace(base, before=draft)
    asked = 0 if reason == OVER else survey.id
    return replace(base, replies=(*base.replies, reply), asked_back=asked)

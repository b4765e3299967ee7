"""A mail to the address that we asked an agent from: whoever writes there answers the question.

The token went to the agent's registered address and nowhere else, so that it proves who answers;
From proves nothing more and is not asked for. A machine's mail answers nothing, and neither does
one whose From is proven false. The first word decides; who writes nothing says yes. Any other text
is no answer: programs that answer by themselves do not always say that they are none.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from maild.core import answers
from maild.core.bounce_wording import has_null_path
from maild.core.command import nearest_of
from maild.core.decision import Decision, EventDraft, Outcome, Reply
from maild.core.house import Agent
from maild.core.mail import Mail, Source
from maild.core.question import Answered, Asked, Question, QuestionState, Way, Wish
from maild.core.reason import Reason, Why
from maild.core.replycut import find_cut, read_page
from maild.core.replymarks import cleaned_lines, is_quoted
from maild.core.scene import Scene
from maild.core.signatures import is_signature, signature_start
from maild.core.ticket import Customer, Ticket
from maild.core.told import Done, Told
from maild.core.trust import Answer, Deed, Level, Standing, may

WORDS: dict[str, Wish] = {
    "#send": Wish.SEND,
    "#yes": Wish.SEND,
    "#ok": Wish.SEND,
    "#confirm": Wish.SEND,
    **dict.fromkeys(("send", "yes", "ok", "okay", "confirm", "confirmed"), Wish.SEND),
    **dict.fromkeys(("oui", "envoyer", "envoyez", "confirmer", "confirme"), Wish.SEND),
    **dict.fromkeys(("sí", "si", "enviar", "envía", "confirmar", "confirmo"), Wish.SEND),
    **dict.fromkeys(("ja", "senden", "absenden", "bestätigen", "bestätigt"), Wish.SEND),
    **dict.fromkeys(("#drop", "#no", "#discard", "#cancel", "#stop", "#undo"), Wish.DROP),
    **dict.fromkeys(("drop", "no", "discard", "cancel", "stop", "don't", "wait"), Wish.DROP),
    **dict.fromkeys(("non", "annuler", "abandonner", "supprimer", "arrêter"), Wish.DROP),
    **dict.fromkeys(("descartar", "cancelar", "anular", "parar"), Wish.DROP),
    **dict.fromkeys(("nein", "nicht", "verwerfen", "abbrechen", "stopp", "halt"), Wish.DROP),
}
"""What the first word of an answer means. Text that begins with another is refused."""
_FIRST = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff*_`>]*([#＃]?)\s?([^\W\d_]+(?:['’]t\b)?)")
_LINE_CHARACTERS_MAX = 200
_SHOWN_CHARACTERS_MAX = 80
_LINES_MAX = 200
_ABOVE = ("Above.", "")
_WITH_PATH = (Source.SMTP, Source.LMTP)
_TOLD = {
    QuestionState.APPROVED: Done.CONFIRMED_BEFORE,
    QuestionState.DROPPED: Done.DROPPED_BEFORE,
    QuestionState.ANEW: Done.ASKED_ANEW,
}


def decide(scene: Scene) -> Decision | None:
    """Decide about an answer to a question of ours; None for a mail that is none."""
    tokens = scene.snapshot.proofs.confirms
    if not tokens or scene.mail.classification.is_bounce:
        return None
    keys = scene.world.keys
    known = scene.snapshot.questions
    asked = next((a for a in known if any(a.question.is_meant(t, keys) for t in tokens)), None)
    if is_machines(scene):
        return _nobodys(scene)
    agent = scene.house.agent_of(asked.question.agent) if asked else None
    if asked is None or agent is None:
        return _refused("what is answered was not asked, or of nobody who works here now")
    return _from_person(scene, asked, agent)


def answered(asked: Asked, wish: Wish, way: Way, now: datetime) -> Answered | None:
    """Return the answer that counts; None where the question is answered or its time is over."""
    question = asked.question
    if asked.state is not QuestionState.WAITING:
        return None
    if now > question.expires_at and way is not Way.OPERATOR:
        return None
    state = QuestionState.APPROVED if wish is Wish.SEND else QuestionState.DROPPED
    return Answered(journal_id=question.journal_id, round=question.round, state=state, way=way)


def carried(asked: Asked, answer: Answered, ticket: Ticket | None) -> Decision:
    """Return the decision that writes an answer down, in the ticket's log as well."""
    question = asked.question
    is_yes = answer.state is QuestionState.APPROVED
    actor = "operator" if answer.way is Way.OPERATOR else question.agent
    data = (("journal", str(question.journal_id)), ("by", answer.way.value))
    event = EventDraft(kind="mail.confirmed" if is_yes else "mail.dropped", actor=actor, data=data)
    why = Why.CONFIRMED if is_yes else Why.DROPPED
    words = f"journal row {question.journal_id} of {question.agent}, by {answer.way}"
    return Decision(
        outcome=Outcome.IGNORED,
        reasons=(Reason(why=why, detail=words),),
        before=ticket,
        after=ticket,
        events=(event,) if ticket else (),
        answered=answer,
    )


def first_word(mail: Mail) -> str:
    """Return the first word of what was written, lower case, with its `#`; '' for none."""
    match = _FIRST.match(mail.reply.unquoted_text[:_LINE_CHARACTERS_MAX])
    if match is None:
        return ""
    mark = "#" if match[1] else ""
    return f"{mark}{match[2].lower().replace('’', chr(39))}"


def _from_person(scene: Scene, asked: Asked, agent: Agent) -> Decision:
    level = _level(scene, agent)
    answer = may(level, Standing.AGENT, Deed.CONFIRM, scene.house.agent_trust)
    if answer is not Answer.YES:
        return _refused(f"{level.label} does not allow to confirm: {answer}")
    wish = _wish(scene.mail, agent)
    if wish is None:
        return _misread(scene, asked, agent)
    given = answered(asked, wish, Way.MAIL, scene.snapshot.now)
    ticket = _ticket(scene, asked.question)
    if given is None:
        done = _TOLD.get(asked.state, Done.CONFIRMED_LATE)
        reason = Reason(why=Why.CONFIRM_REFUSED, detail=f"the question is {asked.state}")
        return Decision(
            outcome=Outcome.IGNORED,
            reasons=(reason,),
            before=ticket,
            replies=(_notice(scene, ticket, agent, done),),
        )
    decision = carried(asked, given, ticket if ticket.number else None)
    decision = replace(decision, trust=level.label, thread_by="token")
    if wish is Wish.SEND:
        return decision
    return replace(
        decision,
        before=ticket,
        replies=(_notice(scene, ticket, agent, Done.DROPPED),),
    )


def is_machines(scene: Scene) -> bool:
    """Tell mail that no person sent; a null return path is a program's too (RFC 3834 §3.3)."""
    return (
        scene.is_automatic
        or scene.mail.classification.is_loop
        or has_null_path(scene.mail.parsed)
        or (scene.arrival.envelope.source in _WITH_PATH and not scene.arrival.envelope.mail_from)
    )


def _wish(mail: Mail, agent: Agent) -> Wish | None:
    """What a person answers; None for a text that is neither a yes nor a no."""
    known = WORDS.get(first_word(mail))
    return Wish.SEND if known is None and not _words(mail, agent) else known


def _words(mail: Mail, agent: Agent) -> str:
    """The first line that was written, without a signature; empty for none.

    Who writes nothing at all above a quote leaves the quote alone as their text: it is looked at
    once more as if something stood above it.
    """
    lines = cleaned_lines("\n".join(mail.reply.unquoted_text.split("\n")[:_LINES_MAX]))
    lines = [*_ABOVE, *lines]
    written = lines[len(_ABOVE) : find_cut(read_page(lines), ()).index]
    said = [line for line in _unattributed(written) if not is_quoted(line)]
    said = said[: signature_start(said, alone=False)]
    if is_signature(said, agent.name):
        return ""
    return next(line for line in said if line)[:_LINE_CHARACTERS_MAX]


def _unattributed(lines: list[str]) -> list[str]:
    """Without the line above the quote, or at the end, that says who wrote it."""
    first = next((n for n, line in enumerate(lines) if is_quoted(line)), len(lines))
    last = next((n for n in range(first - 1, -1, -1) if lines[n]), -1)
    is_told = last >= 0 and lines[last].endswith(":")
    return [*lines[:last], *lines[first:]] if is_told else lines


def _level(scene: Scene, agent: Agent) -> Level:
    """The confirmation token proves E1 by itself; with the agent's own domain it is E3."""
    proofs = scene.snapshot.proofs
    if proofs.domain_failed:
        return Level.FAILED
    is_theirs = proofs.domain and scene.house.agent_of(scene.mail.identity) == agent
    return Level.TOKEN_AND_DOMAIN if is_theirs else Level.TOKEN


def _nobodys(scene: Scene) -> Decision:
    words = f"{scene.mail.classification.kind} is nobody's answer to a question"
    return Decision(outcome=Outcome.IGNORED, reasons=(Reason(why=Why.AUTOMATIC, detail=words),))


def _refused(words: str) -> Decision:
    reason = Reason(why=Why.CONFIRM_REFUSED, detail=words)
    return Decision(outcome=Outcome.HELD, reasons=(reason,))


def _misread(scene: Scene, asked: Asked, agent: Agent) -> Decision:
    """Other words are no answer: nothing is sent, nothing is dropped, and the agent is told."""
    word = first_word(scene.mail)
    is_command = word.startswith("#")
    words = word if is_command else f"“{_words(scene.mail, agent)[:_SHOWN_CHARACTERS_MAX]}”"
    reason = Reason(why=Why.COMMAND_UNKNOWN, detail=words)
    ticket = _ticket(scene, asked.question)
    told = answers.trouble(scene, ticket, agent, "held", reason)
    known = [w[1:] for w in WORDS if w.startswith("#")]
    nearest = nearest_of(word[1:], known) if is_command else "send"
    return Decision(
        outcome=Outcome.HELD,
        reasons=(reason,),
        before=ticket,
        replies=(replace(told, nearest=nearest),),
    )


def _notice(scene: Scene, ticket: Ticket, agent: Agent, done: Done) -> Reply:
    reason = Reason(why=Why.CONFIRM_REFUSED)
    told = answers.trouble(scene, ticket, agent, "transcript", reason)
    return replace(told, told=(Told(done=done),))


def _ticket(scene: Scene, question: Question) -> Ticket:
    """The ticket that it is about; a nameless one where the mail would have opened it."""
    view = scene.snapshot.view(question.ticket) if question.ticket else None
    if view is not None:
        return view.ticket
    return Ticket(
        subject=scene.mail.parsed.subject,
        mailbox=question.mailbox,
        customer=Customer(address=question.agent),
        created_at=scene.arrival.received_at,
    )

"""A question answered without a mail, on its page or by an operator: look up -> decide -> commit.

The page shows what the mail showed; only an answer changes anything, and the held mail then goes
through the line like any other. Who holds no token that counts learns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maild.carry import Office, carry_out
from maild.core import answers, confirmmail
from maild.core.decision import Audience, Reply, ReplyKind
from maild.core.house import Agent
from maild.core.question import Answered, Asked, QuestionState, Way, Wish
from maild.core.snapshot import TicketView
from maild.core.ticket import Customer, Ticket
from maild.core.token import Purpose, verify
from maild.core.trust import Answer, Deed, Level, Standing, may
from maild.errors import LostRace, NotAllowed
from maild.outbox.values import Values
from maild.outbox.wording import values_of
from maild.store import journal, questions, tickets
from maild.store.database import Connection

__all__ = ["Page", "Result", "answer", "notice", "operator", "show"]


class Result(StrEnum):
    """What became of a request; but for `ASKED` the value is a `reason` of the page `notice`."""

    ASKED = "asked"
    SENT = "sent"
    DROPPED = "dropped"
    OVER = "over"
    """It was answered before, or its time is over."""
    UNKNOWN = "unknown"
    BUSY = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, and what it says."""

    result: Result
    html: str


def show(office: Office, token: str, language: str) -> Page:
    """Show what would be sent; changes nothing. `language` is for who holds no token that counts.

    Raises `TemporaryError` when the database cannot be read.
    """
    with office.database.read() as connection:
        asked = _found(connection, office, token)
        if asked is None or not _is_open(asked, office.now()):
            return notice(office, Result.OVER if asked else Result.UNKNOWN, language)
        view = _view(connection, office, asked)
    agent = office.world.house.agent_of(asked.question.agent)
    assert agent is not None, "_found asks for it"
    return Page(result=Result.ASKED, html=_asking(office, asked, agent, view))


def answer(office: Office, token: str, wish: Wish, language: str) -> Page:
    """Answer the question that a token is for, once; `TemporaryError` as above."""
    try:
        with office.database.write() as connection:
            asked = _found(connection, office, token)
            if asked is None:
                return notice(office, Result.UNKNOWN, language)
            language = asked.question.language
            given = confirmmail.answered(asked, wish, Way.PAGE, office.now())
            if given is None:
                return notice(office, Result.OVER, language)
            _carry_out(connection, office, asked, given)
    except LostRace:
        return notice(office, Result.OVER, language)
    return notice(office, Result.SENT if wish is Wish.SEND else Result.DROPPED, language)


def operator(office: Office, journal_id: int) -> bool:
    """Release a held mail; where an agent was asked about it, that is the operator's yes.

    Return whether an agent was asked. NotAllowed when the mail is not held.
    """
    with office.database.write() as connection:
        asked = questions.newest(connection, journal_id)
        given = None
        if asked is not None:
            given = confirmmail.answered(asked, Wish.SEND, Way.OPERATOR, office.now())
        if asked is None or given is None:
            if not journal.release(connection, journal_id):
                raise NotAllowed(f"journal row {journal_id} is not held; nothing was released")
            return False
        _carry_out(connection, office, asked, given)
    return True


def notice(office: Office, result: Result, language: str) -> Page:
    """Say one sentence, and nothing of what it is about."""
    spoken = office.renderer.language(language, office.world.house.mailboxes[0].language)
    values = Values(language=spoken, brand=office.world.house.name, reason=result.value)
    return Page(result=result, html=office.renderer.page("notice", spoken, values))


def _carry_out(connection: Connection, office: Office, asked: Asked, given: Answered) -> None:
    ticket = _view(connection, office, asked).ticket
    decision = confirmmail.carried(asked, given, ticket if ticket.number else None)
    carry_out(connection, office, [(decision, None)])


def _found(connection: Connection, office: Office, text: str) -> Asked | None:
    """The question that a token was made for, of somebody who is an agent now."""
    world = office.world
    token = verify(world.keys, text)
    if token is None or token.purpose is not Purpose.CONFIRM:
        return None
    allowed = may(Level.TOKEN, Standing.AGENT, Deed.CONFIRM, world.house.agent_trust)
    if allowed is not Answer.YES:
        return None
    known = questions.of(connection, [token.ticket]).get(token.ticket, ())
    asked = next((one for one in known if one.question.is_meant(token, world.keys)), None)
    if asked is None or world.house.agent_of(asked.question.agent) is None:
        return None
    return asked


def _is_open(asked: Asked, now: datetime) -> bool:
    return asked.state is QuestionState.WAITING and now <= asked.question.expires_at


def _view(connection: Connection, office: Office, asked: Asked) -> TicketView:
    """The ticket as it stands; a nameless one where the mail would open it."""
    question, now = asked.question, office.now()
    if question.ticket:
        found = tickets.views(connection, [question.ticket], office.world.house, now)
        if found:
            return found[0]
    ticket = Ticket(
        subject=question.shown.subject,
        mailbox=question.mailbox,
        customer=Customer(address=question.agent),
        created_at=now,
    )
    return TicketView(ticket=ticket)


def _asking(office: Office, asked: Asked, agent: Agent, view: TicketView) -> str:
    """The page in the agent's language."""
    question, house = asked.question, office.world.house
    words = office.renderer.words(question.language)
    reply = Reply(
        kind=ReplyKind.TROUBLE,
        audience=Audience.AGENT,
        template="confirm",
        recipient=agent.address,
        recipient_name=agent.name,
        mailbox=question.mailbox,
        language=question.language,
        subject=question.shown.subject,
        text=question.shown.text,
        question=question,
        history=answers.quoted(reversed(view.recent[-answers.HISTORY_POSTS :])),
        detail="again" if question.round > 1 else "",
        key="",
    )
    mailbox = house.mailbox(question.mailbox)
    values = values_of(reply, ticket=view.ticket, mailbox=mailbox, house=house, words=words)
    return office.renderer.page("confirm", question.language, values)

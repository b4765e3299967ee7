"""A survey answered on its page, and the page to leave by: look up -> decide -> commit.

Looking changes nothing, whoever follows the link; only what is sent counts. Who holds no token
that counts learns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from maild.carry import Office, carry_out
from maild.core import leaving, voting
from maild.core.snapshot import MERGES_MAX, TicketView
from maild.core.survey import Leaving, Survey, Via
from maild.core.ticket import Customer, State
from maild.core.token import Purpose, Token, made_for, verify
from maild.core.voting import Ballot, Voter
from maild.errors import LostRace
from maild.handle import loads, look_at, take_turns
from maild.outbox import marking
from maild.outbox.headers import clean
from maild.outbox.threads import tag
from maild.outbox.values import Values
from maild.store import clients, customers, surveys
from maild.store.database import Connection

__all__ = ["Page", "Result", "notice", "show", "show_unsubscribe", "unsubscribe", "vote"]

RACES_MAX = 5


class Result(StrEnum):
    """What became of a request; but for the two that ask, the value is a `reason` of `notice`."""

    ASKED = "asked"
    """The page asks: nothing has changed."""
    VOTED = "voted"
    LEFT = "left"
    """They are unsubscribed, now or before."""
    ENDED = "ended"
    """No vote counts any more, or it cannot be changed any more."""
    UNKNOWN = "unknown"
    """The token is none of ours, or a mark does not exist."""
    BUSY = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, and what it says."""

    result: Result
    html: str


def show(office: Office, token: str, language: str, chosen: int | None = None) -> Page:
    """Show a survey, one mark chosen already; changes nothing.

    `language` is for who holds no token that counts. Raises `TemporaryError` when the database
    cannot be read.
    """
    with office.database.read() as connection:
        survey = _survey(connection, office, token)
        if survey is None:
            return notice(office, Result.UNKNOWN, language)
        if not voting.is_open(survey, office.world.house, office.now()):
            return notice(office, Result.ENDED, survey.language, survey.mailbox)
        view = _view(connection, office, survey)
    return Page(result=Result.ASKED, html=_asking(office, survey, view, chosen))


def vote(office: Office, token: str, score: int, comment: str, language: str) -> Page:
    """Count a vote; the same one again changes nothing. `TemporaryError` as above."""
    ballot = Ballot(score=score, comment=comment, via=Via.PAGE)
    for _ in range(RACES_MAX):
        try:
            return _voted(office, token, ballot, language)
        except LostRace:
            continue
    return notice(office, Result.BUSY, language)


def show_unsubscribe(office: Office, token: str, language: str) -> Page:
    """Ask whether somebody wants neither surveys nor announcements; changes nothing."""
    with office.database.read() as connection:
        found = _leaving(connection, office, token, Via.PAGE)
        if found is None:
            return notice(office, Result.UNKNOWN, language)
        language = _language(connection, office, found.address, language)
        mailbox = clients.newest_mailbox(connection, found.customer)
    spoken = _spoken(office, language)
    values = Values(language=spoken, brand=_brand(office, mailbox))
    html = office.renderer.page("unsubscribe", spoken, values)
    return Page(result=Result.ASKED, html=html)


def unsubscribe(office: Office, token: str, language: str, *, via: Via = Via.PAGE) -> Page:
    """Send somebody neither surveys nor announcements any more (RFC 8058 §3.2).

    `via` is LINK where a mail program asks by itself, with `List-Unsubscribe=One-Click`.
    """
    with office.database.write() as connection:
        found = _leaving(connection, office, token, via)
        if found is None:
            return notice(office, Result.UNKNOWN, language)
        language = _language(connection, office, found.address, language)
        if not surveys.unsubscribed(connection, [found.address]):
            carry_out(connection, office, [(leaving.decide(found), None)])
        mailbox = clients.newest_mailbox(connection, found.customer)
    return notice(office, Result.LEFT, language, mailbox)


def notice(office: Office, result: Result, language: str, mailbox: str = "") -> Page:
    """Say one sentence, and nothing of what it is about.

    `mailbox` is the brand that it concerns; empty where nobody knows who asks.
    """
    spoken = _spoken(office, language)
    values = Values(language=spoken, brand=_brand(office, mailbox), reason=result.value)
    return Page(result=result, html=office.renderer.page("notice", spoken, values))


def _voted(office: Office, token: str, ballot: Ballot, language: str) -> Page:
    now, house = office.now(), office.world.house
    with office.database.write() as connection:
        take_turns(connection, office)
        survey = _survey(connection, office, token)
        if survey is None:
            return notice(office, Result.UNKNOWN, language)
        if ballot.score not in survey.kind.marks:
            return notice(office, Result.UNKNOWN, survey.language, survey.mailbox)
        given = voting.cast(survey, ballot, house, now)
        if given is None:
            return notice(office, Result.ENDED, survey.language, survey.mailbox)
        if not voting.is_same(survey, given):
            voter = _voter(connection, office, survey)
            decision = voting.on_page(survey, given, voter, office.world, now)
            carry_out(connection, office, [(decision, None)])
    return notice(office, Result.VOTED, survey.language, survey.mailbox)


def _survey(connection: Connection, office: Office, text: str) -> Survey | None:
    """The survey that a token was made for."""
    token = _token(office, text, Purpose.SURVEY)
    if token is None:
        return None
    found = surveys.of(connection, [token.ticket]).get(token.ticket)
    is_meant = found is not None and found.is_meant(token, office.world.keys)
    return found if is_meant else None


def _leaving(connection: Connection, office: Office, text: str, via: Via) -> Leaving | None:
    """Who may leave by a token: the customer whom it was made for."""
    token = _token(office, text, Purpose.UNSUBSCRIBE)
    if token is None:
        return None
    address = surveys.address_of(connection, token.ticket)
    if not address or not made_for(office.world.keys, token, address):
        return None
    return Leaving(address=address, customer=token.ticket, via=via)


def _token(office: Office, text: str, purpose: Purpose) -> Token | None:
    token = verify(office.world.keys, text)
    return token if token is not None and token.purpose is purpose else None


def _voter(connection: Connection, office: Office, survey: Survey) -> Voter:
    known = customers.known(connection, [survey.recipient], office.world.house)
    unknown = Customer(address=survey.recipient, name=survey.name, segment="")
    return Voter(
        customer=known.get(survey.recipient.lower(), unknown),
        view=_view(connection, office, survey),
        loads=loads(connection, office),
    )


def _view(connection: Connection, office: Office, survey: Survey) -> TicketView | None:
    """The ticket that a survey is about, or the one that it was merged into in the end."""
    view = look_at(connection, office, survey.ticket) if survey.ticket else None
    for _ in range(MERGES_MAX):
        if view is None or view.ticket.state is not State.MERGED:
            break
        view = look_at(connection, office, view.ticket.linked)
    return view


def _asking(office: Office, survey: Survey, view: TicketView | None, chosen: int | None) -> str:
    """The page in the customer's language."""
    house, words = office.world.house, office.renderer.words(survey.language)
    mailbox = house.mailbox(survey.mailbox)
    writer = marking.Writer(
        house=house,
        keys=office.world.keys,
        words=words,
        mailbox=mailbox,
        today=office.now().date(),
    )
    values = Values(
        language=words.language,
        brand=mailbox.name,
        survey=marking.on_page(writer, survey, chosen),
    )
    if view is not None:
        ticket = view.ticket
        values = replace(values, subject=clean(ticket.subject), tag=tag(mailbox, ticket))
    return office.renderer.page("survey", words.language, values)


def _language(connection: Connection, office: Office, address: str, wished: str) -> str:
    known = customers.known(connection, [address], office.world.house).get(address.lower())
    return (known.language if known else "") or wished


def _brand(office: Office, mailbox: str) -> str:
    house = office.world.house
    return house.mailbox(mailbox).name if mailbox else house.name


def _spoken(office: Office, language: str) -> str:
    return office.renderer.language(language, office.world.house.mailboxes[0].language)

"""What a survey shows: its marks as links and addresses, and the way to want no more of them.

The address is signed, not the mark: who holds it may give any. A mail that a `mailto:` link begins
carries its mark in the subject.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from maild.core.decision import Reply
from maild.core.house import House, Mailbox
from maild.core.survey import Kind, Survey, Vote
from maild.core.token import Keys, Purpose, issue
from maild.outbox import headers, threads
from maild.outbox.values import Mark, Marking
from maild.outbox.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """What one needs to write a survey."""

    house: House
    keys: Keys
    words: Words
    mailbox: Mailbox
    today: date


def address(writer: Writer, survey: Survey) -> str:
    """Return the address that a vote by mail goes to."""
    return threads.token_address(writer.mailbox, writer.house, token(writer, survey))


def token(writer: Writer, survey: Survey) -> str:
    """Return the token that a survey is answered with."""
    return issue(
        writer.keys,
        purpose=Purpose.SURVEY,
        ticket=survey.id,
        recipient=survey.recipient,
        today=writer.today,
    )


def shown(writer: Writer, reply: Reply) -> Marking:
    """Return what a mail prints of the survey that it asks or is about."""
    leave = _page(writer, "unsubscribe", _leaving(writer, reply)) or _leave_by_mail(writer, reply)
    if reply.survey is None:
        return Marking(unsubscribe=leave if reply.is_bulk else "")
    survey = reply.survey
    made = token(writer, survey)
    link, to = _page(writer, "survey", made), address(writer, survey)
    return Marking(
        kind=survey.kind.value,
        marks=tuple(_mark(survey.kind, score, link, to) for score in survey.kind.marks),
        most=survey.kind.most,
        score=survey.given.score if survey.given else -1,
        comment=survey.given.comment if survey.given else "",
        until=writer.words.moment(survey.expires_at),
        link=link,
        unsubscribe=leave if reply.is_bulk else "",
    )


def on_page(writer: Writer, survey: Survey, chosen: int | None) -> Marking:
    """Return what the page of a survey shows, one mark chosen already."""
    given = survey.given.score if survey.given else -1
    choice = given if chosen is None or chosen not in survey.kind.marks else chosen
    return Marking(
        kind=survey.kind.value,
        marks=tuple(Mark(score=n, is_chosen=n == choice) for n in survey.kind.marks),
        most=survey.kind.most,
        score=given,
        comment=survey.given.comment if survey.given else "",
        until=writer.words.moment(survey.expires_at),
    )


def told(vote: Vote) -> Marking:
    """Return what somebody of the house reads of a vote."""
    return Marking(
        kind=vote.kind.value, most=vote.kind.most, score=vote.score, comment=vote.comment
    )


def list_fields(writer: Writer, reply: Reply) -> Iterator[bytes]:
    """Give the fields by which a mail program unsubscribes (RFC 2369 §3.2, RFC 8058 §3.1)."""
    page = _page(writer, "unsubscribe", _leaving(writer, reply))
    ways = [f"<{page}>"] if page else []
    ways.append(f"<{_leave_by_mail(writer, reply)}>")
    yield headers.structured("List-Unsubscribe", ", ".join(ways))
    if page.startswith("https:"):
        yield headers.structured("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


def _mark(kind: Kind, score: int, link: str, to: str) -> Mark:
    subject = quote(f"{score}/{kind.most}", safe="")
    return Mark(
        score=score,
        link=f"{link}?score={score}" if link else "",
        mailto=f"mailto:{quote(to, safe='@')}?subject={subject}",
    )


def _leaving(writer: Writer, reply: Reply) -> str:
    return issue(
        writer.keys,
        purpose=Purpose.UNSUBSCRIBE,
        ticket=reply.customer,
        recipient=reply.recipient,
        today=writer.today,
    )


def _leave_by_mail(writer: Writer, reply: Reply) -> str:
    to = threads.token_address(writer.mailbox, writer.house, _leaving(writer, reply))
    return f"mailto:{quote(to, safe='@')}?subject=unsubscribe"


def _page(writer: Writer, name: str, made: str) -> str:
    url = writer.house.public_url.rstrip("/")
    return f"{url}/{name}/{made}" if url else ""

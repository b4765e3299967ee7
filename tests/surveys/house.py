"""A house that asks its customers: tickets that are solved, surveys read from the mails sent."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from sqlalchemy import select

from maild.core.ticket import Move
from maild.store import surveys, tables
from tests.needs import ROOT
from tests.ontime.office import CONFIG, Desk

RULES = (ROOT / "rules" / "80-survey.toml").read_text()
PUBLIC = CONFIG.replace(
    "[[mailbox]]",
    '[web]\npublic_url = "https://help.example.com"\n\n[[mailbox]]',
    1,
)
CUSTOMER = "customer0@customer.example"
LANGUAGES = ("en", "fr", "es", "de")
_VOTE = tables.metadata.tables[surveys.VoteRow.__tablename__]
_SURVEY = tables.metadata.tables[surveys.SurveyRow.__tablename__]
_EVENT = tables.metadata.tables[tables.EventRow.__tablename__]
_OUTBOX = tables.metadata.tables[tables.OutboxRow.__tablename__]


def solved(desk: Desk, **more: Any) -> int:
    """Let a ticket come in, be answered and solved."""
    (number,) = desk.opens(**more)
    desk.answers(number)
    desk.moves(number, Move.SOLVE)
    return number


def days(desk: Desk, count: int = 1) -> None:
    """Let days go by, the clock ringing on each."""
    for _ in range(count):
        desk.sleep(24)
        desk.alarm.ring()


def mails(desk: Desk, recipient: str = CUSTOMER) -> list[EmailMessage]:
    """Return what was written to somebody."""
    return [_mail(row) for row in desk.mails(recipient)]


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """Return the text of a mail."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def token_of(mail: EmailMessage, page: str = "survey") -> str:
    """Return the token of a mail's link to a page."""
    text = text_of(mail) + str(mail["List-Unsubscribe"] or "")
    found = re.search(rf"https://help\.example\.com/{page}/([a-z2-7]{{45}})", text)
    assert found, text
    return found[1]


def votes(desk: Desk) -> list[tuple[int, str, str]]:
    """Return the votes: score, comment and way."""
    with desk.database.read() as connection:
        rows = connection.execute(select(_VOTE).order_by(_VOTE.c.id)).mappings()
        return [(row["score"], row["comment"], row["via"]) for row in rows]


def asked(desk: Desk) -> list[Mapping[str, Any]]:
    """Return the surveys."""
    with desk.database.read() as connection:
        rows = connection.execute(select(_SURVEY).order_by(_SURVEY.c.id)).mappings()
        return [dict(row) for row in rows]


def log(desk: Desk, *kinds: str) -> list[Mapping[str, Any]]:
    """Return the lines of some kinds in the log, of whichever ticket."""
    with desk.database.read() as connection:
        rows = connection.execute(select(_EVENT).order_by(_EVENT.c.id)).mappings()
        return [dict(row) for row in rows if row["kind"] in kinds]


def _mail(row: Mapping[str, Any]) -> EmailMessage:
    raw = zlib.decompress(row["literal"])
    return message_from_bytes(raw, policy=policy.default)

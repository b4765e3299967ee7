"""The last look at an answer: does it still hold something of our notice, which colleagues read?

Strategy: a few marks do not depend on what a mail program made of the quote. They are the line to
reply above, what names ticket and customer, a reply address that was made for an agent, and the
head of the quoted mail or of the notice, in a language that nobody here knows. Single lines of it
an agent may write on purpose (a signature, "write to us with this subject").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from maild.core import subject
from maild.core.scene import Situation
from maild.core.ticket import Ticket
from maild.core.token import TOKEN_LENGTH, Purpose, verify

_TEXT_CHARACTERS_MAX = 1024 * 1024
_TAG = re.compile(r"<[^<>]{0,2000}>")
_MAILBOX = re.compile(r"<([^<>\s]{1,300}@[^<>\s]{1,300})>")
_ADDRESS = re.compile(rf"(?:\+|%2[Bb])([A-Za-z2-7]{{{TOKEN_LENGTH}}})(?![A-Za-z2-7])")
_LABEL_WORDS_MAX = 3
"""Between subject and customer stands the name of a field, in any language."""
_LABEL_MAX = 30
_LINE_MAX = 1_000
_MAIL_LINES = 3
_NOTICE_LINES = 5
"""So many labelled lines, without a gap, make the head of a mail or of our notice."""
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_TIME = re.compile(r"(?<!\d)\d{1,2}[:.]\d{2}(?!\d)")


def of_notice(situation: Situation, ticket: Ticket, agent: str, text: str) -> str:
    """Return what a text, which may be HTML, holds of a notice to an agent; '' for nothing.

    `agent` is the address of who wrote the text. What is found is no chance.
    """
    plain = _plain(text)
    said = _squeezed(plain)
    for line in situation.world.delimiters:
        if _squeezed(line) in said:
            return line
    tag = _tag(situation, ticket)
    ours = (situation.mailbox.address.lower(), agent.lower())
    person = _person(ticket)
    for run in _runs(plain):
        if _is_mail(run, tag.lower(), ours) or _is_notice(run, tag.lower(), person):
            return next(value for value in run if tag.lower() in value)
    return _agents_address(situation, text[:_TEXT_CHARACTERS_MAX])


def naming(situation: Situation, ticket: Ticket, text: str) -> str:
    """Return where ticket and customer stand one behind the other, as our notice shows them.

    It may be a piece of the notice, or the agent's own words; '' for neither.
    """
    shown = f"{_tag(situation, ticket)} {ticket.subject}".strip()
    person = _person(ticket)
    for part in _squeezed(_plain(text)).split(_squeezed(shown))[1:] if person else ():
        label, found, _ = part[: len(person) + 100].partition(f" {person}")
        if found and label.endswith(":") and len(label.split()) <= _LABEL_WORDS_MAX:
            return shown
    return ""


def _plain(text: str) -> str:
    """Return the lines of a text; those of HTML without empty ones, which mean nothing there."""
    text = text[:_TEXT_CHARACTERS_MAX]
    plain = unescape(_TAG.sub("\n", _MAILBOX.sub(r"\1", text)))
    if "</" not in text:
        return plain
    return "\n".join(line for line in plain.split("\n") if line.strip())


def _tag(situation: Situation, ticket: Ticket) -> str:
    return subject.tag(situation.house.mailbox(ticket.mailbox).name, ticket.number)


def _person(ticket: Ticket) -> str:
    return _squeezed(ticket.customer.name or ticket.customer.address)


def _runs(plain: str) -> Iterator[list[str]]:
    """The values, in small letters, of labelled lines that stand without a gap."""
    run: list[str] = []
    for line in (*plain.split("\n"), ""):
        label, colon, value = line[:_LINE_MAX].lower().lstrip("> \t").partition(":")
        if colon and 0 < len(label.strip()) <= _LABEL_MAX:
            run.append(value.strip())
        elif run:
            yield run
            run = []


def _is_mail(run: list[str], tag: str, ours: tuple[str, ...]) -> bool:
    """Whether this is the head of a mail of ours or to its agent: address, date and subject."""
    dated = (value for value in run if _YEAR.search(value) and _TIME.search(value))
    return (
        len(run) >= _MAIL_LINES
        and any(tag in value for value in run)
        and any(one in value for one in ours for value in run)
        and any(dated)
    )


def _is_notice(run: list[str], tag: str, person: str) -> bool:
    """Whether this is the head of our notice: the ticket, its customer, its state and so on."""
    place = next((n for n, value in enumerate(run) if value.startswith(tag)), len(run))
    behind = run[place + 1 :]
    return len(behind) >= _NOTICE_LINES - 1 and bool(person) and behind[0].startswith(person)


def _agents_address(situation: Situation, text: str) -> str:
    keys = situation.world.keys
    for match in _ADDRESS.finditer(text):
        token = verify(keys, match[1])
        if token is not None and token.purpose in (Purpose.AGENT, Purpose.NOTE, Purpose.CONFIRM):
            return _shown(situation.mailbox.address)
    return ""


def _shown(address: str) -> str:
    """Return the address as agents know it, without the token: texts for people hold none."""
    local, _, domain = address.partition("@")
    return f"{local}+…@{domain}"


def _squeezed(text: str) -> str:
    return " ".join(text.replace(">", " ").casefold().split())

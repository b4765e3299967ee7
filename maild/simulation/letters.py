"""Mails of simulated people, as a reader would understand them; no bytes are parsed.

Every mail is proven as well as a mail can be: it goes to the reply address that was made for its
author, and comes straight from a client that is believed. What rules do with doubtful mail is not
what is tried here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from maild.core.house import AgentTrust, House, Mailbox
from maild.core.mail import (
    Address,
    Classification,
    Envelope,
    Mail,
    Parsed,
    Source,
    VisibleReply,
)
from maild.core.token import Keys, Purpose, issue
from maild.simulation.model import Person

CLIENT = "127.0.0.1"
_CUSTOMERS = {
    "en": "Hello, this does not work here since this morning. Can you help us, please?",
    "de": "Guten Tag, das geht hier seit heute Morgen nicht mehr. Können Sie uns bitte helfen?",
    "fr": "Bonjour, cela ne fonctionne plus chez nous depuis ce matin. Pouvez-vous nous aider ?",
    "es": "Buenos días, esto no funciona aquí desde esta mañana. ¿Pueden ayudarnos, por favor?",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail on its way to us."""

    mail: Mail
    envelope: Envelope
    raw: bytes
    """Something to keep in the journal; nobody reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who writes."""

    address: str
    name: str
    language: str


def believing(house: House, people: tuple[Person, ...]) -> House:
    """Return the house as it believes every simulated person; agents need confirm nothing."""
    addresses = (*(p.address for p in people), *(a.address for a in house.agents))
    domains = {address.rpartition("@")[2] for address in addresses}
    domains |= {f"{p.segment}{n}.example" for p in people for n in range(97)}
    return replace(
        house,
        agent_trust=AgentTrust.TOKEN_AND_DOMAIN,
        trusted_clients=(f"{CLIENT}/32",),
        trusted_domains=tuple(sorted(domains)),
    )


def of(person: Person) -> Author:
    """Return a customer as the author of a mail."""
    return Author(address=person.address, name=person.name, language=person.language)


def words(language: str, n: int) -> str:
    """Return what a customer says; no two texts are alike."""
    return f"{_CUSTOMERS.get(language, _CUSTOMERS['en'])} ({n})"


def reply_address(
    house: House, keys: Keys, box: Mailbox, to: tuple[Purpose, int, str], at: datetime
) -> str:
    """Return the address that somebody (`to`: purpose, ticket, address) was given to answer to."""
    purpose, ticket, person = to
    token = issue(keys, purpose=purpose, ticket=ticket, recipient=person, today=at.date())
    if house.reply_domain:
        return f"{token}@{house.reply_domain}"
    local, _, domain = box.address.rpartition("@")
    return f"{local}+{token}@{domain}"


def letter(
    author: Author, to: str, subject: str, text: str, unique: tuple[int, datetime]
) -> Letter:
    """Write a mail; `unique` is a number that no other one has, and when it is sent."""
    number, at = unique
    message_id = f"simulated-{number}@{author.address.rpartition('@')[2]}"
    raw = (
        f"From: {author.address}\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{message_id}>\r\n\r\n{text}\r\n"
    ).encode()
    digest = hashlib.sha256(raw).hexdigest()
    parsed = Parsed(
        from_=(Address(name=author.name, addr=author.address),),
        from_fields=1,
        to=(Address(addr=to),),
        subject=subject,
        date=at,
        message_id=message_id,
        text=text,
        part_types=("text/plain",),
        size=len(raw),
    )
    mail = Mail(
        parsed=parsed,
        classification=Classification(),
        reply=VisibleReply(reply_text=text, unquoted_text=text),
        language=author.language,
        content_hash=digest,
        sha256=digest,
    )
    envelope = Envelope(mail_from=author.address, rcpt_to=(to,), source=Source.SMTP, client=CLIENT)
    return Letter(mail=mail, envelope=envelope, raw=raw)

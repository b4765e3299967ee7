"""The evidence in one mail: which tokens it carries, and what they and the transport prove."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from maild.core import boundary
from maild.core.address import recipient
from maild.core.house import House
from maild.core.mail import Envelope, Mail, Source
from maild.core.token import Keys, Purpose, Token, looks_like_token, made_for, verify
from maild.core.trust import Level

_PERSONAL = (Purpose.CUSTOMER, Purpose.AGENT, Purpose.NOTE)
"""Purposes that let somebody speak on a ticket; a survey's or a return path's lets nobody."""
_TICKETLESS = (Purpose.CONFIRM, Purpose.SURVEY, Purpose.UNSUBSCRIBE)
"""Purposes whose number is no ticket's."""
_THREAD_ID = re.compile(r"([A-Za-z2-7]{45})\.[A-Za-z0-9.-]{1,80}@(.+)")
_HEADERS_WITH_RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to")
_ADDRESS = re.compile(r"[^\s<>,;\"]{1,300}@[^\s<>,;\"]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What a mail carries that can be checked."""

    tokens: tuple[Token, ...] = ()
    """Verified tokens of the addresses it was sent to, each once."""
    confirms: tuple[Token, ...] = ()
    """Verified tokens of the addresses that confirmations come to; their number is no ticket's."""
    surveys: tuple[Token, ...] = ()
    """The same of those that votes come to; the number is a survey's."""
    leaving: tuple[Token, ...] = ()
    """The same of those that unsubscribe; the number is a customer's."""
    threads: tuple[Token, ...] = ()
    """Verified tokens of our Message-IDs that it answers, nearest first."""
    broken: bool = False
    """An address has a token's shape, but the token does not verify."""
    domain: bool = False
    """The domain of the one From address is proven."""
    unsigned: frozenset[str] = frozenset()
    """The fields that this proof does not stand for (`core/vouched.py`), lower case."""
    domain_failed: bool = False
    session: bool = False
    """Submitted with AUTH, by an account that the one From address belongs to."""

    def token(self, *purposes: Purpose) -> Token | None:
        """Return the first token with one of the purposes."""
        return next((token for token in self.tokens if token.purpose in purposes), None)


def collect(mail: Mail, envelope: Envelope, house: House, keys: Keys) -> Proofs:
    """Gather and verify everything; pure, and constant for a mail."""
    tags = _tags(mail, envelope, house)
    verified = [token for tag in tags if (token := verify(keys, tag)) is not None]
    judged = boundary.judged(mail, envelope, house)
    is_passed = judged is boundary.Verdict.PASS
    is_direct = _is_direct_submission(mail, envelope, house)
    is_whole = is_direct or not is_passed
    return Proofs(
        tokens=tuple(dict.fromkeys(t for t in verified if t.purpose not in _TICKETLESS)),
        confirms=_of(verified, Purpose.CONFIRM),
        surveys=_of(verified, Purpose.SURVEY),
        leaving=_of(verified, Purpose.UNSUBSCRIBE),
        threads=_threads(mail, house, keys),
        broken=len(verified) < len(tags),
        domain=is_passed or is_direct,
        unsigned=frozenset() if is_whole else boundary.unsigned(mail, envelope, house),
        domain_failed=judged is boundary.Verdict.FAIL,
        session=_is_session(mail, envelope, house),
    )


def level_of(proofs: Proofs, keys: Keys, identity: str, ticket: int) -> Level:
    """Say what the proofs amount to, for this person and this ticket (0 for a new one).

    `identity` is the address that the token must be made for: of an agent the registered one,
    whichever alias wrote. A token of somebody else still proves that the mail belongs to the
    ticket, and no more than that: E1, even where the domain is proven. A session needs no token:
    the account's password says who it is.
    """
    if proofs.session:
        return Level.SESSION
    if proofs.domain_failed or (proofs.broken and not proofs.tokens):
        return Level.FAILED
    domain = proofs.domain and identity != ""
    if _personal(proofs, ticket):
        own = has_own_token(proofs, keys, identity, ticket)
        return Level.TOKEN_AND_DOMAIN if own and domain else Level.TOKEN
    if domain:
        return Level.DOMAIN
    threaded = ticket and any(token.ticket == ticket for token in proofs.threads)
    return Level.TOKEN if threaded else Level.CLAIMED


def level_by(
    proofs: Proofs, keys: Keys, identity: str, ticket: int, names: Iterable[str]
) -> Level:
    """Return the same for what rests on some fields of the header, by their names.

    Where the proof of the domain does not stand for one of them, there might as well be none. A
    reply address of the ticket proves enough by itself.
    """
    level = level_of(proofs, keys, identity, ticket)
    if level is not Level.DOMAIN or proofs.unsigned.isdisjoint(names):
        return level
    return level_of(replace(proofs, domain=False), keys, identity, ticket)


def has_own_token(proofs: Proofs, keys: Keys, identity: str, ticket: int) -> bool:
    """Tell whether a reply address that was made for this person and ticket was written to."""
    return any(made_for(keys, token, identity) for token in _personal(proofs, ticket))


def _of(tokens: Iterable[Token], purpose: Purpose) -> tuple[Token, ...]:
    return tuple(dict.fromkeys(token for token in tokens if token.purpose is purpose))


def _personal(proofs: Proofs, ticket: int) -> tuple[Token, ...]:
    if not ticket:
        return ()
    return tuple(t for t in proofs.tokens if t.ticket == ticket and t.purpose in _PERSONAL)


def _tags(mail: Mail, envelope: Envelope, house: House) -> list[str]:
    """Every text of a token's shape in the addresses that the mail was sent to, each once."""
    parsed = mail.parsed
    addresses = [*envelope.rcpt_to, *(a.addr for a in (*parsed.to, *parsed.cc))]
    for name in _HEADERS_WITH_RECIPIENTS:
        for value in parsed.header_all(name)[:5]:
            addresses += _ADDRESS.findall(value[:2000])[:5]
    found = (recipient(address, house) for address in addresses[:500])
    tags = (ours.tag for ours in found if ours is not None)
    return list(dict.fromkeys(tag.lower() for tag in tags if looks_like_token(tag)))


def _threads(mail: Mail, house: House, keys: Keys) -> tuple[Token, ...]:
    found = (thread_token(message_id, house, keys) for message_id in answered_ids(mail))
    return tuple(dict.fromkeys(token for token in found if token is not None))


def thread_token(message_id: str, house: House, keys: Keys) -> Token | None:
    """Return the verified token of a Message-ID of ours, given without brackets, or None."""
    match = _THREAD_ID.fullmatch(message_id)
    if match is None or match.group(2).lower() != house.domain.lower():
        return None
    token = verify(keys, match.group(1))
    return token if token is not None and token.purpose is Purpose.THREAD else None


def answered_ids(mail: Mail) -> tuple[str, ...]:
    """Return the ids that a mail answers, nearest first (RFC 5322 §3.6.4)."""
    parsed = mail.parsed
    return tuple(dict.fromkeys((*parsed.in_reply_to, *reversed(parsed.references))))


def _is_session(mail: Mail, envelope: Envelope, house: House) -> bool:
    """AUTH counts for the addresses of that very account, and From must be one of them."""
    if envelope.source is not Source.SMTP or not envelope.account or not mail.identity:
        return False
    return any(
        account.user == envelope.account and mail.identity in account.addresses
        for account in house.accounts
    )


def _is_direct_submission(mail: Mail, envelope: Envelope, house: House) -> bool:
    """No Received field yet, from a trusted client, From in a trusted domain."""
    domain = mail.identity.rpartition("@")[2]
    if not envelope.client or not domain or mail.parsed.header_all("received"):
        return False
    if domain not in house.trusted_domains:
        return False
    try:
        client = ipaddress.ip_address(envelope.client)
    except ValueError:
        return False
    return any(
        client in ipaddress.ip_network(network, strict=False) for network in house.trusted_clients
    )

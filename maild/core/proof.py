"""The evidence in one mail: which tokens it carries, and what they and the transport prove."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from maild.core.address import recipient
from maild.core.house import House
from maild.core.mail import Envelope, Mail, Source
from maild.core.token import Keys, Purpose, Token, looks_like_token, made_for, verify
from maild.core.trust import Level

_THREAD_ID = re.compile(r"([A-Za-z2-7]{45})\.[A-Za-z0-9.-]{1,80}@(.+)")
_HEADERS_WITH_RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to")
_ADDRESS = re.compile(r"[^\s<>,;\"]{1,300}@[^\s<>,;\"]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What a mail carries that can be checked."""

    tokens: tuple[Token, ...] = ()
    """Verified tokens of the addresses it was sent to, each once."""
    threads: tuple[Token, ...] = ()
    """Verified tokens of our Message-IDs that it answers, nearest first."""
    broken: bool = False
    """An address has a token's shape, but the token does not verify."""
    domain: bool = False
    """The domain of the one From address is proven."""
    domain_failed: bool = False

    def token(self, *purposes: Purpose) -> Token | None:
        """Return the first token with one of the purposes."""
        return next((token for token in self.tokens if token.purpose in purposes), None)


def collect(mail: Mail, envelope: Envelope, house: House, keys: Keys) -> Proofs:
    """Gather and verify everything; pure, and constant for a mail."""
    tags = _tags(mail, envelope, house)
    verified = [token for tag in tags if (token := verify(keys, tag)) is not None]
    judged = _judged_by_boundary(mail, envelope, house)
    return Proofs(
        tokens=tuple(dict.fromkeys(verified)),
        threads=_threads(mail, house, keys),
        broken=len(verified) < len(tags),
        domain=judged == "pass" or _is_direct_submission(mail, envelope, house),
        domain_failed=judged == "fail",
    )


def level_of(proofs: Proofs, keys: Keys, identity: str, ticket: int) -> Level:
    """Say what the proofs amount to, for this person and this ticket (0 for a new one).

    A token of somebody else still proves that the mail belongs to the ticket: E1.
    """
    if proofs.domain_failed or (proofs.broken and not proofs.tokens):
        return Level.FAILED
    domain = proofs.domain and identity != ""
    own = any(t.ticket == ticket and made_for(keys, t, identity) for t in proofs.tokens)
    if ticket and own and domain:
        return Level.TOKEN_AND_DOMAIN
    if domain:
        return Level.DOMAIN
    held = {token.ticket for token in (*proofs.tokens, *proofs.threads)}
    return Level.TOKEN if ticket and ticket in held else Level.CLAIMED


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
    tokens = []
    for message_id in answered_ids(mail):
        match = _THREAD_ID.fullmatch(message_id)
        if match is None or match.group(2).lower() != house.domain.lower():
            continue
        token = verify(keys, match.group(1))
        if token is not None and token.purpose is Purpose.THREAD:
            tokens.append(token)
    return tuple(dict.fromkeys(tokens))


def answered_ids(mail: Mail) -> tuple[str, ...]:
    """Return the ids that a mail answers, nearest first (RFC 5322 §3.6.4)."""
    parsed = mail.parsed
    return tuple(dict.fromkeys((*parsed.in_reply_to, *reversed(parsed.references))))


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


def _judged_by_boundary(mail: Mail, envelope: Envelope, house: House) -> str:
    """Return what our own boundary wrote about DMARC: `pass`, `fail` or nothing (RFC 8601 §5).

    Only the fields above the first Received count, and only those with a configured id.
    """
    if envelope.source is Source.SMTP:
        return ""
    box = next((b for b in house.mailboxes if b.name == envelope.mailbox), None)
    ids = box.authserv_id if box else tuple(i for b in house.mailboxes for i in b.authserv_id)
    for name, value in mail.parsed.headers:
        if name == "received" or not ids:
            return ""
        if name != "authentication-results":
            continue
        authserv, _, results = value.partition(";")
        if authserv.split()[:1] and authserv.split()[0].lower() in ids:
            return _dmarc(results, mail.identity.rpartition("@")[2])
    return ""


def _dmarc(results: str, domain: str) -> str:
    for result in results.split(";"):
        words = result.split()
        if not words or not words[0].lower().startswith("dmarc="):
            continue
        judged = next((w[12:] for w in words if w.lower().startswith("header.from=")), "")
        if judged.lower().strip('"') != domain or not domain:
            return ""
        verdict = words[0][6:].lower()
        return verdict if verdict in ("pass", "fail") else ""
    return ""

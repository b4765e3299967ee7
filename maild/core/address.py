"""Addresses as values: what is well formed, and which of them are ours.

Strategy: only the plain form of RFC 5321 §4.1.2 counts, a dot-atom at a domain name. What other
systems read as an order to relay (source routes, `%` and `!` in the local part, quoted local
parts, address literals) is never valid and never ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from maild.core.house import House, Mailbox
from maild.core.token import looks_like_token

ADDRESS_BYTES_MAX = 254
LOCAL_BYTES_MAX = 64

_ATOM = r"[A-Za-z0-9#$&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9\u0080-\U0010ffff](?:[A-Za-z0-9\u0080-\U0010ffff_-]{0,62})"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_RETURN_LOCAL = re.compile(r"[^\s<>@\x00-\x1f\x7f]+")
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"')
_RETURN_DOMAIN = re.compile(r"\[[0-9A-Za-z:.]+\]|[\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One of our mailboxes, as an address named it."""

    mailbox: Mailbox
    address: str
    """Which of the mailbox's addresses was meant, as the house spells it: without the tag."""
    tag: str
    """What follows the `+` of the local part, lower case, or the bare token of the reply domain.

    Empty when there is none. It proves nothing before `core.token.verify` has seen it.
    """


def valid(address: str) -> bool:
    """Tell whether mail may be sent to an address, and whether it may be one of ours.

    `local@domain` with a dot-atom and a domain name (RFC 5321 §4.1.2), also in UTF-8 (RFC 6531
    §3.3), at most 64 and 254 octets (RFC 5321 §4.5.3.1). No quotes, `%`, `!`, blanks, control
    characters, source routes or address literals.
    """
    local, at, domain = address.rpartition("@")
    return (
        bool(at)
        and _fits(address, local)
        and address.isprintable()
        and _LOCAL.fullmatch(local) is not None
        and _is_domain(domain)
    )


def valid_return_path(address: str) -> bool:
    """Tell whether an address may stand in MAIL FROM; the empty null path may.

    Wider than `valid`, since mail is only received from it: quoted local parts, `%` and `!`, dots
    anywhere and address literals are met in real mail. Never control characters or angle brackets.
    """
    if not address:
        return True
    local, at, domain = address.rpartition("@")
    if not at or not _fits(address, local) or not address.isprintable():
        return False
    is_local = _RETURN_LOCAL.fullmatch(local) or _QUOTED_LOCAL.fullmatch(local)
    return is_local is not None and _RETURN_DOMAIN.fullmatch(domain) is not None


def recipient(address: str, house: House) -> Recipient | None:
    """Return which mailbox of ours an address means, in any case; None when it is not ours.

    `local+tag@domain` is the mailbox `local@domain`; a bare token at the reply domain is the first
    mailbox, since the token alone tells the ticket.
    """
    if not valid(address):
        return None
    local, _, domain = address.lower().rpartition("@")
    domain = _ascii(domain)
    if domain == house.reply_domain.lower() and looks_like_token(local) and house.mailboxes:
        first = house.mailboxes[0]
        return Recipient(mailbox=first, address=first.address, tag=local)
    place = len(local)
    while place > 0:
        found = _mailbox(local[:place], domain, house)
        if found is not None:
            mailbox, own = found
            return Recipient(mailbox=mailbox, address=own, tag=local[place + 1 :])
        place = local.rfind("+", 0, place)
    return None


def without_detail(address: str) -> str:
    """Return an address without what follows the `+` of its local part (RFC 5233 §1), lower case.

    For counting what reaches one mailbox, never for telling who somebody is: not every house
    delivers `anna+shop` to `anna`. Dots stay, since they are part of the name nearly everywhere.
    """
    local, at, domain = address.lower().rpartition("@")
    place = local.find("+", 1)
    return f"{local[:place]}{at}{domain}" if place > 0 else f"{local}{at}{domain}"


def is_own_domain(address: str, house: House) -> bool:
    """Tell whether an address lies in a domain of our mailboxes, or in the reply domain."""
    domain = _ascii(address.rpartition("@")[2].lower())
    if domain == house.reply_domain.lower():
        return bool(domain)
    return any(_ascii(own.rpartition("@")[2]) == domain for own in house.own_addresses)


def _fits(address: str, local: str) -> bool:
    """Keep to the sizes of RFC 5321 §4.5.3.1.1 and §4.5.3.1.3, in octets of UTF-8."""
    if len(address) > ADDRESS_BYTES_MAX:
        return False
    try:
        return (
            len(address.encode()) <= ADDRESS_BYTES_MAX and len(local.encode()) <= LOCAL_BYTES_MAX
        )
    except UnicodeEncodeError:
        return False


def _is_domain(domain: str) -> bool:
    """A domain name: labels of at most 63 octets that neither begin nor end with a hyphen."""
    return _DOMAIN.fullmatch(domain) is not None and "-." not in f"{domain}."


def _mailbox(local: str, domain: str, house: House) -> tuple[Mailbox, str] | None:
    """Find the mailbox of a local part without its tag, and its address that this is.

    Both sides may be internationalised.
    """
    address = f"{local}@{domain}"
    mailbox = house.mailbox_of(address)
    if mailbox is not None:
        return mailbox, address
    if not any(not own.isascii() for own in house.own_addresses):
        return None
    for box in house.mailboxes:
        for own in box.addresses:
            own_local, _, own_domain = own.rpartition("@")
            if (own_local, _ascii(own_domain)) == (local, domain):
                return box, own
    return None


def _ascii(domain: str) -> str:
    """Spell a domain in A-labels (RFC 5891 §4), so that both spellings of one name are equal."""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain

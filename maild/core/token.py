"""Tokens: the signed part of our reply addresses and Message-IDs.

A token proves one ticket, one purpose and one recipient. It is base32 without padding,
case-insensitive, 45 characters, so that `support+TOKEN` fits the 64 octets of a local part
(RFC 5321 §4.5.3.1.1).

    1 byte   version (high half) and purpose (low half)
    1 byte   key id
    4 bytes  ticket number
    2 bytes  day of issue, counted from 2020-01-01
    4 bytes  who it was made for: keyed hash of the address
    16 bytes HMAC-SHA-256 over all of the above, cut to 128 bits

There is no path that skips the check, and no older form that is still let in.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

VERSION = 1
TOKEN_LENGTH = 45
_EPOCH = date(2020, 1, 1)
_BODY_BYTES = 12
_MAC_BYTES = 16
_SHAPE = re.compile(r"[A-Za-z2-7]{45}")


class Purpose(IntEnum):
    """What a token may be used for."""

    CUSTOMER = 1
    AGENT = 2
    NOTE = 3
    SURVEY = 4
    UNSUBSCRIBE = 5
    CONFIRM = 6
    PORTAL = 7
    THREAD = 8
    RETURN = 9
    """In the return path of automatic mail: a bounce that carries it is about that mail."""
    WALL = 10
    """A link to the status wall (`core/wall.py`); the number is that of its days, no ticket's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The secret keys by id; `current` signs, the others still verify."""

    current: int
    by_id: Mapping[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token that was verified."""

    purpose: Purpose
    ticket: int
    issued: date
    recipient: bytes
    """Keyed hash of the address it was made for: compare with `recipient_hash`."""
    key_id: int


def issue(keys: Keys, *, purpose: Purpose, ticket: int, recipient: str, today: date) -> str:
    """Make a token: 45 lower-case base32 characters.

    `ticket` is at most 2**32 - 1; `recipient` is an address, or any text that names what the
    token is for.
    """
    body = (
        bytes([VERSION << 4 | purpose, keys.current])
        + ticket.to_bytes(4, "big")
        + (today - _EPOCH).days.to_bytes(2, "big")
        + recipient_hash(keys, keys.current, recipient)
    )
    return (
        base64.b32encode(body + _mac(keys.by_id[keys.current], body)).decode().rstrip("=").lower()
    )


def verify(keys: Keys, text: str) -> Token | None:
    """Return what a token proves, or None when it is no token of ours or was changed."""
    if not _SHAPE.fullmatch(text):
        return None
    try:
        raw = base64.b32decode(text.upper() + "===")
    except binascii.Error:
        return None
    if _encode(raw) != text.lower():
        return None
    body, mac = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
    key = keys.by_id.get(body[1])
    if key is None or len(mac) != _MAC_BYTES or not hmac.compare_digest(_mac(key, body), mac):
        return None
    if body[0] >> 4 != VERSION or (body[0] & 15) not in set(Purpose):
        return None
    return Token(
        purpose=Purpose(body[0] & 15),
        ticket=int.from_bytes(body[2:6], "big"),
        issued=_EPOCH + timedelta(days=int.from_bytes(body[6:8], "big")),
        recipient=body[8:12],
        key_id=body[1],
    )


def recipient_hash(keys: Keys, key_id: int, recipient: str) -> bytes:
    """Return the 4 bytes that stand for a recipient under a key (any case of the address)."""
    return _digest(keys.by_id[key_id], b"recipient\0" + _bytes(recipient))[:4]


def made_for(keys: Keys, token: Token, address: str) -> bool:
    """Tell whether a verified token was made for this very address."""
    return hmac.compare_digest(recipient_hash(keys, token.key_id, address), token.recipient)


def looks_like_token(text: str) -> bool:
    """Tell whether a text has a token's shape; proves nothing."""
    return _SHAPE.fullmatch(text) is not None


def _bytes(address: str) -> bytes:
    """Any text has bytes, also what an unreadable From left behind."""
    return address.lower().encode("utf-8", "surrogatepass")


def _encode(raw: bytes) -> str:
    """One value has one spelling: the spare bit of the last character is always zero."""
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _mac(key: bytes, body: bytes) -> bytes:
    return _digest(key, b"token\0" + body)[:_MAC_BYTES]


def _digest(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")

"""Signatures and encryption around what an agent wrote, by S/MIME or OpenPGP.

A signature is the mail program's, and worth nothing any more in a mail of ours: it does not
travel. What is encrypted, or signed so that the text is hidden in it, cannot be read here.
"""

from __future__ import annotations

from enum import Enum

from maild.core.mail import Attachment, Mail, Parsed

_UNREADABLE = frozenset(
    {
        "multipart/encrypted",
        "application/pgp-encrypted",
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
    }
)
_SIGNATURES = frozenset(
    {
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
    }
)
_KEY, _KEY_NAME = "application/pgp-keys", "OpenPGP_0x"
"""What Thunderbird adds to a mail that it signs."""
_MESSAGE = "-----BEGIN PGP MESSAGE-----"
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_END = "-----END PGP SIGNATURE-----"
_FOLLOWED_BY = {_SIGNED: _SIGNATURE, _SIGNATURE: _END}
_HEADERS = ("Hash:", "Charset:", "Comment:", "Version:", "MessageID:", "NotDashEscaped:")


class _Place(Enum):
    """Where a line stands."""

    OUTSIDE = 1
    HEAD = 2
    TEXT = 3
    SIGNATURE = 4


_BEGINNINGS = {_SIGNED: _Place.HEAD, _SIGNATURE: _Place.SIGNATURE}


def is_sealed(mail: Mail) -> bool:
    """Tell whether what was written cannot be read (RFC 8551 §3.5.2, RFC 3156 §4).

    What is attached to a mail that can be read, or pasted below words, is given on.
    """
    types = mail.parsed.part_types
    if not _UNREADABLE.isdisjoint(types if not mail.parsed.text.strip() else types[:1]):
        return True
    lines = (line.strip() for line in mail.reply.unquoted_text.split("\n"))
    return next((line for line in lines if line and not line.startswith("#")), "") == _MESSAGE


def files_of(parsed: Parsed) -> tuple[Attachment, ...]:
    """Return the attachments without the signatures of the mail itself (RFC 1847 §2.1).

    A signature stands behind what it signs; others before it were attached by somebody.
    """
    left = parsed.part_types.count("multipart/signed")
    if not left:
        return parsed.attachments
    kept: list[Attachment] = []
    for file in reversed(parsed.attachments):
        if left and file.type in _SIGNATURES:
            left -= 1
        elif file.type != _KEY or not file.name.startswith(_KEY_NAME):
            kept.append(file)
    return tuple(reversed(kept))


def without_armour(text: str) -> str:
    """Return a text without the lines that OpenPGP puts around it (RFC 9580 §7).

    The lines are left blank, so that the others keep their places; a text with none is returned
    as it is.
    """
    if _SIGNED not in text or _END not in text:
        return text
    lines = text.split("\n")
    begins = _closed(lines)
    place = _Place.OUTSIDE
    for index, line in enumerate(lines):
        place = _BEGINNINGS[line.rstrip()] if index in begins else place
        if place is _Place.HEAD and index not in begins and not line.startswith(_HEADERS):
            place = _Place.TEXT
        if place in (_Place.HEAD, _Place.SIGNATURE):
            lines[index] = ""
        elif place is _Place.TEXT:
            lines[index] = line.removeprefix("- ")
        if line.rstrip() == _END:
            place = _Place.OUTSIDE
    return "\n".join(lines)


def _closed(lines: list[str]) -> set[int]:
    """Return where armour begins, text or signature, that also ends."""
    found: set[int] = set()
    follows = ""
    for index in range(len(lines) - 1, -1, -1):
        bare = lines[index].rstrip()
        if _FOLLOWED_BY.get(bare) == follows:
            found.add(index)
            follows = bare
        elif bare == _END or bare in _BEGINNINGS:
            follows = bare if bare == _END else ""
    return found

"""Whom a relay's refusal is about: the mail and its recipient, or us, who hand it over.

A relay that does not take us as a sender says nothing of the mail: its operator or ours changed a
setting, and what would be given up for it is every answer of those hours. So such a refusal is
temporary, with the usual schedule and its end. What a relay says to MAIL is about us, but for size
and kind of the mail; many keep that answer back until RCPT or longer, and say it in these words.
"""

from __future__ import annotations

_MAIL = "MAIL FROM"
_ACCESS_CODES = frozenset({530, 534, 535, 538})
"""The relay wants TLS or AUTH (RFC 4954 §6): the settings are wrong, not the mail."""
_TOO_LARGE = 552
_OF_THE_MAIL = ("5.3.4", "5.2.3", "5.6.")
"""Too large, and content that cannot be sent on (RFC 3463 §3.3, §3.4, §3.7)."""
_ABOUT_US = (
    "relay access denied",
    "relaying denied",
    "relaying not allowed",
    "relay not permitted",
    "not permitted to relay",
    "unable to relay",
    "sender address rejected",
    "sender verify failed",
    "client host rejected",
    "helo command rejected",
    "authentication required",
    "sendasdenied",
    "send as this sender",
)


def is_about_us(command: str, code: int, words: str) -> bool:
    """Tell whether a 5xx would be said to any mail of ours; `command` is what it answers."""
    if code in _ACCESS_CODES:
        return True
    if command.startswith(_MAIL):
        status = words.split(" ", 2)[1:2] or [""]
        return code != _TOO_LARGE and not status[0].startswith(_OF_THE_MAIL)
    folded = words.casefold()
    return any(phrase in folded for phrase in _ABOUT_US)

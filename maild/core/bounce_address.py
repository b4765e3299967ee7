"""Whose mail came back: the failed addresses of a non-delivery report.

Strategy: formal statements first (recipient fields, X-Failed-Recipients), then lines that
list an address, then sentences that name one, then whatever address is left that belongs
neither to the reporter nor to us, and last the returned mail's own To.
"""

from __future__ import annotations

import re

from maild.core.bounce_status import Block, value_of
from maild.core.mail import Parsed

ADDRESSES_MAX = 200

_ADDRESS = (
    r"[^\s<>()\[\]:;,\"@|\\：，。；（）「」《》]{1,128}@"
    r"(?:[^\s<>()\[\]:;,\"'@|\\!?*=/&{}：，。；（）「」《》]{1,250}|\[[0-9a-fA-F:.]{3,60}\])"
)
_ANY = re.compile(_ADDRESS)
_LISTED = re.compile(
    r"(?im)^[ \t>*•·\"'<\[(\-]{0,40}(?:(?:recipient|user|address)?:[ \t]{0,9})?"
    r"(?:rfc822;[ \t]?)?<?"
    rf"({_ADDRESS})[>\"'\]]{{0,4}}"
    r"(?:[ \t]{0,40}$|[ \t]{0,4}[:,;(<.…\[]"
    r"|[ \t]{1,4}(?:on |-|–|invalid|failed|user|:|\d|was |error))"
)
_LABELLED = re.compile(
    r"(?i)(?:\b(?:address(?:ed)?(?: to)?|recipients?(?: name)?|undeliverable to|undelivered to"
    r"|rcpt to"
    r"|error-for|allowed size|attempts|userid|unknown user|user unknown|unknown address"
    r"|deliver(?:ed|ing|y)?(?: (?:your|the|this|a|of|e?-?mail|message|mail)){0,4} (?:to|for)"
    r"|(?:message|mail|email|sent|relayed|reach|returned) to|mailbox is full|full mailbox"
    r"|was addressed,|gateway for|not reach|invalid user|no such user|bad address|user|for|to"
    r"|получател[ьяю]|адрес[ау]?|an|à|a|para)|宛先|受信者|收件人|收件者)"
    rf"(?:[:;=][ '\"<(\[*]{{0,6}}|[ '\"<(\[*]{{1,6}})(?:rfc822;[ ]?)?({_ADDRESS})"
)
_INTRODUCTION = re.compile(
    r"(?i)(?:following (?:e-?mail )?(?:address|recipient|destination|user|person)[^\n:]{0,60}"
    r"|addresses had[^\n:]{0,60}|failed recipients|failed addresses follow|delivered to|reach"
    r"|list of recipients|以下のメールアドレス|次の受信者)[^\n:]{0,60}(?:[:：]|\n)"
)
_STRIP_END = ".,'`’”!?*-_…"
_STRIP_START = "'`‘“*=.-•"
_ROLES = re.compile(
    r"^(?:mailer.?daemon|post_?master|abuse|support|help(?:desk)?|hostmaster|no-?reply|noc"
    r"|mail-?admin|admin(?:istrator)?|webmaster|double-bounce|security|info)@"
)
_SPACE = re.compile(r"\s+")


def from_block(block: Block) -> str:
    """Return the address of one recipient's block, or ''.

    The address that the sender wrote (`Original-Recipient`, RFC 3464 §2.3.1) is preferred to
    the one that it became on the way (`Final-Recipient`, §2.3.2).
    """
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        value = value_of(block, name)
        kind, semicolon, address = value.partition(";")
        if semicolon and kind.strip().lower() not in ("rfc822", "utf-8", "smtp", "unknown", "822"):
            continue
        cleaned = _clean(address if semicolon else value)
        if "@" in cleaned:
            return cleaned
    return ""


def from_header(parsed: Parsed) -> tuple[str, ...]:
    """Return the addresses of the X-Failed-Recipients fields (Exim, Google)."""
    values = (
        *parsed.header_all("x-failed-recipients"),
        *parsed.header_all("x-failed-recipient"),
        *parsed.header_all("x-rcpt-to-failed"),
    )
    return _distinct(tuple(match for value in values for match in _ANY.findall(value[:65536])))


def from_text(parsed: Parsed, head: str) -> tuple[str, ...]:
    """Return the failed addresses that a report in free form names above the returned mail."""
    in_lines = listed(parsed, head)
    if in_lines:
        return in_lines
    own = _reporters(parsed)
    folded = _SPACE.sub(" ", _introduced(head) or head)
    labelled = _kept(_LABELLED.findall(folded), own)
    if labelled:
        return labelled
    anywhere = _kept(_ANY.findall(folded), own)
    returned = from_returned(parsed)
    return tuple(address for address in anywhere if address in returned) or anywhere


def listed(parsed: Parsed, head: str) -> tuple[str, ...]:
    """Return the addresses that stand at the start of lines, as a report lists them."""
    own = _reporters(parsed)
    below = _introduced(head)
    return _kept(_LISTED.findall(below), own) or _kept(_LISTED.findall(head), own)


def from_returned(parsed: Parsed) -> tuple[str, ...]:
    """Return the recipients that the returned mail's own header names."""
    wanted = ("x-original-to", "x-envelope-to", "to")
    for name in wanted:
        values = [value for key, value in parsed.returned_headers if key == name]
        found = _distinct(tuple(match for v in values for match in _ANY.findall(v[:65536])))
        if found:
            return found
    return ()


def _introduced(head: str) -> str:
    """Return what stands below the line that announces the failed addresses, or ''."""
    found = _INTRODUCTION.search(head)
    return head[found.end() :] if found else ""


def _reporters(parsed: Parsed) -> frozenset[str]:
    ours = (*parsed.from_, *parsed.to, *parsed.sender, *parsed.reply_to)
    senders = [value for key, value in parsed.returned_headers if key in ("from", "return-path")]
    quoted = tuple(match for value in senders for match in _ANY.findall(value[:4096]))
    return frozenset(_clean(a).lower() for a in (*(o.addr for o in ours), *quoted))


def _kept(found: list[str], own: frozenset[str]) -> tuple[str, ...]:
    """Return the addresses that are nobody's who reports; or all, when none would be left."""
    distinct = _distinct(tuple(found))
    others = tuple(a for a in distinct if a.lower() not in own and "." in a.rpartition("@")[2])
    plain = tuple(a for a in others if not _ROLES.match(a.lower()))
    return plain or others


def _distinct(found: tuple[str, ...]) -> tuple[str, ...]:
    cleaned = (_clean(address) for address in found[: 10 * ADDRESSES_MAX])
    unique = {address.lower(): address for address in cleaned if "@" in address}
    return tuple(unique.values())[:ADDRESSES_MAX]


def _clean(value: str) -> str:
    """Return `local@domain` without brackets, quotes, punctuation; the domain in lower case."""
    bare = value.strip().strip("<>").strip().strip('"').lstrip(_STRIP_START).rstrip(_STRIP_END)
    if bare.lower().startswith("smtp="):
        bare = bare[5:]
    local, at, domain = bare.rpartition("@")
    return f"{local}{at}{domain.lower()}"

"""Which addresses may be written to, and in what form they go over the wire.

Every address passes here before it stands in a header or a command: what holds a control, a
space, a bracket or a second `@` is no address (RFC 5321 §4.1.2, narrowed).
"""

from __future__ import annotations

import re

from maild.errors import NotAllowed

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,128}", re.ASCII)
_LOCAL_QUOTED = re.compile(r'"[!#-\[\]-~]{1,62}"', re.ASCII)
_LOCAL_UTF8 = re.compile(
    r'[^\x00-\x20\x7f-\xa0()<>@,;:\\"\[\]\u1680\u2000-\u206f\u3000\ufeff]{1,64}'
)
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?", re.ASCII)
_LITERAL = re.compile(r"\[(?:IPv6:[0-9A-Fa-f:.]{2,45}|[0-9.]{7,15})\]", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LENGTH_MAX = 254


def wire_address(text: str) -> str:
    """Return an address as it goes over the wire, or the empty string when it is none.

    The domain becomes its A-labels; a local part outside ASCII stays, and needs SMTPUTF8. Local
    parts that break the dot rule (`a..b`) are let through: some carriers gave them out. Departs
    from RFC 5321 §4.1.2: quoted local parts with spaces or backslashes are refused.
    """
    local, at, domain = text.rpartition("@")
    if not at or len(text) > _LENGTH_MAX or _SURROGATE.search(text):
        return ""
    domain = _ascii_domain(domain)
    if not (_DOMAIN.fullmatch(domain) and ".." not in domain) and not _LITERAL.fullmatch(domain):
        return ""
    patterns = (_LOCAL, _LOCAL_QUOTED) if local.isascii() else (_LOCAL_UTF8,)
    if not any(pattern.fullmatch(local) for pattern in patterns):
        return ""
    return f"{local}@{domain}"


def checked_address(text: str) -> str:
    """Return the same, or raise NotAllowed when it is no address."""
    found = wire_address(text)
    if not found:
        raise NotAllowed(f"{text[:_LENGTH_MAX]!r} is no address that mail can be sent to")
    return found


def _ascii_domain(domain: str) -> str:
    """Return a domain in A-labels; the empty string when it cannot be written so."""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""

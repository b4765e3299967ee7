"""Notifications about bounces in JSON, as hosted mail services send them by mail.

The text is never loaded as JSON, for it may be cut or nested without end; single fields are
read by pattern.
"""

from __future__ import annotations

import re

from maild.core.mail import Bounce, BounceClass, Parsed

_KIND = re.compile(r'"(?:notification|event)type"\s{0,9}:\s{0,9}"bounce"', re.IGNORECASE)
_CLASS = re.compile(r'"bounceType"\s{0,9}:\s{0,9}"(\w{1,40})"')
_BOUNCED = re.compile(r'"bouncedRecipients"\s{0,9}:\s{0,9}\[([^\]]{0,20000})')
_ADDRESS = re.compile(r'"emailAddress"\s{0,9}:\s{0,9}"([^"\s]{3,320})"')
_HEADER_ID = re.compile(
    r'"name"\s{0,9}:\s{0,9}"message-id"\s{0,9},\s{0,9}"value"\s{0,9}:\s{0,9}"<?([^">]{1,900})',
    re.IGNORECASE,
)
_SERVICE_ID = re.compile(r'"messageId"\s{0,9}:\s{0,9}"<?([^">]{1,900})')

_CLASSES = {"permanent": BounceClass.PERMANENT, "transient": BounceClass.TEMPORARY}


def examine(parsed: Parsed) -> Bounce | None:
    """Return what a notification about a bounce says, or None when the mail is none."""
    text = parsed.text[:262144]
    if "ounce" not in text or '"' not in text:
        return None
    plain = text.replace('\\"', '"')
    if not _KIND.search(plain):
        return None
    told = _CLASS.search(plain)
    bounced = _BOUNCED.search(plain)
    found = _ADDRESS.findall(bounced.group(1) if bounced else plain)
    original = _HEADER_ID.search(plain) or _SERVICE_ID.search(plain)
    kind = told.group(1) if told else ""
    return Bounce(
        addresses=tuple(dict.fromkeys(found)),
        bounce_class=_CLASSES.get(kind.lower(), BounceClass.UNKNOWN),
        message_id=original.group(1) if original else "",
        reasons=("the text is a notification of a bounce", f"bounceType is {kind or 'not told'}"),
    )

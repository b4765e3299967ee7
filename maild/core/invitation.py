"""Calendar mail: what was invited to, accepted, declined or called off (RFC 5545, RFC 5546).

Strategy: the lines are unfolded and looked at one by one, the first event or task only; a property
is cut at its first colon outside quotes. What no calendar program writes is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from maild.core.mail import Parsed

TEXT_CHARACTERS_MAX = 64 * 1024
_FOLD = re.compile(r"\r?\n[ \t]")
_COMPONENTS = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d{0,2}(Z?))?")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_SAID = {
    "REQUEST": "invited",
    "ADD": "invited",
    "CANCEL": "cancelled",
    "COUNTER": "counter-proposed",
    "DECLINECOUNTER": "counter-proposal declined",
    "REFRESH": "asked for the newest version",
    "REPLY": "answered",
}
_ANSWERS = ("REPLY", "COUNTER")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One calendar mail; every part but the method may be empty."""

    method: str
    """Upper case, as RFC 5546 §1.4 names it."""
    answer: str = ""
    """What the attendee says, lower case: accepted, declined, tentative, delegated."""
    summary: str = ""
    start: str = ""
    """`2026-03-02 10:00 Europe/Berlin`, or a date alone."""

    @property
    def reason(self) -> str:
        """One line that tells why this is calendar mail."""
        told = (
            f"text/calendar with METHOD:{self.method}",
            f"answer: {self.answer}" if self.answer else "",
            f"summary: {self.summary}" if self.summary else "",
            f"starts: {self.start}" if self.start else "",
        )
        return ", ".join(part for part in told if part)

    @property
    def text(self) -> str:
        """What a person may read where the mail has no text of its own."""
        said = self.answer or _SAID.get(self.method, self.method.lower())
        lines = (f"{said}: {self.summary}" if self.summary else said, self.start)
        return "\n".join(line for line in lines if line)


def invitation(parsed: Parsed) -> Invitation | None:
    """Return what a calendar mail asks or answers; None for any other mail.

    A calendar that merely publishes an event (RFC 5546 §3.2.1) is a file like any other.
    """
    outside, inside = _properties(_FOLD.sub("", parsed.calendar[:TEXT_CHARACTERS_MAX]))
    known = outside | inside
    method = known.get("METHOD", ("", ""))[1].strip().upper() or _declared_method(parsed)
    if not re.fullmatch(r"[A-Z-]{2,20}", method) or method == "PUBLISH":
        return None
    attendee, _ = known.get("ATTENDEE", ("", ""))
    stated = re.search(r'PARTSTAT="?([A-Z-]{2,20})', attendee.upper())
    return Invitation(
        method=method,
        answer=stated[1].lower() if stated and method in _ANSWERS else "",
        summary=_plain(known.get("SUMMARY", ("", ""))[1]),
        start=_moment(*inside.get("DTSTART", ("", ""))),
    )


_Properties = dict[str, tuple[str, str]]


def _properties(text: str) -> tuple[_Properties, _Properties]:
    """Return the first property of each name, outside and inside the first event or task."""
    outside: _Properties = {}
    inside: _Properties = {}
    is_inside = False
    for line in text.splitlines():
        name, parameters, value = _property(line)
        if name == "BEGIN" and value.strip().upper() in _COMPONENTS:
            is_inside = True
        elif name == "END" and is_inside and value.strip().upper() in _COMPONENTS:
            break
        else:
            (inside if is_inside else outside).setdefault(name, (parameters, value))
    return outside, inside


def _property(line: str) -> tuple[str, str, str]:
    """Cut a content line into name, parameters and value (RFC 5545 §3.1)."""
    is_quoted = False
    for at, character in enumerate(line):
        if character == '"':
            is_quoted = not is_quoted
        elif character == ":" and not is_quoted:
            name, _, parameters = line[:at].partition(";")
            return name.strip().upper(), parameters, line[at + 1 :]
    return "", "", ""


def _plain(value: str) -> str:
    """Undo the escapes of a text (RFC 5545 §3.3.11)."""
    text = _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], value[:400])
    return " ".join(text.split())[:200]


def _moment(parameters: str, value: str) -> str:
    found = _MOMENT.fullmatch(value.strip())
    if found is None:
        return ""
    year, month, day, hour, minute, is_utc = found.groups()
    date = f"{year}-{month}-{day}"
    if hour is None:
        return date
    zone = re.search(r'(?i)TZID="?([^";:]{1,80})', parameters)
    place = "UTC" if is_utc else zone[1].strip() if zone else ""
    return f"{date} {hour}:{minute} {place}".rstrip()


def _declared_method(parsed: Parsed) -> str:
    if parsed.content_type != "text/calendar":
        return ""
    return dict(parsed.content_params).get("method", "").upper()

"""Dates that mailers wrote in forms of their own, where RFC 5322 §3.3 cannot read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_tz

_YEARS = range(1970, 2200)
_LENGTH_MAX = 120
_COMMENT = re.compile(r"\([^()]{0,80}\)")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?")
_HALF_DAY = re.compile(r"\b(\d{1,2})(:\d\d(?::\d\d)?) ?([AP])\.?M\b\.?", re.IGNORECASE)
_ZONES_SECONDS = {
    "CET": 3600,
    "MEZ": 3600,
    "CEST": 7200,
    "MESZ": 7200,
    "MET": 3600,
    "MEST": 7200,
    "EET": 7200,
    "EEST": 10800,
    "BST": 3600,
    "WEST": 3600,
    "MSK": 10800,
    "JST": 32400,
    "KST": 32400,
}


def has_local_zone(value: str) -> bool:
    """Whether a date ends in a zone name that RFC 5322 §4.3 does not know but mailers write."""
    return value.rstrip().rsplit(" ", 1)[-1].upper() in _ZONES_SECONDS


def read_date(value: str) -> datetime | None:
    """Return a date in UTC, as well as it can be guessed; None when it cannot."""
    text = value[:_LENGTH_MAX].strip()
    iso = _ISO.match(text)
    try:
        if iso:
            return _utc(datetime.fromisoformat(iso[0]))
        return _loose(_COMMENT.sub(" ", text))
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _utc(moment: datetime) -> datetime | None:
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware if aware.year in _YEARS else None


def _loose(text: str) -> datetime | None:
    """Read what the standard library makes of a date; unknown zones count as UTC."""
    parts = parsedate_tz(_HALF_DAY.sub(_whole_day, text))
    if parts is None or parts[0] not in _YEARS:
        return None
    offset = parts[9] or 0
    zone = text.rsplit(" ", 1)[-1].upper()
    if zone in _ZONES_SECONDS:
        offset = _ZONES_SECONDS[zone]
    moment = datetime(*parts[:5], min(parts[5], 59), tzinfo=UTC)
    return _utc(datetime.fromtimestamp(moment.timestamp() - offset, UTC))


def _whole_day(match: re.Match[str]) -> str:
    """Turn a time of the twelve-hour clock into one of the other."""
    hour = int(match[1]) % 12 + (12 if match[3] in "Pp" else 0)
    return f"{hour:02d}{match[2]}"

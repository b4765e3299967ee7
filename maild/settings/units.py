"""Durations, sizes and places as operators write them: `90m`, `25MB`, `127.0.0.1:8025`.

Every function raises ValueError with a sentence that tells what is wrong and what would be right.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from ipaddress import ip_address
from itertools import pairwise

from maild.core.calendar import OpenDay, Span
from maild.core.promise import WarnAt
from maild.settings.values import Listen

_DURATION = re.compile(r"(?:\d{1,9}[smhdw]){1,5}", re.ASCII)
_DURATION_PART = re.compile(r"(\d+)([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SIZE = re.compile(r"(\d{1,12}) ?(B|KB|MB|GB|KiB|MiB|GiB)", re.ASCII)
_BYTES = {
    "B": 1,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_DAY_MINUTES = 1440
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PORT_MAX = 65535
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})?", re.ASCII)


def duration_seconds(text: str) -> int:
    """Read `45s`, `90m`, `4h`, `2d`, `1w` or a sum such as `1h30m` as seconds."""
    if not _DURATION.fullmatch(text):
        raise ValueError(
            f'{text!r} is no duration; write a number with s, m, h, d or w, such as "90m"'
        )
    return sum(int(n) * _SECONDS[unit] for n, unit in _DURATION_PART.findall(text))


def size_bytes(text: str) -> int:
    """Read `25MB` (powers of 1000) or `64KiB` (powers of 1024) as bytes."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(
            f"{text!r} is no size; write a number with B, KB, MB, GB, KiB, MiB or GiB, "
            'such as "25MB"'
        )
    return int(found[1]) * _BYTES[found[2]]


def name_server(text: str) -> tuple[str, int]:
    """Read `127.0.0.1`, `127.0.0.1:5353`, `::1` or `[::1]:5353` as address and port."""
    has_port = text.count(":") == 1 or "]:" in text
    host, _, port = text.rpartition(":") if has_port else (text, "", "53")
    try:
        address = str(ip_address(host.strip("[]")))
    except ValueError:
        address = ""
    if not address or not port.isdecimal() or not 0 < int(port) <= _PORT_MAX:
        raise ValueError(f'{text!r} is no DNS server; write "127.0.0.1" or "[::1]:5353"')
    return address, int(port)


def listen_place(text: str) -> Listen:
    """Read `host:port`, `[::1]:port`, `smtps://host:port`, `unix:/path` or `fd:name`."""
    if text.startswith("smtps://"):
        return replace(listen_place(text.removeprefix("smtps://")), tls=True)
    if text.startswith("unix:/") or (text.startswith("fd:") and len(text) > len("fd:")):
        return Listen(host=text, port=0)
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not bare or not port.isascii() or not port.isdigit() or (":" in host and bare == host):
        raise ValueError(
            f'{text!r} is no place to listen on; write "host:port", "[::1]:port", '
            '"unix:/path" or "fd:name"'
        )
    if not _HOST.fullmatch(bare) and not _is_ip(bare):
        raise ValueError(f"{bare!r} is neither a host name nor an IP address")
    if int(port) > _PORT_MAX:
        raise ValueError(f"port {port} does not exist; ports go up to {_PORT_MAX}")
    return Listen(host=bare, port=int(port))


def is_loopback(host: str) -> bool:
    """Tell whether a host can only be this machine."""
    return host.lower() == "localhost" or (_is_ip(host) and ip_address(host).is_loopback)


def day_spans(text: str) -> tuple[Span, ...]:
    """Read `09:00-12:00,13:00-17:00` as spans in order; the empty text is a closed day.

    The last may go on after midnight, as `22:00-06:00`: it then ends after minute 1440.
    """
    spans = tuple(_span(part.strip()) for part in text.split(",")) if text.strip() else ()
    for earlier, later in pairwise(spans):
        if later.start < earlier.end:
            raise ValueError(f"the hours {text!r} overlap or are not in order")
    return spans


def week_spans(hours: dict[str, str]) -> tuple[tuple[Span, ...], ...]:
    """Read hours by weekday (`mon` to `sun`) as seven entries, Monday first.

    Hours after midnight become hours of the next day.
    """
    days = [day_spans(hours.get(day, "")) for day in WEEKDAYS]
    return tuple((*_night(days[n - 1]), *_day(day, days[n - 1])) for n, day in enumerate(days))


def crowded_days(hours: dict[str, str]) -> tuple[str, ...]:
    """Return the weekdays whose hours begin before the night of the day before has ended."""
    days = [day_spans(hours.get(day, "")) for day in WEEKDAYS]
    return tuple(
        WEEKDAYS[n]
        for n, day in enumerate(days)
        if day and any(span.end > day[0].start for span in _night(days[n - 1]))
    )


def open_day(text: str) -> OpenDay:
    """Read `2026-12-27` or `2026-12-27 09:00-12:00`."""
    day, _, hours = text.strip().partition(" ")
    try:
        return OpenDay(day=date.fromisoformat(day), spans=_within_the_day(day_spans(hours)))
    except ValueError as error:
        raise ValueError(
            f'{text!r} is no open day ({error}); write "2026-12-27" or "2026-12-27 09:00-12:00"'
        ) from error


def warn_at(text: str) -> WarnAt:
    """Read `80%` of the time, or a duration before the deadline such as `30m`."""
    number = text.removesuffix("%")
    if number != text and number.isascii() and number.isdigit() and 0 < int(number) < 100:  # noqa: PLR2004 - per cent
        return WarnAt(share=int(number) / 100)
    if number == text:
        return WarnAt(before_seconds=duration_seconds(text))
    raise ValueError(f'{text!r} is no share of the time; write "1%" to "99%", or "30m" before')


def _span(text: str) -> Span:
    """Read `09:00-12:00`, or `22:00-06:00` over midnight."""
    found = _SPAN.fullmatch(text)
    if not found or found[1] == "24" or found[3] + found[4] > "2400":
        raise ValueError(f'{text!r} are no hours; write "09:00-17:00", the last is "24:00"')
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if start == end:
        raise ValueError(
            f'the hours {text!r} end where they begin; the whole day is "00:00-24:00"'
        )
    return Span(start=start, end=end if start < end else end + _DAY_MINUTES)


def _within_the_day(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Require that the hours of a date end on it."""
    if spans and spans[-1].end > _DAY_MINUTES:
        raise ValueError("the hours of a date end at 24:00 at the latest; the next is its own")
    return spans


def _night(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return what the hours of a day take from the day after."""
    if not spans or spans[-1].end <= _DAY_MINUTES:
        return ()
    return (Span(start=0, end=spans[-1].end - _DAY_MINUTES),)


def _day(spans: tuple[Span, ...], before: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the hours of a day up to midnight, from when the night of the day before ended."""
    begin = max((span.end for span in _night(before)), default=0)
    cut = (Span(start=max(s.start, begin), end=min(s.end, _DAY_MINUTES)) for s in spans)
    return tuple(span for span in cut if span.start < span.end)


def _is_ip(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

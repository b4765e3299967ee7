"""A moment as an agent writes it, in four languages: `tomorrow`, `monday 9:00`, `3d`.

| form                                   | is                                                |
|----------------------------------------|---------------------------------------------------|
| `2026-11-24`, `24.11.2026`, `24.11.`   | that date; without a year the next one            |
| `24/11/2026`                           | only where the first number can be no month       |
| `today`, `tomorrow`, `heute`, `mañana` | that day                                          |
| `monday`, `lundi`, `mi`                | the next one after today                          |
| `15:00`, `3pm`, `15 Uhr`, `at 15h`     | a time; without a day the next such time          |
| `30min`, `4h`, `dans 2 heures`         | so long from now                                  |
| `3d`, `2w`, `in 3 Tagen`               | so many days or weeks from today                  |

Times are of the zone of the agent's working hours, else of UTC. A day without a time is when work
begins on it (else on the next day that is worked), or nine o'clock where no hours are known. A
time that the clocks skip is as much later as they skip; of one that they repeat, the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from maild.core import calendar
from maild.core.calendar import Calendar
from maild.errors import NotAllowed

AHEAD_MAX = timedelta(days=366)
CHARACTERS_MAX = 60
_NINE = time(9)
_FORM = "%Y-%m-%d %H:%M"
_DAYS = {
    0: "today heute aujourd'hui hoy",
    1: "tomorrow tmrw morgen demain mañana manana",
    2: "overmorrow übermorgen uebermorgen après-demain apres-demain",
}
_WEEKDAYS = (
    "monday mon montag mo lundi lun lunes",
    "tuesday tue tues dienstag di mardi mar martes",
    "wednesday wed mittwoch mi mercredi mer miércoles miercoles mié",
    "thursday thu thurs donnerstag do jeudi jeu jueves jue",
    "friday fri freitag fr vendredi ven viernes vie",
    "saturday sat samstag sonnabend sa samedi sam sábado sabado sáb sab",
    "sunday sun sonntag so dimanche dim domingo dom",
)
_UNITS = {
    "minutes": "m min mins minute minutes minuten minuto minutos",
    "hours": "h hour hours std stunde stunden heure heures hora horas",
    "days": "d day days t tag tage tagen j jour jours día días dia dias",
    "weeks": "w week weeks woche wochen semaine semaines semana semanas",
}
_AHEAD_OF = {word: days for days, words in _DAYS.items() for word in words.split()}
_WEEKDAY = {word: day for day, words in enumerate(_WEEKDAYS) for word in words.split()}
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_WORDS_AROUND = {
    "filler": "until till til bis zum am on the next le el la las los al hasta jusque jusqu'à "
    "jusqu'a jusqu'au nächsten nächster kommenden prochain próximo proximo",
    "time": "at um gegen à a @",
    "span": "in for für dans pour en por within",
}
_FILLERS, _BEFORE_TIME, _BEFORE_SPAN = (
    frozenset(words.split()) for words in _WORDS_AROUND.values()
)
_APOSTROPHES = str.maketrans("’‘´`", "''''")
_PHRASES = (
    ("day after tomorrow", "overmorrow"),
    ("pasado mañana", "overmorrow"),
    ("pasado manana", "overmorrow"),
)
_SPAN = re.compile(r"([0-9]{1,4}) ?([^\W\d_]{1,12})\.?")
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[t ]"
    r"([0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:z|[+-][0-9]{2}:?[0-9]{2})?)"
)
_YMD = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_DMY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.?([0-9]{4})?")
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_TIME = re.compile(
    r"([0-9]{1,2})(?:(?::|h)([0-9]{2}))?(?: ?(am|pm))?(?: ?(?:h|uhr|heures?|horas?|o'clock))?"
)
_NOON = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """What was written is no moment that can be meant."""

    nearest: str
    """A way of writing that can: the same put right where that is clear, else an example."""


def read(text: str, now: datetime, hours: Calendar | None) -> datetime | Unfit:
    """Return the moment (UTC) that is meant: after `now` (aware), and within a year of it."""
    plain = " ".join(text.casefold().translate(_APOSTROPHES).replace(",", " ").split())
    for phrase, word in _PHRASES:
        plain = plain.replace(phrase, word)
    local = now.astimezone(_zone(hours))
    found = _moment(plain, local, hours) if len(plain) <= CHARACTERS_MAX else None
    if found is None:
        return Unfit(nearest=_corrected(plain, local, hours))
    if found <= now:
        return Unfit(nearest=_example(local, hours))
    if found > now + AHEAD_MAX:
        latest = (now + AHEAD_MAX).astimezone(local.tzinfo)
        return Unfit(nearest=latest.strftime(_FORM))
    return found


def shown(at: datetime, hours: Calendar | None) -> str:
    """Return a moment as an agent reads it: `2026-11-24 15:00 Europe/Berlin`."""
    zone = _zone(hours)
    return f"{at.astimezone(zone).strftime(_FORM)} {zone.key}"


def hours_of(name: str, calendars: Sequence[Calendar]) -> Calendar | None:
    """Return the working hours of this name, else the first of the house; None for none."""
    first = calendars[0] if calendars else None
    return next((one for one in calendars if one.name == name), first)


def _zone(hours: Calendar | None) -> ZoneInfo:
    return ZoneInfo(hours.zone if hours else "UTC")


def _moment(plain: str, local: datetime, hours: Calendar | None) -> datetime | None:
    """Return the moment that is written, wherever it lies; None for none."""
    words = [word for word in plain.split() if word not in _FILLERS]
    whole = " ".join(words)
    try:
        exact = _ISO.fullmatch(whole)
        if exact is not None:
            return _exact(exact, local)
        span = _SPAN.fullmatch(" ".join(words[1:] if _BEFORE_SPAN & {*words[:1]} else words))
        if span is not None and span[2] in _UNIT:
            return _later(int(span[1]), _UNIT[span[2]], local, hours)
        return _of_day(words, local, hours)
    except (ValueError, OverflowError, NotAllowed):
        return None


def _exact(found: re.Match[str], local: datetime) -> datetime:
    clock = found[2].upper()
    at = datetime.fromisoformat(f"{found[1]}T{clock}")
    return (at if at.tzinfo else at.replace(tzinfo=local.tzinfo)).astimezone(UTC)


def _later(count: int, unit: str, local: datetime, hours: Calendar | None) -> datetime:
    if unit in ("minutes", "hours"):
        return local.astimezone(UTC) + timedelta(**{unit: count})
    return _opening(local.date() + timedelta(**{unit: count}), local, hours)


def _of_day(words: Sequence[str], local: datetime, hours: Calendar | None) -> datetime | None:
    """Read a day, a time, or a day and a time."""
    if not words:
        return None
    day = _day(words[0], local.date())
    rest = list(words[1:] if day else words)
    is_told = bool(rest) and rest[0] in _BEFORE_TIME
    clock = " ".join(rest[1:] if is_told else rest)
    if day and not rest:
        return _opening(day, local, hours)
    at = _time(clock, is_told=is_told or day is not None)
    if at is None:
        return None
    if day is not None:
        return _at(day, at, local)
    today = _at(local.date(), at, local)
    return today if today > local else _at(local.date() + timedelta(days=1), at, local)


def _day(word: str, today: date) -> date | None:
    """Return the date that one word names; None where it names none."""
    if word in _AHEAD_OF:
        return today + timedelta(days=_AHEAD_OF[word])
    bare = word.rstrip(".")
    if bare in _WEEKDAY:
        return today + timedelta(days=(_WEEKDAY[bare] - today.weekday() - 1) % 7 + 1)
    found = _YMD.fullmatch(word)
    if found is not None:
        return date(int(found[1]), int(found[2]), int(found[3]))
    found = _DMY.fullmatch(word)
    if found is not None:
        return _in_year(int(found[1]), int(found[2]), found[3], today)
    found = _SLASHED.fullmatch(word)
    if found is None or (int(found[1]) <= _NOON and found[1] != found[2]):
        return None
    return date(int(found[3]), int(found[2]), int(found[1]))


def _in_year(day: int, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year), month, day)
    this_year = date(today.year, month, day)
    return this_year if this_year >= today else date(today.year + 1, month, day)


def _time(text: str, *, is_told: bool) -> time | None:
    """Return the time of day; a bare number is one only where a time is to be expected."""
    found = _TIME.fullmatch(text)
    if found is None or (text.isdecimal() and not is_told):
        return None
    hour, half = int(found[1]), found[3]
    if half:
        hour = hour % _NOON + (_NOON if half == "pm" else 0)
    return time(hour, int(found[2] or 0))


def _at(day: date, at: time, local: datetime) -> datetime:
    return datetime.combine(day, at, tzinfo=local.tzinfo).astimezone(UTC)


def _opening(day: date, local: datetime, hours: Calendar | None) -> datetime:
    """Return when work begins on a day, or after it where it is not worked."""
    if hours is None or not hours.week_seconds:
        return _at(day, _NINE, local)
    opening = calendar.next_opening(hours, _at(day, time(), local)).astimezone(local.tzinfo)
    if opening.time() == time():
        return _at(opening.date(), _NINE, local)
    return opening.astimezone(UTC)


def _corrected(plain: str, local: datetime, hours: Calendar | None) -> str:
    """Put misspelt words right; an example where that does not help."""
    known = [*_AHEAD_OF, *_WEEKDAY, *_UNIT]
    words = []
    for word in plain[:CHARACTERS_MAX].split():
        if word in _FILLERS:
            continue
        close = get_close_matches(word, known, n=1, cutoff=0.7)
        words.append(close[0] if close else word)
    guess = " ".join(words)
    found = _moment(guess, local, hours)
    return guess if found is not None and found > local else _example(local, hours)


def _example(local: datetime, hours: Calendar | None) -> str:
    tomorrow = _opening(local.date() + timedelta(days=1), local, hours)
    return tomorrow.astimezone(local.tzinfo).strftime(_FORM)

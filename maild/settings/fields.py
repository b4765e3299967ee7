"""The kinds of single values in config.toml: each a type that reads, checks and explains itself.

A value that does not fit raises ValueError with a sentence for the operator; pydantic collects
these. The functions stand above the types because the types are made of them.
"""

from __future__ import annotations

import re
from datetime import date
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from maild.settings import holidaydates, units

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"+]{1,64}@[A-Za-z0-9.-]{1,253}")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})")
_NAME_MAX = 64
_LINE_MAX = 1024
_LANGUAGE = re.compile(r"[a-z]{2}")
_REGION = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_RELAY_SCHEMES = ("smtp", "smtps")
_DATABASE_SCHEMES = ("sqlite", "postgresql", "postgresql+psycopg")


def _text(value: str) -> str:
    """Require a name in one line that is not empty."""
    if not value.strip() or len(value) > _NAME_MAX or not value.isprintable():
        raise ValueError(f"must be 1 to {_NAME_MAX} printable characters in one line")
    return value.strip()


def _line(value: str) -> str:
    """Require a path, host or user: one line that is not empty."""
    if not value.strip() or len(value) > _LINE_MAX or not value.isprintable():
        raise ValueError(f"must be 1 to {_LINE_MAX} printable characters in one line")
    return value


def _brand(value: str) -> str:
    """Require a name that can stand in `[Name #N]`."""
    if set(value) & set("[]#"):
        raise ValueError("must not hold '[', ']' or '#': it stands in subjects as [Name #N]")
    return _text(value)


def _address(value: str) -> str:
    """Require one plain mail address; give it in lower case."""
    if not _ADDRESS.fullmatch(value) or not _DOMAIN.fullmatch(value.rpartition("@")[2]):
        raise ValueError(f'{value!r} is no plain address; write "name@example.com", without "+"')
    return value.lower()


def _domain(value: str) -> str:
    """Require a domain; give it in lower case."""
    if not _DOMAIN.fullmatch(value):
        raise ValueError(f'{value!r} is no domain; write "example.com"')
    return value.lower()


def _network(value: str) -> str:
    """Require an IP address or a network."""
    try:
        return str(ip_network(value))
    except ValueError as error:
        raise ValueError(
            f'{value!r} is no address and no network ({error}); write "10.0.0.0/8"'
        ) from error


def _language(value: str) -> str:
    """Require an ISO 639-1 code."""
    if not _LANGUAGE.fullmatch(value):
        raise ValueError(f'{value!r} is no language; write two small letters such as "en"')
    return value


def _zone(value: str) -> str:
    """Require a time zone that this machine knows."""
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f'{value!r} is no time zone; write a name such as "Europe/Berlin"'
        ) from error


def _region(value: str) -> str:
    """Require `COUNTRY` or `COUNTRY-REGION`."""
    if value and not _REGION.fullmatch(value):
        raise ValueError(f'{value!r} names no holidays; write "DE", or "DE-BE" for a region')
    wrong = holidaydates.wrong_region(value) if value else ""
    if wrong:
        raise ValueError(wrong)
    return value


def _place(value: str) -> str:
    """Require something to listen on."""
    units.listen_place(value)
    return value


def _place_or_off(value: str) -> str:
    """Require something to listen on, or the empty text for nothing."""
    return _place(value) if value else ""


def _name_server(value: str) -> str:
    """Require the address of a DNS server."""
    units.name_server(value)
    return value


def _hours(value: str) -> str:
    """Require the hours of one day."""
    units.day_spans(value)
    return value


def _open_day(value: str | date) -> str:
    """Require a date, with or without hours."""
    text = value.isoformat() if isinstance(value, date) else value
    units.open_day(_is_text(text))
    return text


def _closed_day(value: object) -> date:
    """Require a date, with or without quotes."""
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(_is_text(value))
    except ValueError as error:
        raise ValueError(f"{value!r} is no date; write 2026-12-24") from error


def _since(value: object) -> str:
    """Require `now`, `all` or a date."""
    if value in ("now", "all") or isinstance(value, date):
        return str(value)
    try:
        return date.fromisoformat(_is_text(value)).isoformat()
    except ValueError as error:
        raise ValueError(f'{value!r} must be "now", "all" or a date such as 2026-01-31') from error


def _after(value: str) -> str:
    """Require what happens to a fetched mail."""
    if value in ("flag", "delete") or (value.startswith("move:") and len(value) > len("move:")):
        return value
    raise ValueError(f'{value!r} must be "flag", "delete" or "move:FOLDER"')


def _relay_url(value: str) -> str:
    """Require a place that mail can be sent to."""
    if value.startswith("maildir:") and len(value) > len("maildir:"):
        return value
    try:
        parts = urlsplit(value)
        known = parts.scheme in _RELAY_SCHEMES and parts.hostname and (parts.port or 1)
        bare = not parts.username and parts.path in ("", "/") and not parts.query
    except ValueError as error:
        raise ValueError(f"{value!r} cannot be read: {error}") from error
    if parts.username:
        raise ValueError("user and password do not belong in the url: use user and password_file")
    if not known or not bare:
        raise ValueError(
            f'{value!r} is no relay; write "smtp://host:587" (STARTTLS), "smtps://host:465" '
            'or "maildir:FOLDER"'
        )
    return value


def _database_url(value: str) -> str:
    """Require a database that keeps what it is given."""
    scheme, found, rest = value.partition("://")
    if not found or scheme not in _DATABASE_SCHEMES:
        raise ValueError(
            f'{scheme!r} is no database; write "sqlite:///var/maild.db" or '
            '"postgresql://user@host/name"'
        )
    if scheme == "sqlite" and (not rest.startswith("/") or rest in ("/", "/:memory:")):
        raise ValueError('a database in memory loses mail; write "sqlite:///var/maild.db"')
    return value


def _public_url(value: str) -> str:
    """Require the address of our pages as customers see it."""
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
        raise ValueError(f'{value!r} is no web address; write "https://support.example.com"')
    return value.rstrip("/")


def _webhook_url(value: str) -> str:
    """Require a place that a page can be posted to."""
    try:
        parts = urlsplit(value)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError as error:
        raise ValueError(f"{value!r} cannot be read: {error}") from error
    if parts.username or parts.fragment:
        raise ValueError("neither user nor fragment belongs in the url of a webhook")
    if not known or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(f'{value!r} is no webhook; write "https://pager.example.com/hook"')
    return value


def _is_text(value: object) -> str:
    """Require text."""
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")  # noqa: TRY004 - pydantic collects ValueError
    return value


def _duration(value: object) -> int:
    """Read a duration; a bare number has no unit and is refused."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f'needs a unit: write "{value}s" or "{value}m" instead of {value}')  # noqa: TRY004
    return _not_nothing(units.duration_seconds(_is_text(value)))


def _keep(value: object) -> int:
    """Read a duration, or `forever` as 0."""
    try:
        return 0 if value == "forever" else _duration(value)
    except ValueError as error:
        raise ValueError(f'{error}; or write "forever"') from error


def _size(value: object) -> int:
    """Read a size; a bare number has no unit and is refused."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f'needs a unit: write "{value}B" or "{value}MB" instead of {value}')  # noqa: TRY004
    return _not_nothing(units.size_bytes(_is_text(value)))


def _not_nothing(amount: int) -> int:
    """Require more than 0."""
    if amount == 0:
        raise ValueError("must be more than 0")
    return amount


def _as_list(value: object) -> object:
    """Take one text for a list of one."""
    return [value] if isinstance(value, str) else value


def _each_priority(value: object) -> object:
    """Take one duration for all four priorities; a bad one is told once."""
    if not isinstance(value, dict):
        _duration(value)
    return (
        value
        if isinstance(value, dict)
        else dict.fromkeys(("urgent", "high", "normal", "low"), value)
    )


def _warning(value: str) -> str:
    """Require a share of the time or a duration."""
    units.warn_at(value)
    return value


Text = Annotated[str, AfterValidator(_text)]
Line = Annotated[str, AfterValidator(_line)]
LineOrEmpty = Annotated[str, AfterValidator(lambda value: _line(value) if value else "")]
Brand = Annotated[str, AfterValidator(_brand)]
Address = Annotated[str, AfterValidator(_address)]
AddressOrEmpty = Annotated[str, AfterValidator(lambda value: _address(value) if value else "")]
Domain = Annotated[str, AfterValidator(_domain)]
DomainOrEmpty = Annotated[str, AfterValidator(lambda value: _domain(value) if value else "")]
Network = Annotated[str, AfterValidator(_network)]
Language = Annotated[str, AfterValidator(_language)]
Zone = Annotated[str, AfterValidator(_zone)]
Place = Annotated[str, AfterValidator(_place)]
PlaceOrOff = Annotated[str, AfterValidator(_place_or_off)]
NameServer = Annotated[str, AfterValidator(_name_server)]
Hours = Annotated[str, AfterValidator(_hours)]
Duration = Annotated[int, BeforeValidator(_duration)]
Keep = Annotated[int, BeforeValidator(_keep)]
Size = Annotated[int, BeforeValidator(_size)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Tier = Annotated[int, Field(ge=1, le=3)]
RelayUrl = Annotated[str, AfterValidator(_relay_url)]
Port = Annotated[int, Field(ge=1, le=65535)]
Since = Annotated[str, BeforeValidator(_since)]
After = Annotated[str, AfterValidator(_after)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
WebhookUrl = Annotated[str, AfterValidator(_webhook_url)]
Region = Annotated[str, AfterValidator(_region)]
ClosedDay = Annotated[date, BeforeValidator(_closed_day)]
OpenDay = Annotated[str, BeforeValidator(_open_day)]
WarnAt = Annotated[str, AfterValidator(_warning)]
OneOrMore = BeforeValidator(_as_list)
EachPriority = BeforeValidator(_each_priority)

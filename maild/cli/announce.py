"""`maild announce`: news for customers who wait, each on a ticket of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from maild import handle
from maild.cli import show as out
from maild.cli.place import WrongUsage
from maild.core import announcement
from maild.core.announcement import Announcement
from maild.furnish import office_of
from maild.handle import Office
from maild.store import audience
from maild.store.audience import Listener, Wish
from maild.store.secret import load_keys

__all__ = ["Order", "Wish", "announce"]

COLUMNS = ("ticket", "address", "language", "segment", "organisation", "result")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the operator wants announced, and how."""

    name: str
    texts: tuple[str, ...]
    """`FILE` or `LANGUAGE=FILE`; the first one is for every language that has none."""
    per_minute: int
    is_sent: bool
    """Else it is only told who is meant."""


def announce(config: Path | None, order: Order, wish: Wish, *, as_json: bool) -> None:
    """Tell everybody who is meant and was not told yet.

    Mails leave one after the other, `per_minute` of them; each goes through the line by itself.
    """
    with out.opened(config) as (known, database):
        news = _read(order, known.house.mailboxes[0].language)
        office = office_of(known, database, load_keys(known.secret_file, database))
        with database.read() as connection:
            meant = audience.listeners(connection, wish, known.house)
            keys = [announcement.key(news, one.customer.address) for one in meant]
            before = audience.written(connection, keys)
        new = [one for one, key in zip(meant, keys, strict=True) if key not in before]
        pause = timedelta(minutes=1) / order.per_minute
        results = {
            one.number: _told(office, news, one, pause * n) if order.is_sent else "would be told"
            for n, one in enumerate(out.progress(new, "announcing"))
        }
    rows = [_row(one, news, results.get(one.number, "told before")) for one in meant]
    if as_json:
        out.as_document(rows)
        return
    out.as_table(rows, COLUMNS, "nobody is meant")
    if rows and not order.is_sent:
        words = f"{len(new)} of {len(rows)} would be told, in the language of the text shown"
        out.line(f"{words}; nothing was sent: add --send")


def _read(order: Order, language: str) -> Announcement:
    """Read the texts; `language` is that of a file without one. `WrongUsage` says why not."""
    if not _NAME.fullmatch(order.name):
        raise WrongUsage(f"{order.name!r}: a name is made of small letters, digits and hyphens")
    found: dict[str, str] = {}
    for argument in order.texts:
        code, _, file = argument.rpartition("=")
        if not _LANGUAGE.fullmatch(code):
            code, file = language, argument
        if code in found:
            raise WrongUsage(f"two texts for the language {code}")
        found[code] = _text(Path(file))
    return Announcement(name=order.name, texts=tuple(found.items()))


def _text(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsage(f"{file}: {error}") from error
    if not text:
        raise WrongUsage(f"{file} is empty")
    if len(text) > announcement.CHARACTERS_MAX:
        most = f"{announcement.CHARACTERS_MAX:,}"
        raise WrongUsage(f"{file} has {len(text):,} characters, more than {most}")
    return text


def _told(office: Office, news: Announcement, one: Listener, delay: timedelta) -> str:
    """Tell one customer; return what became of it, in words."""
    decision = handle.announce(office, news, one.number, office.now() + delay)
    if decision is None:
        return "the ticket is gone"
    if not decision.replies:
        return "; ".join(str(reason) for reason in decision.reasons)
    return "told"


def _row(one: Listener, news: Announcement, result: str) -> dict[str, object]:
    customer = one.customer
    return {
        "ticket": one.number,
        "address": customer.address,
        "language": news.language(one.language),
        "segment": customer.segment,
        "organisation": customer.organisation,
        "result": result,
    }

"""`maild report`: the figures of a stretch of time, as a table, JSON, CSV or a page."""

from __future__ import annotations

import inspect
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from maild import reporting
from maild.cli import report_page, report_table
from maild.cli import show as out
from maild.cli.place import WrongUsage, one_of
from maild.core import configured, kpi, scorecard
from maild.core.scorecard import By, Only, Report, Span, Step, Wish
from maild.errors import NotAllowed
from maild.furnish import files_of, office_of
from maild.now import utc_now
from maild.outbox import sheets
from maild.settings import Settings
from maild.settings.units import duration_seconds
from maild.store import named
from maild.store import report as figures
from maild.store.database import Connection
from maild.store.secret import load_keys
from maild.store.silence import unhurried

FORMATS = ("table", "json", "csv", "html")
CHOICES = (*(step.value for step in Step), *(by.value for by in By))
WEEKS = 4
"""Before this one, which are told of when nobody says since when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for, as typed."""

    since: str = ""
    until: str = ""
    by: str = ""
    form: str = "table"


def report(config: Path | None, order: Order, only: Only) -> None:
    """Print the figures of a stretch of time."""
    one_of("--format", order.form, FORMATS)
    with out.opened(config) as (known, database):
        wish, step = _wish(order, only, known, utc_now())
        with database.read() as connection:
            unhurried(connection)
            found = figures.read(connection, wish)
            if not _tells(found):
                _check_names(connection, wish, known)
    if order.form == "json":
        out.as_document(sheets.document(found, step, known.report.zone))
    elif order.form == "csv":
        typer.echo(sheets.as_csv(found, step, known.report.zone), nl=False)
    elif order.form == "html":
        name, zone = known.house.name, known.report.zone
        typer.echo(report_page.page(found, step, name, zone), nl=False)
    else:
        report_table.show(found, step, known.report.zone)


def send_now(config: Path | None) -> None:
    """Send the newest report by mail once more; the daemon takes it from the outbox."""
    with out.opened(config) as (known, database):
        office = office_of(known, database, load_keys(known.secret_file, database))
        mails = reporting.send_now(office)
    out.line(f"{out.counted(mails, 'mail')} in the outbox")


def explain() -> None:
    """Print the definition of every figure."""
    for define in kpi.DEFINED:
        title, _, rest = inspect.cleandoc(define.__doc__ or "").partition("\n")
        out.heading(title)
        out.line(f"{rest.strip()}\n")


def _wish(order: Order, only: Only, known: Settings, now: datetime) -> tuple[Wish, Step]:
    """Return what is wished, and into what the time is cut."""
    one_of("--by", order.by, CHOICES)
    if By.AGENT in (order.by, "agent" if only.agent else "") and not known.report.per_agent:
        raise NotAllowed("figures of single agents are off: see [report] per_agent in config.toml")
    zone = known.report.zone
    until = _moment("--until", order.until, now, zone) if order.until else now
    usual = scorecard.week_of(until, zone).start - timedelta(weeks=WEEKS)
    since = _moment("--since", order.since, now, zone) if order.since else usual
    if since >= until:
        raise WrongUsage("--since must be before --until")
    whole = Span(start=since, end=until)
    step = Step(order.by) if order.by in tuple(Step) else Step.WEEK
    by = By(order.by) if order.by in tuple(By) else None
    return Wish(whole=whole, spans=scorecard.spans(whole, step, zone), by=by, only=only), step


def _tells(found: Report) -> bool:
    """Whether anything happened, or waits, that was asked about."""
    return any(line.n for line in kpi.lines(found.total.whole))


def _check_names(connection: Connection, wish: Wish, known: Settings) -> None:
    """Refuse what neither settings, rules and templates nor the log have ever named."""
    asked = [by for by in By if getattr(wish.only, by)]
    if not asked:
        return
    files = files_of(known)
    for by in asked:
        name = getattr(wish.only, by)
        given = configured.names(by, known.house, files.rules, files.renderer.languages)
        one_of(f"--{by}", name, sorted(named.ever(connection, by) | given))


def _moment(option: str, text: str, now: datetime, zone: str) -> datetime:
    """Read `30d` (so long ago), or a date, which begins at midnight of the zone."""
    with suppress(ValueError):
        return now - timedelta(seconds=duration_seconds(text))
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    raise WrongUsage(f"{option}: {text!r} is neither a duration (30d) nor a date (2026-11-01)")

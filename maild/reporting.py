"""Reports by mail, one straight line: whose period is over -> read -> draw -> write.

Reading and drawing come before the transaction in which the period is taken: they last. Whoever
takes it writes all its mails in that transaction; what another node read meanwhile is thrown away.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from maild import easel
from maild.carry import Office, carry_out
from maild.core import topics, weekly, weeklymail
from maild.core.decision import Enclosed
from maild.core.house import Form, House
from maild.core.scorecard import By, Group, Report, Span, Wish
from maild.core.weekly import Period, Weekly
from maild.errors import NotAllowed, TemporaryError
from maild.log import Event, event
from maild.outbox import reporting, sheets
from maild.store import report, reports, talk
from maild.store.database import Connection
from maild.store.silence import unhurried

AGAIN_AFTER = timedelta(minutes=30)
"""A report that could not be written is tried again so much later: reading it costs."""
Parts = dict[str, tuple[Enclosed, ...]]
"""What travels along, by language."""


class Reporter:
    """What the clock rings for reports."""

    def __init__(
        self, office: Callable[[], Office], is_trusted: Callable[[], bool] = lambda: True
    ) -> None:
        """Take the office anew each time, since a reload replaces it."""
        self._office = office
        self._is_trusted = is_trusted
        self._failed_at: datetime | None = None

    def ring(self) -> int:
        """Write the report that is due, while the clock is believed; return how many mails."""
        office = self._office()
        now = office.now()
        if not self._is_trusted() or self._rests(now):
            return 0
        period = due(office)
        if period is None:
            return 0
        try:
            mails = write(office, period)
        except TemporaryError:
            raise
        except Exception as error:  # noqa: BLE001 - loop top: the clock goes on, metrics tell
            self._failed_at = now
            event(Event.WORK_FAILED, report=period.key, error=error)
            return 0
        self._failed_at = None
        if mails:
            event(Event.REPORT_WRITTEN, period=period.key, mails=mails)
        return mails

    def _rests(self, now: datetime) -> bool:
        return self._failed_at is not None and timedelta() <= now - self._failed_at < AGAIN_AFTER


def due(office: Office) -> Period | None:
    """Return the period whose report is due and not written; None for none."""
    house = office.world.house
    period = weeklymail.latest(office.now(), house.reporting.rhythm, house.zone)
    if period is None or not weeklymail.recipients(house):
        return None
    with office.database.read() as connection:
        return None if reports.is_written(connection, period.key) else period


def write(office: Office, period: Period) -> int:
    """Write the mails of a report; 0 when somebody else did, or there is nothing to tell."""
    told = read(office, period)
    parts = {} if told.is_empty else _parts(office, told)
    with office.database.write() as connection:
        if not reports.take(connection, period.key, office.now()) or told.is_empty:
            return 0
        return _send(connection, office, told, parts, period.key)


def send_now(office: Office) -> int:
    """Write the newest report once more, to all who get it; return how many mails.

    NotAllowed where there is no report, or nobody who gets it.
    """
    house, now = office.world.house, office.now()
    period = weeklymail.latest(now, house.reporting.rhythm, house.zone)
    if period is None:
        raise NotAllowed("there is no report: see [report] every in config.toml")
    if not weeklymail.recipients(house):
        raise NotAllowed("nobody gets the report: see [report] recipients in config.toml")
    told = read(office, period)
    parts = _parts(office, told)
    with office.database.write() as connection:
        return _send(connection, office, told, parts, f"{period.key} at {now.isoformat()}")


def read(office: Office, period: Period) -> Weekly:
    """Return all that a report tells, in one consistent view."""
    with office.database.read() as connection:
        unhurried(connection)
        before = Span(start=period.before[0].start, end=period.span.start)
        organisations, *agents = _figures(connection, office, period)
        return Weekly(
            period=period,
            report=organisations,
            agents=_named(agents[0].groups, office.world.house) if agents else (),
            repeats=tuple(
                talk.repeat_contacts(connection, span, weekly.REPEAT_WITHIN)
                for span in (*period.before, period.span)
            ),
            topics=topics.rising(
                talk.told(connection, period.span),
                talk.told(connection, before),
                stretches=len(period.before),
                most=weekly.TOPICS_MAX,
            ),
        )


def _figures(connection: Connection, office: Office, period: Period) -> tuple[Report, ...]:
    """Read the figures by organisation, and by agent where these may be told."""
    groups = (
        (By.ORGANISATION, By.AGENT)
        if office.world.house.reporting.per_agent
        else (By.ORGANISATION,)
    )
    wish = Wish(whole=period.span, spans=period.before)
    return report.read_all(connection, [replace(wish, by=by) for by in groups])


def _named(groups: Iterable[Group], house: House) -> tuple[Group, ...]:
    """Return agents under their names."""
    return tuple(
        replace(one, name=agent.name or one.name) if (agent := house.agent_of(one.name)) else one
        for one in groups
    )


def _parts(office: Office, told: Weekly) -> Parts:
    """Return the pictures, or the file, of each language that somebody reads."""
    form = office.world.house.reporting.form
    spoken = dict.fromkeys(
        weeklymail.language_of(office.world, one)
        for one in weeklymail.recipients(office.world.house)
    )
    if form is Form.HTML:
        return _pictures(office, told, tuple(spoken))
    if form is Form.TABLE:
        return {}
    return dict.fromkeys(spoken, (_file(told, form),))


def _pictures(office: Office, told: Weekly, spoken: tuple[str, ...]) -> Parts:
    """Draw the charts of all languages at once."""
    words = [office.renderer.words(language) for language in spoken]
    charts = [reporting.charts(told, one) for one in words]
    data = iter(easel.draw(tuple(chart for some in charts for chart in some)))
    house = office.world.house
    return {
        one.language: reporting.pictures(told, some, tuple(islice(data, len(some))), house, one)
        for one, some in zip(words, charts, strict=True)
    }


def _file(told: Weekly, form: Form) -> Enclosed:
    period = told.period
    name = f"{period.step}-{period.first_day.isoformat()}.{form}"
    if form is Form.CSV:
        wish = replace(told.report.wish, by=None)
        text = sheets.as_csv(replace(told.report, wish=wish), period.step, period.zone)
        return Enclosed(name=name, type="text/csv", data=text.encode())
    document = sheets.document(told.report, period.step, period.zone)
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return Enclosed(name=name, type="application/json", data=f"{text}\n".encode())


def _send(connection: Connection, office: Office, told: Weekly, parts: Parts, key: str) -> int:
    decision = weeklymail.decide(told, office.world, office.now(), parts, key)
    return len(carry_out(connection, office, [(decision, None)])[0].written)

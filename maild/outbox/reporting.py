"""A report by mail in the reader's language: its tables, its charts, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from maild.core import readout
from maild.core.chart import Chart
from maild.core.decision import Enclosed
from maild.core.house import House
from maild.core.measure import Unit
from maild.core.scorecard import Group, Step
from maild.core.topics import Topic
from maild.core.weekly import Chosen, Compared, Weekly, compared, largest, repeat_contacts
from maild.outbox.headers import clean
from maild.outbox.report import (
    ReportChart,
    ReportFigure,
    ReportGroup,
    ReportShown,
    ReportTopic,
)
from maild.outbox.words import Words

DRAWN = (Chosen.VOLUME, Chosen.FIRST_RESPONSE, Chosen.SLA, Chosen.CSAT)
"""What is drawn, in the order of its pictures."""
_GOOD_HIGH = frozenset({Chosen.SOLVED, Chosen.SLA, Chosen.FIRST_CONTACT, Chosen.CSAT, Chosen.NPS})
_GOOD_LOW = frozenset({Chosen.BACKLOG, Chosen.REOPENED, Chosen.ESCALATED, Chosen.REPEATED})
_HIGHEST = 1000
_MINUS = "\N{MINUS SIGN}"
_STILL = "="
"""Nothing changed that would be told."""


def charts(told: Weekly, words: Words) -> tuple[Chart, ...]:
    """Return the charts of a report; figures of which nothing is known have none."""
    known = _known(told)
    return tuple(
        _chart(code, known[code], _labels(told, words), words)
        for code in DRAWN
        if any(value is not None for value in known[code].course)
    )


def pictures(
    told: Weekly, drawn: Sequence[Chart], data: Sequence[bytes], house: House, words: Words
) -> tuple[Enclosed, ...]:
    """Return drawn charts as the parts of a mail; none where nothing was drawn."""
    place = f"{told.period.first_day.isoformat()}.{words.language}.report@{house.domain}"
    return tuple(
        Enclosed(
            name=f"{chart.name}.png",
            type="image/png",
            data=one,
            content_id=f"{chart.name}.{told.period.step}.{place}",
        )
        for chart, one in zip(drawn, data, strict=False)
    )


def shown(told: Weekly, enclosed: Sequence[Enclosed], words: Words) -> ReportShown:
    """Return what a template may print of a report."""
    period, known = told.period, _known(told)
    figures = tuple(_figure(code, known[code], words) for code in Chosen)
    return ReportShown(
        step=period.step,
        number=_number(period.first_day, period.step),
        month=f"{words.months[period.first_day.month - 1]} {period.first_day.year}",
        first_day=words.day_of(period.first_day),
        last_day=words.day_of(period.last_day),
        zone=period.zone,
        volume=figures[0],
        figures=figures,
        charts=tuple(_pictured(told, known, enclosed, words)),
        topics=tuple(_topic(one, words) for one in told.topics),
        organisations=tuple(_groups(told.report.groups, words)),
        agents=tuple(_groups(told.agents, words)),
        file=next((one.name for one in enclosed if not one.content_id), ""),
    )


def _known(told: Weekly) -> dict[str, Compared]:
    total = told.report.total
    known = compared(total.whole, total.spans)
    return {**known, Chosen.REPEATED: repeat_contacts(told.repeats)}


def _number(day: date, step: Step) -> int:
    if step is Step.WEEK:
        return day.isocalendar().week
    return day.month if step is Step.MONTH else day.day


def _labels(told: Weekly, words: Words) -> tuple[str, ...]:
    """Name the periods before and this one, each by its first day."""
    place = ZoneInfo(told.period.zone)
    spans = (*told.period.before, told.period.span)
    return tuple(words.short_day_of(one.start.astimezone(place).date()) for one in spans)


def _chart(code: Chosen, one: Compared, labels: tuple[str, ...], words: Words) -> Chart:
    known = [value for value in one.course if value is not None]
    top = 1.0 if one.line.unit is Unit.SHARE else max(known, default=0.0)
    return Chart(
        name=code.name.lower().replace("_", "-"),
        labels=labels,
        heights=tuple(
            round(_HIGHEST * max(value or 0.0, 0.0) / top) if top > 0 else 0
            for value in one.course
        ),
        texts=tuple(_brief(value, one.line.unit, words) for value in one.course),
    )


def _pictured(
    told: Weekly, known: dict[str, Compared], enclosed: Sequence[Enclosed], words: Words
) -> Iterable[ReportChart]:
    by_name = {one.name: one.content_id for one in enclosed if one.content_id}
    labels = _labels(told, words)
    for code in DRAWN:
        content_id = by_name.get(f"{code.name.lower().replace('_', '-')}.png")
        if content_id is None:
            continue
        name, one = words.figures[code], known[code]
        texts = (_amount(value, one.line.unit, words) for value in one.course)
        said = "; ".join(f"{label} {text}" for label, text in zip(labels, texts, strict=True))
        yield ReportChart(
            name=name,
            value=_amount(one.line.value, one.line.unit, words),
            picture=content_id,
            told=f"{name}: {said}",
        )


def _figure(code: Chosen, one: Compared, words: Words) -> ReportFigure:
    line = one.line
    return ReportFigure(
        code=code,
        name=words.figures[code],
        value=_amount(line.value, line.unit, words),
        before=_middle(one.before, line.unit, words),
        change=_change(one, words),
        tone=_tone(code, one),
        bars=readout.sparkline(one.course),
        n=0 if line.unit is Unit.COUNT else line.n,
    )


def _tone(code: Chosen, one: Compared) -> str:
    """Say whether a change is good news, where it is more than chance."""
    now, before = one.line.value, one.before
    if not one.is_beyond_chance or now is None or before is None:
        return ""
    if code in _GOOD_HIGH:
        return "good" if now > before else "bad"
    if code in _GOOD_LOW:
        return "good" if now < before else "bad"
    return ""


def _change(one: Compared, words: Words) -> str:
    """Counts and times change by a part of themselves, shares and scores by points."""
    now, before, unit = one.line.value, one.before, one.line.unit
    if now is None or before is None:
        return ""
    if unit in (Unit.COUNT, Unit.SECONDS):
        if not before:
            return ""
        part = round(100 * (now - before) / before)
        return words.percent.format(n=_signed(f"{part:+d}")) if part else _STILL
    points = (now - before) * (100 if unit is Unit.SHARE else 1)
    text = f"{points:+.1f}"
    return _signed(text).replace(".", words.decimal) if float(text) else _STILL


def _signed(text: str) -> str:
    return text.replace("-", _MINUS)


def _topic(one: Topic, words: Words) -> ReportTopic:
    return ReportTopic(
        language=one.language,
        term=clean(one.term),
        now=one.now,
        before=_decimal(f"{one.before:.1f}", words),
    )


def _groups(groups: Iterable[Group], words: Words) -> Iterable[ReportGroup]:
    for group in largest(groups):
        whole, spans = group.whole, group.spans
        before = sum(one.volume for one in spans) / len(spans) if spans else 0.0
        yield ReportGroup(
            name=clean(group.name),
            volume=whole.volume,
            before=_decimal(f"{before:.1f}", words),
            solved=whole.solved,
            response=_amount(whole.first_response.median, Unit.SECONDS, words),
            sla=_amount(whole.sla.value, Unit.SHARE, words),
            csat=_amount(whole.csat.satisfied.value, Unit.SHARE, words),
        )


def _middle(value: float | None, unit: Unit, words: Words) -> str:
    """The middle of counts is seldom whole."""
    if value is not None and unit is Unit.COUNT:
        return _decimal(f"{value:.1f}", words)
    return _amount(value, unit, words)


def _brief(value: float | None, unit: Unit, words: Words) -> str:
    """For above a bar: no decimals, but where all or nothing would be said of almost."""
    if value is not None and unit is Unit.SHARE:
        rounded = round(value, 2)
        if rounded == value or rounded not in (0, 1):
            return words.percent.format(n=round(100 * value))
    return _amount(value, unit, words)


def _amount(value: float | None, unit: Unit, words: Words) -> str:
    """A number as people of the language write it."""
    text = readout.amount(value, unit)
    if value is not None and unit is Unit.SHARE:
        return words.percent.format(n=_decimal(text.removesuffix("%"), words))
    return _signed(_decimal(text, words)) if unit in (Unit.SCORE, Unit.RATING) else text


def _decimal(text: str, words: Words) -> str:
    return text.removesuffix(".0").replace(".", words.decimal)

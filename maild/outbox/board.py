"""The status wall in words and lengths: what `templates/wall.html` prints."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from maild.core.house import House
from maild.core.measure import Score, Share
from maild.core.scorecard import Report
from maild.core.wall import Due, Stock, Wall
from maild.outbox.headers import clean
from maild.outbox.wall import Day, DueRow, Figure, Pile, QueueRow, WallShown
from maild.outbox.words import Words

_WHOLE = 1000
_HIGHEST = 100
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURS_MAX = 48
_MINUTES_MAX = 120
"""Beyond so many of them, the next unit is told."""


def shown(wall: Wall, house: House, words: Words, languages: tuple[str, ...]) -> WallShown:
    """Return what a template may print of the wall; `languages` are all that there are."""
    place = ZoneInfo(house.zone)
    longest = max((sum(one.by_age) for one in wall.stocks), default=0)
    total = wall.report.total
    return WallShown(
        at=f"{wall.at.astimezone(place):%H:%M}",
        zone=house.zone,
        language_links=tuple(one for one in languages if one != words.language),
        open=sum(sum(one.by_age) for one in wall.stocks),
        unassigned=sum(one.unassigned for one in wall.stocks),
        pending=sum(one.pending for one in wall.stocks),
        over=wall.over,
        queues=tuple(_queue(one, longest) for one in wall.stocks),
        dues=tuple(_due(one, wall.at, house, words) for one in wall.dues),
        days=_days(wall.report, place),
        first_day=_day(wall.report.wish.whole.start.astimezone(place), words),
        last_day=_day(wall.at.astimezone(place), words),
        highest=max((one.volume for one in total.spans), default=0),
        today=total.spans[-1].volume if total.spans else 0,
        volume=total.whole.volume,
        sla=_percent(total.whole.sla),
        csat=_percent(total.whole.csat.satisfied),
        nps=_score(total.whole.nps),
    )


def _percent(share: Share) -> Figure:
    low, high = share.interval or (None, None)
    return Figure(
        value=_whole(share.value, 100), n=share.n, low=_whole(low, 100), high=_whole(high, 100)
    )


def _score(score: Score) -> Figure:
    low, high = score.interval or (None, None)
    return Figure(value=_whole(score.value), n=score.n, low=_whole(low), high=_whole(high))


def _whole(value: float | None, times: int = 1) -> str:
    """A whole number with a real minus sign."""
    return "" if value is None else f"{round(value * times)}".replace("-", "\u2212")


def _queue(stock: Stock, longest: int) -> QueueRow:
    lengths = [round(count * _WHOLE / longest) if longest else 0 for count in stock.by_age]
    starts = accumulate(lengths, initial=0)
    return QueueRow(
        name=stock.queue,
        open=sum(stock.by_age),
        ages=tuple(
            Pile(count=count, start=start, length=length)
            for count, start, length in zip(stock.by_age, starts, lengths, strict=False)
        ),
        pending=stock.pending,
        unassigned=stock.unassigned,
    )


def _due(one: Due, now: datetime, house: House, words: Words) -> DueRow:
    agent = house.agent_of(one.assignee) if one.assignee else None
    amount, unit = _apart(one.due_at, now)
    return DueRow(
        tag=f"[{house.mailbox(one.mailbox).name} #{one.number}]",
        subject=clean(one.subject) or words.no_subject,
        queue=one.queue,
        priority=one.priority,
        priority_word=words.priorities.get(one.priority, one.priority),
        assignee=(agent.name or agent.address) if agent else one.assignee,
        kind_word=words.dues.get(one.kind, one.kind),
        is_over=one.due_at <= now,
        amount=amount,
        unit=unit,
        at=_clock(one.due_at, now, ZoneInfo(house.zone), words),
    )


def _apart(due_at: datetime, now: datetime) -> tuple[int, str]:
    """How far two times are apart, in the largest unit that still tells enough."""
    apart = abs(due_at - now)
    if apart < timedelta(minutes=_MINUTES_MAX):
        return apart // timedelta(minutes=1), "minutes"
    if apart < timedelta(hours=_HOURS_MAX):
        return apart // _HOUR, "hours"
    return apart // _DAY, "days"


def _clock(at: datetime, now: datetime, place: ZoneInfo, words: Words) -> str:
    """The time of day; with the day where that is not today."""
    local = at.astimezone(place)
    is_today = local.date() == now.astimezone(place).date()
    return f"{local:%H:%M}" if is_today else f"{_day(local, words)}, {local:%H:%M}"


def _day(local: datetime, words: Words) -> str:
    return f"{local.day} {words.months[local.month - 1]}"


def _days(report: Report, place: ZoneInfo) -> tuple[Day, ...]:
    counts = [one.volume for one in report.total.spans]
    highest = max(counts, default=0)
    return tuple(
        Day(
            label=str(span.start.astimezone(place).day),
            count=count,
            place=n,
            height=round(count * _HIGHEST / highest) if highest else 0,
        )
        for n, (span, count) in enumerate(zip(report.wish.spans, counts, strict=True))
    )

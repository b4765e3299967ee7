"""The status wall: read now and then, shown as often as somebody looks.

Strategy: what was read is shown again for a while, the longer the longer reading took, so that a
room full of screens costs the line next to nothing. Figures of weeks cost more than what is open
just now, and change less: they are kept longer. Who comes while it is read anew sees the old one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maild.carry import Office
from maild.core import scorecard
from maild.core.scorecard import Report, Span, Step, Wish
from maild.core.wall import DAYS, LISTED_MAX, Wall, may_look
from maild.outbox import board
from maild.outbox.values import Values
from maild.outbox.wall import WallShown
from maild.store import report
from maild.store import wall as store

KEPT_SECONDS_MIN = 10.0
KEPT_TIMES = 20
"""It is kept so many times as long as reading it took."""
FIGURES_SECONDS_MIN = 60.0
FIGURES_TIMES = 50
"""The same of the figures: they take two hundredths of one core at most."""


class Board:
    """The wall of one daemon; may be asked by several threads."""

    def __init__(
        self,
        office: Callable[[], Office],
        password: str = "",
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the office anew each time, since a reload replaces it.

        `clock` tells seconds that never go back.
        """
        self._office = office
        self._password = password
        self._clock = clock
        self._reading = threading.Lock()
        self._wall: Wall | None = None
        self._kept_until = 0.0
        self._figures_until = 0.0

    def lets_in(self, token: str) -> bool:
        """Tell whether a link is one of ours, and holds today."""
        office = self._office()
        return may_look(office.world.keys, self._password, token, office.now().date())

    def figures(self) -> Report:
        """Return the figures that it shows; as cheap as the wall itself."""
        return self._newest(self._office()).report

    def show(self, language: str, *, refreshes: bool) -> str:
        """Return the page, in the first language that we speak.

        Raises `TemporaryError` when the database cannot be read.
        """
        office = self._office()
        house = office.world.house
        spoken = office.renderer.language(language, house.mailboxes[0].language)
        words = office.renderer.words(spoken)
        shown = board.shown(self._newest(office), house, words, office.renderer.languages)
        return _page(office, spoken, shown, refreshes=refreshes)

    def _newest(self, office: Office) -> Wall:
        """One reads, the others see what was read before, or wait when nothing was."""
        known = self._wall
        if known is not None and self._clock() < self._kept_until:
            return known
        if not self._reading.acquire(blocking=known is None):
            assert known is not None, "only who has nothing waits"
            return known
        try:
            if self._wall is None or self._clock() >= self._kept_until:
                self._read(office)
            assert self._wall is not None, "it was read above"
            return self._wall
        finally:
            self._reading.release()

    def _read(self, office: Office) -> None:
        began = self._clock()
        known = self._wall.report if self._wall and began < self._figures_until else None
        self._wall = read(office, known)
        ended = self._clock()
        took = ended - began
        if known is None:
            self._figures_until = ended + max(FIGURES_SECONDS_MIN, FIGURES_TIMES * took)
            took = 0.0
        self._kept_until = ended + max(KEPT_SECONDS_MIN, KEPT_TIMES * took)


def read(office: Office, figures: Report | None = None) -> Wall:
    """Return all that is shown, in one consistent view; figures that are known are not read."""
    house, now = office.world.house, office.now()
    queues = [queue.name for queue in house.queues]
    with office.database.read() as connection:
        count, over = store.over(connection, LISTED_MAX // 2)
        return Wall(
            at=now,
            stocks=store.stocks(connection, queues, now),
            over=count,
            dues=(*over, *store.to_come(connection, LISTED_MAX - len(over))),
            report=figures or report.read(connection, _wish(now, house.zone)),
        )


def _wish(now: datetime, zone: str) -> Wish:
    """The last days, today included, until now."""
    today = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    whole = Span(start=today - timedelta(days=DAYS - 1), end=now)
    return Wish(whole=whole, spans=scorecard.spans(whole, Step.DAY, zone))


def _page(office: Office, language: str, shown: WallShown, *, refreshes: bool) -> str:
    values = Values(
        language=language,
        brand=office.world.house.name,
        wall=replace(shown, refreshes=refreshes),
    )
    return office.renderer.page("wall", language, values)

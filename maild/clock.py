"""What wakes when. The clock only rings; what is due stands in the database [apscheduler]."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from maild.errors import TemporaryError
from maild.log import Event, event


class Clock:
    """Rings at intervals; a ring that is late is not dropped, and none overlaps itself."""

    def __init__(self) -> None:
        """Make a clock that stands still."""
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def every(self, interval: timedelta, name: str, ring: Callable[[], object]) -> None:
        """Call `ring` at each interval, in a thread of the clock; its failures are logged."""

        def careful() -> None:
            try:
                ring()
            except TemporaryError as error:
                event(Event.STORE_DELAYED, job=name, error=error)
            except Exception as error:  # noqa: BLE001 - loop top: the clock goes on
                event(Event.WORK_FAILED, job=name, error=error)

        trigger = IntervalTrigger(seconds=interval.total_seconds(), timezone=UTC)
        self._scheduler.add_job(careful, trigger=trigger, id=name, name=name)

    def start(self) -> None:
        """Begin to ring."""
        self._scheduler.start()

    def stop(self) -> None:
        """Ring no more; a ring under way is finished."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

"""What wakes when. The clock only rings; what is due stands in the database [apscheduler].

The scheduler goes by the wall clock: set back by two hours, it would be silent for two hours. So a
thread of its own watches both clocks, and after a jump every interval begins anew.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from maild.errors import TemporaryError
from maild.log import Event, event
from maild.now import utc_now

PULSE_SECONDS = 2.0
JUMP_SECONDS = 1.0
_LASTING = 4
"""So many rings may last at once: reports, retention, providers that are slow, deadlines."""

_ALONE = 2
"""So many rings wait for no other one."""


class Clock:
    """Rings at intervals; a ring that is late is not dropped, and none overlaps itself."""

    def __init__(self) -> None:
        """Make a clock that stands still."""
        # While a ring lasts it would tell of each second that there is another one.
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={
                "default": ThreadPoolExecutor(_LASTING, {"thread_name_prefix": "clock"}),
                "alone": ThreadPoolExecutor(_ALONE, {"thread_name_prefix": "clock-alone"}),
            },
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._stop = threading.Event()
        self._pulse = threading.Thread(target=self._watch, name="pulse", daemon=True)

    def every(
        self, interval: timedelta, name: str, ring: Callable[[], object], *, alone: bool = False
    ) -> None:
        """Call `ring` at each interval, in a thread of the clock; its failures are logged.

        What rings `alone` waits for no other ring that lasts.
        """

        def careful() -> None:
            try:
                ring()
            except TemporaryError as error:
                event(Event.STORE_DELAYED, job=name, error=error)
            except Exception as error:  # noqa: BLE001 - loop top: the clock goes on
                event(Event.WORK_FAILED, job=name, error=error)

        trigger = IntervalTrigger(seconds=interval.total_seconds(), timezone=UTC)
        hand = "alone" if alone else "default"
        self._scheduler.add_job(careful, trigger=trigger, id=name, name=name, executor=hand)

    def soon(self, name: str) -> None:
        """Ring this one now, in its thread; what is ringing rings again at its next time."""
        job = self._scheduler.get_job(name)
        if job is not None:
            job.modify(next_run_time=utc_now())

    def start(self) -> None:
        """Begin to ring."""
        self._scheduler.start()
        self._pulse.start()

    def stop(self) -> None:
        """Ring no more; a ring under way is finished."""
        self._stop.set()
        if self._scheduler.running:
            self._pulse.join()
            self._scheduler.shutdown(wait=True)

    def _watch(self) -> None:
        """Let every interval begin anew when the wall clock jumped."""
        ahead = time.time() - time.monotonic()
        while not self._stop.wait(PULSE_SECONDS):
            now = time.time() - time.monotonic()
            if abs(now - ahead) > JUMP_SECONDS:
                self._begin_anew()
            ahead = now

    def _begin_anew(self) -> None:
        """Count every interval from now."""
        for job in self._scheduler.get_jobs():
            trigger = job.trigger
            if isinstance(trigger, IntervalTrigger):
                seconds = trigger.interval.total_seconds()
                trigger = IntervalTrigger(seconds=seconds, timezone=UTC)
            job.reschedule(trigger)

"""Deadlines that are due, one straight line: claim -> fire, ticket by ticket.

The clock rings; what is due stands in the database. A ring fires no more than so many tickets
that are late: after days of silence the mails of a thousand deadlines do not go out at once. While
the wall clock cannot be believed (`core/steady.py`) nothing fires. When policies, calendars or
timed rules changed, every open ticket is computed anew, some at each ring; when a customer did,
theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from maild import handle, morning, polling, timetable
from maild.core import agenda
from maild.core.morning import Morning
from maild.core.ontime import LATE_AFTER
from maild.core.rule import Rule
from maild.errors import LostRace, TemporaryError
from maild.handle import Office
from maild.log import Event, event
from maild.metrics import Metric, count
from maild.store import ahead, anew, deadlines, tickets
from maild.store.deadlines import Taken
from maild.timekeeper import Timekeeper, since_start
from maild.timetable import Round

LATE_PER_RING = 30
"""After days of silence; what is due just now is not kept waiting."""
RING_SECONDS = 0.8
"""After so long a ring fires no further ticket. Meanwhile others have their turns between its
transactions."""
ROWS_PER_CLAIM = 24
TOGETHER_MAX = 12
"""Tickets in a transaction: who waits for the database meanwhile waits some 40 ms."""
PLANNED_PER_CHUNK = 100
CHUNKS_PER_RING = 10
POLL_EVERY = timedelta(hours=1)
COME_BACK_EVERY = timedelta(hours=1)
RACES_MAX = 5


class Alarm:
    """What the clock rings."""

    def __init__(
        self,
        office: Callable[[], Office],
        node: str,
        running: Callable[[], timedelta] = since_start,
    ) -> None:
        """Take the office anew each time, since a reload replaces it."""
        self._office = office
        self._node = node
        self.clock = Timekeeper(office, running)
        self._running = running
        self._come_back_from = timedelta()
        self._owed: list[int] = []
        """What could not be put back when the database failed, as it would wait for its lease."""
        self._planned = ""
        self._poll_at = datetime.min.replace(tzinfo=UTC)

    def ring(self) -> int:
        """Fire what is due, up to a bound; return how many tickets it was about."""
        office = self._office()
        self._put_back(office, [])
        if not self.clock.look():
            self._come_back_from = timedelta()
            return 0
        if self._owed:  # What is claimed before these are back could be put back out of our hand.
            return 0
        self._come_back(office)
        self.clock.saw()
        done, late, end = 0, 0, time.monotonic() + RING_SECONDS
        while late < LATE_PER_RING and time.monotonic() < end:
            now = office.now()
            taken = self._claim(office, now, min(ROWS_PER_CLAIM, LATE_PER_RING - late))
            fired = self._fire_all(office, taken.tickets, end)
            done += fired
            late += fired if now - taken.since > LATE_AFTER else 0
            if taken.is_all:
                break
        return done

    def digest(self) -> int:
        """Write the digests that are due, while the clock is believed; return how many."""
        if not self.clock.look():
            return 0
        office = self._office()
        return sum(self._write(office, one) for one in morning.due(office))

    def poll(self) -> int:
        """Ask the customers whose turn it is, while the clock is believed; return how many.

        Once an hour, unless there were more than are asked at once.
        """
        office = self._office()
        now = office.now()
        if not self.clock.look() or now < self._poll_at <= now + POLL_EVERY:
            return 0
        found = polling.due(office)
        self._poll_at = now if len(found) == polling.PER_RING else now + POLL_EVERY
        return sum(self._poll(office, rule, number) for rule, number in found)

    def step(self) -> int:
        """Plan what has to be planned, then fire all that is due, once."""
        while self.plan():
            pass
        fired = 0
        while count_now := self.ring():
            fired += count_now
        self.digest()
        self.poll()
        return fired

    def plan(self) -> int:
        """Compute some tickets anew where what is promised changed; return how many."""
        office = self._office()
        wanted = agenda.version(office.plan)
        done = 0
        for _ in range(CHUNKS_PER_RING):
            if wanted == self._planned:
                break
            some = handle.planned(office, wanted, PLANNED_PER_CHUNK)
            done += some
            if not some:
                self._planned = wanted
                event(Event.DEADLINES_PLANNED, version=wanted)
        return done + self._anew(office)

    def _anew(self, office: Office) -> int:
        """Compute some tickets anew whose customer is another than before; return how many."""
        with office.database.read() as connection:
            if not anew.waits(connection):
                return 0
        now = office.now()
        with office.database.write() as connection:
            numbers = anew.take(connection, PLANNED_PER_CHUNK)
            deadlines.lock(connection, numbers)
            known = tickets.views_by_number(connection, numbers, office.world.house, now)
            look = Round(plan=office.plan, now=now, why="customer")
            timetable.bring(connection, look, [view.ticket for view in known.values()])
        return len(numbers)

    def _come_back(self, office: Office) -> None:
        """Let come back what a wrong clock put off: after each start and doubt, and each hour.

        It may have been wrong in an earlier life, on another node, or for so short that it was
        believed.
        """
        running = self._running()
        if running < self._come_back_from:
            return
        with office.database.write() as connection:
            ahead.come_back(connection, office.now())
        self._come_back_from = running + COME_BACK_EVERY

    def _claim(self, office: Office, now: datetime, most: int) -> Taken:
        """Take what is due; when nobody knows whether that was committed, it is owed."""
        taken: Taken | None = None
        try:
            with office.database.write() as connection:
                taken = deadlines.claim(connection, self._node, now, most)
        except TemporaryError:
            self._owed += taken.tickets if taken else ()
            raise
        return taken

    def _fire_all(self, office: Office, numbers: Sequence[int], end: float) -> int:
        """Fire some tickets at a time until the ring has lasted long enough.

        The rest is let go, also when the database fails: it waits for no lease.
        """
        left = list(numbers)
        try:
            while left:
                some, rest = left[:TOGETHER_MAX], left[TOGETHER_MAX:]
                left = self._fire_some(office, some) + rest
                if time.monotonic() > end:
                    break
        finally:
            self._put_back(office, left)
        return len(numbers) - len(left)

    def _put_back(self, office: Office, numbers: Sequence[int]) -> None:
        """Let go of tickets, and of those that are owed; when that fails all of them are owed."""
        self._owed += numbers
        if not self._owed:
            return
        try:
            with office.database.write() as connection:
                deadlines.put_back(connection, self._node, self._owed)
        except TemporaryError as error:
            event(Event.STORE_DELAYED, error=error)
        else:
            self._owed = []

    def _fire_some(self, office: Office, numbers: Sequence[int]) -> list[int]:
        """Fire what is due on some tickets in one transaction; return those that wait for others.

        When it fails each is fired by itself: one bad ticket stops no other.
        """
        if len(numbers) > 1:
            try:
                fired = handle.deadlines(office, numbers)
            except LostRace:
                pass
            except TemporaryError:
                raise
            except Exception:  # noqa: BLE001, S110 - loop top: which one it was is told below
                pass
            else:
                self._told(fired)
                return [number for number in numbers if number not in fired]
        for number in numbers:
            self._fire(office, number)
        return []

    def _write(self, office: Office, one: Morning) -> bool:
        """Write one digest; a failure leaves it for the next ring, and others go on."""
        try:
            is_written = morning.write(office, one)
        except TemporaryError:
            raise
        except Exception as error:  # noqa: BLE001 - loop top: one bad digest stops no other
            event(Event.WORK_FAILED, agent=one.agent.address, error=error)
            return False
        if is_written:
            event(Event.DIGEST_WRITTEN, agent=one.agent.address, day=one.day.isoformat())
        return is_written

    def _poll(self, office: Office, rule: Rule, number: int) -> bool:
        """Ask one customer; a failure leaves them for the next ring, and others go on."""
        try:
            is_asked = polling.ask(office, rule, number)
        except TemporaryError:
            raise
        except Exception as error:  # noqa: BLE001 - loop top: one bad customer stops no other
            event(Event.WORK_FAILED, customer=number, error=error)
            return False
        if is_asked:
            event(Event.CUSTOMER_ASKED, customer=number, rule=rule.name)
        return is_asked

    def _fire(self, office: Office, number: int) -> None:
        """Fire what is due on one ticket; a failure leaves the lease to end, and others go on."""
        for _ in range(RACES_MAX):
            try:
                fired = handle.deadlines(office, [number])
            except LostRace:
                continue
            except TemporaryError:
                raise
            except Exception as error:  # noqa: BLE001 - loop top: one bad ticket stops no other
                event(Event.WORK_FAILED, ticket=number, error=error)
                return
            self._told(fired)
            return

    def _told(self, fired: Mapping[int, int]) -> None:
        """Count and log what fired on tickets."""
        for number, rows in fired.items():
            if rows:
                count(Metric.DEADLINES_FIRED, rows)
                event(Event.DEADLINE_FIRED, ticket=number, deadlines=rows)

"""A throw-away house: its database in memory, its clocks in our hand, its line the real one.

Mails are journalled, looked up, decided, composed and committed as the daemon does it; deadlines
ring as they do there. No relay is ever dialled: what is written to be sent is counted, and let go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from maild import handle
from maild.alarm import Alarm
from maild.core import roster
from maild.core.absence import Absence
from maild.core.survey import Survey
from maild.handle import Handled, Office
from maild.simulation import letters
from maild.simulation.letters import Letter
from maild.simulation.model import Person
from maild.store import absence, account, deadlines, journal, tally
from maild.store import roster as roster_rows
from maild.store.tally import ToDo
from maild.store.writer import Journal

NODE = "simulation"


class Place:
    """One house in a simulation; `now` is what both of its clocks show."""

    def __init__(self, office: Office, people: tuple[Person, ...], start: datetime) -> None:
        """Take an office on an empty database."""
        self.now = start
        self.written = 0
        """Mails of ours so far."""
        house = letters.believing(office.world.house, people)
        self.office = replace(
            office, world=replace(office.world, house=house), now=lambda: self.now
        )
        self._alarm = Alarm(lambda: self.office, NODE, lambda: self.now - start)
        self._writer = Journal(office.database, lambda: self.now)
        self._know(people)

    def close(self) -> None:
        """End the thread that writes the journal."""
        self._writer.close()

    def receive(self, some: Sequence[Letter]) -> tuple[Handled, ...]:
        """Let mails come in now, and handle them."""
        if not some:
            return ()
        ids = [self._writer.append(one.envelope, one.raw) for one in some]
        claimed = journal.load(self.office.database, [one.result() for one in ids])
        return handle.mails(
            self.office, [(row, one.mail) for row, one in zip(claimed, some, strict=True)]
        )

    def ring(self) -> int:
        """Let all that is due fire; return on how many tickets."""
        return self._alarm.step()

    def next_due(self) -> datetime | None:
        """Return when the next deadline is due; None when nothing waits."""
        with self.office.database.read() as connection:
            coming = deadlines.next_due(connection, 1)
        return coming[0].due_at if coming else None

    def to_do(self) -> tuple[ToDo, ...]:
        """Return the tickets that wait for an agent."""
        with self.office.database.read() as connection:
            return tally.to_do(connection)

    def backlog(self) -> int:
        """Return how many tickets are not solved."""
        with self.office.database.read() as connection:
            return tally.backlog(connection)

    def asked(self, since: datetime) -> tuple[Survey, ...]:
        """Return the surveys that were sent from an instant on."""
        with self.office.database.read() as connection:
            return tally.asked(connection, since)

    def is_away(self, agent: str, until: datetime) -> None:
        """Let an agent be away."""
        one = Absence(agent=agent, since=self.now, until=until, set_by=agent)
        with self.office.database.write() as connection:
            absence.record(connection, [one], self.now)

    def empty_outbox(self) -> None:
        """Count what was written, and let go of it; the account forgets as the daemon's does."""
        with self.office.database.write() as connection:
            self.written += tally.empty_outbox(connection)
            account.forget(connection, self.now)

    def _know(self, people: tuple[Person, ...]) -> None:
        """Import the customers, as an operator would."""
        lines = [f"{p.address},{p.name},{p.segment},{p.language},{p.organisation}" for p in people]
        raw = "\n".join(["address,name,segment,language,organisation", *lines]).encode()
        house = self.office.world.house
        with self.office.database.write() as connection:
            wanted = roster_rows.plan(connection, roster.read(raw, house), house)
            roster_rows.carry_out(connection, wanted, self.now)

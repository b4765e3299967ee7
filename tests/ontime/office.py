"""An office whose clocks stand where a test puts them: tickets come in, time goes by, mails go out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from maild import handle, rulefiles, settings
from maild.alarm import Alarm
from maild.app import Files, office_of
from maild.carry import carry_out
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.operator import Change
from maild.core.reason import Reason, Why
from maild.core.ticket import Customer, Move, Participant, Post, PostKind, Ticket, moved
from maild.core.token import Keys
from maild.handle import Office
from maild.outbox.render import Renderer
from maild.rulefiles import policies
from maild.store import tables, tickets
from maild.store.database import Database
from maild.store.deadlines import DeadlineRow
from tests import schema
from tests.needs import ROOT
from tests.texts import shipped

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEYS = Keys(current=1, by_id={1: b"a key of this test, 32 bytes long"})
ALICE, BOB = "alice@example.com", "bob@example.com"
CONFIG = """
[maild]
name = "Example"
domain = "example.com"

[relay]
url = "maildir:out"

[limits]
reminders_per_hour = 10_000

[[mailbox]]
name = "Support"
address = "support@example.com"

[[queue]]
name = "support"
lead = "bob@example.com"

[[queue]]
name = "sales"

[[agent]]
address = "alice@example.com"
name = "Alice"
queues = ["support"]

[[agent]]
address = "bob@example.com"
name = "Bob"
queues = ["sales"]
"""
STANDARD = """
[[sla]]
name = "standard"
first_response = { urgent = "1h", high = "2h", normal = "4h", low = "8h" }
next_response = "4h"
resolution = "2d"
warn_at = ["80%"]
"""
_SHIPPED = ROOT / "rules" / "50-deadlines.toml"
_DEADLINE = tables.metadata.tables[DeadlineRow.__tablename__]
_OUTBOX = tables.metadata.tables[tables.OutboxRow.__tablename__]
_EVENT = tables.metadata.tables[tables.EventRow.__tablename__]


class Desk:
    """A database, an office on it, and two clocks: the wall's and the machine's."""

    def __init__(self, folder: Path, config: str = CONFIG + STANDARD, url: str = "") -> None:
        """Open everything; `url` is another database than a file in the folder."""
        self.folder = folder
        self.now = MONDAY
        self.running = timedelta(days=1)
        self.database: Database = schema.opened(url or f"sqlite:///{folder}/maild.db")
        try:
            self.office = self.office_of(config)
        except BaseException:
            self.database.close()
            raise
        self.alarm = self.new_alarm()

    def office_of(self, config: str, rules: str = "") -> Office:
        """Read a config and rules (those about deadlines that are shipped), as a reload does."""
        file = self.folder / "config.toml"
        file.write_text(config)
        (self.folder / "rules").mkdir(exist_ok=True)
        (self.folder / "rules" / "50.toml").write_text(rules or _SHIPPED.read_text())
        known = settings.load(file, environ={})
        templates = renderer()
        files = Files(
            rules=rulefiles.load(
                known.rules_dir, known.house, templates=frozenset(templates.names)
            ),
            renderer=templates,
            promises=policies.promises(known),
        )
        return replace(office_of(known, self.database, KEYS, files), now=lambda: self.now)

    def use(self, config: str, rules: str = "") -> None:
        """Reload: another config, and rules instead of the shipped ones."""
        self.office = self.office_of(config, rules)

    def new_alarm(self, node: str = "node") -> Alarm:
        """What the clock of a daemon rings, as it is right after its start."""
        return Alarm(lambda: self.office, node, lambda: self.running)

    def restart(self) -> None:
        """End the daemon and start another one."""
        self.alarm = self.new_alarm()

    def sleep(self, hours: float) -> None:
        """Let time go by on both clocks."""
        self.now += timedelta(hours=hours)
        self.running += timedelta(hours=hours)

    def set_clock(self, now: datetime) -> None:
        """Set the wall clock; the machine's goes on."""
        self.now = now

    def opens(self, count: int = 1, first: int = 0, **more: object) -> list[int]:
        """Let tickets come in, of customers `first` and on; return their numbers."""
        return self.carry(*(self._opening(n, more) for n in range(first, first + count)))

    def answers(self, number: int, author: str = ALICE) -> None:
        """Let an agent answer the customer."""
        self._writes(number, PostKind.AGENT, Move.AGENT_REPLY, author)

    def writes(self, number: int) -> None:
        """Let the customer write again."""
        self._writes(number, PostKind.CUSTOMER, Move.CUSTOMER_MAIL, "customer")

    def moves(self, number: int, move: Move) -> None:
        """Let an agent change the state."""
        ticket = self.ticket(number)
        after = moved(ticket, move, self.now)
        self.carry(self._change(ticket, after, events=self._state(ticket, after)))

    def says(self, number: int, kind: str, **data: str) -> None:
        """Put a line into the ticket's log."""
        ticket = self.ticket(number)
        event = EventDraft(kind=kind, actor=ALICE, data=tuple(data.items()))
        self.carry(self._change(ticket, ticket, events=(event,)))

    def sets(self, number: int, change: str) -> None:
        """Let an operator change something."""
        handle.operator(self.office, number, (Change.of(change),))

    def carry(self, *decisions: Decision) -> list[int]:
        """Carry decisions out, in one transaction."""
        with self.database.write() as connection:
            done = carry_out(connection, self.office, [(one, None) for one in decisions])
        return [one.ticket.number for one in done if one.ticket]

    def ticket(self, number: int) -> Ticket:
        """Read a ticket."""
        with self.database.read() as connection:
            house = self.office.world.house
            return tickets.views(connection, [number], house, self.now)[0].ticket

    def rows(self, number: int = 0) -> list[Mapping[str, Any]]:
        """Read the deadlines, of one ticket or all."""
        statement = select(_DEADLINE).order_by(_DEADLINE.c.ticket_id, _DEADLINE.c.due_at)
        if number:
            statement = statement.where(_DEADLINE.c.ticket_id == number)
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def waiting(self, number: int = 0) -> dict[str, datetime]:
        """Read what waits: kind to time."""
        rows = self.rows(number)
        return {row["kind"]: row["due_at"] for row in rows if row["state"] == "waiting"}

    def mails(self, recipient: str = "") -> list[Mapping[str, Any]]:
        """Read what was written to somebody, or to everybody."""
        statement = select(_OUTBOX).order_by(_OUTBOX.c.id)
        if recipient:
            statement = statement.where(_OUTBOX.c.recipient == recipient)
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def log(self, number: int, kind: str) -> list[dict[str, str]]:
        """Read the lines of one kind in a ticket's log."""
        statement = select(_EVENT.c.data).where(
            _EVENT.c.ticket_id == number, _EVENT.c.kind == kind
        )
        with self.database.read() as connection:
            found = connection.execute(statement.order_by(_EVENT.c.id)).scalars()
            return [dict(data) for data in found]

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        with self.database.read() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    def _opening(self, n: int, more: Mapping[str, object]) -> Decision:
        address = f"customer{n}@customer.example"
        ticket = Ticket(
            subject="The printer smokes",
            mailbox="Support",
            queue="support",
            customer=Customer(address=address, name="Carla"),
            participants=(Participant(address=address, name="Carla"),),
            created_at=self.now,
        )
        ticket = replace(ticket, **more)  # type: ignore[arg-type]
        data = (("queue", ticket.queue), ("priority", ticket.priority.value))
        post = Post(n=1, kind=PostKind.CUSTOMER, author=address, at=self.now, text="It smokes.")
        created = EventDraft(kind="ticket.created", actor=address, data=data)
        return Decision(
            outcome=Outcome.POSTED,
            reasons=(Reason(why=Why.NEW_TICKET),),
            after=ticket,
            posts=(post,),
            events=(created, *self._added(post)),
        )

    def _writes(self, number: int, kind: PostKind, move: Move, author: str) -> None:
        ticket = self.ticket(number)
        with self.database.read() as connection:
            view = tickets.views(connection, [number], self.office.world.house, self.now)[0]
        author = ticket.customer.address if author == "customer" else author
        post = Post(n=view.post_count + 1, kind=kind, author=author, at=self.now, text="More.")
        after = moved(ticket, move, self.now)
        events = (*self._added(post), *self._state(ticket, after))
        self.carry(self._change(ticket, after, posts=(post,), events=events))

    def _change(
        self,
        before: Ticket,
        after: Ticket,
        *,
        posts: tuple[Post, ...] = (),
        events: Sequence[EventDraft] = (),
    ) -> Decision:
        return Decision(
            outcome=Outcome.POSTED,
            reasons=(Reason(why=Why.OPERATOR),),
            before=before,
            after=after,
            posts=posts,
            events=tuple(events),
        )

    def _added(self, post: Post) -> tuple[EventDraft, ...]:
        data = (("kind", post.kind.value), ("n", str(post.n)))
        return (EventDraft(kind="post.added", actor=post.author, data=data),)

    def _state(self, before: Ticket, after: Ticket) -> tuple[EventDraft, ...]:
        if before.state == after.state:
            return ()
        data = (("from", before.state.value), ("to", after.state.value))
        return (EventDraft(kind="state.changed", actor=ALICE, data=data),)


def renderer() -> Renderer:
    """The shipped templates, loaded once for all tests."""
    return shipped()


@contextmanager
def desk_in(folder: Path, config: str = CONFIG + STANDARD, url: str = "") -> Iterator[Desk]:
    """A desk that is closed in the end."""
    desk = Desk(folder, config, url)
    try:
        yield desk
    finally:
        desk.database.close()

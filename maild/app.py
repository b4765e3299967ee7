"""The only file that knows everything: builds, wires, starts, and stops in order.

Start: settings, files, lock, database, migration, secret, what the last life left in hand,
readers, work and send threads, clock, listeners, mailboxes; only then systemd is told. Stop is the
same backwards: first nothing new comes in, then what came in is made durable, then what is in hand
is finished or put back.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from shutil import disk_usage
from types import MappingProxyType
from typing import IO, TYPE_CHECKING

from maild import __version__, authenticate, garbage, memory, notify, settings, threadnames, vitals
from maild.access import Access
from maild.alarm import Alarm
from maild.clock import Clock
from maild.delivery import Delivery, senders
from maild.errors import ConfigError, InUse
from maild.furnish import Files, files_of, office_of, open_store, read_options_of, refuse_moves
from maild.intake import smtp, smtp_reception
from maild.keeping import Keeper
from maild.log import Event, event
from maild.now import utc_now
from maild.pipeline import Pipeline
from maild.reader import ReaderPool
from maild.reporting import Reporter
from maild.settings import Settings
from maild.store import account, hold, leases, nodes, presence, secret
from maild.store.hints import Hint, Hints
from maild.store.inspection import Inspection
from maild.store.ledger import Ledger
from maild.store.presence import Presence
from maild.store.writer import Journal
from maild.vitals import Pace, Vitals, ending
from maild.wall import Board
from maild.watch import Watch

if TYPE_CHECKING:
    from maild.intake.imap import ImapIntake
    from maild.web.server import Server

__all__ = [
    "Daemon",
    "Files",
    "Role",
    "files_of",
    "office_of",
    "open_store",
    "read_options_of",
]

BEAT = timedelta(seconds=10)
RING = timedelta(seconds=1)
"""How often deadlines are looked for."""
PLAN = timedelta(seconds=2)
MORNING = timedelta(minutes=2)
POLL = timedelta(minutes=5)
"""How often it is asked whose turn it is on `survey.due`."""
KEEP = timedelta(minutes=10)
"""How often it is asked whether today's share of `[retention]` is done."""
TOKENS = timedelta(minutes=1)
"""How often it is looked whether providers still give tokens, and what of theirs ends soon."""
SEAT_SECONDS = 40.0


class Role(StrEnum):
    """What a process may do: `--only`."""

    INTAKE = "intake"
    WORK = "work"
    SEND = "send"
    CLOCK = "clock"
    WEB = "web"


class Daemon:
    """One running maild."""

    def __init__(
        self,
        config: Settings,
        roles: frozenset[Role],
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Open everything that can be refused; raises `ConfigError`. Nothing runs yet."""
        self._config = config
        self._roles = roles
        self._environment = environment
        self._supervisor = notify.supervisor(environment)
        # Before all else: a mistake in a rule leaves nothing behind, no folder and no new tables.
        files = files_of(config)
        self._authenticator = authenticate.of(config)
        self._locks: tuple[IO[str], ...] = nodes.lock(config.state_dir, roles)
        self._database, keys = open_store(config)
        self.office = office_of(config, self._database, keys, files)
        part = "" if roles == frozenset(Role) else ",".join(sorted(roles))
        self._node = nodes.node_name(config.state_dir, part)
        self._access = Access(self._database, keys, config.oauth, self._node)
        self._stop_threads = threading.Event()
        self._stopped = asyncio.Event()
        self._deliveries: tuple[Delivery, ...] = ()
        self._servers: list[Server] = []
        self._pipeline: Pipeline | None = None
        self._readers: ReaderPool | None = None
        self._imap: ImapIntake | None = None
        self._smtp: smtp.SmtpServer | None = None
        self._vitals = Vitals()
        self._board = Board(lambda: self.office, config.web.wall_password)
        self._watcher = Watch(lambda: self.office, self._board.figures, self._room)
        self._alarm = Alarm(lambda: self.office, self._node)
        self._keeper = Keeper(
            lambda: self.office, self._node, lambda: self._config.retention, self._alarm.clock.look
        )
        self._reporter = Reporter(lambda: self.office, self._alarm.clock.look)
        self._clock = Clock()
        self._presence = Presence(self._database)
        self._vigil = secret.Vigil(keys)
        self._hints = Hints(self._database, self._node, self._hinted)
        self._journal = Journal(self._database, utc_now, self._appended)

    async def run(self) -> None:
        """Start every role, say so, and work until a signal says stop."""
        event(Event.DAEMON_STARTED, version=__version__, node=self._node)
        await asyncio.to_thread(self._sit_down)
        with self._database.write() as connection:
            taken = nodes.arrive(connection, self._node, __version__, utc_now())
            nodes.knows(connection, self._node, self._config.house.places)
            why = hold.held(connection)
        if why:
            event(Event.OUTBOUND_HELD, why=why)
        if taken:
            event(Event.LEASE_TAKEN, rows=taken)
        self._catch_signals()
        inspection = Inspection(self._database, self.stop)
        try:
            await self._start()
            garbage.settle()
            threadnames.show()
            event(Event.DAEMON_READY, roles=",".join(sorted(self._roles)))
            self._supervisor.ready("working")
            inspection.start()
            await self._watch()
        finally:
            inspection.end()
            with ending(sys.exception() or inspection.error):
                await self._stop()
        await inspection.close()

    def stop(self) -> None:
        """Ask for the end; `run` returns when everything was put down in order."""
        self._stopped.set()

    def reload(self) -> None:
        """Read settings, rules and templates anew; any problem keeps the old ones."""
        self._supervisor.reloading()
        try:
            config = settings.load(self._config.file, environ=self._environment)
            refuse_moves(self._config, config)
            office = office_of(config, self._database, self.office.world.keys)
            self._access.use(config.oauth)
            self.office = office
        except ConfigError as error:
            for problem in error.problems:
                event(Event.SETTINGS_REFUSED, problem=str(problem))
        else:
            self._config = config
            if self._smtp is not None:
                self._smtp.use_house(config.house)
            if self._readers is not None:
                self._readers.use(read_options_of(config, self.office.renderer))
            if Role.INTAKE in self._roles and not self._stopped.is_set():
                self._restart_mailboxes()
            self._clock.soon("beat")
            self._alarm.clock.believe()
            event(Event.SETTINGS_RELOADED, file=config.file)
        self._supervisor.ready("working")

    def checks(self) -> Mapping[str, Callable[[], str]]:
        """Return what `/healthz` asks."""
        return {
            "store": self._vitals.check_store,
            "threads": self._check_threads,
            "disk": self._watcher.check_disk,
            "breaker": self._watcher.check_breaker,
            "clock": self._alarm.clock.check,
            "oauth": self._access.check,
        }

    async def _start(self) -> None:
        seat = nodes.seat(self._node)
        self._hints.start()
        if Role.WORK in self._roles:
            options = read_options_of(self._config, self.office.renderer)
            self._readers = ReaderPool(options, self._config.runtime)
            self._pipeline = Pipeline(
                lambda: self.office, self._readers, self._node, self._authenticator
            )
            self._pipeline.on_replies = self._replied
            self._pipeline.is_trusted = self._alarm.clock.look
            self._spawn("work", self._pipeline.run, self._pipeline.pace)
        if Role.SEND in self._roles:
            self._deliveries = senders(lambda: self.office, self._node, self._access.token)
            for n, delivery in enumerate(self._deliveries):
                delivery.is_trusted = self._alarm.clock.look
                self._spawn(f"send-{n}", delivery.run, delivery.pace)
        if Role.CLOCK in self._roles:
            self._clock.every(BEAT, "watch", self._watcher.look)
            self._clock.every(RING, "deadlines", self._then_send(self._alarm.ring))
            self._clock.every(PLAN, "plan", self._alarm.plan)
            self._clock.every(MORNING, "digest", self._then_send(self._alarm.digest))
            self._clock.every(MORNING, "report", self._then_send(self._reporter.ring))
            self._clock.every(POLL, "survey", self._then_send(self._alarm.poll))
            self._clock.every(KEEP, "retention", self._keeper.ring)
        self._clock.every(TOKENS, "oauth", lambda: self._access.look(self._config.oauth_users))
        self._clock.every(BEAT, "beat", self._beat, alone=True)
        self._clock.every(BEAT, "seat", lambda: self._presence.hold(seat), alone=True)
        self._clock.every(memory.EVERY, "memory", memory.give_back)
        self._clock.start()
        inherited = notify.inherited_sockets(self._environment)
        if Role.INTAKE in self._roles:
            await self._start_intake(inherited)
        web = self._config.web
        if Role.WEB in self._roles and (web.listen or web.admin_listen):
            await self._start_web(inherited)

    async def _start_intake(self, inherited: Mapping[str, socket.socket]) -> None:
        config = self._config
        intake = smtp_reception.Intake(
            settings=config.smtp,
            runtime=config.runtime,
            house=config.house,
            journal=self._journal,
            disk_free=lambda: disk_usage(config.state_dir).free,
            hostname=config.house.domain,
            spool_dir=config.state_dir,
        )
        self._smtp = await smtp.serve(intake, inherited)
        self._restart_mailboxes()

    async def _start_web(self, inherited: Mapping[str, socket.socket]) -> None:
        from maild.web import site  # noqa: PLC0415 - loaded where somebody looks at pages

        pages = site.Site(
            settings=self._config.web,
            office=lambda: self.office,
            board=self._board,
            wake_workers=self._wake_workers,
            wake_senders=self._wake_senders,
            checks=self.checks(),
            exposition=self._watcher.exposition,
        )
        async for server in site.opened(pages, inherited):
            self._servers.append(server)

    def _restart_mailboxes(self) -> None:
        if self._imap is not None:
            self._imap.stop()
            self._imap = None
        if not self._config.imap:
            return
        from maild.intake import imap, imap_folder  # noqa: PLC0415 - loaded where there is one

        desk = imap_folder.Desk(
            journal=self._journal,
            ledger=Ledger(self._database, utc_now),
            mail_bytes_max=self._config.runtime.imap_fetch_bytes,
            access=self._access.token,
            holds=lambda mailbox: self._presence.hold(f"mailbox {mailbox}"),
            lets_go=lambda mailbox: self._presence.let_go(f"mailbox {mailbox}"),
        )
        self._imap = imap.ImapIntake(self._config.imap, desk)
        self._imap.start()

    async def _watch(self) -> None:
        """Wait for the end; meanwhile tell systemd that we live, as long as that is true."""
        interval = notify.watchdog_interval(self._environment)
        pause = min(interval / 3 if interval else vitals.LOOK_SECONDS, vitals.LOOK_SECONDS)
        while not self._stopped.is_set():
            try:
                await asyncio.wait_for(self._stopped.wait(), pause)
            except TimeoutError:
                self._vitals.look()
                if not self._vitals.check_store() and not self._check_threads():
                    self._supervisor.alive()

    async def _stop(self) -> None:
        event(Event.DAEMON_STOPPING)
        self._supervisor.stopping()
        if self._smtp is not None:
            await self._smtp.stop()
        if self._imap is not None:
            await asyncio.to_thread(self._imap.stop)
        await asyncio.to_thread(self._journal.close)
        await asyncio.to_thread(self._finish_threads)
        await asyncio.to_thread(self._hints.close)
        for server in self._servers:
            await server.stop()
        with self._database.write() as connection:
            nodes.leave(connection, self._node)
        self._presence.close()
        self._database.close()
        for lock in self._locks:
            lock.close()
        event(Event.DAEMON_STOPPED)

    def _finish_threads(self) -> None:
        self._stop_threads.set()
        self._clock.stop()
        self._wake_workers()
        self._wake_senders()
        for thread in self._vitals.threads:
            thread.join()
        if self._readers is not None:
            self._readers.close()
        if self._authenticator is not None:
            self._authenticator.close()

    def _spawn(self, name: str, run: Callable[[threading.Event], None], pace: Pace) -> None:
        thread = threading.Thread(target=run, args=(self._stop_threads,), name=name, daemon=True)
        self._vitals.watch(thread, pace)
        thread.start()

    def _sit_down(self) -> None:
        """Two machines under one name would take each other's work for their own."""
        if not self._presence.insist(nodes.seat(self._node), SEAT_SECONDS):
            words = "on another machine: give it another host name, or another state_dir"
            raise InUse(f"a node with the name {self._node} works on this database, {words}")

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload)

    def _appended(self, _mails: int) -> None:
        self._wake_workers()
        self._hints.say(Hint.MAIL)

    def _replied(self) -> None:
        self._wake_senders()
        self._hints.say(Hint.REPLIES)

    def _hinted(self, hint: Hint) -> None:
        if hint is Hint.MAIL:
            self._wake_workers()
        else:
            self._wake_senders()

    def _wake_workers(self) -> None:
        if self._pipeline is not None:
            self._pipeline.wake.set()

    def _wake_senders(self) -> None:
        for delivery in self._deliveries:
            delivery.wake.set()

    def _then_send(self, ring: Callable[[], int]) -> Callable[[], None]:
        """Let the senders know whenever a ring wrote something."""

        def rung() -> None:
            if ring():
                self._wake_senders()

        return rung

    def _beat(self) -> None:
        threadnames.show()
        with self._database.write() as connection:
            if self._pipeline is not None:
                leases.renew(connection, self._node, self._pipeline.in_hand, utc_now())
            presence.end_hung(connection, self._node)
            taken = nodes.beat(connection, self._node, utc_now())
            nodes.knows(connection, self._node, self._config.house.places)
            account.forget(connection, utc_now())
            self._vigil.look(connection)
            self._alarm.clock.compare(nodes.clock(connection))
        self._vitals.store.moves()
        if taken:
            event(Event.LEASE_TAKEN, rows=taken)
            self._wake_workers()
            self._wake_senders()

    def _check_threads(self) -> str:
        readers = self._readers.threads if self._readers else ()
        return self._vitals.check_threads(self._journal.thread, *readers)

    def _room(self) -> tuple[int, int]:
        config = self._config
        return disk_usage(config.state_dir).free, settings.room_wanted(config.smtp, config.runtime)

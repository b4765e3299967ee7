"""Several nodes of one house: each a real `maild run` with a folder of its own, on one PostgreSQL."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tests.crash.daemons import Zygote, relay_of
from tests.flows.stage import START_SECONDS_MAX, Stage, wait_for
from tests.nodes.people import Post
from tests.ports import free_port
from tests.servers import postgresql
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.pgbouncer import in_between

CONFIG = (Path(__file__).parent / "config.toml").read_text(encoding="utf-8")
TEN_MINUTES_LATER = "UPDATE outbox SET next_try_at = created_at WHERE state = 'queued'"
"""What was in the wire when a node died waits so long; nobody sleeps for it here."""
SETTLE_SECONDS_MAX = 120


class Node(Stage):
    """A node; with every role it is forked by a process that has imported all, to start quickly."""

    _zygote: Zygote | None = None
    _daemon = 0
    _lives = 0

    def start(self, *more: str, wait: bool = True) -> None:
        if more:
            super().start(*more, wait=wait)
            return
        self._lives = self.log().count("daemon.started")
        self._zygote = self._zygote or Zygote(self)
        self._daemon = self._zygote.start()
        if wait:
            self.await_ready()

    def await_ready(self) -> None:
        """Wait until the life that began last is ready."""
        wait_for(
            lambda: self._is_ready(self.log()),
            lambda: f"the daemon does not get ready\n{self.log()[-3000:]}",
            START_SECONDS_MAX,
        )

    def _is_ready(self, log: str) -> bool:
        """What the life before said does not count."""
        began = log.count("daemon.started") > self._lives
        return began and "daemon.ready" in log.rpartition("daemon.started")[2]

    @property
    def is_alive(self) -> bool:
        return bool(self._daemon) if self._zygote else self.exit_code is None

    def signal(self, number: signal.Signals) -> None:
        if self._zygote is None:
            super().signal(number)
        elif self._daemon:
            os.kill(self._daemon, number)

    def ended(self) -> int:
        """Wait for the end; return the exit code."""
        assert self._zygote
        self._daemon = 0
        return self._zygote.wait()

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self.ended() == -signal.SIGKILL, self.log()[-3000:]

    def stop(self) -> int:
        if self._zygote is None:
            return super().stop()
        self.signal(signal.SIGTERM)
        return self.ended()

    def upgrade(self, tree: Path) -> None:
        """End it in order, and start the maild that lies in another tree in its place."""
        assert self.stop() == 0, self.log()[-3000:]
        self._zygote = None
        self.command = (sys.executable, "-P", "-c", "from maild.cli.main import main; main()")
        self.environment["PYTHONPATH"] = str(tree)
        Stage.start(self)

    def close(self) -> None:
        if self._zygote is not None:
            if self._daemon:
                self.stop()
            self._zygote.close()
        super().close()


@dataclass(kw_only=True)
class Houses:
    """The nodes, and what they share."""

    nodes: Sequence[Node]
    post: Post

    @property
    def ports(self) -> list[int]:
        """Where mail is taken."""
        return [node.smtp_port for node in self.nodes]

    def rows(self, question: str, **values: object) -> list[Any]:
        """Ask the database from outside."""
        with self.nodes[0].database.read() as connection:
            return list(connection.execute(text(question), values))

    def count(self, question: str, **values: object) -> int:
        """Ask for one number."""
        return int(self.rows(question, **values)[0][0])

    def change(self, statement: str) -> None:
        """Write to the database from outside."""
        with self.nodes[0].database.write() as connection:
            connection.execute(text(statement))

    def in_hand_of(self, node: Node) -> int:
        """How many rows a node has in hand."""
        like = f"%:{node.folder}/state%"
        return self.count(
            "SELECT (SELECT count(*) FROM journal WHERE claimed_by LIKE :like)"
            " + (SELECT count(*) FROM outbox WHERE claimed_by LIKE :like)",
            like=like,
        )

    def settle(self) -> None:
        """Wait until nothing is under way; who was in the wire is tried at once."""
        self.change(TEN_MINUTES_LATER)
        end = time.monotonic() + SETTLE_SECONDS_MAX
        wait_for(self._is_idle, lambda: self.nodes[0].log()[-3000:], end - time.monotonic())

    def holder(self) -> Node:
        """Wait for a node that polls the mailbox; return it."""

        def found() -> Node | None:
            holding = [node for node in self.nodes if _polls(node)]
            return holding[0] if holding else None

        node = wait_for(found, "nobody polls the mailbox")
        assert node is not None
        return node

    def _is_idle(self) -> bool:
        now = self.nodes[0].standing()
        waiting = now.journal["received"] + now.journal["parsing"]
        return waiting + now.outbox["queued"] + now.outbox["sending"] == 0


@contextmanager
def houses(
    folder: Path, dovecot: Dovecot, roles: Sequence[str], *, pooled: bool = False
) -> Iterator[Houses]:
    """Run a node for each of `roles`: what stands behind `--only`, empty for all of them.

    With `pooled` they reach their database through a PgBouncer in session mode.
    """
    relay, password = free_port(), folder / "password"
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    password.chmod(0o600)
    with ExitStack() as open_things:
        server = open_things.enter_context(postgresql.running())
        post = open_things.enter_context(relay_of(Post(), relay))
        database = server.database()
        if pooled:
            database = open_things.enter_context(in_between(database, "session"))
        shared = {
            "DATABASE": database,
            "RELAY": relay,
            "SECRET": folder / "secret",
            "IMAP": dovecot.port,
            "PASSWORD": password,
        }
        nodes = [_node(folder / f"node{n}", shared, open_things) for n in range(len(roles))]
        for node, only in zip(nodes, roles, strict=True):
            # The first makes the tables and the secret; the others may start side by side.
            node.start(*(["--only", only] if only else []), wait=node is nodes[0])
        for node in nodes[1:]:
            node.await_ready()
        yield Houses(nodes=nodes, post=post)


def _node(place: Path, shared: Mapping[str, object], open_things: ExitStack) -> Node:
    place.mkdir()
    node = Node(place, CONFIG, **shared)
    open_things.callback(node.close)
    return node


def _polls(node: Node) -> bool:
    """Whether a node lives, and opened the mailbox in this life."""
    last = node.log().rpartition("daemon.started")[2]
    return node.is_alive and "mailbox.connected" in last

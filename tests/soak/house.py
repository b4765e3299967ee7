"""The house under soak: its daemon, its relay, its IMAP server, and what can be known of them."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tests.flows.stage import Stage, wait_for
from tests.ports import free_port
from tests.servers.dovecot import Dovecot
from tests.soak.checks import Evidence, Reply, Row
from tests.soak.people import ALICE, Relay

CONFIG = (Path(__file__).parent / "config.toml").read_text(encoding="utf-8")
IMAP = """
[mailbox.imap]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "soak"
password_file = "imap.password"
since = "all"
poll_seconds = 5
"""
USER = "soak"
SETTLE_SECONDS_MAX = 240
_UNDER_WAY = """
SELECT (SELECT count(*) FROM journal WHERE state NOT IN ('done', 'held'))
 + (SELECT count(*) FROM outbox WHERE state = 'sending'
    OR (state = 'queued' AND next_try_at <= :now))
"""
_JOURNAL = """
SELECT sha256, outcome, message_id,
 (SELECT count(*) FROM post WHERE post.journal_id = journal.id) AS posts FROM journal
"""
_HURRY = "UPDATE outbox SET next_try_at = created_at WHERE state = 'queued'"


class House:
    """One maild with everything around it."""

    def __init__(self, folder: Path, dovecot: Dovecot | None) -> None:
        self.folder = folder
        self.relay = Relay()
        self.relay_port = free_port()
        self.dovecot = dovecot
        (folder / "imap.password").write_text("pw\n")
        self.stage = Stage(folder, CONFIG, **self._values("Example"))
        # Its memory is measured: what a fork shares at first becomes its own little by little.
        self.stage.may_fork = False

    def rename(self, name: str) -> None:
        """Write the config anew, in the name of a support that is called differently."""
        self.stage.values |= self._values(name)
        self.stage.write_config(CONFIG)

    def put_by_imap(self, raw: bytes) -> None:
        """Put a mail into the mailbox that maild fetches."""
        assert self.dovecot
        self.dovecot.add(USER, raw)

    def settle(self, acknowledged: set[str]) -> None:
        """Wait until all that was acknowledged is handled and nothing that is due is under way.

        A mail whose fate at the relay is unknown waits ten minutes; it is hurried here.
        """
        with self.stage.database.write() as connection:
            connection.execute(text(_HURRY))

        def is_quiet() -> bool:
            kept = {row.sha256 for row in self._rows("SELECT sha256 FROM journal")}
            left = self._rows(_UNDER_WAY, now=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}")[0][0]
            return acknowledged <= kept and left == 0

        wait_for(is_quiet, lambda: f"not settled:\n{self.stage.log()[-3000:]}", SETTLE_SECONDS_MAX)

    def evidence(self, acknowledged: set[str]) -> Evidence:
        """Gather what the invariants are asked of.

        A deadline may fall due just now: what goes out meanwhile is given time to end.
        """
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        while True:
            before = len(self.relay.sent)
            outbox = self._rows("SELECT sha256, state, message_id FROM outbox")
            is_at_rest = all(row.state != "sending" for row in outbox)
            if is_at_rest or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        sent = tuple(self.relay.sent)
        tickets = self._rows(
            "SELECT customer.address AS address, count(*) AS number FROM ticket"
            " JOIN customer ON customer.id = ticket.customer_id GROUP BY customer.address"
        )
        return Evidence(
            acknowledged=frozenset(acknowledged),
            journal=tuple(
                Row(sha256=r.sha256, outcome=r.outcome, posts=r.posts, message_id=r.message_id)
                for r in self._rows(_JOURNAL)
            ),
            outbox=tuple(
                Reply(sha256=r.sha256, state=r.state, message_id=r.message_id) for r in outbox
            ),
            sent=sent,
            sent_since=len(sent) - before,
            tickets=Counter({row.address: row.number for row in tickets}),
            agents=frozenset({ALICE}),
        )

    def verify(self) -> list[str]:
        """Ask `maild verify`; return what it finds wrong."""
        told = self.stage.maild("verify")
        return [] if told.returncode == 0 else [f"verify: {told.stdout.decode()[-500:]}"]

    def _values(self, name: str) -> dict[str, object]:
        imap = IMAP.format(port=self.dovecot.port) if self.dovecot else ""
        return {"NAMED": name, "RELAY": self.relay_port, "IMAP": imap}

    def _rows(self, statement: str, **values: object) -> list[Any]:
        with self.stage.database.read() as connection:
            return list(connection.execute(text(statement), values))

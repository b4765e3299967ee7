"""One whole story, lived by daemons that die at their nth step: a child for each line `N FOLDER`.

A customer writes, is acknowledged, the agent answers, the customer thanks. A step is a statement
that is sent to the database, a commit, the moment after it, and each file of a mail that goes out.
Whoever lives next goes on where the story stands; what was not acknowledged is sent again. `N` 0 is
a life without a death, -1 a birth and no more.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import event, text

from maild import handle, reading, settings
from maild.app import read_options_of
from maild.core.mail import Envelope, Source
from maild.delivery import Delivery
from maild.store import journal, nodes
from maild.store.writer import Journal
from tests import schema
from tests.flows.letter import Letter, read_letter
from tests.needs import ROOT
from tests.ontime.office import ALICE, CONFIG, Desk, renderer

CUSTOMER = "carla@customer.example"
SUPPORT = "support@example.com"
NODE = "node"
TURNS_MAX = 40
_RULES = "\n".join(file.read_text() for file in sorted((ROOT / "rules").glob("[1-5]*.toml")))
_TRUST = '\n[smtp]\ntrusted_clients = ["127.0.0.0/8"]\ntrusted_domains = ["example.com", "customer.example"]\n'


class Life:
    """One life of a daemon; `tell` is called before each step."""

    def __init__(self, folder: Path, death_at: int) -> None:
        self.folder = folder
        self.desk = Desk(folder, CONFIG + _TRUST)
        self.desk.use(CONFIG + _TRUST, _RULES)
        self._known = settings.load(folder / "config.toml", environ={})
        self.steps = 0
        self._death_at = death_at
        engine = self.desk.database.engine
        for name in ("before_cursor_execute", "commit"):
            event.listen(engine, name, self._step)
        event.listen(engine.pool, "checkin", self._step)
        sys.addaudithook(self._look)

    def live(self) -> None:
        """Play the story from where it stands to its end."""
        with self.desk.database.write() as connection:
            nodes.arrive(connection, NODE, "0", self.desk.now)
        self._says("one", CUSTOMER, SUPPORT, "My printer smokes.")
        notice = self._letter(ALICE, "smokes")
        self._says("two", ALICE, notice.reply_to, "Switch it off, please.")
        answer = self._letter(CUSTOMER, "Switch it off")
        self._says("three", CUSTOMER, answer.reply_to, "It has stopped, thank you.")
        self._letter(ALICE, "It has stopped")
        self._until_idle()

    def _step(self, *_what: object) -> None:
        self.steps += 1
        if self.steps == self._death_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _look(self, what: str, arguments: tuple[object, ...]) -> None:
        """A mail that goes out is a file that is linked or renamed into a Maildir."""
        if what in ("os.rename", "os.link") and "/out/" in str(arguments[1]):
            self._step()

    def _says(self, name: str, sender: str, to: str, words: str) -> None:
        """Send a mail unless it was acknowledged in an earlier life."""
        acknowledged = self.folder / f"{name}.acknowledged"
        if acknowledged.exists():
            return
        raw = (
            f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: The printer\r\n"
            f"Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n"
            f"Message-ID: <{name}@customer.example>\r\n\r\n{words}\r\n"
        ).encode()
        envelope = Envelope(
            mail_from=sender, rcpt_to=(to,), source=Source.SMTP, client="127.0.0.1"
        )
        writer = Journal(self.desk.database, lambda: self.desk.now)
        writer.append(envelope, raw).result(30)
        acknowledged.touch()
        writer.close()

    def _letter(self, reader: str, words: str) -> Letter:
        """Work until a letter to somebody lies there."""
        for _ in range(TURNS_MAX):
            for letter in letters(self.folder):
                if letter.recipient == reader and words in letter.text:
                    return letter
            self._work()
        raise AssertionError(f"no letter to {reader} with {words!r}")

    def _until_idle(self) -> None:
        waiting = "SELECT count(*) FROM {} WHERE state NOT IN ('done', 'held', 'sent')"
        for _ in range(TURNS_MAX):
            with self.desk.database.read() as connection:
                left = [
                    connection.execute(text(waiting.format(table))).scalar_one()
                    for table in ("journal", "outbox")
                ]
            if left == [0, 0]:
                return
            self._work()
        raise AssertionError(f"work is left: {left}")

    def _work(self) -> None:
        """Do what is due, and let some minutes go by."""
        office = self.desk.office
        options = read_options_of(self._known, office.renderer)
        while claimed := journal.claim(self.desk.database, NODE, self.desk.now, 50):
            items = [(one, reading.read(one.raw, one.envelope, options)) for one in claimed]
            handle.mails(office, items)
        Delivery(lambda: office, NODE, "mx.example.com").step()
        self.desk.now += timedelta(minutes=5)


def letters(folder: Path) -> list[Letter]:
    """Return every mail of ours that arrived."""
    return [read_letter(file) for file in sorted(folder.glob("out/new/*"))]


def main() -> None:
    """Obey each line; answer with the number of steps, or minus the signal of death."""
    renderer()
    schema.ready()
    for line in sys.stdin:
        number, folder = line.split()
        reading_end, writing_end = os.pipe()
        process_id = os.fork()
        if not process_id:
            life = Life(Path(folder), int(number))
            if int(number) >= 0:
                life.live()
            life.desk.database.close()
            os.write(writing_end, f"{life.steps}".encode())
            os._exit(0)
        os.close(writing_end)
        code = os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1])
        told = os.read(reading_end, 100).decode()
        os.close(reading_end)
        sys.stdout.write(f"{told or code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""An orderly end, and only one daemon in a folder."""

from __future__ import annotations

import hashlib
import os
import signal
import smtplib
import subprocess
import threading
from pathlib import Path

from sqlalchemy import text

from tests.flows.stage import COMMAND, Stage, running, wait_for

CONFIG = (Path(__file__).parent / "config.toml").read_text()
SESSIONS = 4


class Sender(threading.Thread):
    """Sends mails until the door is shut; remembers what was acknowledged."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._name = name
        self.acknowledged: list[str] = []

    def run(self) -> None:
        try:
            with smtplib.SMTP("127.0.0.1", self._port, timeout=20) as client:
                for n in range(100_000):
                    sender = f"{self._name}-{n}@customer.example"
                    mail = f"From: {sender}\r\nSubject: {n}\r\n\r\nHello {n}.\r\n".encode()
                    client.sendmail(sender, ["support@example.com"], mail)
                    self.acknowledged.append(hashlib.sha256(mail).hexdigest())
        except (OSError, smtplib.SMTPException):
            return


def journalled(house: Stage) -> list[str]:
    with house.database.read() as connection:
        return list(connection.execute(text("SELECT sha256 FROM journal")).scalars())


def test_sigterm_finishes_what_was_taken(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as house:
        senders = [Sender(house.smtp_port, f"s{n}") for n in range(SESSIONS)]
        for sender in senders:
            sender.start()
        wait_for(lambda: all(len(s.acknowledged) >= 5 for s in senders), "nothing is taken")

        code = house.stop()

        for sender in senders:
            sender.join(20)
        acknowledged = {sha256 for sender in senders for sha256 in sender.acknowledged}
        assert code == 0
        assert "daemon.stopped" in house.log()
        assert acknowledged <= set(journalled(house))
        assert house.standing().journal["parsing"] == 0
        assert house.standing().outbox["sending"] == 0

        house.start()
        house.settled()
        assert len(house.tickets()) == len(journalled(house))


def test_a_second_daemon_in_the_same_folder_is_sent_away(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as house:
        command = [*COMMAND, "--config", str(house.config), "run"]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as second:
            assert second.stderr
            told = second.stderr.read().decode()
            _, status, used = os.wait4(second.pid, 0)
            second.returncode = os.waitstatus_to_exitcode(status)
        print(f"\nsecond daemon: exit {second.returncode}, {used.ru_utime:.1f} s of one processor")

        assert second.returncode == 75
        assert f"process {house.process_id}" in told
        assert used.ru_utime + used.ru_stime < 15
        house.send("From: v@customer.example\nSubject: x\n\nStill here?\n")
        assert house.ticket_of("v@customer.example")["number"] == 1


def test_a_killed_daemon_leaves_no_lock(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as house:
        house.kill()

        house.start()

        house.signal(signal.SIGTERM)
        wait_for(lambda: house.exit_code is not None, "it does not end")
        assert house.exit_code == 0

"""Of several nodes one polls a mailbox; when it stops, or is refused, another one does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from maild.intake.imap import ImapIntake, Rhythm
from maild.intake.imap_folder import Desk
from tests.intake.imap_bench import QUICK, mail, opened_store
from tests.needs import needs
from tests.servers.dovecot import Dovecot, running_dovecot, wait_until

pytestmark = [needs("root", "dovecot"), pytest.mark.servers]
SOON = replace(QUICK, turn=0.05)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    yield from running_dovecot()


class Turns:
    """Who polls is said by the test."""

    def __init__(self) -> None:
        self.granted = threading.Event()
        self.asked = threading.Event()
        self.left: list[str] = []

    def holds(self, _mailbox: str) -> bool:
        self.asked.set()
        return self.granted.is_set()

    def desk(self, desk: Desk) -> Desk:
        return replace(desk, holds=self.holds, lets_go=self.left.append)


def test_a_mailbox_of_another_node_is_left_alone_until_it_is_free(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    dovecot.add("turn", mail(1))
    turns = Turns()
    with opened_store(tmp_path) as store:
        intake = ImapIntake([dovecot.settings("turn")], turns.desk(store.desk()), SOON)
        intake.start()
        assert turns.asked.wait(30)
        turns.asked.clear()
        assert turns.asked.wait(30)
        assert store.journalled("turn") == 0

        turns.granted.set()
        wait_until(lambda: store.journalled("turn") == 1, "it is not polled")
        assert intake.stop(30)
    assert turns.left == ["turn"]


def test_who_lost_a_mailbox_hangs_up_and_asks_again(dovecot: Dovecot, tmp_path: Path) -> None:
    turns = Turns()
    turns.granted.set()
    rhythm: Rhythm = replace(SOON, idle=0.2)
    with opened_store(tmp_path) as store:
        intake = ImapIntake([dovecot.settings("lost")], turns.desk(store.desk()), rhythm)
        intake.start()
        dovecot.add("lost", mail(1))
        wait_until(lambda: store.journalled("lost") == 1, "it is not polled")

        turns.granted.clear()
        turns.asked.clear()
        assert turns.asked.wait(30)
        turns.asked.clear()
        assert turns.asked.wait(30)
        dovecot.add("lost", mail(2))
        turns.asked.clear()
        assert turns.asked.wait(30)
        assert store.journalled("lost") == 1

        turns.granted.set()
        wait_until(lambda: store.journalled("lost") == 2, "it is not polled again")
        assert intake.stop(30)

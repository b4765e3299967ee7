"""IMAP intake against a real Dovecot: what is taken, when, and how often (once)."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild.intake import imap_folder, imap_session
from maild.intake.imap import ImapIntake, MailboxPoller
from maild.intake.imap_folder import Step
from maild.settings import ImapSettings
from maild.store.ledger import MailboxState
from tests.intake.imap_bench import QUICK, Store, mail, opened_store, polling
from tests.needs import needs
from tests.servers.dovecot import Dovecot, running_dovecot, wait_until

pytestmark = [needs("root", "dovecot"), pytest.mark.servers]

_RARELY = replace(QUICK, idle=60)
_NEVER = replace(QUICK, idle=600)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    yield from running_dovecot()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened_store(tmp_path) as opened:
        yield opened


def test_a_new_mail_is_taken_by_idle(dovecot: Dovecot, store: Store) -> None:
    settings = dovecot.settings("idle", poll_seconds=600)
    with polling(store.desk(), settings):
        _wait_for_success(store, "idle")

        dovecot.add("idle", mail(1))
        lag = wait_until(lambda: store.journalled("idle") == 1, "IDLE told nothing")

    print(f"\nIDLE: {lag:.2f} s after the mail arrived")
    assert lag < QUICK.idle


@pytest.mark.parametrize("step", [Step.FETCHED, Step.JOURNALLED, Step.AFTER_SENT])
def test_a_mail_that_comes_while_another_is_taken_waits_for_no_idle(
    dovecot: Dovecot, store: Store, step: Step
) -> None:
    user = f"meanwhile-{step.name.lower()}"
    second = iter([mail(2)])

    def on_step(reached: Step) -> None:
        if reached is step:
            dovecot.add(user, *itertools.islice(second, 1))

    settings = dovecot.settings(user, poll_seconds=600)
    with polling(store.desk(on_step=on_step), settings, rhythm=_NEVER):
        _wait_for_success(store, user)
        dovecot.add(user, mail(1))

        wait_until(lambda: store.journalled(user) == 2, "the second mail waits for the next one")


def test_a_new_mail_is_taken_by_polling(dovecot: Dovecot, store: Store) -> None:
    with polling(store.desk(), dovecot.settings("poll", idle=False, poll_seconds=1)):
        _wait_for_success(store, "poll")

        dovecot.add("poll", mail(1))

        wait_until(lambda: store.journalled("poll") == 1, "nobody polled")


def test_an_old_mailbox_becomes_no_tickets_when_we_begin_now(
    dovecot: Dovecot, store: Store
) -> None:
    dovecot.add("now", *(mail(n) for n in range(200)))

    with polling(store.desk(), dovecot.settings("now", since="now")):
        _wait_for_success(store, "now")
        taken_of_old = store.journalled("now")
        dovecot.add("now", mail(1000))
        wait_until(lambda: store.confirmed("now") == 1, "the new mail was not taken")

    assert taken_of_old == 0
    assert dovecot.flags("now").count(set()) == 200
    assert store.journalled("now") == 1


def test_all_of_an_old_mailbox_is_taken_when_asked_for(dovecot: Dovecot, store: Store) -> None:
    dovecot.add("all", *(mail(n) for n in range(120)))

    with polling(store.desk(), dovecot.settings("all", since="all")):
        wait_until(lambda: store.confirmed("all") == 120, "not all was taken")

    assert store.journalled("all") == 120


def test_a_folder_larger_than_a_window_is_taken_in_pieces(
    dovecot: Dovecot, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_session, "_WINDOW", 25)
    monkeypatch.setattr(imap_folder, "UIDS_PER_PASS", 40)
    dovecot.add("pieces", *(mail(n) for n in range(130)))

    with polling(store.desk(), dovecot.settings("pieces", since="all"), rhythm=_RARELY):
        wait_until(lambda: store.confirmed("pieces") == 130, "not all was taken")

    assert store.journalled("pieces") == 130


def test_from_a_date_on_mails_are_taken_whatever_their_place(
    dovecot: Dovecot, store: Store
) -> None:
    for number, date in enumerate(("01-Mar-2026", "01-Jan-2026", "02-Mar-2026")):
        dovecot.add("date", mail(number), date=f'"{date} 12:00:00 +0000"')
    settings = dovecot.settings("date", since="2026-02-01")

    with polling(store.desk(), settings):
        _wait_for_success(store, "date")
        taken_of_old = store.journalled("date")
        dovecot.add("date", mail(9), date='"01-Jan-2020 12:00:00 +0000"')
        wait_until(lambda: store.journalled("date") == 3, "a mail moved in later was left")

    assert taken_of_old == 2
    assert store.passed_over("date") == ["was there before us"]


@pytest.mark.parametrize("folder", ["Done", 'Erledigt äöü & "x"', "{5}", "%*"])
def test_a_taken_mail_is_moved_to_a_folder_that_is_made(
    dovecot: Dovecot, store: Store, folder: str
) -> None:
    user = f"move{len(folder)}"
    dovecot.add(user, *(mail(n) for n in range(3)))

    with polling(store.desk(), dovecot.settings(user, after=f"move:{folder}")):
        wait_until(lambda: store.confirmed(user) == 3, "nothing was moved")

    assert dovecot.count(user) == 0
    with dovecot.client(user) as client:
        names = [line for line in client.list()[1] if b"INBOX" not in line]  # type: ignore[operator]
        assert len(names) == 1
    assert store.journalled(user) == 3


def test_a_taken_mail_is_deleted_and_no_other(dovecot: Dovecot, store: Store) -> None:
    dovecot.add("delete", mail(1))
    with dovecot.client("delete") as client:
        client.store("1", "+FLAGS", r"(\Deleted)")  # somebody else's wish
    settings = dovecot.settings("delete", since="now", after="delete")

    with polling(store.desk(), settings):
        _wait_for_success(store, "delete")
        dovecot.add("delete", mail(2))
        wait_until(lambda: store.confirmed("delete") == 1, "nothing was deleted")

    assert dovecot.flags("delete") == [{"\\Deleted"}]


def test_a_taken_mail_is_flagged(dovecot: Dovecot, store: Store) -> None:
    dovecot.add("flag", mail(1))

    with polling(store.desk(), dovecot.settings("flag")):
        wait_until(lambda: store.confirmed("flag") == 1, "nothing was flagged")

    assert dovecot.flags("flag") == [{"\\Seen", "$Ticketed"}]


def test_a_server_that_will_not_move_does_not_keep_mails_from_being_taken(
    dovecot: Dovecot, store: Store
) -> None:
    dovecot.add("stuck", mail(1))

    with polling(store.desk(), dovecot.settings("stuck", after="move:a..b")):
        wait_until(lambda: store.journalled("stuck") == 1, "the first mail was not taken")
        dovecot.add("stuck", mail(2))
        wait_until(lambda: store.journalled("stuck") == 2, "the second mail was not taken")
        _wait_for_success(store, "stuck")

    state = store.ledger.state("stuck")
    assert state is not None
    assert "a..b" in state.last_error or "Invalid" in state.last_error


def test_a_mail_over_the_limit_is_left_with_a_reason(dovecot: Dovecot, store: Store) -> None:
    dovecot.add("large", mail(1, size=50_000), mail(2))

    with polling(store.desk(bytes_max=20_000), dovecot.settings("large")):
        wait_until(lambda: store.confirmed("large") == 1, "the small mail was not taken")
        _wait_for_success(store, "large")

    assert "over limits.imap_fetch" in store.passed_over("large")[0]
    assert dovecot.flags("large") == [set(), {"\\Seen", "$Ticketed"}]


def test_the_same_bytes_twice_in_a_mailbox_are_journalled_once(
    dovecot: Dovecot, store: Store
) -> None:
    dovecot.add("twin", mail(1), mail(2), mail(1))

    with polling(store.desk(), dovecot.settings("twin")):
        wait_until(lambda: store.confirmed("twin") == 3, "a twin was left")
        dovecot.add("twin", mail(2))
        wait_until(lambda: store.confirmed("twin") == 4, "a late twin was left")

    assert store.journalled("twin") == 2


@pytest.mark.parametrize("since", ["all", "now"])
def test_a_renumbered_mailbox_gives_no_second_journal_row(
    dovecot: Dovecot, store: Store, since: str, figures: Callable[..., None]
) -> None:
    user = f"renumber-{since}"
    old = '"01-Jan-2026 12:00:00 +0000"'
    dovecot.add(user, *(mail(n) for n in range(10_000, 10_100)), date=old)
    ours = 500 if since == "now" else 600
    settings = dovecot.settings(user, since=since)
    with polling(store.desk(), settings):
        _wait_for_success(store, user)
        dovecot.add(user, *(mail(n) for n in range(500)))
        wait_until(lambda: store.confirmed(user) == ours, "not all was taken", 60)

    dovecot.renumber(user)
    dovecot.add(user, mail(20_000))
    started = time.monotonic()
    with polling(store.desk(), settings):
        wait_until(lambda: store.journalled(user) > ours, "the new mail was not taken", 60)
        _wait_for_success(store, user)

    figures(
        renumbered=ours,
        doubled=store.doubled(user),
        known_again_after_seconds=time.monotonic() - started,
    )
    assert store.journalled(user) == ours + 1
    assert store.doubled(user) == 0


class _Killed(BaseException):
    """As sudden as a power cut: nothing in the daemon handles it."""


@pytest.mark.parametrize("after", ["flag", "move:Done", "delete"])
def test_a_stop_at_any_step_leaves_each_mail_once(
    dovecot: Dovecot, store: Store, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_folder, "GROUP_MAILS_MAX", 3)
    user = f"kill-{after.partition(':')[0]}"
    settings = dovecot.settings(user, after=after)
    numbers = itertools.count()
    points = 0
    for step, turn in itertools.product(Step, (1, 2)):
        dovecot.add(user, *(mail(n) for n in itertools.islice(numbers, 6)))
        points += _run_until(step, turn, store, settings)

    total = next(numbers)
    with polling(store.desk(), settings):
        wait_until(lambda: store.confirmed(user) == total, "left unfinished")

    missed, doubled = total - store.journalled(user), store.doubled(user)
    print(f"\nafter={after}: {points} stops, {total} mails: missed {missed}, doubled {doubled}")
    assert (points, missed, doubled) == (8, 0, 0)
    expected = {"flag": (total, 0), "move:Done": (0, total), "delete": (0, 0)}[after]
    assert (dovecot.count(user), dovecot.count(user, "Done")) == expected


def test_a_server_that_was_away_is_caught_up_with(dovecot: Dovecot, store: Store) -> None:
    settings = dovecot.settings("away")
    with polling(store.desk(), settings):
        _wait_for_success(store, "away")
        dovecot.stop()
        wait_until(lambda: _state(store, "away").last_error != "", "nobody noticed")
        dovecot.start()
        dovecot.add("away", *(mail(n) for n in range(50)))

        lag = wait_until(lambda: store.confirmed("away") == 50, "not caught up")
        _wait_for_success(store, "away")

    print(f"\nback: 50 mails caught up in {lag:.2f} s")
    assert _state(store, "away").last_error == ""


def test_a_wrong_password_is_told_and_not_hammered(dovecot: Dovecot, store: Store) -> None:
    settings = dovecot.settings("wrong", password="not it")

    with polling(store.desk(), settings):
        wait_until(lambda: store.ledger.state("wrong") is not None, "nobody noticed")

    assert "AUTHENTICATIONFAILED" in _state(store, "wrong").last_error
    assert "not it" not in _state(store, "wrong").last_error


def test_a_mailbox_ends_at_once_while_it_idles(dovecot: Dovecot, store: Store) -> None:
    intake = ImapIntake([dovecot.settings("stop")], store.desk())
    intake.start()
    _wait_for_success(store, "stop")

    started = time.monotonic()
    has_ended = intake.stop(10)

    assert has_ended
    assert time.monotonic() - started < 20


def test_a_connection_that_went_silent_is_noticed(
    dovecot: Dovecot, store: Store, figures: Callable[..., None]
) -> None:
    proxy = _Proxy(dovecot.port)
    with polling(store.desk(), dovecot.settings("silent", port=proxy.port)):
        _wait_for_success(store, "silent")
        proxy.is_silent = True
        dovecot.add("silent", mail(1))

        noticed = wait_until(lambda: store.journalled("silent") == 1, "nobody noticed")

    proxy.close()
    figures(noticed_after_seconds=noticed, of_which_idle_and_read=QUICK.idle + QUICK.waits.read)
    assert proxy.connections == 2


@pytest.mark.slow
def test_fifty_mailboxes_are_not_hindered_by_one_that_hangs(
    dovecot: Dovecot, store: Store
) -> None:
    users = [f"many{n}" for n in range(49)]
    added: dict[str, list[datetime]] = {user: [] for user in users}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = dovecot.settings("hanging", port=silent.getsockname()[1])
        with polling(store.desk(), hanging, *(dovecot.settings(user) for user in users)):
            wait_until(lambda: _successes(store) == 49, "a mailbox is not open", 60)
            for turn in range(3):
                for user in users:
                    added[user].append(datetime.now(UTC))
                    dovecot.add(user, mail(turn))
            wait_until(lambda: all(store.journalled(user) == 3 for user in users), "one waits")

    lags = sorted(
        (taken - sent).total_seconds()
        for user in users
        for sent, taken in zip(added[user], store.received(user), strict=True)
    )
    print(
        f"\n50 mailboxes, one hanging: {len(lags)} mails, lag median"
        f" {lags[len(lags) // 2]:.2f} s, worst {lags[-1]:.2f} s"
    )
    assert lags[-1] < 10
    assert store.journalled("hanging") == 0


class _Proxy:
    """Passes bytes on, until its first connection falls silent without an end."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.is_silent = False
        self.connections = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self._target))
            self._open += [client, server]
            number = self.connections
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(one, other, number), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, number: int) -> None:
        try:
            while data := one.recv(65536):
                if not (self.is_silent and number == 1):
                    other.sendall(data)
            if not (self.is_silent and number == 1):
                other.shutdown(socket.SHUT_WR)
        except OSError:
            return


def _run_until(step: Step, turn: int, store: Store, settings: ImapSettings) -> int:
    """Poll in this thread until a step is reached for the n-th time; tell whether it was."""
    seen = []

    def on_step(reached: Step) -> None:
        if reached is step:
            seen.append(reached)
            if len(seen) == turn:
                raise _Killed

    poller = MailboxPoller(settings, store.desk(on_step=on_step), QUICK)
    timer = threading.Timer(3, poller.ask_to_stop)
    timer.start()
    try:
        poller.run()
    except _Killed:
        return 1
    finally:
        timer.cancel()
    return 0


def _wait_for_success(store: Store, mailbox: str, seconds: float = 20) -> None:
    """Until the mailbox was looked through once more from now on."""
    before = store.ledger.state(mailbox)
    last = before.last_success if before else None

    def is_later() -> bool:
        state = store.ledger.state(mailbox)
        return bool(state and state.last_success and state.last_success != last)

    wait_until(is_later, f"{mailbox} has no success", seconds)


def _successes(store: Store) -> int:
    return sum(state.last_success is not None for state in store.ledger.states())


def _state(store: Store, mailbox: str) -> MailboxState:
    state = store.ledger.state(mailbox)
    assert state is not None
    return state

"""The units with a real systemd, in a container where maild was installed as README.md says it.

One container serves all tests of this file; each begins with a daemon that works and ends with one
that may not. Mail comes in on port 25, which systemd holds.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.faults.customers import AT_THE_DOOR, Account, write
from tests.faults.test_restart import keep_writing
from tests.flows.stage import wait_for
from tests.needs import ROOT, needs
from tests.systemd.container import Container, booted
from tests.systemd.doors import imap_of, relay_of
from tests.systemd.installation import ADDED, NEXT, TREE, commands, lay_out, obey

pytestmark = [needs("root", "mount", "nspawn"), pytest.mark.slow, pytest.mark.timeout(240)]
EXPOSURE_MAX = 1.5
CUSTOMERS = 8
RESTARTS = 2
SECONDS_MAX = 90
PAUSE_MICROSECONDS = 20_000_000
"""What `ExecStopPost` waits for a client's sake."""
OUT_OF_PORT_25 = {
    '# state_dir = "var"': 'state_dir = "/var/lib/maild"',
    '# secret_file = "var/secret"': 'secret_file = "/var/lib/maild/secret"',
    'listen = ["127.0.0.1:8025"]': 'listen = ["fd:smtp"]',
    'trusted_domains = ["example.com"]': 'trusted_domains = ["example.com", "customer.example"]',
}
RELAY = (
    '[relay]\nurl = "smtp://127.0.0.1:2525"\nuser = "maild"\npassword_file = "relay.password"\n'
)
IMAP = (
    '\n[mailbox.imap]\nhost = "127.0.0.1"\nport = 1143\ntls = "none"\nuser = "support"\n'
    'password_file = "imap.password"\n'
)
WEB = "\n[web]\n"


class House:
    """maild in its container."""

    def __init__(self, container: Container) -> None:
        self.container = container

    def configure(self, change: Callable[[str], str] = str) -> None:
        """Write the shipped config with what README.md says to set in it, and a change."""
        text = (ROOT / "config.toml").read_text(encoding="utf-8")
        for shipped, set_by_hand in OUT_OF_PORT_25.items():
            assert text.count(shipped) == 1, shipped
            text = text.replace(shipped, set_by_hand)
        self.container.file("/etc/maild/config.toml").write_text(change(text), encoding="utf-8")

    def systemctl(self, *words: str, check: bool = True) -> int:
        return self.container.run("systemctl", *words, check=check).returncode

    def add_to_unit(self, lines: str) -> None:
        """Do what `systemctl edit maild` does; no lines take it back."""
        folder = self.container.file("/etc/systemd/system/maild.service.d")
        folder.mkdir(exist_ok=True)
        (folder / "override.conf").write_text(lines)
        self.systemctl("daemon-reload")

    def property(self, name: str) -> str:
        shown = self.container.run("systemctl", "show", "maild", f"--property={name}", "--value")
        return shown.stdout.strip()

    def maild(self, *words: str, check: bool = True) -> str:
        """Run a command as README.md says it."""
        line = [
            "runuser",
            "-u",
            "maild",
            "--",
            "/opt/maild/bin/maild",
            "--config",
            "/etc/maild/config.toml",
        ]
        return self.container.run(*line, *words, check=check).stdout

    def customers(self) -> set[str]:
        tickets = json.loads(self.maild("ticket", "list", "--json"))
        return {ticket["customer"]["address"] for ticket in tickets}

    def write(self, name: str) -> Account:
        """Let a customer write to port 25, once."""
        account = Account()
        self.container.inside(lambda: write(account, 25, name))
        return account

    def mark(self) -> str:
        """Return a place in the log, for `log`."""
        last = self.container.run("journalctl", "-n", "1", "-o", "json").stdout
        return str(json.loads(last)["__CURSOR"])

    def log(self, since: str) -> list[dict[str, Any]]:
        """Return what was logged of the unit since a place in the log."""
        self.container.run("journalctl", "--sync")
        words = ("-u", "maild", "-o", "json", f"--after-cursor={since}")
        return [
            json.loads(line)
            for line in self.container.run("journalctl", *words).stdout.splitlines()
        ]

    def messages(self, since: str) -> str:
        return "\n".join(str(entry["MESSAGE"]) for entry in self.log(since))

    def waits_for(self, event: str, since: str) -> None:
        wait_for(
            lambda: event in self.messages(since),
            lambda: f"no {event} in\n{self.messages(since)}",
            SECONDS_MAX,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("container")
    over = folder / "over"
    over.mkdir()
    lay_out(over, folder)
    with booted(over) as container:
        obey(container, commands("## Install"), TREE)
        for name in ("relay", "imap"):
            file = container.file(f"/etc/maild/{name}.password")
            file.write_text(f"the {name}'s password\n")
            file.chmod(0o600)
        yield House(container)


@pytest.fixture
def house(installed: House) -> House:
    """A daemon that works, whatever the test before has left; started anew only where it has to."""
    unit = installed.container.file("/etc/systemd/system/maild.service.d/override.conf")
    config = installed.container.file("/etc/maild/config.toml")
    before = config.read_text()
    installed.configure()
    is_fresh = config.read_text() == before and unit.exists() and not unit.read_text()
    if not is_fresh or installed.property("ActiveState") != "active":
        installed.systemctl("stop", "maild.socket", "maild.service")
        installed.add_to_unit("")
        installed.systemctl("reset-failed")
        installed.systemctl("start", "maild.socket", "maild.service")
    return installed


def test_installed_as_written_it_checks_starts_and_says_so(house: House) -> None:
    house.systemctl("enable", "maild.socket", "maild.service")
    house.systemctl("stop", "maild")
    since = house.mark()
    started = time.monotonic()

    house.systemctl("start", "maild")
    print(f"start until READY: {time.monotonic() - started:.1f} s")

    assert "daemon.ready" in house.messages(since)
    assert house.property("StatusText")
    assert house.property("ActiveState") == "active"
    assert "ok" in house.maild("check").lower()


def test_it_is_shut_in_as_far_as_systemd_can_tell_of_a_loaded_unit(
    house: House, figures: Callable[..., None]
) -> None:
    told = house.container.run("systemd-analyze", "security", "--no-pager", "maild").stdout

    found = re.search(r"Overall exposure level for maild\.service: ([0-9.]+)", told)
    assert found
    figures(exposure=float(found.group(1)))
    assert float(found.group(1)) <= EXPOSURE_MAX


def test_mail_to_port_25_becomes_a_ticket_without_any_capability(house: House) -> None:
    process = house.property("MainPID")
    status = house.container.file(f"/proc/{process}/status").read_text()
    since = house.mark()

    account = house.write("port-25")

    assert account.refused == []
    house.waits_for("mail.posted", since)
    assert "port-25@customer.example" in house.customers()
    held = dict(re.findall(r"^(Cap\w+|NoNewPrivs|Uid):\t(\S+)", status, re.MULTILINE))
    assert {held[name] for name in held if name.startswith("Cap")} == {"0" * 16}
    assert held["NoNewPrivs"] == "1"
    assert held["Uid"] != "0"


def test_a_whole_story_makes_no_call_that_is_denied(
    house: House, figures: Callable[..., None]
) -> None:
    """Whoever makes one is killed here, instead of being told EPERM as in the unit."""
    house.add_to_unit("[Service]\nSystemCallErrorNumber=kill\n")
    since = house.mark()
    house.systemctl("restart", "maild")

    house.write("syscalls")

    house.waits_for("mail.posted", since)
    house.waits_for("reply.sent", since)
    house.systemctl("reload", "maild")
    house.waits_for("settings.reloaded", since)
    house.systemctl("stop", "maild")
    killed = [entry for entry in house.log(since) if "SYS" in str(entry.get("MESSAGE"))]
    figures(denied_calls=len(killed))
    assert killed == []
    assert house.property("Result") == "success"
    assert "reader.killed" not in house.messages(since)


def test_passwords_that_root_alone_can_read_reach_the_relay_and_the_imap_server(
    house: House,
) -> None:
    with relay_of(house.container, 2525) as relay, imap_of(house.container, 1143) as imap:
        house.configure(lambda text: text.replace(WEB, IMAP + WEB, 1) + RELAY)
        since = house.mark()
        house.systemctl("restart", "maild")
        house.write("credentials")

        wait_for(lambda: relay.logins, lambda: house.messages(since), SECONDS_MAX)
        wait_for(lambda: imap.logins, lambda: house.messages(since), SECONDS_MAX)
        house.waits_for("reply.sent", since)

    assert relay.logins[0] == ("maild", "the relay's password")
    assert imap.logins[0] == ("support", "the imap's password")
    assert "'s password" not in house.messages(since)
    unreadable = ["runuser", "-u", "maild", "--", "cat", "/etc/maild/relay.password"]
    assert house.container.run(*unreadable, check=False).returncode != 0


def test_a_reload_takes_good_files_and_keeps_the_old_ones_when_they_are_bad(house: House) -> None:
    process = house.property("MainPID")
    since = house.mark()

    house.configure(lambda text: text.replace("# undo_seconds = 0", "undo_seconds = 1"))
    house.systemctl("reload", "maild")
    house.waits_for("settings.reloaded", since)
    house.configure(lambda text: text.replace("[maild]", "[mailed]"))
    house.systemctl("reload", "maild")
    house.waits_for("settings.refused", since)
    account = house.write("reload")

    assert len(account.acknowledged) == 1
    assert (house.property("MainPID"), house.property("ActiveState")) == (process, "active")


def test_a_daemon_that_hangs_is_ended_and_started_again(
    house: House, figures: Callable[..., None]
) -> None:
    house.add_to_unit("[Service]\nWatchdogSec=4\n")
    house.systemctl("restart", "maild")
    since, process = house.mark(), house.property("MainPID")
    started = time.monotonic()

    house.container.run("kill", "-STOP", process)
    house.waits_for("daemon.ready", since)

    figures(seconds_until_ready_with_watchdog_4=time.monotonic() - started)
    assert "Watchdog timeout" in house.messages(since)
    assert house.property("MainPID") != process
    assert len(house.write("watchdog").acknowledged) == 1


def test_killed_it_comes_back_and_lacks_no_mail(
    house: House, figures: Callable[..., None]
) -> None:
    before = house.write("killed-before")
    since = house.mark()
    started = time.monotonic()

    house.container.run("kill", "-KILL", house.property("MainPID"))
    between = house.write("killed-between")
    house.waits_for("daemon.ready", since)

    figures(seconds_from_kill_to_ready=time.monotonic() - started)
    assert before.refused + between.refused == []
    house.waits_for("mail.posted", since)
    wait_for(
        lambda: (
            {f"killed-{n}@customer.example" for n in ("before", "between")} <= house.customers()
        ),
        "a mail is missing",
    )


def test_no_connection_is_refused_while_it_is_restarted_under_load(
    house: House, figures: Callable[..., None]
) -> None:
    account, stop = Account(), threading.Event()

    def customer(number: int) -> None:
        house.container.inside(lambda: keep_writing(account, 25, number, stop))

    threads = [threading.Thread(target=customer, args=(n,)) for n in range(CUSTOMERS)]
    for thread in threads:
        thread.start()
    seconds = []
    for _ in range(RESTARTS):
        wait_for(
            partial(more_than, account, len(account.acknowledged) + CUSTOMERS),
            "nothing is taken",
            SECONDS_MAX,
        )
        started = time.monotonic()
        house.systemctl("restart", "maild")
        seconds.append(time.monotonic() - started)
    stop.set()
    for thread in threads:
        thread.join(90)

    missing = account.acknowledged.keys() - journalled(house)
    turned_away = [words for _, words in account.refused if words.startswith(AT_THE_DOOR)]
    figures(
        restarts=RESTARTS,
        acknowledged=len(account.acknowledged),
        refused_connections=len(turned_away),
        lost=len(missing),
        restart_seconds=max(seconds),
    )
    assert (turned_away, missing) == ([], set())


def test_a_config_that_is_wrong_is_told_once_and_not_tried_again_though_a_client_waits(
    house: House,
) -> None:
    house.systemctl("stop", "maild.socket", "maild.service")
    house.configure(lambda text: text.replace('domain = "example.com"', "domain = 7", 1))

    code = house.systemctl("start", "maild.service", check=False)
    alone = _microseconds_after_the_end(house)
    since = house.mark()
    house.systemctl("start", "maild.socket")
    with house.container.inside(lambda: socket.create_connection(("127.0.0.1", 25))):
        house.waits_for("config.toml", since)
        time.sleep(6)  # longer than RestartSec, and than some starts
        told = [entry for entry in house.log(since) if entry["SYSLOG_IDENTIFIER"] == "maild"]
        ended = house.property("ExecMainStatus"), house.property("NRestarts")
        house.configure()
        house.systemctl("kill", "--kill-whom=control", "maild.service", check=False)
        house.waits_for("daemon.ready", since)

    assert code != 0
    assert alone < PAUSE_MICROSECONDS, "nobody waits at a socket, and still systemd did"
    assert ended == ("78", "0")
    assert len([entry for entry in told if "config.toml" in entry["MESSAGE"]]) == 1, told
    assert "domain" in str(told)


def test_the_log_is_readable_and_carries_its_priority(house: House) -> None:
    since = house.mark()

    house.write("journald")
    house.waits_for("mail.posted", since)

    entries = {str(entry["MESSAGE"]).split()[0]: entry for entry in house.log(since)}
    posted = entries["mail.posted"]
    assert re.match(r"mail\.posted mail=\d+ ticket=\d+ ", posted["MESSAGE"])
    assert (posted["PRIORITY"], posted["SYSLOG_IDENTIFIER"]) == ("6", "maild")
    assert posted["_SYSTEMD_UNIT"] == "maild.service"
    assert posted["_PID"] == house.property("MainPID")
    ticket = re.search(r"ticket=(\d+)", posted["MESSAGE"])
    assert ticket
    words = ("-u", "maild", "-g", f"ticket={ticket.group(1)}( |$)", "-o", "cat")
    assert "mail.posted" in house.container.run("journalctl", *words).stdout


def test_an_upgrade_brings_the_tables_up_to_date_and_lacks_no_mail(house: House) -> None:
    first = house.write("upgrade-first")
    since = house.mark()

    obey(house.container, commands("**Upgrade.**"), "/srv/next")
    second = house.write("upgrade-second")
    house.waits_for("mail.posted", since)

    assert NEXT in house.maild("--version")
    assert "daemon.ready" in house.messages(since)
    assert "store.migrated" in house.messages(since)
    assert "code=killed" not in house.messages(since), "the old one did not end in peace"
    assert ADDED in tables(house)
    assert first.refused + second.refused == []
    assert set(first.acknowledged) | set(second.acknowledged) <= journalled(house)
    copies = house.container.file("/var/lib/maild").glob("maild.db.before-*")
    assert [f"{copy.stat().st_mode & 0o777:o}" for copy in copies] == ["600"]


def _microseconds_after_the_end(house: House) -> int:
    """Return how long the unit went on after its daemon."""
    names = ("InactiveEnterTimestampMonotonic", "ExecMainExitTimestampMonotonic")
    gone, ended = (int(house.property(name)) for name in names)
    return gone - ended


def more_than(account: Account, number: int) -> bool:
    return len(account.acknowledged) > number


def journalled(house: House) -> set[str]:
    return set(select(house, "SELECT sha256 FROM journal"))


def tables(house: House) -> list[str]:
    return select(house, "SELECT name FROM sqlite_master WHERE type = 'table'")


def select(house: House, statement: str) -> list[str]:
    """Read the database as the user maild, beside the daemon."""
    program = (
        "import sqlite3, sys; c = sqlite3.connect('/var/lib/maild/maild.db');"
        " print(*(row[0] for row in c.execute(sys.argv[1])), sep='\\n')"
    )
    line = ("runuser", "-u", "maild", "--", "/opt/maild/bin/python", "-c", program, statement)
    return house.container.run(*line).stdout.splitlines()

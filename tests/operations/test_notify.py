"""Tests of maild/notify.py: a test socket plays systemd."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maild import notify


@pytest.fixture(params=["path", "abstract"])
def heard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[socket.socket]:
    is_path = request.param == "path"
    address = str(tmp_path / "notify") if is_path else f"\0maild-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.settimeout(5)
        yield sock


def environment_of(sock: socket.socket) -> dict[str, str]:
    name = sock.getsockname()
    text = "@" + name[1:].decode() if isinstance(name, bytes) else name
    return {"NOTIFY_SOCKET": text}


def test_every_message_reaches_systemd_in_its_words(heard: socket.socket) -> None:
    supervisor = notify.supervisor(environment_of(heard))

    supervisor.ready("3 mailboxes\nWATCHDOG=trigger")
    supervisor.reloading()
    supervisor.alive()
    supervisor.status("all quiet")
    supervisor.stopping()

    messages = [heard.recv(4096).decode() for _ in range(5)]
    assert messages[0] == "READY=1\nSTATUS=3 mailboxes WATCHDOG=trigger"
    assert messages[1].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert messages[1].rpartition("=")[2].isdigit()
    assert messages[2:] == ["WATCHDOG=1", "STATUS=all quiet", "STOPPING=1"]


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all"])
def test_without_systemd_nothing_happens(address: str) -> None:
    notify.supervisor({"NOTIFY_SOCKET": address}).ready()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_answered_only_when_it_means_us(
    environment: dict[str, str], seconds: float | None
) -> None:
    assert notify.watchdog_interval(environment) == seconds


def test_sockets_meant_for_another_process_are_left_alone() -> None:
    assert notify.inherited_sockets({"LISTEN_FDS": "1", "LISTEN_PID": "1"}) == {}
    assert notify.inherited_sockets({}) == {}


CHILD = """
import os, sys
for position, copy in enumerate(sys.argv[1:]):
    os.dup2(int(copy), 3 + position)
from maild import notify
environment = dict(os.environ, LISTEN_PID=str(os.getpid()))
for name, sock in notify.inherited_sockets(environment).items():
    print(name, sock.family.name, sock.proto, sock.getsockname()[1], os.get_inheritable(sock.fileno()))
"""


def test_inherited_sockets_come_by_name_with_their_protocol_and_stay_ours() -> None:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    ports = [listener.getsockname()[1] for listener in listeners]
    copies = [fcntl.fcntl(listener, fcntl.F_DUPFD, 100) for listener in listeners]
    environment = os.environ | {"LISTEN_FDS": "3", "LISTEN_FDNAMES": "smtp:smtp:web"}

    said = subprocess.run(
        [sys.executable, "-c", CHILD, *map(str, copies)],
        env=environment,
        pass_fds=copies,
        stdout=subprocess.PIPE,
        text=True,
        timeout=30,
        check=True,
    ).stdout

    for listener, copy in zip(listeners, copies, strict=True):
        listener.close()
        os.close(copy)
    assert said.splitlines() == [
        f"smtp AF_INET 6 {ports[0]} False",
        f"smtp.2 AF_INET 6 {ports[1]} False",
        f"web AF_INET 6 {ports[2]} False",
    ]

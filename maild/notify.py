"""Notify: what systemd and the daemon tell each other.

`sd_notify`: one datagram of `KEY=value` lines to the socket named in `NOTIFY_SOCKET`. Without
systemd every message goes nowhere, so that callers need not ask. Socket activation: descriptors
from 3 on, counted by `LISTEN_FDS` and named by `LISTEN_FDNAMES`, if `LISTEN_PID` means us.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

FIRST_INHERITED_DESCRIPTOR: Final = 3
_MICROSECONDS = 1_000_000
_SEND_SECONDS = 5.0
_DIGITS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervisor:
    """Systemd, when it started us; `address` is empty when there is none."""

    address: str = ""
    """Path of its socket; a first character `@` stands for the abstract namespace."""

    def ready(self, status: str = "") -> None:
        """Say that everything works: at the end of the start, and of a reload."""
        self._tell("READY=1", f"STATUS={_one_line(status)}")

    def reloading(self) -> None:
        """Say that files are read anew; `ready` ends it."""
        stamp = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={stamp}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """Say that the daemon really works; to be called more often than `watchdog_interval`."""
        self._tell("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Give one line for `systemctl status`."""
        self._tell(f"STATUS={_one_line(text)}")

    def _tell(self, *lines: str) -> None:
        """Send one datagram; a supervisor that has gone is no reason to stop."""
        if not self.address:
            return
        name = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(_SEND_SECONDS)
            try:
                sender.sendto("\n".join(lines).encode(), name)
            except OSError:
                return


def supervisor(environment: Mapping[str, str]) -> Supervisor:
    """Return who started us, as the environment has it."""
    address = environment.get("NOTIFY_SOCKET", "")
    return Supervisor(address=address if address.startswith(("/", "@")) else "")


def watchdog_interval(environment: Mapping[str, str]) -> float | None:
    """Return after how many seconds of silence systemd ends us, or None when it does not watch.

    `WATCHDOG_PID` may say that another process is meant.
    """
    meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    microseconds = _number(environment.get("WATCHDOG_USEC", ""))
    return microseconds / _MICROSECONDS if meant and microseconds else None


def inherited_sockets(environment: Mapping[str, str]) -> dict[str, socket.socket]:
    """Return the listening sockets that systemd opened for us, by name, in their order.

    A name that comes twice (IPv4 and IPv6 of one unit) gets `.2`, `.3` and so on. Made from the
    descriptor alone, so that family and protocol are asked of the kernel: asyncio sets
    TCP_NODELAY only where the protocol is known. Call it once: the caller owns the sockets, and
    no child process inherits them.
    """
    if environment.get("LISTEN_PID", "") != str(os.getpid()):
        return {}
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    sockets: dict[str, socket.socket] = {}
    for position in range(_number(environment.get("LISTEN_FDS", ""))):
        name = names[position] if position < len(names) and names[position] else "unknown"
        descriptor = FIRST_INHERITED_DESCRIPTOR + position
        os.set_inheritable(descriptor, False)
        sockets[_free_name(name, sockets)] = socket.socket(fileno=descriptor)
    return sockets


def _free_name(name: str, taken: Mapping[str, socket.socket]) -> str:
    if name not in taken:
        return name
    return next(n for i in range(2, len(taken) + 3) if (n := f"{name}.{i}") not in taken)


def _number(text: str) -> int:
    """Return a count as systemd writes it (at most 64 bits), or 0."""
    is_count = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
    return int(text) if is_count else 0


def _one_line(text: str) -> str:
    """A line end would start the next assignment."""
    return " ".join(text.split())

"""A load of SMTP sessions, each with one kept connection, that times every mail."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from tests.bench.workload import TO, Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a run of the load showed."""

    seconds: float
    accepted: int
    dot_seconds: tuple[float, ...]
    """From the final dot to 250, sorted."""

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.accepted / self.seconds

    def dot_ms(self, share: float) -> float:
        """The time from the dot to 250 within which this share of the mails was accepted."""
        return (
            self.dot_seconds[min(int(len(self.dot_seconds) * share), len(self.dot_seconds) - 1)]
            * 1e3
        )


def send(port: int, letters: Sequence[Letter], sessions: int) -> Load:
    """Send all letters over some sessions; every one must be accepted."""
    todo, lock, times = iter(letters), threading.Lock(), list[float]()
    ready = [_stuffed(letter) for letter in letters]
    bodies = iter(ready)

    def session() -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            replies = connection.makefile("rb")
            _expect(replies, b"220")
            connection.sendall(b"EHLO load.example\r\n")
            _expect(replies, b"250")
            while True:
                with lock:
                    letter, body = next(todo, None), next(bodies, b"")
                if letter is None:
                    return
                for command, code in (
                    (f"MAIL FROM:<{letter.sender}>", b"250"),
                    (f"RCPT TO:<{TO}>", b"250"),
                    ("DATA", b"354"),
                ):
                    connection.sendall(command.encode() + b"\r\n")
                    _expect(replies, code)
                connection.sendall(body[:-5])
                start = time.perf_counter()
                connection.sendall(body[-5:])
                _expect(replies, b"250")
                times.append(time.perf_counter() - start)

    start = time.perf_counter()
    threads = [threading.Thread(target=session) for _ in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    if len(times) != len(letters):
        raise SystemExit(f"only {len(times)} of {len(letters)} mails were accepted")
    return Load(seconds=seconds, accepted=len(times), dot_seconds=tuple(sorted(times)))


def _stuffed(letter: Letter) -> bytes:
    body = letter.raw if letter.raw.endswith(b"\r\n") else letter.raw + b"\r\n"
    return body.replace(b"\r\n.", b"\r\n..") + b".\r\n"


def _expect(replies: BinaryIO, code: bytes) -> None:
    while True:
        line = replies.readline()
        if not line.startswith(code):
            raise SystemExit(f"the server said {line!r}")
        if line[3:4] != b"-":
            return

"""What a daemon in a container logs in to: a relay and an IMAP server that keep the passwords."""

from __future__ import annotations

import shlex
import socket
import socketserver
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.systemd.container import Container

LINE_BYTES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Door:
    """Who came, with which password."""

    logins: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def relay_of(container: Container, port: int) -> Iterator[Door]:
    """A relay that asks for a password and takes every mail."""
    door = Door()
    with _serving(container, port, _Relay, door):
        yield door


@contextmanager
def imap_of(container: Container, port: int) -> Iterator[Door]:
    """An IMAP server that hears a login, and refuses what follows."""
    door = Door()
    with _serving(container, port, _Imap, door):
        yield door


class _Talk(socketserver.StreamRequestHandler):
    server: _Server

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> str:
        return self.rfile.readline(LINE_BYTES_MAX).decode()


class _Relay(_Talk):
    def handle(self) -> None:
        self.say("220 relay")
        while line := self.hear():
            self._answer(line.split())

    def _answer(self, words: list[str]) -> None:
        command = words[0].upper()
        if command == "AUTH":
            _, user, password = b64decode(words[2]).decode().split("\0")
            self.server.door.logins.append((user, password))
            self.say("235 welcome")
        elif command == "EHLO":
            self.say("250-relay", "250 AUTH PLAIN")
        elif command == "DATA":
            self.say("354 go on")
            while self.hear() not in (".\r\n", ""):
                continue
            self.say("250 taken")
        else:
            self.say("250 well")


class _Imap(_Talk):
    def handle(self) -> None:
        self.say("* OK [CAPABILITY IMAP4rev1] ready")
        while line := self.hear():
            tag, command, *words = shlex.split(line)
            if command.upper() == "LOGIN":
                self.server.door.logins.append((words[0], words[1]))
            if command.upper() == "CAPABILITY":
                self.say("* CAPABILITY IMAP4rev1")
            refused = command.upper() in ("SELECT", "STATUS")
            self.say(f"{tag} {'NO' if refused else 'OK'} done")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, talk: type[_Talk], door: Door) -> None:
        super().__init__(listener.getsockname(), talk, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.door = door


@contextmanager
def _serving(container: Container, port: int, talk: type[_Talk], door: Door) -> Iterator[None]:
    listener = container.inside(lambda: socket.create_server(("127.0.0.1", port)))
    with _Server(listener, talk, door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()

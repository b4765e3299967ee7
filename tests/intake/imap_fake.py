"""A small IMAP server that behaves, until a test tells it how not to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from maild.settings import ImapSettings

Answer = Callable[["Dialogue", bytes, bytes], bool]
"""(dialogue, tag, command without tag) -> whether it has answered."""


@dataclass
class Dialogue:
    """One connection as the server sees it."""

    connection: socket.socket
    lines: list[bytes] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def say(self, *parts: bytes) -> None:
        self.connection.sendall(b"".join(parts))


class FakeServer:
    """Serves one mail, `UID 1`, to everybody; `greeting` and `answer` may spoil it."""

    def __init__(
        self,
        answer: Answer = lambda *_: False,
        greeting: bytes = b"* OK ready\r\n",
        capabilities: bytes = b"IMAP4rev1 IDLE",
        raw: bytes = b"From: a@example.org\r\n\r\nhello\r\n",
    ) -> None:
        self._answer = answer
        self._greeting = greeting
        self._capabilities = capabilities
        self._raw = raw
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.dialogues: list[Dialogue] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        for dialogue in self.dialogues:
            dialogue.connection.close()

    @property
    def lines(self) -> list[bytes]:
        """Everything that was received, in order."""
        return [line for dialogue in self.dialogues for line in dialogue.lines]

    def settings(self, **more: object) -> ImapSettings:
        given = {
            "mailbox": "fake",
            "host": "127.0.0.1",
            "port": self.port,
            "tls": "none",
            "user": "user",
            "password": "pw",
            "since": "all",
        }
        return ImapSettings(**(given | more))  # type: ignore[arg-type]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            dialogue = Dialogue(connection)
            self.dialogues.append(dialogue)
            threading.Thread(target=self._talk, args=(dialogue,), daemon=True).start()

    def _talk(self, dialogue: Dialogue) -> None:
        try:
            dialogue.say(self._greeting)
            with dialogue.connection.makefile("rb") as reader:
                for line in reader:
                    dialogue.lines.append(line)
                    tag, _, command = line.strip().partition(b" ")
                    if not self._answer(dialogue, tag, command):
                        self._behave(dialogue, tag, command.upper())
        except (OSError, ValueError):
            return
        finally:
            dialogue.connection.close()

    def _behave(self, dialogue: Dialogue, tag: bytes, command: bytes) -> None:
        if tag == b"DONE":
            tag = dialogue.lines[-2].split()[0]
        elif command.startswith(b"CAPABILITY"):
            dialogue.say(b"* CAPABILITY ", self._capabilities, b"\r\n")
        elif command.startswith(b"SELECT"):
            dialogue.say(
                b"* 1 EXISTS\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] ok\r\n"
                b"* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 2] ok\r\n"
            )
        elif command.startswith(b"UID SEARCH"):
            dialogue.say(b"* SEARCH 1\r\n")
        elif b"RFC822.SIZE" in command:
            dialogue.say(b"* 1 FETCH (UID 1 RFC822.SIZE %d)\r\n" % len(self._raw))
        elif b"BODY.PEEK[]" in command:
            dialogue.say(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(self._raw), self._raw, b")\r\n")
        elif command.startswith(b"IDLE"):
            dialogue.say(b"+ idling\r\n")
            return
        dialogue.say(tag, b" OK done\r\n")

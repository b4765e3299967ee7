"""People at their desks: mutt and swaks write and send mail, as somebody types it."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.flows.letter import Letter
from tests.needs import find

_EDITOR = '#!/bin/sh\ncat "{words}" "$1" > "$1.new" && mv "$1.new" "$1"\n'
_BELOW = '#!/bin/sh\ncat "{words}" >> "$1"\n'
SECONDS_MAX = 60


@dataclass(slots=True)
class Desktop:
    """One person's machine."""

    folder: Path
    address: str
    name: str
    port: int
    signature: str = ""
    sent: list[str] = field(default_factory=list)
    """The programs that sent a mail, one entry for each."""

    def write(self, to: str, subject: str, text: str) -> None:
        """Send a new mail by swaks."""
        command = [
            str(find("swaks")), "--server", "127.0.0.1", "--port", str(self.port), "--hide-all",
            "--from", self.address, "--to", to, "--header", f"Subject: {subject}",
            "--header", f"From: {self.name} <{self.address}>", "--body", text,
        ]  # fmt: skip
        subprocess.run(command, check=True, timeout=SECONDS_MAX, stdin=subprocess.DEVNULL)
        self.sent.append("swaks")

    def reply(
        self, letter: Letter, text: str, *, to_all: bool = False, below: bool = False
    ) -> None:
        """Answer a mail in mutt: it is quoted, the text stands above (or below) and goes out."""
        box = self.folder / f"mail-{len(self.sent)}"
        for part in ("new", "cur", "tmp"):
            (box / part).mkdir(parents=True)
        shutil.copy(letter.file, box / "cur" / f"{letter.file.name}:2,S")
        words, editor = box / "words", box / "editor"
        words.write_text(f"\n{text}\n" if below else f"{text}\n\n", encoding="utf-8")
        editor.write_text((_BELOW if below else _EDITOR).format(words=words), encoding="utf-8")
        editor.chmod(0o700)
        _run(list(self._command(box, editor, "<group-reply>" if to_all else "<reply>")))
        self.sent.append("mutt")

    def _command(self, box: Path, editor: Path, key: str) -> Iterator[str]:
        if self.signature:
            (box / "signature").write_text(f"{self.signature}\n\n", encoding="utf-8")
        settings = (
            f"set folder={box} record='' postponed='' header_cache='' hostname=laptop.example",
            f"set from='{self.address}' realname='{self.name}' use_from=yes envelope_from=yes",
            f"set smtp_url='smtp://127.0.0.1:{self.port}' ssl_starttls=no ssl_force_tls=no",
            "set include=yes fast_reply=yes reply_to=yes reply_self=yes abort_unmodified=no",
            f"set editor='{editor}' signature='{box / 'signature'}' quit=yes move=no copy=no",
            "set sleep_time=0 confirmappend=no sig_on_top=yes recall=no abort_nosubject=no",
            f"push '{key}y<exit>'",
        )
        yield from (str(find("mutt")), "-n", "-F", "/dev/null", "-f", str(box))
        for line in settings:
            yield from ("-e", line)


def _run(command: list[str]) -> None:
    """Run a program on a terminal of its own until it ends."""
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "vt100", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    drawn = b""
    try:
        while chunk := os.read(master, 65536):
            drawn += chunk
    except OSError:
        pass  # the program has ended, and its terminal with it
    finally:
        os.close(master)
        assert process.wait(SECONDS_MAX) == 0, drawn[-2000:]

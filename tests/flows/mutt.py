"""Mutt's own view of a Maildir: which mail hangs under which, and what a mail looks like."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from dataclasses import dataclass
from pathlib import Path

from tests.needs import find

_LINE = re.compile(r"LINE (\d+) from (.*?) about (.*?) END")
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78M])")
_STEP = 2
"""Characters by which mutt shifts a mail below its parent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One line of mutt's index."""

    depth: int
    """0 for a thread's first mail."""
    sender: str
    subject: str


def threads(folder: Path) -> list[Shown]:
    """Return the index that mutt shows of a Maildir, sorted by threads."""
    settings = (
        f"set folder={folder} record='' postponed=''",
        "set sort=threads strict_threads=yes ascii_chars=yes hide_missing=no hide_top_missing=no",
        "set hide_thread_subject=no narrow_tree=no quit=yes delete=no mark_old=no help=no",
        "set index_format='LINE %C from %n about %s END'",
    )
    command = [str(find("mutt")), "-n", "-F", "/dev/null", "-R", "-f", str(folder)]
    for line in settings:
        command += ["-e", line]
    screen = _ESCAPE.sub("", _run(command, " END"))
    found: dict[int, Shown] = {}
    for number, sender, subject in _LINE.findall(screen):
        tree = re.match(r"[ |`\-*>?+&=.]*", subject)
        width = len(tree.group()) if tree else 0
        found[int(number)] = Shown(
            depth=width // _STEP, sender=sender.strip(), subject=subject[width:]
        )
    assert found, repr(screen)
    return [found[number] for number in sorted(found)]


def text_of(folder: Path, file: Path) -> str:
    """Return the first mail of a Maildir as mutt shows it, in a terminal of 80 columns.

    `file` is where mutt may write it.
    """
    settings = (
        f"set folder={folder} record='' postponed='' mark_old=no help=no quit=yes wait_key=no",
        "set pipe_decode=yes sort=date",
        "ignore *",
        "unignore from to subject date",
        "alternative_order text/plain",
        f"push '<pipe-message>cat > {file}; echo WRITTEN<enter><exit>'",
    )
    command = [str(find("mutt")), "-n", "-F", "/dev/null", "-R", "-f", str(folder)]
    for line in settings:
        command += ["-e", line]
    _run(command, "WRITTEN")
    return file.read_text("utf-8")


def _run(command: list[str], wanted: str) -> str:
    """Run a program on a terminal of its own until it has drawn its screen; then end it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 250, 0, 0))
    environment = os.environ | {"TERM": "vt100", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    drawn = b""
    deadline = time.monotonic() + 20
    with contextlib.suppress(OSError):  # the program has ended, and its terminal with it
        while time.monotonic() < deadline and process.poll() is None:
            ready, _, _ = select.select([master], [], [], 0.5)
            if ready:
                drawn += os.read(master, 65536)
            elif wanted.encode() in drawn:
                break
    process.kill()
    process.wait()
    os.close(master)
    return drawn.decode("utf-8", "replace")

"""`make newcomer`: what the README promises somebody with a bare Debian, timed; by hand, as root.

    make newcomer OPTIONS="--root /srv/bare --lend /etc/pip.conf"

A Debian with git, make and python3-venv is made by debootstrap, or one that lies ready is taken. The
project is cloned into it as it was last committed, `make` is started, and the first mail is written
as the README writes it. Packages come over this machine's network; `--lend` shows files or folders
of this machine inside, at the same place, where pip needs them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MIRROR = "http://deb.debian.org/debian"
PACKAGES = "git,make,python3,python3-venv,ca-certificates"
PLACE = "/srv/maild"
PORT = 8025
GREETING_SECONDS_MAX = 900
_FIRST_MAIL = (
    r"printf 'From: you@example.net\nTo: support@example.com\nSubject: Hello\n\nMy first ticket.\n'"
    " > hello.eml\n.venv/bin/maild deliver --to support@example.com < hello.eml\n"
    ".venv/bin/maild ticket list\n"
)


def main() -> None:
    """Do it all, and print how long each step took."""
    options = argparse.ArgumentParser(prog="make newcomer")
    options.add_argument("--root", type=Path, help="a bare Debian that lies ready")
    options.add_argument("--lend", action="append", default=[], help="shown inside, read-only")
    options.add_argument("--tests", default="tests/core", help="what make test tries")
    given = options.parse_args()
    if "MAILD_NEWCOMER" not in os.environ:
        _begin_in_mounts_of_our_own()
    with tempfile.TemporaryDirectory(prefix="newcomer-") as name:
        root = given.root or _debian(Path(name) / "root")
        _furnish(root, given.lend)
        _live(root, given.tests)


def _begin_in_mounts_of_our_own() -> None:
    """Start anew where a mount is seen by nobody else and goes with us."""
    command = ["unshare", "--mount", "--propagation=private", sys.executable, *sys.orig_argv[1:]]
    os.environ["MAILD_NEWCOMER"] = "1"
    os.execvp(command[0], command)


def _debian(root: Path) -> Path:
    with _timed("debootstrap"):
        _run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", root, MIRROR)
    return root


def _furnish(root: Path, lent: list[str]) -> None:
    for kind, place in (("proc", "proc"), ("sysfs", "sys")):
        _run("mount", "-t", kind, "none", root / place)
    _run("mount", "--rbind", "/dev", root / "dev")
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    for path in map(Path, lent):
        inside = root / path.relative_to("/")
        if path.is_dir():
            inside.mkdir(parents=True, exist_ok=True)
        else:
            inside.parent.mkdir(parents=True, exist_ok=True)
            inside.touch()
        _run("mount", "--bind", "-o", "ro", path, inside)
    shutil.rmtree(root / PLACE.lstrip("/"), ignore_errors=True)


def _live(root: Path, tests: str) -> None:
    with _timed("git clone"):
        _run("git", "clone", "--quiet", "--no-local", ROOT, root / PLACE.lstrip("/"))
    with _timed("make, until the daemon greets"):
        daemon = _inside(root, "exec make")
        _await_greeting(daemon)
    try:
        with _timed("the first mail of the README"):
            told = subprocess.run(
                _command(root, _FIRST_MAIL), capture_output=True, text=True, check=True
            ).stdout
        assert "Hello" in told, told
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.wait(60)
    with _timed(f"make test TESTS={tests}"):
        assert _inside(root, f"make test TESTS={tests}").wait() == 0, "make test fails"


def _await_greeting(daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + GREETING_SECONDS_MAX
    while time.monotonic() < deadline:
        assert daemon.poll() is None, "make has ended"
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", PORT), timeout=5) as connection,
        ):
            assert connection.recv(100).startswith(b"220 ")
            return
        time.sleep(0.1)
    raise AssertionError("nobody greets")


def _inside(root: Path, line: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(_command(root, line), start_new_session=True)


def _command(root: Path, line: str) -> list[str]:
    kept = [f"{name}={value}" for name, value in os.environ.items() if name.startswith("PIP_")]
    clean = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"]
    return ["chroot", str(root), "env", "-i", *clean, *kept, "sh", "-euc", f"cd {PLACE}\n{line}"]


def _run(*command: str | Path) -> None:
    subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL, check=True)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    sys.stdout.write(f"{time.monotonic() - started:8.1f} s  {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

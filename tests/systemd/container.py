"""A machine with systemd as its first process, made of this machine's own files and thrown away.

    with booted(over) as container:
        container.run("systemctl", "start", "maild")

What `over` holds lies over the root of this machine; whatever is written inside goes to memory and
is gone at the end. The machine has a network of its own with nothing but its loopback device:
`Container.inside` calls a function there.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.flows.stage import wait_for
from tests.needs import find, require

T = TypeVar("T")
BOOT_SECONDS_MAX = 90
HALT = signal.SIGRTMIN + 4
"""What makes systemd as the first process shut down and switch off."""
_NETWORK = 0x40000000
_PRIVATE = (
    *("setpriv", "--pdeathsig=KILL"),
    *("unshare", "--mount", "--propagation=private", "--pid", "--fork", "--mount-proc"),
    "--kill-child",
)
_TREE = re.compile(r"^\S+ (\S+) cgroup2 ", re.MULTILINE)
# Everything below is done in mounts that only this shell and its children see. nspawn wants the
# one tree of control groups at its usual place, and keeps notes in /run.
_BOOT = """
umount --recursive /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mkdir "/sys/fs/cgroup/$NAME"
echo $$ > "/sys/fs/cgroup/$NAME/cgroup.procs"
mount -t tmpfs -o size=2g none "$PLACE"
mkdir "$PLACE/written" "$PLACE/scratch" "$PLACE/merged"
mount -t overlay -o "lowerdir=/,upperdir=$PLACE/written,workdir=$PLACE/scratch" none "$PLACE/merged"
rm -rf "$PLACE/merged/etc/systemd/system" "$PLACE/merged/var/log/journal"
mkdir -p "$PLACE/merged/etc/systemd/system"
: > "$PLACE/merged/etc/machine-id"
cp -a "$OVER/." "$PLACE/merged/"
mount -t tmpfs none /run
exec "$NSPAWN" --quiet --boot --directory="$PLACE/merged" --machine="$NAME" --register=no \
  --keep-unit --private-users=no --private-network --system-call-filter=bpf --link-journal=no \
  --timezone=off --resolv-conf=off --console=pipe systemd.unit=multi-user.target
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A running one; `first` is its systemd's process id on this machine."""

    first: int

    def run(
        self, *command: str, check: bool = True, folder: str = "/"
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root."""
        found = subprocess.run(
            ["nsenter", f"--target={self.first}", "--all", f"--wdns={folder}", *command],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        )
        assert not check or found.returncode == 0, (command, found.stdout, found.stderr)
        return found

    def file(self, path: str) -> Path:
        """Return where a file of the container's is found from outside."""
        return Path(f"/proc/{self.first}/root") / path.lstrip("/")

    def inside(self, work: Callable[[], T]) -> T:
        """Call a function in a thread whose sockets belong to the container's network."""
        future: Future[T] = Future()

        def enter() -> None:
            try:
                _enter_network(self.first)
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed over to whoever waits
                future.set_exception(error)

        threading.Thread(target=enter, daemon=True).start()
        return future.result(300)


@contextmanager
def booted(over: Path) -> Iterator[Container]:
    """Boot a container and end it; skips where a program or a right is missing."""
    require("root", "mount", "nspawn")
    with tempfile.TemporaryDirectory(prefix="container-") as name:
        place = Path(name)
        machine = place.name.replace("_", "0")
        process = _boot(place, machine, over)
        try:
            yield Container(first=_when_up(process, place))
        finally:
            _end(process)
            _sweep(machine)


def dress(over: Path, file: str, content: str | bytes, mode: int = 0o644) -> None:
    """Put a file into what will lie over the root; `file` is its path inside."""
    target = over / file.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    target.chmod(mode)


def _boot(place: Path, machine: str, over: Path) -> subprocess.Popen[bytes]:
    root = place / "machine"
    root.mkdir()
    nspawn = find("systemd-nspawn")
    assert nspawn
    told = {"NAME": machine, "PLACE": str(root), "OVER": str(over), "NSPAWN": str(nspawn)}
    with (place / "console").open("wb") as console:
        return subprocess.Popen(
            [*_PRIVATE, "bash", "-euc", _BOOT],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            env=os.environ | told,
            start_new_session=True,
        )


def _when_up(process: subprocess.Popen[bytes], place: Path) -> int:
    """Return the first process of a container that has come up."""

    def console() -> str:
        told = (place / "console").read_text(errors="replace")[-3000:]
        return f"no container comes up here:\n{told}"

    def up() -> int:
        assert process.poll() is None, console()
        first = _first(process.pid)
        if not first:
            return 0
        asked = ["nsenter", f"--target={first}", "--all", "systemctl", "is-system-running"]
        told = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
        return first if told.stdout.strip() in ("running", "degraded") else 0

    return wait_for(up, console, BOOT_SECONDS_MAX)


def _first(process_id: int) -> int:
    """Return the child named systemd of the child named systemd-nspawn; 0 when there is none."""
    parents: dict[int, list[tuple[int, str]]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            before, _, after = (folder / "stat").read_text().rpartition(") ")
            parent = int(after.split()[1])
            parents.setdefault(parent, []).append((int(folder.name), before.partition("(")[2]))
    waiting = [process_id]
    while waiting:
        for child, name in parents.get(waiting.pop(), ()):
            if name == "systemd":
                return child
            waiting.append(child)
    return 0


def _enter_network(process_id: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    with Path(f"/proc/{process_id}/ns/net").open("rb") as network:
        if library.setns(network.fileno(), _NETWORK):
            raise OSError(ctypes.get_errno(), "cannot enter the container's network")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let it shut down; what does not end by itself is killed with all that it holds."""
    first = _first(process.pid)
    if process.poll() is None and first:
        os.kill(first, HALT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(40)
    if process.poll() is None:
        process.kill()
        process.wait(20)


def _sweep(machine: str) -> None:
    """Take away the container's control groups, where this machine shows them."""
    for tree in _TREE.findall(Path("/proc/mounts").read_text()):
        top = Path(tree) / machine
        if not top.is_dir():
            continue
        folders = sorted((f for f in top.rglob("*") if f.is_dir()), key=lambda f: -len(f.parts))
        for folder in (*folders, top):
            with suppress(OSError):
                folder.rmdir()

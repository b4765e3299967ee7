"""A real mail server in front of maild: Postfix in a private folder, on a free port.

It takes mail for one domain by SMTP and hands it over by LMTP; everything else, its bounces
included, it throws away, so that nothing ever leaves the machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.needs import find, require
from tests.ports import free_port

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mta.example
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = {domain}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
default_transport = discard
relay_transport = discard
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtputf8_enable = yes
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
{more}
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_START_SECONDS = 30
_END_SECONDS = 5
_CONNECTED = "disconnect from"


@dataclass(frozen=True, kw_only=True)
class Postfix:
    """A running server."""

    port: int
    folder: Path

    def log(self) -> str:
        """Return what it has logged so far."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def wait_for(self, text: str, count: int = 1, seconds: float = 20) -> str:
        """Return the log once a text stands in it so often; fail when it never does."""
        deadline = time.monotonic() + seconds
        while self.log().count(text) < count:
            assert time.monotonic() < deadline, f"{text!r} never came:\n{self.log()}"
            time.sleep(0.05)
        return self.log()

    def outcomes(self) -> dict[str, str]:
        """Return what became of each recipient: `sent`, `deferred` or `bounced`."""
        found = {}
        for line in self.log().splitlines():
            if "/lmtp[" in line and " to=<" in line and " status=" in line:
                recipient = line.partition(" to=<")[2].partition(">")[0]
                found[recipient] = line.partition(" status=")[2].partition(" ")[0]
        return found


@contextmanager
def postfix(
    lmtp_port: int, *, domain: str = "mail.example", more: str = "", port: int = 0
) -> Iterator[Postfix]:
    """Run a Postfix that delivers a domain's mail by LMTP; `more` goes into its main.cf.

    It listens on a free port where none is given.
    """
    require("postfix", "root")
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    port = port or free_port()
    values = {"folder": folder, "domain": domain, "lmtp_port": lmtp_port, "port": port}
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    (folder / "etc" / "main.cf").write_text(_MAIN.format(more=more, **values))
    (folder / "etc" / "master.cf").write_text(_MASTER.format(**values))
    server = Postfix(port=port, folder=folder)
    try:
        _start(server)
        yield server
    finally:
        _kill(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _start(server: Postfix) -> None:
    """Start it; once more where its own logger does not come up and everything waits for that."""
    for seconds in (5, 10, _START_SECONDS):
        subprocess.run(
            [str(find("postfix")), "-c", str(server.folder / "etc"), "start"],
            check=True,
            capture_output=True,
            timeout=60,
        )
        if _is_up(server, seconds):
            return
        _kill(server.folder)
    raise AssertionError(server.log())


def _kill(folder: Path) -> None:
    """End it at once; `postfix stop` would wait without end for a logger that is not there.

    Returns when all its processes are dead, so that their port is free for the next start.
    """
    owner = folder / "queue" / "pid" / "master.pid"
    with suppress(FileNotFoundError, ValueError, ProcessLookupError):
        group = int(owner.read_text())
        os.killpg(group, signal.SIGKILL)
        deadline = time.monotonic() + _END_SECONDS
        while _is_alive(group) and time.monotonic() < deadline:
            time.sleep(0.01)
    owner.unlink(missing_ok=True)


def _is_alive(group: int) -> bool:
    """Whether a process of it lives; what is dead and only waits to be buried holds nothing."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, its_group = path.read_text().rpartition(") ")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False


def _is_up(server: Postfix, seconds: float) -> bool:
    """Whether it greets and writes its log, within some time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError):
            with socket.create_connection(("127.0.0.1", server.port), timeout=2) as probe:
                probe.recv(100)
            if _CONNECTED in server.log():
                return True
        time.sleep(0.05)
    return False

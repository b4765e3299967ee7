"""Debian's opendkim and opendmarc, as they stand in front of many a help desk.

Both ask the name server that /etc/resolv.conf names, so each runs with one of its own, in a mount
namespace; that needs root, and a name server on port 53 of some address of this machine.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.needs import find
from tests.ports import free_port

AUTHSERV_ID = "mta.example"
DNS = (f"127.0.53.{1 + os.getpid() % 250}", 53)
"""Of this process alone: others run at the same time, and the port cannot be another one."""
_DKIM = """
Mode v
Socket inet:{port}@127.0.0.1
AuthservID {id}
AlwaysAddARHeader yes
InternalHosts {folder}/nobody
PeerList {folder}/nobody
Syslog no
Background no
UserID root
Nameservers {server}
"""
_DMARC = """
Socket inet:{port}@127.0.0.1
AuthservID {id}
TrustedAuthservIDs {id}
IgnoreHosts {folder}/nobody
RejectFailures false
SPFSelfValidate true
Background false
Syslog false
UserID root
"""
_START_SECONDS = 30


_OPENDKIM = ("opendkim", "-x", _DKIM)
_OPENDMARC = ("opendmarc", "-c", _DMARC)


@contextmanager
def milters() -> Iterator[str]:
    """Run both; give the lines for Postfix's main.cf."""
    with _all_running(_OPENDKIM, _OPENDMARC) as ports:
        places = ", ".join(f"inet:127.0.0.1:{port}" for port in ports)
        yield f"smtpd_milters = {places}\nmilter_default_action = tempfail\nmilter_protocol = 6\n"


@contextmanager
def opendmarc() -> Iterator[int]:
    """Run opendmarc alone; give its port."""
    with _all_running(_OPENDMARC) as (port,):
        yield port


@contextmanager
def _all_running(*programs: tuple[str, str, str]) -> Iterator[list[int]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="milters-")))
        (folder / "nobody").write_text("192.0.2.1\n")
        (folder / "resolv.conf").write_text(f"nameserver {DNS[0]}\noptions timeout:2 attempts:1\n")
        yield [
            stack.enter_context(_running(name, option, config, folder))
            for name, option, config in programs
        ]


@contextmanager
def _running(name: str, option: str, config: str, folder: Path) -> Iterator[int]:
    port = free_port()
    file = folder / f"{name}.conf"
    values = {"folder": folder, "id": AUTHSERV_ID, "server": DNS[0], "port": port}
    file.write_text(config.format(**values))
    mount = f"mount --bind {folder}/resolv.conf /etc/resolv.conf"
    command = f"{mount} && exec {find(name)} -f {option} {file}"
    log = (folder / f"{name}.log").open("wb")
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", command], stdout=log, stderr=subprocess.STDOUT
    )
    try:
        _wait(port, process, folder / f"{name}.log")
        yield port
    finally:
        process.kill()  # told to end, a milter looks up from its socket every five seconds only
        process.wait(20)
        log.close()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return

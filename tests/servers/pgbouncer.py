"""A real PgBouncer before a real PostgreSQL: what stands in between in many houses."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.needs import find, require
from tests.ports import free_port

START_SECONDS = 30
_CONFIG = """
[databases]
* = host=127.0.0.1 port={server} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
auth_file =
pool_mode = {mode}
default_pool_size = {size}
"""


@contextlib.contextmanager
def in_between(url: str, mode: str, size: int = 40) -> Iterator[str]:
    """Give the URL by which a database is reached through a pooler in this `pool_mode`."""
    require("pgbouncer")
    to = make_url(url)
    with tempfile.TemporaryDirectory(prefix="maild-pgbouncer-") as name:
        folder, port = Path(name), free_port()
        config = folder / "pgbouncer.ini"
        config.write_text(
            _CONFIG.format(server=to.port, user=to.username, port=port, mode=mode, size=size)
        )
        for path in (folder, config):
            shutil.chown(path, "postgres")
        program = find("pgbouncer")
        assert program
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, config], stdout=log, stderr=log, user="postgres", group="postgres"
            )
        try:
            _await(port, process, folder / "log")
            yield to.set(port=port).render_as_string(hide_password=False)
        finally:
            process.kill()
            process.wait()


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, "PgBouncer does not answer"
        time.sleep(0.05)

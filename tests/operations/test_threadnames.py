"""Threads can be told apart from outside, as `top -H` shows them."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

import pytest

from maild import settings, threadnames
from maild.app import Daemon, Role
from tests.configs import SENDING

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux shows them in /proc")

WANTED = {"journal-writer", "send-0", "send-1", "pulse"}


def shown() -> dict[int, str]:
    """Return what the system calls each thread of this process."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(task.name): (task / "comm").read_text().strip() for task in tasks}


def test_a_thread_is_called_what_python_calls_it_and_the_process_keeps_its_name() -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait, name="imap-Büro für alle Fälle", daemon=True)
    thread.start()
    before = shown()

    threadnames.show()

    after = shown()
    over.set()
    thread.join()
    process = threading.main_thread().native_id
    assert (process, thread.native_id) != (None, None)
    assert after[thread.native_id or 0] == "imap-B?ro f?r a"
    assert after[process or 0] == before[process or 0] != threading.main_thread().name


def test_a_daemon_that_is_ready_has_told_the_names_of_its_threads(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(SENDING)

    names = asyncio.run(_names_of(config))

    assert names >= WANTED


async def _names_of(config: Path) -> set[str]:
    daemon = Daemon(settings.load(config, environ={}), frozenset({Role.SEND, Role.CLOCK}))
    running = asyncio.create_task(daemon.run())
    names = set[str]()
    end = asyncio.get_running_loop().time() + 30
    while not names >= WANTED and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.01)
        names = set(shown().values())
    daemon.stop()
    await running
    return names

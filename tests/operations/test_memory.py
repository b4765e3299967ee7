"""What is free goes back: a process full of holes is smaller afterwards, and all in use is whole."""

from __future__ import annotations

import asyncio
import ctypes
import platform
import resource
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from maild import memory, settings
from maild.app import Daemon, Role
from tests.configs import SENDING
from tests.flows.stage import Stage

BLOCK_BYTES = 20_000
BLOCKS = 2_000


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no GNU C library")
def test_holes_between_what_is_in_use_are_given_back() -> None:
    blocks = [bytes([n % 251]) * BLOCK_BYTES for n in range(BLOCKS)]
    kept = blocks[::2]
    del blocks
    before = resident_bytes()

    assert memory.give_back()

    assert before - resident_bytes() > BLOCKS // 2 * BLOCK_BYTES // 4
    assert all(block == bytes([2 * n % 251]) * BLOCK_BYTES for n, block in enumerate(kept))


def test_without_the_gnu_c_library_nothing_is_given_back_or_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_name: None) -> None:
        raise OSError("a static program loads nothing")

    for library in (lambda _name: object(), refuse):
        monkeypatch.setattr(ctypes, "CDLL", library)

        assert not memory.give_back()
        assert not memory.share_arenas()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no GNU C library")
def test_the_threads_of_a_daemon_share_their_arenas(tmp_path: Path) -> None:
    stage = Stage(tmp_path, SENDING + '[smtp]\nlisten = ["127.0.0.1:@SMTP@"]\n')
    stage.may_fork = False
    stage.start()
    try:
        assert len(list(Path(f"/proc/{stage.process_id}/task").iterdir())) > 3 * memory.ARENAS
        assert heaps(stage.process_id) <= memory.ARENAS
    finally:
        stage.close()


def heaps(process_id: int) -> int:
    """How many heaps of glibc's arenas: 64 MiB reserved at a multiple of it, begun to be used.

    The first arena has the heap that grows by brk(2), and none of these.
    """
    size = 64 << 20
    words = Path(f"/proc/{process_id}/maps").read_text(encoding="ascii").splitlines()
    areas = [line.split() for line in words]
    places = [[int(n, 16) for n in area[0].split("-")] for area in areas]
    return sum(
        begin % size == 0 and area[1] == "rw-p" and after == [end, begin + size]
        for (begin, end), area, after in zip(places, areas, places[1:], strict=False)
    )


def test_a_daemon_does_it_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = threading.Semaphore(0)
    monkeypatch.setattr(memory, "EVERY", timedelta(seconds=0.1))
    monkeypatch.setattr(memory, "give_back", given.release)
    config = tmp_path / "config.toml"
    config.write_text(SENDING)

    asyncio.run(_until(given, config))


async def _until(given: threading.Semaphore, config: Path) -> None:
    daemon = Daemon(settings.load(config, environ={}), frozenset({Role.CLOCK}))
    running = asyncio.create_task(daemon.run())
    found = [await asyncio.to_thread(given.acquire, timeout=30) for _ in range(2)]
    daemon.stop()
    await running
    assert all(found), "no memory was given back"

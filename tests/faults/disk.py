"""A disk that fails on order (`disk.c`), and what a power cut would have left of it.

    disk = Disk(tmp_path, state_folder)
    stage.environment |= disk.environment

A power cut leaves of each file what was synced, and of the rest any sectors. What was written
before a sync that failed may never get there, even when a later sync succeeds.
"""

from __future__ import annotations

import mmap
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from tests.needs import require

_SOURCE = Path(__file__).with_suffix(".c")
_HEAD = struct.Struct("=IIQQ")
_ORDERS = struct.Struct("=4i")
_SECTOR_BYTES = 512


class Order(IntEnum):
    """What the disk is told to do."""

    NOTHING = 0
    NO_ROOM = 1
    WRITE_FAILS = 2
    SYNC_FAILS = 3


class Kind(IntEnum):
    """What a record of the log tells."""

    WRITTEN = 1
    SYNCED = 2
    SYNC_FAILED = 3
    TRUNCATED = 4
    REMOVED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One call; `end` is the length of the log when it was written."""

    kind: Kind
    name: str
    offset: int
    length: int
    data: bytes
    end: int


class Disk:
    """The orders and the log of one daemon's disk."""

    def __init__(self, folder: Path, state: Path) -> None:
        """`state` is the folder whose databases are meant."""
        self.log = folder / "disk.log"
        orders = folder / "disk.orders"
        orders.write_bytes(bytes(_ORDERS.size))
        self.environment = {
            "LD_PRELOAD": str(_library()),
            "DISK_FOLDER": str(state),
            "DISK_LOG": str(self.log),
            "DISK_ORDERS": str(orders),
        }
        with orders.open("r+b") as stream:
            self._orders = mmap.mmap(stream.fileno(), _ORDERS.size)

    def order(self, what: Order, nth: int = 1) -> None:
        """Give an order; `nth` is the call that fails, counted from now."""
        struct.pack_into("=3i", self._orders, 0, Order.NOTHING, nth, 0)
        struct.pack_into("=i", self._orders, 0, what)

    @property
    def failures(self) -> int:
        """How many calls have failed since the last order."""
        return int(_ORDERS.unpack(self._orders)[2])

    def now(self) -> int:
        """Return the moment: the length of the log."""
        return self.log.stat().st_size

    def records(self) -> Iterator[Record]:
        """Read the log."""
        raw = self.log.read_bytes()
        place = 0
        while place < len(raw):
            kind, name_length, offset, length = _HEAD.unpack_from(raw, place)
            place += _HEAD.size
            name = raw[place : place + name_length].decode()
            place += name_length
            size = length if kind == Kind.WRITTEN else 0
            data = raw[place : place + size]
            place += size
            yield Record(
                kind=Kind(kind), name=name, offset=offset, length=length, data=data, end=place
            )


def after_power_cuts(
    records: Iterator[Record], moments: Sequence[int], folder: Path, chance: Random
) -> Iterator[int]:
    """For each moment, ascending, write into `folder` what a cut would leave; yield the moment."""
    files: dict[str, _File] = {}
    following = next(records, None)
    for moment in moments:
        while following is not None and following.end <= moment:
            _follow(files, following, chance)
            following = next(records, None)
        for old in folder.iterdir():
            old.unlink()
        share = chance.choice((0.0, 0.5, 0.9))
        for name, file in files.items():
            (folder / name).write_bytes(file.left(chance, share))
        yield moment


@dataclass(slots=True, kw_only=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)

    def left(self, chance: Random, share: float) -> bytearray:
        """What is there after a cut at which this share of the unsynced sectors had got there."""
        left = bytearray(self.durable)
        for record in self.pending:
            _apply(left, record, chance, share)
        return left

    def sync(self, chance: Random, share: float) -> None:
        self.durable = self.left(chance, share)
        self.pending.clear()


def _follow(files: dict[str, _File], record: Record, chance: Random) -> None:
    if record.kind is Kind.REMOVED:
        files.pop(record.name, None)
        return
    file = files.setdefault(record.name, _File())
    if record.kind is Kind.SYNCED:
        file.sync(chance, 1.0)
    elif record.kind is Kind.SYNC_FAILED:
        file.sync(chance, 0.5)
    else:
        file.pending.append(record)


def _apply(left: bytearray, record: Record, chance: Random, share: float) -> None:
    if record.kind is Kind.TRUNCATED:
        if share >= 1 or chance.random() < share:
            del left[record.length :]
            left.extend(bytes(max(0, record.length - len(left))))
        return
    for start in range(0, record.length, _SECTOR_BYTES):
        if share < 1 and chance.random() >= share:
            continue
        piece = record.data[start : start + _SECTOR_BYTES]
        place = record.offset + start
        left.extend(bytes(max(0, place - len(left))))
        left[place : place + len(piece)] = piece


@cache
def _library() -> Path:
    """Compile `disk.c`, once for a process of the tests."""
    require("gcc")
    made = Path(mkdtemp(prefix="maild-disk-")) / "disk.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O2", "-o", made, _SOURCE, "-ldl", "-lpthread"], check=True
    )
    return made

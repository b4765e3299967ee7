"""Power cuts: what the disk had been made to keep is enough for every mail that was acknowledged.

The daemon writes through a library that logs every write and sync. For moments chosen at random
the files are made as a cut would leave them: what was synced, and any of the other sectors.
The control is the same daemon with `synchronous=NORMAL`: it must lose mail, or this shows nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.faults.customers import Account, found_in, write_many
from tests.faults.disk import Disk, Order, after_power_cuts
from tests.faults.form import times
from tests.flows.stage import COMMAND, Stage
from tests.needs import needs

pytestmark = [needs("gcc"), pytest.mark.timeout(1200)]
CUTS = times(120, 1000)
MAILS = times(80, 300)
HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8")
CARELESS = (sys.executable, str(HERE / "daemon.py"), "careless")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """What many cuts left."""

    images: int
    losing: int
    """Images in which an acknowledged mail is missing."""
    unsound: int
    halves: int


def test_no_power_cut_loses_what_was_acknowledged(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    disk, account = written_by(tmp_path, COMMAND)

    cuts = cut(disk, account, tmp_path, CUTS)

    figures(
        images=cuts.images, lost=cuts.losing, corrupt=cuts.unsound, half_transactions=cuts.halves
    )
    assert len(account.acknowledged) == MAILS
    assert (cuts.losing, cuts.unsound, cuts.halves) == (0, 0, 0)


def test_a_daemon_that_does_not_wait_for_the_disk_loses_mail(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    disk, account = written_by(tmp_path, CARELESS)

    cuts = cut(disk, account, tmp_path, CUTS // 2)

    figures(control_images=cuts.images, lost_by_the_control=cuts.losing)
    assert cuts.losing > cuts.images // 4


def test_a_sync_or_write_that_fails_acknowledges_nothing_that_is_not_there(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    """Each is told to fail in turn, nobody restarts anything, then the power is cut, too."""
    stage, disk, account = _set_up(tmp_path, COMMAND)
    failed = 0
    try:
        stage.start()
        for what in (Order.SYNC_FAILS, Order.WRITE_FAILS):
            for nth in range(1, times(8, 60)):
                disk.order(what, nth)
                names = [f"{what.name.lower().replace('_', '-')}-{nth}-{k}" for k in range(4)]
                write_many(account, stage.smtp_port, names)
                failed += disk.failures
        disk.order(Order.NOTHING)
        before = len(account.acknowledged)
        write_many(account, stage.smtp_port, ["after-all"])
        stage.settled()
        stage.kill()
    finally:
        stage.close()
    left = found_in(stage.folder / "state" / "maild.db")
    missing = account.acknowledged.keys() - left.journalled
    cuts = cut(disk, account, tmp_path, CUTS // 2)

    figures(
        failed_calls=failed,
        acknowledged=len(account.acknowledged),
        refused=len(account.refused),
        lost=len(missing),
        then_power_cuts=cuts.images,
        lost_after_them=cuts.losing,
    )
    assert failed > times(3, 20)
    assert account.codes <= {451}
    assert len(account.acknowledged) == before + 1, "it goes on by itself"
    assert (missing, left.is_sound, left.halves) == (set(), True, 0)
    assert (cuts.losing, cuts.unsound, cuts.halves) == (0, 0, 0)


def written_by(folder: Path, command: tuple[str, ...]) -> tuple[Disk, Account]:
    """Let a daemon take mail and die; return what its disk saw, and what its customers did."""
    stage, disk, account = _set_up(folder, command)
    try:
        stage.start()
        names = [f"power-{n}" for n in range(MAILS)]
        write_many(account, stage.smtp_port, names)
        stage.kill()
    finally:
        stage.close()
    return disk, account


def _set_up(folder: Path, command: tuple[str, ...]) -> tuple[Stage, Disk, Account]:
    stage = Stage(folder, CONFIG)
    disk = Disk(folder, folder / "state")
    stage.command = command
    stage.environment |= disk.environment
    return stage, disk, Account(clock=disk.now)


def cut(disk: Disk, account: Account, folder: Path, count: int) -> Cuts:
    """Cut the power at moments between the first mail's 250 and the end."""
    chance = Random(20261122)
    begin = min(account.acknowledged.values())
    moments = sorted(chance.randint(begin, disk.now()) for _ in range(count))
    place = folder / "image"
    place.mkdir()
    losing, unsound, halves = 0, 0, 0
    for moment in after_power_cuts(disk.records(), moments, place, chance):
        left = found_in(place / "maild.db")
        told = {digest for digest, when in account.acknowledged.items() if when <= moment}
        losing += not told <= left.journalled
        unsound += not left.is_sound
        halves += left.halves
    return Cuts(images=count, losing=losing, unsound=unsound, halves=halves)

"""Mails that kill whoever reads them, among many good ones: tried three times, then held.

The good ones go on; once the reader is mended, an operator's release lets the others in, too.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from maild import settings
from maild.core.mail import Envelope
from maild.pipeline import Pipeline
from maild.reader import ReaderPool
from maild.store import journal
from maild.store.writer import Journal
from tests.faults.form import times
from tests.trust.house import LMTP, InMemory, letter

GOOD = times(150, 1000)
POISONS = ("recursion", "lookup", "segfault")
ROUNDS = times(4, 10)
HERE = Path(__file__).parent
pytestmark = pytest.mark.timeout(1200)


@contextmanager
def line_of(house: InMemory) -> Iterator[Pipeline]:
    pool = ReaderPool(house.options, settings.defaults(Path("unused")).runtime)
    try:
        yield Pipeline(lambda: house.office, pool, "a")
    finally:
        pool.close()


def test_poison_is_held_and_the_good_ones_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figures: Callable[..., None]
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} {HERE}/fragile.py\n")
    program.chmod(0o755)
    house = InMemory()
    poisons = [
        letter(f"p{n}{kind}@b.example", "support@co.example", f"{n}", subject=f"{kind} {n}")
        for n in range(ROUNDS)
        for kind in POISONS
    ]
    good = [letter(f"g{n}@b.example", "support@co.example", f"Good {n}") for n in range(GOOD)]
    mixed = good.copy()
    for n, poison in enumerate(poisons):
        mixed.insert(n * (GOOD // len(poisons)), poison)
    journalled(house, mixed, LMTP)

    with monkeypatch.context() as ill:
        ill.setattr("maild.reader.sys", SimpleNamespace(executable=str(program)))
        with line_of(house) as line:
            line.step()
            first = outcomes(house)
            for _ in range(20):
                house.now += timedelta(hours=1)
                line.step()
    held = outcomes(house)
    tries = counted(house, "SELECT DISTINCT tries FROM journal WHERE outcome = 'held'")
    with house.database.write() as connection:
        for row in (
            connection.execute(text("SELECT id FROM journal WHERE state = 'held'")).scalars().all()
        ):
            journal.release(connection, row)
    with line_of(house) as line:
        line.step()
    mended = outcomes(house)
    house.close()

    figures(
        good=GOOD,
        poisons=len(poisons),
        held=held["held"],
        good_held_up=GOOD - first["posted"],
        lost=len(mixed) - mended["posted"],
    )
    assert first["posted"] == GOOD, "no good one waits for a poison's next try"
    assert held == {"posted": GOOD, "held": len(poisons)}
    assert tries == [journal.TRIES_MAX]
    assert mended == {"posted": GOOD + len(poisons)}


def journalled(house: InMemory, mails: list[bytes], envelope: Envelope) -> None:
    writer = Journal(house.database, lambda: house.now)
    for future in [writer.append(envelope, raw) for raw in mails]:
        future.result(60)
    writer.close()


def outcomes(house: InMemory) -> Counter[str]:
    """Count the ends of all mails; those without one are left out."""
    return Counter(str(one) for one in counted(house, "SELECT outcome FROM journal") if one)


def counted(house: InMemory, statement: str) -> list[object]:
    with house.database.read() as connection:
        return list(connection.execute(text(statement)).scalars())

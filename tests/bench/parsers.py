"""mail-parser and maild beside each other: what each needs of the processor to read the same mails.

Each has a process of its own, so that neither meets the other's garbage; both are set up alike. They
take turns of a few mails, now one first and now the other, since a shared machine is fast and slow by
turns; what counts is processor time, and of several rounds over all mails the middle one.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from statistics import median

import mailparser

from maild.core.mail import Envelope, ReadOptions
from maild.garbage import settle
from maild.reading import read

ROUNDS = 5
TURN_MAILS = 25


class Reader(StrEnum):
    """Who reads."""

    PARSER = "mail-parser"
    MAILD = "maild"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """What came of it."""

    parser: float
    """Mails a second of processor time: mail-parser alone."""
    maild: float
    """The same: everything that maild reads in a mail."""
    ratios: tuple[float, ...]
    """How fast maild was in each round, mail-parser being 1; from the least to the most."""

    @property
    def ratio(self) -> float:
        """The middle one."""
        return median(self.ratios)


def duel(mails: Sequence[bytes], rounds: int = ROUNDS) -> Duel:
    """Have both read all mails in each round, turn by turn."""
    with _process(Reader.PARSER, mails) as parser, _process(Reader.MAILD, mails) as maild:
        taken = [_round(parser, maild, len(mails), first) for first in range(rounds)]
    return Duel(
        parser=len(mails) / median(theirs for theirs, _ in taken),
        maild=len(mails) / median(ours for _, ours in taken),
        ratios=tuple(sorted(theirs / ours for theirs, ours in taken)),
    )


def _round(parser: Connection, maild: Connection, count: int, first: int) -> tuple[float, float]:
    """Return the processor seconds of both over all mails."""
    theirs, ours = 0.0, 0.0
    for turn, start in enumerate(range(0, count, TURN_MAILS), first):
        if turn % 2:
            theirs += _turn(parser, start)
            ours += _turn(maild, start)
        else:
            ours += _turn(maild, start)
            theirs += _turn(parser, start)
    return theirs, ours


def _turn(reader: Connection, start: int) -> float:
    reader.send(start)
    seconds: float = reader.recv()
    return seconds


@contextmanager
def _process(reader: Reader, mails: Sequence[bytes]) -> Iterator[Connection]:
    """Run a reader in a process of its own; it has read once before its first turn.

    Only the process holds its end of the pipe: EOFError where it dies, instead of silence.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, reader), daemon=True)
    process.start()
    there.close()
    try:
        here.send(list(mails))
        here.recv()
        yield here
        here.send(None)
        process.join()
    finally:
        process.kill()


def _serve(requests: Connection, reader: Reader) -> None:
    mails: list[bytes] = requests.recv()
    work = _work(reader)
    settle()
    for raw in mails[:TURN_MAILS]:
        work(raw)
    requests.send(0.0)
    while (start := requests.recv()) is not None:
        began = time.process_time()
        for raw in mails[start : start + TURN_MAILS]:
            work(raw)
        requests.send(time.process_time() - began)


def _work(reader: Reader) -> Callable[[bytes], object]:
    """Return what a reader does with the bytes of a mail."""
    if reader is Reader.PARSER:
        parse: Callable[[bytes], object] = mailparser.parse_from_bytes
        return parse
    envelope, options = Envelope(), ReadOptions()
    return lambda raw: read(raw, envelope, options)

"""How cost grows with size: the question of every test about hostile input.

Twice the input may take at most two and a half times as long. One doubling drowns in the noise of
a busy machine; three of them do not: eight times the input takes eight times as long when the cost
is linear, sixty-four times when it is the square, and 2.5³ = 15.6 lies between.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

DOUBLINGS = 3
FACTOR_MAX = 2.5**DOUBLINGS
FLOOR_SECONDS = 0.02
"""Less than this is noise."""
TRIES_MAX = 6
Input = TypeVar("Input")


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU time that this process spends on some work."""
    started = time.process_time()
    work()
    return time.process_time() - started


def factor(routine: Callable[[Input], object], small: Input, large: Input) -> float:
    """Return how much longer the large input (eight times the small) takes; the best of some tries.

    The collector of cyclic garbage runs when it likes, and others may use the machine.
    """
    shortest = longest = float("inf")
    for _ in range(TRIES_MAX):
        shortest = min(shortest, seconds(lambda: routine(small)))
        longest = min(longest, seconds(lambda: routine(large)))
        if longest <= FACTOR_MAX * max(shortest, FLOOR_SECONDS):
            break
    return longest / max(shortest, FLOOR_SECONDS)

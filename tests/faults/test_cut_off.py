"""An end that lasts too long is cut off, and the process says what it would have said."""

from __future__ import annotations

import threading

import pytest

from maild import vitals
from maild.errors import ConfigError, InUse, Problem

DAMAGED = ConfigError((Problem(file="maild.db", line=0, text="damaged"),))


@pytest.mark.parametrize(
    ("why", "expected"),
    [(None, 75), (DAMAGED, 78), (InUse("it works elsewhere"), 75), (OSError("a bug"), 1)],
)
def test_an_end_that_is_cut_off_keeps_the_code_of_its_reason(
    monkeypatch: pytest.MonkeyPatch, why: BaseException | None, expected: int
) -> None:
    codes, is_cut = list[int](), threading.Event()

    def leave(code: int) -> None:
        codes.append(code)
        is_cut.set()

    monkeypatch.setattr("os._exit", leave)
    monkeypatch.setattr(vitals, "END_SECONDS", 0.0)
    with vitals.ending(why):
        is_cut.wait(30)

    assert codes == [expected]

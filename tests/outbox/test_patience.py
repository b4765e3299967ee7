"""Who waits for relays, and who else may go there."""

from __future__ import annotations

import pytest

from maild import patience
from maild.settings import RelaySettings

DEAD = RelaySettings(scheme="smtp", host="dead.example")
SLOW_ONCE = RelaySettings(scheme="smtp", host="slow.example")


@pytest.mark.parametrize(("slow_seconds", "may_enter"), [(60.0, False), (0.0, True)])
def test_a_relay_that_was_slow_once_waits_for_dead_ones_only_for_a_while(
    monkeypatch: pytest.MonkeyPatch, slow_seconds: float, *, may_enter: bool
) -> None:
    monkeypatch.setattr(patience, "HELD_UP_SECONDS", 0.0)
    monkeypatch.setattr(patience, "ROOM_SECONDS", 0.0)
    monkeypatch.setattr(patience, "SLOW_SECONDS", slow_seconds)
    crowd = patience.Crowd(2)
    crowd.enter(SLOW_ONCE)
    crowd.leave(SLOW_ONCE)
    for _ in range(2):
        crowd.enter(DEAD)

    assert crowd.enter(SLOW_ONCE) is may_enter

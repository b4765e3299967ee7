"""A short soak: some of its troubles, seconds apart, and the invariants after each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.daemons import relay_of
from tests.faults.form import times
from tests.needs import needs
from tests.servers.dovecot import Dovecot, running_dovecot
from tests.soak.house import House
from tests.soak.run import Soak

SECONDS = times(60, 600)
EVERY_SECONDS = times(20, 60)
TROUBLES = 3
SEED = 382
"""Of the order of troubles: it begins with kill -9 to the daemon, to its readers, and a relay that refuses."""
pytestmark = [
    needs("root", "dovecot"),
    pytest.mark.slow,
    pytest.mark.timeout(600 + 3 * SECONDS),
]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    yield from running_dovecot()


def test_whatever_breaks_under_load_no_invariant_does(
    tmp_path: Path, dovecot: Dovecot, figures: Callable[..., None]
) -> None:
    house = House(tmp_path, dovecot)
    soak = Soak(house, rate=5, seed=SEED)

    with relay_of(house.relay, house.relay_port):
        soak.run(SECONDS, EVERY_SECONDS, at_least=TROUBLES)

    figures(
        troubles=soak.troubles.total(),
        acknowledged=len(soak.writers.acknowledged),
        sent=len(house.relay.sent),
        violations=len(soak.found),
        seconds_to_rest=max(soak.settled_seconds),
    )
    assert soak.found == []
    assert soak.troubles.total() >= TROUBLES
    assert len(soak.writers.acknowledged) > 10

"""A token that rotates survives our death between its arrival and the disk."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from maild.access import key_of
from maild.core.token import Keys
from maild.oauth import sealing
from maild.store import oauth
from maild.store.database import Database
from tests.needs import ROOT
from tests.oauth.provider import USER, Provider

KEYS = Keys(current=1, by_id={1: bytes(32)})
KILLS = 200


def run(database: Database, provider: Provider, kills: int) -> list[str]:
    """Kill so often; return what each life wrote that came to its end."""
    key = key_of("test", USER)
    with database.write() as connection:
        sealed = sealing.seal(KEYS, key, provider.granted())
        oauth.put(connection, key, sealed, datetime.now(UTC), None)
    url = str(database.engine.url)
    done = subprocess.run(
        [sys.executable, "-m", "tests.oauth.killed", url, provider.url, str(kills)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=110,
    )
    return done.stdout.splitlines()


@pytest.mark.slow
def test_a_rotated_token_survives_two_hundred_kills(
    database: Database, provider: Provider
) -> None:
    provider.rotates = True

    told = run(database, provider, KILLS)

    refused = [line for line in told if line != "got"]
    again = len(provider.spent) - len(set(provider.spent))
    with database.read() as connection:
        [row] = oauth.all_of(connection)
    kept = sealing.unseal(KEYS, row.key, row.sealed)
    print(f"kills {KILLS}, lives {len(told)}, tokens lost {len(refused)}, shown twice {again}")
    assert len(told) > KILLS
    assert refused == []
    assert kept == list(provider.refresh)[-1]
    assert again > 0, "no kill fell between the arrival of a token and the disk"


def test_where_a_provider_forgives_nothing_the_operator_is_told(
    database: Database, provider: Provider
) -> None:
    provider.rotates, provider.forgives = True, False
    provider.refresh.clear()

    told = run(database, provider, 0)
    provider.refresh.clear()
    told += run_again(database, provider)

    assert told[0] == "got"
    assert "invalid_grant" in told[1]
    assert "maild mailbox authorize" in told[1]


def run_again(database: Database, provider: Provider) -> list[str]:
    """One more life on what is stored."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.oauth.killed", str(database.engine.url), provider.url, "0"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=110,
    )
    return done.stdout.splitlines()

"""Tokens are got by every grant, kept, renewed in time, and never lost on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import text

from maild import access as module
from maild import log
from maild.access import Access, key_of
from maild.core.oauth import Client, Grant, Tokens
from maild.core.token import Keys
from maild.errors import NotAllowed, ServerAway, StoreBusy
from maild.oauth import sealing
from maild.store import oauth
from maild.store.database import Database
from tests.oauth.provider import SCOPE, SECRET, USER, Provider
from tests.operations.test_metrics import value

KEYS = Keys(current=1, by_id={1: bytes(range(32))})


def access_of(
    database: Database,
    client: Client,
    node: str = "node",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Access:
    return Access(database, KEYS, [client], node, now)


def let_in(access: Access, provider: Provider) -> None:
    """Store a refresh token as `authorize` does, but no access token."""
    tokens = Tokens(access="x", seconds=1, refresh=provider.granted())
    access.accept("test", USER, tokens)
    access._held.clear()


def stored(database: Database) -> Any:
    with database.read() as connection:
        [row] = oauth.all_of(connection)
    return row


def test_each_grant_gives_a_token_that_is_kept(provider: Provider, database: Database) -> None:
    for grant in Grant:
        access = access_of(database, provider.client(grant))
        if grant is Grant.REFRESH:
            let_in(access, provider)
        provider.forms.clear()

        first, second = access.token("test", USER), access.token("test", USER)

        assert first == second
        assert provider.access[first] > 0
        assert len(provider.forms) == 1


def test_microsoft_is_asked_by_the_programs_own_secret(
    provider: Provider, database: Database
) -> None:
    access_of(database, provider.client(Grant.CLIENT)).token("test", USER)

    assert provider.forms == [
        {
            "grant_type": "client_credentials",
            "client_id": "maild-test",
            "client_secret": SECRET,
            "scope": SCOPE,
        }
    ]


def test_a_token_that_a_server_refused_is_replaced_once_for_all_threads(
    provider: Provider, database: Database
) -> None:
    access = access_of(database, provider.client(Grant.CLIENT))
    old = access.token("test", USER)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(access.token("test", USER, old)))
        for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1
    assert old not in found
    assert len(provider.forms) == 2


def test_a_token_is_renewed_before_it_ends(
    provider: Provider, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    access = access_of(database, provider.client(Grant.CLIENT))
    first = access.token("test", USER)

    at[0] += 3200
    assert access.token("test", USER) == first
    at[0] += 150
    provider.fail(500)
    assert access.token("test", USER) == first, "it still holds while the provider is away"
    at[0] += 20
    second = access.token("test", USER)
    assert second != first


def test_a_rotated_token_is_stored_sealed_before_it_is_used(
    provider: Provider, database: Database
) -> None:
    provider.rotates = True
    access = access_of(database, provider.client())
    let_in(access, provider)

    access.token("test", USER)
    access.token("test", USER, access.token("test", USER))

    row = stored(database)
    newest = list(provider.refresh)[-1]
    assert sealing.unseal(KEYS, key_of("test", USER), row.sealed) == newest
    assert len(provider.spent) == 2
    with database.read() as connection:
        rows = str(connection.execute(text("SELECT * FROM oauth_token")).all())
    assert newest not in rows


def test_nothing_is_used_when_the_new_token_cannot_be_stored(
    provider: Provider, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.rotates = True
    access = access_of(database, provider.client())
    let_in(access, provider)

    def fails(*_: object) -> bool:
        raise ServerAway("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(oauth, "rotate", fails)
        with pytest.raises(ServerAway):
            access.token("test", USER)

    assert not access._held[key_of("test", USER)].token


def test_a_rotated_token_outlives_a_database_that_is_away(
    provider: Provider, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.rotates, provider.forgives = True, False
    access = access_of(database, provider.client())
    let_in(access, provider)

    def fails(*_: object) -> bool:
        raise StoreBusy("the server is being replaced")

    with monkeypatch.context() as patched:
        patched.setattr(oauth, "rotate", fails)
        with pytest.raises(StoreBusy):
            access.token("test", USER)
        with database.write() as connection:
            other = oauth.take(connection, key_of("test", USER), "other", datetime.now(UTC))

    assert other is None, "nobody else shows the token that is spent"
    assert access.token("test", USER) in provider.access
    assert not stored(database).refused_at


def test_what_is_sealed_opens_with_its_own_secret_and_name_only() -> None:
    data = sealing.seal(KEYS, "a/b", "token")
    other = Keys(current=1, by_id={1: bytes(32)})
    newer = Keys(current=2, by_id={2: bytes(32), **KEYS.by_id})

    assert sealing.unseal(newer, "a/b", data) == "token"
    for keys, name, sealed in (
        (other, "a/b", data),
        (KEYS, "a/c", data),
        (KEYS, "a/b", data[:-1]),
        (KEYS, "a/b", b""),
        (Keys(current=2, by_id={2: bytes(32)}), "a/b", data),
    ):
        with pytest.raises(NotAllowed):
            sealing.unseal(keys, name, sealed)


def test_a_revoked_token_pauses_until_somebody_authorises_anew(
    provider: Provider, database: Database
) -> None:
    stream = StringIO()
    log.configure(stream=stream)
    access = access_of(database, provider.client())
    let_in(access, provider)
    old = access.token("test", USER)
    provider.revoke()

    for _ in range(3):
        with pytest.raises(NotAllowed, match=r"invalid_grant.*authorize MAILBOX"):
            access.token("test", USER, old)
    access.look([("test", USER)])

    assert len(provider.forms) == 2, "the provider is not asked again and again"
    assert "invalid_grant" in access.check()
    assert stream.getvalue().count("oauth.refused") == 1
    assert value(f'maild_oauth_refused{{oauth="test",user="{USER}"}}') == 1

    let_in(access_of(database, provider.client(), "commands"), provider)
    new = access.token("test", USER, old)
    access.look([("test", USER)])

    assert provider.access[new] > 0
    assert access.check() == ""
    assert value(f'maild_oauth_refused{{oauth="test",user="{USER}"}}') == 0


def test_a_pause_ends_by_itself_after_an_hour(provider: Provider, database: Database) -> None:
    at = [datetime.now(UTC)]
    access = access_of(database, provider.client(Grant.CLIENT), now=lambda: at[0])
    provider.fail(400, {"error": "invalid_grant", "error_description": "account locked"})
    with pytest.raises(NotAllowed):
        access.token("test", USER)

    at[0] += timedelta(minutes=59)
    with pytest.raises(NotAllowed):
        access.token("test", USER)
    at[0] += timedelta(minutes=2)

    assert access.token("test", USER)
    assert stored(database).refused_at is None


def test_a_new_secret_in_the_settings_ends_a_pause(provider: Provider, database: Database) -> None:
    access = access_of(database, provider.client(Grant.CLIENT, secret="expired"))
    with pytest.raises(NotAllowed, match="AADSTS7000222"):
        access.token("test", USER)

    access.use([provider.client(Grant.CLIENT)])

    assert access.token("test", USER)


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (500, {}),
        (503, {"error": "temporarily_unavailable"}),
        (429, {"error": "invalid_grant"}),
        (200, {}),
        (200, {"access_token": 5}),
        (302, {}),
        (400, {}),
    ],
)
def test_a_provider_in_trouble_is_left_alone_for_a_while(
    provider: Provider, database: Database, status: int, content: dict[str, Any]
) -> None:
    access = access_of(database, provider.client(Grant.CLIENT))
    provider.fail(status, content)

    for _ in range(5):
        with pytest.raises(ServerAway):
            access.token("test", USER)

    assert len(provider.forms) == 1
    assert stored(database).refused_at is None


def test_a_provider_that_is_away_or_slow_costs_bounded_time(
    provider: Provider, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        module, "post", lambda url, form: module_post(url, form, whole_seconds=0.3)
    )
    access = access_of(database, provider.client(Grant.CLIENT))
    provider.delay = 2.0

    with pytest.raises(ServerAway):
        access.token("test", USER)

    with pytest.raises(ServerAway):
        access_of(database, provider.client(Grant.CLIENT, token_url="http://127.0.0.1:1/")).token(
            "test", USER
        )


def module_post(url: str, form: Any, **more: Any) -> Any:
    from maild.oauth.post import post

    return post(url, form, **more)


@pytest.mark.parametrize("ahead", [7200.0, -7200.0])
def test_a_clock_that_is_hours_off_harms_no_grant(
    provider: Provider, database: Database, ahead: float
) -> None:
    provider.clock_ahead = ahead

    account = access_of(database, provider.client(Grant.ACCOUNT))
    token = account.token("test", USER)
    assert account.token("test", USER, token) != token
    assert len(provider.forms) == 3, "the second time it is known how far off we are"

    refreshing = access_of(database, provider.client())
    let_in(refreshing, provider)
    assert refreshing.token("test", USER)


def test_what_ends_within_two_weeks_is_announced_once_a_day(
    provider: Provider, database: Database
) -> None:
    stream = StringIO()
    log.configure(stream=stream)
    at = [datetime(2027, 1, 1, tzinfo=UTC)]
    client = provider.client(Grant.CLIENT, expires=date(2027, 1, 20))
    access = access_of(database, client, now=lambda: at[0])

    access.look([("test", USER)])
    assert "oauth.expiring" not in stream.getvalue()
    for _ in range(10):
        at[0] += timedelta(days=1)
        access.look([("test", USER)])
        access.look([("test", USER)])

    assert stream.getvalue().count("oauth.expiring") == 6
    ends = value(f'maild_oauth_expires_timestamp_seconds{{oauth="test",user="{USER}"}}')
    assert ends == datetime(2027, 1, 20, tzinfo=UTC).timestamp()
    assert "the client's secret" in stream.getvalue()


def test_the_end_of_a_refresh_token_is_known_where_the_provider_tells_it(
    provider: Provider, database: Database
) -> None:
    provider.rotates = True
    provider.more = {"refresh_token_expires_in": 604_800}
    access = access_of(database, provider.client())
    let_in(access, provider)

    access.token("test", USER)
    access.look([("test", USER)])

    [state] = access.states()
    assert state.why_expires == "the refresh token"
    assert state.expires_at is not None
    assert timedelta(days=6) < state.expires_at - datetime.now(UTC) < timedelta(days=8)


def test_a_token_that_nobody_needs_is_used_once_a_week(
    provider: Provider, database: Database
) -> None:
    at = [datetime.now(UTC)]
    access = access_of(database, provider.client(), now=lambda: at[0])
    let_in(access, provider)

    access.look([("test", USER)])
    at[0] += timedelta(days=8)
    access.look([("test", USER)])
    access.look([("test", USER)])

    assert len(provider.forms) == 1


def test_two_nodes_never_show_the_same_token_at_once(
    provider: Provider, database: Database
) -> None:
    provider.rotates, provider.forgives = True, False
    first = access_of(database, provider.client(), "one")
    let_in(first, provider)
    second = access_of(database, provider.client(), "two")
    found: list[str] = []
    provider.delay = 0.3

    threads = [
        threading.Thread(target=lambda access=access: found.append(access.token("test", USER)))
        for access in (first, second)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 2
    assert stored(database).refused_at is None


def test_a_new_permission_is_not_overwritten_by_the_old_one(
    provider: Provider, database: Database
) -> None:
    provider.rotates = True
    access = access_of(database, provider.client())
    let_in(access, provider)
    other = access_of(database, provider.client(), "commands")
    asked = access.post

    def authorised_meanwhile(url: str, form: Any) -> Any:
        answer = asked(url, form)
        other.accept("test", USER, Tokens(access="y", seconds=9, refresh="given-meanwhile"))
        return answer

    access.post = authorised_meanwhile
    access.token("test", USER)

    row = stored(database)
    assert sealing.unseal(KEYS, row.key, row.sealed) == "given-meanwhile"


def test_no_token_and_no_secret_stands_in_what_is_shown(
    provider: Provider, database: Database
) -> None:
    stream = StringIO()
    log.configure(stream=stream, level=log.Level.DEBUG)
    access = access_of(database, provider.client(Grant.ACCOUNT, secret=SECRET))
    token = access.token("test", USER)
    shown = repr(access._held) + repr(access._clients) + repr(stored(database))

    for secret in (token, SECRET, provider.private_key.splitlines()[1]):
        assert secret not in shown
        assert secret not in stream.getvalue()

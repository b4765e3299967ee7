"""Access tokens for mailboxes and relays: kept in memory, renewed before they end.

    held and fresh? -> yes: that one
                    -> no: lease -> ask the provider -> store what is new -> only then use it

A refresh token that rotates is durable before anything is done with what came along with it. When
we die between its arrival and the commit, the next life shows the old one: Google does not rotate,
Microsoft lets the old one live; where a provider forgives nothing, it refuses, and the operator is
told to authorise anew. What the database did not take stays in memory, and is stored first of all.

What was refused is not asked again for an hour, or until somebody authorises anew or changes the
settings; meanwhile no server is dialled in vain.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from maild.core import oauth as words
from maild.core.oauth import Client, Grant, Refusal, Tokens
from maild.core.token import Keys
from maild.errors import MaildError, NotAllowed, ServerAway, TemporaryError
from maild.log import Event, event
from maild.metrics import OauthStatus, observe_oauth
from maild.oauth import sealing
from maild.oauth.post import Answer, post
from maild.store import oauth
from maild.store.database import Database
from maild.store.oauth import Granted

PAUSE = timedelta(hours=1)
"""What was refused is asked again after this: accounts are unlocked by others, too."""
KEPT_ALIVE = timedelta(days=7)
"""A refresh token that nobody needed for so long is used, lest it end."""
BACK_OFF_MIN, BACK_OFF_MAX = 2.0, 300.0
SKEW = timedelta(seconds=30)
"""A provider's clock that is further off is believed for what we sign."""
LEASE_PATIENCE = 40.0
LEASE_POLL = 0.1

Post = Callable[[str, Mapping[str, str]], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How things stand with one [[oauth]] for one user."""

    name: str
    user: str
    refusal: str = ""
    expires_at: datetime | None = None
    why_expires: str = ""


@dataclass(slots=True)
class _Held:
    """What one life knows of one token."""

    door: threading.Lock = field(default_factory=threading.Lock)
    token: str = field(default="", repr=False)
    shown: str = ""
    renew_at: float = 0.0
    ends_at: float = 0.0
    again_at: float = 0.0
    failures: int = 0
    trouble: str = ""
    unstored: tuple[Granted, Tokens] | None = None
    """What a provider gave that the database did not take: the old token may be spent by now."""


class Access:
    """Gives tokens; safe for threads. `token` fits `core.oauth.AccessToken`."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        clients: Sequence[Client],
        node: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises `ConfigError` when a grant needs what is not installed."""
        self._database = database
        self._keys = keys
        self._node = node
        self._now = now
        self._door = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._skews: dict[str, timedelta] = {}
        self._states: tuple[State, ...] = ()
        self._announced: dict[str, datetime] = {}
        self.post: Post = post
        self._clients: Mapping[str, Client] = MappingProxyType({})
        self.use(clients)

    def use(self, clients: Sequence[Client]) -> None:
        """Take new settings; what they do not touch stays in memory."""
        for client in clients:
            if sealing.is_needed(client):
                sealing.require(f"[[oauth]] {client.name}")
        self._clients = MappingProxyType({client.name: client for client in clients})

    def token(self, name: str, user: str, instead_of: str = "") -> str:
        """Return a token that is not `instead_of`, which a server just refused.

        Raises `NotAllowed` when an operator has to act, `ServerAway` when it may work later.
        """
        client = self._clients.get(name)
        if client is None:
            raise NotAllowed(f"there is no [[oauth]] {name!r} any more")
        held = self._held_for(key_of(name, user))
        with held.door:
            if held.shown != words.fingerprint(client):
                held.token, held.again_at, held.shown = "", 0.0, words.fingerprint(client)
            is_good = held.token and held.token != instead_of
            if is_good and time.monotonic() < held.renew_at:
                return held.token
            try:
                self._renew(client, user, held)
            except TemporaryError:
                if not is_good or time.monotonic() >= held.ends_at:
                    raise
            return held.token

    def accept(self, name: str, user: str, tokens: Tokens) -> None:
        """Keep what a person just gave us (`maild mailbox authorize`).

        Raises `NotAllowed` when it holds no refresh token: access would end within the hour.
        """
        if not tokens.refresh:
            raise NotAllowed("the provider gave no refresh token: is the scope right?")
        client, key, now = self._clients[name], key_of(name, user), self._now()
        sealed = sealing.seal(self._keys, key, tokens.refresh)
        with self._database.write() as connection:
            oauth.put(connection, key, sealed, now, words.refresh_end(client, tokens, now))
        self._hold(client, self._held_for(key), tokens)

    def look(self, users: Sequence[tuple[str, str]]) -> None:
        """Read how things stand for these (name, user), announce what ends, keep the rest alive.

        Called now and then by the clock; raises `TemporaryError` when the database is away.
        """
        with self._database.read() as connection:
            rows = {row.key: row for row in oauth.all_of(connection)}
        now = self._now()
        known = [(n, u) for n, u in dict.fromkeys(users) if n in self._clients]
        self._states = tuple(_state(self._clients[n], u, rows.get(key_of(n, u))) for n, u in known)
        observe_oauth(_measured(state) for state in self._states)
        for state in self._states:
            self._announce(state, now)
        for name, user in known:
            self._keep_alive(self._clients[name], user, rows.get(key_of(name, user)), now)

    def states(self) -> tuple[State, ...]:
        """Return what the last look found."""
        return self._states

    def check(self) -> str:
        """Return what `/healthz` says; empty while every provider gives tokens."""
        told = [f"{one.name} for {one.user}: {one.refusal}" for one in self._states if one.refusal]
        return "; ".join(told)

    def _held_for(self, key: str) -> _Held:
        with self._door:
            return self._held.setdefault(key, _Held())

    def _renew(self, client: Client, user: str, held: _Held) -> None:
        """Get a new token into `held`, or raise."""
        if time.monotonic() < held.again_at:
            raise ServerAway(held.trouble)
        if held.unstored is not None:
            self._store(client, held, *held.unstored)
        key = key_of(client.name, user)
        row = self._leased(key)
        try:
            self._refuse_paused(client, row)
            found = self._asked(client, user, row)
            if isinstance(found, Refusal):
                raise self._refused(client, user, row, found)
            self._store(client, held, row, found)
        except ServerAway as error:
            self._back_off(held, str(error))
            raise
        finally:
            if held.unstored is None:
                with self._database.write() as connection:
                    oauth.release(connection, key, self._node)
        self._hold(client, held, found)
        if row.refused_at:
            event(Event.OAUTH_ACCEPTED, oauth=client.name, user=user)

    def _leased(self, key: str) -> Granted:
        """Wait for the turn of this node."""
        end = time.monotonic() + LEASE_PATIENCE
        while True:
            with self._database.write() as connection:
                row = oauth.take(connection, key, self._node, self._now())
            if row is not None:
                return row
            if time.monotonic() > end:
                raise ServerAway("another node asks for the same token and does not end")
            time.sleep(LEASE_POLL)

    def _refuse_paused(self, client: Client, row: Granted) -> None:
        """Do not ask again what was refused lately, nor without anything to show."""
        if client.grant is Grant.REFRESH and not row.sealed:
            raise NotAllowed("nobody let us in yet: maild mailbox authorize MAILBOX")
        is_same = row.shown == words.fingerprint(client)
        if row.refused_at and is_same and abs(self._now() - row.refused_at) < PAUSE:
            raise NotAllowed(row.refusal)

    def _asked(self, client: Client, user: str, row: Granted) -> Tokens | Refusal:
        """Ask the provider; what we sign carries its time, once its clock is known."""
        skew = self._skews.get(client.name, timedelta())
        answer = self.post(client.token_url, self._form(client, user, row, skew))
        found = words.read_answer(answer.status, answer.data)
        off = answer.date - self._now() if answer.date else timedelta()
        if abs(off - skew) > SKEW and abs(off) > SKEW:
            self._skews[client.name] = off
            if isinstance(found, Refusal) and client.grant is Grant.ACCOUNT:
                answer = self.post(client.token_url, self._form(client, user, row, off))
                found = words.read_answer(answer.status, answer.data)
        if isinstance(found, Refusal) and not found.is_final:
            self._wait_longer(key_of(client.name, user), answer.wait_seconds)
            raise ServerAway(f"{client.name}: {found.words}")
        return found

    def _form(self, client: Client, user: str, row: Granted, skew: timedelta) -> dict[str, str]:
        if client.grant is Grant.CLIENT:
            return words.client_form(client)
        if client.grant is Grant.ACCOUNT:
            text = words.statement(client, user, self._now() + skew)
            return words.statement_form(words.signed(text, sealing.sign(client.private_key, text)))
        return words.refresh_form(client, sealing.unseal(self._keys, row.key, row.sealed))

    def _refused(self, client: Client, user: str, row: Granted, found: Refusal) -> MaildError:
        """Pause, and say so once; a refusal of a token that was replaced meanwhile is none."""
        todo = (
            "maild mailbox authorize MAILBOX lets us in again"
            if client.grant is Grant.REFRESH
            else "the settings of the provider and of [[oauth]] have to fit again"
        )
        said = f"the provider refuses: {found.words}; {todo}"
        with self._database.write() as connection:
            is_true = oauth.note_refusal(
                connection, row, words.fingerprint(client), said, self._now()
            )
        if not is_true:
            return ServerAway("somebody authorised anew meanwhile")
        if row.refusal != said:
            event(Event.OAUTH_REFUSED, oauth=client.name, user=user, reason=said)
        return NotAllowed(said)

    def _store(self, client: Client, held: _Held, row: Granted, tokens: Tokens) -> None:
        """Make a new refresh token durable before anything is done with the access token.

        When that fails it is kept for the next try, and the lease keeps others from the old one.
        """
        held.unstored, now = (row, tokens), self._now()
        with self._database.write() as connection:
            if client.grant is Grant.REFRESH and tokens.refresh:
                sealed = sealing.seal(self._keys, row.key, tokens.refresh)
                ends = words.refresh_end(client, tokens, now)
                oauth.rotate(connection, row, sealed, now, ends)
            oauth.used(connection, row.key, self._node, words.fingerprint(client), now)
        held.unstored = None

    def _hold(self, client: Client, held: _Held, tokens: Tokens) -> None:
        now = time.monotonic()
        held.token, held.shown = tokens.access, words.fingerprint(client)
        held.renew_at, held.ends_at = now + words.renewal(tokens.seconds), now + tokens.seconds
        held.failures, held.again_at, held.trouble = 0, 0.0, ""

    def _back_off(self, held: _Held, trouble: str) -> None:
        held.failures += 1
        wait = min(BACK_OFF_MIN * 2.0 ** min(held.failures - 1, 20), BACK_OFF_MAX)
        held.again_at = max(held.again_at, time.monotonic() + wait)
        held.trouble = trouble

    def _wait_longer(self, key: str, seconds: int) -> None:
        """Heed `Retry-After`."""
        held = self._held_for(key)
        held.again_at = max(held.again_at, time.monotonic() + seconds)

    def _announce(self, state: State, now: datetime) -> None:
        """Say once a day what ends within two weeks."""
        if state.expires_at is None or state.expires_at - now > words.WARN_BEFORE:
            return
        key = f"{state.name}/{state.user}"
        last = self._announced.get(key)
        if last is None or abs(now - last) >= timedelta(days=1):
            self._announced[key] = now
            event(
                Event.OAUTH_EXPIRING,
                oauth=state.name,
                user=state.user,
                what=state.why_expires,
                at=state.expires_at.isoformat(),
            )

    def _keep_alive(self, client: Client, user: str, row: Granted | None, now: datetime) -> None:
        """Use a refresh token that nobody needed for a week; what is refused is told elsewhere."""
        if row is None or client.grant is not Grant.REFRESH or not row.sealed or row.refused_at:
            return
        if row.used_at and abs(now - row.used_at) > KEPT_ALIVE:
            held = self._held_for(row.key)
            with held.door:
                try:
                    self._renew(client, user, held)
                except (NotAllowed, TemporaryError) as error:
                    event(Event.OAUTH_DELAYED, oauth=client.name, user=user, reason=str(error))


def key_of(name: str, user: str) -> str:
    """Return under which name tokens are stored."""
    return f"{name}/{user}"


def _measured(state: State) -> OauthStatus:
    return OauthStatus(
        name=state.name,
        user=state.user,
        is_refused=bool(state.refusal),
        expires=state.expires_at.timestamp() if state.expires_at else 0.0,
    )


def _state(client: Client, user: str, row: Granted | None) -> State:
    """Say how it stands, and what ends first: the client's secret, or the refresh token."""
    ends: list[tuple[datetime, str]] = []
    if client.expires:
        midnight = datetime(
            client.expires.year, client.expires.month, client.expires.day, tzinfo=UTC
        )
        ends.append((midnight, "the client's secret"))
    if row and row.expires_at and client.grant is Grant.REFRESH:
        ends.append((row.expires_at, "the refresh token"))
    first = min(ends, default=(None, ""))
    is_absent = client.grant is Grant.REFRESH and not (row and row.sealed)
    refusal = "nobody let us in yet: maild mailbox authorize MAILBOX" if is_absent else ""
    is_refused = row is not None and row.refused_at and row.shown == words.fingerprint(client)
    return State(
        name=client.name,
        user=user,
        refusal=row.refusal if row and is_refused else refusal,
        expires_at=first[0],
        why_expires=first[1],
    )

"""Access tokens instead of passwords: what is asked of a provider, and what its answer means.

| grant              | what proves us                      | for                               |
|--------------------|-------------------------------------|-----------------------------------|
| refresh_token      | a token that a person gave us once  | a mailbox at Google or Microsoft  |
| client_credentials | the secret of a registered program  | Microsoft 365, without a person   |
| service_account    | a statement that we sign (RFC 7523) | Google Workspace, without one     |
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

AccessToken = Callable[[str, str, str], str]
"""(name of the [[oauth]], user, token that a server just refused or "") -> a token that is valid.

Raises `NotAllowed` when an operator has to act, `ServerAway` when the provider is not to be had.
"""
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
STATEMENT_SECONDS = 3600
TOKEN_CHARACTERS_MAX = 16_384
WORDS_MAX = 300
WARN_BEFORE = timedelta(days=14)
"""How long before it an expiry is announced."""
_FINAL = frozenset(
    {
        "access_denied",
        "admin_policy_enforced",
        "consent_required",
        "deleted_client",
        "interaction_required",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "login_required",
        "org_internal",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
"""What a person has to mend (RFC 6749 §5.2, and what Google and Microsoft add)."""


class Grant(StrEnum):
    """How a token is got."""

    REFRESH = "refresh_token"
    CLIENT = "client_credentials"
    ACCOUNT = "service_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """`[[oauth]]`: what we are to a provider, and where it is asked."""

    name: str
    grant: Grant
    client_id: str = ""
    secret: str = field(default="", repr=False)
    scope: str = ""
    token_url: str
    authorize_url: str = ""
    device_url: str = ""
    """Where a person types a code on another machine (RFC 8628); empty where there is none."""
    private_key: str = field(default="", repr=False)
    """Of a service account, PEM."""
    key_id: str = ""
    expires: date | None = None
    """When the client's secret ends, as the operator knows it."""
    refresh_days: int = 0
    """How long a refresh token lives unused, where the provider is known for it; 0 unknown."""
    extra: tuple[tuple[str, str], ...] = ()
    """What the provider wants to read in the address that a person opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a provider gave."""

    access: str = field(repr=False)
    seconds: int
    """How long the access token holds, counted from its arrival."""
    refresh: str = field(default="", repr=False)
    """A new refresh token, which takes the place of the old one; empty keeps that."""
    refresh_seconds: int = 0
    """How long the refresh token holds, where the provider tells; else 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a provider gave none."""

    code: str
    """Its own word, e.g. `invalid_grant`; empty when it said nothing that can be read."""
    words: str
    is_final: bool
    """Whether it stays so until a person does something."""


def bearer(user: str, token: str) -> str:
    """Return the first and only thing that is said in SASL XOAUTH2."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


def refresh_form(client: Client, refresh_token: str) -> dict[str, str]:
    """Ask for an access token by a refresh token (RFC 6749 §6)."""
    form = {"grant_type": Grant.REFRESH.value, "refresh_token": refresh_token}
    return form | proof(client) | _scope(client)


def client_form(client: Client) -> dict[str, str]:
    """Ask in the name of the program itself (RFC 6749 §4.4)."""
    return {"grant_type": Grant.CLIENT.value} | proof(client) | _scope(client)


def statement_form(statement: str) -> dict[str, str]:
    """Ask by a signed statement (RFC 7523 §2.1)."""
    return {"grant_type": JWT_GRANT, "assertion": statement}


def proof(client: Client) -> dict[str, str]:
    """Say who we are; a program without a secret says its name only."""
    known = {"client_id": client.client_id}
    return known | ({"client_secret": client.secret} if client.secret else {})


def statement(client: Client, user: str, at: datetime) -> bytes:
    """Return what a service account signs to act for a user (RFC 7523 §3): header and claims.

    `at` is the provider's time as far as it is known: it refuses what seems to come from later.
    """
    issued = int(at.timestamp())
    header = {"alg": "RS256", "typ": "JWT"} | ({"kid": client.key_id} if client.key_id else {})
    claims = {
        "iss": client.client_id,
        "sub": user,
        "scope": client.scope,
        "aud": client.token_url,
        "iat": issued,
        "exp": issued + STATEMENT_SECONDS,
    }
    return b".".join(url_safe(json.dumps(part).encode()) for part in (header, claims))


def signed(text: bytes, signature: bytes) -> str:
    """Put a statement and its signature together (RFC 7515 §7.1)."""
    return (text + b"." + url_safe(signature)).decode()


def url_safe(data: bytes) -> bytes:
    """Return base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def read_answer(status: int, data: bytes) -> Tokens | Refusal:
    """Read what a token endpoint answered (RFC 6749 §5); never raises, whatever the bytes."""
    content = read_object(data)
    if status != 200:  # noqa: PLR2004 - the only status of success, RFC 6749 §5.1
        return _refusal(status, content)
    access, refresh = _text(content, "access_token"), _text(content, "refresh_token")
    if not access or not access.isascii() or not access.isprintable():
        return Refusal(code="", words="its answer holds no access token", is_final=False)
    return Tokens(
        access=access,
        seconds=_seconds(content, "expires_in") or 300,
        refresh=refresh,
        refresh_seconds=_seconds(content, "refresh_token_expires_in"),
    )


def read_object(data: bytes) -> Mapping[str, object]:
    """Read a JSON object; empty when it is none."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def fingerprint(client: Client) -> str:
    """Return what changes when an operator changes what we show a provider."""
    parts = (
        client.grant,
        client.client_id,
        client.secret,
        client.scope,
        client.token_url,
        client.private_key,
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def renewal(seconds: int) -> float:
    """Return after how many seconds a token is renewed: a while before it ends."""
    return max(seconds - 300, seconds * 0.75, 1)


def refresh_end(client: Client, tokens: Tokens, now: datetime) -> datetime | None:
    """Return when the refresh token that just came ends; None when nobody knows."""
    if tokens.refresh_seconds:
        return now + timedelta(seconds=tokens.refresh_seconds)
    return now + timedelta(days=client.refresh_days) if client.refresh_days else None


def _refusal(status: int, content: Mapping[str, object]) -> Refusal:
    code = _text(content, "error")[:64]
    said = _text(content, "error_description").partition("\n")[0]
    shown = "".join(sign if sign.isprintable() else " " for sign in f"{code}: {said}")
    words = shown.strip(": ")[:WORDS_MAX] or f"it answered {status}"
    is_final = 400 <= status < 500 and status != 429 and code in _FINAL  # noqa: PLR2004 - HTTP
    return Refusal(code=code, words=words, is_final=is_final)


def _scope(client: Client) -> dict[str, str]:
    return {"scope": client.scope} if client.scope else {}


def _text(content: Mapping[str, object], key: str) -> str:
    value = content.get(key)
    return value if isinstance(value, str) and len(value) <= TOKEN_CHARACTERS_MAX else ""


def _seconds(content: Mapping[str, object], key: str) -> int:
    """Read a number of seconds; Microsoft's older endpoints write it in quotes."""
    value = content.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:  # noqa: PLR2004 - fits any lifetime
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return min(max(value, 0), 10 * 365 * 86400)

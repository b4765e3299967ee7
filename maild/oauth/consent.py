"""A person lets us into a mailbox: by a code on another device, or in a browser with PKCE.

Pure: what is shown, what is asked, and what the answers mean. Nothing here holds a token.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from maild.core.oauth import Client, Refusal, proof, read_object, url_safe

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
PENDING, SLOWER = "authorization_pending", "slow_down"
_URL_MAX = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a provider gave for another device (RFC 8628 §3.2)."""

    code: str = field(repr=False)
    shown: str
    """What the person types there."""
    url: str
    seconds: int
    interval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One try in a browser: what is ours to know until the person comes back."""

    verifier: str = field(repr=False)
    """43 to 128 characters that nobody can guess (RFC 7636 §4.1)."""
    state: str
    redirect: str


def device_form(client: Client) -> dict[str, str]:
    """Ask for a code (RFC 8628 §3.1)."""
    return {"client_id": client.client_id, "scope": client.scope}


def device(data: bytes) -> Device | None:
    """Read a code; None when the answer holds none."""
    content = read_object(data)
    code, shown = content.get("device_code"), content.get("user_code")
    url = content.get("verification_uri") or content.get("verification_url")
    if not (isinstance(code, str) and isinstance(shown, str) and isinstance(url, str)):
        return None
    return Device(
        code=code,
        shown=shown[:64],
        url=url[:_URL_MAX],
        seconds=_bounded(content.get("expires_in"), 900, 3600),
        interval=_bounded(content.get("interval"), 5, 60),
    )


def poll_form(client: Client, found: Device) -> dict[str, str]:
    """Ask whether the person is done (RFC 8628 §3.4)."""
    return {"grant_type": DEVICE_GRANT, "device_code": found.code} | proof(client)


def waits(refusal: Refusal, interval: float) -> float:
    """Return how long to wait for the person before asking again; 0 when it is over."""
    if refusal.code == SLOWER:
        return interval + 5  # RFC 8628 §3.5
    if refusal.code == PENDING or (not refusal.code and not refusal.is_final):
        return interval
    return 0


def page(client: Client, visit: Visit, user: str) -> str:
    """Return the address that the person opens (RFC 6749 §4.1.1, RFC 7636 §4.3)."""
    challenge = url_safe(hashlib.sha256(visit.verifier.encode()).digest()).decode()
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": visit.redirect,
        "scope": client.scope,
        "state": visit.state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "login_hint": user,
    } | dict(client.extra)
    return f"{client.authorize_url}?{urlencode(asked)}"


def returned(address: str, visit: Visit) -> tuple[str, str]:
    """Read where the browser was sent: (the code, ""), or ("", why there is none).

    `address` is the path that came to us, or what the person copied out of the browser.
    """
    if len(address) > _URL_MAX:
        return "", "that is too long for the address of the page"
    try:
        found = parse_qs(urlsplit(address.strip()).query, max_num_fields=20)
    except ValueError:
        return "", "that is no address of a page"
    if found.get("state") != [visit.state]:
        return "", "that is not the address of the page that this try led to"
    if found.get("error"):
        shown = "".join(sign for sign in found["error"][0] if sign.isprintable())
        return "", f"the provider says: {shown[:64]}"
    code = found.get("code", [""])[0]
    return (code, "") if code else ("", "there is no code in it")


def code_form(client: Client, visit: Visit, code: str) -> dict[str, str]:
    """Change the code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5)."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": visit.redirect,
        "code_verifier": visit.verifier,
    } | proof(client)


def _bounded(value: object, default: int, most: int) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return min(max(value, 1), most) if is_number and isinstance(value, int) else default

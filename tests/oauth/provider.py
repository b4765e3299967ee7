"""A provider of tokens on this machine: it checks what is sent as strictly as the real ones do.

Forms and answers are those of RFC 6749, RFC 7523, RFC 8628 and RFC 7636; what a test wants to go
wrong it sets. Every token that was ever given is known, so that a server can ask about it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from maild.core.oauth import JWT_GRANT, Client, Grant

USER = "support@acme.example"
SCOPE = "https://mail.example/all"
SECRET = "client-s3cret"


@dataclass
class Answer:
    """What is sent back."""

    status: int
    content: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An error of RFC 6749 §5.2."""

    def __init__(self, code: str, words: str = "", status: int = 400) -> None:
        super().__init__(code)
        self.answer = Answer(status, {"error": code, "error_description": words or code})


class Provider:
    """The provider; `with` starts and ends it."""

    def __init__(self) -> None:
        self.refresh: dict[str, str] = {}
        """Refresh tokens that are good, with their users."""
        self.spent: list[str] = []
        """Refresh tokens in the order in which others took their place."""
        self.access: dict[str, float] = {}
        """Access tokens and when they end, by the wall clock."""
        self.users: dict[str, str] = {}
        self.forms: list[dict[str, str]] = []
        self.asked: list[str] = []
        """Tokens that a mail server asked about."""
        self.next: list[Answer] = []
        """Answers that come before all thought."""
        self.seconds = 3600
        self.more: dict[str, Any] = {}
        self.rotates = False
        self.forgives = True
        """Whether a refresh token lives on when another took its place."""
        self.clock_ahead = 0.0
        self.delay = 0.0
        self.approved = False
        self.visits: dict[str, dict[str, str]] = {}
        self._serial = 0
        self._door = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length", "0"))
                provider._answer(self, self.rfile.read(size))

            def do_GET(self) -> None:
                provider._answer(self, b"")

            def date_time_string(self, timestamp: float | None = None) -> str:
                return formatdate((timestamp or time.time()) + provider.clock_ahead, usegmt=True)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def private_key(self) -> str:
        pem = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return pem.decode()

    def client(self, grant: Grant = Grant.REFRESH, **more: Any) -> Client:
        """What a house is to this provider."""
        given: dict[str, Any] = {
            "name": "test",
            "grant": grant,
            "client_id": "maild-test",
            "secret": SECRET,
            "scope": SCOPE,
            "token_url": f"{self.url}/token",
            "authorize_url": f"{self.url}/authorize",
            "device_url": f"{self.url}/device",
        }
        if grant is Grant.ACCOUNT:
            given |= {"private_key": self.private_key, "key_id": "k1", "secret": ""}
        return Client(**(given | more))

    def granted(self, user: str = USER) -> str:
        """Make a refresh token, as if the user had just said yes."""
        token = self._new("refresh")
        self.refresh[token] = user
        return token

    def revoke(self, user: str = USER) -> None:
        """Take everything back that a user gave."""
        self.refresh = {t: u for t, u in self.refresh.items() if u != user}
        self.access = dict.fromkeys(self.access, 0.0)

    def end(self, token: str) -> None:
        """Let an access token end now."""
        self.access[token] = 0.0

    def fail(self, status: int, content: dict[str, Any] | None = None, times: int = 1) -> None:
        self.next += [Answer(status, content or {})] * times

    def _new(self, kind: str) -> str:
        self._serial += 1
        return f"{kind}-{self._serial}-{hashlib.sha256(str(self._serial).encode()).hexdigest()}"

    def _answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        parts = urlsplit(request.path)
        with self._door:
            try:
                answer = self._judged(request, parts.path, parts.query, body)
            except Refused as refused:
                answer = refused.answer
            delay, self.delay = self.delay, 0.0
        time.sleep(delay)
        data = json.dumps(answer.content).encode()
        request.send_response(answer.status)
        for name, value in answer.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def _judged(
        self, request: BaseHTTPRequestHandler, path: str, query: str, body: bytes
    ) -> Answer:
        if path == "/tokeninfo":
            return self._told(parse_qs(query).get("token", [""])[0])
        if request.command != "POST":
            raise Refused("invalid_request", "only POST")
        if request.headers.get("Content-Type") != "application/x-www-form-urlencoded":
            raise Refused("invalid_request", "no form")
        pairs = parse_qs(body.decode("ascii"), strict_parsing=True)
        assert all(len(values) == 1 for values in pairs.values())
        form = {name: values[0] for name, values in pairs.items()}
        self.forms.append(form)
        if self.next:
            return self.next.pop(0)
        if path == "/device":
            return self._device(form)
        assert path == "/token", path
        return self._token(form)

    def _told(self, token: str) -> Answer:
        """What a mail server learns about an access token (as Google's tokeninfo)."""
        self.asked.append(token)
        if self.access.get(token, 0.0) <= time.time():
            return Answer(400, {"error": "invalid_token"})
        return Answer(200, {"email": self.users[token], "active": "true", "scope": SCOPE})

    def _token(self, form: dict[str, str]) -> Answer:
        grants = {
            "refresh_token": self._by_refresh,
            "client_credentials": self._by_secret,
            JWT_GRANT: self._by_statement,
            "authorization_code": self._by_code,
            "urn:ietf:params:oauth:grant-type:device_code": self._by_device,
        }
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            raise Refused("unsupported_grant_type")
        return grant(form)

    def _known(self, form: dict[str, str]) -> None:
        if form.get("client_id") != "maild-test" or form.get("client_secret") != SECRET:
            raise Refused("invalid_client", "AADSTS7000222: the secret is expired", 401)

    def _by_refresh(self, form: dict[str, str]) -> Answer:
        self._known(form)
        if form.get("scope", SCOPE) != SCOPE:
            raise Refused("invalid_scope")
        shown = form.get("refresh_token", "")
        user = self.refresh.get(shown)
        if user is None:
            raise Refused("invalid_grant", "Token has been expired or revoked.")
        if not self.rotates:
            return self._given(user, {})
        new = self.granted(user)
        self.spent.append(shown)
        if not self.forgives:
            del self.refresh[shown]
        return self._given(user, {"refresh_token": new})

    def _by_secret(self, form: dict[str, str]) -> Answer:
        self._known(form)
        if form.get("scope") != SCOPE:
            raise Refused("invalid_scope")
        return self._given(USER, {})

    def _by_statement(self, form: dict[str, str]) -> Answer:
        head, claims, signature = form["assertion"].split(".")
        try:
            _key().public_key().verify(
                _bytes(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256()
            )
        except InvalidSignature:
            raise Refused("invalid_grant", "Invalid JWT Signature.") from None
        assert json.loads(_bytes(head)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
        said = json.loads(_bytes(claims))
        assert said["iss"] == "maild-test"
        assert said["aud"] == f"{self.url}/token"
        assert said["scope"] == SCOPE
        now = time.time() + self.clock_ahead
        if not (said["iat"] - 60 <= now <= said["exp"] and said["exp"] - said["iat"] <= 3600):
            raise Refused("invalid_grant", "Invalid JWT: a reasonable timeframe, please")
        return self._given(said["sub"], {})

    def _device(self, form: dict[str, str]) -> Answer:
        assert form == {"client_id": "maild-test", "scope": SCOPE}
        return Answer(
            200,
            {
                "device_code": "the-device-code",
                "user_code": "ABCD-EFGH",
                "verification_uri": f"{self.url}/activate",
                "expires_in": 900,
                "interval": 1,
            },
        )

    def _by_device(self, form: dict[str, str]) -> Answer:
        self._known(form)
        assert form["device_code"] == "the-device-code"
        if not self.approved:
            raise Refused("authorization_pending")
        return self._given(USER, {"refresh_token": self.granted()})

    def visit(self, page: str) -> str:
        """Do what a person's browser does at the page: say yes; return where it is sent."""
        parts = urlsplit(page)
        assert parts.path == "/authorize"
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == "maild-test"
        assert asked["scope"] == SCOPE
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.visits)}"
        self.visits[code] = asked
        return f"{asked['redirect_uri']}?state={asked['state']}&code={code}"

    def _by_code(self, form: dict[str, str]) -> Answer:
        self._known(form)
        asked = self.visits.pop(form["code"], None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            raise Refused("invalid_grant")
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            raise Refused("invalid_grant", "the verifier does not fit")
        return self._given(asked["login_hint"], {"refresh_token": self.granted()})

    def _given(self, user: str, more: dict[str, Any]) -> Answer:
        token = self._new("access")
        self.access[token] = time.time() + self.seconds
        self.users[token] = user
        content = {"access_token": token, "token_type": "Bearer", "expires_in": self.seconds}
        return Answer(200, content | more | self.more)


@cache
def _key() -> rsa.RSAPrivateKey:
    """The key of the service account."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""Relays to send to: Postfix's smtp-sink, and an SMTP server with TLS and AUTH."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.needs import find, require
from tests.ports import free_port


@contextlib.contextmanager
def sink(*options: str, port: int = 0) -> Iterator[int]:
    """Run smtp-sink with options such as `-f RCPT`; gives its port."""
    require("postfix")
    program = find("smtp-sink")
    assert program is not None
    port = port or free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [str(program), *user, *options, f"127.0.0.1:{port}", "100"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            wait_for(port)
            yield port
        finally:
            process.kill()


def wait_for(port: int, seconds: float = 10) -> None:
    """Return as soon as somebody listens."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, "the relay did not start"
            time.sleep(0.01)
        else:
            return


@dataclass(slots=True)
class Taker:
    """Keeps what it is given, as a relay sees it."""

    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    in_tls: list[bool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        del server
        content = envelope.original_content
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, content))
        self.in_tls.append(session.ssl is not None)
        return "250 2.0.0 taken"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        del server, session, envelope
        login, password = data.login.decode(), data.password.decode()
        self.users.append(f"{mechanism}:{login}")
        return AuthResult(success=(login, password) == ("maild", "sesame"), handled=False)


@contextlib.contextmanager
def server(taker: Taker, **options: Any) -> Iterator[int]:
    """Run an SMTP server on a free port of 127.0.0.1."""
    controller = Controller(taker, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop(no_assert=True)


def certificate(folder: Path, *, name: str = "IP:127.0.0.1") -> tuple[Path, Path]:
    """Make a certificate that signs itself; gives certificate and key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=relay", "-addext", f"subjectAltName={name}"]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


def server_tls(cert: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context

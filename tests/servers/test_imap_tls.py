"""The certificate of an IMAP server is checked, whichever way TLS begins."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.intake.imap_bench import Store, mail, opened_store, polling
from tests.intake.imap_fake import Dialogue, FakeServer
from tests.needs import needs
from tests.servers.dovecot import Certificate, Dovecot, running_dovecot, wait_until

pytestmark = [needs("root", "dovecot"), pytest.mark.servers]

_MAKE = (
    *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
    *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    made = Certificate(file=folder / "cert.pem", key=folder / "key.pem")
    subprocess.run(
        [*_MAKE, "-keyout", made.key, "-out", made.file],
        check=True,
        capture_output=True,
    )
    return made


@pytest.fixture(scope="module")
def dovecot(certificate: Certificate) -> Iterator[Dovecot]:
    yield from running_dovecot(certificate)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened_store(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_a_known_certificate_is_trusted(
    dovecot: Dovecot,
    store: Store,
    certificate: Certificate,
    tls: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    port = dovecot.tls_port if tls == "tls" else dovecot.port
    dovecot.add(tls, mail(1, size=300_000))

    with polling(store.desk(), dovecot.settings(tls, tls=tls, port=port)):
        wait_until(lambda: store.confirmed(tls) == 1, "nothing was taken")
        dovecot.add(tls, mail(2))
        wait_until(lambda: store.confirmed(tls) == 2, "IDLE told nothing")

    assert store.raws(tls)[0] == mail(1, size=300_000)


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_an_unknown_certificate_is_refused(dovecot: Dovecot, store: Store, tls: str) -> None:
    port = dovecot.tls_port if tls == "tls" else dovecot.port
    user = f"unknown-{tls}"
    dovecot.add(user, mail(1))

    with polling(store.desk(), dovecot.settings(user, tls=tls, port=port)):
        wait_until(lambda: store.ledger.state(user) is not None, "nobody noticed")

    state = store.ledger.state(user)
    assert state is not None
    assert "CERTIFICATE_VERIFY_FAILED" in state.last_error
    assert store.journalled(user) == 0


def test_a_mailbox_under_tls_ends_at_once(
    dovecot: Dovecot, store: Store, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    settings = dovecot.settings("ends", tls="tls", port=dovecot.tls_port)

    with polling(store.desk(), settings) as intake:
        wait_until(lambda: store.ledger.state("ends") is not None, "no connection")
        assert intake.stop(1.5)


def test_no_password_is_sent_where_starttls_is_missing(store: Store) -> None:
    with FakeServer() as server, polling(store.desk(), server.settings(tls="starttls")):
        wait_until(lambda: len(server.dialogues) >= 2, "no try")

    assert not [line for line in server.lines if b"LOGIN" in line or b"AUTH" in line]


def test_text_smuggled_in_before_tls_is_not_read_as_if_it_came_inside(
    store: Store, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(certificate.file, certificate.key)

    def inject(dialogue: Dialogue, tag: bytes, command: bytes) -> bool:
        if command != b"STARTTLS":
            return False
        dialogue.say(tag, b" OK begin\r\n* CAPABILITY IMAP4rev1 INJECTED\r\n")
        with inside.wrap_socket(dialogue.connection, server_side=True) as secured:
            secured.recv(1000)
        return True

    server = FakeServer(inject, capabilities=b"IMAP4rev1 STARTTLS IDLE")
    with server, polling(store.desk(), server.settings(tls="starttls")):
        wait_until(lambda: store.ledger.state("fake") is not None, "nobody noticed")

    state = store.ledger.state("fake")
    assert state is not None
    assert "text before TLS" in state.last_error

"""Tokens against servers that really check them: Dovecot for IMAP, Postfix with Dovecot for SMTP.

Both ask the provider about every token that is shown to them.
"""

from __future__ import annotations

import smtplib
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from maild.access import Access
from maild.core.oauth import Grant, Tokens
from maild.core.token import Keys
from maild.intake.imap_folder import Desk
from maild.outbox.send import Relay, SendResult
from maild.settings import ImapSettings, RelaySettings
from tests.intake.imap_bench import Store, mail, opened_store, polling
from tests.needs import find, needs
from tests.oauth.provider import USER, Provider
from tests.servers.dovecot import Dovecot, running_dovecot, wait_until
from tests.servers.postfix import Postfix, postfix

pytestmark = [needs("root", "dovecot"), pytest.mark.servers]

KEYS = Keys(current=1, by_id={1: bytes(32)})
_MORE = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
auth_mechanisms = $auth_mechanisms xoauth2
auth_failure_delay = 0
service auth {{
  unix_listener {folder}/sasl {{
    mode = 0666
  }}
}}
"""
_OAUTH = """
tokeninfo_url = {url}/tokeninfo?token=
introspection_mode = auth
username_attribute = email
active_attribute = active
active_value = true
timeout_msecs = 5000
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture(scope="module")
def dovecot(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    folder = tmp_path_factory.mktemp("oauth")
    for parent in (folder, *folder.parents):
        if parent.parts[:2] == ("/", "tmp") and len(parent.parts) > 2:
            parent.chmod(0o755)
    (folder / "oauth2.conf").write_text(_OAUTH.format(url=provider.url))
    for server in running_dovecot(more=_MORE.format(folder=folder)):
        server.sasl = folder / "sasl"  # type: ignore[attr-defined]
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def access(store: Store, provider: Provider) -> Access:
    made = Access(store.database, KEYS, [provider.client()], "node")
    made.accept("test", USER, Tokens(access="x", seconds=1, refresh=provider.granted()))
    made._held.clear()
    return made


def box(dovecot: Dovecot) -> ImapSettings:
    return replace(dovecot.settings(USER), password="", oauth="test")


def desk(store: Store, access: Access) -> Desk:
    return replace(store.desk(), access=access.token)


def test_a_mailbox_is_read_by_tokens_that_dovecot_checks(
    dovecot: Dovecot, provider: Provider, store: Store, access: Access
) -> None:
    dovecot.add(USER, mail(1))

    with polling(desk(store, access), box(dovecot)):
        wait_until(lambda: store.confirmed(USER) >= 1, "nothing was taken")

    assert provider.asked[-1] == access.token("test", USER)


def test_a_token_that_ended_during_idle_is_replaced_when_the_server_hangs_up(
    dovecot: Dovecot, provider: Provider, store: Store, access: Access
) -> None:
    with polling(desk(store, access), box(dovecot)):
        wait_until(lambda: store.ledger.state(USER) is not None, "no connection")
        before = access.token("test", USER)
        provider.end(before)
        doveadm = find("doveadm")
        assert doveadm
        kick = [str(doveadm), "-c", str(dovecot.folder / "dovecot.conf"), "kick", USER]

        def shown_anew() -> bool:
            # Whom a kick meets may still be the connection of the test before.
            subprocess.run(kick, capture_output=True, check=False)
            return provider.asked[-1] != before

        wait_until(shown_anew, "it did not come back", 30)
        held = store.confirmed(USER)
        dovecot.add(USER, mail(2))
        wait_until(lambda: store.confirmed(USER) > held, "nothing was taken", 30)

    assert access.token("test", USER) != before


def test_a_revoked_permission_pauses_the_mailbox_until_it_is_given_again(
    dovecot: Dovecot, provider: Provider, store: Store, access: Access
) -> None:
    provider.end(access.token("test", USER))
    provider.revoke()
    asked = len(provider.forms)

    with polling(desk(store, access), box(dovecot)):
        wait_until(lambda: "invalid_grant" in _trouble(store), "nobody noticed", 30)
        wait_until(lambda: "authorize" in _trouble(store), "nobody is told what to do")
        assert len(provider.forms) == asked + 1

        fresh = Tokens(access="x", seconds=0, refresh=provider.granted())
        Access(store.database, KEYS, [provider.client()], "commands").accept("test", USER, fresh)
        held = store.confirmed(USER)
        dovecot.add(USER, mail(3))
        wait_until(lambda: store.confirmed(USER) > held, "it did not come back", 30)


def test_a_token_for_somebody_else_opens_no_mailbox(
    dovecot: Dovecot, provider: Provider, store: Store
) -> None:
    access = Access(store.database, KEYS, [provider.client(Grant.CLIENT)], "node")
    settings = replace(box(dovecot), mailbox="other", user="other@acme.example")

    with polling(desk(store, access), settings):
        wait_until(lambda: store.ledger.state("other") is not None, "nobody noticed", 30)

    state = store.ledger.state("other")
    assert state is not None
    assert state.last_success is None
    assert "AUTHENTICATIONFAILED" in state.last_error


@pytest.fixture(scope="module")
def relay(dovecot: Dovecot) -> Iterator[Postfix]:
    more = "\n".join(
        (
            "smtpd_sasl_auth_enable = yes",
            "smtpd_sasl_type = dovecot",
            f"smtpd_sasl_path = {dovecot.sasl}",  # type: ignore[attr-defined]
            "smtpd_sasl_security_options = noanonymous",
            "mynetworks = 192.0.2.1",
            "smtpd_client_restrictions =",
            "smtpd_relay_restrictions = permit_sasl_authenticated, reject",
            "smtpd_recipient_restrictions = permit_sasl_authenticated, reject",
        )
    )
    with postfix(1, more=more) as server:
        # It hangs up on whoever comes before Dovecot's own server for logins is there.
        wait_until(lambda: _offers_login(server), "the relay offers no login")
        yield server


def _offers_login(relay: Postfix) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=30) as client:
            client.ehlo()
            return client.has_extn("auth")
    except (OSError, smtplib.SMTPException):
        return False


def relay_settings(relay: Postfix) -> RelaySettings:
    return RelaySettings(scheme="smtp", host="127.0.0.1", port=relay.port, user=USER, oauth="test")


@needs("postfix")
def test_mail_goes_out_by_tokens_that_the_relay_checks(
    relay: Postfix, provider: Provider, access: Access
) -> None:
    out = Relay(relay_settings(relay), local_hostname="client.example", access=access.token)

    first = out.send(USER, "customer@elsewhere.example", mail(1))
    out.close()
    old = access.token("test", USER)
    provider.end(old)
    second = out.send(USER, "customer@elsewhere.example", mail(2))
    out.close()

    assert first.result is SendResult.ACCEPTED
    assert second.result is SendResult.ACCEPTED, second.answer
    assert access.token("test", USER) != old
    assert "sasl_method=XOAUTH2" in relay.wait_for("sasl_username")


@needs("postfix")
def test_mail_waits_while_the_permission_is_revoked(
    relay: Postfix, provider: Provider, access: Access
) -> None:
    out = Relay(relay_settings(relay), local_hostname="client.example", access=access.token)
    provider.revoke()

    sent = out.send(USER, "customer@elsewhere.example", mail(1))
    out.close()

    assert sent.result is SendResult.TEMPORARY
    assert "invalid_grant" in sent.answer


def _trouble(store: Store) -> str:
    state = store.ledger.state(USER)
    return state.last_error if state else ""

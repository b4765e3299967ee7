"""`maild check --online` against a real Dovecot, a relay that delivers into it, and a name server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from maild import settings
from maild.access import State
from maild.cli import online_names, online_probe, online_servers
from maild.cli.looked import Looked, Verdict
from tests import warm
from tests.authenticate.nameserver import Zone, name_server, text
from tests.needs import needs
from tests.oauth.provider import Provider
from tests.ports import free_port
from tests.servers.dovecot import PASSWORD, Dovecot, dovecot

__all__ = ["dovecot"]
pytestmark = [needs("root", "dovecot"), pytest.mark.servers]

_EVERYTHING = ("--online", "--probe", "--dkim", "s1", "--json")
GOOD: Zone = {
    ("acme.example", "MX"): ("10 mx.acme.example.",),
    ("acme.example", "TXT"): text("v=spf1 mx -all"),
    ("_dmarc.acme.example", "TXT"): text("v=DMARC1; p=reject"),
    ("s1._domainkey.acme.example", "TXT"): text("v=DKIM1; k=rsa; p=MIIB"),
}


class Deliverer:
    """A relay that puts what it gets into mailboxes of Dovecot; `routes` say into which."""

    def __init__(self, server: Dovecot, routes: Mapping[str, tuple[str, ...]]) -> None:
        self._server = server
        self._routes = routes
        self.strips = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        data = bytes(envelope.content)
        if self.strips:
            head, blank, body = data.partition(b"\r\n\r\n")
            lines = head.replace(b"\r\n ", b" ").split(b"\r\n")
            kept = [one for one in lines if not one.startswith(b"Authentication-Results")]
            data = b"\r\n".join(kept) + blank + body
        for user in self._routes.get(envelope.rcpt_tos[0], ()):
            self._server.add(user, data)
        return "250 2.0.0 taken"


@contextmanager
def relaying(deliverer: Deliverer) -> Iterator[int]:
    controller = Controller(deliverer, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def config(folder: Path, dovecot: Dovecot, relay_port: int, more: str = "") -> Path:
    """Two mailboxes and a relay."""
    (folder / "pw").write_text(PASSWORD)
    boxes = "".join(
        f"""
[[mailbox]]
name = "{name}"
address = "{name}@acme.example"
authserv_id = "mx.acme.example"
[mailbox.imap]
host = "127.0.0.1"
port = {dovecot.port}
tls = "none"
user = "{folder.name}-{name}"
password_file = "pw"
"""
        for name in ("support", "sales")
    )
    file = folder / "config.toml"
    file.write_text(
        f'[maild]\nname = "Acme"\ndomain = "acme.example"\nstate_dir = "{folder}"\n{boxes}'
        f'[relay]\nurl = "smtp://127.0.0.1:{relay_port}"\n{more}'
    )
    return file


def load(file: Path) -> settings.Settings:
    return settings.load(file, environ={})


def verdicts(found: list[Looked]) -> dict[str, Verdict]:
    return {one.about: one.verdict for one in found}


def test_all_that_is_well_is_said_to_be(tmp_path: Path, dovecot: Dovecot) -> None:
    support = f"{tmp_path.name}-support"
    routes = {
        "support+probe@acme.example": (support,),
        "sales+probe@acme.example": (f"{tmp_path.name}-sales",),
    }
    deliverer = Deliverer(dovecot, routes)
    deliverer.strips = True
    with relaying(deliverer) as port, name_server(GOOD) as names:
        more = f'[smtp]\nauthenticate = true\nnameservers = ["127.0.0.1:{names.address[1]}"]\n'
        file = config(tmp_path, dovecot, port, more)
        done = warm.told("--config", str(file), "check", *_EVERYTHING, timeout=110)

    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (told["failed"], told["warnings"]) == (0, 0)
    good = {line["about"] for line in told["lines"] if line["verdict"] == "ok"}
    assert {
        "MX of acme.example",
        "SPF of acme.example",
        "DMARC of acme.example",
        "DKIM of acme.example",
        f"mailbox support at 127.0.0.1:{dovecot.port}",
        f"relay 127.0.0.1:{port}",
        "probe to support+probe@acme.example",
        "forged proof to support+probe@acme.example",
        "clock",
        "disk",
    } <= good
    assert dovecot.count(support) == 1, "one probe, and nothing else"


def test_what_fails_is_said_with_what_to_do_and_the_command_fails(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    with name_server({}) as names:
        more = f'[smtp]\nauthenticate = true\nnameservers = ["127.0.0.1:{names.address[1]}"]\n'
        file = config(tmp_path, dovecot, free_port(), more)
        (tmp_path / "pw").write_text("wrong")
        done = warm.told("--config", str(file), "check", "--online", timeout=110)

    assert done.returncode == 1
    for begin in ("MX of acme.example", "mailbox support at", "relay 127.0.0.1"):
        [line] = [line for line in done.stdout.splitlines() if line.startswith(f"failed: {begin}")]
        assert " -> " in line
    assert "SPF of acme.example: there is none" in done.stdout


def test_a_probe_that_does_not_come_back_and_one_that_comes_twice(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    boxes = (f"{tmp_path.name}-support", f"{tmp_path.name}-sales")
    with relaying(Deliverer(dovecot, {"support+probe@acme.example": boxes})) as port:
        known = load(config(tmp_path, dovecot, port))
        found = list(online_probe.probes(known, None, patience=3))

    assert verdicts(found)["probe to sales+probe@acme.example"] is Verdict.FAILED
    assert verdicts(found)["forged proof to support+probe@acme.example"] is Verdict.WARNING
    [twice] = [one for one in found if "mailbox sales as well" in one.found]
    assert twice.verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("zone", "about", "verdict"),
    [
        ({}, "MX", Verdict.FAILED),
        ({("acme.example", "MX"): ("0 .",)}, "MX", Verdict.FAILED),
        ({("acme.example", "A"): ("192.0.2.1",)}, "MX", Verdict.WARNING),
        ({}, "SPF", Verdict.WARNING),
        ({("acme.example", "TXT"): text("v=spf1 +all")}, "SPF", Verdict.WARNING),
        (
            {("acme.example", "TXT"): (*text("v=spf1 -all"), *text("v=spf1 mx -all"))},
            "SPF",
            Verdict.FAILED,
        ),
        ({}, "DMARC", Verdict.WARNING),
        ({}, "DKIM", Verdict.WARNING),
        ({("s1._domainkey.acme.example", "TXT"): text("v=DKIM1; p=")}, "DKIM", Verdict.WARNING),
    ],
)
def test_the_dns_is_judged(
    tmp_path: Path, dovecot: Dovecot, zone: Zone, about: str, verdict: Verdict
) -> None:
    with name_server(zone) as names:
        more = f'[smtp]\nauthenticate = true\nnameservers = ["127.0.0.1:{names.address[1]}"]\n'
        known = load(config(tmp_path, dovecot, 25, more))
        found = verdicts(list(online_names.names(known, ("s1",))))

    assert found[f"{about} of acme.example"] is verdict


def test_a_clock_that_is_off_is_told_by_the_answer_of_a_provider() -> None:
    with Provider() as provider:
        clocks = online_servers.Clocks()
        clocks.post(f"{provider.url}/token", {"grant_type": "none"})
        near = online_servers.clock(clocks.off)
        provider.clock_ahead = 60
        clocks.post(f"{provider.url}/token", {"grant_type": "none"})
        far = online_servers.clock(clocks.off)

    assert near.verdict is Verdict.OK
    assert far.verdict is Verdict.FAILED
    assert "+60 s" in far.found


def test_an_end_is_announced_two_weeks_before() -> None:
    at = datetime(2027, 1, 1, tzinfo=UTC)

    def told(days: int) -> Verdict:
        end = at + timedelta(days=days)
        state = State(name="a", user="b", expires_at=end, why_expires="the client's secret")
        return online_servers.expiry("a", state, at).verdict

    assert [told(15), told(13), told(-1)] == [Verdict.OK, Verdict.WARNING, Verdict.FAILED]

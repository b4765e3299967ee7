"""`maild check` and `maild rules test`: is everything that an operator wrote right?"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from maild import authenticate, log, rulefiles, settings
from maild.app import office_of, renderer_of
from maild.cli import check_store, choices
from maild.cli import show as out
from maild.core.house import Mailbox, Provider
from maild.core.token import Keys
from maild.errors import NotAllowed
from maild.store.database import open_database

CONNECT_SECONDS = 10


def check(config: Path | None, *, online: bool) -> None:
    """Say what is configured, or every problem with file and line."""
    log.configure(environment=os.environ, level=log.Level.WARNING)
    known = settings.load(config, environ=os.environ)
    database = open_database("sqlite://")
    office = office_of(known, database, Keys(current=0, by_id={0: bytes(32)}))
    database.close()
    out.line(
        f"ok: {len(known.house.mailboxes)} mailboxes, {len(known.house.agents)} agents, "
        f"{len(office.world.rules)} rules, templates in {', '.join(office.world.languages)}"
    )
    for line in _proofs(known):
        out.line(line)
    for line in choices.of_trust(known):
        out.line(line)
    for line in check_store.told(known, online=online):
        out.line(line)
    if online:
        _online(known)


def _proofs(known: settings.Settings) -> list[str]:
    """Say what mail can prove here; `ConfigError` where packages for a check are missing."""
    own = authenticate.of(known)
    if own is not None:
        own.close()
    checked = [box.name for box in known.house.mailboxes if _is_judged(box)]
    told = [
        "proof: SPF, DKIM and DMARC are checked by ourselves for mail that comes by SMTP"
        if own is not None
        else "proof: none by ourselves; [smtp] authenticate is false",
        f"proof: Authentication-Results are believed for {', '.join(checked)}"
        if checked
        else "proof: nobody's Authentication-Results are believed; see authserv_id and provider",
    ]
    silent = [account.user for account in known.house.accounts if not account.addresses]
    if silent:
        told.append(f"proof: no addresses, so that AUTH proves nobody: {', '.join(silent)}")
    return told


def _is_judged(box: Mailbox) -> bool:
    return bool(box.authserv_id) or box.provider is not Provider.GENERIC


def rules_test(config: Path | None) -> None:
    """Try the examples beside the rules; exit 1 when one is wrong."""
    log.configure(environment=os.environ, level=log.Level.WARNING)
    known = settings.load(config, environ=os.environ)
    names = frozenset(renderer_of(known).names)
    tried = rulefiles.check_examples(known.rules_dir, known.house, templates=names)
    wrong = [example for example in tried if not example.passed]
    for example in wrong:
        wanted = "fire" if example.expected else "stay silent"
        out.line(f"{example.source}: {example.rule} should {wanted} {example.error}")
    out.line(f"{len(tried) - len(wrong)} of {len(tried)} examples are right")
    if wrong:
        raise NotAllowed("a rule does not do what its example says")


def _online(known: settings.Settings) -> None:
    """Open a connection to every server that mail goes to or comes from."""
    relays = (known.relay, *(relay for _, relay in known.mailbox_relays))
    places = [(f"relay {r.host}", r.host, r.port) for r in relays if r.host]
    places += [(f"mailbox {box.mailbox}", box.host, box.port) for box in known.imap]
    away = 0
    for name, host, port in dict.fromkeys(places):
        try:
            socket.create_connection((host, port), CONNECT_SECONDS).close()
        except OSError as error:
            away += 1
            out.line(f"away: {name} at {host}:{port}: {error}")
        else:
            out.line(f"ok: {name} at {host}:{port}")
    if away:
        raise NotAllowed(f"{away} of {len(places)} servers cannot be reached")

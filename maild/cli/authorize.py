"""`maild mailbox authorize`: a person lets us into a mailbox, also over ssh.

No token is ever printed. With a device code the person types a few letters on a page of the
provider; without one the browser comes back to a port of this machine, or, where it runs on
another, the person copies the address that it could not open.
"""

from __future__ import annotations

import secrets
import select
import socket
import sys
import time
from pathlib import Path

from maild.access import Access
from maild.cli import granting
from maild.cli import show as out
from maild.cli.place import WrongUsage
from maild.core.oauth import Client, Grant, Refusal, Tokens, read_answer
from maild.errors import MaildError, NotAllowed
from maild.intake.imap_session import Session, Waits
from maild.intake.imap_wire import Cord
from maild.oauth import consent
from maild.oauth.consent import Visit
from maild.oauth.post import post
from maild.settings import Settings

RELAY = "relay"
PATIENCE_SECONDS = 900
_REQUEST_BYTES_MAX = 8192
_PAGE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
    b"Referrer-Policy: no-referrer\r\nCache-Control: no-store\r\n\r\n"
)


def authorize(config: Path | None, name: str) -> None:
    """Walk a person through every account that a mailbox logs in with, then try it."""
    with out.opened(config) as (known, database):
        accounts = _accounts(known, name)
        access = granting.access_of(known, database)
        assert access is not None, "a name of an [[oauth]] was found"
        clients = {client.name: client for client in known.oauth}
        for oauth, user in accounts:
            _account(access, clients[oauth], user)
        _tried(known, name, access)


def _accounts(known: Settings, name: str) -> list[tuple[str, str]]:
    """Find what a mailbox logs in with; `NotAllowed` when that needs no authorising."""
    boxes = [box.name for box in known.house.mailboxes]
    if name not in (*boxes, RELAY):
        raise WrongUsage(f"there is no [[mailbox]] {name!r}; there are {', '.join(boxes)}, relay")
    relays = dict(known.mailbox_relays) | {RELAY: known.relay}
    ways = [(box.oauth, box.user) for box in known.imap if box.mailbox == name]
    ways += [(relays[name].oauth, relays[name].user)] if name in relays else []
    found = [(oauth, user) for oauth, user in dict.fromkeys(ways) if oauth]
    if not found:
        raise NotAllowed(f"{name!r} names no oauth in config.toml: it logs in by a password")
    return found


def _account(access: Access, client: Client, user: str) -> None:
    if client.grant is not Grant.REFRESH:
        access.token(client.name, user)
        out.line(f"[[oauth]] {client.name} needs nobody: it just gave a token for {user}")
        return
    out.heading(f"Let maild into {user} ({client.name})")
    access.accept(client.name, user, _given(client, user))
    out.line("Stored, encrypted; a daemon that runs finds it by itself.")


def _given(client: Client, user: str) -> Tokens:
    return _by_device(client, user) if client.device_url else _by_browser(client, user)


def _by_device(client: Client, user: str) -> Tokens:
    """Show a code, and ask until the person has typed it (RFC 8628)."""
    answer = post(client.device_url, consent.device_form(client))
    found = consent.device(answer.data)
    if found is None:
        refusal = read_answer(answer.status, answer.data)
        words = refusal.words if isinstance(refusal, Refusal) else "no code came"
        raise NotAllowed(f"the provider gives no code: {words}")
    out.line(f"1. Open {found.url} in any browser, on any machine.")
    out.line(f"2. Type the code {found.shown}")
    out.line(f"3. Sign in as {user}, or as somebody who may open that mailbox, and say yes.")
    out.line(f"Waiting, for {found.seconds // 60} minutes at most; Ctrl-C gives up.")
    end, interval = time.monotonic() + found.seconds, float(found.interval)
    while time.monotonic() < end:
        time.sleep(interval)
        answer = post(client.token_url, consent.poll_form(client, found))
        tokens = read_answer(answer.status, answer.data)
        if isinstance(tokens, Tokens):
            return tokens
        interval = consent.waits(tokens, interval)
        if not interval:
            raise NotAllowed(f"the provider says: {tokens.words}")
    raise NotAllowed("nobody typed the code in time: start again")


def _by_browser(client: Client, user: str) -> Tokens:
    """Show an address, and wait until the browser comes back or its address is pasted."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        visit = Visit(
            verifier=secrets.token_urlsafe(48),
            state=secrets.token_urlsafe(24),
            redirect=f"http://127.0.0.1:{server.getsockname()[1]}/",
        )
        out.line(f"1. Open this address in a browser, and sign in as {user}:")
        out.line(f"   {consent.page(client, visit, user)}")
        out.line("2. Say yes. If the browser runs on this machine, that is all.")
        out.line("   Else it ends at a page that it cannot open, at 127.0.0.1: copy the whole")
        out.line("   address from its address bar, paste it here, and press Enter.")
        code = _code(server, visit)
    answer = post(client.token_url, consent.code_form(client, visit, code))
    tokens = read_answer(answer.status, answer.data)
    if isinstance(tokens, Refusal):
        raise NotAllowed(f"the provider says: {tokens.words}")
    return tokens


def _code(server: socket.socket, visit: Visit) -> str:
    """Wait for whatever comes first, the browser or the person; what is wrong is said."""
    end = time.monotonic() + PATIENCE_SECONDS
    waiting = [server, sys.stdin]
    while (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select(waiting, [], [], left)
        for source in ready:
            if isinstance(source, socket.socket):
                code, why = _from_browser(source, visit)
            else:
                line = sys.stdin.readline(_REQUEST_BYTES_MAX)
                if not line:
                    waiting.remove(sys.stdin)
                    continue
                code, why = consent.returned(line, visit) if line.strip() else ("", "")
            if code:
                return code
            if why:
                out.line(f"   That was not it: {why}.")
    raise NotAllowed("nobody came back in time: start again")


def _from_browser(server: socket.socket, visit: Visit) -> tuple[str, str]:
    """Read one request of a browser and answer it; anything strange counts as nothing."""
    connection, _ = server.accept()
    with connection:
        connection.settimeout(5)
        try:
            request = connection.recv(_REQUEST_BYTES_MAX).split(b"\r\n")[0].decode("ascii")
            _method, target, _version = request.split(" ")
            code, why = consent.returned(target, visit)
            words = "maild is let in: this page may be closed." if code else f"Not this: {why}."
            connection.sendall(_PAGE + words.encode())
        except (OSError, ValueError):
            return "", ""
    return code, ""


def _tried(known: Settings, name: str, access: Access) -> None:
    """Log in to the mailbox at once, so that a wrong account shows now."""
    for box in known.imap:
        if box.mailbox != name or not box.oauth:
            continue
        try:
            Session(box, Waits(), Cord(), access.token).close()
        except MaildError as error:
            words = f"the permission is there, but {box.host} does not let {box.user} in: {error}"
            raise NotAllowed(words) from error
        out.line(f"{box.host} lets {box.user} in.")

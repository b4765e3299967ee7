"""`maild check --online --probe`: a mail of ours to ourselves, and what becomes of it.

It goes to `support+probe@...` through the relay and is looked for in every mailbox. It comes from
our own address, which makes it a loop for the line: it never becomes a ticket. A field that only
the provider may write stands in it, to see whether the provider takes out what strangers forge.
"""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from maild.cli.looked import Looked, failed, ok, warning
from maild.core.house import Mailbox
from maild.core.oauth import AccessToken
from maild.errors import MaildError
from maild.intake.imap_session import UIDS_PER_COMMAND, Session, Waits
from maild.intake.imap_wire import Cord
from maild.outbox.result import SendResult
from maild.outbox.send import Relay
from maild.settings import ImapSettings, Settings

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 2.0
BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probe:
    """One mail that was sent."""

    box: Mailbox
    address: str
    mark: str
    """Stands in its Message-ID and in the forged field."""


def probes(
    known: Settings, access: AccessToken | None, patience: float = PATIENCE_SECONDS
) -> Iterator[Looked]:
    """Send a probe to each mailbox that is polled, and say where each came out."""
    polled = {box.mailbox: box for box in known.imap}
    boxes = [box for box in known.house.mailboxes if box.name in polled]
    if not boxes:
        words = "no mailbox is polled by IMAP, so that nobody can look whether it came"
        yield ok("probe", f"not sent: {words}")
        return
    begins = {name: _position(polled[name], access) for name in (box.name for box in boxes)}
    sent: list[_Probe] = []
    for box in boxes:
        probe = _Probe(box=box, address=_plus(box.address), mark=secrets.token_hex(8))
        trouble = _send(known, probe, access)
        if trouble:
            yield failed(f"probe to {probe.address}", trouble, "look at the relay's lines above")
        else:
            sent.append(probe)
    arrived = _arrived(polled, begins, sent, access, patience)
    for probe in sent:
        yield from _told(probe, arrived)


def _plus(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}+probe@{domain}"


def _position(box: ImapSettings, access: AccessToken | None) -> int:
    """Return from which UID on a mail is a new one; raises `MaildError`."""
    session = Session(box, Waits(), Cord(), access)
    try:
        return session.select().uidnext or 1
    finally:
        session.close()


def _send(known: Settings, probe: _Probe, access: AccessToken | None) -> str:
    """Hand the probe to the relay; return what went wrong."""
    relays = dict(known.mailbox_relays)
    settings = relays.get(probe.box.name, known.relay)
    if settings.scheme == "maildir":
        return "the relay is a folder: nothing leaves this machine"
    out = Relay(settings, local_hostname=socket.gethostname(), access=access)
    done = out.send(probe.box.address, probe.address, _bytes(probe))
    out.close()
    return (
        "" if done.result is SendResult.ACCEPTED else f"the relay did not take it: {done.answer}"
    )


def _bytes(probe: _Probe) -> bytes:
    domain = probe.box.address.rpartition("@")[2]
    writer = next(iter(probe.box.authserv_id), "") or domain
    mail = EmailMessage()
    mail["Authentication-Results"] = f"{writer}; dmarc=pass header.from={probe.mark}.invalid"
    mail["From"] = probe.box.address
    mail["To"] = probe.address
    mail["Subject"] = "maild: a probe, nothing is to be done"
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<probe.{probe.mark}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Loop"] = probe.box.address
    mail.set_content("maild check --online --probe looks whether this comes back. Delete it.\n")
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _arrived(
    polled: dict[str, ImapSettings],
    begins: dict[str, int],
    sent: list[_Probe],
    access: AccessToken | None,
    patience: float,
) -> dict[tuple[str, str], bytes]:
    """Look until every probe came home, or patience ends: (mark, mailbox) -> its header."""
    end = time.monotonic() + patience
    found: dict[tuple[str, str], bytes] = {}
    while sent:
        for name, first in begins.items():
            for header in _headers(polled[name], first, access):
                found |= {(p.mark, name): header for p in sent if p.mark.encode() in header}
        if all((p.mark, p.box.name) in found for p in sent) or time.monotonic() > end:
            break
        time.sleep(POLL_SECONDS)
    return found


def _headers(box: ImapSettings, first: int, access: AccessToken | None) -> list[bytes]:
    """Return the header blocks of the mails that are new in a mailbox."""
    session = Session(box, Waits(), Cord(), access)
    try:
        selected = session.select()
        uids = [uid for window in session.uids(selected, first) for uid in window]
        sizes = session.sizes(uids[-UIDS_PER_COMMAND:]) if uids else ()
        small = [one.uid for one in sizes if one.size < BYTES_MAX]
        bodies = session.bodies(small, BYTES_MAX * len(small)) if small else ()
        return [body.raw.partition(b"\r\n\r\n")[0] for body in bodies]
    except MaildError:
        return []
    finally:
        session.close()


def _told(probe: _Probe, arrived: dict[tuple[str, str], bytes]) -> Iterator[Looked]:
    about = f"probe to {probe.address}"
    header = arrived.get((probe.mark, probe.box.name))
    if header is None:
        words = "it did not come back: answers of customers go to such addresses and are lost"
        yield failed(about, words, "let the provider deliver +words, or set [maild] reply_domain")
    else:
        yield ok(about, "it came back")
        yield _forgery(probe, header)
    for name in (name for mark, name in arrived if mark == probe.mark and name != probe.box.name):
        words = (
            f"it came to the mailbox {name} as well: every mail would be two tickets, or a loop"
        )
        yield failed(about, words, f"do not forward {probe.box.address} to {name}")


def _forgery(probe: _Probe, header: bytes) -> Looked:
    about = f"forged proof to {probe.address}"
    lines = header.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")
    forged = f"header.from={probe.mark}.invalid".encode()
    is_left = any(
        line.lower().startswith(b"authentication-results:") and forged in line for line in lines
    )
    if not is_left:
        return ok(about, "the provider took it out")
    if not probe.box.authserv_id:
        return ok(about, "it is still there, and nobody's proofs are believed here")
    words = "the provider leaves it there: only what stands above its own Received is believed"
    return warning(about, words, "set received_by as config.toml says, or take authserv_id out")

"""Twelve planted secrets: none is in the log, in the list of processes, in status or metrics.

They lie where they belong (files, the database, mails), which nobody but the daemon may read.
"""

from __future__ import annotations

import base64
import smtplib
import ssl
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.flows.stage import Stage, running, wait_for
from tests.intake.imap_fake import Dialogue, FakeServer
from tests.intake.listener import certificate

CONFIG = (Path(__file__).parent / "secrets.toml").read_text(encoding="utf-8")
FILES = ("alice", "bob", "hook", "relay", "imap")
SPOKEN = {
    "a customer's words": "the vault stands behind Rembrandt",
    "an agent's note": "they never pay before Easter",
    "an attachment": "attached plan of the cellar",
    "a guessed password": "guessed-by-a-stranger-7781",
}
CUSTOMER = "carla@customer.example"
COMMANDS = (
    ("status", "--json"),
    ("check",),
    ("outbox", "list", "--json"),
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Stage]:
    certificate(tmp_path)
    for name in FILES:
        file = tmp_path / f"{name}.password"
        file.write_text(secret_of(name))
        file.chmod(0o600)
    with (
        FakeServer(answer=refuse_login) as server,
        running(tmp_path, CONFIG, IMAP=server.port, CLOSED=1) as stage,
    ):
        yield stage


def secret_of(name: str) -> str:
    return f"planted-{name}-secret-4c1d9e"


def refuse_login(dialogue: Dialogue, tag: bytes, command: bytes) -> bool:
    """A server that knows no password."""
    if b"LOGIN" not in command and b"AUTHENTICATE" not in command:
        return False
    dialogue.say(tag, b" NO [AUTHENTICATIONFAILED] no\r\n")
    return True


def test_a_planted_secret_shows_nowhere(house: Stage, figures: Callable[..., None]) -> None:
    secrets = {name: secret_of(name) for name in FILES} | SPOKEN | tell_everything(house)
    seen = everything_shown(house)

    hits = {
        (name, place)
        for name, secret in secrets.items()
        for place, shown in seen.items()
        for form in forms(secret)
        if form in shown
    }
    figures(secrets=len(secrets), places=len(seen), hits=len(hits))
    assert len(secrets) == 12
    assert hits == set()
    assert "alice@example.com" in seen["log"], "what is searched is what was said"
    assert open_to_others(house.folder / "state") == []


def tell_everything(house: Stage) -> dict[str, str]:
    """Let every secret be used; return those that the daemon made itself."""
    for user, password in (("alice", secret_of("alice")), ("bob", SPOKEN["a guessed password"])):
        log_in(house, user, password)
    words, note = SPOKEN["a customer's words"], SPOKEN["an agent's note"]
    boundary = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n"
    house.send(
        f"From: {CUSTOMER}\nTo: support@example.com\nSubject: Hello\n{boundary}\n--b\n\n"
        f"{words}\n--b\nContent-Disposition: attachment; filename=plan.txt"
        f"\n\n{SPOKEN['an attachment']}\n--b--\n"
    )
    house.send(
        f"From: {CUSTOMER}\nTo: sales@example.com\nSubject: Buy\n\nWhat?\n", "sales@example.com"
    )
    to_alice = house.letter("alice@example.com").reply_to
    to_carla = house.letter(CUSTOMER).reply_to
    house.send(f"From: alice@example.com\nTo: {to_alice}\nSubject: x\n\n#note\n{note}\n", to_alice)
    house.send("From: x@y.example\nTo: support+nonsense@example.com\nSubject: x\n\nx\n")
    wait_for(lambda: "reply.deferred" in house.log(), "the relay is not tried")
    wait_for(lambda: "AUTHENTICATIONFAILED" in house.log(), "the mailbox is not tried")
    wait_for(lambda: len(house.ticket_of(CUSTOMER)["posts"]) > 0, "no ticket")
    secret = (house.folder / "state" / "secret").read_text().split()[-1]
    return {
        "the house's key": secret,
        "an agent's token": token_of(to_alice),
        "a customer's token": token_of(to_carla),
    }


def log_in(house: Stage, user: str, password: str) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP("127.0.0.1", house.smtp_port, timeout=30) as client:
        client.starttls(context=context)
        try:
            client.login(user, password)
        except smtplib.SMTPAuthenticationError:
            assert user == "bob"


def everything_shown(house: Stage) -> dict[str, str]:
    """Return what an operator, a support bundle or another user of the machine may see."""
    shown = {"log": house.log()}
    for arguments in COMMANDS:
        done = house.maild(*arguments)
        shown[" ".join(arguments)] = (done.stdout + done.stderr).decode()
    for page in ("metrics", "healthz"):
        with urlopen(f"http://127.0.0.1:{house.admin_port}/{page}", timeout=30) as answer:
            shown[page] = answer.read().decode()
    process = Path(f"/proc/{house.process_id}")
    children = (process / "task" / str(house.process_id) / "children").read_text().split()
    threads = [path / "children" for path in (process / "task").iterdir()]
    children += [child for path in threads for child in path.read_text().split()]
    for number in {str(house.process_id), *children}:
        for name in ("cmdline", "environ"):
            shown[f"{name} {number}"] = Path(f"/proc/{number}/{name}").read_text(errors="replace")
    return shown


def forms(secret: str) -> tuple[str, ...]:
    """A secret as it is, and as protocols write it."""
    return (secret, base64.b64encode(secret.encode()).decode().rstrip("="))


def token_of(address: str) -> str:
    """The part of a reply address that proves who answers; its beginning may be shown."""
    return address.partition("@")[0].partition("+")[2][8:]


def open_to_others(folder: Path) -> list[Path]:
    """Return what strangers to this machine's group could read or enter."""
    return [
        path
        for path in (folder, *folder.rglob("*"))
        if stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO
        and folder.stat().st_mode & stat.S_IRWXO
    ]

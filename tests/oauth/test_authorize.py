"""A person lets us in: by a code, by a browser here, by a browser elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from maild.access import key_of
from maild.core.oauth import Refusal
from maild.oauth import consent, sealing
from maild.oauth.consent import Visit
from maild.store import oauth
from maild.store.database import open_database
from maild.store.migrate import migrate
from maild.store.secret import load_keys
from tests.needs import ROOT
from tests.oauth.provider import SCOPE, SECRET, USER, Provider

MAILD = Path(sys.executable).parent / "maild"
VISIT = Visit(verifier="v" * 43, state="mine", redirect="http://127.0.0.1:1/")


def house(folder: Path, provider: Provider, *, device: bool) -> Path:
    """A config file whose relay logs in by OAuth."""
    (folder / "secret.txt").write_text(SECRET)
    device_url = f'device_url = "{provider.url}/device"' if device else ""
    (folder / "config.toml").write_text(f"""
[maild]
name = "Acme"
domain = "acme.example"
[relay]
url = "smtp://127.0.0.1:1"
user = "{USER}"
oauth = "test"
[[oauth]]
name = "test"
provider = "other"
client_id = "maild-test"
client_secret_file = "secret.txt"
scope = "{SCOPE}"
token_url = "{provider.url}/token"
authorize_url = "{provider.url}/authorize"
{device_url}
""")
    return folder / "config.toml"


def started(config: Path, name: str = "relay") -> subprocess.Popen[str]:
    database = open_database(f"sqlite:///{config.parent}/var/maild.db")
    migrate(database)
    database.close()
    return subprocess.Popen(
        [MAILD, "--config", str(config), "mailbox", "authorize", name],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "5000"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def line_with(process: subprocess.Popen[str], word: str) -> str:
    """Read up to a line that holds a word."""
    assert process.stdout
    for line in process.stdout:
        if word in line:
            return line
    raise AssertionError(f"{word!r} was never said")


def stored(folder: Path) -> str:
    """The refresh token that the house holds, opened."""
    database = open_database(f"sqlite:///{folder}/var/maild.db")
    keys = load_keys(folder / "var/secret", database)
    with database.read() as connection:
        [row] = oauth.all_of(connection)
    database.close()
    assert row.key == key_of("test", USER)
    return sealing.unseal(keys, row.key, row.sealed)


def test_a_code_is_typed_on_another_machine(provider: Provider, tmp_path: Path) -> None:
    process = started(house(tmp_path, provider, device=True))

    line_with(process, f"{provider.url}/activate")
    line_with(process, "ABCD-EFGH")
    provider.approved = True
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 0, said
    assert stored(tmp_path) in provider.refresh
    assert "refresh-" not in said
    assert "access-" not in said


def test_a_browser_on_this_machine_comes_back_by_itself(
    provider: Provider, tmp_path: Path
) -> None:
    process = started(house(tmp_path, provider, device=False))

    back = provider.visit(line_with(process, "/authorize?").strip())
    with urllib.request.urlopen(back, timeout=20) as page:
        shown = page.read()
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 0, said
    assert b"let in" in shown
    assert stored(tmp_path) in provider.refresh


def test_a_browser_elsewhere_leaves_an_address_to_paste(
    provider: Provider, tmp_path: Path
) -> None:
    process = started(house(tmp_path, provider, device=False))

    back = provider.visit(line_with(process, "/authorize?").strip())
    assert process.stdin
    process.stdin.write("http://127.0.0.1:1/?state=other&code=x\n")
    process.stdin.write(f"{back}\n")
    process.stdin.flush()
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 0, said
    assert "That was not it" in said
    assert stored(tmp_path) in provider.refresh
    assert "code-" not in said


def test_a_name_that_is_not_there_is_told(provider: Provider, tmp_path: Path) -> None:
    process = started(house(tmp_path, provider, device=True), "nobody")

    said, _ = process.communicate(timeout=60)

    assert process.returncode == 2
    assert re.search(r"no \[\[mailbox\]\] 'nobody'; there are .*relay", said)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:1/?state=mine&code=abc", ""),
        ("/?code=abc&state=mine", ""),
        ("http://127.0.0.1:1/?state=other&code=abc", "this try"),
        ("http://127.0.0.1:1/?code=abc", "this try"),
        ("http://127.0.0.1:1/?state=mine", "no code"),
        ("http://127.0.0.1:1/?state=mine&error=access_denied", "access_denied"),
        ("http://[", "no address"),
        ("x" * 10_000_000, "too long"),
        ("/?" + "a=b&" * 1000 + "state=mine", "no address"),
    ],
)
def test_only_the_answer_to_our_own_question_counts(address: str, why: str) -> None:
    code, said = consent.returned(address, VISIT)

    assert code == ("" if why else "abc")
    assert why in said


def test_a_provider_tells_how_long_to_wait() -> None:
    def refusal(code: str, *, is_final: bool) -> Refusal:
        return Refusal(code=code, words="", is_final=is_final)

    assert consent.waits(refusal("authorization_pending", is_final=False), 5) == 5
    assert consent.waits(refusal("slow_down", is_final=False), 5) == 10
    assert consent.waits(refusal("expired_token", is_final=False), 5) == 0
    assert consent.waits(refusal("access_denied", is_final=True), 5) == 0
    assert consent.device(b"[]") is None

"""Settings that hold for the life of a process: what a reload says when they change."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from maild import settings
from maild.errors import ConfigError
from maild.furnish import refuse_moves
from maild.settings import Settings
from maild.settings.values import AuthenticateSettings, RuntimeLimits, SmtpSettings, WebSettings

OLD = """
[maild]
name = "Example"
domain = "example.com"
"""
CHANGES = {
    "[maild] state_dir": 'state_dir = "elsewhere"\nsecret_file = "var/secret"\n'
    '[database]\nurl = "sqlite:///@DIR@/var/maild.db"\n',
    "[maild] secret_file": 'secret_file = "elsewhere"\n',
    "[database] url": '[database]\nurl = "sqlite:///elsewhere.db"\n',
    "[smtp] listen": '[smtp]\nlisten = ["127.0.0.1:1"]\n',
    "[smtp] protocol": '[smtp]\nprotocol = "lmtp"\n',
    "[smtp] tls_cert, [smtp] tls_key": '[smtp]\ntls_cert = "a"\ntls_key = "a"\n',
    "[smtp] max_size or [limits] mail": '[smtp]\nmax_size = "1MB"\n',
    "[smtp] trusted_clients": '[smtp]\ntrusted_clients = ["10.0.0.0/8"]\n',
    "[[smtp.account]]": '[[smtp.account]]\nuser = "u"\npassword_file = "a"\n',
    "[smtp] authenticate": "[smtp]\nauthenticate = true\n",
    "[smtp] arc_sealers": '[smtp]\nauthenticate = true\narc_sealers = ["example.net"]\n',
    "[smtp] nameservers": '[smtp]\nauthenticate = true\nnameservers = ["127.0.0.1"]\n',
    "[limits] dns_lookups": "[limits]\ndns_lookups = 30\n",
    "[limits] dns_wall": '[limits]\ndns_wall = "5s"\n',
    "[limits] recipients": "[limits]\nrecipients = 5\n",
    "[limits] connections": "[limits]\nconnections = 5\n",
    "[limits] connections_per_address": "[limits]\nconnections_per_address = 5\n",
    "[limits] idle": '[limits]\nidle = "1m"\n',
    "[limits] line": '[limits]\nline = "8KiB"\n',
    "[limits] speed_min": '[limits]\nspeed_min = "1KiB"\n',
    "[limits] disk_free": '[limits]\ndisk_free = "1MiB"\n',
    "[limits] reader_processes": "[limits]\nreader_processes = 1\n",
    "[limits] reader_cpu": '[limits]\nreader_cpu = "2s"\n',
    "[limits] reader_memory": '[limits]\nreader_memory = "256MiB"\n',
    "[limits] reader_wall": '[limits]\nreader_wall = "9s"\n',
    "[web] listen": '[web]\nlisten = "127.0.0.1:1"\n',
    "[web] public_url": '[web]\npublic_url = "https://help.example.com"\n',
    "[web] admin_listen": '[web]\nadmin_listen = "127.0.0.1:1"\n',
    "[web] wall_password_file": '[web]\nwall_password_file = "a"\n',
}
"""What the message names, and a change of config.toml that brings it about."""


@pytest.mark.parametrize("key", CHANGES)
def test_a_reload_names_the_keys_that_need_a_restart(tmp_path: Path, key: str) -> None:
    old, new = _read(tmp_path, ""), _read(tmp_path, CHANGES[key])

    with pytest.raises(ConfigError) as caught:
        refuse_moves(old, new)

    (problem,) = caught.value.problems
    words = "changed: that needs a restart; until then all stays as it was"
    assert problem.text.endswith(words)
    assert set(key.split(", ")) <= set(problem.text.removesuffix(f" {words}").split(", "))
    assert problem.file.endswith("config.toml")


def test_other_keys_need_none(tmp_path: Path) -> None:
    more = '[limits]\nparts = 5\nimap_fetch = "1MiB"\n[[mailbox]]\nname = "A"\naddress = "a@example.com"\n'

    refuse_moves(_read(tmp_path, ""), _read(tmp_path, more))


def test_no_key_is_left_out() -> None:
    """Each field of these tables is compared: whoever adds one adds its key."""
    told = set(re.findall(r"\w+", " ".join(CHANGES)))
    keys = {
        "lmtp": "protocol",
        "max_size_bytes": "max_size",
        "accounts": "account",
        "is_on": "authenticate",
        "sealers": "arc_sealers",
        "lookups": "dns_lookups",
        "seconds": "dns_wall",
        "wall_password": "wall_password_file",
        "idle_seconds": "idle",
        "line_bytes": "line",
        "bytes_per_second_min": "speed_min",
        "disk_free_bytes": "disk_free",
        "reader_cpu_seconds": "reader_cpu",
        "reader_memory_bytes": "reader_memory",
        "reader_wall_seconds": "reader_wall",
    }
    moving = {"imap_fetch_bytes"}
    for kind in (SmtpSettings, AuthenticateSettings, RuntimeLimits, WebSettings):
        names = {keys.get(field.name, field.name) for field in fields(kind)} - moving
        assert names - told == set()


def _read(folder: Path, more: str) -> Settings:
    (folder / "a").write_text("a secret line of some length\n")
    (folder / "a").chmod(0o600)
    file = folder / "config.toml"
    file.write_text((OLD + more).replace("@DIR@", str(folder)))
    return settings.read(file, environ={})[0]

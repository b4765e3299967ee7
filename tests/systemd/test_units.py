"""Tests of systemd/: the unit files by systemd's own tools, without a running systemd."""

from __future__ import annotations

import re
import shlex
import subprocess
from configparser import ConfigParser, SectionProxy
from pathlib import Path

import pytest

from tests.needs import ROOT, needs

pytestmark = needs("systemd")
UNITS = ROOT / "systemd"
EXPOSURE_MAX = 1.3


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with a program that is there: verify looks for it."""
    for name in ("maild.service", "maild.socket"):
        text = (UNITS / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/maild/bin/maild", "/bin/true"))
    return tmp_path


def test_systemd_finds_nothing_wrong_with_the_units(units: Path) -> None:
    found = analyze("verify", units / "maild.service", units / "maild.socket")

    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_systemd_would_find_a_wrong_line(units: Path) -> None:
    with (units / "maild.service").open("a") as unit:
        unit.write("[Service]\nProtectSystem=perhaps\n")

    found = analyze("verify", units / "maild.service")

    assert "protect system value" in found.stderr


def test_the_daemon_is_shut_in(units: Path) -> None:
    found = analyze("security", "--offline=true", units / "maild.service")

    figure = re.search(r"Overall exposure level for maild\.service: ([0-9.]+)", found.stdout)
    assert figure
    print(f"exposure {figure.group(1)}")
    assert float(figure.group(1)) <= EXPOSURE_MAX


@pytest.mark.parametrize(
    ("status", "door", "pauses"),
    [
        ("0", "active", []),
        ("1", "active", []),
        ("2", "active", [20]),
        ("78", "active", [20]),
        ("2", "inactive", []),
        ("78", "inactive", []),
        ("78", "", [20]),
    ],
)
def test_what_trying_again_would_not_change_makes_a_waiting_client_wait(
    tmp_path: Path, status: str, door: str, pauses: list[int]
) -> None:
    """Else systemd starts it for the client as fast as it ends; a stop must not be held up.

    Nobody waits where there is no socket to wait at; what systemd does not tell may be there.
    """
    for name, line in (("sleep", f'echo "$1" >> {tmp_path}/slept'), ("systemctl", f"echo {door}")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    command = _service()["ExecStopPost"].replace("$$", "$")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "EXIT_STATUS": status}

    subprocess.run(shlex.split(command), env=environment, check=True, timeout=30)

    slept = tmp_path / "slept"
    assert [int(text) for text in (slept.read_text().split() if slept.exists() else [])] == pauses
    assert sum(pauses) < int(_service()["TimeoutStopSec"])


def test_user_and_folder_are_declared_as_the_unit_uses_them() -> None:
    service = _service()

    assert f"u {service['User']} " in (UNITS / "maild.sysusers.conf").read_text()
    assert (
        f"d /etc/maild {service['ConfigurationDirectoryMode']} root {service['Group']}"
        in (UNITS / "maild.tmpfiles.conf").read_text()
    )
    assert service["StateDirectoryMode"] == "0750"
    assert service["RestartPreventExitStatus"] == "2 78"


def _service() -> SectionProxy:
    unit = ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNITS / "maild.service")
    return unit["Service"]

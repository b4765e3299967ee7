"""Tests of what is shipped: the wheel holds all that it needs, and the sdist makes the same wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from maild import __version__
from tests.needs import ROOT

WHEEL = f"maild-{__version__}-py3-none-any.whl"
SDIST = f"maild-{__version__}.tar.gz"
SHIPPED = "maild/shipped"


def build(folder: Path, target: str, destination: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(destination)],
        cwd=folder,
        capture_output=True,
        timeout=100,
        check=True,
    )
    return destination / (WHEEL if target == "wheel" else SDIST)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pure wheel is installed by unpacking it."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def files(folder: str) -> set[str]:
    """What a folder of the checkout holds, without what Python leaves there."""
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_program_the_rules_the_templates_and_the_settings(
    wheel: Path,
) -> None:
    wanted = files("maild") | {
        f"{SHIPPED}/{name}" for name in files("rules") | files("templates") | {"config.toml"}
    }

    held = {name for name in names(wheel) if ".dist-info/" not in name}

    assert held == wanted
    assert len(wanted) > 20


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folder = f"maild-{__version__}.dist-info"
        about = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())
        commands = archive.read(f"{folder}/entry_points.txt").decode()
        licence = archive.read(f"{folder}/licenses/LICENSE")

    assert about["Name"] == "maild"
    assert about["Version"] == __version__
    assert about["Requires-Python"] == ">=3.11"
    assert about["License-Expression"] == "Apache-2.0"
    assert licence == (ROOT / "LICENSE").read_bytes()
    assert "maild = maild.cli.main:main" in commands


def test_the_sdist_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build(ROOT, "sdist", tmp_path)
    subprocess.run(["tar", "-xzf", sdist, "-C", tmp_path], timeout=60, check=True)

    again = build(tmp_path / SDIST.removesuffix(".tar.gz"), "wheel", tmp_path)

    assert names(again) == names(wheel)


def test_the_sdist_can_test_itself(tmp_path: Path) -> None:
    with tarfile.open(build(ROOT, "sdist", tmp_path)) as archive:
        held = set(archive.getnames())

    wanted = (
        "Makefile",
        "requirements.lock",
        ".ci/run",
        "tests/needs.py",
        "systemd/maild.service",
    )
    assert {f"maild-{__version__}/{name}" for name in wanted} <= held


MAIL = b"From: Anna <anna@customer.example>\r\nTo: support@example.com\r\nSubject: Hello\r\n\r\nHi\r\n"
PROGRAM = "import sys; from maild.cli.main import main; sys.exit(main())"


@pytest.mark.parametrize("command", [["check"], ["explain", "--json", "--fresh", "hello.eml"]])
def test_an_installed_maild_works_from_any_folder(
    command: list[str], installed: Path, tmp_path: Path
) -> None:
    if not (ROOT / "maild" / "cli" / "main.py").exists():
        pytest.skip("the command line is not there yet")
    (tmp_path / "hello.eml").write_bytes(MAIL)
    (tmp_path / "config.toml").write_bytes((installed / SHIPPED / "config.toml").read_bytes())

    run = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, *command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (run.returncode, "Traceback" in run.stderr) == (0, False), run.stderr
    if "explain" in command:
        assert '"subject": "Hello"' in run.stdout

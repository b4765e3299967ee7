"""Tests of tests/conftest.py and tests/needs.py: what is not tried is said, and CI accepts no skip."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import NEEDS, ROOT, find

SKIPPING = """
import pytest
from tests import needs

def test_runs():
    pass

def test_waits():
    pytest.skip("no moon tonight")
"""
NEEDING = """
from tests import needs
needs.NEEDS["moon"] = needs.Need(programs=("moonshine",), packages=("moon-tools",))

@needs.needs("moon")
def test_needs_the_moon():
    pass
"""
OPTIONAL = """
from tests import needs
needs.CORPUS = needs.ROOT / "nowhere"

@needs.needs("corpus")
def test_reads_the_corpus():
    pass
"""
CALLING_HOME = """
import socket

def test_asks_for_a_name():
    socket.getaddrinfo("example.com", 25)

def test_connects():
    with socket.socket() as sock:
        sock.connect(("192.0.2.1", 25))
"""


def run(text: str, folder: Path, *, ci: str = "") -> tuple[int, list[str]]:
    """Run one test file as a run of its own: exit code and lines written."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    (folder / "empty.ini").write_text("[pytest]\n", encoding="utf-8")
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.conftest",
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            "-c",
            "empty.ini",
            "test_it.py",
        ],
        cwd=folder,
        env=os.environ | {"CI": ci, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, ran.stdout.splitlines()


def test_a_local_run_skips_and_says_so_in_its_last_line(tmp_path: Path) -> None:
    code, lines = run(SKIPPING, tmp_path)

    assert (code, lines[-1]) == (0, "skipped: 1 tests: no moon tonight")


def test_ci_fails_on_a_skip_whoever_skipped(tmp_path: Path) -> None:
    code, lines = run(SKIPPING, tmp_path, ci="true")

    assert (code, lines[-1]) == (1, "skipped: 1 tests: no moon tonight")


def test_what_is_missing_is_skipped_with_the_package_that_brings_it(tmp_path: Path) -> None:
    code, lines = run(NEEDING, tmp_path)

    assert code == 0
    assert lines[-1] == "skipped: 1 tests: moonshine missing (apt-get install moon-tools)"


def test_what_is_missing_fails_in_ci(tmp_path: Path) -> None:
    code, lines = run(NEEDING, tmp_path, ci="true")

    assert code == 1
    assert any("moonshine missing" in line for line in lines)


def test_only_the_corpus_may_be_missing_in_ci(tmp_path: Path) -> None:
    code, lines = run(OPTIONAL, tmp_path, ci="true")

    assert code == 0
    assert lines[-1] == "skipped: 1 tests: the corpus is not beside the project"


def test_no_test_reaches_beyond_this_machine(tmp_path: Path) -> None:
    code, lines = run(CALLING_HOME, tmp_path)

    assert code == 1
    assert any("a test wanted to reach example.com" in line for line in lines)
    assert any("a test wanted to reach 192.0.2.1" in line for line in lines)


def test_ci_prints_the_time_of_each_family(tmp_path: Path) -> None:
    _, lines = run(SKIPPING, tmp_path, ci="true")

    assert any(re.fullmatch(r" +\d+\.\d s +1 tests  test_it\.py.*", line) for line in lines)


@pytest.mark.parametrize("word", ["dovecot", "postgres", "no-such-program"])
def test_programs_are_found_where_debian_keeps_them(word: str) -> None:
    found = find(word)

    assert found is None or (found.is_file() and found.name == word)


def test_make_servers_installs_all_that_tests_may_need() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    line = re.search(r"^PACKAGES := ((?:.*\\\n)*.*)$", makefile, re.MULTILINE)
    assert line
    wanted = {package for need in NEEDS.values() for package in need.packages}

    assert wanted - {"git", "systemd"} == set(line.group(1).replace("\\\n", " ").split())


def test_every_word_of_make_is_explained_by_make_help() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony

    explained = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))

    assert explained == set(phony.group(1).split())

"""What a test needs of the machine: real servers and tools, and where they come from.

    pytestmark = needs("dovecot", "root")          # a whole file
    @needs("postgresql")                           # one test
    require("postfix")                             # inside a fixture

Where something is missing, a local run skips and says so in its last line; with `CI=true` it
fails instead. Only what is marked as optional (the corpus beside the project) may be missing there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
_EXTRA_FOLDERS = ("/usr/sbin", "/sbin", "/usr/lib/postfix/sbin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Programs that must all be there, and the Debian packages that bring them."""

    programs: tuple[str, ...]
    packages: tuple[str, ...]


NEEDS = {
    "dovecot": Need(programs=("dovecot", "doveadm"), packages=("dovecot-imapd",)),
    "postfix": Need(programs=("postfix", "smtp-source", "smtp-sink"), packages=("postfix",)),
    "postgresql": Need(
        programs=("initdb", "postgres", "pg_basebackup", "pg_dump", "pg_restore"),
        packages=("postgresql",),
    ),
    "pgbouncer": Need(programs=("pgbouncer",), packages=("pgbouncer",)),
    "chromium": Need(programs=("chromium",), packages=("chromium",)),
    "mutt": Need(programs=("mutt",), packages=("mutt",)),
    "swaks": Need(programs=("swaks",), packages=("swaks",)),
    "faketime": Need(programs=("faketime",), packages=("faketime", "libfaketime")),
    "strace": Need(programs=("strace",), packages=("strace",)),
    "systemd": Need(programs=("systemd-analyze",), packages=("systemd",)),
    "nspawn": Need(
        programs=("systemd-nspawn", "nsenter", "setpriv"),
        packages=("systemd-container",),
    ),
    "promtool": Need(programs=("promtool",), packages=("prometheus",)),
    "opendkim": Need(
        programs=("opendkim", "opendkim-genkey"), packages=("opendkim", "opendkim-tools")
    ),
    "opendmarc": Need(programs=("opendmarc",), packages=("opendmarc",)),
    "gcc": Need(programs=("gcc",), packages=("gcc", "libc6-dev")),
    "git": Need(programs=("git",), packages=("git",)),
}


def needs(*names: str) -> pytest.MarkDecorator:
    """Mark a test or a file with what it needs: keys of `NEEDS`, `root`, `mount`, or `corpus`."""
    for name in names:
        assert name in (*NEEDS, "root", "mount", "corpus"), f"{name} stands in no list of needs"
    return pytest.mark.needs(*names)


def require(*names: str) -> None:
    """Skip the running test when something is missing; with `CI=true` fail it."""
    for name in names:
        reason = missing(name)
        if reason and is_ci() and name != "corpus":
            pytest.fail(reason, pytrace=False)
        if reason:
            pytest.skip(reason)


def missing(name: str) -> str:
    """Return why a need is not met, and what to install; empty when it is."""
    if name == "root":
        return "" if os.geteuid() == 0 else "needs root"
    if name == "mount":
        return "" if may_mount() else "needs root that may mount (docker run --privileged)"
    if name == "corpus":
        return "" if CORPUS.is_dir() else "the corpus is not beside the project"
    need = NEEDS[name]
    absent = [program for program in need.programs if find(program) is None]
    packages = " ".join(need.packages)
    return f"{', '.join(absent)} missing (apt-get install {packages})" if absent else ""


def find(program: str) -> Path | None:
    """Return the path of a program, also where only root's PATH or Debian's wrappers look."""
    places = os.pathsep.join((os.environ.get("PATH", ""), *_EXTRA_FOLDERS, *_postgresql_folders()))
    found = shutil.which(program, path=places)
    return Path(found) if found else None


@cache
def may_mount() -> bool:
    """Tell whether a file system of memory can be mounted; tried where nobody else sees it."""
    trial = ("unshare", "--mount", "mount", "-t", "tmpfs", "maild", "/mnt")
    try:
        return subprocess.run(trial, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def is_ci() -> bool:
    """Tell whether nothing may be skipped."""
    return os.environ.get("CI", "") not in ("", "0", "false")


def _postgresql_folders() -> tuple[str, ...]:
    """The newest version first; Debian keeps its programs out of PATH."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return tuple(str(f) for f in sorted(folders, key=lambda f: f.parent.name, reverse=True))

"""What `maild check --online` found: one thing looked at, how it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it is; `failed` makes the command fail."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One line."""

    about: str
    verdict: Verdict
    found: str
    """What was found, and what it means."""
    todo: str = ""
    """What to do; empty where nothing is."""


def ok(about: str, found: str) -> Looked:
    """All is well."""
    return Looked(about=about, verdict=Verdict.OK, found=found)


def warning(about: str, found: str, todo: str) -> Looked:
    """It works, but not as well as it could, or not for long."""
    return Looked(about=about, verdict=Verdict.WARNING, found=found, todo=todo)


def failed(about: str, found: str, todo: str) -> Looked:
    """It does not work."""
    return Looked(about=about, verdict=Verdict.FAILED, found=found, todo=todo)

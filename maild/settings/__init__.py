"""config.toml -> frozen `Settings`, all problems at once with file and line.

`schema` says what may stand in the file, `lines` on which line it stands, `shape` turns misfits
into sentences, `checks` judges keys against each other, `fill` makes the values of `values`.
Nobody else in maild reads the file or the environment.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maild.core.calendar import Calendar, OpenDay, Span
from maild.core.promise import Policy, Target, WarnAt
from maild.errors import ConfigError, Problem
from maild.settings import checks, fill, lines, schema, shape
from maild.settings.problems import Problems
from maild.settings.secrets import Secrets
from maild.settings.values import (
    Account,
    AuthenticateSettings,
    ImapSettings,
    Listen,
    RelaySettings,
    Report,
    Retention,
    RuntimeLimits,
    Settings,
    SmtpSettings,
    WebhookSettings,
    WebSettings,
    room_wanted,
)

__all__ = [
    "Account",
    "AuthenticateSettings",
    "Calendar",
    "ImapSettings",
    "Listen",
    "OpenDay",
    "Policy",
    "RelaySettings",
    "Report",
    "Retention",
    "RuntimeLimits",
    "Settings",
    "SmtpSettings",
    "Span",
    "Target",
    "WarnAt",
    "WebSettings",
    "WebhookSettings",
    "defaults",
    "load",
    "read",
    "room_wanted",
    "shipped",
]

_PACKAGE = Path(__file__).resolve().parent.parent


def load(path: Path | None, *, environ: Mapping[str, str]) -> Settings:
    """Read, check and fill in a config file; without one, the embedded default.

    Relative paths in the file are relative to the file; in the embedded default to the working
    folder. `environ` is asked for `CREDENTIALS_DIRECTORY` only. Raises ConfigError with every
    problem of the file, in the order of its lines.
    """
    settings, problems = read(path, environ=environ)
    if problems:
        raise ConfigError(problems)
    return settings


def read(path: Path | None, *, environ: Mapping[str, str]) -> tuple[Settings, tuple[Problem, ...]]:
    """Do what `load` does, but return the problems beside what fits, with stand-ins for the rest.

    Nothing may run on settings that have problems; they serve to find problems elsewhere as well.
    Raises ConfigError when the file is no TOML.
    """
    source = path or shipped("config.toml")
    base = path.resolve().parent if path else Path.cwd()
    text = _text(source)
    problems = Problems(file=str(source))
    data = _content(text, problems)
    problems.lines = lines.locate(text)
    config = shape.read(data, problems)
    place = _place(path, base, environ, problems)
    settings = fill.settings(config, place)
    checks.check(config, settings, checks.names(data), problems)
    return settings, problems.all()


def defaults(state_dir: Path) -> Settings:
    """Give the settings of a house that has no config file: nothing is read, nothing is needed."""
    config = schema.ConfigFile(
        maild=schema.MaildTable(name="Support", domain="example.com", state_dir=str(state_dir))
    )
    return fill.settings(config, _place(None, Path.cwd(), {}, Problems(file="")))


def shipped(kind: str) -> Path:
    """Return where `rules`, `templates` or `config.toml` lie that come with maild.

    They stand beside the package in a checkout and inside it, under `shipped`, when installed.
    """
    installed = _PACKAGE / "shipped" / kind
    return installed if installed.exists() else _PACKAGE.parent / kind


def _text(source: Path) -> str:
    """Read the file as text; raise ConfigError when that is not possible."""
    try:
        return source.read_bytes().decode()
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror}"
        raise ConfigError((Problem(file=str(source), line=0, text=problem),)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = "this line is not UTF-8 text; save the file as UTF-8"
        raise ConfigError((Problem(file=str(source), line=line, text=problem),)) from error


def _content(text: str, problems: Problems) -> dict[str, Any]:
    """Read the text as TOML; raise ConfigError at the line that is not."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.add_line(lines.syntax_line(error, text), f"this is not valid TOML: {error}")
        problems.raise_any()
        raise


def _place(
    path: Path | None, base: Path, environ: Mapping[str, str], problems: Problems
) -> fill.Place:
    """Say where things lie."""
    return fill.Place(
        file=path,
        base=base,
        shipped_rules=shipped("rules"),
        secrets=Secrets(base=base, environ=environ, problems=problems),
    )

"""What is wrong with a file, collected with the line of each, in sentences for an operator."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from maild.errors import ConfigError, Problem
from maild.settings.lines import Path, line_of

_LISTS = frozenset(
    {
        "mailbox",
        "queue",
        "agent",
        "organisation",
        "calendar",
        "sla",
        "smtp.account",
        "webhook",
        "oauth",
    }
)
_LISTED_MAX = 12
_TEXT_MAX = 600
_NESTED = frozenset({"smtp.account", "mailbox.imap", "mailbox.relay"})


@dataclass(slots=True, kw_only=True)
class Problems:
    """A growing list of problems of one file."""

    file: str
    lines: dict[Path, int] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)

    def add(self, path: Path, text: str) -> None:
        """Note a problem at a key; the sentence begins with the name of the key."""
        name = key_name(path)
        self.add_line(line_of(self.lines, path), f"{name}: {text}" if name else text)

    def add_line(self, line: int, text: str) -> None:
        """Note a problem at a line; 0 is the file as a whole."""
        problem = Problem(file=self.file, line=line, text=_shown(text))
        if problem not in self.found:
            self.found.append(problem)

    def raise_any(self) -> None:
        """Raise ConfigError with all problems in the order of the lines, if there is one."""
        if self.found:
            raise ConfigError(self.all())

    def all(self) -> tuple[Problem, ...]:
        """Return all problems in the order of the lines."""
        return tuple(sorted(self.found, key=self._place))

    def _place(self, problem: Problem) -> tuple[bool, str, int]:
        """Put this file's own problems before those of files that it names."""
        return problem.file != self.file, problem.file, problem.line


def key_name(path: Path) -> str:
    """Write a path as it looks in the file: `[[mailbox]] address`, `[mailbox.imap] port`."""
    words = [part for part in path if isinstance(part, str)]
    depth = 2 if ".".join(words[:2]) in _NESTED else 1
    table = ".".join(words[:depth])
    header = f"[[{table}]]" if table in _LISTS else f"[{table}]"
    return f"{header} {'.'.join(words[depth:])}".strip() if table else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known word was perhaps meant (`; did you mean 'x'?`), or list a few."""
    words = sorted(str(word) for word in known)
    close = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known are {', '.join(words)}" if 0 < len(words) <= _LISTED_MAX else ""


def _shown(text: str) -> str:
    """Keep control characters of a value away from the terminal, and its length bearable."""
    cut = text if len(text) <= _TEXT_MAX else f"{text[:_TEXT_MAX]} ..."
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in cut)

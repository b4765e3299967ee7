"""On which line of a TOML text a key stands.

Strategy: tomllib tells values but no places. The text has already been read by tomllib, so it is
well formed, and one pass over its keys, brackets and strings is enough; no recursion, a stack of
open brackets instead.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)+")
_BLANK = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]+")
_STRINGS = (
    re.compile(r'"""(?:[^"\\]|\\(?s:.)|"(?!""))*"{3,5}'),
    re.compile(r"'''(?:[^']|'(?!''))*'{3,5}"),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)
_AT_LINE = re.compile(r"at line (\d+)")


def locate(text: str) -> dict[Path, int]:
    """Return the line, counted from 1, of every table, key and list entry of a valid TOML text.

    A path is made of keys and, inside lists, of positions from 0:
    `("mailbox", 0, "imap", "port")`.
    """
    return _Scan(text=text.replace("\r\n", "\n")).run()


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Return the line of a path, or of the nearest table around it; 0 when there is none."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 0


def syntax_line(error: tomllib.TOMLDecodeError, text: str) -> int:
    """Return the line that a syntax error names; the last one when it names the end."""
    found = _AT_LINE.search(str(error))
    return int(found[1]) if found else text.count("\n") + 1


@dataclass(slots=True)
class _Open:
    """A bracket that is not closed yet: a list, or an inline table."""

    path: Path
    is_list: bool
    count: int = 0


@dataclass(slots=True)
class _Scan:
    """One pass over a text."""

    text: str
    at: int = 0
    line: int = 1
    counted: int = 0
    """Up to where line breaks have been counted."""
    table: Path = ()
    lengths: dict[Path, int] = field(default_factory=dict)
    """How often each `[[name]]` was opened."""
    lines: dict[Path, int] = field(default_factory=dict)

    def run(self) -> dict[Path, int]:
        """Walk from the first statement to the last."""
        while self._skip(_SPACE) < len(self.text):
            if self.text.startswith("[", self.at):
                self._header()
            else:
                self._value(self.table + self._key())
        return self.lines

    def _header(self) -> None:
        """Read `[a.b]` or `[[a.b]]`."""
        is_list = self.text.startswith("[[", self.at)
        self.at += 1 + is_list
        path: Path = ()
        *parents, last = self._names()
        for name in parents:
            path = self._enter((*path, name))
        path = (*path, last)
        if is_list:
            self.lines.setdefault(path, self._line())
            self.lengths[path] = self.lengths.get(path, 0) + 1
        self.table = self._enter(path)
        self.lines[self.table] = self._line()
        self.at += 1 + is_list

    def _enter(self, path: Path) -> Path:
        """Step into a table, or into the last entry of a list of tables."""
        self.lines.setdefault(path, self._line())
        return (*path, self.lengths[path] - 1) if path in self.lengths else path

    def _key(self) -> Path:
        """Read `a.b =`, up to the value."""
        names = self._names()
        self.at += 1
        self._skip(_BLANK)
        return names

    def _names(self) -> tuple[str, ...]:
        """Read the parts of a dotted key, quoted or bare."""
        names = [self._name()]
        while self.text.startswith(".", self.at):
            self.at += 1
            names.append(self._name())
        return tuple(names)

    def _name(self) -> str:
        """Read one part of a key with the blanks around it."""
        self._skip(_BLANK)
        start = self.at
        if self.text[start] in "\"'":
            self._string()
            name = str(tomllib.loads(f"key = {self.text[start : self.at]}")["key"])
        else:
            name = self.text[start : self._skip(_BARE)]
        self._skip(_BLANK)
        return name

    def _value(self, path: Path) -> None:
        """Read one value with everything inside its brackets."""
        opened: list[_Open] = []
        self._begin(path, opened)
        while opened:
            self._skip(_SPACE)
            innermost = opened[-1]
            sign = self.text[self.at]
            if sign in "]}":
                opened.pop()
                self.at += 1
            elif sign == ",":
                self.at += 1
            elif innermost.is_list:
                self._begin((*innermost.path, innermost.count), opened)
                innermost.count += 1
            else:
                self._begin(innermost.path + self._key(), opened)

    def _begin(self, path: Path, opened: list[_Open]) -> None:
        """Note where a value stands; skip it when it is plain, else open its bracket."""
        for end in range(len(self.table) + 1, len(path) + 1):
            self.lines.setdefault(path[:end], self._line())
        sign = self.text[self.at]
        if sign in "[{":
            opened.append(_Open(path=path, is_list=sign == "["))
            self.at += 1
        elif sign in "\"'":
            self._string()
        else:
            self._skip(_SCALAR)

    def _string(self) -> None:
        """Skip a string of any of the four kinds."""
        for pattern in _STRINGS:
            if pattern.match(self.text, self.at):
                self._skip(pattern)
                return

    def _skip(self, pattern: re.Pattern[str]) -> int:
        """Move behind what a pattern matches here, if anything; return the new place."""
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def _line(self) -> int:
        """Tell the line of the present place."""
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

"""phrases.toml -> `core.mail.Phrases`: an operator's own words of mail programs.

Every entry is plain text, so that none can make a reader slow; what is too short or too general
to tell a mail program from a person is refused here, with its line.
"""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from maild.core.mail import NO_PHRASES, Phrases
from maild.core.phrasebook import Entry
from maild.settings import lines
from maild.settings.problems import Problems, nearest

ENTRIES_MAX = 100
"""Of one kind; the readers try each."""
ENTRY_LENGTH_MAX = 200
HEADER_NAME_MAX = 32
LETTERS_MIN = 2
FILE_BYTES_MAX = 1024 * 1024

_KINDS = tuple(field.name for field in fields(Phrases))
_HEADER = "header"
_HEADER_KEYS = tuple(name.removeprefix("header_") for name in _KINDS if name.startswith(_HEADER))
_KEYS = (*(name for name in _KINDS if not name.startswith(_HEADER)), _HEADER)
_PLAIN = frozenset({"farewells", "reply_above"})
"""Kinds without placeholders, besides the names of header lines."""
_VARYING = frozenset({"DATE", "NAME", "ADDRESS"})


def load(path: Path, problems: Problems) -> Phrases:
    """Read and check the file; note every problem in `problems`, with its line."""
    try:
        data = path.read_bytes()
        text = data.decode()
        content = tomllib.loads(text) if len(data) <= FILE_BYTES_MAX else {}
    except OSError as error:
        problems.add_line(0, f"the file cannot be read: {error.strerror}")
        return NO_PHRASES
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problems.add_line(line, "this line is not UTF-8 text; save the file as UTF-8")
        return NO_PHRASES
    except tomllib.TOMLDecodeError as error:
        problems.add_line(lines.syntax_line(error, text), f"this is not valid TOML: {error}")
        return NO_PHRASES
    if len(data) > FILE_BYTES_MAX:
        problems.add_line(0, "the file is larger than 1 MiB")
    return _File(lines.locate(text), problems).phrases(content)


class _File:
    """The content of one file."""

    def __init__(self, places: dict[lines.Path, int], problems: Problems) -> None:
        self._places = places
        self._problems = problems

    def phrases(self, content: dict[str, Any]) -> Phrases:
        """Return all entries that are right."""
        found: dict[str, tuple[str, ...]] = {}
        for key, value in content.items():
            if key not in _KEYS:
                self._tell((key,), f"there is no {key!r}{nearest(key, _KEYS)}")
            elif key == _HEADER:
                found |= self._header(value)
            else:
                found[key] = self._entries((key,), value)
        return Phrases(**found)

    def _header(self, value: object) -> dict[str, tuple[str, ...]]:
        if not isinstance(value, dict):
            self._tell((_HEADER,), "must be a table: [header]")
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for key, names in value.items():
            if key in _HEADER_KEYS:
                found[f"{_HEADER}_{key}"] = self._entries((_HEADER, key), names)
            else:
                self._tell((_HEADER, key), f"there is no {key!r}{nearest(key, _HEADER_KEYS)}")
        return found

    def _entries(self, path: lines.Path, value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            self._tell(path, "must be a list in square brackets")
            return ()
        if len(value) > ENTRIES_MAX:
            self._tell(path, f"has more than {ENTRIES_MAX} entries")
            return ()
        found: list[str] = []
        for place, text in enumerate(value):
            wrong = _misfit(path, text)
            if wrong:
                self._tell((*path, place), wrong)
            else:
                found.append(text)
        return tuple(found)

    def _tell(self, path: lines.Path, text: str) -> None:
        keys = ".".join(part for part in path if isinstance(part, str))
        self._problems.add_line(max(1, lines.line_of(self._places, path)), f"{keys}: {text}")


def _misfit(path: lines.Path, text: object) -> str:
    """Say why something cannot be an entry of that kind; empty when it can."""
    if not isinstance(text, str) or not text.strip():
        return "must be text in quotes"
    if len(text) > ENTRY_LENGTH_MAX or not text.isprintable():
        return f"must be one line of at most {ENTRY_LENGTH_MAX} characters"
    if path[0] == _HEADER:
        return _header_misfit(text)
    return _entry_misfit(str(path[0]), text)


def _entry_misfit(kind: str, text: str) -> str:
    entry = Entry(text)
    if entry.names and kind in _PLAIN:
        return f"has no placeholders, but {text!r} holds {' and '.join(sorted(entry.names))}"
    if entry.letters < LETTERS_MIN:
        return f"{text!r} would fit lines that people write: it needs a word of its own"
    if kind == "attributions" and not entry.names & _VARYING:
        return f"{text!r} needs DATE, NAME or ADDRESS where these stand"
    return ""


def _header_misfit(text: str) -> str:
    if ":" in text or "：" in text:
        return f"write {text!r} without its colon"
    return "" if len(text) <= HEADER_NAME_MAX else f"{text!r} is too long for the name of a line"

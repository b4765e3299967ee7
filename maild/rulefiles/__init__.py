"""rules/*.toml -> `core.rule.Rule`, all problems at once with file and line [CEL].

`entry` checks one rule, `condition` its `when` (the only place that imports CEL), `words` the
names in it, `examples` what is written beside it. Rules are read in the order of the files' names
and stand in the order in which they are asked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maild.core.house import House
from maild.core.rule import Rule
from maild.errors import ConfigError, Problem
from maild.rulefiles import examples
from maild.rulefiles.entry import Entry, Surroundings, rule
from maild.rulefiles.examples import Example
from maild.settings import lines
from maild.settings.problems import Problems, nearest

__all__ = ["Example", "check_examples", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """One checked rule with its examples."""

    rule: Rule | None
    examples: tuple[Example, ...]


def load(
    folder: Path, house: House, *, templates: frozenset[str] = frozenset()
) -> tuple[Rule, ...]:
    """Read and check every `*.toml` of a folder, in the order of their names.

    `templates` are the names that `reply` may use; empty leaves them unchecked. Raises
    ConfigError with every problem of every file.
    """
    return tuple(read.rule for read in _read(folder, house, templates) if read.rule)


def check_examples(
    folder: Path, house: House, *, templates: frozenset[str] = frozenset()
) -> tuple[Example, ...]:
    """Try every `[[rule.example]]` of a folder; raises ConfigError as `load` does."""
    return tuple(tried for read in _read(folder, house, templates) for tried in read.examples)


def _read(folder: Path, house: House, templates: frozenset[str]) -> tuple[_Read, ...]:
    """Read all files; raise all problems together."""
    if not folder.is_dir():
        raise ConfigError((Problem(file=str(folder), line=0, text="there is no such folder"),))
    read: list[_Read] = []
    found: list[Problem] = []
    first: dict[str, str] = {}
    for file in sorted(folder.glob("*.toml")):
        problems = Problems(file=str(file))
        for entry in _entries(file, house, templates, problems):
            _name_once(entry, first)
            made = rule(entry)
            read.append(_Read(rule=made, examples=examples.tried(entry, made)))
        found.extend(sorted(problems.found, key=lambda problem: problem.line))
    if found:
        raise ConfigError(tuple(found))
    return tuple(read)


def _entries(
    file: Path, house: House, templates: frozenset[str], problems: Problems
) -> Iterator[Entry]:
    """Give every rule of a file; note what is wrong with the file."""
    try:
        text = file.read_bytes().decode()
        data: dict[str, Any] = tomllib.loads(text)
    except OSError as error:
        problems.add_line(0, f"the file cannot be read: {error.strerror}")
        return
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problems.add_line(line, "this line is not UTF-8 text; save the file as UTF-8")
        return
    except tomllib.TOMLDecodeError as error:
        problems.add_line(lines.syntax_line(error, text), f"this is not valid TOML: {error}")
        return
    places = lines.locate(text)
    for key in data:
        if key != "rule":
            text_ = f"a rule file holds [[rule]] tables only, not {key!r}{nearest(key, ['rule'])}"
            problems.add_line(lines.line_of(places, (key,)), text_)
    around = Surroundings(
        file=file.name,
        text=text,
        lines=places,
        house=house,
        templates=templates,
        problems=problems,
    )
    yield from _tables(data.get("rule", []), around)


def _tables(given: object, around: Surroundings) -> Iterator[Entry]:
    """Give every `[[rule]]` table."""
    tables = given if isinstance(given, list) else [given]
    for index, table in enumerate(tables):
        if isinstance(given, list) and isinstance(table, dict):
            yield Entry(table=table, path=("rule", index), around=around)
        else:
            around.problems.add_line(
                lines.line_of(around.lines, ("rule",)),
                "rules are written as [[rule]] tables, with two brackets",
            )


def _name_once(entry: Entry, first: dict[str, str]) -> None:
    """Note a name that another rule has; journals and reports name rules by it."""
    name = entry.table.get("name")
    if not isinstance(name, str):
        return
    if name in first:
        entry.tell(f"this name is already used in {first[name]}", "name")
    first.setdefault(name, f"{entry.around.file}:{entry.line('name')}")

"""Whatever stands in a config, it is loaded or explained; nothing else is raised."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date, datetime, time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as configured
from hypothesis import strategies as st

from maild import settings
from maild.errors import ConfigError, Problem

_TEXT = (Path(__file__).parents[2] / "config.toml").read_text()
_SHOWN = tomllib.loads(re.sub(r"(?m)^# (?=\[|[a-z_]+ = )", "", _TEXT))
_WORDS = st.sampled_from(
    ["", "x", "a@b.example", "now", "move:x", "smtp://[", "smtp://h:99999999999", "sqlite://",
     "127.0.0.1:99", "fd:x", "[::1]:1", "9999999999d", "24:00-24:00", "2026-02-30", "../..", "\x00",
     "80%", "é", "/etc/passwd", "maildir:\x00", "Europe", "../UTC", "DE-BE", "~nobody"]
)  # fmt: skip
_ANY = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        _WORDS,
        st.text(st.characters(max_codepoint=0xD7FF), max_size=5),
        st.dates(),
        st.times(),
        st.datetimes(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["name", "x"]), inner)
    ),
    max_leaves=4,
)


@configured(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_any_value_anywhere_is_loaded_or_explained(tmp_path: Path, data: st.DataObject) -> None:
    content: dict[str, object] = json.loads(json.dumps(_SHOWN, default=str))
    for _ in range(data.draw(st.integers(1, 4))):
        _replace(content, data)
    file = tmp_path / "config.toml"
    file.write_text("".join(f"{json.dumps(k)} = {_toml(v)}\n" for k, v in content.items()))

    for problem in _problems(file):
        assert problem.text.isprintable()
        assert problem.line > 0


@given(st.binary(max_size=200))
@configured(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_refused_with_a_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        settings.load(file, environ={})

    assert all(problem.line <= content.count(b"\n") + 1 for problem in caught.value.problems)


def _problems(file: Path) -> tuple[Problem, ...]:
    """Load a config; return what is told about it."""
    try:
        settings.load(file, environ={})
    except ConfigError as error:
        return error.problems
    return ()


def _replace(content: dict[str, object], data: st.DataObject) -> None:
    """Put any value in the place of one that is there."""
    holder: object = content
    while isinstance(holder, dict | list) and holder:
        keys = sorted(holder) if isinstance(holder, dict) else range(len(holder))
        key = data.draw(st.sampled_from(list(keys)))
        inside = holder[key]
        if not isinstance(inside, dict | list) or data.draw(st.booleans()):
            holder[key] = data.draw(_ANY)
            return
        holder = inside


def _toml(value: object) -> str:
    """Write a value as TOML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    return json.dumps(value)

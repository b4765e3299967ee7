"""The locator agrees with tomllib about what there is, and tells the right line."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from maild.settings import lines

_TEXT = """# comment [not.a.table]
title = "a # b"           # 2
[a.b]
"quoted key" = '''
[not.a.table]
x = 1
'''
c.d = [1,
  2,  # ] not the end
  { e = "}" , f = [ 3 ] },
]
[[list]]
x = 'it'
[[list]]
[list.sub]
deep = 1979-05-27 07:32:00
[[list.many]]
n = 1
[[list.many]]
n = 2
"""


def test_every_kind_of_key_is_found_on_its_line() -> None:
    found = lines.locate(_TEXT)

    assert found["title",] == 2
    assert found["a",] == 3
    assert found["a", "b"] == 3
    assert found["a", "b", "quoted key"] == 4
    assert found["a", "b", "c", "d"] == 8
    assert found["a", "b", "c", "d", 1] == 9
    assert found["a", "b", "c", "d", 2, "f", 0] == 10
    assert found["list",] == 12
    assert found["list", 0, "x"] == 13
    assert found["list", 1] == 14
    assert found["list", 1, "sub", "deep"] == 16
    assert found["list", 1, "many", 1, "n"] == 20
    assert set(_paths(tomllib.loads(_TEXT))) <= set(found)


def test_a_missing_key_is_told_at_its_table() -> None:
    found = lines.locate("[a]\nb = 1\n[[c]]\nd = 1\n")

    assert lines.line_of(found, ("a", "x")) == 1
    assert lines.line_of(found, ("c", 0, "x", "y")) == 3
    assert lines.line_of(found, ("z", "x")) == 0


def test_windows_line_ends_do_not_move_lines() -> None:
    assert lines.locate('a = 1\r\nb = """\r\n\r\n"""\r\nc = 2\r\n')["c",] == 5


_SCALARS = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.sampled_from(["true", "false", "1.5", "inf", "1979-05-27", "07:32:00"]),
    st.text(st.characters(max_codepoint=0xD7FF), max_size=8).map(json.dumps),
    st.sampled_from(["''", '""', "'#'", "'[x]'", '"\\""', '"""a\n"b" \\""""', "'''\n'a''b'''"]),
).map(lambda text: text.replace("\x7f", "x"))
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[\n" + ", # ]\n".join([*items, ""]) + "]"),
        st.lists(inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"k{n} = {item}" for n, item in enumerate(items)) + "}"
        ),
    ),
    max_leaves=6,
)
_TABLES = st.lists(
    st.tuples(st.sampled_from(["[t{n}]", "[[list]]", "[ t{n} . 'in ner' ]"]), st.lists(_VALUES)),
    max_size=5,
)


@given(_TABLES)
def test_every_value_that_tomllib_sees_has_a_line_that_names_it(
    tables: list[tuple[str, list[str]]],
) -> None:
    written = "\n".join(
        "\n".join([header.format(n=n), *(f"key{i} = {value}" for i, value in enumerate(values))])
        for n, (header, values) in enumerate(tables)
    )
    data = tomllib.loads(written)

    found = lines.locate(written)

    shown = written.replace("\r\n", "\n").split("\n")
    for path in _paths(data):
        assert path in found
        if isinstance(path[-1], str):
            assert path[-1] in shown[found[path] - 1]


def test_a_large_file_is_scanned_in_no_time() -> None:
    text = "a = [\n" + '  "x", # y\n' * 100_000 + "]\n"

    found = lines.locate(text)

    assert found["a", 99_999] == 100_001


def test_the_end_of_an_unclosed_text_is_the_last_line() -> None:
    text = "a = 1\nb = [1,\n"

    line = 0
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = lines.syntax_line(error, text)

    assert line >= 2


def test_the_shipped_config_is_located_completely() -> None:
    text = (Path(__file__).parents[2] / "config.toml").read_text()

    assert set(_paths(tomllib.loads(text))) <= set(lines.locate(text))


def _paths(data: object) -> list[lines.Path]:
    """Every path in a value."""
    waiting: list[tuple[lines.Path, object]] = [((), data)]
    found: list[lines.Path] = []
    while waiting:
        path, value = waiting.pop()
        inside: list[tuple[str | int, object]] = []
        if isinstance(value, dict):
            inside = list(value.items())
        elif isinstance(value, list):
            inside = list(enumerate(value))
        found.extend((*path, key) for key, _ in inside)
        waiting.extend(((*path, key), item) for key, item in inside)
    return found

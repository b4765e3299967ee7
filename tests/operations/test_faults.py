"""The catalogue is whole, its tests exist, and its table hides nothing."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.faults import table
from tests.faults.catalogue import ROWS, WANTED, Row
from tests.needs import ROOT

ONE = Row(id="C01", fault="kill -9", expected="nothing lost", tests=("tests/a.py::test_it",))
OPEN = Row(id="C10", fault="a page", expected="refused", reason="later")


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def report(
    outcome: str, *, test: str = "tests/a.py::test_it", **more: object
) -> pytest.TestReport:
    known: dict[str, object] = {
        "keywords": {},
        "longrepr": None,
        "when": "call",
        "location": ("a.py", 1, "test_it"),
    }
    return pytest.TestReport(nodeid=test, outcome=outcome, **known | more)  # type: ignore[arg-type]


def test_every_row_that_was_promised_stands_in_the_catalogue_once() -> None:
    ids = [row.id for row in ROWS]

    assert sorted(ids) == sorted(set(ids))
    assert [name for name in WANTED.split() if name not in ids] == []


def test_a_row_has_tests_or_says_why_not() -> None:
    assert [row.id for row in ROWS if bool(row.tests) == bool(row.reason)] == []


def test_every_test_of_the_catalogue_exists() -> None:
    named = {test.partition("[")[0] for row in ROWS for test in row.tests}

    wrong = [test for test in named if test.split("::")[1] not in functions(test.split("::")[0])]

    assert wrong == []


def test_no_test_is_claimed_by_two_rows() -> None:
    named = [test for row in ROWS for test in row.tests]

    assert sorted(named) == sorted(set(named))


def test_figures_of_several_cases_are_added_and_times_are_not() -> None:
    reports = [
        report("passed", user_properties=[("figures", {"kills": 40, "restart_seconds": 0.5})]),
        report(
            "passed",
            test="tests/a.py::test_it[x]",
            user_properties=[("figures", {"kills": 2, "restart_seconds": 0.25})],
        ),
        report(
            "passed", test="tests/a.py::test_it_not", user_properties=[("figures", {"kills": 9})]
        ),
    ]

    lines = table.written([ONE], table.gather([ONE], reports))

    assert "kills 42, restart seconds 0.50 | yes | a.py" in lines[-1]


def test_what_was_printed_stands_for_figures_and_else_the_cases_are_counted() -> None:
    spoken = report("passed", sections=[("Captured stdout call", "\nnotes: 12 probes, 0 leaks\n")])
    silent = [report("passed", test=f"tests/a.py::test_it[{n}]") for n in range(3)]

    told = table.written([ONE], table.gather([ONE], [spoken]))[-1]
    counted = table.written([ONE], table.gather([ONE], silent))[-1]

    assert "| notes: 12 probes, 0 leaks | yes |" in told
    assert "| 3 cases | yes |" in counted


def test_a_row_that_failed_was_skipped_or_has_no_test_is_not_hidden() -> None:
    failed = [report("passed"), report("failed")]
    skipped = [report("skipped", when="setup")]

    assert "| NO |" in table.written([ONE], table.gather([ONE], failed))[-1]
    assert "| skipped | not shown |" in table.written([ONE], table.gather([ONE], skipped))[-1]
    assert "| not run | not shown |" in table.written([ONE], {})[-1]
    assert "| later | not shown |" in table.written([OPEN], {})[-1]

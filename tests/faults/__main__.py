"""Run the tests of the catalogue and print their table: `python -m tests.faults [ROW ...]`."""

from __future__ import annotations

import sys

import pytest

from tests.faults.catalogue import ROWS


def main(wanted: list[str]) -> int:
    """Run the tests of some rows, or of all; return pytest's exit code."""
    unknown = sorted(set(wanted) - {row.id for row in ROWS})
    if unknown:
        sys.stderr.write(f"no such row: {', '.join(unknown)}\n")
        return int(pytest.ExitCode.USAGE_ERROR)
    rows = [row for row in ROWS if not wanted or row.id in wanted]
    tests = sorted({test for row in rows for test in row.tests})
    return int(pytest.main(["--quiet", "--faults", *tests]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

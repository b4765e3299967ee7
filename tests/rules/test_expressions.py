"""CEL is loaded without its command line."""

from __future__ import annotations

import subprocess
import sys


def test_conditions_load_no_terminal_toolkit() -> None:
    asked = (
        "import sys, maild.rulefiles.condition;"
        "print(sorted({'prompt_toolkit', 'pygments'} & set(sys.modules)))"
    )

    said = subprocess.run(
        [sys.executable, "-c", asked], check=True, capture_output=True, text=True
    ).stdout

    assert said.strip() == "[]"

"""The shipped templates work, and `templates/proven.toml` says so; `--renew` writes it anew."""

from __future__ import annotations

import shutil
from pathlib import Path

from maild.outbox import proven, render
from maild.outbox.render import Renderer
from tests.needs import ROOT

SHIPPED = ROOT / "templates"


def test_everything_that_is_shipped_was_tried_as_it_is(tmp_path: Path, renew: bool) -> None:
    unknown = tmp_path / "templates"
    shutil.copytree(SHIPPED, unknown, ignore=shutil.ignore_patterns(proven.FILE))

    languages = Renderer((unknown,)).languages

    sources = render._read((SHIPPED,))
    lines = [f'{language} = "{proven.digest(sources, language)}"' for language in languages]
    text = "# What the tests have tried; `pytest tests/operations --renew` writes it.\n"
    text += "\n".join(lines) + "\n"
    if renew:
        (SHIPPED / proven.FILE).write_text(text, "utf-8")
    assert (SHIPPED / proven.FILE).read_text("utf-8") == text, "pytest tests/operations --renew"

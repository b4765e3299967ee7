"""Canned texts on disk: the shipped ones, an operator's own, and what refuses to load."""

from __future__ import annotations

from pathlib import Path

import pytest

from maild.core.canned import filled
from maild.errors import ConfigError
from maild.outbox.canned import read
from maild.outbox.render import Renderer
from tests.needs import ROOT

SHIPPED = ROOT / "templates"
LANGUAGES = ("de", "en", "es", "fr")


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / "canned" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_every_shipped_text_exists_in_every_language() -> None:
    texts = read((SHIPPED,))

    assert len(texts.names) == 4
    for name in texts.names:
        assert texts.languages(name) == LANGUAGES
        for language in LANGUAGES:
            text = texts.text(name, language)
            done = filled(text, {"customer": "Ada", "agent": "Grace", "tag": "[Acme #1]"})
            assert "Ada" in done
            assert done.endswith("Grace")
            assert "{" not in done
            assert language != "fr" or " ?" not in text.replace("\u00a0?", "")


def test_a_file_of_ones_own_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    mine = written(tmp_path, "en/known-problem.txt", "Mine.")
    written(tmp_path, "it/ciao.txt", "Ciao {{ customer }}!")

    texts = Renderer((mine, SHIPPED)).canned

    assert texts.text("known-problem", "en") == "Mine."
    assert texts.text("ciao", "en", "it") == "Ciao {{ customer }}!"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("en/a.txt", "{{ custmer }}", "unknown variable"),
        ("en/a.html", "x", "are named canned/LANGUAGE/NAME.txt"),
        ("en/a.txt", b"\xff", "cannot be read"),
        ("en/a.txt", "x" * 20_001, "longer than 20000 characters"),
        ("en/A b.txt", "x", "named with small letters"),
    ],
)
def test_a_text_that_cannot_be_used_refuses_to_load(
    tmp_path: Path, name: str, text: str | bytes, words: str
) -> None:
    folder = written(tmp_path, name, text)

    with pytest.raises(ConfigError) as caught:
        Renderer((folder, SHIPPED))

    [problem] = caught.value.problems
    assert words in problem.text
    assert problem.file.endswith(name)

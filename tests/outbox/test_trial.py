"""Which templates are tried at a start, and with what: all that an operator may have touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from maild.errors import ConfigError
from maild.outbox import proven, render, trial
from maild.outbox.render import Renderer
from maild.outbox.sandbox import Sandbox, Source
from tests.needs import ROOT

SHIPPED = ROOT / "templates"


def test_what_is_shipped_and_untouched_is_not_tried_again() -> None:
    assert tried((SHIPPED,)) == set()


def test_a_language_with_a_file_of_the_operators_is_tried_as_a_whole(tmp_path: Path) -> None:
    own(tmp_path, "de/held.txt")

    found = tried((tmp_path, SHIPPED))

    assert {name.partition("/")[0] for name in found} == {"de"}
    assert {"de/held.txt", "de/reply.html", "de/wall.page.html"} <= found


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("de/words.toml", {"en", "es", "fr"}),
        ("es/new.txt", {"de", "en", "fr"}),
        ("layout.html", set()),
        ("it/reply.txt", {"de", "en", "es", "fr"}),
    ],
)
def test_any_file_that_a_language_is_made_of_counts(
    tmp_path: Path, name: str, known: set[str]
) -> None:
    own(tmp_path, name)

    assert proven.languages(SHIPPED, render._read((tmp_path, SHIPPED))) == known


def test_another_jinja_has_proven_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proven, "version", lambda _: "9.9")

    assert proven.languages(SHIPPED, render._read((SHIPPED,))) == frozenset()


@pytest.mark.parametrize("text", ["", "en = 3", "en = ", "\xff"])
def test_a_list_that_says_nothing_proves_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / proven.FILE).write_bytes(text.encode("latin-1"))

    assert proven.languages(tmp_path, render._read((SHIPPED,))) == frozenset()


def test_a_template_is_tried_once_for_all_that_it_cannot_tell_apart() -> None:
    assert different("x") == 1
    assert different("{{ is_last }}") == 2
    assert different("{{ number }}{{ state }}") == 2
    assert different('{% include "part.html" %}', part="{{ is_last }}") == 2
    assert different("{% set which %}part.html{% endset %}{% include which %}", part="x") > 20
    assert different("{{ reason }}") > 10


def test_a_reason_that_one_template_cannot_print_is_found(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    text = "{% if reason == 'escalated' %}{{ nosuch }}{% endif %}"
    (tmp_path / "en/held.txt").write_text(text, "utf-8")

    with pytest.raises(ConfigError, match="'nosuch' is undefined"):
        Renderer((tmp_path, SHIPPED))


def own(folder: Path, name: str) -> None:
    """Put a file there that is nearly the shipped one."""
    file, shipped = folder / name, SHIPPED / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{shipped.read_text('utf-8') if shipped.exists() else 'x'}\n", "utf-8")


def tried(folders: tuple[Path, ...]) -> set[str]:
    """Load, and say which templates were compiled."""
    return {name for name in Renderer(folders)._sandbox._loader.parts if "/" in name}


def different(text: str, **parts: str) -> int:
    """Count the samples with which a template is tried that is made of others."""
    texts = {"en/it.txt": text, **{f"{name}.html": part for name, part in parts.items()}}
    sandbox = Sandbox({name: Source(file=name, text=each) for name, each in texts.items()})
    return len(trial.Samples().different(sandbox.reads("en/it.txt")))

"""phrases.toml: what an operator adds to the words by which mail programs mark what they quote."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as configured
from hypothesis import strategies as st

from maild import settings
from maild.core.mail import NO_PHRASES, Phrases
from maild.core.phrasebook import phrasebook
from maild.errors import ConfigError
from maild.settings import phrasefile
from maild.settings.problems import Problems

_MAILD = '[maild]\nname = "Support"\ndomain = "example.com"\n'
_GUIDE = Path(__file__).parents[2] / "rules/README.md"


def _load(folder: Path, maild: str = "") -> Phrases:
    (folder / "config.toml").write_text(_MAILD + maild)
    return settings.load(folder / "config.toml", environ={}).phrases


def test_without_a_file_nothing_is_added(tmp_path: Path) -> None:
    assert _load(tmp_path) == NO_PHRASES


def test_the_file_beside_the_config_is_taken(tmp_path: Path) -> None:
    (tmp_path / "phrases.toml").write_text('attributions = ["NAME zvorbo:"]\n')

    assert _load(tmp_path) == Phrases(attributions=("NAME zvorbo:",))


def test_a_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "zorbian.toml").write_text('[header]\nfrom = ["Dez"]\nother = ["Zend"]\n')

    found = _load(tmp_path, 'phrases_file = "zorbian.toml"\n')

    assert found == Phrases(header_from=("Dez",), header_other=("Zend",))


def test_every_kind_of_words_is_explained_to_operators(tmp_path: Path) -> None:
    """The example of the guide is a file that loads, and holds every key there is."""
    example = re.search(r"```toml\n(attributions = .*?)```", _GUIDE.read_text(), re.DOTALL)
    assert example is not None
    (tmp_path / "phrases.toml").write_text(example[1])

    found = _load(tmp_path)

    assert [field.name for field in fields(found) if not getattr(found, field.name)] == []


def test_a_problem_is_told_with_the_file_and_the_line(tmp_path: Path) -> None:
    (tmp_path / "phrases.toml").write_text('histories = ["Zendoj antaue"]\nforwards = ["NAME"]\n')

    with pytest.raises(ConfigError) as caught:
        _load(tmp_path)

    assert [(Path(p.file).name, p.line) for p in caught.value.problems] == [("phrases.toml", 2)]


@given(st.binary(max_size=200))
@configured(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_phrases_or_explained(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "phrases.toml"
    file.write_bytes(content)
    problems = Problems(file=str(file))

    phrasefile.load(file, problems)

    assert all(problem.line > 0 for problem in problems.found)


_TEXTS = st.lists(st.text(st.sampled_from("DATE NAME ADDRESS ANY aä:<>,*-书 "), max_size=30))


@given(_TEXTS, _TEXTS, st.lists(st.text(st.sampled_from("DATE a1:<@>*-书 "), max_size=60)))
def test_whatever_the_words_are_the_lines_stay_as_many(
    attributions: list[str], signatures: list[str], lines: list[str]
) -> None:
    phrases = Phrases(attributions=tuple(attributions), signatures=tuple(signatures))

    told = phrasebook(phrases).translated([line.strip() for line in lines])

    assert len(told) == len(lines)

"""Every folder of `bad` is a config that must be refused, with exactly these sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from maild import settings
from maild.errors import ConfigError

_CASES = sorted((Path(__file__).parent / "bad").iterdir())


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_a_bad_config_is_refused_with_every_problem(case: Path, renew: bool) -> None:
    expected = case / "expected.txt"

    with pytest.raises(ConfigError) as caught:
        settings.load(case / "config.toml", environ={})

    told = "".join(f"{problem}\n" for problem in caught.value.problems)
    told = told.replace(f"{case}/config.toml", "config.toml").replace(f"{case}/", "DIR/")
    if renew:
        expected.write_text(told)
    assert told == expected.read_text()


def test_there_are_many_cases() -> None:
    assert len(_CASES) >= 60

"""Every folder of `bad` holds rules that must be refused, with exactly these sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from maild import rulefiles
from maild.core.house import Agent, House, Mailbox, Queue
from maild.errors import ConfigError

_CASES = sorted((Path(__file__).parent / "bad").iterdir())
_HOUSE = House(
    name="Support",
    domain="example.com",
    mailboxes=(Mailbox(name="Support", address="support@example.com"),),
    queues=(Queue(name="support"), Queue(name="oncall")),
    agents=(Agent(address="alice@example.com"), Agent(address="bob@example.com")),
)
_TEMPLATES = frozenset({"acknowledgement", "confirm"})


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_bad_rules_are_refused_with_every_problem(case: Path, renew: bool) -> None:
    expected = case / "expected.txt"

    with pytest.raises(ConfigError) as caught:
        rulefiles.load(case, _HOUSE, templates=_TEMPLATES)

    told = "".join(f"{problem}\n" for problem in caught.value.problems)
    told = told.replace(f"{case}/", "")
    if renew:
        expected.write_text(told)
    assert told == expected.read_text()


def test_there_are_many_cases() -> None:
    assert len(_CASES) >= 40


def test_an_absent_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such folder"):
        rulefiles.load(tmp_path / "rules", _HOUSE)

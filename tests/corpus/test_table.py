"""`make corpus` can fail: on what no reason excuses, and on a reason that excuses nothing."""

from __future__ import annotations

import tomllib

import pytest

from tests.corpus.table import DISAGREEMENTS, disagreements, known_cases, unexplained
from tests.needs import needs

EXCUSED = {"one": "text_contains: a reason", "two": "subject: another"}


def test_a_documented_disagreement_is_no_error() -> None:
    verdicts = {
        "one": ("fail", ["text_contains"]),
        "two": ("fail", ["subject"]),
        "three": ("pass", list[str]()),
    }

    assert unexplained(verdicts, EXCUSED) == []


def test_whatever_else_fails_is_an_error() -> None:
    verdicts = {
        "one": ("fail", ["text_contains", "subject"]),
        "two": ("pass", list[str]()),
        "three": ("fail", ["reply_text"]),
    }

    wrong = unexplained(verdicts, EXCUSED)

    assert [name for name, _ in wrong] == ["one", "two", "three"]
    assert wrong[0][1] == "subject"


def test_a_case_that_is_not_there_is_an_error() -> None:
    assert [name for name, _ in unexplained({}, EXCUSED)] == ["one", "two"]


def test_every_disagreement_names_a_key_and_a_reason() -> None:
    listed = tomllib.loads(DISAGREEMENTS.read_text(encoding="utf-8"))

    assert listed
    assert all(set(entry) == {"key", "reason"} and entry["reason"] for entry in listed.values())


@pytest.mark.corpus
@needs("corpus")
def test_the_disagreements_are_few_and_known_cases() -> None:
    cases = {case["id"]: case["expect"] for case in known_cases()}

    assert all(why.partition(":")[0] in cases[name] for name, why in disagreements().items())
    assert len(disagreements()) <= len(cases) // 50

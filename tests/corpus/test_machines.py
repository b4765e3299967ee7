"""How many machines of the corpus of real mails are recognised; no person may be taken for one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from maild.core.bounce import examine
from maild.core.classify import classify
from maild.core.mail import Bounce, Classification, Envelope, Limits, ReadOptions
from maild.parse import parse

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FLAGS = ("is_bounce", "is_autoreply", "is_list", "is_loop", "is_feedback", "is_calendar")
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus beside the project"),
]


def cases() -> list[dict[str, Any]]:
    lines = (CORPUS / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def judged(case: dict[str, Any]) -> tuple[Bounce | None, Classification]:
    parsed = parse((CORPUS / case["eml"]).read_bytes(), Limits())
    own = case.get("own_address")
    options = ReadOptions(own_addresses=(own,) if own else ())
    bounce = examine(parsed)
    return bounce, classify(parsed, Envelope(), options=options, bounce=bounce)


def passes(case: dict[str, Any]) -> bool:
    bounce, judgement = judged(case)
    expected = case["expect"]
    flags = all(
        getattr(judgement, key) == expected[key]
        for key in (*FLAGS, "must_not_answer")
        if key in expected
    )
    found = bounce or Bounce()
    wanted = {address.lower() for address in expected.get("bounced_addr", ())}
    return (
        flags
        and expected.get("bounce_class", found.bounce_class) == found.bounce_class
        and expected.get("bounced_message_id", found.message_id) == found.message_id
        and (not wanted or wanted == {address.lower() for address in found.addresses})
    )


@pytest.mark.parametrize(
    ("category", "floor"), [("bounce", 0.98), ("autoreply", 1.0), ("list", 1.0), ("loop", 1.0)]
)
def test_machines_are_recognised(category: str, floor: float) -> None:
    wanted = [case for case in cases() if case["category"] == category]

    passed = sum(passes(case) for case in wanted)

    assert passed / len(wanted) >= floor


def test_no_human_reply_is_taken_for_a_machine() -> None:
    replies = [case for case in cases() if case["category"] == "reply_text"]

    taken = {case["id"]: judged(case)[1].reasons for case in replies}

    assert replies
    assert {name: reasons for name, reasons in taken.items() if reasons} == {}

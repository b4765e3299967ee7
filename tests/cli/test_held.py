"""`maild held list` says for whom a mail waits, and when a release changes something."""

from __future__ import annotations

import pytest

from maild.cli.held import _waits
from maild.core.reason import Reason, Why

ASKED = {"agent": "alice@co.example", "expires_at": "2026-03-09T09:00:00Z"}


@pytest.mark.parametrize(
    ("last", "is_told"),
    [
        (Reason(why=Why.COMMAND_UNKNOWN, detail="#slove"), True),
        (Reason(why=Why.NOTHING_WRITTEN), True),
        (Reason(why=Why.OVERTAKEN, detail="Bob; Carla"), True),
        (Reason(why=Why.RULE_HELD, detail="rule:command-unknown"), False),
        (Reason(why=Why.AUTOMATIC), False),
    ],
)
def test_what_its_agent_was_told_of_waits_for_other_settings(last: Reason, is_told: bool) -> None:
    reason = f"{Reason(why=Why.TRUST, detail='E3')}; {last}"

    told = _waits({"confirmation": None, "reason": reason})

    words = "its agent was told; release it only after a change of the settings"
    assert told == (words if is_told else "")


def test_what_its_agent_was_asked_waits_for_the_agent() -> None:
    row = {"confirmation": ASKED, "reason": "trust: E2; command-unknown: #slove"}

    assert _waits(row) == "alice@co.example until 2026-03-09T09:00:00Z"

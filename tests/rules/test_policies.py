"""Policies out of config.toml: their conditions know the ticket and the customer, and no mail."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild import settings
from maild.core.calendar import AROUND_THE_CLOCK
from maild.core.facts import for_promises
from maild.core.promise import choose
from maild.core.rule import FIELDS
from maild.core.ticket import Customer, Priority, Ticket
from maild.errors import ConfigError
from maild.rulefiles import policies

HEAD = """[maild]
name = "Support"
domain = "example.com"
[[calendar]]
name = "office"
hours.mon = "09:00-17:00"
"""
TICKET = Ticket(
    number=7,
    priority=Priority.HIGH,
    tags=("vip",),
    customer=Customer(address="a@b.example", segment="paid"),
    created_at=datetime(2026, 11, 16, tzinfo=UTC),
)


def known(folder: Path, text: str) -> settings.Settings:
    (folder / "config.toml").write_text(HEAD + text)
    return settings.load(folder / "config.toml", environ={})


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        ('customer.segment == "paid"', True),
        ('customer.segment == "free"', False),
        ('ticket.priority in ["high", "urgent"] && "vip" in ticket.tags', True),
        ('customer.domain.endsWith("b.example")', True),
        ("ticket.tier > 1", False),
        ("", True),
        (" ", True),
    ],
)
def test_the_first_policy_that_matches_is_taken(tmp_path: Path, match: str, holds: bool) -> None:
    rest = "[[sla]]\nname = 'rest'\n" if match.strip() else ""
    text = f"[[sla]]\nname = 'one'\nmatch = '''{match}'''\ncalendar = 'office'\n{rest}"

    found = choose(policies.promises(known(tmp_path, text)), for_promises(TICKET))

    assert found is not None
    assert found.policy.name == ("one" if holds else "rest")
    assert (found.calendar is AROUND_THE_CLOCK) is not holds


def test_every_bad_condition_is_told_with_its_line(tmp_path: Path) -> None:
    text = """[[sla]]
name = "mails"
match = 'ticket.tier > 1 && mail.subject == "x" && customer.verified'
[[sla]]
name = "typo"
match = 'customer.segmant == "paid"'
[[sla]]
name = "half"
match = 'customer.segment =='
"""

    with pytest.raises(ConfigError) as caught:
        policies.promises(known(tmp_path, text))

    told = [(problem.line, problem.text) for problem in caught.value.problems]
    assert [line for line, _ in told] == [9, 9, 12, 15]
    assert "customer.verified is not known here" in told[0][1]
    assert "'mails', character 20: mail.subject is not known here" in told[1][1]
    assert "did you mean 'customer.segment'" in told[2][1]
    assert "ends too early" in told[3][1]


def test_a_ticket_shows_every_field_that_a_policy_may_name() -> None:
    shown = {(table, name) for table, names in for_promises(TICKET).items() for name in names}  # type: ignore[attr-defined]
    known_fields = {
        (table, name)
        for table, names in FIELDS.items()
        for name in names
        if table not in ("mail", "event", "deadline", "survey", "now")
    }

    assert known_fields - policies.ABSENT <= shown

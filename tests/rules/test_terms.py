"""What stands beside `assign`: checked at load, read as a value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from maild import rulefiles
from maild.core.house import Agent, House, Mailbox, Queue
from maild.core.rule import Verb
from maild.core.terms import Speaking, Terms
from maild.errors import ConfigError

HOUSE = House(
    name="Co",
    domain="co.example",
    mailboxes=(Mailbox(name="Support", address="support@co.example"),),
    queues=(Queue(name="support"), Queue(name="backup")),
    agents=(
        Agent(address="alice@co.example", skills=("billing", "hosting")),
        Agent(address="bob@co.example"),
    ),
)


def loaded(folder: Path, action: str, house: House = HOUSE) -> Terms:
    text = f'[[rule]]\nname = "r"\non = "ticket.created"\ndo = [ {{ {action} }} ]\n'
    (folder / "rules.toml").write_text(text)
    (made,) = rulefiles.load(folder, house)
    (found,) = made.actions
    assert found.verb is Verb.ASSIGN
    return found.terms


def test_everything_that_may_stand_beside_it_is_read(tmp_path: Path) -> None:
    terms = loaded(
        tmp_path,
        'skills = ["billing"], assign = "least-loaded", language = "required", sticky = true, '
        'at_work = true, overflow = "backup", fallback = "Bob@co.example"',
    )

    assert terms == Terms(
        skills=("billing",),
        language=Speaking.REQUIRED,
        sticky=True,
        at_work=True,
        overflow="backup",
        fallback="bob@co.example",
    )
    assert loaded(tmp_path, 'assign = "round-robin"') == Terms()


WRONG = [
    ("skils = []", "there is no 'skils' beside it; did you mean 'skills'?"),
    ('skills = ["biling"]', "there is no agent with the skill 'biling'; did you mean 'billing'?"),
    ("skills = []", "'skills' must be a list such as [\"billing\"]"),
    ('language = "french"', "there is no language 'french'"),
    ('sticky = "yes"', "'sticky' must be true or false"),
    ("at_work = 1", "'at_work' must be true or false"),
    ('overflow = "bakup"', "there is no queue 'bakup'; did you mean 'backup'?"),
    ('fallback = "eve@co.example"', "there is no agent 'eve@co.example'"),
]


@pytest.mark.parametrize(("beside", "problem"), WRONG)
def test_what_cannot_stand_there_refuses_the_rule(
    tmp_path: Path, beside: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f'assign = "least-loaded", {beside}')

    assert problem in str(caught.value.problems[0])


def test_beside_a_named_agent_only_a_fallback_makes_sense(tmp_path: Path) -> None:
    named = 'assign = "alice@co.example"'

    assert loaded(tmp_path, f'{named}, fallback = "bob@co.example"').fallback == "bob@co.example"
    with pytest.raises(ConfigError, match="has no effect where an agent is named"):
        loaded(tmp_path, f"{named}, sticky = true")


def test_a_house_without_skills_knows_none(tmp_path: Path) -> None:
    plain = replace(HOUSE, agents=HOUSE.agents[1:])

    with pytest.raises(ConfigError, match="no agent with the skill"):
        loaded(tmp_path, 'assign = "least-loaded", skills = ["billing"]', plain)

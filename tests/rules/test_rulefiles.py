"""Rule files that are fine, the shipped ones among them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from maild import rulefiles, settings
from maild.core.rule import FIELDS, Action, After, RuleEvent, Verb
from maild.core.survey import Sampling
from maild.rulefiles import samples

_ROOT = Path(__file__).parents[2]
_HOUSE = replace(settings.load(_ROOT / "config.toml", environ={}).house, webhooks=("oncall",))
_TEMPLATES = frozenset(file.stem for file in (_ROOT / "templates" / "en").glob("*.html"))
_README = (_ROOT / "rules/README.md").read_text()
_RULE = '[[rule]]\nname = "{name}"\non = "ticket.created"\ndo = [ {{ tag = "x" }} ]\n'


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "20-b.toml").write_text(_RULE.format(name="second") + _RULE.format(name="third"))
    (tmp_path / "10-a.toml").write_text(_RULE.format(name="first"))
    (tmp_path / "README.md").write_text("no rules")

    rules = rulefiles.load(tmp_path, _HOUSE)

    assert [rule.name for rule in rules] == ["first", "second", "third"]
    assert [rule.source for rule in rules] == ["10-a.toml:1", "20-b.toml:1", "20-b.toml:5"]


def test_every_action_is_read_as_a_value(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        """
[[rule]]
name = "all"
on = "mail.received"
do = [
  { queue = "support" }, { priority = "urgent" }, { tier = 2 }, { tag = "vip" },
  { assign = "least-loaded" }, { assign = "alice@example.com" }, { notify = "lead" },
  { notify = "oncall@example.net" }, { reply = "acknowledgement" }, { hold = "a reason" },
  { ignore = "another reason" }, { stop = true }, { reopen = true },
  { solve = true }, { close = true },
  { segment = "paid" }, { organisation = "Acme" }, { note = "a word" }, { page = "oncall" },
  { tier = "+1" }, { priority = "-1" }, { notify = "tier" }, { notify = "account-manager" },
]
stop = true

[[rule]]
name = "opinions"
on = "survey.answered"
do = [ { open = "support" }, { survey = "csat", share = 50, every = "60d" } ]

[[rule]]
name = "quarter"
on = "survey.due"
after = "91d"
do = [ { survey = "nps" } ]
"""
    )

    rule, opinions, quarter = rulefiles.load(tmp_path, _HOUSE)

    done = (*rule.actions, *opinions.actions)
    assert {action.verb for action in done} == set(Verb)
    assert opinions.actions[1].sampling == Sampling(share=50, every_seconds=60 * 86400)
    assert quarter.after == After(seconds=91 * 86400)
    assert quarter.actions == (Action(verb=Verb.SURVEY, value="nps", sampling=Sampling()),)
    assert Action(verb=Verb.TIER, value="2") in rule.actions
    assert Action(verb=Verb.STOP, value="true") in rule.actions
    assert rule.stop
    assert rule.condition({})


def test_a_folder_without_rules_is_fine(tmp_path: Path) -> None:
    assert rulefiles.load(tmp_path, _HOUSE) == ()


def test_an_example_tells_whether_the_rule_did_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        """
[[rule]]
name = "domain"
on = "ticket.created"
when = 'mail.from_domain == "example.org" && int(mail.text) > 0'
do = [ { tag = "x" } ]
[[rule.example]]
fires = true
mail = { from = "anna@Example.org", text = "1" }
[[rule.example]]
fires = true
mail = { from = "anna@example.net", text = "1" }
[[rule.example]]
fires = false
mail = { from = "anna@example.org", text = "one" }
"""
    )

    tried = rulefiles.check_examples(tmp_path, _HOUSE)

    assert [(example.passed, example.source) for example in tried] == [
        (True, "a.toml:7"),
        (False, "a.toml:10"),
        (False, "a.toml:13"),
    ]
    assert tried[2].error


def test_the_shipped_rules_do_what_their_examples_say() -> None:
    tried = rulefiles.check_examples(_ROOT / "rules", _HOUSE, templates=_TEMPLATES)

    assert len(tried) >= 10
    assert [example for example in tried if not example.passed] == []


def test_every_shipped_rule_has_an_example() -> None:
    rules = rulefiles.load(_ROOT / "rules", _HOUSE)
    tried = rulefiles.check_examples(_ROOT / "rules", _HOUSE)

    assert {rule.name for rule in rules} == {example.rule for example in tried}


def test_the_shipped_rules_fit_every_house(tmp_path: Path) -> None:
    house = settings.defaults(tmp_path).house

    assert rulefiles.load(_ROOT / "rules", house)


@pytest.mark.parametrize(
    "name",
    [
        "enterprise outage",
        "french",
        "invoices",
        "bills to who knows about them",
        "the assignee is away",
        "regular customers",
    ],
)
def test_the_patterns_to_copy_are_good_rules(name: str, tmp_path: Path) -> None:
    text = (_ROOT / "rules/20-route.toml").read_text()
    uncommented = re.sub(r"(?m)^# (?=\[\[|(?:name|on|when|do) +=)", "", text)
    (tmp_path / "a.toml").write_text(uncommented)
    (tmp_path / "config.toml").write_text(
        '[maild]\nname = "S"\ndomain = "example.com"\n'
        + "".join(
            f'[[queue]]\nname = "{q}"\n' for q in ("support", "support-fr", "billing", "backup")
        )
        + '[[agent]]\naddress = "a@example.com"\nskills = ["billing"]\n'
    )
    house = settings.load(tmp_path / "config.toml", environ={}).house
    (tmp_path / "config.toml").unlink()

    assert name in {rule.name for rule in rulefiles.load(tmp_path, house)}


def test_an_ordinary_mail_is_acknowledged_once_and_told_once() -> None:
    rules = rulefiles.load(_ROOT / "rules", _HOUSE)
    context = samples.plain()

    fired = [
        action
        for rule in rules
        if rule.on in (RuleEvent.MAIL_RECEIVED, RuleEvent.TICKET_CREATED)
        and rule.verdict(context).holds
        for action in rule.actions
    ]

    assert fired == [
        Action(verb=Verb.REPLY, value="acknowledgement"),
        Action(verb=Verb.NOTIFY, value="queue"),
    ]


def test_the_readme_names_every_event_action_and_field_and_no_other() -> None:
    rows = set(re.findall(r"(?m)^\| `([a-z_.0-9]+)` \|", _README))
    fields = {f"{table}.{name}" for table, names in FIELDS.items() for name in names}

    assert rows == {str(event) for event in RuleEvent} | {str(verb) for verb in Verb} | fields


def test_the_readme_tells_the_type_of_every_field() -> None:
    told = dict(
        re.findall(r"(?m)^\| `([a-z]+\.[a-z_0-9]+)` \| (string|int|bool|list|map) \|", _README)
    )

    assert told == {
        f"{table}.{name}": kind for table, names in FIELDS.items() for name, kind in names.items()
    }


def test_the_readme_shows_a_rule_that_loads(tmp_path: Path) -> None:
    shown = re.findall(r"(?s)```toml\n(.*?)```", _README)
    (tmp_path / "a.toml").write_text(shown[0])

    [example] = rulefiles.check_examples(tmp_path, _HOUSE)

    assert example.passed


def test_a_step_that_repeats_is_so_many_steps(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        """
[[rule]]
name = "nobody acts"
on = "deadline.missed"
anytime = true
do = [ { note = "late" } ]
[[rule.step]]
after = "15m"
do = [ { notify = "lead" } ]
[[rule.step]]
after = "1h"
every = "30m"
times = 3
do = [ { page = "oncall", anytime = true } ]
"""
    )

    [rule] = rulefiles.load(tmp_path, _HOUSE)

    assert [step.after_seconds for step in rule.steps] == [900, 3600, 5400, 7200]
    assert rule.steps[3].actions == (Action(verb=Verb.PAGE, value="oncall", anytime=True),)
    assert rule.does(Verb.NOTE)
    assert rule.does(Verb.PAGE)
    assert not rule.does(Verb.ASSIGN)
    assert rule.anytime

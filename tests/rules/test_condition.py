"""Conditions: what they see, what they cost, and that they never raise."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.rule import FIELDS, Rule, RuleEvent, Verdict
from maild.rulefiles import condition as module
from maild.rulefiles import samples, words
from maild.rulefiles.condition import ALWAYS, Compiled, ask, compiled

_MAIL = {
    "from": "anna@example.org",
    "subject": "Total OUTAGE",
    "text": "help",
    "to": ("support@example.com",),
    "headers": {"x-spam": "yes"},
    "is_automatic": False,
    "size": 900,
}


def _condition(text: str) -> Compiled:
    made = compiled(text)
    assert isinstance(made, Compiled), made
    return made


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('mail.subject.matches("(?i)outage|down")', True),
        ('mail.subject.matches("outage")', False),
        ('customer.segment == "enterprise" && mail.size > 100', True),
        ('mail.to.exists(x, x.endsWith("@example.com"))', True),
        ('mail.headers["x-spam"] == "yes"', True),
        ('mail.headers["x-absent"] == "yes"', False),
        ('"x-absent" in mail.headers', False),
        ('mail.from in ["anna@example.org", "bert@example.org"]', True),
        ("!mail.is_automatic // a comment about mail.nothing", True),
        ('"mail.nothing" != mail.subject', True),
        ("mail.is_automatic ? mail.size > 1 : mail.size > 1000", False),
        ("has(mail.subject)", True),
    ],
)
def test_a_condition_sees_the_mail(text: str, holds: bool) -> None:
    verdict = _condition(text).judge({"mail": _MAIL, "customer": {"segment": "enterprise"}})

    assert verdict == Verdict(holds=holds)


def test_a_rule_without_condition_always_fires() -> None:
    assert ALWAYS.holds({})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mail.size / (mail.size - 900) > 1", "ZeroDivisionError"),
        ('mail.cc[0] == "x"', "'cc' is not known here"),
        ("int(mail.text) > 1", "RuntimeError"),
    ],
)
def test_a_condition_that_cannot_be_evaluated_does_not_hold(text: str, told: str) -> None:
    verdict = _condition(text).judge({"mail": _MAIL})

    assert not verdict.holds
    assert told in verdict.error


def test_a_rule_tells_holds_and_error_in_one_verdict() -> None:
    holds, judge = ask(_condition("int(mail.text) > 1"))
    rule = Rule(name="r", on=RuleEvent.TICKET_CREATED, condition=holds, actions=(), judge=judge)

    assert rule.verdict({"mail": _MAIL}).error
    assert not rule.condition({"mail": _MAIL})


def test_a_rule_made_by_hand_has_a_verdict_too() -> None:
    rule = Rule(
        name="r",
        on=RuleEvent.TICKET_CREATED,
        condition=lambda context: "mail" in context,
        actions=(),
    )

    assert rule.verdict({"mail": {}}) == Verdict(holds=True)


_ANY = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(st.characters()),
        st.binary(),
        st.builds(object),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=5,
)
_ASKED = tuple(
    _condition(text)
    for text in (
        'mail.subject.matches("(?i)outage") && mail.size > 3',
        'mail.to.exists(x, x == "a") || "x" in mail.headers',
        'mail.headers["x"].contains("y")',
        "mail.size / mail.size == 1",
    )
)


@given(st.fixed_dictionaries(dict.fromkeys(("subject", "size", "to", "headers"), _ANY)))
def test_a_condition_never_raises_whatever_it_is_given(mail: dict[str, object]) -> None:
    for condition in _ASKED:
        assert isinstance(condition.judge({"mail": mail}), Verdict)
        assert isinstance(condition.holds({"mail": mail}), bool)
        assert not condition.holds({})


def test_only_the_fields_that_are_named_are_handed_over() -> None:
    made = _condition('customer.segment == "paid" && mail.subject != ""')

    assert made.fields == {("customer", "segment"), ("mail", "subject")}
    assert made.holds(
        {"mail": {"subject": "x", "text": object()}, "customer": {"segment": "paid"}}
    )


def test_a_hostile_pattern_takes_linear_time() -> None:
    made = _condition('mail.text.matches("(a+)+$") || mail.text.matches("(a|aa)+!")')
    mail = {"text": "a" * 64_000 + "b"}

    began = time.perf_counter()
    verdict = made.judge({"mail": mail})

    assert verdict == Verdict(holds=False)
    assert time.perf_counter() - began < 1.0


def test_an_evaluation_takes_microseconds() -> None:
    made = _condition(
        'customer.segment == "enterprise" && mail.subject.matches("(?i)outage|down")'
    )
    context = samples.large()

    began = time.thread_time()
    for _ in range(1000):
        made.judge(context)
    each = (time.thread_time() - began) / 1000

    print(f"one evaluation: {each * 1e6:.1f} µs")
    assert each < 0.005


@pytest.mark.parametrize("text", ["(" * 1_000_000, '"' * 1_000_000, "'''" + "\\" * 1_000_000])
def test_a_monstrous_condition_is_refused_at_once(text: str) -> None:
    began = time.perf_counter()

    made = compiled(text)
    words.split(text)

    assert not isinstance(made, Compiled)
    assert time.perf_counter() - began < 60.0


@given(st.text(alphabet="mail.subjct ()[]{}'\"\\&|!=<>?:,0123\n/", max_size=60))
def test_any_text_is_either_compiled_or_explained(text: str) -> None:
    made = compiled(text)

    if not isinstance(made, Compiled):
        assert made
        assert all(0 <= misfit.start <= len(text) + 1 and misfit.text for misfit in made)


def test_samples_have_every_field() -> None:
    for context in (samples.plain(), samples.full(), samples.large()):
        assert {name: set(fields) for name, fields in FIELDS.items()} == {
            name: set(values) for name, values in context.items() if isinstance(values, dict)
        }


def test_every_function_that_is_offered_exists() -> None:
    calls = {
        "size": "size(mail.to) == 1",
        "int": 'int("1") == 1',
        "uint": "uint(1) == 1u",
        "double": "double(1) == 1.0",
        "string": 'string(1) == "1"',
        "bytes": 'bytes("a") == b"a"',
        "type": "type(1) == type(2)",
        "timestamp": 'timestamp("2026-01-01T00:00:00Z") > timestamp("2025-01-01T00:00:00Z")',
        "duration": 'duration("1h") == duration("60m")',
        "dyn": "dyn(1) == 1",
        "has": "has(mail.subject)",
    }

    assert set(calls) == words.FUNCTIONS
    for text in calls.values():
        assert _condition(text).judge({"mail": _MAIL}) == Verdict(holds=True), text


def test_a_verdict_that_is_remembered_is_that_of_the_same_value() -> None:
    known = _condition("ticket.tier == 1")

    verdicts = [known.judge({"ticket": {"tier": tier}}) for tier in (1, 2, 1)]
    other = known.judge({"ticket": {"tier": "1"}})

    assert [one.holds for one in verdicts] == [True, False, True]
    assert not other.holds
    assert known.judge({"ticket": {"tier": 1}}) is verdicts[0], "it was not asked again"


def test_the_verdict_about_a_list_is_remembered_by_all_that_stands_in_it() -> None:
    known = _condition('"vip" in ticket.tags && size(ticket.tags) < 12')
    lists: tuple[list[str], ...] = (
        [],
        ["vip"],
        ["old", "vip"],
        ["vip" * 100],
        ["vip"] * 12,
        ["vip", *"abcdefgh"],
    )

    verdicts = [known.judge({"ticket": {"tags": tags}}) for tags in lists]
    again = [known.judge({"ticket": {"tags": list(tags)}}) for tags in lists]

    assert verdicts == again
    assert [one.holds for one in verdicts] == [False, True, True, False, False, True]
    remembered = [one is other for one, other in zip(verdicts, again, strict=True)]
    assert remembered == [True, True, True, False, False, False], "short ones only"


def test_what_is_neither_plain_nor_a_list_is_asked_about_anew() -> None:
    known = _condition("size(ticket.tags) == 1")
    odd: tuple[tuple[object, ...], ...] = ((["a"],), (1,), (True,))

    verdicts = [known.judge({"ticket": {"tags": one}}) for one in (*odd, *odd)]

    assert len({id(one) for one in verdicts}) == len(verdicts)


def test_a_remembered_verdict_does_not_make_a_slow_condition_quick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = "[" + ",".join("1" * 300) + "]"
    slow = f"{many}.all(a, {many}.all(b, a + b < 5)) && ticket.number == 1"
    monkeypatch.setattr(module, "_SLOW_SECONDS", 0.0005)

    made = compiled(slow)

    assert isinstance(made, tuple)
    assert "takes longer" in made[0].text

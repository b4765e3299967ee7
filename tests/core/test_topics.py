"""What rose: terms of this week against those of the weeks before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.topics import Told, rising

USUAL = ("The invoice of March is wrong", "I cannot log in", "How do I export my data")


def tickets(*texts: str, language: str = "en", times: int = 1) -> list[Told]:
    return [Told(language=language, text=text) for text in texts for _ in range(times)]


def test_what_many_write_all_of_a_sudden_is_a_topic() -> None:
    before = tickets(*USUAL, times=20)
    now = tickets(*USUAL, times=5) + tickets("Blue screen after the update", times=6)

    found = rising(now, before, stretches=4)

    assert found[0].term in {"blue screen", "screen after", "after update", "update"}
    assert (found[0].now, found[0].before, found[0].language) == (6, 0, "en")
    assert "invoice" not in " ".join(topic.term for topic in found)


def test_what_is_said_as_often_as_ever_is_none() -> None:
    assert rising(tickets(*USUAL, times=5), tickets(*USUAL, times=20), stretches=4) == ()


def test_what_fell_is_none() -> None:
    before = tickets(*USUAL, times=20) + tickets("printer", times=20)

    assert "printer" not in {t.term for t in rising(tickets(*USUAL, times=5), before, 4)}


def test_one_ticket_that_repeats_itself_is_one_ticket() -> None:
    now = tickets(*USUAL, times=5) + tickets("lamp lamp lamp lamp lamp lamp")

    assert rising(now, tickets(*USUAL, times=20), stretches=4) == ()


def test_languages_have_topics_of_their_own() -> None:
    before = tickets("alles wie immer", language="de", times=20) + tickets(*USUAL, times=20)
    now = tickets("der Drucker raucht", language="de", times=6) + tickets(*USUAL, times=5)

    found = rising(now, before, stretches=4)

    assert {topic.language for topic in found} == {"de"}
    assert found[0].term == "drucker raucht"


def test_a_term_within_a_better_one_is_not_told_again() -> None:
    now = tickets("blue screen", times=8)

    found = rising(now, tickets(*USUAL, times=20), stretches=4)

    assert [topic.term for topic in found] == ["blue screen"]


@pytest.mark.parametrize("between", [" 4711 . ", ". ", "\n\n", " of ", ", "])
def test_words_that_do_not_follow_each_other_are_no_pair(between: str) -> None:
    now = tickets(f"broken login{between}morning coffee", times=8)

    found = rising(now, tickets(*USUAL, times=20), stretches=4)

    assert {topic.term for topic in found} == {"broken login", "morning coffee"}


def test_a_line_may_end_between_two_words() -> None:
    found = rising(tickets("blue\nscreen", times=8), tickets(*USUAL, times=20), stretches=4)

    assert [topic.term for topic in found] == ["blue screen"]


def test_there_is_an_end_to_them() -> None:
    now = tickets(*(f"word{'abcdefghij'[n]} alone" for n in range(10)), times=9)

    assert len(rising(now, tickets(*USUAL, times=20), 4, most=3)) <= 3


@pytest.mark.parametrize("text", ["a" * 1_000_000, "ab cd " * 200_000, "\u0300" * 1_000_000])
def test_hostile_text_costs_no_more_than_any_other(text: str) -> None:
    assert rising(tickets(text), tickets(*USUAL), stretches=1) == ()


@given(st.lists(st.text(max_size=60), max_size=8), st.lists(st.text(max_size=60), max_size=8))
def test_any_text_can_be_read(now: list[str], before: list[str]) -> None:
    found = rising(tickets(*now, times=3), tickets(*before), stretches=1)

    assert all(topic.now >= 3 and topic.surprise > 0 for topic in found)

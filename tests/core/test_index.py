"""Words as the search keeps and asks them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maild.core.index import (
    WANTED_MAX,
    WORD_CHARACTERS_MAX,
    WORDS_MAX,
    Wanted,
    context,
    wanted,
    words,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The cup, the CUP!", ("the", "cup")),
        ("Größe naïve Ärger ﬁne", ("grosse", "naive", "arger", "fine")),
        ("anna.k@x.example 12-34_56", ("anna", "k", "x", "example", "12", "34", "56")),
        ("東京都へ", ("東京", "京都", "都へ", "へ")),
        ("Windows東京", ("windows", "東京", "京")),
        ("'\" OR 1=1; -- * (NOT near)", ("or", "1", "not", "near")),
        ("🙂 \x00 \ud800 …", ()),
        ("", ()),
    ],
)
def test_words_are_letters_and_digits_alone(text: str, found: tuple[str, ...]) -> None:
    assert words(text) == found


def test_a_long_word_begins_a_longer_one_and_a_short_one_stands_alone() -> None:
    assert wanted("Cup of 猫") == (
        Wanted(word="cup", is_prefix=True),
        Wanted(word="of", is_prefix=False),
        Wanted(word="猫", is_prefix=True),
    )


def test_only_so_much_is_kept_and_asked() -> None:
    assert len(words(" ".join(map(str, range(WORDS_MAX * 2))))) == WORDS_MAX
    assert words("x" * 1000) == ("x" * WORD_CHARACTERS_MAX,)
    assert len(wanted(" ".join(map(str, range(100))))) == WANTED_MAX


def test_the_context_shows_the_first_place_on_one_line() -> None:
    text = "Dear all,\n\n" + "blah " * 50 + "the Größe\tof the cup " + "blah " * 50

    shown = context(text, wanted("saucer gross"))

    assert shown.startswith("…blah")
    assert "the Größe of the cup" in shown
    assert shown.endswith("…")
    assert len(shown) < 200
    assert context(text, wanted("saucer")) == ""


@pytest.mark.parametrize(
    ("text", "sought", "shown"),
    [
        ("one ㆖ two", "上", "one ㆖ two"),
        ("the Cafe\u0301s of Rome", "cafés", "the Cafe\u0301s of Rome"),
        ("Maild™ is ours", "maildtm", "Maild™ is ours"),
        ("abc𝚺", "ABCΣ", "abc𝚺"),
        ("は。" * 100 + "東京", "東京", "…" + "は。" * 30 + "東京"),
    ],
)
def test_the_context_is_found_whatever_signs_a_word_is_written_in(
    text: str, sought: str, shown: str
) -> None:
    assert context(text, wanted(sought)) == shown


@given(st.text(max_size=300))
@example("㆖")
@example("cafe\u0301s")
def test_what_stands_in_a_text_is_found_in_it(text: str) -> None:
    kept = set(words(text))

    for one in wanted(text):
        assert one.word in kept
        assert one.word.isalnum()
        assert context(text, [one])

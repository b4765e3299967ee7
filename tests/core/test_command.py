"""The command block: what is understood, what is refused, and what is text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.command import Word, nearest, orders

NOTE, SOLVE = Word.NOTE, Word.SOLVE
UNDERSTOOD = [
    ("Hello", (), "Hello"),
    ("#note\nSecret", (NOTE,), "Secret"),
    ("#NOTE\nSecret", (NOTE,), "Secret"),
    ("#note Secret", (NOTE,), "Secret"),
    ("#note: Secret\nmore", (NOTE,), "Secret\nmore"),
    ("＃note\nSecret", (NOTE,), "Secret"),
    ("#\u00a0note\nSecret", (NOTE,), "Secret"),
    ("#\u200bnote\nSecret", (NOTE,), "Secret"),
    ("# note\nSecret", (NOTE,), "Secret"),
    ("\ufeff\u200e #note\u00a0\nSecret", (NOTE,), "Secret"),
    ("\r\n\n  #note  \r\nSecret", (NOTE,), "Secret"),
    ("*#note*\nSecret", (NOTE,), "Secret"),
    ("_#note_\nSecret", (NOTE,), "Secret"),
    ("\\#note\nSecret", (NOTE,), "Secret"),
    ("#solve", (SOLVE,), ""),
    ("#solve\n\nFixed.\n", (SOLVE,), "Fixed."),
    ("#solve\n\n#note\n\nSecret", (SOLVE, NOTE), "Secret"),
    ("#note\n#solve\nSecret", (NOTE, SOLVE), "Secret"),
    ("#solve\n#solve\nx", (SOLVE,), "x"),
    ("Hello\n#solve", (), "Hello\n#solve"),
    ("#1234 is mine", (), "#1234 is mine"),
    ("# Heading\ntext", (), "# Heading\ntext"),
    ("#", (), "#"),
    ("", (), ""),
]


@pytest.mark.parametrize(("text", "words", "body"), UNDERSTOOD)
def test_the_block_is_taken_off_the_top(text: str, words: tuple[Word, ...], body: str) -> None:
    found = orders(text)

    assert (found.words, found.body, found.unknown) == (words, body, "")


REFUSED = [
    ("#sovle\nFixed.", "sovle", "solve"),
    ("#notes\nSecret", "notes", "note"),
    ("#\u00a0nte\nSecret", "nte", "note"),
    ("#solve\n#clsoe\nFixed.", "clsoe", "solve"),
    ("#xyzzy", "xyzzy", ""),
    ("#solve Thank you", "solve", "solve"),
    ("# note that this is ambiguous", "note …", "note"),
    ("# nots", "nots …", "note"),
]


@pytest.mark.parametrize(("text", "unknown", "close"), REFUSED)
def test_one_unknown_word_refuses_everything(text: str, unknown: str, close: str) -> None:
    found = orders(text)

    assert (found.unknown, found.nearest, found.words, found.body) == (unknown, close, (), text)


@pytest.mark.parametrize("length", [10, 499, 501, 5000, 1_000_000])
def test_a_note_on_one_long_line_is_never_taken_for_a_reply(length: int) -> None:
    found = orders("#note " + "x" * length)

    assert found.words == (NOTE,)
    assert found.body == "x" * length


@given(st.text(max_size=300))
def test_whatever_stands_behind_note_is_a_note_or_refused(text: str) -> None:
    found = orders("#note\n" + text)

    assert NOTE in found.words or found.unknown


@pytest.mark.parametrize(
    "hostile",
    ["#" * 10**6, " " * 10**6, "#note" * 10**5, "\n" * 10**6, "*" * 10**6, "#a" + "-" * 10**6],
)
def test_a_hostile_block_costs_little(hostile: str) -> None:
    start = time.perf_counter()

    orders(hostile)

    assert time.perf_counter() - start < 3


def test_the_nearest_word_is_named_only_when_it_is_near() -> None:
    assert nearest("solved") == "solve"
    assert nearest("banana") == ""

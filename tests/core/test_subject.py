"""Subjects: what a conversation keeps, and the tag that people see."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.subject import SUBJECT_CHARACTERS_MAX, base, tag, tagged_number, tagged_numbers

NAMES = ("Support", "Sales (EU)")
BASES = [
    ("The printer smokes", "The printer smokes"),
    ("Re: The printer smokes", "The printer smokes"),
    ("RE: re: Re : The printer", "The printer"),
    ("Re[2]: The printer", "The printer"),
    ("Re(3): The printer", "The printer"),
    ("AW: WG: Drucker", "Drucker"),
    ("SV: VS: Skrivare", "Skrivare"),
    ("Antw: Odp: R: I: Ris: Rif: x", "x"),
    ("TR: RV: Réf: Rép: x", "x"),
    ("Fwd: FW: x", "x"),
    ("回复：转发: 打印机", "打印机"),
    ("[Support #12] Re: x", "x"),
    ("Re: [Support #12] x", "x"),
    ("Re: x [Support #12]", "x"),
    ("x [support #12] y", "x y"),
    ("Re: [Sales (EU) #4] x", "x"),
    ("Re: [Other #12] x", "[Other #12] x"),
    ("[Bug #12] x", "[Bug #12] x"),
    ("Regarding: x", "Regarding: x"),
    ("Report: x", "Report: x"),
    ("Re:", ""),
    ("  a\t b\r\n c ", "a b c"),
    ("", ""),
]


@pytest.mark.parametrize(("subject", "expected"), BASES)
def test_reply_marks_and_our_tags_are_taken_off(subject: str, expected: str) -> None:
    assert base(subject, NAMES) == expected


@given(st.text(max_size=200))
def test_taking_off_twice_is_taking_off_once(subject: str) -> None:
    once = base(subject, NAMES)

    assert base(once, NAMES) == once
    assert len(once) <= SUBJECT_CHARACTERS_MAX


TAGS = [
    ("Re: [Support #12] x", 12),
    ("x [sales (eu) #3]", 3),
    ("[Other #12] [Support #5]", 5),
    ("[Other #12] x", 0),
    ("Support #12", 0),
    ("[Support #]", 0),
    ("[Support #12345678901]", 0),
    ("", 0),
]


@pytest.mark.parametrize(("subject", "expected"), TAGS)
def test_only_our_own_tag_names_a_ticket(subject: str, expected: int) -> None:
    assert tagged_number(subject, NAMES) == expected


def test_without_mailboxes_there_is_no_tag() -> None:
    assert tagged_number("[ #1] x", ()) == 0
    assert base("Re: x", ()) == "x"


@given(st.integers(min_value=1, max_value=10**10 - 1))
def test_a_tag_is_read_back(number: int) -> None:
    assert tagged_number(f"Re: x {tag('Sales (EU)', number)}", NAMES) == number


@pytest.mark.parametrize(
    "piece", ["Re: ", "Re:", "re[1]", "[Support #1]", "[", " ", "\t\n", "：", "R"]
)
def test_a_hostile_subject_costs_little(piece: str) -> None:
    subject = piece * (1024 * 1024 // len(piece))
    start = time.process_time()

    base(subject, NAMES)
    tagged_number(subject, NAMES)

    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    "text",
    [
        "> see [Sales\n> (EU) #12] x",
        "> see [Sales \r\n> > (EU)\r\n> > #12] x",
        "see [Sales (EU)\u00a0#12] x",
        "> [Old Name #12]",
        "> [Old\n>Name\n>#12]",
        "| [Old Name\n| #12]",
    ],
)
def test_a_tag_is_seen_over_the_lines_of_a_quote_and_whatever_its_name(text: str) -> None:
    assert tagged_numbers(text, NAMES) == (12,)


def test_tags_of_ours_come_first() -> None:
    text = "> [Other #5] [sales\n> (eu) #4] and [Support #3]\n[Sales (EU) #4], not #6 or [Support]"

    assert tagged_numbers(text, NAMES) == (4, 3, 5)


@pytest.mark.parametrize(
    "piece", [" ", "> ", "\n>", "[", "[Sales ", "[Sales\n> ", " #", "[x #1] "]
)
def test_a_megabyte_is_searched_for_tags_in_linear_time(piece: str) -> None:
    start = time.process_time()

    tagged_numbers(piece * (10**6 // len(piece)), NAMES)

    assert time.process_time() - start < 5

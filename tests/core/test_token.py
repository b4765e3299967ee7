"""Tokens: nothing but the very token that was issued is let in."""

from __future__ import annotations

import base64
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.token import (
    TOKEN_LENGTH,
    Keys,
    Purpose,
    issue,
    looks_like_token,
    made_for,
    verify,
)

KEYS = Keys(current=3, by_id={2: b"old" * 11, 3: b"new" * 11})
DAY = date(2026, 3, 2)
ANNA = "anna@customer.example"
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
purposes = st.sampled_from(Purpose)
tickets = st.integers(min_value=1, max_value=2**32 - 1)
days = st.dates(min_value=date(2020, 1, 1), max_value=date(2199, 1, 1))


def _issue(keys: Keys = KEYS, recipient: str = ANNA) -> str:
    return issue(keys, purpose=Purpose.CUSTOMER, ticket=7, recipient=recipient, today=DAY)


@given(purposes, tickets, st.text(max_size=80), days)
def test_what_was_issued_comes_back(
    purpose: Purpose, ticket: int, recipient: str, today: date
) -> None:
    text = issue(KEYS, purpose=purpose, ticket=ticket, recipient=recipient, today=today)
    token = verify(KEYS, text)

    assert token is not None
    assert (token.purpose, token.ticket, token.issued) == (purpose, ticket, today)
    assert made_for(KEYS, token, recipient)
    assert looks_like_token(text)
    assert len(text) == TOKEN_LENGTH


def test_the_longest_local_part_still_fits() -> None:
    assert len(f"customer-support+{_issue()}") <= 64


def test_case_does_not_matter() -> None:
    assert verify(KEYS, _issue().upper()) == verify(KEYS, _issue())


def test_every_flipped_bit_is_refused() -> None:
    raw = base64.b32decode(_issue().upper() + "===")

    for place in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[place // 8] ^= 1 << place % 8
        text = base64.b32encode(bytes(changed)).decode().rstrip("=")

        assert verify(KEYS, text) is None


def test_every_other_character_is_refused() -> None:
    text = _issue()

    others = [
        text[:place] + other + text[place + 1 :]
        for place in range(TOKEN_LENGTH)
        for other in ALPHABET
        if other != text[place]
    ]

    assert len(others) == TOKEN_LENGTH * 31
    assert [other for other in others if verify(KEYS, other)] == []


@given(st.text(max_size=60))
def test_no_other_text_is_a_token(text: str) -> None:
    assert verify(KEYS, text) is None


@given(st.text(alphabet=ALPHABET, min_size=45, max_size=45))
def test_no_text_of_the_right_shape_is_a_token(text: str) -> None:
    assert verify(KEYS, text) is None


@pytest.mark.parametrize(
    "text", ["", "=" * 45, "１" * 45, "ſ" * 45, _issue() + "\n", _issue()[1:]]
)
def test_odd_texts_are_refused(text: str) -> None:
    assert verify(KEYS, text) is None


def test_a_token_is_made_for_one_recipient() -> None:
    token = verify(KEYS, _issue())

    assert token is not None
    assert made_for(KEYS, token, ANNA.upper())
    assert not made_for(KEYS, token, "eve@customer.example")


def test_a_broken_address_is_somebody_else_and_no_error() -> None:
    token = verify(KEYS, _issue())

    assert token is not None
    assert not made_for(KEYS, token, "a\udcff@b.example")


def test_a_retired_key_still_verifies_until_it_is_gone() -> None:
    old = Keys(current=2, by_id=KEYS.by_id)
    text = _issue(old)

    assert verify(KEYS, text) is not None
    assert verify(Keys(current=3, by_id={3: KEYS.by_id[3]}), text) is None


def test_the_same_key_id_with_another_key_is_refused() -> None:
    assert verify(Keys(current=3, by_id={3: b"stranger" * 4}), _issue()) is None


def test_a_token_says_nothing_of_its_recipient_in_the_clear() -> None:
    one, other = _issue(), _issue(Keys(current=3, by_id={3: b"another house" * 3}))

    assert (
        base64.b32decode(one.upper() + "===")[8:12]
        != (base64.b32decode(other.upper() + "===")[8:12])
    )


def test_the_day_of_issue_counts_from_2020() -> None:
    text = issue(KEYS, purpose=Purpose.THREAD, ticket=1, recipient="", today=date(2020, 1, 1))
    token = verify(KEYS, text)

    assert token is not None
    assert token.issued + timedelta(days=1) == date(2020, 1, 2)

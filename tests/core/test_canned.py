"""Canned texts: which may be used, and how they are filled in."""

from __future__ import annotations

import time

import pytest

from maild.core.canned import Canned, as_html, filled, problem

VALUES = {"customer": "Anna", "agent": "Bob", "tag": "[Support #7]"}


def test_a_value_is_printed_and_never_filled_in_again() -> None:
    values = VALUES | {"customer": "{{ agent }}\nBcc: x"}

    assert filled("{{ customer }}, {{tag}}.\n", values) == "{{ agent }} Bcc: x, [Support #7]."


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("Two words", "x", "named with small letters"),
        ("empty", " \n", "needs words"),
        ("typo", "{{ custmer }}", "unknown variable 'custmer'"),
        ("code", "{% if x %}", "braces may hold a variable only"),
        ("code", "{{ customer.name }}", "braces may hold a variable only"),
        ("fine", "Hello {{ customer }}, {x}", ""),
    ],
)
def test_what_is_wrong_with_a_text_is_told(name: str, text: str, words: str) -> None:
    found = problem(name, text)

    assert words in found
    assert bool(found) is bool(words)


def test_a_text_is_found_in_the_first_language_that_has_it() -> None:
    texts = Canned(texts={("en", "a"): "one", ("de", "a"): "eins", ("de", "b"): "zwei"})

    assert (texts.names, texts.languages("a")) == (("a", "b"), ("de", "en"))
    assert texts.text("a", "fr", "de", "en") == "eins"
    assert texts.text("b", "en") == ""


def test_html_shows_a_text_as_it_is() -> None:
    assert as_html("a <b>\nc") == "<div>a &lt;b&gt;<br>\nc</div>"


@pytest.mark.parametrize("hostile", ["{{" * 10**5, "{{ a" * 10**5, "{" * 10**6])
def test_a_hostile_text_costs_little(hostile: str) -> None:
    start = time.process_time()

    problem("a", hostile)

    assert time.process_time() - start < 2

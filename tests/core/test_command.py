"""The command block: what is understood, what is refused, and what is text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.command import COMMANDS_MAX, Word, nearest, nearest_of, orders, stray
from maild.core.commandtable import ENTRIES, TABLE

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
    ("#solve\n#clsoe\nFixed.", "clsoe", "close"),
    ("#xyzzy", "xyzzy", ""),
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
    [
        "#" * 10**6,
        " " * 10**6,
        "#tag a\n" * 10**5,
        "#assign " + "<mailto:" * 10**5,
        "#note" * 10**5,
        "\n" * 10**6,
        "*" * 10**6,
        "#a" + "-" * 10**6,
    ],
)
def test_a_hostile_block_costs_little(hostile: str) -> None:
    start = time.process_time()

    orders(hostile)

    assert time.process_time() - start < 3


def test_the_nearest_word_is_named_only_when_it_is_near() -> None:
    assert nearest("solved") == "solve"
    assert nearest("banana") == ""


ARGUMENTS = [
    ("#assign bob", "bob"),
    ("#Assign   Bob\u00a0Baker ", "Bob Baker"),
    ("#assign \u201cBob Baker\u201d", "Bob Baker"),
    ("#assign \u00abBob Baker\u00bb", "Bob Baker"),
    ("#assign bob@co.example<mailto:bob@co.example>", "bob@co.example"),
    ("#assign: bob", "bob"),
    ("*#assign bob*", "bob"),
    ("\uff03assign bob", "bob"),
    ("#assign\u200b b\u200bob", "bob"),
    ("#tag \u2013parcel", "-parcel"),
    ("#tag \u2212parcel", "-parcel"),
    ("#subject Where is it? \u2013 again", "Where is it? \u2013 again"),
    ("#escalate", ""),
    ("#escalate the customer is angry", "the customer is angry"),
    ("#solve.", ""),
    ("#help!", ""),
]


@pytest.mark.parametrize(("line", "argument"), ARGUMENTS)
def test_what_clients_do_to_an_argument_is_undone(line: str, argument: str) -> None:
    found = orders(f"{line}\n\nHello")

    assert [command.argument for command in found.commands] == [argument]
    assert found.body == "Hello"


WRONG = [
    "#solve Thank you",
    "#assign",
    "#queue \u00a0",
    "#tag",
    "#subject",
    "#solve\n#close",
    "#pending\n#hold",
    "#assign bob\n#assign alice",
    "#subject " + "x" * 600,
    "#tag a\n" * (COMMANDS_MAX + 1),
]


@pytest.mark.parametrize("text", WRONG)
def test_a_line_that_does_not_fit_the_table_refuses_everything(text: str) -> None:
    found = orders(text)

    assert found.wrong is not None
    assert (found.commands, found.unknown, found.body) == ((), "", text)
    assert ENTRIES[found.wrong.word].usage.startswith(f"#{found.wrong.word}")


def test_every_word_stands_in_the_table_once() -> None:
    assert [entry.word for entry in TABLE] == list(dict.fromkeys(entry.word for entry in TABLE))
    assert set(ENTRIES) == set(Word)


def test_the_same_command_in_other_letters_is_done_once() -> None:
    found = orders("#merge 2\n#Merge  2\nHello")

    assert [(one.word, one.argument) for one in found.commands] == [(Word.MERGE, "2")]


def test_lines_may_be_repeated_where_that_makes_sense() -> None:
    found = orders("#tag a\n#tag b\n#solve\n#solve")

    assert [command.line for command in found.commands] == ["#tag a", "#tag b", "#solve"]


def test_the_block_is_told_apart_from_the_text_behind_a_word() -> None:
    found = orders("#solve\n#note: It is *his* fault.\nReally.")

    assert found.block == "#solve\n#note: "
    assert found.body == "It is *his* fault.\nReally."


HEADINGS = ["# Heading", "# Steps to do", "# Pricing", "# Summary of the call"]


@pytest.mark.parametrize("line", HEADINGS)
def test_a_heading_is_text(line: str) -> None:
    assert orders(f"{line}\nText").body == f"{line}\nText"


def test_the_nearest_is_told_as_it_is_written() -> None:
    assert nearest_of("ordres", ["Support", "Orders"]) == "Orders"
    assert nearest_of("banana", ["Support", "Orders"]) == ""


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("#note she never pays", "#note"),
        ("#note: she never pays", "#note"),
        ("# note she never pays", "#note"),
        ("#  Note: she never pays", "#note"),
        ("*#note* she never pays", "#note"),
        ("- #note she never pays", "#note"),
        ("#note.", "#note"),
        ("\u200b#note she never pays", "#note"),
        ("#\u200bnote she never pays", "#note"),
        ("#\u00a0close please", "#close"),
        ("＃note she never pays", "#note"),
        ("#notiz she never pays", "#notiz"),
        ("#nota nunca paga", "#nota"),
        ("#ntoe she never pays", "#ntoe"),
        ("#mote she never pays", "#mote"),
        ("#assign bob", "#assign"),
        ("#assing bob", "#assing"),
        ("#pending until friday", "#pending"),
        ("#tag +angry-customer", "#tag"),
        ("#close please", "#close"),
        ("# close", "#close"),
        ("  #SOLVE  ", "#solve"),
        ("# note", "#note"),
        ("#notes she never pays", "#notes"),
        ("#slove", "#slove"),
        ("#assign: Bob Becker", "#assign"),
        ("#queue billing", "#queue"),
        ("#tier 2 she asks for a manager", "#tier"),
        ("#priority urgent", "#priority"),
        ("#cc +boss@co.example", "#cc"),
        ("#customer erik@customer.example Erik", "#customer"),
        ("#merge #17", "#merge"),
        ("#lang fr", "#lang"),
        ("#split 2, 3", "#split"),
        ("#escalate she is angry", "#escalate"),
        ("#help", "#help"),
    ],
)
def test_a_command_below_the_text_is_found_however_it_is_written(line: str, word: str) -> None:
    assert stray(f"Hello Klara,\nwe look.\n\n{line}\nBye") == word


@pytest.mark.parametrize(
    "line",
    [
        "# Heading",
        "## Note well",
        "#1 is the red button, #2 the green one.",
        "#hotel in the lobby",
        "#include <stdio.h>",
        "# search the log for errors",
        "# hold on to the rail",
        "#!/bin/sh",
        "#fff is white",
        "Please write #note at the top.",
        "our ticket #close to you",
        "#TeamWork #Sustainability",
        "> #note was quoted",
        "# Node",
        "# Notes",
        "# Notes from our call",
        "# Notable changes",
        "#Notebook bestellt",
        "#node01 is down",
        "#vote",
        "- #solved by reboot",
        "#customers",
        "#Merge requests",
        "#assigned to",
        "#show version",
        "# show version",
        "#priority of the queue",
        "#tag",
        "#tier-one support",
        "# Back",
        "#hold the line please",
    ],
)
def test_other_hashes_are_text(line: str) -> None:
    assert stray(f"Hello Klara,\n\n{line}\n") == ""


def test_a_text_full_of_hashes_costs_little() -> None:
    start = time.process_time()

    stray("\n".join(f"#ab{n:x}cd" for n in range(100_000)))
    stray("#" * 10**6 + "\n" + "-" * 10**6 + "\n" + "# " * 10**6)

    assert time.process_time() - start < 5

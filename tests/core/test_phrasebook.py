"""A language that nobody ships is understood by an operator's words, and costs no time."""

from __future__ import annotations

import pytest

from maild.core.mail import NO_PHRASES, Limits, Phrases
from maild.core.phrasebook import LOOKS_MAX, Entry, phrasebook
from maild.core.replytext import split
from maild.parse import parse
from tests.growth import FACTOR_MAX, factor

# An invented language: its words are in no table.
ZORBIAN = Phrases(
    attributions=(
        "Pruk DATE, NAME <ADDRESS> zvorbo:",
        "Pruk DATE, NAME zvorbo:",
        "NAME zvorbo:",
        "DATE、NAMEゾルボ:",
    ),
    originals=("Orginala Zendo",),
    forwards=("Pasita Zendo", "Pasita de NAME"),
    histories=("Zendoj antaue",),
    reply_above=("skruibu super tia linio",),
    signatures=("Zendita per mia ANY",),
    farewells=("Gruk kaj zorb",),
    header_from=("Dez",),
    header_date=("Zendita je",),
    header_to=("Alz",),
    header_cc=("Kopz",),
    header_subject=("Temz",),
)
REPLY = "Danke, the printer works."
OLD = "the old words\nof somebody else\n"
QUOTED = "> the old words\n> of somebody else\n"


def reply(text: str, phrases: Phrases = ZORBIAN) -> str:
    return split(text, html_reply=None, delimiters=(), phrases=phrases).reply_text


FOLDED = {
    "marked quote": f"{REPLY}\n\nPruk 21/11/2026 10:00, Zed zvorbo:\n{QUOTED}",
    "unmarked quote": f"{REPLY}\n\nPruk 21/11/2026 10:00, Zed <z@y.example> zvorbo:\n\n{OLD}",
    "in brackets": f"{REPLY}\n\nPruk la 21-a 2026, Zed (z@y.example) zvorbo:\n\n{OLD}",
    "emphasised": f"{REPLY}\n\n*Pruk 21/11/2026, Zed Zorb <z@y.example> zvorbo:*\n\n{OLD}",
    "two lines": f"{REPLY}\n\nPruk 21/11/2026 10:00, Zed\nzvorbo:\n\n{OLD}",
    "three lines": f"{REPLY}\n\nPruk 21/11/2026\n10:00, Zed\nzvorbo:\n{QUOTED}",
    "four lines": f"{REPLY}\n\nPruk 21/11/2026\n10:00,\nZed\nzvorbo:\n\n{OLD}",
    "another case": f"{REPLY}\n\nPRUK 21/11/2026, ZED <Z@Y.example> ZVORBO:\n\n{OLD}",
    "a name": f"{REPLY}\n\nZed Zorb zvorbo:\n{QUOTED}",
    "no spaces": f"{REPLY}\n\n2026年11月21日、山田ゾルボ:\n{QUOTED}",
    "divider": f"{REPLY}\n\n-----Orginala Zendo-----\nDez: Zed <z@y.example>\n\n{OLD}",
    "header": f"{REPLY}\n\nDez: Zed\nZendita je: 21/11/2026\nAlz: Us\nTemz: Printer\n\n{OLD}",
    "bold header": f"{REPLY}\n\n*Dez:* Zed\n*Alz:* Us\n*Temz:* Printer\n\n{OLD}",
    "history": f"{REPLY}\n\n### Zendoj antaue ###\n\n{OLD}",
    "delimiter": f"{REPLY}\n\n## Bonvolu skruibu super tia linio ##\n{OLD}",
    "mobile": f"{REPLY}\n\nZendita per mia zPhone 17",
    "farewell": f"{REPLY}\n\nGruk kaj zorb,\nZed",
    "farewell and name": f"{REPLY}\n\nGruk kaj zorb, Zed",
}


@pytest.mark.parametrize("text", FOLDED.values(), ids=FOLDED)
def test_a_language_that_nobody_ships_is_folded_by_an_operators_words(text: str) -> None:
    assert reply(text, NO_PHRASES) != REPLY
    assert reply(text) == REPLY


def test_what_is_shown_stays_as_it_was_written() -> None:
    text = f"Dez: one\nZendita per mia zPhone is what I mean.\n{REPLY}"

    assert reply(text) == text


LOOKS_ALIKE = (
    "Pruk is nice, Zed zvorbo it.",
    "Zed wants the Orginala Zendo",
    "Orginala Zendo",
    "Pasita Zendo",
    "Pruk Zed zvorbo:",
    "Gruk kaj zorb is how we part.",
)


@pytest.mark.parametrize("line", LOOKS_ALIKE)
def test_a_sentence_that_only_holds_such_words_stays(line: str) -> None:
    text = f"{REPLY}\n{line}\nAnd so on, as ever and always, with words of my own."

    assert reply(text) == text


def test_an_entry_fits_only_what_its_placeholders_allow() -> None:
    entry = Entry("Pruk DATE, NAME <ADDRESS> zvorbo:")

    assert entry.fits("pruk 21.11.2026, zed <z@y.example> zvorbo:")
    assert entry.fits("pruk la 2-a de zorbo 2026 zed (z@y.example) zvorbo:")
    assert not entry.fits("pruk zed <z@y.example> zvorbo:")
    assert not entry.fits("pruk 21.11.2026, zed zvorbo:")
    assert not entry.fits("pruk 21.11.2026, zed <z@y.example> zvorbo")
    assert not entry.fits("a pruk 21.11.2026, zed <z@y.example> zvorbo:")
    assert not Entry("zvorbo NAME zvorbo").fits("zvorbo")
    assert not Entry("zvorbo NAME zvorbo").fits("zvorbo  zvorbo")
    assert Entry("zvorbo ANY").fits("zvorbo x")
    assert not Entry("zvorbo ANY").fits("zvorbo")
    assert not Entry("zvorbo ANY").fits("zvorbox x")


def test_a_forward_in_that_language_is_read() -> None:
    text = (
        "Bonvolu helpu.\n\n---------- Pasita Zendo ----------\nDez: Carla <c@customer.example>\n"
        "Zendita je: 21/11/2026\nAlz: us@desk.example\nTemz: Printer\n\nIt smokes.\n"
    )

    found = split(text, html_reply=None, delimiters=(), phrases=ZORBIAN).forwarded

    assert split(text, html_reply=None, delimiters=()).forwarded is None
    assert found is not None
    assert found.sender.addr == "c@customer.example"
    assert (found.subject, found.date, found.text) == ("Printer", "21/11/2026", "It smokes.")
    assert found.comment == "Bonvolu helpu."


def test_html_is_folded_by_the_same_words() -> None:
    html = (
        f"<p>{REPLY}</p><p>Pruk 21/11/2026, Zed &lt;z@y.example&gt; zvorbo:</p>"
        "<blockquote>the old words</blockquote>"
    )
    raw = f"Content-Type: text/html\n\n{html}".encode()

    known = parse(raw, Limits(), ZORBIAN)
    unknown = parse(raw, Limits())

    assert known.html_safe_reply is not None
    assert "zvorbo" not in known.html_safe_reply
    assert "zvorbo" in (unknown.html_safe_reply or "zvorbo")


def test_a_forward_in_html_is_no_quotation() -> None:
    html = (
        f'<p>{REPLY}</p><div class="gmail_quote">---------- Pasita Zendo ---------<br>'
        "Dez: Carla<br><p>It smokes.</p></div>"
    )
    raw = f"Content-Type: text/html\n\n{html}".encode()

    assert parse(raw, Limits()).html_reply is not None
    assert parse(raw, Limits(), ZORBIAN).html_reply is None


CHARACTERS = 1_000_000
HOSTILE = {
    "attributions": "Pruk 1, a <a@b.c> zvorbo\n",
    "tails": "zvorbo:\n",
    "heads": "pasita de \n",
    "empty": "\n",
    "long": "pruk " * 70 + "\n",
    "names": "dez:\n",
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_the_cost_grows_in_step_with_the_text(line: str) -> None:
    many = Phrases(
        attributions=tuple(f"NAME pruk{n} DATE ADDRESS zvorbo:" for n in range(100)),
        forwards=tuple(f"Pasita de NAME {n} zend" for n in range(100)),
        signatures=tuple(f"ANY zendita {n} per ANY" for n in range(100)),
        header_from=tuple(f"dez{n}" for n in range(100)),
    )
    book = phrasebook(many)

    lines = (line * (CHARACTERS // len(line))).split("\n")

    assert factor(book.translated, lines[: len(lines) // 8], lines) <= FACTOR_MAX


def test_entries_are_tried_so_often_and_no_more() -> None:
    fitting = "Pruk 21.11.2026, Zed zvorbo:"
    book = phrasebook(Phrases(attributions=("Pruk DATE, NAME zvorbo:",)))
    alike = ["Pruk Zed zvorbo:", ""] * LOOKS_MAX

    assert book.translated([*alike[:-2], fitting])[-1] != fitting
    assert book.translated([*alike, fitting])[-1] == fitting

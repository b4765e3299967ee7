"""The visible reply: every client's marks in every layout, what must be left alone, hostile text."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.forwarding import passed_on
from maild.core.mail import Address, VisibleReply
from maild.core.replytext import split

_SPEC = importlib.util.spec_from_file_location(
    "reply_marks", Path(__file__).with_name("reply_marks.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
marks = importlib.util.module_from_spec(_SPEC)
sys.modules["reply_marks"] = marks
_SPEC.loader.exec_module(marks)

REPLY = "Thank you, this works now\nas you said."
MARIA = "Maria Sample <maria.sample@example.org>"
VALUES = (MARIA, "Monday, January 12, 2026 4:05 PM", "Help <help@example.net>", "RE: The lamp")


def reply(text: str, *, html: str | None = None, delimiters: tuple[str, ...] = ()) -> VisibleReply:
    return split(text, html_reply=html, delimiters=delimiters)


@pytest.mark.parametrize("form", [*marks.DATED, *marks.UNDATED])
def test_an_attribution_goes_with_its_quote(form: str) -> None:
    line = form.format(a=MARIA)

    assert reply(f"{REPLY}\n\n{line}\n\n> old\n> text\n").reply_text == REPLY
    assert reply(f"{line}\n\n> old\n> text\n\n{REPLY}\n").reply_text == REPLY


@pytest.mark.parametrize("form", marks.DATED)
def test_what_follows_a_dated_attribution_is_old_even_unmarked(form: str) -> None:
    line = form.format(a=MARIA)

    assert reply(f"{REPLY}\n\n{line}\n\nold text\nmore of it\n").reply_text == REPLY


@pytest.mark.parametrize("form", marks.DATED)
def test_a_folded_attribution_is_still_one(form: str) -> None:
    lines = textwrap.fill(form.format(a=MARIA), 72, break_long_words=False)
    inside_brackets = form.format(a="Maria Sample <\nmaria.sample@example.org>")

    assert reply(f"{REPLY}\n\n{lines}\n\n> old\n").reply_text == REPLY
    assert reply(f"{REPLY}\n\n{inside_brackets}\n\n> old\n").reply_text == REPLY


@pytest.mark.parametrize("names", marks.HEADERS)
@pytest.mark.parametrize(
    "layout", ["{}: {}", "*{}:* {}", "**{}:** {}", "{} : {}", "{}：{}", "{}:\t{}"]
)
def test_a_quoted_header_begins_the_old_mail(names: str, layout: str) -> None:
    block = [layout.format(*field) for field in zip(names.split("|"), VALUES, strict=True)]

    assert reply(f"{REPLY}\n\n" + "\n".join(block) + "\n\nold\n").reply_text == REPLY
    assert reply(f"{REPLY}\n\n" + "\n\n".join(block) + "\n\nold\n").reply_text == REPLY
    assert (
        reply(f"{REPLY}\n" + "_" * 32 + "\n" + "\n".join(block) + "\n\nold\n").reply_text == REPLY
    )


@pytest.mark.parametrize("divider", marks.DIVIDERS)
def test_a_divider_begins_the_old_mail(divider: str) -> None:
    assert reply(f"{REPLY}\n\n{divider}\n\nold text\nmore\n").reply_text == REPLY


@pytest.mark.parametrize("line", marks.SENT_FROM)
def test_praise_of_a_device_is_a_signature(line: str) -> None:
    found = reply(f"{REPLY}\n\n{line}\n")

    assert found.reply_text == REPLY
    assert found.unquoted_text == f"{REPLY}\n\n{line}"


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nMaria Sample\nSample Ltd.\n+44 20 7946 0000",
        "--\nMaria",
        "Best regards,\nMaria",
        "Mit freundlichen Grüßen\n\nMaria Muster\nMuster GmbH\nTel: 030 1234567",
        "Cordialement,\nMarie",
        "Saludos,\nMaría",
        "Pozdrawiam,\nMaria",
        "-Maria",
        "– Maria S.",
    ],
)
def test_a_signature_is_folded_and_kept_in_the_unquoted_text(signature: str) -> None:
    found = reply(f"{REPLY}\n\n{signature}\n")

    assert found.reply_text == REPLY
    assert found.unquoted_text == f"{REPLY}\n\n{signature}".replace("-- \n", "--\n")


@pytest.mark.parametrize(
    "text",
    [
        "Sent from our warehouse in Berlin, the parcel arrived broken.",
        "Sent from my old address the mail came back, please look at it.",
        "Best, we try again tomorrow, since nobody is here today.",
        "From: Berlin\nTo: Paris\nDate: 3 May 2026\nPlease book it for me.",
        "On Monday I wrote:\nplease help, it has not been answered.",
        "On 5 May 2026 I wrote to you about this:\nit is broken and stays so.",
        "Steps:\n- one\n- two",
        "Thanks!",
        "Name: Anna\nSubject: lamp\nIt does not burn.",
        "1. first\n2. second:\n3. third",
        "See below:\n-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\nThat is it.",
        "In the console:\n>>> import lamp\n>>> lamp.on()\nNothing happens.",
        "Error log:\n----------\nE1: virus scanner off\n----------\nWhat now?",
        "> a quoted line that nobody is named for\n\nand a text below it",
        "Am 12.01. um 10:00 hat das Programm geschrieben:\nFehler 5, und nun?",
    ],
)
def test_a_persons_own_words_are_left_alone(text: str) -> None:
    assert reply(f"{text}\n").reply_text == text


def test_answers_between_the_quotes_stay_and_are_told() -> None:
    text = f"On 12 Jan 2026, at 16:05, {MARIA} wrote:\n> one?\nYes.\n> two?\n\nNo.\n"

    found = reply(text)

    assert found.reply_text.split() == ["Yes.", "No."]
    assert found.interleaved


def test_one_quote_is_not_interleaved() -> None:
    assert not reply(f"{REPLY}\n\n{MARIA} wrote:\n> one\n").interleaved


def test_a_reply_on_the_line_of_the_attribution_stays() -> None:
    text = f"It works. On Mon, Jan 12, 2026 at 4:05 PM, {MARIA} wrote:\n> old\n"

    assert reply(text).reply_text == "It works."


def test_our_own_delimiter_ends_the_reply_even_at_the_top() -> None:
    delimiter = "## Bitte oberhalb antworten ##"

    assert reply(f"{REPLY}\n\n{delimiter}\nold\n", delimiters=(delimiter,)).reply_text == REPLY
    assert reply(f"{delimiter}\nour own mail\n", delimiters=(delimiter,)).reply_text == ""
    assert reply(f"{REPLY}\n> > {delimiter}\n> old\n", delimiters=(delimiter,)).reply_text == REPLY


def test_the_delimiter_of_another_help_desk_needs_text_above_it() -> None:
    line = "##- Please type your reply above this line -##"

    assert reply(f"{REPLY}\n\n{line}\nold\n").reply_text == REPLY
    assert reply(f"{line}\n\nYour request was received.\n").reply_text.endswith("received.")


def test_an_agents_empty_reply_does_not_send_the_quote() -> None:
    assert reply(f"On Mon, Jan 12, 2026 at 4:05 PM {MARIA} wrote:\n\n> note\n").reply_text == ""


def test_the_small_print_of_a_company_goes() -> None:
    small = "*" * 40 + "\nThis mail is confidential and intended only for you.\n" + "*" * 40

    assert reply(f"{REPLY}\n\n{small}\n").reply_text == REPLY


def test_the_htmls_own_reply_is_taken_where_the_text_shows_no_quote() -> None:
    assert reply("New.\nold text without any mark", html="New.").reply_text == "New."


def test_the_text_is_taken_where_it_shows_the_quote() -> None:
    text = f"New\nline.\n\n{MARIA} wrote:\n> old"

    assert reply(text, html="New line. and more").reply_text == "New\nline."


FORWARDS = {
    "gmail en": "---------- Forwarded message ---------\nFrom: {0}\nDate: {1}\nSubject: {3}\nTo: {2}\n\n\nBody.",
    "gmail de": "---------- Forwarded message ---------\nVon: {0}\nDate: {1}\nSubject: {3}\nTo: {2}\n\nBody.",
    "apple en": "Begin forwarded message:\n\n> From: {0}\n> Subject: {3}\n> Date: {1}\n> To: {2}\n> \n> Body.",
    "apple de": "Anfang der weitergeleiteten Nachricht:\n\nVon: {0}\nBetreff: {3}\nDatum: {1}\nAn: {2}\n\nBody.",
    "apple fr": "Début du message transféré :\n\nDe: {0}\nObjet: {3}\nDate: {1}\nÀ: {2}\n\nBody.",
    "apple es": "Inicio del mensaje reenviado:\n\nDe: {0}\nAsunto: {3}\nFecha: {1}\nPara: {2}\n\nBody.",
    "thunderbird de": "-------- Weitergeleitete Nachricht --------\nBetreff: {3}\nDatum: {1}\nVon: {0}\nAn: {2}\n\nBody.",
    "thunderbird fr": "-------- Message transféré --------\nSujet : {3}\nDate : {1}\nDe : {0}\nPour : {2}\n\nBody.",
    "thunderbird es": "-------- Mensaje reenviado --------\nAsunto: {3}\nFecha: {1}\nDe: {0}\nPara: {2}\n\nBody.",
}


@pytest.mark.parametrize("client", FORWARDS)
def test_a_forward_tells_who_wrote_what(client: str) -> None:
    found = reply("Please answer him.\n\n" + FORWARDS[client].format(*VALUES) + "\n")

    assert found.reply_text == "Please answer him."
    assert "Body." in found.unquoted_text
    assert found.forwarded is not None
    assert found.forwarded.sender == Address(name="Maria Sample", addr="maria.sample@example.org")
    assert found.forwarded.subject == VALUES[3]
    assert found.forwarded.date == VALUES[1]
    assert found.forwarded.text == "Body."
    assert found.forwarded.comment == "Please answer him."


@pytest.mark.parametrize("names", ["From|Sent|To|Subject", "Von|Gesendet|An|Betreff"])
def test_a_forward_by_outlook_without_a_word_is_kept_whole(names: str) -> None:
    header = "\n".join(f"{a}: {b}" for a, b in zip(names.split("|"), VALUES, strict=True))
    text = f"{header}\n\nBody."

    found = reply(text)

    assert found.reply_text == text
    assert found.forwarded is not None
    assert found.forwarded.text == "Body."


def test_a_reply_is_no_forward() -> None:
    header = "\n".join(
        f"{a}: {b}" for a, b in zip(("From", "Sent", "To", "Subject"), VALUES, strict=True)
    )

    assert reply(f"{REPLY}\n\n{header}\n\nBody.").forwarded is None
    assert reply("Begin forwarded message:\n\nnothing that can be read").forwarded is None


OUTLOOK = "From: {0}\nSent: {1}\nTo: {2}\nSubject: {3}\n\nMy own question."
EVE = ("Eve <eve@elsewhere.example>", *VALUES[1:])


def test_what_somebody_forwarded_inside_a_forwarded_mail_is_their_text() -> None:
    inner = FORWARDS["gmail en"].format(*VALUES)
    text = f"Please answer her.\n\n{OUTLOOK.format(*EVE)}\n\n{inner}\n"

    found = passed_on(text)

    assert reply(text).forwarded is None
    assert found is not None
    assert found.sender.addr == "eve@elsewhere.example"
    assert found.comment == "Please answer her."
    assert found.text.startswith("My own question.")
    assert "maria.sample@example.org" in found.text


@pytest.mark.parametrize("sender", ["maria@example.org <eve@elsewhere.example>", "Eve", ""])
def test_a_forward_whose_writer_is_in_doubt_is_nobodys(sender: str) -> None:
    for form in (FORWARDS["gmail en"], OUTLOOK):
        text = f"Please answer.\n\n{form.format(sender, *VALUES[1:])}"
        inner = FORWARDS["apple de"].format(*VALUES)

        assert reply(f"{text}\n\n{inner}").forwarded is None
        assert passed_on(f"{text}\n\n{inner}") is None


def test_an_address_that_stands_twice_is_one() -> None:
    sender = "Maria@example.org [mailto:maria@example.org]"
    found = reply(FORWARDS["gmail en"].format(sender, *VALUES[1:])).forwarded

    assert found is not None
    assert found.sender.addr.lower() == "maria@example.org"


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "",
                "> x",
                ">",
                "On 1 Jan 2026 a@b.c wrote:",
                "Sent from my iPhone",
                "--",
                "-- ",
                "____",
                "From: a@b.c",
                "To: d@e.f",
                "Subject: g",
                "Regards,",
                "Bob",
                "-----Original Message-----",
            ]
        ),
        st.text(max_size=20),
    ),
    max_size=25,
)


@given(LINES)
def test_a_reply_holds_only_lines_of_the_mail(lines: list[str]) -> None:
    text = "\n".join(lines)

    found = reply(text)

    rest = "".join(text.split())
    assert all("".join(line.split()) in rest for line in found.reply_text.splitlines())
    assert len("".join(found.reply_text.split())) <= len("".join(found.unquoted_text.split()))
    assert len("".join(found.unquoted_text.split())) <= len(rest)


@given(st.text(), st.one_of(st.none(), st.text()))
def test_any_text_is_taken_apart(text: str, html: str | None) -> None:
    reply(text, html=html, delimiters=("", "above"))


@pytest.mark.parametrize(
    "piece",
    [
        "On ",
        ">",
        "> x\n",
        "\n",
        "a:\n",
        "On 1:00 a@b wrote:\n",
        "From: x\ny\n",
        "---\n",
        "_____\n",
        "-",
        "__________\nvirus\n",
        "x\n> y\n",
        "<\n>:\n",
        "Regards,\nBob\n",
        "reply above this line\n",
        "x\nOn 1 Jan 2020 10:00, X <a@b.c> wrote:\n> q\n",
        "Begin forwarded message:\n",
        "\u200b",
        "| x\n",
    ],
)
def test_the_cost_grows_with_the_length_alone(piece: str) -> None:
    count = 40_000 // len(piece)

    ratio = _seconds(piece * (4 * count)) / _seconds(piece * count)

    # Four times as much takes four times as long; the square would take sixteen times.
    assert ratio < 10


def _seconds(text: str) -> float:
    taken = []
    for _ in range(3):
        begin = time.process_time()
        reply(text)
        taken.append(time.process_time() - begin)
    return max(min(taken), 0.002)


def test_a_signature_below_the_quote_goes_as_well() -> None:
    text = f"{REPLY}\n\n{MARIA} wrote:\n> old\n\n-- \nBob\nSample Ltd.\n"

    assert reply(text).reply_text == REPLY

"""An agent's reply as each mail program writes it: what was written goes out, our notice never."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import pytest

from maild.core.decision import Audience, Decision, Outcome
from maild.core.mail import Envelope, ReadOptions
from maild.core.reason import Why
from maild.core.ticket import PostKind
from maild.core.token import Purpose
from maild.reading import read
from tests.core.scenes import ALICE, DELIMITER, TRUSTED, play, post, reply_address, view

ADDRESS = reply_address(ALICE, purpose=Purpose.AGENT)
NOTICE = f"""{DELIMITER}

Internal note from Bob – the customer does not see it

Ticket:      [Support #7] The printer smokes
Customer:    Anna <anna@customer.example>
Queue:       support, tier 1

Earlier on this ticket:

2026-03-01 09:00, Bob (note):
> she never pays

2026-03-01 08:00, Anna (customer):
> It smokes.
> Is there a recall?"""
NOTE = "she never pays"
WRITTEN = "Hello Anna,\n\nplease switch it off and send us the number."
WHO = "Bob via Co <support@co.example>"
QUOTED = "\n".join(f"> {line}" for line in NOTICE.split("\n"))
_Form = Callable[[str], tuple[str, str]]


def shown(text: str) -> str:
    return "<br>\n".join(escape(line) for line in text.split("\n"))


def outlook(text: str) -> tuple[str, str]:
    names = ("From", "Sent", "To", "Subject")
    return _outlook(text, names, "border:none;border-top:solid #E1E1E1 1.0pt;padding:3pt 0 0 0")


def outlook_german(text: str) -> tuple[str, str]:
    names = ("Von", "Gesendet", "An", "Betreff")
    return _outlook(text, names, "border:none;border-top:solid #E1E1E1 1.0pt;padding:3pt 0 0 0")


def outlook_mac(text: str) -> tuple[str, str]:
    names = ("From", "Date", "To", "Subject")
    return _outlook(text, names, "border:none;border-top:solid #B5C4DF 1.0pt;padding:3pt 0 0 0")


def outlook_unknown(text: str) -> tuple[str, str]:
    """A language that is not known, in a form that is not either."""
    return _outlook(text, ("Kutoka", "Imetumwa", "Kwa", "Mada"), "margin:0")


def _outlook(text: str, names: tuple[str, ...], style: str) -> tuple[str, str]:
    values = (WHO, "Monday, March 2, 2026 9:00 AM", f"Alice <{ALICE}>", "[Support #7] The printer")
    head = [f"{name}: {value}" for name, value in zip(names, values, strict=True)]
    plain = "\n".join([text, "", *head, "", NOTICE])
    html = (
        f'<div class="WordSection1"><p class="MsoNormal">{shown(text)}</p><div><div style="{style}">'
        f'<p class="MsoNormal">{shown(chr(10).join(head))}</p></div></div>{shown(NOTICE)}</div>'
    )
    return plain, html


def gmail(text: str) -> tuple[str, str]:
    line = f"On Mon, Mar 2, 2026 at 9:00 AM {WHO} wrote:"
    html = (
        f'<div dir="ltr">{shown(text)}</div><br><div class="gmail_quote"><div class="gmail_attr">'
        f'{escape(line)}</div><blockquote class="gmail_quote">{shown(NOTICE)}</blockquote></div>'
    )
    return f"{text}\n\n{line}\n\n{QUOTED}", html


def apple(text: str) -> tuple[str, str]:
    line = f"On 2 Mar 2026, at 09:00, {WHO} wrote:"
    quote = f"<div>{escape(line)}</div><br><div>{shown(NOTICE)}</div>"
    html = f'{shown(text)}<br><div><br><blockquote type="cite">{quote}</blockquote></div>'
    return f"{text}\n\n> {line}\n> \n{QUOTED}", html


def apple_below(text: str) -> tuple[str, str]:
    line = f"On 2 Mar 2026, at 09:00, {WHO} wrote:"
    quote = f"<div>{escape(line)}</div><br><div>{shown(NOTICE)}</div>"
    html = f'<div><blockquote type="cite">{quote}</blockquote></div><br>{shown(text)}'
    return f"\n\n> {line}\n> \n{QUOTED}\n\n{text}", html


def iphone(text: str) -> tuple[str, str]:
    above, html = apple(f"{text}\n\nSent from my iPhone")
    return above, html


def thunderbird(text: str) -> tuple[str, str]:
    return f"{text}\n\nOn 02/03/2026 09:00, Bob via Co wrote:\n{QUOTED}", ""


def thunderbird_below(text: str) -> tuple[str, str]:
    return f"On 02/03/2026 09:00, Bob via Co wrote:\n{QUOTED}\n\n{text}\n\n-- \nAlice", ""


def thunderbird_html(text: str) -> tuple[str, str]:
    line = '<div class="moz-cite-prefix">On 02/03/2026 09:00, Bob via Co wrote:<br></div>'
    quote = f'<blockquote type="cite" cite="mid:x@co.example">{shown(NOTICE)}</blockquote>'
    return "", f"<p>{shown(text)}</p>{line}{quote}"


def mutt(text: str) -> tuple[str, str]:
    return f"On Mon, Mar 02, 2026 at 09:00:00AM +0000, Bob via Co wrote:\n{QUOTED}\n\n{text}", ""


def mutt_bare(text: str) -> tuple[str, str]:
    return f"{QUOTED}\n\n{text}", ""


def mutt_bare_on_top(text: str) -> tuple[str, str]:
    return f"{text}\n\n{QUOTED}", ""


def mutt_thrice(text: str) -> tuple[str, str]:
    return "\n".join(f">>> {line}" for line in NOTICE.split("\n")) + f"\n\n{text}", ""


def k9(text: str) -> tuple[str, str]:
    line = "Am 2. März 2026 10:00:00 MEZ schrieb Bob via Co <support@co.example>:"
    quote = QUOTED.replace("> ", ">")
    brief = "Sent from my Android device with K-9 Mail. Please excuse my brevity."
    return f"{text}\n-- \n{brief}\n{line}\n{quote}", ""


def blackberry(text: str) -> tuple[str, str]:
    head = f"From: {WHO}\nDate: Mon, 2 Mar 2026 09:00:00\nTo: Alice<{ALICE}>\nReply-To: {ADDRESS}"
    return f"{text}\n\n-----Original Message-----\n{head}\nSubject: [Support #7] X\n\n{NOTICE}", ""


def bare(text: str) -> tuple[str, str]:
    """A program that quotes and marks nothing at all."""
    return f"{text}\n\n{NOTICE}", ""


ALL: tuple[_Form, ...] = (
    outlook,
    outlook_german,
    outlook_mac,
    gmail,
    apple,
    apple_below,
    iphone,
    thunderbird,
    thunderbird_below,
    thunderbird_html,
    mutt,
    mutt_bare,
    mutt_bare_on_top,
    mutt_thrice,
    k9,
    blackberry,
    bare,
)


def decided(plain: str, html: str = "", *, text: str = "text/plain") -> Decision:
    """Decide about a reply of Alice's to the notice."""
    body = f"Content-Type: {text}; charset=utf-8\n\n{plain}\n"
    if html:
        parts = (f"--b\nContent-Type: text/html; charset=utf-8\n\n<html>{html}</html>\n--b--\n",)
        first = (f"--b\n{body}",) if plain else ()
        body = 'Content-Type: multipart/alternative; boundary="b"\n\n' + "".join((*first, *parts))
    head = f"From: Alice <{ALICE}>\nTo: {ADDRESS}\nSubject: Re: [Support #7] The printer smokes\n"
    raw = f"{head}Message-ID: <a1@co.example>\nMIME-Version: 1.0\n{body}".encode()
    letter = read(raw, Envelope(), ReadOptions(delimiters=(DELIMITER,)))
    question = post(1, text="It smokes.\nIs there a recall?")
    told = view(posts=(question, post(2, PostKind.NOTE, NOTE)))
    return play(letter, envelope=TRUSTED, views=[told])


def to_customer(decision: Decision) -> list[tuple[str, str]]:
    return [
        (reply.text, reply.html)
        for reply in decision.replies
        if reply.audience is Audience.CUSTOMER
    ]


def why(decision: Decision) -> Why:
    return decision.reasons[-1].why


@pytest.mark.parametrize("form", ALL)
def test_what_was_written_goes_out_and_nothing_of_our_notice(form: _Form) -> None:
    decision = decided(*form(WRITTEN))

    assert decision.outcome is Outcome.POSTED, decision.reasons
    assert to_customer(decision)
    for text, html in to_customer(decision):
        assert text.startswith(WRITTEN), text
        assert len(text) < len(WRITTEN) + 90, text
        for ours in (DELIMITER, NOTE, "Queue", "wrote", "Sent:", "Gesendet", ADDRESS):
            assert ours not in text + html


@pytest.mark.parametrize("form", ALL)
@pytest.mark.parametrize("text", ["", "-- \nAlice\nSupport", "Alice\nSupport Engineer\nCo Inc."])
def test_a_reply_in_which_nothing_was_written_is_held(form: _Form, text: str) -> None:
    decision = decided(*form(text))

    assert decision.outcome is Outcome.HELD
    assert to_customer(decision) == []
    assert why(decision) is Why.NOTHING_WRITTEN


@pytest.mark.parametrize("text", ["", WRITTEN])
def test_the_head_of_a_quote_in_an_unknown_language_is_held(text: str) -> None:
    decision = decided(*outlook_unknown(text))

    assert (decision.outcome, why(decision)) == (Outcome.HELD, Why.QUOTE_LEFT)
    assert to_customer(decision) == []


HEAD = "Ticket: [Support #7] The printer smokes\nCustomer: Anna"


@pytest.mark.parametrize(
    "text",
    [
        "E-Mail: support@co.example\nTelefon: 01.23.45.67\nBitte angeben: [Support #7]",
        "please write again:\nTo: support@co.example\nSubject: [Support #7] Invoice",
        "write to support@co.example with Subject: [Support #7]",
        "Seen: 2 March 2026 9:00\n\nMail: support@co.example\n\nSubject: [Support #7]",
        "The ticket is [Support #7] The printer smokes.",
    ],
)
def test_what_agents_say_about_how_to_reach_us_is_sent(text: str) -> None:
    decision = decided(f"Hello Anna,\n\n{text}\n\nAlice")

    assert decision.outcome is Outcome.POSTED, decision.reasons
    assert text in to_customer(decision)[0][0]


def test_two_lines_that_our_notice_shows_so_are_asked_about() -> None:
    decision = decided(f"Hello Anna,\n\nyour {HEAD}\n\nAlice")

    assert (decision.outcome, why(decision)) == (Outcome.HELD, Why.CONFIRM_ASKED)
    assert decision.question is not None
    assert decision.reasons[-1].detail.startswith(Why.QUOTE_LEFT)


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\nState: open\nPriority: normal\nQueue: support, tier 1",
        DELIMITER.replace(" above", "\nabove"),
        f"Write to {ADDRESS}",
        f"Kutoka: {WHO}\nImetumwa: 2 Machi 2026 9:00\nMada: [Support #7] Printer",
    ],
)
def test_what_only_our_notice_holds_is_never_sent(text: str) -> None:
    decision = decided(f"Hello Anna,\n\n{text}\n\nAlice")

    assert (decision.outcome, why(decision)) == (Outcome.HELD, Why.QUOTE_LEFT)


SIGNATURES = (
    "Alice\nSupport Engineer\nCo Inc.",
    "Kind regards\n\nAlice\nSupport Engineer\nCo Inc.\nalice@co.example",
    "Alice | Support\nCo Inc.",
    "-- \nAlice",
)


@pytest.mark.parametrize("form", [outlook, gmail, apple])
@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_signature_below_a_command_is_no_answer(form: _Form, signature: str) -> None:
    decision = decided(*form(f"#solve\n\n{signature}"))

    assert decision.outcome is Outcome.POSTED
    assert decision.posts == ()
    assert to_customer(decision) == []


@pytest.mark.parametrize(
    "text",
    [
        "Thanks,\nAlice",
        "Yes",
        "Alice will call you.",
        "--\nAlice\n\nHello Anna,\n\nplease send us the number.",
        "Sent from my iPhone\n\nHello Anna, does it work?",
        "Kind regards to your father.\nAlice",
    ],
)
def test_a_few_words_are_an_answer(text: str) -> None:
    assert to_customer(decided(*gmail(text)))[0][0] == text


@pytest.mark.parametrize("above", ["Hello Anna,\nwe look.", "#solve\nBye Anna"])
def test_a_note_below_the_text_does_not_reach_the_customer(above: str) -> None:
    decision = decided(*gmail(f"{above}\n\n#note: she never pays"))

    assert (decision.outcome, why(decision)) == (Outcome.HELD, Why.COMMAND_BELOW)
    assert to_customer(decision) == []


@pytest.mark.parametrize("form", [outlook, gmail, bare])
@pytest.mark.parametrize("quote", [NOTE, "Queue: support, tier 1", "#12 Payment overdue (open)"])
def test_a_quote_that_nobody_is_named_for_does_not_stay(form: _Form, quote: str) -> None:
    plain, _ = form(f"Hello Anna,\n\n> {quote}\n\nPlease pay.\n\n> The manual.\n\nAlice")

    (first, *_) = to_customer(decided(plain))
    assert first[0].split() == ["Hello", "Anna,", "Please", "pay.", "Alice"]


def test_answers_between_the_lines_keep_their_questions() -> None:
    answered = QUOTED.replace("> > It smokes.", "> > It smokes.\n\nSwitch it off.\n")
    answered = f"{answered}\n\nNo, none."

    decision = decided(answered)

    said = "> It smokes.\n\nSwitch it off.\n\n> Is there a recall?\n\nNo, none."
    assert to_customer(decision)[0][0] == said

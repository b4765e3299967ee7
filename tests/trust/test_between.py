"""An agent's answers between quoted lines reach the customer with the questions, and only these."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.core.scenes import ALICE, ANNA
from tests.trust.house import InMemory, letter, proven

TO = "support@co.example"
SUNDAY = "When do you open on Sundays?"
PARK = "Is there a car park near you, or must I leave the car at the station and walk for an hour?"
NOTE = "she still owes us money for the last three cups"
ATTRIBUTION = "On Mon, Mar 2, 2026 at 10:00, Anna via Support wrote:"
OURS = ("reply above this line", "How to answer", "Assigned to", "#note", "Opened", NOTE, "wrote:")


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    text = f"Hello,\r\n\r\n{SUNDAY}\r\n\r\n{PARK}\r\n\r\nAnna"
    made.receive(letter(f"Anna <{ANNA}>", TO, text, proven("customer.example")))
    answer(made, made.to(ALICE)[0], f"#note\n{NOTE}")
    annas = made.to(ANNA)[0]
    made.receive(letter(ANNA, str(annas["Reply-To"]), f"Again:\r\n\r\n{SUNDAY}\r\n\r\n{PARK}"))
    yield made
    made.close()


def body(mail: EmailMessage, kind: str = "plain") -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def split(page: str, *marks: str) -> list[str]:
    """Cut HTML behind each mark as an editor does: what is open is closed, and opened again."""
    pieces, opened = [], ""
    for mark in marks:
        head, _, page = page.partition(mark)
        stack: list[str] = []
        for tag, name in re.findall(r"(</?([a-z0-9]+)[^>]*>)", opened + head):
            if tag.startswith("</"):
                stack.pop()
            elif name not in ("br", "img", "meta", "hr"):
                stack.append(tag)
        ends = "".join(f"</{re.split('[ >]', tag[1:])[0]}>" for tag in reversed(stack))
        pieces.append(opened + head + mark + ends)
        opened = "".join(stack)
    return [*pieces, opened + page]


def answer(house: InMemory, notice: EmailMessage, text: str, kind: str = "plain") -> str:
    fields = (proven("co.example"), f"In-Reply-To: {notice['Message-ID']}")
    raw = letter(ALICE, str(notice["Reply-To"]), text, *fields)
    (handled,) = house.receive(raw.replace(b"text/plain", f"text/{kind}".encode()))
    return handled.outcome.value


def quoted(notice: EmailMessage, answers: dict[str, str], top: str = "") -> str:
    """Quote a whole notice and write answers below the lines that they answer."""
    lines = [*([top, ""] if top else []), ATTRIBUTION]
    left = dict(answers)
    for line in body(notice).splitlines():
        lines.append(f"> {line}".rstrip())
        if line in left:
            lines += ["", left.pop(line), ""]
    assert not left
    return "\n".join(lines)


def test_each_answer_stands_below_its_question(house: InMemory) -> None:
    notice = house.to(ALICE)[-1]

    outcome = answer(house, notice, quoted(notice, {SUNDAY: "At ten.", PARK: "Yes, behind us."}))

    told = body(house.to(ANNA)[-1])
    assert outcome == "posted"
    assert f"> {SUNDAY}\n\nAt ten.\n\n> {PARK}\n\nYes, behind us." in told
    for ours in OURS:
        assert ours not in told


def test_answers_between_are_not_lost_below_words_at_the_top(house: InMemory) -> None:
    notice = house.to(ALICE)[-1]
    text = quoted(
        notice, {SUNDAY: "At ten.", PARK: "Yes, behind us."}, top="Hello Anna, see below."
    )

    answer(house, notice, text)

    told = body(house.to(ANNA)[-1])
    assert "Hello Anna, see below." in told
    assert f"> {SUNDAY}\n\nAt ten." in told
    assert "Yes, behind us." in told
    for ours in OURS:
        assert ours not in told


def test_one_question_left_by_hand_stays(house: InMemory) -> None:
    notice = house.to(ALICE)[-1]

    answer(house, notice, f"{ATTRIBUTION}\n> {SUNDAY}\n\nAt ten.\n\n-- \nAlice")

    assert f"> {SUNDAY}\n\nAt ten." in body(house.to(ANNA)[-1])


def test_a_question_that_a_client_folded_anew_is_known(house: InMemory) -> None:
    notice = house.to(ALICE)[-1]
    head, tail = PARK[:50].rpartition(" ")[0], PARK[len(PARK[:50].rpartition(" ")[0]) + 1 :]

    answer(house, notice, f"{ATTRIBUTION}\n>> {head}\n>>  {tail}\n\nYes, behind us.")

    assert f"> {head}\n> {tail}\n\nYes, behind us." in body(house.to(ANNA)[-1])


def test_what_is_quoted_below_the_last_answer_goes(house: InMemory) -> None:
    notice = house.to(ALICE)[-1]

    answer(house, notice, quoted(notice, {SUNDAY: "At ten."}))

    told = body(house.to(ANNA)[-1])
    assert "At ten." in told
    assert PARK not in told


def test_a_whole_notice_above_the_answer_goes(house: InMemory) -> None:
    notice = house.to(ALICE)[-1]

    answer(house, notice, f"{quoted(notice, {})}\n\nAt ten, and behind us.")

    told = body(house.to(ANNA)[-1])
    assert "At ten, and behind us." in told
    assert ">" not in told
    for ours in OURS:
        assert ours not in told


def test_a_quoted_note_never_leaves(house: InMemory) -> None:
    notice = house.to(ALICE)[-1]
    probes = (
        f"{ATTRIBUTION}\n> {NOTE}\n\nTrue.\n\n> {SUNDAY}\n\nAt ten.",
        f"{ATTRIBUTION}\n> {SUNDAY} {NOTE}\n\nAt ten.",
        f"{ATTRIBUTION}\n> {SUNDAY}\n> {NOTE}\n\nAt ten.\n\n> {PARK}\n\nYes.",
        f"{ATTRIBUTION}\n>{NOTE}\n>{SUNDAY}\n\nAt ten.",
        f"{ATTRIBUTION}\n> {SUNDAY}\n{NOTE}\n\nAt ten.",
    )
    html = (
        f"<blockquote>{NOTE}</blockquote><p>True.</p><blockquote>{SUNDAY}</blockquote><p>At ten.</p>",
        f"<blockquote>{SUNDAY}<br>{NOTE}</blockquote><p>At ten.</p><blockquote>{PARK}</blockquote>",
        f"<blockquote>{SUNDAY} <b>{NOTE}</b></blockquote><p>At ten.</p><blockquote>x</blockquote>",
    )

    for probe in probes:
        answer(house, notice, probe)
    for probe in html:
        answer(house, notice, probe, "html")

    leaks = [mail for mail in house.to(ANNA) if "last three cups" in mail.as_string()]
    print(f"\nquoted notes: {len(probes) + len(html)} probes, {len(leaks)} leaks")
    assert leaks == []


GMAIL = (
    '<div dir="ltr"><br><br><div class="gmail_quote"><div class="gmail_attr">'
    + ATTRIBUTION
    + "<br>"
    '</div><blockquote class="gmail_quote" style="margin:0">@0@</blockquote>'
    '<div><b>At ten.</b></div><blockquote class="gmail_quote">@1@</blockquote>'
    "<div><ul><li>Yes, behind us.</li></ul></div>"
    '<blockquote class="gmail_quote">@2@</blockquote></div></div>'
)
APPLE = (
    '<html><body style="word-wrap:break-word"><div><blockquote type="cite"><div>'
    + ATTRIBUTION
    + "</div>"
    '</blockquote></div><blockquote type="cite">@0@</blockquote><div><b>At ten.</b></div><div><br></div>'
    '<blockquote type="cite">@1@</blockquote><div><ul><li>Yes, behind us.</li></ul></div>'
    '<blockquote type="cite">@2@</blockquote></body></html>'
)
THUNDERBIRD = (
    '<html><body><div class="moz-cite-prefix">' + ATTRIBUTION + "<br></div>"
    '<blockquote type="cite" cite="mid:x">@0@</blockquote><p><b>At ten.</b></p>'
    '<blockquote type="cite" cite="mid:x">@1@</blockquote><ul><li>Yes, behind us.</li></ul>'
    '<blockquote type="cite" cite="mid:x">@2@</blockquote></body></html>'
)


@pytest.mark.parametrize("client", [GMAIL, APPLE, THUNDERBIRD], ids=["gmail", "apple", "mozilla"])
def test_formatted_answers_keep_their_questions_and_form(house: InMemory, client: str) -> None:
    notice = house.to(ALICE)[-1]
    page = body(notice, "html").partition("<body")[2].partition(">")[2]
    html = client
    for n, piece in enumerate(split(page.partition("</body>")[0], SUNDAY, PARK)):
        html = html.replace(f"@{n}@", piece)

    outcome = answer(house, notice, html, "html")

    told = body(house.to(ANNA)[-1], "html")
    places = [told.find(part) for part in (SUNDAY, "<b>At ten.</b>", PARK, "Yes, behind us.</li>")]
    assert outcome == "posted"
    assert -1 not in places, told
    assert places == sorted(places)
    for ours in OURS:
        assert ours not in told
        assert ours not in body(house.to(ANNA)[-1])
    assert f"> {SUNDAY}\n\nAt ten." in body(house.to(ANNA)[-1])
    assert "<td" not in told.partition("At ten")[0].rpartition("<blockquote")[2]

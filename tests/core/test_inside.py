"""What customers write into our own words, in the forms in which their programs quote these."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core.decision import Decision, Reply
from maild.core.inside import answers
from maild.core.mail import Envelope, Limits, Mail, ReadOptions, VisibleReply
from maild.core.ticket import Post, PostKind, State
from maild.reading import read
from tests.core import scenes
from tests.core.scenes import ALICE, ANNA, BOB, TRUSTED

WORDS = (
    "Hello Anna,\n\nthank you for writing. Before we can help, please tell us:\n\n"
    "1. Which browser do you use?\n2. Since when?\n3. Does it also happen in another network, "
    "for example on your phone?\n\nKind regards\nAlice Martin"
)
MARKUP = (
    "<p>Hello Anna,</p><p>thank you for writing. Before we can help, please tell us:</p><ol>"
    "<li>Which browser do you use?</li><li>Since when?</li><li>Does it also happen in another "
    "network, for example on your phone?</li></ol><p>Kind regards<br>Alice Martin</p>"
)
FOOT = "\n\n-- \nSupport · [Support #7]\n"
OURS = f"{WORDS}\nSupport Support #7"
GERMAN = (
    "Von: Alice Martin via Support <support@co.example>\n"
    "Gesendet: Sonntag, 22. November 2026 19:50\nAn: Anna <anna@customer.example>\n"
    "Betreff: Re: The printer smokes [Support #7]\n"
)
ENGLISH = (
    "From: Alice Martin via Support <support@co.example>\n"
    "Sent: Sunday, November 22, 2026 7:50 PM\nTo: Anna <anna@customer.example>\n"
    "Subject: Re: The printer smokes [Support #7]\n"
)
FRENCH = (
    "De : Alice Martin via Support <support@co.example>\n"
    "Envoyé : dimanche 22 novembre 2026 19:50\nÀ : Anna <anna@customer.example>\n"
    "Objet : Re: The printer smokes [Support #7]\n"
)
BANNER = (
    "You don't often get email from support@co.example. Learn why this is important"
    "<https://aka.ms/LearnAboutSenderIdentification>\n\n"
    "[EXTERNAL] Do not click links or open attachments unless you know the sender.\n\n"
)
SMALL_PRINT = (
    "\nThis message is confidential. If you are not the intended recipient please tell us and "
    "delete it. Kind regards.\n"
)
ON_THE_LINE = WORDS.replace("use?", "use? Firefox 133").replace("when?", "when? Monday")
BELOW = WORDS.replace("use?", "use?\nFirefox 133\n").replace("when?", "when?\n\nMonday\n")
BLUE = '<span style="color:blue">'


def letter(body: str, kind: str = "plain", subject: str = "Re: The printer smokes") -> Mail:
    """A mail of Anna's as it comes over the line."""
    to = scenes.reply_address(ANNA)
    raw = (
        f"From: Anna <{ANNA}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: <a@b.example>\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{body}"
    )
    return read(raw.encode(), TRUSTED, ReadOptions(limits=Limits()))


def said(mail: Mail, text: str = WORDS, html: str = "", *more: Post) -> tuple[Post, Reply]:
    """The post that it becomes, where Alice wrote before, and what Bob is told."""
    own = replace(scenes.post(2, PostKind.AGENT, text, ALICE), html=html)
    known = scenes.view(scenes.ticket(assignee=BOB), (scenes.post(1), own, *more))
    decided = scenes.play(mail, envelope=TRUSTED, views=(known,))
    return decided.posts[-1], notice(decided)


def notice(decided: Decision) -> Reply:
    return next(one for one in decided.replies if one.template == "notification")


@pytest.mark.parametrize("header", [GERMAN, ENGLISH, FRENCH], ids=["de", "en", "fr"])
@pytest.mark.parametrize("rule", ["", "________________________________\n"], ids=["old", "new"])
@pytest.mark.parametrize("quote", [ON_THE_LINE, BELOW], ids=["on the line", "below"])
def test_answers_in_outlooks_plain_quote_come_through(header: str, rule: str, quote: str) -> None:
    mail = letter(f"See below, in blue.\n\n{rule}{header}\n{quote}{FOOT}")

    post, told = said(mail)

    assert "Firefox 133" not in mail.reply.reply_text, "the quote was cut: else nothing is shown"
    assert post.reply_text.startswith("See below, in blue.\n\n")
    assert "Firefox 133" in post.reply_text
    assert "Monday" in post.reply_text
    assert "Kind regards" not in post.reply_text
    assert told.text == post.text == mail.parsed.text


def test_a_new_line_stands_below_the_line_that_it_answers() -> None:
    mail = letter(f"See below.\n\n{GERMAN}\n{BELOW}{FOOT}")

    post, _ = said(mail)

    assert post.reply_text == (
        "See below.\n\n> 1. Which browser do you use?\n\nFirefox 133\n\n> 2. Since when?\n\nMonday"
    )


CLASSIC = (
    "<html><body><div class=WordSection1><p class=MsoNormal>Siehe unten in blau.</p>"
    "<p class=MsoNormal>&nbsp;</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;"
    "padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>Von:</b> Alice Martin via Support "
    "&lt;support@co.example&gt; <br><b>Gesendet:</b> Sonntag, 22. November 2026 19:50<br>"
    "<b>An:</b> Anna<br><b>Betreff:</b> Re: The printer smokes</p></div>{}</div></body></html>"
)
NEW = (
    '<html><body><div class="elementToProof">Siehe unten in blau.</div><div id="appendonsend">'
    '</div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" '
    'dir="ltr"><font face="Calibri"><b>Von:</b> Support &lt;support@co.example&gt;<br><b>Gesendet:'
    "</b> Sonntag, 22. November 2026 19:50<br><b>An:</b> Anna<br><b>Betreff:</b> Re: The printer "
    "smokes</font><div>&nbsp;</div></div><div>{}</div></body></html>"
)
MOBILE = (
    '<html><body><div dir="ltr">Siehe unten in blau.</div><div id="ms-outlook-mobile-signature">'
    'Outlook für Android herunterladen</div><div id="mail-editor-reference-message-container">'
    '<div class="ms-outlook-mobile-reference-message skipProofing"><hr><div id="divRplyFwdMsg">'
    "<b>From:</b> Support &lt;support@co.example&gt;<br><b>Sent:</b> Sunday, November 22, 2026 "
    "7:50:11 PM<br><b>To:</b> Anna<br><b>Subject:</b> Re: The printer smokes</div>{}</div></div>"
    "</body></html>"
)
APPLE = (
    "<html><body>Siehe unten in blau.<br><div><br><blockquote type=cite><div>Am 22.11.2026 um "
    "19:50 schrieb Support &lt;support@co.example&gt;:</div><br></blockquote></div>"
    "<blockquote type=cite><div>{}</div></blockquote></body></html>"
)
FORMS = {"classic": CLASSIC, "new": NEW, "mobile": MOBILE, "apple": APPLE}


@pytest.mark.parametrize("html", ["", MARKUP], ids=["sent as text", "sent as HTML"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_answers_in_blue_come_through_with_their_colour(form: str, html: str) -> None:
    inside = MARKUP.replace("use?", f"use? {BLUE}Firefox 133</span>")
    inside = inside.replace("when?", f"when?<p class=MsoNormal>{BLUE}Monday</span></p>")
    foot = "<p>Support · [Support #7]</p>"
    mail = letter(form.replace("{}", inside + foot), "html")

    post, told = said(mail, html=html)

    assert "Firefox" not in mail.reply.reply_text
    assert "Firefox 133" in post.reply_text
    assert "Monday" in post.reply_text
    assert "Firefox 133" in told.text
    assert "color:blue" in told.html
    assert "Firefox 133" in told.html


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_same_quote_without_an_answer_is_cut(form: str) -> None:
    mail = letter(form.replace("{}", MARKUP + "<p>Support · [Support #7]</p>"), "html")

    post, told = said(mail)

    assert post.reply_text == mail.reply.reply_text
    assert told.text == mail.reply.unquoted_text
    assert "Which browser" not in told.text
    assert "Which browser" not in told.html


LINK = "Please read https://co.example/help/mending and write to help@co.example about it."
SAFE = (
    "Please read https://co.example/help/mending<https://eur02.safelinks.protection.outlook.com/"
    "?url=https%3A%2F%2Fco.example%2Fhelp&data=05%7C02%7C&reserved=0> and write to "
    "help@co.example<mailto:help@co.example> about it."
)
UMLAUT = "Grüße für Sie: – alles über Ihre »Straße« im Überblick …"
LIST = "You need:\n\n- a screw driver\n- the key of the lid\n- some patience"
MANGLED = [
    (WORDS, WORDS),
    (WORDS, WORDS.replace("\n", " ")),
    (WORDS, WORDS.replace(", ", ",\n").replace("please", "\nplease")),
    (WORDS, WORDS.replace("\n", "\n\n\n")),
    (WORDS, WORDS.replace(" ", " \u00a0 ")),
    (WORDS, WORDS.replace("you for", "youfor").replace("another", "ano ther")),
    (WORDS, "\n".join(f"> {line}" for line in WORDS.split("\n"))),
    (WORDS, WORDS.replace("1. ", "  1.  ").replace("2. ", "·         ").replace("3. ", "o   ")),
    (WORDS, WORDS.replace("Alice Martin", "[cid:image001.png@01DB3C.123]\nAlice Martin")),
    (WORDS, WORDS.replace("2. Since when?\n", "")),
    (WORDS, WORDS.replace("phone", "telephone")),
    (LINK, SAFE),
    (UMLAUT, 'Gruesse fuer Sie: - alles ueber Ihre "Strasse" im Ueberblick ...'),
    (UMLAUT, "Gr??e f?r Sie: ? alles ?ber Ihre ?Stra?e? im ?berblick ?"),
    (LIST, LIST.replace("- ", "§  ")),
    ("请告诉我们您使用的软件版本,谢谢您的来信。", "请告诉我们您使用\n的软件版本，谢谢您的来信。"),
]


@pytest.mark.parametrize(("sent", "quoted"), MANGLED)
@pytest.mark.parametrize("around", [("", ""), (BANNER, SMALL_PRINT)], ids=["bare", "banner"])
def test_what_clients_do_to_our_words_is_no_answer(
    sent: str, quoted: str, around: tuple[str, str]
) -> None:
    above, below = around
    text = f"It works now.\n\n{GERMAN}\n{above}{quoted}{FOOT}{below}"

    found = answers(text, "It works now.", [f"{sent}\nSupport Support #7"], [])

    assert found == ""


def test_what_other_people_wrote_around_our_words_is_no_answer() -> None:
    thread = (
        f"Please see Karl's question.\n\n{GERMAN.replace('Alice Martin via Support', 'Karl')}\n"
        "Hello Anna, does anybody know more about the fuse that they sent us in May?\n\n"
        f"{ENGLISH}\n{WORDS}{FOOT}\n{FRENCH}\nHello Anna,\n\nthank you for the cake.\n"
    )

    assert answers(thread, "Please see Karl's question.", [OURS], []) == ""


def test_a_mail_that_breaks_off_and_the_next_one_are_not_read_as_one() -> None:
    begun, _, ended = WORDS.partition("1. Which")
    thread = f"Thanks.\n\n{GERMAN}\n{begun}\n{ENGLISH}\nA cake for you.\n\n{ended[-26:]}\n"

    assert answers(thread, "Thanks.", [OURS], []) == ""


def test_an_answer_that_is_known_is_not_told_again() -> None:
    first = letter(f"See below.\n\n{GERMAN}\n{BELOW}{FOOT}")
    earlier = scenes.post(3, PostKind.CUSTOMER, first.parsed.text)
    again = letter(f"Any news?\n\n{ENGLISH}\nSee below.\n\n{GERMAN}\n{BELOW}{FOOT}")

    post, told = said(again, WORDS, "", earlier)

    assert post.reply_text == "Any news?"
    assert told.text == "Any news?"


def test_one_word_below_the_last_question_is_an_answer() -> None:
    text = f"See below.\n\n{GERMAN}\nDoes the lamp burn?\nYes{FOOT}{SMALL_PRINT}"

    found = answers(text, "See below.", ["Does the lamp burn?\nSupport Support #7"], [])

    assert found == "> Does the lamp burn?\n\nYes"


@pytest.mark.parametrize(
    "place",
    [
        *("[image: image.png]", "<image001.png>", "[cid:image001.png@01D]", "[image001.png]"),
        *("[Image removed by sender.]", "[Bild: Knopf]", "[Ein Bild, das Text enthält.]"),
        "[Ein Bild, das Text, Screenshot enthält.\n\nAutomatisch generierte Beschreibung]",
        "[A screenshot of a form\n\nAI-generated content may be incorrect.]",
    ],
)
@pytest.mark.parametrize("mark", ["", "> "])
def test_the_place_of_a_picture_of_ours_says_nothing(place: str, mark: str) -> None:
    text = "Hello Anna,\n\nplease press this button:\n\nThen it starts again after two minutes."
    html = (
        "<p>Hello Anna,</p><p>please press this button:</p><p><img src='cid:b@x' alt=''></p>"
        "<p>Then it starts again after two minutes.</p>"
    )
    quote = text.replace("button:\n", f"button:\n\n{place}\n") + FOOT
    quote = "\n".join(mark + line for line in quote.split("\n"))

    post, told = said(letter(f"Thank you, that helped.\n\n{ENGLISH}\n{quote}"), text, html)

    assert post.reply_text == told.text == "Thank you, that helped."


@pytest.mark.parametrize("answer", ["[Yes, the red one]", "[Bild 3 fehlt]", "<see above>"])
def test_an_answer_in_brackets_is_an_answer(answer: str) -> None:
    text = f"See below.\n\n{GERMAN}\nDoes the lamp burn?\n{answer}\nWe wait for you.{FOOT}"

    found = answers(text, "See below.", ["Does the lamp burn?\nWe wait for you."], [])

    assert found.endswith(answer)


def test_a_form_that_was_filled_in() -> None:
    form = "Hello Anna,\nplease fill in:\n\nBrowser:\nVersion:\nSince:\n\nKind regards\nAlice"
    filled = form.replace("Browser:", "Browser: Firefox").replace("Since:", "Since: Monday")
    text = f"See below.\n\n{GERMAN}\n{filled}{FOOT}"

    found = answers(text, "See below.", [f"{form}\nSupport Support #7"], [])

    assert found == "Browser: Firefox\nSince: Monday"


def test_a_quote_that_breaks_off_below_an_answer() -> None:
    quote = ON_THE_LINE.partition("\n3.")[0]

    found = answers(f"See below.\n\n{GERMAN}\n{quote}\n", "See below.", [OURS], [])

    assert found == "1. Which browser do you use? Firefox 133\n2. Since when? Monday"


def test_what_an_agent_writes_is_left_to_what_looks_at_agents() -> None:
    mail = scenes.from_agent("#solve")
    text = f"#solve\n\n{GERMAN}\n{ON_THE_LINE}{FOOT}"
    mail = replace(mail, parsed=replace(mail.parsed, text=text))
    own = scenes.post(2, PostKind.AGENT, WORDS, ALICE)

    decided = scenes.play(mail, views=(scenes.view(posts=(scenes.post(1), own)),))

    assert decided.after is not None
    assert decided.after.state is State.SOLVED
    assert decided.posts == (), "nothing was written"


@pytest.mark.parametrize("piece", ["a b c ", "https://", "%2F", "Hello Anna, "])
def test_a_hostile_quote_costs_no_more_than_its_length(piece: str) -> None:
    text = piece * (300_000 // len(piece))

    found = answers(f"See.\n\n{GERMAN}\n{text}", "See.", [OURS, text[:100_000]], [text[:100_000]])

    assert len(found) < len(text)


def test_the_text_that_was_said_is_not_the_quote() -> None:
    reply = VisibleReply(reply_text=ON_THE_LINE, unquoted_text=ON_THE_LINE)

    assert answers(ON_THE_LINE, reply.unquoted_text, [OURS], []) == ""


def test_an_envelope_of_a_stranger_changes_nothing() -> None:
    mail = letter(f"See below.\n\n{GERMAN}\n{BELOW}{FOOT}")
    own = scenes.post(2, PostKind.AGENT, WORDS, ALICE)
    known = scenes.view(posts=(scenes.post(1), own))
    envelope = Envelope(mail_from=ANNA, rcpt_to=(scenes.reply_address(ANNA),))

    decided = scenes.play(mail, envelope=envelope, views=(known,))

    assert "Firefox 133" in decided.posts[-1].reply_text

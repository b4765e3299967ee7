"""HTML of mails: readable text, harmless copies, visible replies, hostile markup."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.core.mail import Limits
from maild.core.markup import words
from maild.html import HtmlReading, render, sanitise
from tests.growth import FACTOR_MAX, factor

ATTRIBUTION = "Am Mo., 12. Jan. 2026 um 16:05 Uhr schrieb Maria Muster &lt;maria@example.org&gt;:"


def read(html: str) -> HtmlReading:
    return render(html, limits=Limits())


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("one<br>two", "one\ntwo"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<p class=MsoNormal>one</p><p class=MsoNormal>two</p>", "one\ntwo"),
        ("a\n  b\t c", "a b c"),
        ("<ul><li>a<li>b<ol><li>c<li>d</ol></ul>", "* a\n* b\n  1. c\n  2. d"),
        ("<table><tr><td>a<td>b</tr><tr><td>c<td>d</table>", "a  b\nc  d"),
        ("x<blockquote>y<br>z</blockquote>", "x\n\n> y\n> z"),
        ('<a href="https://example.org/x">here</a>', "here (https://example.org/x)"),
        ('<a href="https://example.org/">https://example.org</a>', "https://example.org"),
        ('<a href="mailto:a@example.org">a@example.org</a>', "a@example.org"),
        ("<pre>a\n  b\n</pre>c", "a\n  b\n\nc"),
        ("&lt;b&gt; &amp; &euro;&nbsp;5 &#x1F600;", "<b> & € 5 😀"),
        ("<head><title>no</title><style>p{}</style></head><body>yes", "yes"),
        ("<script>no()</script>yes<!-- no --><svg><text>no</text></svg>", "yes"),
        ('<div style="display: none">preheader</div>seen', "seen"),
        ("<p>unclosed <b>bold<p>next", "unclosed bold\n\nnext"),
        ("one<textarea rows=2><b>x</TEXTAREA >two", "one<b>xtwo"),
        ("one<xmp><i>", "one<i>"),
        ("a &#99999999999999999999999; b", "a \ufffd b"),
        ("", ""),
    ],
)
def test_html_becomes_readable_text(html: str, text: str) -> None:
    assert read(html).text == text


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" &#106;avascript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<iframe src="https://example.org/"></iframe>',
        '<form action="https://example.org/"><input name=a></form>',
        '<link rel=stylesheet href="https://example.org/x.css">',
        '<style>@import "https://example.org/x.css";</style>',
        '<div style="background:url(https://example.org/x.png)">x</div>',
        '<div style="background-image:u\\72l(https://example.org/x.png)">x</div>',
        '<table background="https://example.org/x.png"><tr><td>x</table>',
        '<img src="https://example.org/x.png">',
        '<img src="//example.org/x.png">',
        '<img src=cid:a srcset="https://example.org/x.png 2x">',
        '<video poster="https://example.org/x.png"></video>',
        '<meta http-equiv=refresh content="0;url=https://example.org/">',
        '<base href="https://example.org/">',
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    ],
)
def test_nothing_active_or_remote_survives(html: str) -> None:
    safe = sanitise(html).lower()

    for bad in (
        "<script",
        "onerror=",
        "onload=",
        "javascript:",
        "data:",
        "url(",
        "<iframe",
        "<form",
    ):
        assert bad not in safe
    for bad in ("example.org", "<style", "<svg", "<meta", "<base", "<link", "<input"):
        assert bad not in safe


def test_links_keep_their_address_and_lose_everything_else() -> None:
    safe = sanitise('<a href="https://example.org/" target=_blank onclick=x()>a</a>')

    assert safe == '<a href="https://example.org/" rel="noopener noreferrer">a</a>'


def test_an_image_inside_the_mail_stays_and_a_remote_one_becomes_its_description() -> None:
    safe = sanitise('<img src="cid:1@example.org" alt="A"><img src="http://example.org/" alt="B">')

    assert safe == '<img src="cid:1@example.org" alt="A">B'


def test_only_harmless_styles_stay() -> None:
    safe = sanitise('<p style="color: red; position: fixed; z-index: 9">x</p>')

    assert safe == '<p style="color:red">x</p>'


QUOTING = {
    "gmail": '<div dir="ltr">Neu.</div><br><div class="gmail_quote"><div class="gmail_attr">{a}<br>'
    '</div><blockquote class="gmail_quote">alt</blockquote></div>',
    "apple": '<div>Neu.</div><div><br><blockquote type="cite"><div>{a}</div><br>alt</blockquote></div>',
    "thunderbird": '<p>Neu.</p><div class="moz-cite-prefix">{a}<br></div>'
    '<blockquote type="cite" cite="mid:1@example.org"><p>alt</p></blockquote>',
    "yahoo": '<div>Neu.</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>{a}</div>alt</div>',
    "outlook desktop": '<div class="WordSection1"><p class="MsoNormal">Neu.</p><div style="border:none;'
    'border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>Von:</b> Maria'
    "<br><b>Betreff:</b> Lampe</p></div><p>alt</p></div>",
    "outlook web": '<div>Neu.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">'
    "<b>Von:</b> Maria</div><div>alt</div>",
    "outlook 2003": "<div><p class=MsoNormal>Neu.</p><div align=center><hr size=2></div>"
    "<p class=MsoNormal><b>From:</b> Maria [mailto:maria@example.org]<br><b>Sent:</b> Monday, "
    "January 12, 2026 4:05 PM<br><b>To:</b> Help<br><b>Subject:</b> Lamp</p><p>alt</p></div>",
    "outlook mac": '<div>Neu.</div><span id="OLK_SRC_BODY_SECTION"><div>Von: Maria</div>alt</span>',
    "outlook mobile": '<div>Neu.</div><div id="mail-editor-reference-message-container">alt</div>',
    "proton": '<div>Neu.</div><div class="protonmail_quote">{a}<blockquote>alt</blockquote></div>',
    "zimbra": '<div>Neu.<hr id="zwchr"><b>Von: </b>Maria<br>alt</div>',
    "gmx": '<div>Neu.</div><div name="quote" style="margin:10px">alt</div>',
    "mail.ru": "<p>Neu.</p><br>Mon, 12 Jan 2026 16:05 +0300 от Maria &lt;maria@example.org&gt;:<br>"
    '<blockquote style="border-left:1px solid">alt</blockquote><br>',
    "aol": "<div>Neu.<br><div>-----Original Message-----<br>From: Maria &lt;maria@example.org&gt;<br>"
    "To: Help &lt;help@example.org&gt;<br>Subject: Lamp<br><br>alt</div></div>",
    "plain blockquote": "Neu.<blockquote>alt</blockquote>",
}


@pytest.mark.parametrize("client", QUOTING)
def test_the_quote_of_every_mail_program_is_folded(client: str) -> None:
    reading = read(QUOTING[client].format(a=ATTRIBUTION))

    assert reading.reply_text == "Neu."
    assert reading.safe_reply_html is not None
    assert "alt" not in reading.safe_reply_html
    assert "schrieb" not in reading.safe_reply_html
    assert "alt" in reading.text
    assert "alt" in reading.safe_html


def test_answers_between_the_quotes_stay() -> None:
    html = (
        f'<div>Oben.</div><div class="gmail_quote"><div class="gmail_attr">{ATTRIBUTION}</div>'
        '<blockquote class="gmail_quote">alt 1</blockquote><div>Antwort 1</div>'
        '<blockquote class="gmail_quote">alt 2</blockquote><div>Antwort 2</div></div>'
    )

    reply = read(html).reply_text

    assert reply is not None
    assert reply.split() == ["Oben.", "Antwort", "1", "Antwort", "2"]


def test_an_answer_below_the_quote_stays() -> None:
    html = f"<div>{ATTRIBUTION}</div><blockquote type=cite>alt</blockquote><p>Neu.</p>"

    assert read(html).reply_text == "Neu."


QUOTE = '<blockquote type="cite"><p>old <b>words</b></p></blockquote>'


@pytest.mark.parametrize(
    "around",
    [
        "<p>mine</p>{}",
        "<p>mine</p>{}<p>more</p>",
        "<div><p>mine</p>{}</div><p>more</p>",
        "<b>mine</b>{0}<i>between</i>{0}<table><tr><td>more</td></tr></table>",
        '<a href="https://a.example">mine<img src="cid:1"></a>{}',
    ],
)
def test_the_sanitised_reply_is_the_mail_sanitised_without_its_quotes(around: str) -> None:
    reading = read(around.format(QUOTE))

    assert reading.safe_reply_html == sanitise(around.format(""))
    assert reading.safe_html == sanitise(around.format(QUOTE))


def test_a_forwarded_mail_is_no_quote() -> None:
    html = (
        '<div>Zur Info</div><div class="gmail_quote">---------- Forwarded message ---------<br>'
        "Von: Maria &lt;maria@example.org&gt;<br>Betreff: Lampe<br><br>Sie ist kaputt.</div>"
    )

    reading = read(html)

    assert reading.reply_text is None
    assert "Sie ist kaputt." in reading.safe_html


def test_a_mail_without_quotes_has_no_reply_of_its_own() -> None:
    reading = read("<p>Guten Tag</p><p>Die Lampe ist kaputt.</p>")

    assert reading.reply_text is None
    assert reading.safe_reply_html is None


def test_a_mail_that_is_only_a_quote_has_no_reply_of_its_own() -> None:
    assert read("<blockquote type=cite>alt</blockquote>").reply_text is None


def test_deep_nesting_keeps_the_text() -> None:
    reading = read("<div>" * 5000 + "deep" + "</div>" * 5000)

    assert reading.text == "deep"
    assert reading.safe_html.count("<div>") < 201


def test_html_beyond_the_limit_is_cut() -> None:
    reading = render("ä" * 100, limits=Limits(html_bytes=50))

    assert reading.text == "ä" * 25


PIECES = words(
    "<div> </div> <p> <b> </b> <a> </a> <table> <td> <li> <blockquote> </blockquote> <pre> </pre> x "
    "& &# < <!-- --> <style> </style> <br> <hr> <ol> </ol> 1@2: <xmp> </xmp> <div/class=gmail_quote>"
)


@given(
    st.lists(
        st.sampled_from(
            [*sorted(PIECES), "<blockquote type=cite>", "<img alt=y src=cid:z>", "\n", " "]
        ),
        max_size=60,
    )
)
@settings(max_examples=150)
def test_broken_markup_never_raises_and_stays_harmless(pieces: list[str]) -> None:
    reading = read("".join(pieces))

    assert "<style" not in reading.safe_html
    assert sanitise(reading.safe_html).count("<div") == reading.safe_html.count("<div")


@given(st.text(alphabet="<>/abp=\"' &#;!-\n\x00é\ud800"))
def test_any_characters_are_read(html: str) -> None:
    read(html)


HOSTILE: dict[str, Callable[[int], str]] = {
    "divs": lambda n: "<div>" * n,
    "open comments": lambda n: "<!--" * n,
    "numbers": lambda n: "&#" * n,
    "ampersands": lambda n: "&" * n,
    "attributes": lambda n: "<p " + " ".join(f"a{i}" for i in range(n)) + ">x",
    "fonts and paragraphs": lambda n: (
        "".join(f"<font size={i}>" for i in range(n // 2)) + "<p>x" * (n // 2)
    ),
    "tables": lambda n: "<table><tr><td>" * n,
    "quotes": lambda n: "x<blockquote type=cite>y</blockquote>" * n,
    "attributed quotes": lambda n: "On 1 Jan 2026, a@b.c wrote:<blockquote>y</blockquote>" * n,
    "unclosed attribute": lambda n: '<p a="' * n,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_cost_grows_with_the_length_alone(kind: str) -> None:
    make, size = HOSTILE[kind], 1_000

    assert factor(read, make(size), make(8 * size)) <= FACTOR_MAX

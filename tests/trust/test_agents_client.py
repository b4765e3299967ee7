"""What an agent formats in Outlook, Gmail or Apple Mail reaches the customer, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage

import pytest

from tests.core.scenes import ALICE, ANNA
from tests.trust.clients import CLIENTS, LOGO, Body, Client, Draft, written
from tests.trust.house import LMTP, InMemory, letter, proven
from tests.trust.test_honest import OURS, body_of, original_of

RICH = (
    '<table border="1" style="border-collapse:collapse"><tr><th>Size</th><th>Price</th></tr>'
    '<tr><td>small</td><td style="color:red">10</td></tr></table>'
    '<ul type="disc"><li>cup</li><li>plate</li></ul><ol start="3"><li>saucer</li></ol>'
    '<p><b>bold</b> <i>italic</i> <a href="https://shop.example/prices">all prices</a></p>'
    '<p><img src="cid:logo@client" alt="screenshot" width="1"></p>'
)
HOSTILE = (
    "<script>alert(1)</script><style>p{background:url(https://track.example/x)}</style>"
    '<img src="https://track.example/pixel.gif"><p onclick="steal()">fine</p>'
    '<a href="javascript:alert(2)">more</a><form action="https://evil.example"><input name="q"></form>'
    '<iframe src="https://evil.example"></iframe><svg onload="alert(3)"></svg>'
    '<p style="background-image:url(https://track.example/y)">styled</p><base href="https://evil.example">'
)
KEPT = (
    "<table", "<th", ">small</td>", "<ul", "<li", ">plate</li>", 'start="3"', "<b>bold</b>", "<i>italic</i>",
    'href="https://shop.example/prices"', ">fine</p>", ">styled</p>", "Alex Miller",
)  # fmt: skip
GONE = (
    "<script", "alert(", "track.example", "onclick", "javascript:", "<form", "<input", "<iframe", "<svg",
    "evil.example", "<base", *OURS,
)  # fmt: skip
MARK = "WORDS STAND HERE"
FORMATTED = tuple(client for client in CLIENTS if client.name != "Thunderbird")


@pytest.fixture(scope="module")
def house() -> Iterator[InMemory]:
    made = InMemory()
    made.receive(
        letter(f"Anna <{ANNA}>", "support@co.example", "It smokes.", proven("customer.example"))
    )
    yield made
    made.close()


def answer(house: InMemory, client: Client, body: Body, *, logo: bool = False) -> EmailMessage:
    """Send an answer from a program; return what the customer gets."""
    notice = house.to(ALICE)[0]
    fields = [
        ("From", f"Alice <{ALICE}>"),
        ("To", str(notice["Reply-To"])),
        ("Subject", f"{client.prefix}{notice['Subject']}"),
        ("Date", "Mon, 2 Mar 2026 08:59:00 +0000"),
        ("Message-ID", f"<{client.name.replace(' ', '-').replace(',', '')}@mail.client.example>"),
        ("In-Reply-To", str(notice["Message-ID"])),
        ("MIME-Version", "1.0"),
    ]
    raw = written(client, body, fields, html_only=False, logo=logo)
    (handled,) = house.receive(raw, envelope=replace(LMTP, mail_from=ALICE))
    assert handled.outcome == "posted", handled.reasons
    return house.to(ANNA)[-1]


@pytest.mark.parametrize("client", FORMATTED, ids=[client.name for client in FORMATTED])
def test_what_is_formatted_reaches_the_customer_and_what_is_active_does_not(
    house: InMemory, client: Client
) -> None:
    original = original_of(house.to(ALICE)[0])
    made = client.reply(Draft(words=MARK, signature="Alex Miller", original=original))
    body = replace(made, html=made.html.replace(MARK, f"{MARK}{RICH}{HOSTILE}", 1))

    told = answer(house, client, body, logo=True)

    html = body_of(told, "html")
    for kept in (MARK, *KEPT):
        assert kept in re.sub(r"(<(?:p|td|th|li|b|i)) [^>]*>", r"\1>", html) or kept in html, kept
    for gone in GONE:
        assert gone not in html, gone
    assert "It smokes" not in html
    shown = re.findall(r'<img [^>]*src="cid:([^"]+)"', html)
    parts = {str(p["Content-ID"]).strip("<>"): p.get_payload(decode=True) for p in told.walk()}
    assert [parts[one] for one in shown] == [LOGO]


@pytest.mark.parametrize("client", CLIENTS, ids=[client.name for client in CLIENTS])
def test_a_plain_answer_stays_plain(house: InMemory, client: Client) -> None:
    """Also in a mail whose notice, which is quoted below, is HTML."""
    original = original_of(house.to(ALICE)[0])
    made = client.reply(Draft(words="Pull the plug.\n\n  10 EUR\n  20 EUR", original=original))

    told = answer(house, client, Body(plain=made.plain))

    text = body_of(told, "plain")
    assert text.startswith("Pull the plug.")
    for ours in OURS:
        assert ours not in text
    assert ">" not in text

"""What an agent formats reaches the customer formatted, and harmless."""

from __future__ import annotations

import base64
import re

from tests.flows.stage import Script, Stage

CUSTOMER, ALICE = "jana@customer.example", "alice@example.com"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6"
    "kgAAAABJRU5ErkJggg=="
)


def test_table_list_link_and_picture_are_kept(house: Stage, script: Script) -> None:
    house.send(
        f"From: {CUSTOMER}\nTo: support@example.com\nSubject: Prices?\n\nWhat do cups cost?\n"
    )
    number = house.ticket_of(CUSTOMER)["number"]
    house.letter(CUSTOMER, number)
    notice = house.letter(ALICE, number)

    values = {"REPLY_TO": notice.reply_to, "SUBJECT": notice.subject}
    script.send("agent", notice.reply_to, MESSAGE_ID=notice.message_id, **values)
    told = house.letter(CUSTOMER, number)

    assert re.search(r"<td[^>]*>\s*10 (€|&euro;)\s*</td>", told.html)
    assert re.search(r"<th[^>]*>\s*Size\s*</th>", told.html)
    assert len(re.findall(r"<li[^>]*>", told.html)) == 2
    assert re.search(r'<a [^>]*href="https://shop\.example/prices"', told.html)
    for danger in ("<script", "onclick", "javascript:", "alert(1)"):
        assert danger not in told.html
    assert "* small: 10" in told.text
    shown = re.findall(r'<img [^>]*src="cid:([^"]+)"', told.html)
    parts = {
        str(part["Content-ID"]).strip("<>"): part.get_payload(decode=True)
        for part in told.message.walk()
        if part["Content-ID"]
    }
    assert len(shown) == 1
    assert parts[shown[0]] == PICTURE
    assert ALICE not in told.message.as_string()

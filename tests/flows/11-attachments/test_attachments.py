"""Files go through unchanged, in both directions."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage

from tests.flows.stage import Stage

CUSTOMER, ALICE = "ida@customer.example", "alice@example.com"
PICTURE = b"\x89PNG\r\n\x1a\n" + hashlib.shake_256(b"picture").digest(300_001)
DOCUMENT = b"%PDF-1.7\n" + hashlib.shake_256(b"document").digest(200_002)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def mail(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message.set_content(text)
    return message


def test_every_byte_arrives_at_the_other_end(house: Stage) -> None:
    question = mail(CUSTOMER, "support@example.com", "What is this?", "See the picture.")
    question.add_attachment(PICTURE, maintype="image", subtype="png", filename="Foto größer.png")
    house.send(question.as_bytes())
    number = house.ticket_of(CUSTOMER)["number"]
    house.letter(CUSTOMER, number)
    notice = house.letter(ALICE, number)
    assert notice.files == {"Foto größer.png": PICTURE}

    answer = mail(ALICE, notice.reply_to, f"Re: {notice.subject}", "A pump. See page 3.")
    answer.add_attachment(DOCUMENT, maintype="application", subtype="pdf", filename="pump.pdf")
    answer.add_attachment(b"one\r\ntwo\r\n", maintype="text", subtype="csv", filename="a.csv")
    house.send(answer.as_bytes(), notice.reply_to)
    told = house.letter(CUSTOMER, number)

    assert told.files == {"pump.pdf": DOCUMENT, "a.csv": b"one\r\ntwo\r\n"}
    stored = [file for post in house.ticket(number)["posts"] for file in post["attachments"]]
    assert [(file["name"], file["sha256"], file["size"]) for file in stored][:2] == [
        ("Foto größer.png", sha256(PICTURE), len(PICTURE)),
        ("pump.pdf", sha256(DOCUMENT), len(DOCUMENT)),
    ]

"""Whole mails: text, files, reports, dates and ids."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from maild.core.mail import Limits
from maild.parse import extract, parse
from tests.parse.letters import HEAD, file, multipart, nested, read, simple, text


def test_plain_and_html_halves_are_read_apart() -> None:
    mail = read(multipart(text(b"plain"), text(b"<p>rich</p>", b"html"), kind=b"alternative"))

    assert (mail.text.strip(), mail.text_is_html) == ("plain", False)
    assert "rich" in mail.html
    assert mail.attachments == ()


def test_an_empty_plain_half_gives_way_to_html() -> None:
    mail = read(multipart(text(b" \r\n"), text(b"<p>rich</p>", b"html"), kind=b"alternative"))

    assert (mail.text.strip(), mail.text_is_html) == ("rich", True)


def test_a_name_does_not_make_a_file_of_a_half() -> None:
    halves = (text(b"plain", b'plain; name="a.txt"'), text(b"<p>rich</p>", b'html; name="a.html"'))

    mail = read(multipart(*halves, kind=b"alternative"))

    assert (mail.text.strip(), mail.attachments) == ("plain", ())
    assert "rich" in mail.html


def test_a_named_text_serves_as_body_where_there_is_no_other() -> None:
    mail = read(multipart(text(b"all I say", b'plain; name="a.txt"'), file(b"attachment")))

    assert mail.text.strip() == "all I say"
    assert [item.name for item in mail.attachments] == ["a.txt", "attachment-2.pdf"]


def test_several_texts_are_joined_in_order() -> None:
    mail = read(multipart(text(b"one"), file(b"inline"), text(b"two"), text(b"<b>3</b>", b"html")))

    assert mail.text.split() == ["one", "two", "3"]
    assert len(mail.attachments) == 1


def test_a_text_sent_as_attachment_is_a_file() -> None:
    part = b"Content-Disposition: attachment; filename=notes.txt\r\n" + text(b"secret")

    mail = read(multipart(text(b"see file"), part))

    assert "secret" not in mail.text
    assert [item.name for item in mail.attachments] == ["notes.txt"]


def test_pictures_of_the_html_are_inline_files() -> None:
    picture = (
        b"Content-Type: image/png\r\nContent-ID: <logo@x>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nQUJD"
    )
    related = nested(b"related", b"rel", text(b'<img src="cid:logo@x">', b"html"), picture)

    mail = read(multipart(text(b"plain"), related, kind=b"alternative"))

    found = mail.attachments[0]
    assert (found.name, found.inline, found.content_id) == ("image-1.png", True, "logo@x")
    assert "cid:logo@x" in mail.html


def test_html_beyond_the_limit_is_kept_as_a_file_only() -> None:
    raw = multipart(text(b"plain"), text(b"<p>x</p>" * 100, b"html"), kind=b"alternative")

    mail = parse(raw, Limits(html_bytes=200))

    assert (mail.text.strip(), mail.html) == ("plain", "")
    assert [item.type for item in mail.attachments] == ["text/html"]


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        (b'attachment; filename="a;b.pdf"', "a;b.pdf"),
        (b"attachment; filename=two words.pdf", "two words.pdf"),
        (b"attachment; filename*=utf-8''%e2%82%ac.pdf", "€.pdf"),
        (b"attachment; filename*1*=%20b.pdf; filename*0*=utf-8''a", "a b.pdf"),
        (b'attachment; filename*0="=?utf-8?Q?=C3"; filename*1="=BC.pdf?="', "ü.pdf"),
        (b'attachment; filename="=?utf-8?Q?=C3=BC?=\r\n =?utf-8?Q?.pdf?="', "ü.pdf"),
        ('attachment; filename="ü.pdf"'.encode(), "ü.pdf"),
        (b'attachment; filename="\xfc.pdf"', "ü.pdf"),
        (b'attachment; filename="a "quoted" name.pdf"', 'a "quoted" name.pdf'),
        (b"attachment filename=lost.pdf", "lost.pdf"),
        (b'attachment; filename="no end.pdf', "no end.pdf"),
        (b'attachment; filename="../../etc/passwd"', "passwd"),
        (b'attachment; filename="C:\\temp\\a.pdf"', "a.pdf"),
        ('attachment; filename="a\u202efdp.exe"'.encode(), "afdp.exe"),
        ('attachment; filename="\u200b.htaccess"'.encode(), ".htaccess"),
        (b'attachment; filename="a\x00b.pdf"', "ab.pdf"),
        (b'attachment; filename=".."', "attachment-1.pdf"),
        (b'attachment; filename=""', "attachment-1.pdf"),
        (b"attachment", "attachment-1.pdf"),
    ],
)
def test_a_file_bears_the_name_that_was_meant_and_never_a_path(
    disposition: bytes, expected: str
) -> None:
    mail = read(multipart(text(b"see"), file(disposition)))

    assert [item.name for item in mail.attachments] == [expected]


def test_a_name_has_at_most_255_bytes_and_keeps_its_ending() -> None:
    name = "ü" * 500 + ".pdf"

    mail = read(multipart(text(b"see"), file(f'attachment; filename="{name}"'.encode())))

    found = mail.attachments[0].name
    assert len(found.encode()) <= 255
    assert found.endswith("ü.pdf")


def test_extract_gives_the_bytes_that_were_described() -> None:
    raw = multipart(text(b"see"), file(b"attachment; filename=a.bin", b"aGVsbG8=\r\n"))

    found = read(raw).attachments[0]

    data = extract(raw, found.locator)
    assert data == b"hello"
    assert (len(data), hashlib.sha256(data).hexdigest()) == (found.size, found.sha256)


def test_an_attached_mail_is_a_file_and_its_text_stays_apart() -> None:
    inner = HEAD + b"Message-ID: <inner@x>\r\n\r\nquoted words"
    raw = multipart(text(b"see below"), b"Content-Type: message/rfc822\r\n\r\n" + inner)

    mail = read(raw)

    assert mail.text.strip() == "see below"
    assert mail.returned_text.strip() == "quoted words"
    assert ("message-id", "<inner@x>") in mail.returned_headers
    assert [item.name for item in mail.attachments] == ["a question.eml"]
    assert extract(raw, mail.attachments[0].locator) == inner


def test_an_attached_mail_in_base64_is_read_all_the_same() -> None:
    part = (
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"U3ViamVjdDogaW5uZXINCg0KZGVlcCB0ZXh0"
    )

    mail = read(multipart(text(b"see"), part))

    assert mail.returned_text.strip() == "deep text"
    assert mail.attachments[0].name == "inner.eml"


def test_a_delivery_report_is_read_block_by_block() -> None:
    report = (
        b"Content-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx.example\r\n\r\n"
        b"Final-Recipient: rfc822; bob@x.example\r\nDiagnostic-Code: smtp; 550\r\n no such user\r\n"
    )

    mail = read(multipart(text(b"sorry"), report, kind=b"report; report-type=delivery-status"))

    assert mail.reports[0].fields == (
        (("reporting-mta", "dns; mx.example"),),
        (
            ("final-recipient", "rfc822; bob@x.example"),
            ("diagnostic-code", "smtp; 550 no such user"),
        ),
    )
    assert ("report-type", "delivery-status") in mail.content_params
    assert mail.attachments == ()


def test_returned_headers_are_read() -> None:
    part = b"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <back@x>\r\nSubject: gone\r\n"

    mail = read(multipart(text(b"sorry"), part))

    assert mail.returned_headers == (("message-id", "<back@x>"), ("subject", "gone"))


def test_an_invitation_is_calendar_and_file() -> None:
    part = text(b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR", b"calendar; method=REQUEST")

    mail = read(multipart(text(b"join"), part, kind=b"alternative"))

    assert "METHOD:REQUEST" in mail.calendar
    assert (mail.text.strip(), len(mail.attachments)) == ("join", 1)


def test_a_uuencoded_file_is_taken_out_of_the_text() -> None:
    block = b"begin 644 a.txt\r\n%:&5L;&\\\r\n`\r\nend\r\n"
    raw = simple(b"", b"Hi,\r\n\r\n" + block + b"\r\nbye\r\n")

    mail = read(raw)

    assert mail.text.split() == ["Hi,", "bye"]
    assert [item.name for item in mail.attachments] == ["a.txt"]
    assert extract(raw, mail.attachments[0].locator) == b"hello"


def test_flowed_text_is_joined_and_quotes_are_kept() -> None:
    head = b"Content-Type: text/plain; format=flowed\r\n"
    body = b"one \r\ntwo\r\n> quoted \r\n> on\r\n from\r\n-- \r\nAnn"

    mail = read(simple(head, body))

    assert mail.text == "one two\n> quoted on\nfrom\n-- \nAnn\n"


def test_a_soft_break_never_swallows_the_signature() -> None:
    head = b"Content-Type: text/plain; format=flowed\r\n"

    assert read(simple(head, b"bye \r\n-- \r\nAnn")).text == "bye \n-- \nAnn\n"


def test_delsp_deletes_the_space() -> None:
    head = b"Content-Type: text/plain; format=flowed; delsp=yes\r\n"

    assert read(simple(head, b"Donaudampf \r\nschiff")).text == "Donaudampfschiff\n"


def test_a_body_that_only_claims_base64_is_shown_as_it_is() -> None:
    head = b"Content-Transfer-Encoding: base64\r\n"

    mail = read(simple(head, b"Hello! This is plain text, isn't it? (It is.)\r\n"))

    assert "This is plain text" in mail.text


@pytest.mark.parametrize(
    "value",
    [
        b"Fri, 20 Nov 2026 11:00:00 +0100",
        b"20 Nov 26 10:00 GMT",
        b"Fri, 20 Nov 2026 11:00:00 CET",
        b"November 20, 2026 4:00:00 AM CST",
        b"2026-11-20T10:00:00Z",
        b"Fri, 20 Nov 2026 10:00:00",
        b"Fri, 20 Nov 2026 11:00:00 +0100 (CET (Berlin))",
    ],
)
def test_a_date_is_aware_and_utc(value: bytes) -> None:
    mail = read(simple(b"Date: " + value + b"\r\n", b"hi"))

    assert mail.date == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("value", [b"", b"yesterday", b"99 Foo 2026 10:00", b"0", b"\xff"])
def test_an_unreadable_date_is_none(value: bytes) -> None:
    assert read(simple(b"Date: " + value + b"\r\n", b"hi")).date is None


def test_references_are_read_folded_repeated_and_without_angles() -> None:
    head = (
        b"Message-ID: <me@x>\r\nIn-Reply-To: <a@x> of yesterday\r\n"
        b"References: <a@x>\r\n\t<b@x><a@x>\r\nReferences: <c@x>\r\n"
    )

    mail = read(simple(head, b"hi"))

    assert mail.message_id == "me@x"
    assert mail.in_reply_to == ("a@x",)
    assert mail.references == ("a@x", "b@x", "c@x")


def test_encrypted_and_signed_mails_say_so() -> None:
    signature = file(b"attachment; filename=smime.p7s", kind=b"application/pkcs7-signature")

    mail = read(multipart(text(b"hi"), signature, kind=b"signed"))

    assert "the mail is signed; the signature was not checked" in mail.defects
    assert [item.name for item in mail.attachments] == ["smime.p7s"]
    assert "application/pkcs7-signature" in mail.part_types


def test_nul_and_control_characters_never_reach_the_text() -> None:
    mail = read(b"Subject: a\x00b\x1b\r\n\r\nx\x00y\x07\r\nz")

    assert (mail.subject, mail.text) == ("ab", "xy\nz\n")


def test_nothing_at_all_is_a_mail_too() -> None:
    mail = read(b"")

    assert (mail.text, mail.subject, mail.from_, mail.size) == ("", "", (), 0)


REPORT = (
    b"From: mailer-daemon@host.example\nSubject: Returned mail\nMIME-Version: 1.0\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
)
STATUS = (
    b"--b\nContent-Type: message/delivery-status\n\n"
    b"Reporting-MTA: dns; host.example\n\nFinal-Recipient: rfc822; zed@y.example\n"
    b"Action: failed\nStatus: 5.1.1\n\n"
)


def test_sentences_under_the_label_of_a_report_are_read() -> None:
    prose = (
        b"--b\nContent-Type: message/delivery-status\n\nIt failed for this reason:\n\nNo Zed.\n\n"
    )

    mail = parse(REPORT + prose + STATUS + b"--b--\n", Limits())

    assert mail.text == "It failed for this reason:\n\nNo Zed.\n"


def test_a_report_for_programs_is_read_where_there_is_nothing_else() -> None:
    words = b"--b\nContent-Type: text/plain\n\nNobody is called Zed.\n"

    assert parse(REPORT + words + STATUS + b"--b--\n", Limits()).text == "Nobody is called Zed.\n"
    assert (
        "Final-Recipient: rfc822; zed@y.example"
        in parse(REPORT + STATUS + b"--b--\n", Limits()).text
    )

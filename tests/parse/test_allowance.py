"""What one mail may have in all its parts together; the rest is kept as files."""

from __future__ import annotations

from maild.core.mail import Limits
from maild.parse import extract, parse
from tests.parse.letters import multipart, text
from tests.parse.test_tnef import attached, stream

CUT = "the text is longer than allowed and was cut"


def test_the_texts_of_all_parts_have_one_limit_and_what_is_cut_is_kept() -> None:
    raw = multipart(text(b"one two"), text(b"three four"), text(b"five"))

    mail = parse(raw, Limits(text_bytes=12))

    assert mail.text.split() == ["one", "two", "three"]
    assert [extract(raw, item.locator) for item in mail.attachments] == [b"three four", b"five"]
    assert mail.defects == (CUT,)


def test_a_text_that_just_fits_is_whole() -> None:
    mail = parse(multipart(text(b"one two"), text(b"three")), Limits(text_bytes=12))

    assert mail.text.split() == ["one", "two", "three"]
    assert (mail.attachments, mail.defects) == ((), ())


def test_of_many_reports_the_first_are_read_and_the_rest_kept() -> None:
    report = b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n"
    raw = multipart(*[report] * 12, kind=b"report")

    mail = parse(raw, Limits())

    assert (len(mail.reports), len(mail.attachments)) == (10, 2)


def test_of_many_winmail_dat_the_first_are_taken_apart_and_the_rest_kept() -> None:
    held = b"Content-Type: application/ms-tnef\r\n\r\n" + stream(attached("a.txt", b"x"))

    mail = parse(multipart(*[held] * 7), Limits())

    assert [item.name for item in mail.attachments[:5]] == ["a.txt"] * 5
    assert [item.type for item in mail.attachments[5:]] == ["application/ms-tnef"] * 2

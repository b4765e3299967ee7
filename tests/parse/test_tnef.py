"""winmail.dat."""

from __future__ import annotations

import base64
import struct

from maild import tnef
from maild.attachments import extract
from maild.rtf import decompress, read_rtf
from tests.parse.letters import multipart, read, text


def attribute(level: int, identifier: int, value: bytes) -> bytes:
    head = struct.pack("<BHHI", level, identifier, 6, len(value))
    return head + value + struct.pack("<H", sum(value) & 0xFFFF)


def variable(identifier: int, kind: int, value: bytes) -> bytes:
    padded = value + b"\x00" * (-len(value) % 4)
    return struct.pack("<HHII", kind, identifier, 1, len(value)) + padded


def properties(*entries: bytes) -> bytes:
    return struct.pack("<I", len(entries)) + b"".join(entries)


def stream(*attributes: bytes) -> bytes:
    return tnef.SIGNATURE + b"\x01\x00" + b"".join(attributes)


def attached(name: str, content: bytes) -> bytes:
    return (
        attribute(2, 0x9002, b"\x00" * 14)
        + attribute(2, 0x8010, b"SHORT~1.TXT\x00")
        + attribute(2, 0x800F, content)
        + attribute(
            2,
            0x9005,
            properties(
                variable(0x3707, 0x1F, (name + "\x00").encode("utf-16-le")),
                variable(0x370E, 0x1E, b"text/x-test\x00"),
            ),
        )
    )


RTF = rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}Gr\'fc\'dfe\par \u8364?uro {\*\x hidden}end}"


def uncompressed(rtf: bytes) -> bytes:
    return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf


def test_files_are_named_by_their_long_name() -> None:
    found = tnef.read(stream(attached("Grüße.txt", b"one"), attached("b.txt", b"two")))

    assert [(item.name, item.data, item.type) for item in found.files] == [
        ("Grüße.txt", b"one", "text/x-test"),
        ("b.txt", b"two", "text/x-test"),
    ]


def test_the_rtf_body_becomes_text() -> None:
    body = attribute(1, 0x9003, properties(variable(0x1009, 0x102, uncompressed(RTF))))

    assert tnef.read(stream(body)).text == "Grüße\n€uro end"


def test_html_inside_rtf_is_brought_back() -> None:
    rtf = (
        rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}\htmlrtf \par \htmlrtf0 "
        rb"Hello{\*\htmltag72 </p>}\htmlrtf only for rtf\htmlrtf0 }"
    )

    assert read_rtf(rtf).html == "<p>Hello</p>"


def test_compressed_rtf_is_expanded() -> None:
    literal = b"{\\rtf1 a"
    data = bytes((0,)) + literal + bytes((0b10,)) + b"}" + b"\x0d\x80"

    assert decompress(struct.pack("<II4sI", 0, 100, b"LZFu", 0) + data) == literal + b"}"


def test_a_truncated_stream_gives_what_stands_before_the_damage() -> None:
    whole = stream(attached("a.txt", b"one"), attached("b.txt", b"two"))

    found = tnef.read(whole[:-20])

    assert found.files[0].data == b"one"
    assert found.defects


def test_every_truncation_is_survived() -> None:
    body = attribute(1, 0x9003, properties(variable(0x1009, 0x102, uncompressed(RTF))))
    whole = stream(body, attached("a.txt", b"one"))

    for length in range(len(whole)):
        tnef.read(whole[:length])


def test_the_files_of_a_nested_message_are_listed_too() -> None:
    inner = b"\x00" * 16 + stream(attached("inner.txt", b"deep"))
    outer = stream(
        attribute(2, 0x9002, b"\x00" * 14),
        attribute(2, 0x9005, properties(variable(0x3701, 0x0D, inner))),
    )

    assert [item.name for item in tnef.read(outer).files] == ["", "inner.txt"]


def test_a_mail_with_winmail_dat_shows_its_files_and_its_text() -> None:
    body = attribute(1, 0x9003, properties(variable(0x1009, 0x102, uncompressed(RTF))))
    part = (
        b"Content-Type: application/ms-tnef; name=winmail.dat\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(stream(body, attached("a.txt", b"one")))
    )
    raw = multipart(text(b" "), part)

    mail = read(raw)

    assert mail.text.startswith("Grüße")
    assert [item.name for item in mail.attachments] == ["a.txt"]
    assert extract(raw, mail.attachments[0].locator) == b"one"


def test_a_damaged_winmail_dat_stays_a_file_beside_what_was_found_in_it() -> None:
    whole = stream(attached("a.txt", b"one"), attached("b.txt", b"two"))
    part = (
        b"Content-Type: application/ms-tnef; name=winmail.dat\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(whole[:-20])
    )

    mail = read(multipart(text(b"hi"), part))

    assert mail.attachments[0].name == "a.txt"
    assert mail.attachments[-1].name == "winmail.dat"
    assert "winmail.dat is damaged" in mail.defects


def test_a_winmail_dat_that_is_none_stays_a_file() -> None:
    part = b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nnot at all"

    mail = read(multipart(text(b"hi"), part))

    assert [item.name for item in mail.attachments] == ["winmail.dat"]

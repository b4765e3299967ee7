"""Transfer encodings, also broken ones."""

from __future__ import annotations

import base64
import binascii

import pytest

from maild.core.mail import Encoding
from maild.core.transfer import (
    decode_base64,
    decode_quoted_printable,
    decode_uuencode,
    encoding_of,
    find_uuencode,
    is_lying,
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"aGVsbG8=", b"hello"),
        (b"aGVsbG8", b"hello"),
        (b"aGVs\r\nbG8=\r\n", b"hello"),
        (b"aG!V s*bG8=", b"hello"),
        (b"aGVsbG8=\r\naGVsbG8=", b"hellohello"),
        (b"aGVsbG8=\r\n_____\r\nsent by a list, really\r\n", b"hello"),
        (b"aGVsbG8hI", b"hello!"),
        (b"-_-_", b"\xfb\xff\xbf"),
        (b"====", b""),
        (b"", b""),
    ],
)
def test_base64_survives_damage(data: bytes, expected: bytes) -> None:
    assert decode_base64(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a=3Db", b"a=b"),
        (b"soft=\r\nbreak", b"softbreak"),
        (b"soft=  \r\nbreak", b"softbreak"),
        (b"bad =ZZ =4", b"bad =ZZ =4"),
        (b"lone=\rreturn=41", b"lonereturnA"),
        (b"low=c3=bc", b"low\xc3\xbc"),
    ],
)
def test_quoted_printable_survives_damage(data: bytes, expected: bytes) -> None:
    assert decode_quoted_printable(data) == expected


def test_quoted_printable_is_the_same_in_one_piece_and_in_many() -> None:
    line = b"=C3=BC some words = \r\n"

    assert decode_quoted_printable(line * 50_000) == decode_quoted_printable(line) * 50_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b" Base64 ", Encoding.BASE64),
        (b"quoted-printable;", Encoding.QUOTED_PRINTABLE),
        (b"X-UUENCODE", Encoding.UUENCODE),
        (b"7-bit", Encoding.IDENTITY),
        (b"nonsense", Encoding.IDENTITY),
    ],
)
def test_the_name_of_an_encoding_is_read_leniently(value: bytes, expected: Encoding) -> None:
    assert encoding_of(value) is expected


def test_text_that_claims_base64_is_found_out() -> None:
    assert is_lying(b"Hello, this is no base64 at all. Really!\r\n" * 20, Encoding.BASE64)
    assert not is_lying(base64.encodebytes(bytes(range(256)) * 40), Encoding.BASE64)


def test_uuencoded_files_are_found_and_decoded() -> None:
    content = bytes(range(100))
    lines = [binascii.b2a_uu(content[start : start + 45]) for start in range(0, 100, 45)]
    block = b"begin 644 a file.bin\n" + b"".join(lines) + b"`\nend\n"
    text = b"Hi,\nbegin 3 days before\n\n" + block + b"\nbye"

    found = find_uuencode(text)

    assert [item.name for item in found] == [b"a file.bin"]
    assert decode_uuencode(text[found[0].start : found[0].end]) == content

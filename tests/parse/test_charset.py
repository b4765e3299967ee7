"""Declared, wrongly declared and undeclared charsets."""

from __future__ import annotations

import codecs

import pytest

from maild.charset import clean, codec, decode


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("UTF-8", "utf_8"),
        ('"utf8"', "utf_8"),
        ("GB2312", "gb18030"),
        ("ks_c_5601-1987", "cp949"),
        ("Shift_JIS", "cp932"),
        ("ISO-8859-1", "cp1252"),
        ("iso_8859_15", "iso8859_15"),
        ("Windows-1251", "cp1251"),
        ("cp-850", "cp850"),
        ("unicode-1-1-utf-7", "utf_7"),
        ("iso-8859-8-i", "cp1255"),
        ("koi8-u", "koi8_u"),
        ("us-ascii*en", "ascii"),
        ("cp20127", "ascii"),
        ("utf-8-bom", "utf_8"),
        ("utf-8n", "utf_8"),
        ("uft-8", "utf_8"),
        ("x-utf-8", "utf_8"),
    ],
)
def test_labels_as_mailers_write_them_are_understood(label: str, expected: str) -> None:
    assert codec(label) == expected


KNOWN_BYTES: dict[tuple[bytes, str], str] = {
    (b"\x93h\xe9\x94 \x80", "“hé” €"): "8859-1 cp28591 ms-ansi windows-1252http-equiv",
    (b"\xb1\xe6\xea\xb3\xf1", "ąćęłń"): "latin-2",
    (b"\xfd\xfe\xf0", "ışğ"): "latin-5 turkish",
    (b"\xa4 \xbd", "€ œ"): "latin0",
    (b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"): "windows-cp1251 ms-cyrl",
    (b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"): "koi-8 cp20866",
    (b"\x8f\xe0\xa8\xa2\xa5\xe2", "Привет"): "dos-866",
    (b"\xf9\xec\xe5\xed", "שלום"): "logical csISO88598I",
    (b"\x99\x8c\x85\x8d", "שלום"): "dos-862",
    (b"\xc3\xe5\xe9\xdc", "Γειά"): "sun_eu_greek",
    (b"\xca\xc7\xd1\x85", "สวั…"): "TIS620 thai dos-874",
    (b"\xa4\xa4\xa4\xe5", "中文"): "x-big5 big5-eten",
    (b"\xd6\xd0\xce\xc4", "中文"): "gb_18030 csGBK csISO58GB231280 iso-ir-58 cp54936",
    (
        b"\xc7\xd1\xb1\xdb",
        "한글",
    ): "csEUCKR csKSC56011987 iso-ir-149 ksc5601-1987 x-euc-kr cp51949",
    (b"\x87@\x93\xfa\x96{", "①日本"): "csWindows31J shiftjis x-shift-jis SJIS-win",
    (b"\xad\xa1\xc6\xfc", "①日"): "eucJP-win eucJPms csEUCPkdFmtJapanese cp51932",
    (b"\x1b$B-!F|\x1b(B", "①日"): "iso2022jp iso-2022jp cp50222",
}
"""What a text is in bytes, by tables other than ours; labels that mean the same charset."""


@pytest.mark.parametrize(
    ("label", "data", "text"),
    [(label, *known) for known, labels in KNOWN_BYTES.items() for label in labels.split()],
)
def test_known_bytes_are_read_under_every_name_of_their_charset(
    label: str, data: bytes, text: str
) -> None:
    assert codec(label)
    assert decode(data, label) == text


@pytest.mark.parametrize(
    "label",
    [
        "unicode_escape",
        "raw_unicode_escape",
        "idna",
        "punycode",
        "rot13",
        "hex",
        "base64",
        "zlib",
        "mbcs",
        "undefined",
        "unknown-8bit",
        "x-unknown",
        "default",
    ],
)
def test_codecs_that_are_no_charsets_can_never_be_reached(label: str) -> None:
    assert codec(label) == ""
    assert decode(b"\\u0041 \xe4", label).startswith("\\u0041")


@pytest.mark.parametrize(
    ("text", "encoding", "label"),
    [
        ("全角鎔", "gb18030", "gb2312"),
        ("①㈱髙", "cp932", "shift_jis"),
        ("똠방각하", "cp949", "euc-kr"),
        ("“smart” – €", "cp1252", "iso-8859-1"),
        ("Größe", "utf-8", "iso-8859-1"),
        ("Größe", "utf-8", "us-ascii"),
        ("Größe", "cp1252", "utf-8"),
        ("Größe", "cp1252", "us-ascii"),
        ("Größe", "cp1252", "nonsense"),
        ("Grüße +", "utf-7", "utf-7"),
        ("日本語のメール", "iso-2022-jp", "us-ascii"),
        ("日本語のメール", "iso-2022-jp", ""),
        ("Привет, отправляю отчёт", "koi8-r", ""),
        ("Привет, отправляю отчёт", "cp1251", ""),
        ("测试文件在附件里", "gb18030", ""),
        ("報告書をお送りします", "cp932", ""),
        ("Ça va être très bien", "cp1252", ""),
    ],
)
def test_text_is_read_whatever_its_label_claims(text: str, encoding: str, label: str) -> None:
    assert decode(text.encode(encoding), label) == text


def test_nec_characters_in_iso_2022_jp_are_read() -> None:
    data = b"\x1b$B-!-j\x1b(B and \x1b(I6E\x1b(B"

    assert decode(data, "iso-2022-jp") == "①㈱ and ｶﾅ"


def test_nec_characters_in_euc_jp_are_read() -> None:
    assert decode(b"\xad\xa1\xc6\xfc", "euc-jp") == "①日"


def test_the_charset_of_the_body_helps_an_undeclared_header() -> None:
    data = "Да".encode("koi8-r")

    assert decode(data, hint="koi8-r") == "Да"


def test_a_broken_end_does_not_change_the_charset() -> None:
    data = "Grüße und Küsse".encode() + b"\xc3"

    assert decode(data, "utf-8") == "Grüße und Küsse\ufffd"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_byte_order_mark_decides_and_disappears(mark: bytes) -> None:
    encoding = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le"}.get(mark, "utf-16-be")

    assert decode(mark + "Maß".encode(encoding), "iso-8859-1") == "Maß"


def test_clean_text_has_line_feeds_and_no_control_characters() -> None:
    assert clean("a\r\nb\rc\x00d\x1b\x7f\x85\ud800\te") == "a\nb\ncd\ufffd\te"


@pytest.mark.parametrize("label", ["gb2312", "gbk", "big5", "shift_jis", "euc-kr", "iso-2022-jp"])
def test_utf8_under_an_east_asian_label_is_utf8(label: str) -> None:
    assert decode("日本語のメール".encode(), label) == "日本語のメール"


@pytest.mark.parametrize(
    ("label", "words"), [("gbk", "联通"), ("shift_jis", "ﾃｽﾄ"), ("euc-kr", "한글")]
)
def test_a_few_words_of_their_own_charset_stay_what_they_are(label: str, words: str) -> None:
    assert decode(words.encode(label), label) == words

"""Bytes into text: declared, wrongly declared and undeclared charsets (RFC 2046 §4.1.2).

Strategy: a label is mapped to one codec of a closed list (so that `unicode_escape`, `idna` and
their like can never be reached); the codec is tried strictly; where it fails, where the label
means nothing, or where the bytes are plainly UTF-8, the bytes themselves decide, by how plausible
the text reads in each charset that mail really uses.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from maild.charguess import guess

_ALIASES = {
    "ansi_x3.110-1983": "cp1252",
    "ansi_x3.4-1968": "ascii",
    "646": "ascii",
    "ascii": "ascii",
    "us": "ascii",
    "us-ascii": "ascii",
    "cp20127": "ascii",
    "usascii": "ascii",
    "iso-646-us": "ascii",
    "iso646-us": "ascii",
    "big-5": "big5hkscs",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "cn-big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "x-big5": "big5hkscs",
    "big5-eten": "big5hkscs",
    "chinese": "gb18030",
    "cn-gb": "gb18030",
    "csgb2312": "gb18030",
    "cp936": "gb18030",
    "cp54936": "gb18030",
    "csgbk": "gb18030",
    "csiso58gb231280": "gb18030",
    "euc-cn": "gb18030",
    "gb": "gb18030",
    "gb-2312": "gb18030",
    "gb-18030": "gb18030",
    "gb18030": "gb18030",
    "gb2312": "gb18030",
    "gb2312-80": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "iso-ir-58": "gb18030",
    "ms936": "gb18030",
    "windows-936": "gb18030",
    "x-gbk": "gb18030",
    "hz": "hz",
    "hz-gb-2312": "hz",
    "euc-kr": "cp949",
    "euckr": "cp949",
    "cp51949": "cp949",
    "cseuckr": "cp949",
    "csksc56011987": "cp949",
    "iso-ir-149": "cp949",
    "korean": "cp949",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "ksc5601-1987": "cp949",
    "ksc_5601": "cp949",
    "ks-c-5601": "cp949",
    "ks-c-5601-1987": "cp949",
    "ks_c-5601-1987": "cp949",
    "ms949": "cp949",
    "uhc": "cp949",
    "x-euc-kr": "cp949",
    "windows-949": "cp949",
    "x-windows-949": "cp949",
    "iso-2022-kr": "iso2022_kr",
    "ms_kanji": "cp932",
    "sjis": "cp932",
    "sjis-win": "cp932",
    "shiftjis": "cp932",
    "shift-jis": "cp932",
    "shift_jis": "cp932",
    "csshiftjis": "cp932",
    "cswindows31j": "cp932",
    "x-sjis": "cp932",
    "x-shift-jis": "cp932",
    "x-ms-cp932": "cp932",
    "windows-31j": "cp932",
    "windows-932": "cp932",
    "ms932": "cp932",
    "eucjp": "euc_jp",
    "eucjp-win": "euc_jp",
    "eucjpms": "euc_jp",
    "cp51932": "euc_jp",
    "cseucpkdfmtjapanese": "euc_jp",
    "euc-jp": "euc_jp",
    "x-euc": "euc_jp",
    "x-euc-jp": "euc_jp",
    "x-eucjp": "euc_jp",
    "iso-2022-jp": "iso-2022-jp",
    "csiso2022jp": "iso-2022-jp",
    "iso-2022-jp-1": "iso-2022-jp",
    "iso-2022-jp-2": "iso-2022-jp",
    "iso-2022-jp-3": "iso-2022-jp",
    "iso-2022-jp-2004": "iso-2022-jp",
    "iso-2022-jp-ms": "iso-2022-jp",
    "cp50220": "iso-2022-jp",
    "cp50221": "iso-2022-jp",
    "cp50222": "iso-2022-jp",
    "iso2022jp": "iso-2022-jp",
    "iso-2022jp": "iso-2022-jp",
    "jis": "iso-2022-jp",
    "x-iso-2022-jp": "iso-2022-jp",
    "l1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-1": "cp1252",
    "8859-1": "cp1252",
    "cp28591": "cp1252",
    "iso8859-1": "cp1252",
    "iso-ir-100": "cp1252",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "ms-ansi": "cp1252",
    "western": "cp1252",
    "latin2": "iso8859_2",
    "latin-2": "iso8859_2",
    "latin0": "iso8859_15",
    "latin9": "iso8859_15",
    "latin-9": "iso8859_15",
    "cyrillic": "cp1251",
    "windows-cyrillic": "cp1251",
    "win-1251": "cp1251",
    "win1251": "cp1251",
    "windows-cp1251": "cp1251",
    "ms-cyrl": "cp1251",
    "dos-866": "cp866",
    "cp20866": "koi8_r",
    "koi-8": "koi8_r",
    "koi": "koi8_r",
    "koi8": "koi8_r",
    "koi8-ru": "koi8_u",
    "iso-8859-6-e": "iso8859_6",
    "iso-8859-6-i": "iso8859_6",
    "iso-8859-8-e": "cp1255",
    "iso-8859-8-i": "cp1255",
    "visual": "cp1255",
    "logical": "cp1255",
    "csiso88598i": "cp1255",
    "dos-862": "cp862",
    "sun-eu-greek": "iso8859_7",
    "iso-8859-9": "cp1254",
    "latin-5": "cp1254",
    "turkish": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "tis620": "cp874",
    "thai": "cp874",
    "dos-874": "cp874",
    "windows-874": "cp874",
    "utf": "utf_8",
    "utf8": "utf_8",
    "utf-8": "utf_8",
    "utf-8-bom": "utf_8",
    "utf-8n": "utf_8",
    "uft-8": "utf_8",
    "x-utf-8": "utf_8",
    "utf8mb4": "utf_8",
    "utf-8-mac": "utf_8",
    "unicode": "utf_8",
    "unicode-1-1-utf-8": "utf_8",
    "x-unicode-2-0-utf-8": "utf_8",
    "utf-7": "utf_7",
    "utf7": "utf_7",
    "unicode-1-1-utf-7": "utf_7",
    "unicode-2-0-utf-7": "utf_7",
    "x-unicode-2-0-utf-7": "utf_7",
    "csunicode11utf7": "utf_7",
    "macintosh": "mac_roman",
    "mac": "mac_roman",
    "x-mac-roman": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ce": "mac_latin2",
    "x-mac-greek": "mac_greek",
    "x-mac-turkish": "mac_turkish",
}
_CODECS = """
    iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_10 iso8859_13
    iso8859_14 iso8859_15 iso8859_16 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258
    cp437 cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869
    cp874 cp932 cp949 cp950 cp1125 ascii utf_8 utf_7 utf_16 utf_16_le utf_16_be utf_32 utf_32_le
    utf_32_be koi8_r koi8_u koi8_t kz1048 ptcp154 gb18030 big5hkscs hz euc_jp johab tis_620
    mac_roman mac_cyrillic mac_latin2 mac_greek mac_turkish iso2022_kr iso2022_jp iso2022_jp_ext
    euc_jis_2004 euc_jisx0213 shift_jis_2004
"""
_DIRECT = frozenset(_CODECS.split())
_DOUBLE_BYTE = frozenset({"gb18030", "big5hkscs", "cp949", "cp932", "euc_jp", "johab"})
_THREE_BYTES = "\u0800"
_SINGLE_BYTE = frozenset(
    name for name in _DIRECT if name.startswith(("cp125", "iso8859", "koi8", "mac_", "cp8"))
)
_BOMS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32"),
    (codecs.BOM_UTF32_BE, "utf_32"),
    (codecs.BOM_UTF16_LE, "utf_16"),
    (codecs.BOM_UTF16_BE, "utf_16"),
)
_JIS_ESCAPE = re.compile(rb"\x1b(\$[@B]|\$\([@BDOQ]|\([BIJH]|&@|\$A|\.[AF])")
_JAPANESE = re.compile(rb"\x1b\$[@B]")
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_BREAKS = re.compile("[\x0b\x0c]")
_ASCII = re.compile("[\x00-\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LABEL_BYTES_MAX = 60
_GUESSES_MAX = 10_000
_JIS_FIRST = 0x21
_JIS_MIDDLE = 0x5F


@lru_cache(maxsize=512)
def codec(label: str) -> str:
    """Return the codec that a charset label means; empty for one that means nothing here."""
    name = label[:_LABEL_BYTES_MAX].strip(" \t\r\n\"'<>;,").lower().partition("*")[0]
    name = name.split(";")[0].split(" ")[0].removeprefix("charset=").removeprefix("x-user-")
    if name in _ALIASES:
        return _ALIASES[name]
    short = name.replace("_", "-")
    if short in _ALIASES:
        return _ALIASES[short]
    try:
        found = codecs.lookup(_spelling(short)).name.replace("-", "_")
    except (LookupError, ValueError):
        return ""
    found = {"iso8859_1": "cp1252", "iso8859_9": "cp1254", "big5": "big5hkscs"}.get(found, found)
    return found if found in _DIRECT else ""


def decode(data: bytes, label: str = "", hint: str = "") -> str:
    """Return the text of `data`, whose charset is said to be `label`.

    `hint` is the charset that the rest of the mail uses, for text that declares none. Never fails:
    what cannot be read becomes U+FFFD. No lone surrogates, no byte order mark.
    """
    declared = codec(label) if label else ""
    if declared in {"", "ascii", "utf_8"} and data.isascii() and b"\x1b" not in data:
        return data.decode("ascii")
    for mark, name in _BOMS:
        if data.startswith(mark) and (declared != name or name == "utf_8"):
            return _lenient(data[len(mark) :] if name == "utf_8" else data, name)
    if declared == "iso-2022-jp" or (
        declared in {"", "ascii", "utf_8"} and _JAPANESE.search(data)
    ):
        return _decode_japanese(data)
    if declared in _SINGLE_BYTE or declared in {"", "ascii", "utf_8"}:
        text = _strict(data, "utf_8")
        if text is not None and (declared not in _SINGLE_BYTE or not data.isascii()):
            return text
    if declared and declared not in {"ascii", "utf_8"}:
        return _declared(data, declared)
    return _undeclared(data, codec(hint) if hint else "", is_utf8=declared == "utf_8")


def clean(text: str) -> str:
    """Return text with line feeds only and without control characters or lone surrogates."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    text = _BREAKS.sub(" ", _UNWANTED.sub("", text))
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _spelling(short: str) -> str:
    """Bring usual misspellings of a label into the form that the codec registry knows."""
    family = r"^(?:x-)?(?:windows|win|cp|ibm|ms|microsoft-cp)-?(\d{3,4})(?:http-equiv.*)?$"
    spelled = re.sub(family, r"cp\1", short)
    spelled = re.sub(r"^(?:x-)?iso-?8859-?(\d{1,2}).*$", r"iso8859-\1", spelled)
    return re.sub(r"^(?:x-)?koi8-?([rutf]).*$", r"koi8-\1", spelled)


def _strict(data: bytes, name: str) -> str | None:
    """Decode without mercy; None where that fails or yields lone surrogates."""
    try:
        text = data.decode(name)
    except (UnicodeError, ValueError):
        return None
    return None if name == "utf_7" and _SURROGATE.search(text) else text


def _is_far_utf8(data: bytes) -> bool:
    """Tell whether bytes are UTF-8 with characters of three bytes, as East Asian text has.

    A few words of GBK may pass for UTF-8 of two bytes a character; with three the pairs shift.
    """
    text = _strict(data, "utf_8")
    return text is not None and max(text, default="") >= _THREE_BYTES


def _lenient(data: bytes, name: str) -> str:
    """Decode what can be decoded."""
    return _SURROGATE.sub("\ufffd", data.decode(name, "replace"))


def _declared(data: bytes, name: str) -> str:
    """Decode by a known label, by its kin where that fails, and else by force."""
    text = None if name in _DOUBLE_BYTE and _is_far_utf8(data) else _strict(data, name)
    if text is not None:
        return _SURROGATE.sub("\ufffd", text)
    if name in _SINGLE_BYTE:
        return _patched(data, name)
    text = _strict(data, "utf_8")
    if text is not None:
        return text
    if name == "euc_jp" and (text := _strict(data, "euc_jis_2004")) is not None:
        return text
    forced = _lenient(data, name)
    if forced.count("\ufffd") * 20 > len(forced) and not name.startswith(("utf_16", "utf_32")):
        return guess(data)
    return forced


def _patched(data: bytes, name: str) -> str:
    """Decode a single-byte charset; its few empty places are control characters of latin-1."""
    return "".join(
        character if character != "\ufffd" else chr(byte)
        for character, byte in zip(data.decode(name, "replace"), data, strict=True)
    )


def _undeclared(data: bytes, hint: str, *, is_utf8: bool) -> str:
    """Decode 8-bit bytes that no valid label covers."""
    if is_utf8:
        forced = _lenient(data, "utf_8")
        broken = forced.count("\ufffd")
        if 2 * broken <= len(forced) - len(_ASCII.findall(forced)):
            return forced
    if hint and hint not in {"ascii", "utf_8", "iso-2022-jp"}:
        text = _strict(data, hint)
        if text is not None:
            return text
    return guess(data)


def _decode_japanese(data: bytes) -> str:
    """Decode ISO-2022-JP (RFC 1468) with the NEC and IBM characters that Windows puts into it."""
    text = _strict(data, "iso2022_jp_ext")
    if text is not None:
        return text
    pieces: list[str] = []
    position = 0
    mode = b"(B"
    for escape in _JIS_ESCAPE.finditer(data):
        is_early = len(pieces) < _GUESSES_MAX
        pieces.append(_japanese_run(data[position : escape.start()], mode, is_early=is_early))
        mode, position = escape[1], escape.end()
    pieces.append(_japanese_run(data[position:], mode))
    return "".join(pieces)


def _japanese_run(run: bytes, mode: bytes, *, is_early: bool = True) -> str:
    """Decode the bytes between two escapes; every line begins in ASCII again."""
    if mode in {b"(B", b"(J", b"(H"}:
        if run.isascii():
            return run.decode("ascii")
        likely = _strict(run, "utf_8")
        if likely is None:
            return guess(run) if is_early else run.decode("cp932", "replace")
        return likely
    if mode == b"(I":
        return bytes(byte | 0x80 for byte in run).decode("cp932", "replace")
    if mode not in {b"$@", b"$B", b"$(@", b"$(B"}:
        return _lenient(b"\x1b" + mode + run, "iso2022_jp_2")
    head, newline, rest = run.partition(b"\n")
    pairs = zip(head[0::2], head[1::2], strict=False)
    text = b"".join(_to_shift_jis(first, second) for first, second in pairs)
    tail = (newline + rest).decode("ascii", "replace")
    return text.decode("cp932", "replace") + tail


def _to_shift_jis(first: int, second: int) -> bytes:
    """Turn one pair of JIS X 0208 (7-bit) into Shift_JIS."""
    first, second = first & 0x7F, second & 0x7F
    if first < _JIS_FIRST or second < _JIS_FIRST:
        return bytes((first, second))
    lead = ((first + 1) >> 1) + (0x70 if first < _JIS_MIDDLE else 0xB0)
    trail = second + 0x7E if first % 2 == 0 else second + (0x20 if second > _JIS_MIDDLE else 0x1F)
    return bytes((lead, trail))

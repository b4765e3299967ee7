"""Which charset do undeclared 8-bit bytes have? The one in which they read most like a language.

Strategy: each charset that mail really uses decodes a sample; every character beyond ASCII earns
points by how common it is in the languages written so, and costs some where it has no business.
"""

from __future__ import annotations

import re

_SAMPLE_BYTES = 8192
_CYRILLIC_COMMON = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъіїєґё")
_LATIN_COMMON = frozenset("äöüßéèêëàâáãåæçíìîïñóòôõøúùûœÄÖÜÉÀÅØÆÇÑšžčřěýůąęłńśźżőű")
_PUNCTUATION = frozenset(
    "\u00a0\u2013\u2014\u2018\u2019\u201c\u201d\u201e\u2026\u2022€«»¿¡ºª°§®©™№·²³´"
)
_WORD_LETTERS = 3
_HIGH_RUN = re.compile(rb"[\x80-\xff]++")
_SINGLE = ("cp1252", "cp1251", "koi8_r")
_DOUBLE = ("gb18030", "cp932", "euc_jp", "cp949", "big5hkscs")


def guess(data: bytes) -> str:
    """Return the most plausible reading of 8-bit bytes that no label explains; never fails."""
    sample = data[:_SAMPLE_BYTES]
    longest = max((len(run) for run in _HIGH_RUN.findall(sample)), default=0)
    best, best_score = "cp1252", _score_single(sample, "cp1252")
    for name in _SINGLE[1:]:
        score = _score_single(sample, name) * (1.0 if longest >= _WORD_LETTERS else 0.3)
        if score > best_score:
            best, best_score = name, score
    for name in _DOUBLE:
        score = _score_double(sample, name)
        if score > best_score:
            best, best_score = name, score
    text = data.decode(best, "replace")
    if best == "cp1252" and "\ufffd" in text:
        return "".join(
            character if character != "\ufffd" else chr(byte)
            for character, byte in zip(text, data, strict=True)
        )
    return text


def _score_single(sample: bytes, name: str) -> float:
    """Points per 8-bit byte for a single-byte charset."""
    text = sample.decode(name, "replace")
    points = 0.0
    count = 0
    before = " "
    for character in text:
        if character >= "\x80":
            count += 1
            points += _worth(character, before)
        before = character
    return points / count if count else 0.0


def _worth(character: str, before: str) -> float:
    """Points of one character, seen after the one before it."""
    if character in _PUNCTUATION:
        return 0.4
    if "\u0400" <= character <= "\u04ff":
        if character in _CYRILLIC_COMMON:
            return 1.0 if "\u0400" <= before <= "\u04ff" or not before.isalpha() else -1.0
        return 0.2 if not before.islower() else -1.0
    if character in _LATIN_COMMON:
        if before.isalpha() and not before.isascii():
            return 0.1
        return 0.8 if before.isascii() else 0.3
    return -0.5 if character.isalpha() else -0.8


def _score_double(sample: bytes, name: str) -> float:
    """Points per pair for a multi-byte charset; nothing where the bytes do not fit it."""
    text = sample.decode(name, "replace")
    wide = [character for character in text if character >= "\x80"]
    if not wide or sum(character == "\ufffd" for character in wide) > len(wide) // 50 + (
        len(sample) == _SAMPLE_BYTES
    ):
        return -1.0
    points = sum(_worth_wide(character, name) for character in wide)
    return points / len(wide) * (1.0 if len(wide) >= _WORD_LETTERS else 0.3)


def _worth_wide(character: str, name: str) -> float:
    """Points of one character of an East Asian charset."""
    if "\u3040" <= character <= "\u30ff":
        return 1.2 if name in {"cp932", "euc_jp"} else 0.1
    if "\uac00" <= character <= "\ud7a3":
        return 1.1 if _is_common_hangul(character) else 0.3
    if "\u4e00" <= character <= "\u9fff":
        return _worth_ideograph(character, name)
    if "\u3000" <= character <= "\u303f" or "\uff00" <= character <= "\uff5e":
        return 0.8
    if "\uff61" <= character <= "\uff9f":
        return -0.3
    return -0.5


def _is_common_hangul(character: str) -> bool:
    """Whether KS X 1001 has the syllable: real Korean hardly uses any other."""
    try:
        character.encode("euc_kr")
    except UnicodeEncodeError:
        return False
    return True


def _worth_ideograph(character: str, name: str) -> float:
    """Points of an ideograph: the first level of each national standard holds the usual ones."""
    try:
        lead = character.encode({"cp949": "euc_kr"}.get(name, name))[0]
    except UnicodeEncodeError:
        return -0.5
    low, high = {
        "gb18030": (0xB0, 0xD7),
        "big5hkscs": (0xA4, 0xC6),
        "cp932": (0x88, 0x97),
        "euc_jp": (0xB0, 0xCF),
        "cp949": (0xCA, 0xFD),
    }[name]
    if name == "cp949":
        return 0.2
    return 0.95 if low <= lead <= high else 0.0

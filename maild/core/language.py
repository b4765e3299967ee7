"""In which language a text is written, told by its script, small words, endings and letters.

Strategy: other scripts name themselves; in Latin script each known word, ending and letter gives
its languages a point, shared between all of them, and the best one must lead clearly.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from maild.core.languagewords import ENDINGS, LETTERS, WORDS

CHARACTERS_MAX = 4000
"""Only so much of the beginning is looked at."""


def detect(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, or the empty string when it is not clear.

    Made for the seven Western European languages en fr es de it pt nl, short mails included;
    other languages are named where their script or small words show them.
    """
    text = text[:CHARACTERS_MAX]
    if not text.isascii():
        script = _by_script(text)
        if script:
            return script
    return _best(_scores(text.lower()))


def detect_weighed(parts: Iterable[tuple[str, float, float]]) -> str:
    """Return the language that the parts of a text speak for together, as `detect` does.

    Each part has a weight, and what it may say at most before that.
    """
    total: defaultdict[str, float] = defaultdict(float)
    for text, weight, most in parts:
        scores = _said(text)
        much = max(scores.values(), default=0.0)
        for language, points in scores.items():
            total[language] += weight * points * min(1.0, most / much)
    return _best(total)


def _said(text: str) -> Mapping[str, float]:
    """What one part says: a script other than Latin as much as its length."""
    script = "" if text.isascii() else _by_script(text)
    return {script: float(len(text.split()))} if script else _scores(text.lower())


def _by_script(text: str) -> str:
    """Return the language that a script other than Latin tells, when most letters are in it."""
    if not _FOREIGN.search(text):
        return ""
    distinct = "".join(set(text))
    counts = {
        name: _letters(pattern, text) if pattern.search(distinct) else 0
        for name, pattern in _SCRIPTS.items()
    }
    name, count = max(counts.items(), key=lambda item: item[1])
    latin = _letters(_LATIN, text)
    # One sign of these scripts says as much as several Latin letters.
    if count * (_SIGN_WEIGHT if name in _DENSE else 1) <= latin:
        return ""
    if name == "han" and counts["kana"]:
        return "ja"
    if name == "cyrillic":
        return _cyrillic(text.lower())
    if name == "arabic":
        return "fa" if any(letter in text for letter in "پچژگ") else "ar"
    return _LANGUAGE_OF_SCRIPT[name]


def _letters(pattern: re.Pattern[str], text: str) -> int:
    return sum(map(len, pattern.findall(text)))


def _cyrillic(text: str) -> str:
    if any(letter in text for letter in "іїєґ"):
        return "uk"
    if any(letter in text for letter in "ыэё"):
        return "ru"
    return "bg" if "ъ" in text and " се " in f" {text} " else "ru"


def _scores(text: str) -> defaultdict[str, float]:
    plain = _without_addresses(text.replace("’", "'")).replace("_", " ")
    scores: defaultdict[str, float] = defaultdict(float)
    for word, count in Counter(_WORD.findall(plain)).items():
        for language, points in _points(word):
            scores[language] += points * count
    for letter, count in Counter(_RARE_LETTERS.findall(text)).items():
        for language, points in _LETTER_POINTS[letter]:
            scores[language] += points * count
    return scores


def _without_addresses(text: str) -> str:
    """Return text without the addresses of people and pages, which belong to no language."""
    if "@" not in text and "://" not in text and "www." not in text:
        return text
    return " ".join(
        word
        for word in text.split()
        if "@" not in word and "://" not in word and not word.startswith("www.")
    )


@lru_cache(maxsize=4096)
def _points(word: str) -> tuple[tuple[str, float], ...]:
    """Return what a word says: as a known one, by its parts around an apostrophe, or its ending.

    It is remembered: a few thousand words make most of what people write.
    """
    if word in _POINTS:
        return _POINTS[word]
    if "'" in word:
        return tuple(point for part in word.split("'") for point in _POINTS.get(part, ()))
    if len(word) < _ENDING_WORD_MIN:
        return ()
    known = _ENDING_POINTS.get
    return known(word[-5:]) or known(word[-4:]) or known(word[-3:]) or ()


def _best(scores: defaultdict[str, float]) -> str:
    (second, _), (first, language) = sorted(
        [(0.0, ""), (0.0, ""), *((score, language) for language, score in scores.items())]
    )[-2:]
    return language if first >= max(_SCORE_MIN, second * _LEAD_MIN) else ""


def _shared(table: dict[str, str], weight: float) -> dict[str, tuple[tuple[str, float], ...]]:
    """Turn language -> words into word -> (language, points), the points shared between them."""
    languages: defaultdict[str, list[str]] = defaultdict(list)
    for language, words in table.items():
        for word in dict.fromkeys(words.split()):
            languages[word].append(language)
    return {
        word: tuple((language, weight / len(found)) for language in found)
        for word, found in languages.items()
    }


_SCORE_MIN = 0.9
_LEAD_MIN = 1.15
_ENDING_WORD_MIN = 6
_SIGN_WEIGHT = 3
_POINTS = _shared(WORDS, 1.0)
_ENDING_POINTS = _shared(ENDINGS, 0.4)
_LETTER_POINTS = {
    letter: tuple((language, 0.6 / len(languages.split())) for language in languages.split())
    for letter, languages in LETTERS.items()
}
_RARE_LETTERS = re.compile(f"[{''.join(LETTERS)}]")
_WORD = re.compile(r"[\w']+")
_LATIN = re.compile("[A-Za-zÀ-ɏ]+")
_FOREIGN = re.compile("[Ͱ-\U0010ffff]")
"""Whatever stands behind the Latin letters."""
_DENSE = frozenset(("han", "kana", "hangul"))
_SCRIPTS = {
    "cyrillic": re.compile("[Ѐ-ӿ]+"),
    "greek": re.compile("[Ͱ-Ͽἀ-῿]+"),
    "hebrew": re.compile("[֐-׿]+"),
    "arabic": re.compile("[؀-ۿ]+"),
    "thai": re.compile("[฀-๿]+"),
    "devanagari": re.compile("[ऀ-ॿ]+"),
    "kana": re.compile("[぀-ヿ]+"),
    "han": re.compile("[一-鿿]+"),
    "hangul": re.compile("[가-힯]+"),
}
_LANGUAGE_OF_SCRIPT = {
    "greek": "el",
    "hebrew": "he",
    "thai": "th",
    "devanagari": "hi",
    "kana": "ja",
    "han": "zh",
    "hangul": "ko",
}

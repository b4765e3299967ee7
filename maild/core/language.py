"""In which language a text is written, told by its script, small words, endings and letters.

Strategy: other scripts name themselves; in Latin script each known word, ending and letter gives
its languages a point, shared between all of them, and the best one must lead clearly.
"""

from __future__ import annotations

import re
from collections import defaultdict

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


def _by_script(text: str) -> str:
    """Return the language that a script other than Latin tells, when most letters are in it."""
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    name, count = max(counts.items(), key=lambda item: item[1])
    latin = len(_LATIN.findall(text))
    # One sign of these scripts says as much as several Latin letters.
    if count == 0 or count * (_SIGN_WEIGHT if name in _DENSE else 1) <= latin:
        return ""
    if name == "han" and counts["kana"]:
        return "ja"
    if name == "cyrillic":
        return _cyrillic(text.lower())
    if name == "arabic":
        return "fa" if any(letter in text for letter in "پچژگ") else "ar"
    return _LANGUAGE_OF_SCRIPT[name]


def _cyrillic(text: str) -> str:
    if any(letter in text for letter in "іїєґ"):
        return "uk"
    if any(letter in text for letter in "ыэё"):
        return "ru"
    return "bg" if "ъ" in text and " се " in f" {text} " else "ru"


def _scores(text: str) -> defaultdict[str, float]:
    scores: defaultdict[str, float] = defaultdict(float)
    for raw in text.replace("’", "'").split():
        if "@" in raw or "://" in raw or raw.startswith("www."):
            continue
        for word in _PUNCTUATION.split(raw):
            _count_word(word, scores)
    for letter in _RARE_LETTERS.findall(text):
        for language, points in _LETTER_POINTS[letter]:
            scores[language] += points
    return scores


def _count_word(word: str, scores: defaultdict[str, float]) -> None:
    """Add what one word says; one with an apostrophe is also looked up in its parts."""
    found = _POINTS.get(word)
    if found is None and "'" in word:
        for part in word.split("'"):
            for language, points in _POINTS.get(part, ()):
                scores[language] += points
        return
    if found is None and len(word) >= _ENDING_WORD_MIN:
        found = next(
            (_ENDING_POINTS[e] for n in (5, 4, 3) if (e := word[-n:]) in _ENDING_POINTS), ()
        )
    for language, points in found or ():
        scores[language] += points


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
_PUNCTUATION = re.compile(r"[^\w']+|_")
_LATIN = re.compile("[A-Za-zÀ-ɏ]")
_DENSE = frozenset(("han", "kana", "hangul"))
_SCRIPTS = {
    "cyrillic": re.compile("[Ѐ-ӿ]"),
    "greek": re.compile("[Ͱ-Ͽἀ-῿]"),
    "hebrew": re.compile("[֐-׿]"),
    "arabic": re.compile("[؀-ۿ]"),
    "thai": re.compile("[฀-๿]"),
    "devanagari": re.compile("[ऀ-ॿ]"),
    "kana": re.compile("[぀-ヿ]"),
    "han": re.compile("[一-鿿]"),
    "hangul": re.compile("[가-힯]"),
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

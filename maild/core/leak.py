"""The last look before an answer goes out: does it repeat what only colleagues may read?

A run of eight words of a note, or of sixteen characters where a script writes no spaces, that
stands in no public post is a leak. Most often a client quoted our notification, which
shows the notes, and nobody cut the quote off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape

WORDS = 8
CHARACTERS = 16
TEXT_CHARACTERS_MAX = 256 * 1024
_TAG = re.compile(r"<[^<>]{0,2000}>")
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[^\W_{_UNSPACED}]+")
_CHARACTER = re.compile(rf"[{_UNSPACED}]")


def repeated(texts: Iterable[str], secret: Iterable[str], public: Iterable[str]) -> str:
    """Return the first run of a secret text that also stands in one of the texts, or ''.

    What stands in a public text is no secret. Texts may be HTML: its tags count as spaces.
    """
    said = dict.fromkeys(run for text in texts for run in _runs(text))
    hidden = {run for text in secret for run in _runs(text) if run in said}
    if not hidden:
        return ""
    hidden.difference_update(run for text in public for run in _runs(text))
    return " ".join(next((run for run in said if run in hidden), ()))


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    plain = unescape(_TAG.sub(" ", text[:TEXT_CHARACTERS_MAX])).casefold()
    for pattern, length in ((_WORD, WORDS), (_CHARACTER, CHARACTERS)):
        pieces = pattern.findall(plain)
        for start in range(len(pieces) - length + 1):
            yield tuple(pieces[start : start + length])

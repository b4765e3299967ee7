"""The last look before an answer goes out: does it repeat what only colleagues may read?

A run of eight words of a note, or of sixteen characters where a script writes no spaces, that
stands in no public post is a leak; so is a whole note of four words (eight characters) or more.
Of what was written in other customers' tickets only such runs are: a short thank-you is anybody's.
Most often a client quoted our notification, which shows the notes, and nobody cut the quote off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape

WORDS = 8
WORDS_OF_ALL = 4
"""A note this short is looked for as a whole: fewer words are said by chance."""
CHARACTERS = 16
CHARACTERS_OF_ALL = 8
TEXT_CHARACTERS_MAX = 256 * 1024
_TAG = re.compile(r"<[^<>]{0,2000}>")
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Of scripts that put no spaces between words, as within the brackets of a pattern."""
_WORD = re.compile(rf"[^\W_{UNSPACED}]+")
_CHARACTER = re.compile(rf"[{UNSPACED}]")
_SIGNATURE = re.compile(r"^-- ?\r?$", re.MULTILINE)
_BOUNDS = ((WORDS, WORDS_OF_ALL), (CHARACTERS, CHARACTERS_OF_ALL))
_LONG = ((WORDS, WORDS), (CHARACTERS, CHARACTERS))
_Bounds = tuple[tuple[int, int], tuple[int, int]]
_Pieces = tuple[list[str], list[str]]
"""The words of a text, and the characters of scripts without spaces."""


def repeated(
    texts: Iterable[str], secret: Iterable[str], public: Iterable[str], *, short: bool = True
) -> str:
    """Return the first run of a secret text that also stands in one of the texts, or ''.

    What stands in a public text is no secret. Texts may be HTML: its tags count as spaces.
    `short` tells whether a text that is no run long enough gives itself away as a whole.
    """
    bounds = _BOUNDS if short else _LONG
    secrets = [_pieces(_above_signature(text)) for text in secret]
    lengths = [
        {min(most, len(pieces[kind])) for pieces in secrets if len(pieces[kind]) >= least}
        for kind, (most, least) in enumerate(bounds)
    ]
    said = dict.fromkeys(run for text in texts for run in _runs(_pieces(text), lengths))
    hidden = {run for pieces in secrets for run in _revealing(pieces, bounds) if run in said}
    if not hidden:
        return ""
    hidden.difference_update(run for text in public for run in _runs(_pieces(text), lengths))
    return " ".join(next((run for run in said if run in hidden), ()))


def quoted(text: str, secret: Iterable[str], public: Iterable[str]) -> str:
    """Return the first quoted line of a text that is a whole line of a secret one, or ''.

    However short: who repeats a note by chance does not quote it.
    """
    lines = {_bare(line) for line in text.split("\n") if line.lstrip().startswith(">")}
    hidden = {_bare(line) for one in secret for line in one.split("\n")} & lines - {""}
    hidden.difference_update(_bare(line) for one in public for line in one.split("\n"))
    return min(hidden, default="")


def _bare(line: str) -> str:
    return " ".join(line.lstrip("> \t").casefold().split())


def _above_signature(text: str) -> str:
    """What a note says: a signature is no secret, and would make a short note longer."""
    return _SIGNATURE.split(text, maxsplit=1)[0]


def _pieces(text: str) -> _Pieces:
    plain = unescape(_TAG.sub(" ", text[:TEXT_CHARACTERS_MAX])).casefold()
    return _WORD.findall(plain), _CHARACTER.findall(plain)


def _revealing(pieces: _Pieces, bounds: _Bounds) -> Iterator[tuple[str, ...]]:
    """The runs of a secret that give it away: of full length, or all of it where it is short."""
    for one, (most, least) in zip(pieces, bounds, strict=True):
        if len(one) >= least:
            yield from _of_length(one, min(most, len(one)))


def _runs(pieces: _Pieces, lengths: Iterable[Iterable[int]]) -> Iterator[tuple[str, ...]]:
    for one, wanted in zip(pieces, lengths, strict=True):
        for length in sorted(wanted, reverse=True):
            yield from _of_length(one, length)


def _of_length(pieces: list[str], length: int) -> Iterator[tuple[str, ...]]:
    return (tuple(pieces[start : start + length]) for start in range(len(pieces) - length + 1))

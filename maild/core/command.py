"""Commands in an agent's mail: lines that start with `#`, above the text.

`#note` makes the text below it a note; `#solve` solves the ticket, with or without a reply. One
unknown word in the block, and nothing at all is done.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """The commands that are understood."""

    NOTE = "note"
    SOLVE = "solve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What an agent's text asks for."""

    words: tuple[Word, ...] = ()
    body: str = ""
    """The text below the commands."""
    lines: int = 0
    """How many lines the command block has, empty ones included."""
    unknown: str = ""
    """The first word that is none of ours; empty when all are known."""
    nearest: str = ""
    """The valid word that looks most like it; empty when none does."""


_LINE = re.compile(r"[#＃]\u00a0?([^\W\d_][\w-]{0,30})[ \t\u00a0]*(.{0,500})")


def orders(text: str) -> Orders:
    """Take the command block off the top of a text; tolerant of case and odd spaces."""
    lines = text.split("\n")
    words: list[Word] = []
    taken = 0
    for n, line in enumerate(lines):
        stripped = line.strip("\u00a0\u200b\ufeff \t\r")
        if not stripped:
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            break
        word = match.group(1).lower()
        if word not in set(Word):
            return Orders(body=text, unknown=word, nearest=nearest(word))
        words.append(Word(word))
        taken = n + 1
        if Word(word) is Word.NOTE and match.group(2).strip():
            lines[n] = match.group(2)
            taken = n
            break
    body = "\n".join(lines[taken:]).strip("\n")
    return Orders(words=tuple(dict.fromkeys(words)), body=body, lines=taken)


def nearest(word: str) -> str:
    """Return the valid word that looks most like this one, or the empty string."""
    close = difflib.get_close_matches(word[:40], [known.value for known in Word], n=1, cutoff=0.5)
    return close[0] if close else ""

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


_WORDS = frozenset(word.value for word in Word)


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


_UNSEEN = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
"""Ranges of characters that no reader sees, as clients leave them at the start of a line."""
_BLANK = re.compile(rf"[\s{_UNSEEN}]*")
_LINE = re.compile(
    rf"[\s{_UNSEEN}]*[*_`\\]{{0,4}}[#＃](?P<gap>[\s{_UNSEEN}]*)"
    r"(?P<word>[^\W\d_][\w-]{0,60})[*`]{0,4}[:：]?(?P<rest>.*)",
    re.DOTALL,
)


def orders(text: str) -> Orders:
    """Take the command block off the top of a text; tolerant of case, odd spaces and emphasis.

    Text behind `#note` on its line begins the note. Text behind `#solve` could be meant for the
    customer or for nobody: it is refused like an unknown word, and so is `# note that ...`. A
    line such as `# Heading` is text.
    """
    lines = text.split("\n")
    words: list[Word] = []
    taken = 0
    for n, line in enumerate(lines):
        if not line or _BLANK.fullmatch(line):
            continue
        found = _command(line)
        if found is None:
            break
        word, rest = found
        if word not in _WORDS or (rest and word != Word.NOTE):
            return Orders(body=text, unknown=word, nearest=nearest(word))
        words.append(Word(word))
        taken = n + 1
        if rest:
            lines[n] = rest
            taken = n
            break
    body = "\n".join(lines[taken:]).strip("\n")
    return Orders(words=tuple(dict.fromkeys(words)), body=body, lines=taken)


def nearest(word: str) -> str:
    """Return the valid word that looks most like this one, or the empty string."""
    close = difflib.get_close_matches(word[:40], [known.value for known in Word], n=1, cutoff=0.5)
    return close[0] if close else ""


def _command(line: str) -> tuple[str, str] | None:
    """Return (word, text behind it) of a command line; None for a line of text."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    word = match["word"].lower().rstrip("_-")
    rest = "" if _BLANK.fullmatch(match["rest"]) else match["rest"].strip()
    if " " not in match["gap"] and "\t" not in match["gap"]:
        return word, rest
    if word in _WORDS and not rest:
        return word, ""
    return (f"{word} …", rest) if nearest(word) else None

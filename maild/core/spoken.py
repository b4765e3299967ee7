"""In which language somebody writes a mail: their own first words, else all of them, its subject.

Strategy: every line has its say, the first ones most and none too much, so that a pasted message
or a log does not outweigh what its sender says of it; what is quoted, follows a colon or looks
like a program's words says little. The small print of a house says nothing.
"""

from __future__ import annotations

import re

from maild.core import subject as subjects
from maild.core.language import CHARACTERS_MAX, detect, detect_weighed
from maild.core.smallprint import without_small_print

_LINES_MAX = 40
_LINE_SAY_MAX = 4.0
"""So much says a line at most: as a few small words do."""
_LATER = 0.8
"""What a line says beside the one before it."""
_PASTED = 0.1
"""What a program's words say beside a person's."""
_QUOTED = re.compile(r'"[^"]{12,400}"|“[^”]{12,400}”|„[^“”]{12,400}[“”]|«[^»]{12,400}»')
_PROGRAM = re.compile(
    r"\W{0,9}(?:[\w.$-]{0,80}(?:error|exception|warning|fatal|fault|traceback|failed)\b"
    r"|at \w[\w.$]{1,80}\(|file \"|caused by:|\d{4}-\d\d-\d\d[ t]\d\d:|\[\w{1,20}\]"
    r"|\d{3} \d\.\d\.\d)",
    re.IGNORECASE,
)

_NAME = re.compile(r"[\d./@_\\]")


def language_of(text: str, subject: str = "") -> str:
    """Return the ISO 639-1 code of a mail's language, or the empty string where none is clear.

    `text` is without quotes and signature. The subject is asked where the text tells nothing.
    """
    own = without_small_print(text[: 2 * CHARACTERS_MAX])
    return detect_weighed(_said(own)) or detect(own) or detect(_plain(subject)) or detect(text)


def _plain(subject: str) -> str:
    """Return a subject without its marks, and without names of machines, files and orders."""
    words = (word.strip(".,:;!?()[]\"'") for word in subjects.base(subject, ()).split())
    return " ".join(word for word in words if word and not _NAME.search(word))


def _said(text: str) -> list[tuple[str, float, float]]:
    """Return the lines, each with what it says and how much that may be."""
    said: list[tuple[str, float, float]] = []
    weight = 1.0
    is_announced = False
    for line in [one.strip() for one in text.split("\n") if one.strip()][:_LINES_MAX]:
        is_pasted = is_announced or _PROGRAM.match(line) is not None
        bare = _QUOTED.sub(" ", line)
        said.append((bare, weight * (_PASTED if is_pasted else 1), _LINE_SAY_MAX))
        is_announced = line.endswith(":") and bool(said[1:])
        weight *= _LATER
    return said

"""The small print below a mail without a line above it: what a server adds to every mail.

Strategy: three words of such print from a line on to the end of its paragraph make it one; behind
it, one word is enough. What the mail begins with is never small print.
"""

from __future__ import annotations

from maild.core.closings import DISCLAIMERS

_MORE = (
    *("in error", "received this", "addressee", "the sender", "delete it", "unauthori"),
    *("before printing", "attachments are", "not the intended", "prohibited", "solely for"),
    *("individual or entity", "copying", "disclosure", "liability"),
    *("adressat", "empfänger", "irrtümlich", "unbefugt", "weitergabe", "absender", "vernichten"),
    *("destinataire", "par erreur", "pièces jointes", "expéditeur", "interdit", "détruire"),
    *("destinatario", "por error", "remitente", "adjuntos", "prohibid", "destruya", "elimín"),
)
"""Words that small print has besides those of its kind; small letters."""
_WORDS = (*DISCLAIMERS, *_MORE)
_WORDS_MIN = 3
_LINE_MAX = 4000


def without_small_print(text: str) -> str:
    """Return a text without its small print, but always its first line that says something."""
    kept: list[str] = []
    paragraph: list[str] = []
    has_begun = is_below = False
    for line in [*text.split("\n"), ""]:
        if line.strip():
            paragraph.append(line)
            continue
        start = _start(paragraph, after=0 if has_begun else 1, is_below=is_below)
        is_below = is_below or start < len(paragraph)
        has_begun = has_begun or bool(paragraph)
        kept += [*paragraph[:start], line]
        paragraph = []
    return "\n".join(kept[:-1]).rstrip("\n")


def _start(lines: list[str], *, after: int, is_below: bool) -> int:
    """Return the line where the small print of a paragraph begins, or their number."""
    found = [_words(line) for line in lines]
    first = next((n for n in range(after, len(lines)) if found[n]), len(lines))
    distinct = frozenset[str]().union(*found[first:])
    return first if len(distinct) >= (1 if is_below else _WORDS_MIN) else len(lines)


def _words(line: str) -> frozenset[str]:
    small = line[:_LINE_MAX].lower()
    return frozenset(word for word in _WORDS if word in small)

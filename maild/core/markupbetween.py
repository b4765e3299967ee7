"""The same for HTML: answers between quotations keep what they answer (`core/between.py`).

Strategy: the sanitised mail holds the sanitised answers in the same order. Whatever text is not
theirs is quoted: it stays where its whole line is public and an answer follows, and what is empty
then goes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from maild.core.between import QUOTED_LINES_MAX, Public, bare_line
from maild.core.markup import START, TEXT, VOID, Token, pairs_of, read
from maild.core.markupcut import written
from maild.core.markuptext import lines_of

_SHOWN = frozenset({"img", "hr"})


def answered(html: str, answers: str, said: str, public: Public) -> str:
    """Return the HTML of a mail with its answers and the public lines that they answer.

    `html` is the whole mail and `answers` the agent's part of it, both sanitised; `said` is their
    text without signature. Where the one does not hold the other, the answers alone.
    """
    tokens = read(html)
    kept = _own(tokens, read(answers))
    if kept is None:
        return answers
    spoken = bare_line(said)
    last = max(
        (i for i, keep in enumerate(kept) if keep and _is_said(tokens[i], spoken)), default=0
    )
    for index in _public(tokens, kept, public):
        kept[index] = kept[index] or index < last
    return written(_without_empty(tokens, kept))


def _own(tokens: list[Token], answers: list[Token]) -> list[bool] | None:
    """Which texts and pictures are the agent's own; None when some of them are not found."""
    wanted = [token for token in answers if _is_content(token)]
    place = 0
    kept = [False] * len(tokens)
    for index, token in enumerate(tokens):
        if place < len(wanted) and _is_same(token, wanted[place]):
            kept[index] = True
            place += 1
    return kept if place == len(wanted) and wanted else None


def _is_content(token: Token) -> bool:
    return bool(token.text.strip()) or (token.kind is START and token.name in _SHOWN)


def _is_same(token: Token, other: Token) -> bool:
    if token.kind is not other.kind or token.name != other.name:
        return False
    if token.kind is TEXT:
        return bool(token.text.strip()) and token.text.split() == other.text.split()
    return token.attributes.get("src") == other.attributes.get("src")


def _is_said(token: Token, spoken: str) -> bool:
    return token.kind is TEXT and bare_line(token.text) in spoken


def _public(tokens: list[Token], kept: list[bool], public: Public) -> Iterator[int]:
    """The quoted texts whose whole line is public."""
    lines = lines_of(tokens, mark_quotes=False)
    origins = [origin for _, origin in lines]
    known: dict[int, bool] = {}
    for index, token in enumerate(tokens):
        if kept[index] or token.kind is not TEXT or not token.text.strip():
            continue
        line = bisect_right(origins, index) - 1
        if line not in known and len(known) < QUOTED_LINES_MAX:
            known[line] = line >= 0 and public.holds(lines[line][0])
        if known.get(line):
            yield index


def _without_empty(tokens: list[Token], kept: list[bool]) -> list[Token]:
    """Drop the texts that are not kept, their line breaks, and what is empty without them."""
    gone = [_is_content(token) and not keep for token, keep in zip(tokens, kept, strict=True)]
    lost = list(accumulate(gone, initial=0))
    left = list(accumulate(kept, initial=0))
    pairs = pairs_of(tokens)
    rest: list[Token] = []
    end, after_lost = -1, False
    for index, token in enumerate(tokens):
        if index <= end or gone[index]:
            after_lost = after_lost or gone[index]
            continue
        if token.kind is START and token.name not in VOID:
            last = pairs[index]
            if lost[last] > lost[index] and left[last] == left[index]:
                end, after_lost = last, True
                continue
        after_lost = after_lost and not kept[index]
        if not (after_lost and token.name == "br"):
            rest.append(token)
    return rest

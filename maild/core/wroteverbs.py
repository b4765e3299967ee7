"""The verb of an attribution: whether a line says that somebody "wrote", and says it last."""

from __future__ import annotations

import re

from maild.core.attributions import VERBS, VERBS_UNSPACED

VERB_WORDS = frozenset(VERBS)
WORD_BREAK = re.compile(r"[\s,:：;<>\"”“‘’]+")
"""What parts the words of an attribution."""
_VERB_ENDS = frozenset(verb[-2:] for verb in VERBS)
_VERB_REACH = 24
_LAST_WORDS = 80
_UNSPACED_END = " :：>*_.)。"


def is_verb_last(line: str) -> bool:
    """Return whether a line ends with a verb of writing as it is, without a sign behind it."""
    return line[-2:] in _VERB_ENDS and line[-_VERB_REACH:].rsplit(None, 1)[-1] in VERB_WORDS


def verb_of(candidate: str) -> tuple[bool, bool]:
    """Return whether a verb of writing occurs, and whether it is the last word."""
    lowered = candidate.lower()
    words = [word for word in WORD_BREAK.split(lowered) if word]
    occurs = not VERB_WORDS.isdisjoint(words)
    if occurs and words[-1] in VERB_WORDS:
        return True, True
    if not lowered.isascii():
        tail = lowered.rstrip(_UNSPACED_END)
        for verb in VERBS_UNSPACED:
            if verb in tail:
                return True, tail.endswith(verb)
    return occurs, False


def may_end_with_verb(candidate: str) -> bool:
    """Return whether the last word may be a verb of writing: cheap, most last words are none."""
    words = [word for word in WORD_BREAK.split(candidate[-_LAST_WORDS:].lower()) if word]
    if len(words) <= 1 or words[-1] in VERB_WORDS:
        return True
    return not candidate.isascii() and candidate.rstrip(_UNSPACED_END).endswith(VERBS_UNSPACED)

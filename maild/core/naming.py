"""What people from outside are called: by their own word, unless it would be taken for one of us.

A colleague reads `Alice Martin via Acme` above an answer of Alice's, from the same address as
above a customer's mail. So nobody else is called like an agent, a mailbox or the house, and nobody
brings a `via` along: they are shown by their address.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from maild.core.house import House

_WORD = re.compile(r"\w+")
_VIA = re.compile(r"\s(?:via|vía|über)\s")
"""As the shipped templates say it."""


def outside(name: str, house: House) -> str:
    """Return the name of somebody from outside; empty where it would be read as one of us."""
    if not name:
        return ""
    ours = (
        house.name,
        *(box.name for box in house.mailboxes),
        *(one.name for one in house.agents),
    )
    folded = _folded(name)
    is_ours = _VIA.search(folded) or _words(folded) in _every(ours)
    return "" if is_ours else name


@lru_cache(maxsize=4)
def _every(names: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """The words of each name, in no order; of a nameless agent none."""
    return frozenset(_words(_folded(name)) for name in names) - {()}


def _folded(name: str) -> str:
    """As it looks: in one form and case, and without what is not seen."""
    seen = (sign for sign in unicodedata.normalize("NFKC", name) if _is_seen(sign))
    return "".join(seen).casefold()


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign) != "Cf"


def _words(folded: str) -> tuple[str, ...]:
    return tuple(sorted(_WORD.findall(folded)))

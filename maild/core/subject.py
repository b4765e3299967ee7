"""Subjects: the base that a conversation keeps, and the tag that people see."""

from __future__ import annotations

import re

SUBJECT_CHARACTERS_MAX = 500
_PREFIX = re.compile(
    r"(?i)(?:re|aw|sv|vs|antw|odp|rif|ris|res|r|ref|fwd?|wg|tr|rv|enc|i|vl|vb|doorst|réf|rép|答复|回复|转发)"
    r"(?:\[\d{1,3}\]|\(\d{1,3}\))?[ \t]{0,3}[:：][ \t]{0,3}"
)
_FORWARD = re.compile(
    r"(?i)(?:fwd?|wg|tr|rv|enc|doorst|vb|vl|pd|转发|轉寄)"
    r"(?:\[\d{1,3}\]|\(\d{1,3}\))?[ \t]{0,3}[:：]"
)
_SPACES = re.compile(r"\s+")
_FOLD = re.compile(r"[\s>]+")
_TAG_END = re.compile(r" #(\d{1,10})\]")


def base(subject: str, names: tuple[str, ...]) -> str:
    """Return a subject without reply marks and without our tags (RFC 5322 §3.6.5).

    `names` are the mailboxes' names: `[Name #12]` is ours, `[other #12]` is the sender's own.
    """
    text = _SPACES.sub(" ", subject[: 2 * SUBJECT_CHARACTERS_MAX]).strip()
    tag = _tag(names)
    while True:
        found = _PREFIX.match(text) or tag.match(text)
        if found is None:
            break
        text = text[found.end() :].lstrip()
    return tag.sub("", text).strip()[:SUBJECT_CHARACTERS_MAX]


def is_reply(subject: str) -> bool:
    """Tell whether a subject is marked as a reply or a forward, in whatever language."""
    return _PREFIX.match(subject.lstrip()[:SUBJECT_CHARACTERS_MAX]) is not None


def is_forward(subject: str) -> bool:
    """Tell whether the outermost mark of a subject is that of a forward."""
    return _FORWARD.match(subject.lstrip()[:SUBJECT_CHARACTERS_MAX]) is not None


def tag(name: str, number: int) -> str:
    """Return the tag that people see: `[Name #N]`."""
    return f"[{name} #{number}]"


def tagged_number(subject: str, names: tuple[str, ...]) -> int:
    """Return the ticket number of the first tag of ours, or 0; it proves nothing."""
    found = _tag(names).search(subject[: 2 * SUBJECT_CHARACTERS_MAX])
    return int(found.group(1)) if found else 0


def tagged_numbers(text: str, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the numbers of all tags in a text, each once, those of ours first.

    Quotes break a tag over lines, and a mailbox may have had another name: any `[name #12]`
    counts, since it proves nothing.
    """
    line = _FOLD.sub(" ", text)
    ours = _tag(tuple(_FOLD.sub(" ", name) for name in names))
    found = (*ours.finditer(line), *_TAG_END.finditer(line))
    return tuple(dict.fromkeys(int(one[1]) for one in found))


def _tag(names: tuple[str, ...]) -> re.Pattern[str]:
    known = "|".join(re.escape(name) for name in names) or r"(?!)"
    return re.compile(rf"[ \t]?\[(?:{known}) #(\d{{1,10}})\]", re.IGNORECASE)

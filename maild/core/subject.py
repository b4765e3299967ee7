"""Subjects: the base that a conversation keeps, and the tag that people see."""

from __future__ import annotations

import re

SUBJECT_CHARACTERS_MAX = 500
_PREFIX = re.compile(
    r"(?i)(?:re|aw|sv|vs|antw(?:ort)?|odp|rif|ris|res|r|ref|fwd?|wg|tr|rv|enc|i|vl|vb|doorst|réf|rép(?:onse)?|respuesta|svar|答复|回复|转发)"
    r"(?:\[\d{1,3}\]|\(\d{1,3}\))?[ \t\xa0]{0,3}[:：][ \t]{0,3}"
)
_FORWARD = re.compile(
    r"(?i)(?:fwd?|wg|tr|rv|enc|doorst|vb|vl|pd|转发|轉寄)"
    r"(?:\[\d{1,3}\]|\(\d{1,3}\))?[ \t]{0,3}[:：]"
)
_SPACES = re.compile(r"\s+")
_FOLD = re.compile(r"[\s>]+")
_WORD = re.compile(r"[^\W_]+")
_NO_NEWS = re.compile("ext(?:ern(?:al|[eo])?)?|suspected|spam|eom|re|aw|sv|antwort|fwd?|wg|tr|rv")
"""What servers on the way and mail programs add to a subject, wherever they put it."""
_MACHINE = re.compile(
    r"(?i)(?:gelesen|read|lu|leído|automati(?:sche antwort|c reply)"
    r"|réponse automatique|respuesta automática)[ \xa0]{0,3}[:：]"
)
_BRACKET = re.compile(r"\[([^\[\]]{1,80})\]")
_GATEWAY_WORDS = """
    ext external extern externe externes externer externo externa sender senders absender from von
    email e mail message nachricht mensaje caution warning attention vorsicht achtung
    unverified verified not nicht verifiziert suspected spam secure encrypted verschlüsselt sicher
    """
_ADDED = frozenset(_GATEWAY_WORDS.split())
"""What gateways write into brackets of their own."""
_SEALED = re.compile(r"(?i) [-–|] ?(?:secure|encrypted|verschlüsselt|external|extern)$")
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


def is_news(subject: str, known: str, names: tuple[str, ...]) -> bool:
    """Tell whether the base of a subject has words that the base `known` has not.

    What gateways and programs add is none, nor is a subject that was cut short.
    """
    text = _bare(subject, names).casefold()
    if _SPACES.sub(" ", known).casefold().startswith(text.rstrip(".… ")):
        return False
    words = set(_WORD.findall(text))
    words -= set(_WORD.findall(known.casefold()))
    return any(_NO_NEWS.fullmatch(word) is None for word in words)


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


def _bare(subject: str, names: tuple[str, ...]) -> str:
    """Return the base without what gateways and answering machines put around it."""
    text = _BRACKET.sub(_unless_added, base(subject, names)).strip()
    text = _MACHINE.sub("", base(_SEALED.sub("", text), names), count=1)
    return base(text, names)


def _unless_added(bracket: re.Match[str]) -> str:
    words = _WORD.findall(bracket[1].casefold())
    return "" if _ADDED.issuperset(words) else bracket[0]


def _tag(names: tuple[str, ...]) -> re.Pattern[str]:
    known = "|".join(re.escape(name) for name in names) or r"(?!)"
    return re.compile(rf"[ \t]?\[(?:{known}) #(\d{{1,10}})\]", re.IGNORECASE)

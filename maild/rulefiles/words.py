"""The words of a condition: what is read before CEL is asked, and what CEL does not check.

CEL finds an unknown name only when it evaluates it, which may be never. Here every name is
compared with `core.rule.FIELDS` and with the functions that CEL has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from maild.core import agenda, survey
from maild.core.mail import Kind, Source
from maild.core.rule import FIELDS, WEEKDAYS, RuleEvent
from maild.core.ticket import Priority, State
from maild.core.trust import Level
from maild.settings.problems import nearest

LENGTH_MAX = 4096
DEPTH_MAX = 20
LOOPS_MAX = 2
FUNCTIONS = frozenset({"size", "int", "uint", "double", "string", "bytes", "type"}) | {
    "timestamp",
    "duration",
    "dyn",
    "has",
}
METHODS = frozenset({"contains", "startsWith", "endsWith", "matches", "size"}) | {
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
}
LOOPS = frozenset({"all", "exists", "exists_one", "map", "filter"})
VALUES: Mapping[str, frozenset[str]] = {
    "mail.kind": frozenset(Kind),
    "mail.source": frozenset(Source),
    "mail.trust": frozenset(level.label for level in Level),
    "ticket.state": frozenset(State),
    "ticket.priority": frozenset(Priority),
    "deadline.kind": frozenset(agenda.Kind),
    "survey.kind": frozenset(survey.Kind),
    "survey.via": frozenset(survey.Via),
    "event.name": frozenset(RuleEvent),
    "now.weekday": frozenset(WEEKDAYS),
}
_LITERALS = frozenset({"true", "false", "null", "in"})
_COMPARING = frozenset({"==", "!=", "<", "<=", ">", ">="})
_WORD = re.compile(
    r"(?P<space>(?:[ \t\r\n]|//[^\n]*)+)"
    r'|(?P<string>[rRbB]{0,2}(?:"""(?:[^"\\]|\\(?s:.)|"(?!""))*"""|'
    r"'''(?:[^'\\]|\\(?s:.)|'(?!''))*'''|"
    r'"(?:[^"\\\n]|\\.)*"|'
    r"'(?:[^'\\\n]|\\.)*'))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>\d[0-9A-Fa-fxXuU.]*)"
    r"|(?P<sign>&&|\|\||[=!<>]=|(?s:.))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of a condition."""

    kind: str
    """`string`, `name`, `number` or `sign`."""
    text: str
    start: int
    """Position in the condition, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Something wrong in a condition."""

    start: int
    text: str


def split(condition: str) -> tuple[Word, ...]:
    """Take a condition apart; anything that CEL does not know becomes a sign."""
    return tuple(
        Word(kind=found.lastgroup or "sign", text=found[0], start=found.start())
        for found in _WORD.finditer(condition)
        if found.lastgroup != "space"
    )


def oversized(condition: str) -> Misfit | None:
    """Tell whether a condition is too long or too deep to be given to CEL."""
    if len(condition) > LENGTH_MAX:
        text = f"the condition has {len(condition)} characters; {LENGTH_MAX} are allowed"
        return Misfit(start=0, text=text)
    depth = 0
    opened: list[bool] = []
    words = split(condition)
    for at, word in enumerate(words):
        if word.text in ("(", "[", "{"):
            opened.append(at > 0 and words[at - 1].text in LOOPS)
            depth = max(depth, len(opened))
        elif word.text in (")", "]", "}") and opened:
            opened.pop()
        if sum(opened) > LOOPS_MAX:
            return Misfit(
                start=word.start,
                text=f"more than {LOOPS_MAX} of exists, all, map, filter inside each other",
            )
    if depth > DEPTH_MAX:
        return Misfit(start=0, text=f"brackets are nested {depth} deep; {DEPTH_MAX} are allowed")
    return None


def misfits(words: tuple[Word, ...], values: Mapping[str, frozenset[str]]) -> tuple[Misfit, ...]:
    """Return every name that means nothing, and every text that a field never has, in order.

    `values` tells, for fields such as `ticket.queue`, all texts that they can have.
    """
    found = (*_misfits(words, _own_names(words)), *_never(words, values))
    return tuple(sorted(found, key=lambda misfit: misfit.start))


def fields_used(words: tuple[Word, ...]) -> frozenset[tuple[str, str]]:
    """Return the (table, field) pairs that a condition without misfits names."""
    return frozenset(
        (word.text, words[at + 2].text)
        for at, word in enumerate(words)
        if _is_root(words, at) and word.text in FIELDS and _text(words, at + 1) == "."
    )


def patterns(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Return the texts that are written as argument of `matches`."""
    return tuple(
        words[at + 2]
        for at, word in enumerate(words)
        if word.text == "matches"
        and _text(words, at + 1) == "("
        and _kind(words, at + 2) == "string"
        and _text(words, at + 3) == ")"
    )


def headers(words: tuple[Word, ...]) -> tuple[str, ...]:
    """Return the names of header fields that are asked for: `mail.headers["x-priority"]`."""
    return tuple(
        _written(words[at + 2])
        for at, word in enumerate(words)
        if word.text == "headers"
        and _text(words, at + 1) == "["
        and _kind(words, at + 2) == "string"
    )


def _written(word: Word) -> str:
    """Return what stands between the quotes, whatever letters stand before them."""
    quoted = word.text.lstrip("rRbB")
    return quoted.strip(quoted[0])


def _own_names(words: tuple[Word, ...]) -> frozenset[str]:
    """Return the names that `exists(x, ...)` and the like bind."""
    return frozenset(
        words[at + 2].text
        for at, word in enumerate(words)
        if word.text in LOOPS
        and _text(words, at - 1) == "."
        and _text(words, at + 1) == "("
        and _kind(words, at + 2) == "name"
        and _text(words, at + 3) == ","
    )


def _misfits(words: tuple[Word, ...], own: frozenset[str]) -> Iterator[Misfit]:
    """Judge each name by what stands around it."""
    for at, word in enumerate(words):
        if word.kind == "name" and word.text not in _LITERALS:
            if _text(words, at + 1) == "(":
                yield from _call(words, at)
            elif _is_root(words, at):
                yield from _root(words, at, own)


def _call(words: tuple[Word, ...], at: int) -> Iterator[Misfit]:
    """Judge a name with a bracket behind it."""
    is_free = _is_root(words, at)
    if words[at].text not in (FUNCTIONS if is_free else METHODS | LOOPS):
        yield _unknown(words[at], "function", FUNCTIONS if is_free else METHODS | LOOPS)


def _root(words: tuple[Word, ...], at: int, own: frozenset[str]) -> Iterator[Misfit]:
    """Judge a name that stands by itself."""
    if words[at].text in FIELDS:
        yield from _field(words, at, own)
    elif words[at].text not in own:
        is_field = _text(words, at + 1) == "." and _kind(words, at + 2) == "name"
        text = f"{words[at].text}.{words[at + 2].text}" if is_field else words[at].text
        word = Word(kind="name", text=text, start=words[at].start)
        yield _unknown(word, "field", _all_fields())


def _field(words: tuple[Word, ...], at: int, own: frozenset[str]) -> Iterator[Misfit]:
    """Judge `mail`, `ticket` or `customer` with the field behind it."""
    table = words[at]
    if table.text in own:
        if _text(words, at + 1) == ",":
            text = f"{table.text!r} cannot also be a name of your own"
            yield Misfit(start=table.start, text=text)
    elif _text(words, at + 1) != "." or _kind(words, at + 2) != "name":
        example = f"{table.text}.{next(iter(FIELDS[table.text]))}"
        text = f"{table.text!r} is no value by itself; name a field of it, such as {example}"
        yield Misfit(start=table.start, text=text)
    elif words[at + 2].text not in FIELDS[table.text]:
        known = frozenset(f"{table.text}.{name}" for name in FIELDS[table.text])
        word = Word(kind="name", text=f"{table.text}.{words[at + 2].text}", start=table.start)
        yield _unknown(word, "field", known)
    elif _text(words, at + 3) in _COMPARING:
        yield from _compared(words, at)


def _compared(words: tuple[Word, ...], at: int) -> Iterator[Misfit]:
    """Judge `ticket.tier == "2"`: CEL takes that for false, always, and says nothing."""
    table, name, other = words[at].text, words[at + 2].text, words[at + 4 : at + 5]
    kind = FIELDS[table][name]
    given = _type_of(other[0]) if other else ""
    if given and given != kind:
        text = f"{table}.{name} is of type {kind}, but {other[0].text} is of type {given}"
        yield Misfit(start=words[at].start, text=text)


def _type_of(word: Word) -> str:
    """Return the type of a text, a number, true or false; empty for anything else."""
    if word.text in ("true", "false"):
        return "bool"
    return {"string": "string", "number": "int"}.get(word.kind, "")


def _never(words: tuple[Word, ...], values: Mapping[str, frozenset[str]]) -> Iterator[Misfit]:
    """Judge `ticket.queue == "suport"` and `mail.kind in ["bounce", "vacation"]`."""
    for at, word in enumerate(words):
        name = f"{word.text}.{_text(words, at + 2)}"
        if _is_root(words, at) and _text(words, at + 1) == "." and values.get(name):
            for given in _compared_texts(words, at + 3):
                text = given.text[1:-1]
                if given.text[0] in "\"'" and text and text not in values[name]:
                    hint = nearest(text, values[name])
                    yield Misfit(start=given.start, text=f"{name} is never {text!r}{hint}")


def _compared_texts(words: tuple[Word, ...], at: int) -> Iterator[Word]:
    """Give the texts behind `==`, `!=` or `in [`, without those that need decoding."""
    texts = words[at + 1 : at + 2] if _text(words, at) in ("==", "!=") else ()
    if _text(words, at) == "in" and _text(words, at + 1) == "[":
        ends = (n for n in range(at + 2, len(words)) if words[n].text == "]")
        texts = words[at + 2 : next(ends, len(words))]
    for word in texts:
        if word.kind == "string" and "\\" not in word.text and word.text[1:2] != word.text[:1]:
            yield word


def _all_fields() -> frozenset[str]:
    """Return every field with its table."""
    return frozenset(f"{table}.{name}" for table, names in FIELDS.items() for name in names)


def _unknown(word: Word, kind: str, known: frozenset[str]) -> Misfit:
    """Say that a name means nothing, and which one was perhaps meant."""
    if kind == "function" and word.text in METHODS | LOOPS:
        text = f"{word.text!r} belongs behind a field: mail.subject.{word.text}(...)"
        return Misfit(start=word.start, text=text)
    by_end = {name.rpartition(".")[2]: name for name in sorted(known, reverse=True)}
    meant = by_end.get(word.text.rpartition(".")[2])
    hint = f"; did you mean {meant!r}?" if meant else nearest(word.text, known)
    return Misfit(start=word.start, text=f"there is no {kind} {word.text!r}{hint}")


def _is_root(words: tuple[Word, ...], at: int) -> bool:
    """Tell whether a name stands by itself and not behind a dot."""
    return words[at].kind == "name" and _text(words, at - 1) != "."


def _text(words: tuple[Word, ...], at: int) -> str:
    """Return the text of a word; empty beyond either end."""
    return words[at].text if 0 <= at < len(words) else ""


def _kind(words: tuple[Word, ...], at: int) -> str:
    """Return the kind of a word; empty beyond either end."""
    return words[at].kind if 0 <= at < len(words) else ""

"""`when` -> a condition that can be asked and never raises [CEL].

Strategy: CEL compiles; the names are compared with the known fields (`words`); then the condition
is tried on sample contexts, whole and in the parts between `&&` and `||`, because CEL finds a
wrong type, a wrong argument or a bad pattern only where it evaluates. What no sample reaches (the
other side of `? :`, the rest of a loop) or fails on some values only (`int(mail.subject)`) makes
the condition false on a real mail and is told in the verdict.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from maild.core.rule import Condition, Context, Judge, Verdict
from maild.rulefiles import samples, words
from maild.rulefiles.expressions import cel
from maild.rulefiles.words import Misfit, Word

_SLOW_SECONDS = 0.1
_TRIES = 3
_PLAIN = frozenset({str, int, bool})
_SHORT = 100
"""Longer texts are not kept in memory to save a question."""
_FEW = 8
"""Nor are longer lists of them."""
_ERRORS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_AT = re.compile(r"<input>:(\d+):(\d+): ([^\n]*)")
_REFUSED = re.compile(r"Undefined variable or function: '(\w+)'")
"""What CEL says of a function that it knows, but not for such values; names are checked before."""
_EXPECTING = re.compile(r" expecting .*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A checked condition; `program` is None for the one that always holds."""

    program: cel.Program | None = None
    fields: frozenset[tuple[str, str]] = frozenset()
    """Only these are handed to CEL: converting a whole mail costs fifty times an evaluation."""

    def holds(self, context: Context) -> bool:
        """Tell whether the condition holds; false when it cannot be evaluated."""
        return self.judge(context).holds

    def judge(self, context: Context) -> Verdict:
        """Evaluate the condition; an absent key of `mail.headers` is false and no error."""
        if self.program is None:
            return Verdict(holds=True)
        plain = self._plain(context)
        return self.evaluated(self.excerpt(context)) if plain is None else _known(self, *plain)

    def evaluated(self, excerpt: dict[str, dict[str, object]]) -> Verdict:
        """Ask CEL, handing over no more than the fields that the condition names."""
        assert self.program is not None, "what always holds is not asked"
        try:
            result = self.program.execute(excerpt)
        except KeyError as error:
            return Verdict(holds=False, error=self._absent(error))
        except _ERRORS as error:
            return Verdict(holds=False, error=f"{type(error).__name__}: {_first_line(error)}")
        if not isinstance(result, bool):
            return Verdict(holds=False, error=f"the result is {result!r}, not true or false")
        return Verdict(holds=result)

    def excerpt(self, context: Context) -> dict[str, dict[str, object]]:
        """Pick the fields that the condition names."""
        excerpt: dict[str, dict[str, object]] = {}
        for table, field in self.fields:
            values = context.get(table)
            if isinstance(values, Mapping) and field in values:
                excerpt.setdefault(table, {})[field] = values[field]
            else:
                excerpt.setdefault(table, {})
        return excerpt

    def _plain(self, context: Context) -> tuple[object, ...] | None:
        """Return the values of the fields where all are there, short and plain; else None."""
        plain: list[object] = []
        for table, field in self.fields:
            values = context.get(table)
            value = values.get(field) if isinstance(values, Mapping) else None
            kept = _few(value) if type(value) is list else _short(value)
            if kept is None:
                return None
            plain.append(kept)
        return tuple(plain)

    def _absent(self, error: KeyError) -> str:
        """Tell an absent field, which is an error, from an absent header, which is none."""
        name = str(error.args[0]).strip("'\"") if error.args else ""
        return (
            f"the field {name!r} is not known here" if name in {f for _, f in self.fields} else ""
        )


def _short(value: object) -> object:
    """Return a plain value that is short; None for another."""
    is_long = type(value) is str and len(value) > _SHORT
    return value if type(value) in _PLAIN and not is_long else None


def _few(values: list[object]) -> tuple[str, ...] | None:
    """Return a list of a few short texts, such as the tags of a ticket; None for another."""
    if len(values) > _FEW:
        return None
    texts = tuple(one for one in values if type(one) is str and len(one) <= _SHORT)
    return texts if len(texts) == len(values) else None


ALWAYS = Compiled()


@lru_cache(maxsize=4096, typed=True)
def _known(condition: Compiled, *values: object) -> Verdict:
    """Remember verdicts: the same few states, queues and segments are asked about all day.

    The values are those of the fields of the condition, in their order; a list is a tuple here.
    """
    excerpt: dict[str, dict[str, object]] = {}
    for (table, field), value in zip(condition.fields, values, strict=True):
        excerpt.setdefault(table, {})[field] = list(value) if type(value) is tuple else value
    return condition.evaluated(excerpt)


def compiled(
    text: str, values: Mapping[str, frozenset[str]] = words.VALUES
) -> Compiled | tuple[Misfit, ...]:
    """Compile and check a condition; return all that is wrong with it instead if anything is.

    `values` tells, for fields such as `ticket.queue`, all texts that they can have.
    """
    too_much = words.oversized(text)
    if too_much:
        return (too_much,)
    try:
        program = cel.compile(text)
    except ValueError as error:
        return (_syntax(error, text),)
    parts = words.split(text)
    wrong = (*words.misfits(parts, values), *_bad_patterns(parts))
    if wrong:
        return wrong
    condition = Compiled(program=program, fields=words.fields_used(parts))
    tried = _bad_types(text, parts) or _too_slow(condition)
    return (tried,) if tried else condition


def ask(condition: Compiled) -> tuple[Condition, Judge]:
    """Return what the core asks."""
    return condition.holds, condition.judge


def _syntax(error: ValueError, text: str) -> Misfit:
    """Read CEL's message: where, and what."""
    found = _AT.search(str(error))
    if not found:
        return Misfit(start=0, text="CEL cannot read this condition")
    start = sum(len(line) + 1 for line in text.split("\n")[: int(found[1]) - 1])
    start += int(found[2]) - 1
    what = _EXPECTING.sub("", found[3].removeprefix("Syntax error: "))
    if "<EOF>" in what:
        what = "it ends too early: a bracket or a value is missing"
    elif what.startswith("token recognition error at: '= "):
        what = "a single '='; to compare, write '=='"
    elif what.startswith(("token recognition error at: '\"", 'token recognition error at: "')):
        what = "a text that is not closed, or has a backslash CEL does not know"
    else:
        what = what.replace("token recognition error at:", "CEL does not know")
        what = re.sub(r"^(?:mismatched|extraneous) input ", "nothing CEL expects here: ", what)
    return Misfit(start=start, text=f"the condition cannot be read: {what}")


def _bad_patterns(parts: tuple[Word, ...]) -> tuple[Misfit, ...]:
    """Try every pattern that is written as argument of `matches`."""
    wrong = []
    for word in words.patterns(parts):
        try:
            cel.evaluate(f'"".matches({word.text})')
        except _ERRORS as error:
            reason = str(error).partition("error: ")[2].partition(". Check function")[0]
            reason = reason.rpartition("error: ")[2] or "it cannot be read"
            text = f"the pattern {word.text} is no regular expression: {reason}"
            wrong.append(Misfit(start=word.start, text=text))
    return tuple(wrong)


def _bad_types(text: str, parts: tuple[Word, ...]) -> Misfit | None:
    """Try the parts between `&&` and `||`, then the whole; each must say true or false."""
    for start, end in (*_clauses(parts), (0, len(parts))):
        first, last = parts[start], parts[end - 1]
        clause = text[first.start : last.start + len(last.text)]
        wrong = _bad_type(clause)
        if wrong:
            return Misfit(start=first.start, text=wrong)
    return None


def _bad_type(clause: str) -> str:
    """Try one part on both samples; return what is wrong, or the empty text."""
    try:
        program = cel.compile(clause)
    except ValueError:
        return ""
    parts = words.split(clause)
    part = Compiled(program=program, fields=words.fields_used(parts))
    for context in (samples.full(words.headers(parts)), samples.plain()):
        error = part.judge(context).error
        if error.startswith("TypeError"):
            return f"{clause!r} compares or joins values of different types"
        refused = _REFUSED.search(error)
        if refused:
            what = "values of a type or number that it does not take"
            return f"{clause!r} gives {refused[1]!r} {what}"
        if error.startswith("the result"):
            return f"{clause!r} is neither true nor false: {error}"
    return ""


def _clauses(parts: tuple[Word, ...]) -> list[tuple[int, int]]:
    """Return (start, end) of the parts between `&&` and `||`, brackets around them taken off.

    A loop's inside is left alone: it names things that exist only there.
    """
    waiting = [(0, len(parts))]
    found: list[tuple[int, int]] = []
    while waiting:
        start, end = waiting.pop()
        start, end = _bare(parts, start, end)
        cuts = _cuts(parts, start, end)
        if cuts:
            edges = [start - 1, *cuts, end]
            waiting.extend((a + 1, b) for a, b in pairwise(edges))
        elif start < end:
            found.append((start, end))
    return sorted(found)


def _bare(parts: tuple[Word, ...], start: int, end: int) -> tuple[int, int]:
    """Take `!` and one pair of brackets after another from around a part."""
    while start < end:
        if parts[start].text == "!":
            start += 1
        elif parts[start].text == "(" and _closing(parts, start) == end - 1:
            start, end = start + 1, end - 1
        else:
            break
    return start, end


def _closing(parts: tuple[Word, ...], start: int) -> int:
    """Return where the bracket that opens at `start` closes."""
    depth = 0
    for at in range(start, len(parts)):
        depth += (parts[at].text in ("(", "[", "{")) - (parts[at].text in (")", "]", "}"))
        if depth == 0:
            return at
    return len(parts)


def _cuts(parts: tuple[Word, ...], start: int, end: int) -> list[int]:
    """Return where `&&` and `||` stand outside of brackets; none when `? :` is around them."""
    depth, cuts = 0, []
    for at in range(start, end):
        text = parts[at].text
        depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
        if depth == 0 and text == "?":
            return []
        if depth == 0 and text in ("&&", "||"):
            cuts.append(at)
    return cuts


def _too_slow(condition: Compiled) -> Misfit | None:
    """Try the largest mail that the limits let through."""
    context = samples.large()
    if any(_seconds(condition, context) <= _SLOW_SECONDS for _ in range(_TRIES)):
        return None
    text = f"takes longer than {_SLOW_SECONDS} s for the largest mail that is let in"
    return Misfit(start=0, text=text)


def _seconds(condition: Compiled, context: Context) -> float:
    """Measure one evaluation in processor time, which a busy machine does not change.

    CEL itself is asked: a verdict that is remembered tells nothing about the next mail.
    """
    excerpt = condition.excerpt(context)
    began = time.thread_time()
    condition.evaluated(excerpt)
    return time.thread_time() - began


def _first_line(error: Exception) -> str:
    """Shorten CEL's explanations."""
    return str(error).partition("\n")[0].partition(". ")[0]

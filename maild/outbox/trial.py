"""Every template tried with sample values, before anybody's mail is made of it.

A template that does not look at the reason says the same for each of them: what it cannot tell
apart is tried once.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from jinja2 import Template, TemplateError, TemplateSyntaxError
from markupsafe import Markup

from maild.errors import Problem
from maild.outbox.samples import samples
from maild.outbox.sandbox import Sandbox, Source, bounded
from maild.outbox.values import Values
from maild.outbox.words import Words

_FIELDS = tuple(field.name for field in fields(Values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A template to be tried."""

    name: str
    """What the sandbox knows it by."""
    template: Template
    source: Source
    words: Words


def context_of(values: Values, words: Words) -> dict[str, object]:
    """Return what a template sees."""
    context: dict[str, object] = {field: getattr(values, field) for field in _FIELDS}
    context["html"] = Markup(values.html)  # noqa: S704 - sanitised by maild.html
    context["words"] = words
    return context


def problems(sandbox: Sandbox, candidates: Iterable[Candidate]) -> list[Problem]:
    """Render each with every sample that it can tell from the others; at most one problem each."""
    every = Samples()
    found = []
    for one in candidates:
        for values in every.different(sandbox.reads(one.name)):
            problem = _try(one.template, context_of(values, one.words), one.source)
            if problem:
                found.append(problem)
                break
    return found


class Samples:
    """All samples, and which of them look the same."""

    def __init__(self) -> None:
        """Compare each variable of each sample once."""
        self._every = tuple(samples())
        self._kinds = {
            field: _kinds([getattr(values, field) for values in self._every]) for field in _FIELDS
        }

    def different(self, seen: frozenset[str] | None) -> list[Values]:
        """Return one of all samples in which these variables are the same; None for every one."""
        kinds = [self._kinds[field] for field in _FIELDS if seen is None or field in seen]
        first: dict[tuple[int, ...], Values] = {}
        for n, values in enumerate(self._every):
            first.setdefault(tuple(kind[n] for kind in kinds), values)
        return list(first.values())


def _kinds(values: list[object]) -> list[int]:
    """Give equal values equal numbers."""
    return [values.index(value) for value in values]


def _try(template: Template, context: Mapping[str, object], source: Source) -> Problem | None:
    """Render once; tell the innermost line of a template that failed."""
    try:
        bounded(template, context)
    except TemplateSyntaxError as error:
        return Problem(
            file=error.filename or source.file, line=error.lineno, text=str(error.message)
        )
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == source.file or frame.filename.endswith(".html")
        ]
        file, line = (frames[-1].filename, frames[-1].lineno or 0) if frames else (source.file, 0)
        return Problem(file=file, line=line, text=str(error) or type(error).__name__)
    return None

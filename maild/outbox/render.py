"""Templates to words, by Jinja2 in a sandbox; the only file that knows Jinja2.

Strategy: everything is read, compiled and tried with sample values in every language at load, so
that a template that loads also renders. A template comes only from the operator's folders, never
from a mail; what a mail brings is a value that is printed. Work is bounded all the same: no
multiplication of texts, short ranges, a fixed list of filters, a largest output.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from maild.errors import ConfigError, PermanentError, Problem
from maild.metrics import Metric, count
from maild.outbox import canned
from maild.outbox import words as wordlist
from maild.outbox.columns import column
from maild.outbox.samples import samples
from maild.outbox.values import Values
from maild.outbox.words import Words

FALLBACK = "en"
"""The language that every template must exist in."""

OUTPUT_MAX = 32 * 1024 * 1024
"""Characters that one template may produce."""

SHIPPED = (
    "acknowledgement",
    "acknowledgement-unverified",
    "reply",
    "notification",
    "reminder",
    "escalation",
    "digest",
    "report",
    "announcement",
    "survey-csat",
    "survey-nps",
    "survey-answer",
    "transcript",
    "held",
    "confirm",
    "refused",
    "undelivered",
    "delayed",
    "unpaged",
)
"""The templates that the daemon itself asks for."""

_NAME = re.compile(
    r"(?P<language>[a-z]{2,3})/(?P<name>[a-z0-9][a-z0-9-]*)"
    r"(?P<ending>\.subject\.txt|\.page\.html|\.txt|\.html)"
)
_ENDINGS = (".txt", ".html", ".subject.txt")
_PAGE = ".page.html"
PAGES = ("confirm", "survey", "unsubscribe", "notice", "wall")
"""The pages that the daemon itself shows."""
_RANGE_MAX = 1000
_SOURCE_MAX = 256 * 1024
_FILTERS = [
    "default",
    "d",
    "e",
    "escape",
    "first",
    "forceescape",
    "int",
    "join",
    "last",
    "length",
    "count",
    "list",
    "lower",
    "replace",
    "reverse",
    "round",
    "sort",
    "string",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "wordwrap",
]
_FIELDS = tuple(field.name for field in fields(Values))
_Key = tuple[str, str, str]
"""Language, name, ending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a template says."""

    text: str
    html: str
    """Empty when the template has no HTML."""
    subject: str
    """Empty when the template leaves the subject to the ticket."""


class Renderer:
    """Every template of every language, loaded once; safe to share between threads."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        """Read, compile and try all templates; ConfigError with every problem.

        A file in an earlier folder replaces that of the same path in a later one.
        """
        sources = _read(folders)
        self._environment = _environment(sources)
        self._templates, problems = _compile(self._environment, sources)
        self._words, more = _all_words(sources)
        problems += more
        try:
            self.canned = canned.read(folders)
        except ConfigError as error:
            problems += error.problems
        if not problems:
            problems += self._missing() + self._tried(sources)
        if problems:
            raise ConfigError(tuple(problems))

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that have words, sorted."""
        return tuple(sorted(self._words))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the templates that may be asked for, sorted."""
        return tuple(sorted({key[1] for key in self._templates if key[2] == ".txt"}))

    @property
    def delimiters(self) -> tuple[str, ...]:
        """The "reply above this line" lines of every language."""
        return tuple(self._words[language].delimiter for language in self.languages)

    def language(self, *wanted: str) -> str:
        """Return the first wanted language (`de`, `pt-BR`) that we speak, else English."""
        bases = (one.lower().partition("-")[0] for one in wanted)
        return next((base for base in bases if base in self._words), FALLBACK)

    def words(self, language: str) -> Words:
        """Return the small words of a language; English where there are none."""
        return self._words.get(language, self._words[FALLBACK])

    def has(self, name: str) -> bool:
        """Tell whether a template of this name exists (in English, hence for everybody)."""
        return (FALLBACK, name, ".txt") in self._templates

    def render(self, name: str, language: str, values: Values) -> Rendered:
        """Fill in a template, in English where the language lacks it.

        PermanentError when there is no such template, or it fails on these values.
        """
        found = language if (language, name, ".txt") in self._templates else FALLBACK
        if (found, name, ".txt") not in self._templates:
            raise PermanentError(f"there is no template {name!r}")
        context = {field: getattr(values, field) for field in _FIELDS}
        context["html"] = Markup(values.html)  # noqa: S704 - sanitised by maild.html
        context["words"] = self.words(found)
        try:
            text, html, subject = (self._one((found, name, end), context) for end in _ENDINGS)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            count(Metric.TEMPLATE_ERRORS, template=name)
            raise PermanentError(f"the template {found}/{name} failed: {error}") from error
        return Rendered(text=text, html=html, subject=subject)

    def page(self, name: str, language: str, values: Values) -> str:
        """Fill in a page, in English where the language lacks it; PermanentError as above."""
        found = language if (language, name, _PAGE) in self._templates else FALLBACK
        context = {field: getattr(values, field) for field in _FIELDS}
        context["words"] = self.words(found)
        try:
            return self._one((found, name, _PAGE), context)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            count(Metric.TEMPLATE_ERRORS, template=name)
            raise PermanentError(f"the page {found}/{name} failed: {error}") from error

    def _one(self, key: _Key, context: Mapping[str, object]) -> str:
        template = self._templates.get(key)
        return _bounded(template, context) if template else ""

    def _missing(self) -> list[Problem]:
        """Every template needs a plain text in English, or somebody would get nothing."""
        problems = [
            Problem(file=f"{FALLBACK}/{name}.txt", line=0, text="this template must exist")
            for name in SHIPPED
            if not self.has(name)
        ]
        problems += [
            Problem(file=f"{FALLBACK}/{name}{_PAGE}", line=0, text="this page must exist")
            for name in PAGES
            if (FALLBACK, name, _PAGE) not in self._templates
        ]
        for language, name, ending in sorted(self._templates):
            if ending == _PAGE:
                continue
            if ending != ".txt" and (language, name, ".txt") not in self._templates:
                text = f"there is no {name}.txt beside it"
                problems.append(Problem(file=f"{language}/{name}{ending}", line=0, text=text))
            elif not self.has(name) and name not in SHIPPED:
                text = f"there is no {FALLBACK}/{name}.txt to fall back on"
                problems.append(Problem(file=f"{language}/{name}{ending}", line=0, text=text))
        return problems

    def _tried(self, sources: Mapping[str, _Source]) -> list[Problem]:
        """Render everything with every sample; at most one problem a template."""
        problems = []
        for (language, name, ending), template in sorted(self._templates.items(), key=_by_key):
            source = sources[f"{language}/{name}{ending}"]
            for values in samples():
                context = {field: getattr(values, field) for field in _FIELDS}
                context["html"] = Markup(values.html)  # noqa: S704 - our own sample
                context["words"] = self.words(language)
                found = _try(template, context, source)
                if found:
                    problems.append(found)
                    break
        return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    file: str
    text: str


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with operators that cannot make one value huge."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Allow small sums and nothing that multiplies or formats text."""
        del context
        small = all(isinstance(one, int | float) and abs(one) < 2**53 for one in (left, right))
        if operator == "**" or not small:
            raise SecurityError(f"`{operator}` may work on small numbers only, `**` never")
        return self.binop_table[operator](left, right)


def as_html(text: str) -> Markup:
    """Return plain text as HTML: escaped, lines kept, spaces at their beginning kept."""
    lines = str(escape(text)).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Markup("<br>\n").join(Markup(_indented(line)) for line in lines)  # noqa: S704 - escaped above


def quoted(text: str) -> str:
    """Return plain text as mail quotes it: each line after `> `."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _environment(sources: Mapping[str, _Source]) -> _Environment:
    """Make the sandbox over sources that are already in memory."""

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        found = sources.get(name)
        return (found.text, found.file, lambda: True) if found else None

    environment = _Environment(
        loader=FunctionLoader(load),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    filters = {name: environment.filters[name] for name in _FILTERS}
    environment.filters = {**filters, "as_html": as_html, "column": column, "quoted": quoted}
    environment.globals = {"range": _short_range}
    return environment


def _short_range(*numbers: int) -> range:
    found = range(*numbers)
    if len(found) > _RANGE_MAX:
        raise SecurityError(f"a range may have {_RANGE_MAX} numbers")
    return found


def _read(folders: tuple[Path, ...]) -> dict[str, _Source]:
    """Read every file of every folder; the first folder wins."""
    sources: dict[str, _Source] = {}
    problems = []
    for folder in folders:
        for path in sorted((*folder.glob("*.html"), *folder.glob("*/*.*"))):
            name = path.relative_to(folder).as_posix()
            if not path.is_file() or name in sources:
                continue
            try:
                text = path.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                problems.append(Problem(file=str(path), line=0, text=f"cannot be read: {error}"))
                continue
            if len(text) > _SOURCE_MAX:
                problems.append(Problem(file=str(path), line=0, text="too long for a template"))
            sources[name] = _Source(file=str(path), text=text)
    if problems:
        raise ConfigError(tuple(problems))
    return sources


def _compile(
    environment: _Environment, sources: Mapping[str, _Source]
) -> tuple[dict[_Key, Template], list[Problem]]:
    """Compile all; a file that is no template, no words and no layout is a slip of the pen."""
    templates: dict[_Key, Template] = {}
    problems = []
    for name, source in sources.items():
        found = _NAME.fullmatch(name)
        if not found and ("/" not in name or name.endswith(("/words.toml", ".md"))):
            continue
        if not found:
            text = "templates are named LANGUAGE/NAME.txt, .html or .subject.txt"
            problems.append(Problem(file=source.file, line=0, text=text))
            continue
        try:
            templates[found["language"], found["name"], found["ending"]] = (
                environment.get_template(name)
            )
        except TemplateSyntaxError as error:
            file = error.filename or source.file
            problems.append(Problem(file=file, line=error.lineno, text=str(error.message)))
    return templates, problems


def _all_words(sources: Mapping[str, _Source]) -> tuple[dict[str, Words], list[Problem]]:
    """Read the `words.toml` of every language."""
    found: dict[str, Words] = {}
    problems: list[Problem] = []
    for name, source in sources.items():
        language, _, file = name.partition("/")
        if file == "words.toml":
            try:
                found[language] = wordlist.read(source.text, language=language, file=source.file)
            except ConfigError as error:
                problems += error.problems
    if FALLBACK not in found and not problems:
        problems.append(
            Problem(file=f"{FALLBACK}/words.toml", line=0, text="this file must exist")
        )
    return found, problems


def _try(template: Template, context: Mapping[str, object], source: _Source) -> Problem | None:
    """Render once; tell the innermost line of a template that failed."""
    try:
        _bounded(template, context)
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


def _bounded(template: Template, context: Mapping[str, object]) -> str:
    """Render; SecurityError when it produces more than anybody would read."""
    chunks = []
    room = OUTPUT_MAX
    for chunk in template.generate(context):
        room -= len(chunk)
        if room < 0:
            raise SecurityError(f"a template may produce {OUTPUT_MAX} characters")
        chunks.append(chunk)
    return "".join(chunks)


def _indented(line: str) -> str:
    """Keep the spaces at the beginning of a line, which HTML would swallow."""
    bare = line.lstrip(" ")
    return "&nbsp;" * (len(line) - len(bare)) + bare


def _by_key(item: tuple[_Key, Template]) -> _Key:
    return item[0]

"""Templates to words.

Strategy: everything is read, compiled (`sandbox`) and tried with sample values (`trial`) in every
language at load, so that a template that loads also renders; but for what is shipped and lies
there untouched, which the tests have tried (`proven`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import TemplateError, TemplateSyntaxError

from maild.errors import ConfigError, PermanentError, Problem
from maild.metrics import Metric, count
from maild.outbox import canned, proven, trial
from maild.outbox import words as wordlist
from maild.outbox.sandbox import Sandbox, Source, bounded
from maild.outbox.trial import Candidate, context_of
from maild.outbox.values import Values
from maild.outbox.words import Words

FALLBACK = "en"
"""The language that every template must exist in."""

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
_TITLED = ("acknowledgement-unverified", "survey-answer", "survey-csat", "survey-nps")
"""Mails to customers with a subject of their own."""
_PAGE = ".page.html"
PAGES = ("confirm", "survey", "unsubscribe", "notice", "wall")
"""The pages that the daemon itself shows."""
_SOURCE_MAX = 256 * 1024
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

        A file in an earlier folder replaces that of the same path in a later one. What is shipped
        and was not touched is known to work: it is compiled when it is asked for.
        """
        sources = _read(folders)
        self._sandbox = Sandbox(sources)
        self._templates, problems = _named(sources)
        known = proven.languages(folders[-1], sources)
        new = [name for (language, _, _), name in self._templates.items() if language not in known]
        problems += _compile(self._sandbox, new)
        self._words, more = _all_words(sources)
        problems += more
        try:
            self.canned = canned.read(folders)
        except ConfigError as error:
            problems += error.problems
        if not problems:
            problems += self._missing()
            problems += trial.problems(self._sandbox, self._candidates(sources, new))
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

    @property
    def fixed_subjects(self) -> tuple[str, ...]:
        """The subjects of mails to customers that are not the ticket's, in every language."""
        named = [key for key in self._templates if key[2] == ".subject.txt" and key[1] in _TITLED]
        return tuple(
            self._one(key, context_of(Values(language=key[0]), self.words(key[0])))
            for key in sorted(named)
        )

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
        context = context_of(values, self.words(found))
        try:
            text, html, subject = (self._one((found, name, end), context) for end in _ENDINGS)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            count(Metric.TEMPLATE_ERRORS, template=name)
            raise PermanentError(f"the template {found}/{name} failed: {error}") from error
        return Rendered(text=text, html=html, subject=subject)

    def page(self, name: str, language: str, values: Values) -> str:
        """Fill in a page, in English where the language lacks it; PermanentError as above."""
        found = language if (language, name, _PAGE) in self._templates else FALLBACK
        context = context_of(values, self.words(found)) | {"html": values.html}
        try:
            return self._one((found, name, _PAGE), context)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            count(Metric.TEMPLATE_ERRORS, template=name)
            raise PermanentError(f"the page {found}/{name} failed: {error}") from error

    def _one(self, key: _Key, context: Mapping[str, object]) -> str:
        name = self._templates.get(key)
        return bounded(self._sandbox.get_template(name), context) if name else ""

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

    def _candidates(
        self, sources: Mapping[str, Source], names: Sequence[str]
    ) -> Iterator[Candidate]:
        for name in sorted(names):
            words = self.words(name.partition("/")[0])
            template = self._sandbox.get_template(name)
            yield Candidate(name=name, template=template, source=sources[name], words=words)


def _read(folders: tuple[Path, ...]) -> dict[str, Source]:
    """Read every file of every folder; the first folder wins."""
    sources: dict[str, Source] = {}
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
            sources[name] = Source(file=str(path), text=text)
    if problems:
        raise ConfigError(tuple(problems))
    return sources


def _named(sources: Mapping[str, Source]) -> tuple[dict[_Key, str], list[Problem]]:
    """Find the templates; a file that is none, no words and no layout is a slip of the pen."""
    templates: dict[_Key, str] = {}
    problems = []
    for name, source in sources.items():
        found = _NAME.fullmatch(name)
        if found:
            templates[found["language"], found["name"], found["ending"]] = name
        elif "/" in name and not name.endswith(("/words.toml", ".md")):
            text = "templates are named LANGUAGE/NAME.txt, .html or .subject.txt"
            problems.append(Problem(file=source.file, line=0, text=text))
    return templates, problems


def _compile(sandbox: Sandbox, names: Iterable[str]) -> list[Problem]:
    """Compile templates; the sandbox keeps them."""
    problems = []
    for name in names:
        try:
            sandbox.get_template(name)
        except TemplateSyntaxError as error:
            file = error.filename or name
            problems.append(Problem(file=file, line=error.lineno, text=str(error.message)))
    return problems


def _all_words(sources: Mapping[str, Source]) -> tuple[dict[str, Words], list[Problem]]:
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

"""Canned texts: what agents say often, called by name, put above their own words.

A text is no template: `{{ customer }}`, `{{ agent }}` and `{{ tag }}` are replaced once, and
nothing is ever run. What a customer calls themselves is printed as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

VARIABLES = ("customer", "agent", "tag")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_VARIABLE = re.compile(r"\{\{ ?(\w{1,40}) ?\}\}")
_BRACES = re.compile(r"\{[{%#]|[}%#]\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """Every canned text of every language."""

    texts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By language and name."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that may be called, sorted."""
        return tuple(sorted({name for _, name in self.texts}))

    def languages(self, name: str) -> tuple[str, ...]:
        """The languages that a text exists in, sorted."""
        return tuple(sorted(language for language, known in self.texts if known == name))

    def text(self, name: str, *wished: str) -> str:
        """Return a text in the first wished language it exists in; empty where there is none."""
        found = (self.texts.get((language, name), "") for language in wished)
        return next((text for text in found if text), "")


def problem(name: str, text: str) -> str:
    """Return what is wrong with a canned text; empty when it may be used."""
    if not _NAME.fullmatch(name):
        return "a canned text is named with small letters, digits and hyphens"
    if not text.strip():
        return "a canned text needs words"
    unknown = sorted({found for found in _VARIABLE.findall(text) if found not in VARIABLES})
    if unknown:
        return f"unknown variable {unknown[0]!r}; there are {', '.join(VARIABLES)}"
    if _BRACES.search(_VARIABLE.sub("", text)):
        return "braces may hold a variable only, such as {{ customer }}"
    return ""


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a canned text with its variables replaced, each by one line of text."""
    return _VARIABLE.sub(lambda found: " ".join(values[found[1]].split()), text).strip("\r\n")


def as_html(text: str) -> str:
    """Return a filled text as HTML that shows it as it is."""
    return "<div>" + escape(text, quote=False).replace("\n", "<br>\n") + "</div>"

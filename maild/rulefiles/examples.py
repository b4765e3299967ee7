"""`[[rule.example]]`: what a rule should make of a mail, written beside the rule.

    [[rule.example]]
    fires = true
    mail = { subject = "Total outage", from = "anna@example.org" }
    customer = { segment = "enterprise" }

What an example does not name is that of an ordinary mail of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from maild.core.rule import FIELDS, Context, Rule
from maild.rulefiles import samples
from maild.rulefiles.entry import Entry
from maild.settings.problems import nearest

_TYPES: dict[str, tuple[type, str]] = {
    "string": (str, "text in quotes"),
    "int": (int, "a whole number"),
    "bool": (bool, "true or false"),
    "list": (list, "a list in square brackets"),
    "map": (dict, 'a table such as { x-spam = "yes" }'),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example with what came of it."""

    rule: str
    source: str
    """`file:line`, for people."""
    expected: bool
    """Whether the rule should fire."""
    fired: bool
    error: str = ""
    """Why the condition could not be evaluated; empty when it could."""

    @property
    def passed(self) -> bool:
        """Tell whether the rule did what the example says."""
        return self.expected == self.fired and not self.error


def tried(entry: Entry, rule: Rule | None) -> tuple[Example, ...]:
    """Check the shape of a rule's examples, noting problems, and try them."""
    given = entry.table.get("example", [])
    if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
        entry.tell("examples are written as [[rule.example]] tables", "example")
        return ()
    fitting = [index for index, table in enumerate(given) if _fits(entry, index, table)]
    if rule is None:
        return ()
    return tuple(_try(entry, index, given[index], rule) for index in fitting)


def _fits(entry: Entry, index: int, table: dict[str, Any]) -> bool:
    """Check keys and types of one example; note what is wrong."""
    wrong = False
    known = ("fires", *FIELDS)
    for key, value in table.items():
        if key not in known:
            entry.tell(
                f"example: there is no key {key!r}{nearest(key, known)}", "example", index, key
            )
            wrong = True
        elif key != "fires":
            wrong = not _fields_fit(entry, index, key, value) or wrong
    if not isinstance(table.get("fires"), bool):
        entry.tell("example: 'fires' must be true or false", "example", index, "fires")
        wrong = True
    return not wrong


def _fields_fit(entry: Entry, index: int, table: str, values: object) -> bool:
    """Check the fields of one table of an example; note what is wrong."""
    if not isinstance(values, dict):
        entry.tell(f"example: {table!r} must be a table of fields", "example", index, table)
        return False
    wrong = False
    for name, value in values.items():
        kind, words = _TYPES.get(FIELDS[table].get(name, ""), (None, ""))
        if kind is None:
            hint = nearest(name, FIELDS[table])
            text = f"example: there is no field '{table}.{name}'{hint}"
        elif not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            text = f"example: '{table}.{name}' must be {words}"
        else:
            continue
        entry.tell(text, "example", index, table, name)
        wrong = True
    return not wrong


def _try(entry: Entry, index: int, table: dict[str, Any], rule: Rule) -> Example:
    """Ask the rule's condition about the example."""
    verdict = rule.verdict(_context(table))
    return Example(
        rule=rule.name,
        source=f"{entry.around.file}:{entry.line('example', index)}",
        expected=table["fires"],
        fired=verdict.holds,
        error=verdict.error,
    )


def _context(table: dict[str, Any]) -> Context:
    """Lay the example's fields over an ordinary mail."""
    context: dict[str, object] = {}
    for name, values in samples.plain().items():
        assert isinstance(values, dict)
        context[name] = values | table.get(name, {})
    given = table.get("mail", {})
    if "from" in given and "from_domain" not in given:
        mail = context["mail"]
        assert isinstance(mail, dict)
        mail["from_domain"] = given["from"].rpartition("@")[2].lower()
    return context

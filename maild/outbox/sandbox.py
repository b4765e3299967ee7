"""The sandbox in which templates work, and which of the variables each of them reads.

A template comes only from the operator's folders, never from a mail; what a mail brings is a value
that is printed. Work is bounded all the same: no multiplication of texts, short ranges, a fixed
list of filters, a largest output.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from jinja2 import (
    BaseLoader,
    Environment,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    nodes,
)
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from maild.outbox.columns import column

OUTPUT_MAX = 32 * 1024 * 1024
"""Characters that one template may produce."""

_RANGE_MAX = 1000
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
_REFERENCES = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
_Parts = tuple[frozenset[str], list[Any] | None]
"""Names that a template mentions; templates that it is made of, None when it works them out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file of a template."""

    file: str
    text: str


class Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, with operators that cannot make one value huge."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def __init__(self, sources: Mapping[str, Source]) -> None:
        """Work over sources that are already in memory."""
        self._loader = _Loader(sources)
        super().__init__(
            loader=self._loader,
            autoescape=lambda name: bool(name and name.endswith(".html")),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        filters = {name: self.filters[name] for name in _FILTERS}
        self.filters = {**filters, "as_html": as_html, "column": column, "quoted": quoted}
        self.globals = {"range": _short_range}

    def reads(self, name: str) -> frozenset[str] | None:
        """Return every variable that a template may look at, and those that it is made of.

        Rather too much than too little; None when that cannot be known.
        """
        found: set[str] = set()
        waiting, done = [name], set[str]()
        while waiting:
            one = waiting.pop()
            if one not in done:
                done.add(one)
                names, parts = self._parts(one)
                if parts is None:
                    return None
                found |= names
                waiting += parts
        return frozenset(found)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Allow small sums and nothing that multiplies or formats text."""
        del context
        small = all(isinstance(one, int | float) and abs(one) < 2**53 for one in (left, right))
        if operator == "**" or not small:
            raise SecurityError(f"`{operator}` may work on small numbers only, `**` never")
        return self.binop_table[operator](left, right)

    def _parts(self, name: str) -> _Parts:
        try:
            self.get_template(name)
        except TemplateError:
            return frozenset(), None
        return self._loader.parts[name]


class _Loader(BaseLoader):
    """Compiles, and notes on the way what each template is made of."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self.parts: dict[str, _Parts] = {}

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja's name
    ) -> Template:
        """Compile a template once."""
        source = self._sources.get(name)
        if source is None:
            raise TemplateNotFound(name)
        tree = environment.parse(source.text, name, source.file)
        self.parts[name] = _parts_of(tree)
        code = environment.compile(tree, name, source.file)
        return environment.template_class.from_code(environment, code, globals or {})


def as_html(text: str) -> Markup:
    """Return plain text as HTML: escaped, lines kept, spaces at their beginning kept."""
    lines = str(escape(text)).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Markup("<br>\n".join(map(_indented, lines)))  # noqa: S704 - escaped above


def quoted(text: str) -> str:
    """Return plain text as mail quotes it: each line after `> `."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def bounded(template: Template, context: Mapping[str, object]) -> str:
    """Render; SecurityError when it produces more than anybody would read."""
    chunks = []
    room = OUTPUT_MAX
    for chunk in template.generate(context):
        room -= len(chunk)
        if room < 0:
            raise SecurityError(f"a template may produce {OUTPUT_MAX} characters")
        chunks.append(chunk)
    return "".join(chunks)


def _parts_of(tree: nodes.Template) -> _Parts:
    """Names that a template makes up itself are among them: that costs time and no truth."""
    found = list(tree.find_all((nodes.Name, *_REFERENCES)))
    told = [node.template for node in found if isinstance(node, _REFERENCES)]
    texts = [one.value for one in told if isinstance(one, nodes.Const)]
    names = frozenset(node.name for node in found if isinstance(node, nodes.Name))
    return names, texts if len(texts) == len(told) else None


def _short_range(*numbers: int) -> range:
    found = range(*numbers)
    if len(found) > _RANGE_MAX:
        raise SecurityError(f"a range may have {_RANGE_MAX} numbers")
    return found


def _indented(line: str) -> str:
    """Keep the spaces at the beginning of a line, which HTML would swallow."""
    bare = line.lstrip(" ")
    return "&nbsp;" * (len(line) - len(bare)) + bare

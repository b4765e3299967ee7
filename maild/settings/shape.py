"""The content of config.toml -> `ConfigFile`, with a sentence for whatever does not fit.

Strategy: pydantic finds every misfit in one go. What does not fit is then taken out and the rest
read again, so that the checks across keys can look at it in the same run and the operator sees
all problems at once.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from maild.settings.lines import Path
from maild.settings.problems import Problems, nearest
from maild.settings.schema import ConfigFile

_ROUNDS_MAX = 20
_STAND_IN = {"name": "maild", "domain": "localhost"}
_SENTENCES = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number without quotes",
    "date_type": "must be a date without quotes, such as 2027-06-30",
    "bool_type": "must be true or false, without quotes",
    "list_type": "must be a list in square brackets",
    "model_type": "must be a table, not a single value",
    "model_attributes_type": "must be a table, not a single value",
    "dict_type": "must be a table, not a single value",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must be at most {max_length} characters long",
    "literal_error": "must be {expected}, not {input!r}",
}


def read(data: dict[str, Any], problems: Problems) -> ConfigFile:
    """Read the file's content; note every misfit and return what fits, if need be stand-ins."""
    rest = deepcopy(data)
    config, errors = _attempt(rest)
    for error in errors:
        problems.add(_path(error), _sentence(error))
    for _ in range(_ROUNDS_MAX):
        if config:
            return config
        _take_out([(_path(error), error["type"]) for error in errors], rest, problems)
        config, errors = _attempt(rest)
    return config or ConfigFile.model_validate({"maild": _STAND_IN})


def known_keys(path: Path) -> tuple[str, ...]:
    """Return the keys that the table at a path may have; none when there is no such table."""
    model: type[BaseModel] | None = ConfigFile
    for part in path:
        if model and isinstance(part, str):
            field = model.model_fields.get(part)
            model = _model_inside(field.annotation) if field else None
    return tuple(model.model_fields) if model else ()


def _attempt(data: dict[str, Any]) -> tuple[ConfigFile | None, list[ErrorDetails]]:
    """Read once."""
    try:
        return ConfigFile(**data), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _path(error: ErrorDetails) -> Path:
    """Return where a misfit stands."""
    return tuple(error["loc"])


def _sentence(error: ErrorDetails) -> str:
    """Put a misfit into words."""
    *table, key = error["loc"] or ("",)
    if error["type"] == "extra_forbidden":
        kind = "key" if table else "table"
        return f"there is no such {kind}{nearest(str(key), known_keys(tuple(table)))}"
    if error["type"] == "missing":
        return "is missing and has no default"
    if error["type"] == "list_type" and isinstance(error["input"], dict):
        return "is a list of tables; write its name in two brackets"
    if error["type"] == "model_type" and isinstance(error["input"], list):
        return "is one table; write its name in single brackets"
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context["error"])
    words = _SENTENCES.get(error["type"], error["msg"])
    return words.format(**context, input=error["input"]) if error["type"] in _SENTENCES else words


def _take_out(misfits: list[tuple[Path, str]], data: dict[str, Any], problems: Problems) -> None:
    """Remove what does not fit; where a needed key is missing, the table that lacks it."""
    if any(path[0] == "maild" for path, _ in misfits):
        given = data.get("maild")
        misfit_keys = {str(path[1]) for path, _ in misfits if path[0] == "maild" and path[1:]}
        kept = given.items() if isinstance(given, dict) else ()
        data["maild"] = _STAND_IN | {k: v for k, v in kept if k not in misfit_keys}
    ends = {
        path[:-1] if kind == "missing" else path for path, kind in misfits if path[0] != "maild"
    }
    for path in sorted(ends, key=_from_behind, reverse=True):
        _remove(path, data, problems)


def _from_behind(path: Path) -> tuple[tuple[int, str], ...]:
    """Order paths so that the last entry of a list comes out first."""
    return tuple((part, "") if isinstance(part, int) else (0, part) for part in path)


def _remove(path: Path, data: dict[str, Any], problems: Problems) -> None:
    """Remove one value; the lines of list entries behind it move up with them."""
    holder: Any = data
    for part in path[:-1]:
        try:
            holder = holder[part]
        except (KeyError, IndexError, TypeError):
            return
    last = path[-1]
    if isinstance(holder, dict):
        holder.pop(last, None)
    elif isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        del holder[last]
        problems.lines = _moved_up(problems.lines, path[:-1], last)


def _moved_up(lines: dict[Path, int], holder: Path, gone: int) -> dict[Path, int]:
    """Return the lines after an entry of a list has gone."""
    depth = len(holder)
    moved: dict[Path, int] = {}
    for path, line in lines.items():
        place = path[depth] if len(path) > depth and path[:depth] == holder else None
        if not isinstance(place, int) or place < gone:
            moved[path] = line
        elif place > gone:
            moved[(*holder, place - 1, *path[depth + 1 :])] = line
    return moved


def _model_inside(annotation: Any) -> type[BaseModel] | None:
    """Find the model in `Model`, `list[Model]`, `Model | None` or `Annotated[Model, ...]`."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None

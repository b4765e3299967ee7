"""Statements that are written out once for each database, and then go to the driver as they are.

Strategy: SQLAlchemy writes the text, for SQLite or PostgreSQL, and its types turn the values of
columns into what the driver takes and gives. All else that it does for a statement is done here
once, when it is first used: SQLite answers in a twentieth of the time that it takes. A list of
values makes a text of its own for each of its lengths. Errors are SQLAlchemy's, and whoever
listens to the engine (`before_cursor_execute`) hears of every statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Dialect,
    Insert,
    RowMapping,
    SelectBase,
    TextClause,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import ExpandedState, SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.schema import ScalarElementColumnDefault

__all__ = ["Prepared", "Record"]

FORMS_MAX = 256
"""Texts that are kept of one statement; with more it begins anew."""
Record = Mapping[str, Any] | RowMapping
"""A row by the names of its columns."""
_NONE: Mapping[str, Any] = MappingProxyType({})
_Convert = Callable[[Any], Any]
_Statement = SelectBase | UpdateBase | TextClause


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """One parameter of a text."""

    place: str
    """How the text calls it, where its parameters have names."""
    name: str
    """The value that is asked for; empty for a fixed one."""
    nth: int
    """Of a list; -1 for a value that is none."""
    convert: _Convert | None
    fixed: Any


class _Form:
    """One text of a statement, and how values go in and come out."""

    def __init__(self, text: str, slots: Sequence[_Slot], *, is_positional: bool) -> None:
        self.text = text
        self._slots = [(one.name, one.nth, one.convert, one.fixed) for one in slots]
        self._places = None if is_positional else [one.place for one in slots]

    def bound(self, values: Mapping[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        """Return the parameters of the text; KeyError when a value is missing."""
        found = []
        for name, nth, convert, fixed in self._slots:
            if not name:
                found.append(fixed)
                continue
            value = values[name] if nth < 0 else values[name][nth]
            found.append(convert(value) if convert is not None else value)
        if self._places is None:
            return tuple(found)
        return dict(zip(self._places, found, strict=True))


class _Written:
    """A statement in the words of one database."""

    def __init__(self, statement: _Statement, dialect: Dialect, values: Mapping[str, Any]) -> None:
        columns = list(values) if isinstance(statement, Insert) else None
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        assert isinstance(compiled, SQLCompiler), "a statement has a text"
        self._compiled = compiled
        self._defaults = {one.key: _default(one) for one in compiled.insert_prefetch}
        self._forms: dict[tuple[int, ...], _Form] = {}
        self._lists = _lists(compiled, values)
        given = [] if isinstance(statement, TextClause) else list(statement.exported_columns)
        self.names = [str(column.key) for column in given]
        self.converts = [
            (at, convert)
            for at, column in enumerate(given)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def form(self, values: Mapping[str, Any]) -> _Form:
        """Return the text for lists of these lengths."""
        shape = tuple(len(values[name]) for name in self._lists) if self._lists else ()
        found = self._forms.get(shape)
        if found is None:
            if len(self._forms) >= FORMS_MAX:
                self._forms.clear()
            found = self._forms[shape] = self._formed(values)
        return found

    def _formed(self, values: Mapping[str, Any]) -> _Form:
        state = self._compiled.construct_expanded_state(values)
        places = state.positiontup
        is_positional = places is not None
        slots = [
            self._slot(place, state, values)
            for place in (places if places is not None else state.parameters)
        ]
        return _Form(state.statement, slots, is_positional=is_positional)

    def _slot(self, place: str, state: ExpandedState, values: Mapping[str, Any]) -> _Slot:
        """Tell what stands at a place: a value, one of a list, or what is always the same."""
        name, nth = _origin(place, state)
        dialect, kind = self._compiled.dialect, self._compiled.binds[name].type
        convert = kind.dialect_impl(dialect).bind_processor(dialect)
        if name in values:
            return _Slot(place=place, name=name, nth=nth, convert=convert, fixed=None)
        fixed = self._defaults.get(name, state.parameters[place])
        fixed = convert(fixed) if convert is not None else fixed
        return _Slot(place=place, name="", nth=-1, convert=None, fixed=fixed)


class Prepared:
    """A statement, ready to be asked; safe to share between threads."""

    def __init__(self, statement: _Statement) -> None:
        """Take a statement; nothing is written out before it is used."""
        self._statement = statement
        self._is_insert = isinstance(statement, Insert)
        self._written: dict[tuple[str, ...], _Written] = {}

    def rows(
        self, connection: Connection, values: Mapping[str, Any] = _NONE
    ) -> Sequence[tuple[Any, ...]]:
        """Ask; return all rows, their columns in order."""
        return _rows(connection, self._of(connection.dialect, values), values)

    def mappings(
        self, connection: Connection, values: Mapping[str, Any] = _NONE
    ) -> list[Mapping[str, Any]]:
        """Ask; return all rows by the names of their columns."""
        written = self._of(connection.dialect, values)
        rows = _rows(connection, written, values)
        return [dict(zip(written.names, row, strict=True)) for row in rows]

    def scalars(self, connection: Connection, values: Mapping[str, Any] = _NONE) -> list[Any]:
        """Ask; return the first column of all rows."""
        return [row[0] for row in self.rows(connection, values)]

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Write, once for each row of values; return how many rows of the table it changed."""
        if not rows:
            return 0
        form = self._of(connection.dialect, rows[0]).form(rows[0])
        bound = [form.bound(row) for row in rows]
        is_many = len(bound) > 1
        given = bound if is_many else bound[0]
        changed: int = _sent(connection, form.text, given, _changed, is_many=is_many)
        return changed

    def _of(self, dialect: Dialect, values: Mapping[str, Any]) -> _Written:
        """An insert names the columns of its values, and no others."""
        key = (dialect.name, *values) if self._is_insert else (dialect.name,)
        found = self._written.get(key)
        if found is None:
            found = self._written[key] = _Written(self._statement, dialect, values)
        return found


def _default(column: Column[Any]) -> Any:
    """What a column holds where an insert does not name it."""
    default = column.default
    assert isinstance(default, ScalarElementColumnDefault), "a default is a value"
    return default.arg


def _lists(compiled: SQLCompiler, values: Mapping[str, Any]) -> list[str]:
    """The values that are lists."""
    expanded: frozenset[BindParameter[Any]] = compiled.post_compile_params
    names = compiled.bind_names
    return [name for one, name in names.items() if one in expanded and name in values]


def _origin(place: str, state: ExpandedState) -> tuple[str, int]:
    """The parameter that a place of a text was made of, and which of its list; -1 for no list."""
    for name, places in state.parameter_expansion.items():
        if place in places:
            return name, places.index(place)
    return place, -1


def _rows(
    connection: Connection, written: _Written, values: Mapping[str, Any]
) -> Sequence[tuple[Any, ...]]:
    form = written.form(values)
    found: Sequence[tuple[Any, ...]] = _sent(connection, form.text, form.bound(values), _all)
    converts = written.converts
    return [_converted(row, converts) for row in found] if converts else found


def _converted(row: Sequence[Any], converts: Sequence[tuple[int, _Convert]]) -> tuple[Any, ...]:
    values = list(row)
    for at, convert in converts:
        values[at] = convert(values[at])
    return tuple(values)


def _all(cursor: Any) -> Any:
    return cursor.fetchall()


def _changed(cursor: Any) -> Any:
    return cursor.rowcount


def _sent(
    connection: Connection,
    text: str,
    parameters: Any,
    answer: Callable[[Any], Any],
    *,
    is_many: bool = False,
) -> Any:
    """Give a text to the driver, and return what is made of its cursor."""
    dialect = connection.dialect
    cursor = connection.connection.cursor()
    for told in _listeners(connection):
        told(connection, cursor, text, parameters, None, is_many)
    try:
        if is_many:
            cursor.executemany(text, parameters)
        else:
            cursor.execute(text, parameters)
        return answer(cursor)
    except dialect.loaded_dbapi.Error as error:
        raise _error(connection, cursor, text, error) from error
    finally:
        cursor.close()


def _listeners(connection: Connection) -> Iterator[Callable[..., Any]]:
    return iter(connection.engine.dispatch.before_cursor_execute)


def _error(connection: Connection, cursor: Any, text: str, error: Exception) -> BaseException:
    """Return SQLAlchemy's error for a driver's; a connection that is gone is used no more."""
    dialect = connection.dialect
    is_gone = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)  # type: ignore[arg-type]
    if is_gone:
        connection.invalidate(error)
    return DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_gone,
        dialect=dialect,
    )

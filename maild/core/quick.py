"""Wide frozen dataclasses that are made at a quarter of the price: a mail makes hundreds.

Strategy: the `__init__` of a frozen dataclass sets each field by `object.__setattr__`, which costs
several times a plain assignment. So an instance is filled while it is of a twin, a class that is
the same but not frozen, and then becomes what it is. `replace` copies one in the same way, without
asking for each field by its name. Instances are as any other's; of the class two things are
different: nothing can derive from it, and `__subclasses__` knows the twin.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import wraps
from typing import TYPE_CHECKING, Any, Never, TypeVar

__all__ = ["quick", "replace"]

_Class = TypeVar("_Class", bound=type)

if TYPE_CHECKING:
    from dataclasses import replace  # So that names and types of what is changed are checked.
else:

    def replace(value: object, /, **changes: object) -> object:
        """Return it with other values in some fields, as `dataclasses.replace` does with any."""
        return _REPLACE.get(type(value), dataclasses.replace)(value, **changes)


_REPLACE: dict[type, Callable[..., Any]] = {}


def quick(frozen: _Class) -> _Class:
    """Let the instances of a frozen, slotted, kw_only dataclass be made faster; it is returned.

    Worth it from ten fields on. TypeError for any other class, and for one with a base, a default
    that is made anew for each instance, or more to do than to keep its fields; and for whoever
    derives from it later, whose instances would become those of the base.
    """
    parts = fields(frozen)
    is_frozen = frozen.__dataclass_params__.frozen and "__slots__" in vars(frozen)  # type: ignore[attr-defined]
    if not is_frozen or not all(one.kw_only for one in parts):
        raise TypeError(f"{frozen.__name__} is not frozen, slotted and kw_only")
    is_plain = all(one.init and one.default_factory is MISSING for one in parts)
    if not is_plain or hasattr(frozen, "__post_init__") or frozen.__bases__ != (object,):
        raise TypeError(f"{frozen.__name__} is more than its fields")
    twin = _twin(frozen)
    frozen.__init_subclass__ = classmethod(_refuse)  # type: ignore[assignment]
    defaults = {one.name: one.default for one in parts if one.default is not MISSING}
    names = [one.name for one in parts]
    made = _init(names, defaults, frozen, twin)
    frozen.__init__ = wraps(frozen.__init__)(made)  # type: ignore[misc]
    _REPLACE[frozen] = _replace(names, frozen, twin)
    return frozen


def _twin(frozen: type) -> type:
    """Return the class that is the same but not frozen."""
    loose = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    named = {"__module__": frozen.__module__, "__qualname__": frozen.__qualname__}
    return type(frozen.__name__, (frozen,), {"__slots__": (), **loose, **named})


def _refuse(derived: type, /, **_given: object) -> Never:
    raise TypeError(f"{derived.__name__} cannot derive from a quick class")


def _init(
    names: list[str], defaults: dict[str, Any], frozen: type, twin: type
) -> Callable[..., None]:
    """Write the `__init__`, as `dataclasses` does: a function of its own for these names."""
    given = ", ".join(f"{name}=_{name}" if name in defaults else name for name in names)
    kept = "".join(f"\n    self.{name} = {name}" for name in names)
    space = {f"_{name}": value for name, value in defaults.items()}
    space |= {"_become": object.__setattr__, "_frozen": frozen, "_twin": twin}
    assert len(space) == len(defaults) + 3, "no field is called like what is known here"
    text = f"def made(self, *, {given}):\n    _become(self, '__class__', _twin){kept}"
    exec(f"{text}\n    self.__class__ = _frozen", space)  # noqa: S102 - it holds names of ours alone
    made: Callable[..., None] = space["made"]
    return made


def _replace(names: list[str], frozen: type, twin: type) -> Callable[..., Any]:
    """Write what copies an instance field by field, and then sets what is given."""
    kept = "".join(f"\n    copy.{name} = self.{name}" for name in names)
    given = "\n    for name, value in changes.items():\n        setattr(copy, name, value)"
    space: dict[str, Any] = {"_frozen": frozen, "_twin": twin}
    text = f"def changed(self, /, **changes):\n    copy = _twin.__new__(_twin){kept}{given}"
    exec(f"{text}\n    copy.__class__ = _frozen\n    return copy", space)  # noqa: S102 - as above
    changed: Callable[..., Any] = space["changed"]
    return changed

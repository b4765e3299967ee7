"""Dataclasses that are made faster: their instances are as any other's."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from maild.core import quick as changing
from maild.core.quick import quick


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """As it would be."""

    name: str
    number: int = 3
    tags: tuple[str, ...] = ()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """The same, made faster."""

    name: str
    number: int = 3
    tags: tuple[str, ...] = ()


def test_it_holds_what_it_was_given_and_else_its_defaults() -> None:
    made = Quick(name="a", tags=("x",))

    assert (made.name, made.number, made.tags) == ("a", 3, ("x",))
    assert type(made) is Quick
    assert repr(made) == repr(Plain(name="a", tags=("x",))).replace("Plain", "Quick")


def test_it_is_frozen_and_has_no_room_for_more() -> None:
    made = Quick(name="a")

    with pytest.raises(FrozenInstanceError):
        made.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del made.name
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        made.other = 1  # type: ignore[attr-defined]


def test_copies_are_equal_and_of_its_kind() -> None:
    made = Quick(name="a", number=5)

    copies = (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made)))

    assert all(one == made and hash(one) == hash(made) and type(one) is Quick for one in copies)
    assert replace(made, number=6) == Quick(name="a", number=6)


def test_a_changed_one_is_of_its_kind_and_holds_the_rest() -> None:
    made = Quick(name="a", number=5, tags=("x",))

    changed = changing.replace(made, number=6)

    assert changed == Quick(name="a", number=6, tags=("x",))
    assert type(changed) is Quick
    assert made.number == 5
    with pytest.raises(FrozenInstanceError):
        changed.name = "b"  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError), match="nobody"):
        changing.replace(made, nobody=1)  # type: ignore[call-arg]


def test_any_other_is_changed_as_always() -> None:
    assert changing.replace(Plain(name="a"), number=6) == Plain(name="a", number=6)


def test_it_is_called_like_any_other() -> None:
    assert inspect.signature(Quick) == inspect.signature(Plain)
    with pytest.raises(TypeError, match="name"):
        Quick()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="nobody"):
        Quick(name="a", nobody=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Quick("a")  # type: ignore[call-arg]


def test_a_class_that_is_more_than_its_fields_is_refused() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Made:
        tags: list[str] = field(default_factory=list)

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Derived(Plain):
        more: str = ""

    for one in (Made, Derived):
        with pytest.raises(TypeError, match=f"{one.__name__} is more than its fields"):
            quick(one)


def test_a_class_that_is_not_frozen_slotted_and_kw_only_is_refused() -> None:
    @dataclass(slots=True, kw_only=True)
    class Thawed:
        name: str = ""

    @dataclass(frozen=True, kw_only=True)
    class Roomy:
        name: str = ""

    @dataclass(frozen=True, slots=True)
    class Placed:
        name: str = ""

    for one in (Thawed, Roomy, Placed):
        with pytest.raises(TypeError, match=f"{one.__name__} is not frozen"):
            quick(one)


def test_nothing_derives_from_it() -> None:
    with pytest.raises(TypeError, match="Derived cannot derive"):

        class Derived(Quick):
            pass


def test_its_twin_goes_by_the_same_name() -> None:
    twin, *_ = Quick.__subclasses__()

    assert (twin.__module__, twin.__qualname__) == (Quick.__module__, Quick.__qualname__)

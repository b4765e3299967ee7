"""Values travel as plain JSON: they come back equal, and nothing else can come in."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core import mail
from maild.core.mail import (
    Address,
    Answer,
    Bounce,
    BounceClass,
    Classification,
    Kind,
    Mail,
    Parsed,
)
from maild.core.plainform import Misfit, packed, unpacked

DATE = datetime(2026, 11, 21, 10, 0, 0, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
MAIL = Mail(
    parsed=Parsed(
        headers=(("subject", "Hi \ud800 \u2028 \x00"), ("x-a", "")),
        from_=(Address(name="Zoë", addr="z@y.example"), Address()),
        from_fields=1,
        date=DATE,
        text="line\nline",
        text_is_html=True,
        returned_headers=(("to", "x"),),
    ),
    classification=Classification(kind=Kind.BOUNCE, is_bounce=True, reasons=("because",)),
    bounce=Bounce(addresses=("a@b.example",), bounce_class=BounceClass.TEMPORARY),
    reply=mail.VisibleReply(
        reply_text="x", unquoted_text="y", forwarded=mail.Forwarded(sender=Address(addr="a@b.c"))
    ),
    signatures=(mail.Signature(domain="y.example", expires=7, digest=bytes(range(256))),),
)


def test_a_mail_comes_back_as_it_was() -> None:
    back = unpacked(Answer, packed(Answer(mail=MAIL)))

    assert back == Answer(mail=MAIL)
    assert back.mail is not None
    assert back.mail.classification.kind is Kind.BOUNCE
    assert type(back.mail.classification.kind) is Kind
    assert back.mail.parsed.date is not None
    assert back.mail.parsed.date.utcoffset() == DATE.utcoffset()
    assert unpacked(Answer, packed(Answer(reason="no"))).mail is None


@given(
    st.builds(
        Parsed,
        headers=st.lists(st.tuples(st.text(), st.text())).map(tuple),
        text=st.text(st.characters()),
        size=st.integers(),
        date=st.none() | st.datetimes(timezones=st.just(UTC)),
        defects=st.lists(st.text()).map(tuple),
    )
)
def test_whatever_a_mail_says_comes_back_as_it_was(parsed: Parsed) -> None:
    assert unpacked(Parsed, packed(parsed)) == parsed


def test_every_value_of_a_mail_has_a_plain_form() -> None:
    """A field of a new kind is refused here, not in the daemon."""
    kinds = [kind for kind in vars(mail).values() if isinstance(kind, type) and is_dataclass(kind)]

    for kind in kinds:
        required = {"sender", "locator", "parsed", "classification", "reply", "seal", "message"}
        if not required & {field.name for field in fields(kind)} and kind is not mail.Report:
            assert "Misfit" in _refused(kind, b"{}")


def _refused(kind: type, data: bytes) -> str:
    with pytest.raises(Misfit) as caught:
        unpacked(kind, data)
    return repr(caught.value)


def changed(change: Callable[[Any], None]) -> bytes:
    """Return an honest answer as JSON with one thing changed."""
    plain = json.loads(packed(Answer(mail=MAIL)).decode("utf-8", "surrogatepass"))
    change(plain)
    return json.dumps(plain).encode()


PARSED = [field.name for field in fields(Parsed)]


def put(name: str, value: object) -> Callable[[Any], None]:
    def change(plain: Any) -> None:
        plain[0][0][PARSED.index(name)] = value

    return change


LIES = {
    "a number for a text": put("text", 1),
    "a text for a number": put("size", "1"),
    "true for a number": put("size", True),
    "a number for true": put("text_is_html", 1),
    "nothing for a text": put("subject", None),
    "a text for a list": put("references", "a"),
    "a table": put("references", {"a": 1}),
    "a list in a list of texts": put("references", [["a"]]),
    "a pair of three": put("headers", [["a", "b", "c"]]),
    "a pair of numbers": put("headers", [[1, 2]]),
    "no date": put("date", "soon"),
    "a date without a zone": put("date", "2026-11-21T10:00:00"),
    "no address": put("to", [["name"]]),
    "fields left out": lambda plain: plain[0][0].pop(),
    "fields too many": lambda plain: plain.append(1),
    "an unknown kind": lambda plain: plain[0][1].__setitem__(0, "nonsense"),
    "another answer": lambda plain: plain.clear(),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_is_no_mail_is_refused(lie: Callable[[Any], None]) -> None:
    assert unpacked(Answer, changed(lambda _: None)).mail is not None

    with pytest.raises(Misfit):
        unpacked(Answer, changed(lie))


NO_JSON = (b"", b"nonsense", b"\xff\xfe", b"[" * 100_000, pickle.dumps(MAIL), b"[NaN", b"1" * 9999)


@pytest.mark.parametrize("data", NO_JSON, ids=lambda data: repr(data[:9]))
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(Misfit):
        unpacked(Answer, data)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A value with a field of a type that has no plain form."""

    table: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """One field, and a row of different types."""

    rows: tuple[tuple[Colour, int], ...] = ()


def test_a_row_may_mix_types_and_other_types_have_no_plain_form() -> None:
    value = Mixed(rows=((Colour.RED, 1),))

    assert unpacked(Mixed, packed(value)) == value
    with pytest.raises(TypeError, match="no plain form"):
        packed(Odd(table={}))
    with pytest.raises(TypeError, match="no plain form"):
        unpacked(Odd, b"[{}]")

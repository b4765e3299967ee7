"""Values travel as plain JSON: they come back equal, and nothing else can come in."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
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
from maild.plainform import Misfit, packed, unpacked

DATE = datetime(2026, 11, 21, 10, 0, 0, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
MAIL = Mail(
    parsed=Parsed(
        headers=(("subject", "Hi \U0001f600 \u2028 \x00"), ("x-a", "")),
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
    assert back.mail.parsed.date is not None
    assert back.mail.parsed.date.utcoffset() == DATE.utcoffset()
    assert unpacked(Answer, packed(Answer(reason="no"))).mail is None


def every(kind: type[Any], **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return values of a dataclass with anything that each field's type allows."""
    return st.builds(kind, **dict.fromkeys((field.name for field in fields(kind)), ...) | known)


ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DATES = st.datetimes(timezones=ZONES).map(lambda date: date.replace(fold=0))
PARSED = every(Parsed, date=st.none() | DATES)


@settings(max_examples=30)
@given(every(Answer, mail=st.none() | every(Mail, parsed=PARSED)))
def test_whatever_a_mail_says_comes_back_as_it_was(answer: Answer) -> None:
    """A field of a kind that cannot travel is refused here, not in the daemon."""
    assert repr(unpacked(Answer, packed(answer))) == repr(answer)


def test_the_orders_of_a_child_come_back_as_they_were() -> None:
    orders = (mail.ReadOptions(own_domains=("a.example",)), 5, 1 << 31)

    assert unpacked(tuple[mail.ReadOptions, int, int], packed(orders)) == orders


def test_half_a_character_is_not_sent() -> None:
    """No database could keep it; `tests/fuzz` shows that no reading has any."""
    with pytest.raises(ValueError, match="surrogates not allowed"):
        packed(Answer(reason="\ud800"))


def changed(change: Callable[[Any], None]) -> bytes:
    """Return an honest answer as JSON with one thing changed."""
    plain = json.loads(packed(Answer(mail=MAIL)))
    change(plain)
    return json.dumps(plain).encode()


def put(name: str, value: object) -> Callable[[Any], None]:
    def change(plain: Any) -> None:
        plain["mail"]["parsed"][name] = value

    return change


LIES = {
    "a number for a text": put("text", 1),
    "a text for a number": put("size", "1"),
    "true for a number": put("size", True),
    "a fraction for a number": put("size", 1.0),
    "no number": put("size", float("nan")),
    "more than any number": put("size", float("inf")),
    "a number for true": put("text_is_html", 1),
    "nothing for a text": put("subject", None),
    "half a character": put("subject", "\ud800"),
    "a text for a list": put("references", "a"),
    "a table": put("references", {"a": 1}),
    "a list in a list of texts": put("references", [["a"]]),
    "a pair of three": put("headers", [["a", "b", "c"]]),
    "a pair of numbers": put("headers", [[1, 2]]),
    "no date": put("date", "soon"),
    "a date without a zone": put("date", "2026-11-21T10:00:00"),
    "a date in a zone that is none": put("date", "2026-11-21T10:00:00+25:00"),
    "no address": put("to", [["name"]]),
    "a list for a value": lambda plain: plain.update(mail=[]),
    "a value left out": lambda plain: plain["mail"].pop("reply"),
    "an unknown kind": lambda plain: plain["mail"]["classification"].update(kind="nonsense"),
    "no base64": lambda plain: plain["mail"]["signatures"][0].update(digest="!"),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_is_no_mail_is_refused(lie: Callable[[Any], None]) -> None:
    assert unpacked(Answer, changed(lambda _: None)) == Answer(mail=MAIL)

    with pytest.raises(Misfit):
        unpacked(Answer, changed(lie))


def test_what_no_field_is_called_is_passed_over() -> None:
    """Neither a name of Python's nor what a value remembers can be set."""
    unknown = {"_first": {"from": "x"}, "__class__": "Mail", "header": "x", "x": [[]]}
    changing = changed(lambda plain: plain["mail"]["parsed"].update(unknown))

    found = unpacked(Answer, changing)

    assert found == Answer(mail=MAIL)
    assert found.mail is not None
    assert found.mail.parsed.header("from") == ""


NO_JSON = {
    "nothing": b"",
    "words": b"nonsense",
    "no UTF-8": b'{"reason":"\xff"}',
    "half a character": b'{"reason":"\xed\xa0\x80"}',
    "a pickle": pickle.dumps(MAIL),
    "many brackets": b"[" * 100_000,
    "many brackets that nobody asked for": b'{"x":' + b"[" * 100_000,
    "many values in each other": b'{"mail":' * 100_000,
    "a number of 9,999 digits": b'{"mail":{"parsed":{"size":' + b"1" * 9999 + b"}}}",
    "a name twice, once a lie": b'{"reason":1,"reason":"a"}',
    "two answers": packed(Answer()) * 2,
}


@pytest.mark.parametrize("data", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(Misfit, match=r"^no Answer: "):
        unpacked(Answer, data)


def test_an_answer_that_is_cut_off_is_refused_wherever_it_ends() -> None:
    whole = packed(Answer(mail=MAIL))

    for length in range(len(whole)):
        with pytest.raises(Misfit):
            unpacked(Answer, whole[:length])

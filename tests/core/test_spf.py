"""What SPF records say about a client (RFC 7208), with answers from a table."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from maild.core import spf
from maild.core.spf import Kind, Question

CLIENT = "192.0.2.3"
Answers = Mapping[str, tuple[str, ...] | None]
BASE: Answers = {
    "TXT good.example": ("v=spf1 ip4:192.0.2.0/24 -all",),
    "TXT soft.example": ("v=spf1 ip4:198.51.100.1 ~all",),
    "TXT lame.example": None,
    "TXT wrong.example": ("v=spf1 rubbish -all",),
    "A host.example": ("192.0.2.3",),
    "AAAA host.example": ("2001:db8::3",),
    "A near.example": ("192.0.2.200",),
    "MX mail.example": ("other.example", "host.example"),
    "A lame.example": None,
}


def ask(
    record: str | tuple[str, ...],
    client: str = CLIENT,
    sender: str = "ann@x.example",
    helo: str = "helo.example",
    more: Answers = MappingProxyType({}),
) -> tuple[str, list[Question]]:
    """Check with one record at x.example; return the result and what was asked."""
    records = (record,) if isinstance(record, str) else record
    known = {**BASE, "TXT x.example": records, **more}
    asked: list[Question] = []
    asking = spf.check(client, helo, sender)
    try:
        question = next(asking)
        while True:
            asked.append(question)
            question = asking.send(known.get(f"{question.kind} {question.name}", ()))
    except StopIteration as end:
        return str(end.value), asked


RESULTS = [
    ("v=spf1 +all", "pass"),
    ("v=spf1 -all", "fail"),
    ("v=spf1 ~all", "softfail"),
    ("v=spf1 ?all", "neutral"),
    ("v=spf1", "neutral"),
    ("V=SPF1 ALL", "pass"),
    ("v=spf10 +all", "none"),
    ("hello", "none"),
    ((), "none"),
    (("v=spf1 +all", "v=spf1 -all"), "permerror"),
    (("hello", "v=spf1 +all"), "pass"),
    ("v=spf1 ip4:192.0.2.3 -all", "pass"),
    ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
    ("v=spf1 ip4:192.0.2.4 -all", "fail"),
    ("v=spf1 ip6:2001:db8::/32 -all", "fail"),
    ("v=spf1 ip4:192.0.2.3/33 -all", "permerror"),
    ("v=spf1 ip4:2001:db8::1 -all", "permerror"),
    ("v=spf1 ip4 -all", "permerror"),
    ("v=spf1 a:host.example -all", "pass"),
    ("v=spf1 a:near.example -all", "fail"),
    ("v=spf1 a:near.example/24 -all", "pass"),
    ("v=spf1 a:near.example/24//64 -all", "pass"),
    ("v=spf1 a -all", "fail"),
    ("v=spf1 mx:mail.example -all", "pass"),
    ("v=spf1 exists:host.example -all", "pass"),
    ("v=spf1 exists:nothing.example -all", "fail"),
    ("v=spf1 include:good.example -all", "pass"),
    ("v=spf1 include:soft.example -all", "fail"),
    ("v=spf1 include:lame.example -all", "temperror"),
    ("v=spf1 include:nothing.example -all", "permerror"),
    ("v=spf1 include:wrong.example -all", "permerror"),
    ("v=spf1 -include:good.example +all", "fail"),
    ("v=spf1 redirect=good.example", "pass"),
    ("v=spf1 redirect=nothing.example", "permerror"),
    ("v=spf1 -all redirect=good.example", "fail"),
    ("v=spf1 redirect=good.example redirect=good.example", "permerror"),
    ("v=spf1 a:lame.example +all", "temperror"),
    ("v=spf1 ptr -all", "neutral"),
    ("v=spf1 rubbish +all", "permerror"),
    ("v=spf1 +all rubbish", "permerror"),
    ("v=spf1 all:x", "permerror"),
    ("v=spf1 include", "permerror"),
    ("v=spf1 a: +all", "permerror"),
    ("v=spf1 unknown=thing exp=why.example +all", "pass"),
    ("v=spf1  ip4:192.0.2.3   -all", "pass"),
    ("v=spf1 include:x.example -all", "permerror"),
    ("v=spf1 redirect=x.example", "permerror"),
    ("v=spf1 exists:%{x}.example -all", "permerror"),
    ("v=spf1 exists:%{i -all", "permerror"),
    ("v=spf1 exists:%(i) -all", "permerror"),
]


@pytest.mark.parametrize(("record", "expected"), RESULTS)
def test_what_a_record_says(record: str | tuple[str, ...], expected: str) -> None:
    assert ask(record)[0] == expected


@pytest.mark.parametrize(
    ("client", "record", "expected"),
    [
        ("2001:db8::3", "v=spf1 a:host.example -all", "pass"),
        ("2001:db8::4", "v=spf1 a:host.example//64 -all", "pass"),
        ("2001:db8::4", "v=spf1 a:host.example/24 -all", "fail"),
        ("2001:db8::4", "v=spf1 ip6:2001:db8::/32 -all", "pass"),
        ("::ffff:192.0.2.3", "v=spf1 ip4:192.0.2.3 -all", "pass"),
        ("no address", "v=spf1 +all", "none"),
        ("", "v=spf1 +all", "none"),
    ],
)
def test_who_asks(client: str, record: str, expected: str) -> None:
    assert ask(record, client)[0] == expected


MACROS = [
    ("%{i}", "192.0.2.3"),
    ("%{ir}", "3.2.0.192"),
    ("%{i2}", "2.3"),
    ("%{d}", "x.example"),
    ("%{d1}", "example"),
    ("%{o}", "x.example"),
    ("%{l}", "ann-b.c"),
    ("%{lr-}", "b.c.ann"),
    ("%{s}", "ann-b.c@x.example"),
    ("%{v}", "in-addr"),
    ("%{h}", "helo.example"),
    ("%%x%_y", "%x y"),
    ("%{L}", "ann-b.c"),
]


@pytest.mark.parametrize(("text", "expected"), MACROS)
def test_macros_are_replaced(text: str, expected: str) -> None:
    _, asked = ask(f"v=spf1 exists:{text}.y.example -all", sender="ann-b.c@x.example")

    names = [question.name for question in asked if question.kind is Kind.A]
    assert names == ([f"{expected}.y.example"])


def test_an_ipv6_client_is_written_in_single_digits() -> None:
    _, asked = ask("v=spf1 exists:%{ir}.%{v}.y.example -all", "2001:db8::cb01")

    assert asked[-1].name == f"1.0.b.c{'.0' * 20}.8.b.d.0.1.0.0.2.ip6.y.example"


@pytest.mark.parametrize(("count", "expected"), [(10, "pass"), (11, "permerror")])
def test_ten_look_ups_are_the_most(count: int, expected: str) -> None:
    terms = " ".join(["a:near.example"] * (count - 1))

    assert ask(f"v=spf1 {terms} a:host.example -all")[0] == expected


def test_three_answers_of_nothing_are_too_many() -> None:
    assert ask("v=spf1 a:n1.example a:n2.example +all")[0] == "pass"
    assert ask("v=spf1 a:n1.example a:n2.example a:n3.example +all")[0] == "permerror"


def test_eleven_mail_exchangers_are_too_many() -> None:
    hosts = tuple(f"mx{n}.example" for n in range(11))

    assert ask("v=spf1 mx -all", more={"MX x.example": hosts})[0] == "permerror"


def test_includes_in_a_ring_end() -> None:
    ring = {"TXT a.example": ("v=spf1 include:x.example",)}

    result, asked = ask("v=spf1 include:a.example -all", more=ring)

    assert result == "permerror"
    assert len(asked) <= 12


@pytest.mark.parametrize(
    ("sender", "helo", "asked_of"),
    [
        ("", "helo.example", "helo.example"),
        ("ann@X.Example.", "helo.example", "x.example"),
        ("ann", "helo.example", ""),
        ("", "localhost", ""),
        ("ann@" + "a" * 64 + ".example", "helo.example", ""),
    ],
)
def test_a_null_return_path_is_judged_by_the_greeting(
    sender: str, helo: str, asked_of: str
) -> None:
    _, asked = ask("v=spf1 +all", sender=sender, helo=helo)

    assert [question.name for question in asked] == ([asked_of] if asked_of else [])


def test_what_is_too_long_loses_labels_on_the_left() -> None:
    _, asked = ask("v=spf1 exists:" + "%{l}." * 100 + "end.example", sender="abc.d@x.example")

    name = asked[-1].name
    assert 247 <= len(name) <= 253
    assert name.endswith(".abc.d.end.example")
    assert set(name.split(".")) == {"abc", "d", "end", "example"}


def test_a_name_that_macros_make_long_costs_little() -> None:
    start = time.process_time()

    ask("v=spf1 exists:" + "%{s}" * 10_000, sender="a." * 120 + "a@x.example")

    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 " + "a" * 60_000,
        "v=spf1 " + "a:" + "/1" * 30_000,
        "v=spf1 exists:" + "%{d}" * 10_000 + ".example",
        "v=spf1 " + "x= " * 20_000,
        "v=spf1 exists:" + "%{" * 20_000,
    ],
)
def test_a_hostile_record_is_read_in_no_time(record: str) -> None:
    start = time.process_time()

    ask(record)

    assert time.process_time() - start < 10

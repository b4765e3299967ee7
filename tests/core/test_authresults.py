"""Authentication-Results: the sender's text in it must not speak for the boundary."""

from __future__ import annotations

import time

import pytest

from maild.core.authresults import Verdict, authserv_id, verdict

CO = "co.example"
PASS, FAIL, NONE = Verdict.PASS, Verdict.FAIL, Verdict.NONE
VALUES = [
    (["mx; dmarc=pass header.from=co.example"], PASS),
    (["mx 1; dmarc=pass (p=reject dis=none) header.from=CO.example"], PASS),
    (["mx; spf=pass smtp.mailfrom=x@y.example; DMARC=Pass header.from=co.example"], PASS),
    (["mx; dmarc/1=pass header.from=co.example"], PASS),
    (['mx; dmarc=pass header.from="co.example"'], PASS),
    (["mx; dkim=pass header.d=co.example", "mx; dmarc=pass header.from=co.example"], PASS),
    (["mx; dmarc=fail header.from=co.example"], FAIL),
    (["mx; dmarc=fail header.from=co.example; dkim=pass header.d=co.example"], FAIL),
    (["mx; dkim=pass header.d=co.example"], PASS),
    (["mx; dkim=pass header.d=mail.co.example"], NONE),
    (["mx; dkim=pass header.i=@co.example"], PASS),
    (["mx; dkim=pass header.i=@co.example header.d=evil.example"], NONE),
    (["mx; dkim=pass header.i=@mail.co.example"], NONE),
    (["mx; dmarc=none header.from=co.example; dkim=pass header.d=co.example"], PASS),
    (["mx; dmarc=temperror header.from=co.example; dkim=pass header.d=co.example"], PASS),
    (["mx; dmarc=none header.from=evil.example; dkim=pass header.d=co.example"], NONE),
    (["mx; dkim=fail header.d=co.example"], NONE),
    (["mx; dmarc=none header.from=co.example"], NONE),
    (["mx; dmarc=pass header.from=evil.example"], NONE),
    (["mx; dmarc=pass"], NONE),
    (["mx; spf=pass smtp.mailfrom=a@co.example"], NONE),
    (["mx; none"], NONE),
    (["mx"], NONE),
    ([""], NONE),
    ([], NONE),
]


@pytest.mark.parametrize(("values", "expected"), VALUES)
def test_what_the_boundary_says(values: list[str], expected: Verdict) -> None:
    assert verdict(values, CO) is expected


FORGED = [
    (
        'mx; spf=pass smtp.mailfrom="; dmarc=pass header.from=co.example "@evil.example;'
        " dmarc=fail header.from=evil.example"
    ),
    r'mx; spf=pass smtp.mailfrom="\"; dmarc=pass header.from=co.example; a=\""@evil.example',
    "mx; spf=pass (helo ; dmarc=pass header.from=co.example ) smtp.helo=x",
    "mx; spf=pass (a (b) ; dmarc=pass header.from=co.example",
    'mx; spf=pass (") smtp.helo=" ; dmarc=pass header.from=co.example',
    (
        "mx; spf=pass smtp.mailfrom=x;dmarc=pass header.from=co.example; "
        "dmarc=fail header.from=evil.example"
    ),
    "mx; dmarc=pass header.from=co.example; dmarc=pass header.from=evil.example",
    "mx; x-dmarc=pass header.from=co.example",
    "mx; dmarc=pass xheader.from=co.example",
]


@pytest.mark.parametrize("value", FORGED)
def test_what_the_sender_wrote_into_it_proves_nothing(value: str) -> None:
    assert verdict([value], CO) is not PASS


def test_nobody_is_never_proven() -> None:
    assert verdict(["mx; dmarc=pass header.from="], "") is NONE


def test_the_writer_is_the_first_word() -> None:
    assert authserv_id("(c) MX.co.example 1; dmarc=pass") == "mx.co.example"
    assert authserv_id("; dmarc=pass") == ""
    assert authserv_id("") == ""


@pytest.mark.parametrize("piece", ["(", '"', "\\", 'a"b', '"\\', ";", "a ", "(\\", "dmarc=pass;"])
def test_a_hostile_field_costs_little(piece: str) -> None:
    start = time.process_time()

    verdict([piece * (1024 * 1024 // len(piece))], CO)

    assert time.process_time() - start < 1

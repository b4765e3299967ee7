"""What gets past the guard must still be read in linear time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from maild.core.mail import Limits
from maild.errors import HostileMail
from maild.parse import parse
from tests.growth import FACTOR_MAX, factor
from tests.parse.letters import simple

CASES: dict[str, Callable[[int], bytes]] = {
    "open parentheses": lambda size: b"From: " + b"(" * 500 * size + b"\r\n\r\nx",
    "parentheses": lambda size: b"To: " + b"(" * 3000 * size + b")" * 3000 * size + b"a@b\r\n\r\n",
    "angles": lambda size: b"To: " + b"<" * 6000 * size + b"\r\n\r\n",
    "colons": lambda size: b"To: a@b" + b":" * 6000 * size + b";\r\n\r\n",
    "quotes": lambda size: b"To: " + b'"a" ' * 1500 * size + b"\r\n\r\n",
    "open encoded words": lambda size: b"Subject: " + b"=?a?q?x" * 900 * size + b"?=\r\n\r\n",
    "encoded words": lambda size: b"Subject: " + b"=?utf-8?q?a?= " * 450 * size + b"\r\n\r\n",
    "quoted parameters": lambda size: simple(
        b'Content-Type: text/plain; a="' + b'x" ;"' * 1000 * size + b"\r\n", b"x"
    ),
    "open parameters": lambda size: simple(
        b"Content-Type: text/plain;" + b'a="b' * 1500 * size + b"\r\n", b"x"
    ),
    "parameter sections": lambda size: simple(
        b"Content-Type: a/b"
        + b"".join(b"; name*%d*=%%41" % n for n in range(350 * size))
        + b"\r\n",
        b"x",
    ),
    "references": lambda size: simple(b"References: " + b"<a@" * 2000 * size + b"\r\n", b"x"),
    "date": lambda size: simple(b"Date: " + b"(" * 6000 * size + b"\r\n", b"x"),
    "unknown charset": lambda size: simple(
        b"Content-Type: text/plain; charset=nope\r\n", b"\xff\xfe" * 100_000 * size
    ),
    "unicode_escape": lambda size: simple(
        b"Content-Type: text/plain; charset=unicode_escape\r\n", b"\\u0041" * 50_000 * size
    ),
    "idna": lambda size: simple(
        b"Content-Type: text/plain; charset=idna\r\n", b"xn--a\xff" * 20_000 * size
    ),
    "utf-32": lambda size: simple(
        b"Content-Type: text/plain; charset=utf-32\r\nContent-Transfer-Encoding: base64\r\n",
        b"gggg" * 50_000 * size,
    ),
    "iso-2022-jp": lambda size: simple(
        b"Content-Type: text/plain; charset=iso-2022-jp\r\n", b"\x1b$B-!\x1b(B" * 20_000 * size
    ),
    "uuencode": lambda size: simple(b"", b"begin 644 x\r\nM0000\r\n" * 50_000 * size),
    "uuencoded files": lambda size: simple(b"", b"begin 644 x\r\n!00\r\nend\r\n" * 20_000 * size),
    "padding": lambda size: simple(
        b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n", b"QQ==" * 200_000 * size
    ),
    "soft breaks": lambda size: simple(
        b"Content-Transfer-Encoding: quoted-printable\r\n", b"=41=  \r\n" * 200_000 * size
    ),
    "flowed": lambda size: simple(
        b"Content-Type: text/plain; format=flowed\r\n", b"> a \r\n" * 100_000 * size
    ),
    "report folds": lambda size: simple(
        b"Content-Type: message/delivery-status\r\n", b"a: b\r\n" + b" b\r\n" * 100_000 * size
    ),
    "enriched": lambda size: simple(b"Content-Type: text/enriched\r\n", b"<" * 200_000 * size),
    "html elements": lambda size: simple(b"Content-Type: text/html\r\n", b"<div>" * 20_000 * size),
    "html references": lambda size: simple(b"Content-Type: text/html\r\n", b"&#" * 100_000 * size),
    "html meta": lambda size: simple(b"Content-Type: text/html\r\n", b"<meta " * 50_000 * size),
    "a lone line": lambda size: simple(b"", b"x" * 2_400_000 * size),
    "empty lines": lambda size: b"\r\n" * 500_000 * size + b"x",
    "a name without end": lambda size: b"X" * 500_000 * size,
}


def _read(raw: bytes) -> None:
    """Parse, or be refused."""
    with contextlib.suppress(HostileMail):
        parse(raw, Limits())


@pytest.mark.parametrize("name", CASES)
def test_hostile_content_is_read_or_refused_in_linear_time(name: str) -> None:
    make = CASES[name]

    assert factor(_read, make(1), make(8)) <= FACTOR_MAX

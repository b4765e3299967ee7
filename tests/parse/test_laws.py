"""Laws that hold for any bytes whatsoever."""

from __future__ import annotations

import hashlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maild.core.mail import Limits, Parsed
from maild.errors import HostileMail
from maild.parse import extract, parse
from tests.parse.letters import HEAD, file, multipart, nested, simple, text

SEEDS = (
    multipart(
        nested(b"alternative", b"in", text(b"plain \xfc"), text(b"<p>rich</p>", b"html")),
        file(b'attachment; filename="=?utf-8?Q?=C3=BC?=.pdf"', b"aGVsbG8="),
        b"Content-Type: message/rfc822\r\n\r\n" + HEAD + b"\r\ninner",
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nA: b\r\n c",
        b"Content-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22\x00\x00\x02\x02\x90\x00\x00",
    ),
    simple(
        b"Content-Type: text/plain; charset=iso-2022-jp; format=flowed\r\nReferences: <a@b>\r\n",
        b"\x1b$B%F%9%H\x1b(B \r\n> quoted\r\nbegin 644 a\r\n#86)C\r\n`\r\nend\r\n",
    ),
    HEAD + b"Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nCc: A (b) <c@d>, x: y@z;\r\n\r\nhi",
)
TOKENS = st.sampled_from(
    [
        b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"--frontier", b"--frontier--", b"--in\r\n", b"\x00",
        b"\xff\xfe", b"=?utf-8?B?", b"?=", b"=?x?q?=?=", b"Content-Type: ", b"multipart/mixed;",
        b"boundary=", b"message/rfc822", b"charset=utf-7", b"base64", b"=", b"=3D", b'"', b"<",
        b">", b"(", b",", b"@", b";", b":", b"\x1b$B", b"begin 644 x\r\n", b"From: ", b"*0*=",
        b"Content-Transfer-Encoding: quoted-printable\r\n", b"text/html", b"<div", b"charset=utf-16",
    ]
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A mail with pieces cut out, doubled and put in."""
    raw = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 40)))
        piece = draw(st.one_of(TOKENS, st.binary(max_size=8), st.just(raw[start:end] * 2)))
        raw = raw[:start] + piece + raw[end:]
    return raw


def check(raw: bytes) -> None:
    """Parse, and hold the result against everything that is promised of it."""
    try:
        mail = parse(raw, Limits())
    except HostileMail:
        return
    assert isinstance(mail, Parsed)
    for found in mail.attachments:
        data = extract(raw, found.locator)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (found.size, found.sha256)
        assert 0 < len(found.name.encode()) <= 255
        assert "/" not in found.name
    shown = [mail.text, mail.subject, mail.html, mail.returned_text, *dict(mail.headers).values()]
    for value in shown:
        assert "\x00" not in value
        value.encode("utf-8")
    assert mail.date is None or mail.date.tzinfo is not None
    assert parse(raw, Limits()) == mail


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_a_mutated_mail_is_read_or_refused_but_never_breaks_the_parser(raw: bytes) -> None:
    check(raw)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.lists(TOKENS, max_size=40).map(b"".join)))
def test_arbitrary_bytes_are_read_or_refused_but_never_break_the_parser(raw: bytes) -> None:
    check(raw)

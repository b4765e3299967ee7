"""The splitter and the guard."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from maild.core.mail import Limits
from maild.core.mime import split
from maild.errors import HostileMail
from tests.parse.letters import HEAD, joined, multipart, nested, simple, text


def bodies(raw: bytes) -> list[tuple[str, bytes]]:
    return [(part.type, raw[part.body : part.end]) for part in split(raw, Limits()).parts]


def test_offsets_cut_out_exactly_the_body_of_each_part() -> None:
    raw = multipart(text(b"one"), text(b"two\r\n", kind=b"html"))

    found = bodies(raw)

    assert found[1:] == [("text/plain", b"one"), ("text/html", b"two\r\n")]


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n", b"\r\r\n"])
def test_every_line_end_is_understood(line_end: bytes) -> None:
    raw = multipart(text(b"one"), text(b"two")).replace(b"\r\n", line_end)

    found = bodies(raw)

    assert [body.strip() for kind, body in found if kind == "text/plain"] == [b"one", b"two"]


def test_a_boundary_that_begins_like_another_is_not_taken_for_it() -> None:
    inner = nested(b"alternative", b"frontier-1", text(b"plain"), text(b"rich", kind=b"html"))
    raw = multipart(inner, text(b"tail"))

    found = bodies(raw)

    assert [body for _, body in found[2:]] == [b"plain", b"rich", b"tail"]


def test_an_inner_multipart_that_is_never_closed_ends_with_the_outer_one() -> None:
    inner = b"Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n" + text(b"plain")
    raw = multipart(inner, text(b"tail"))

    structure = split(raw, Limits())

    assert [raw[part.body : part.end] for part in structure.parts[2:]] == [b"plain", b"tail"]
    assert "a multipart is not closed by its boundary" in structure.defects


def test_a_missing_last_boundary_loses_nothing() -> None:
    raw = multipart(text(b"one"), text(b"two")).replace(b"\r\n--frontier--\r\n", b"")

    assert bodies(raw)[-1][1] == b"two"


def test_a_boundary_other_than_declared_is_found() -> None:
    raw = simple(
        b"Content-Type: multipart/mixed; boundary=declared\r\n",
        joined(text(b"one"), text(b"two"), boundary=b"used"),
    )

    assert [body for _, body in bodies(raw)[1:]] == [b"one", b"two"]


def test_two_nested_multiparts_that_share_a_boundary_are_told_apart() -> None:
    opening = b'Content-Type: multipart/alternative; boundary="frontier"\r\n\r\n'
    inner = opening + joined(text(b"plain"), text(b"rich", b"html"), boundary=b"frontier")
    raw = multipart(inner, text(b"tail"))

    parts = split(raw, Limits()).parts

    assert [(part.parent, raw[part.body : part.end]) for part in parts[2:]] == [
        (1, b"plain"),
        (1, b"rich"),
        (0, b"tail"),
    ]


def test_parts_after_a_premature_end_are_found() -> None:
    raw = multipart(text(b"one")) + joined(text(b"two"), boundary=b"frontier")

    assert [body for _, body in bodies(raw)[1:]] == [b"one", b"two"]


def test_a_line_that_is_no_field_ends_the_header() -> None:
    raw = b"Subject: s\r\nthis is no field\r\nFrom: a@b.example\r\n\r\nbody"

    part = split(raw, Limits()).parts[0]

    assert [item.name for item in part.fields] == ["subject"]
    assert raw[part.body :].startswith(b"this is no field")


def test_a_parameter_that_lost_its_indentation_is_still_one() -> None:
    raw = simple(
        b"Content-Type: multipart/mixed;\r\nboundary=frontier\r\n",
        joined(text(b"one"), boundary=b"frontier"),
    )

    assert bodies(raw)[1] == ("text/plain", b"one")


def test_mbox_lines_and_empty_lines_before_the_header_are_skipped() -> None:
    raw = b"\r\n\r\nFrom ann@customer.example Mon Jan  1 00:00:00 2026\r\n" + HEAD + b"\r\nhi"

    part = split(raw, Limits()).parts[0]

    assert part.fields[0].name == "from"
    assert raw[part.body :] == b"hi"


def test_the_parts_of_an_attached_message_are_found_too() -> None:
    raw = multipart(text(b"see"), b"Content-Type: message/rfc822\r\n\r\n" + HEAD + b"\r\ninner")

    parts = split(raw, Limits()).parts

    assert [part.type for part in parts[1:]] == ["text/plain", "message/rfc822", "text/plain"]
    assert raw[parts[3].body : parts[3].end] == b"inner"
    assert raw[parts[2].body : parts[2].end] == HEAD + b"\r\ninner"


def _deep(count: int) -> bytes:
    pieces = [
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(count)
    ]
    return HEAD + b"".join(pieces) + b"\r\nhi"


HOSTILE: dict[str, tuple[Callable[[int], bytes], str]] = {
    "nested multiparts": (lambda size: _deep(1000 * size), "nested deeper"),
    "nested messages": (
        lambda size: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 1000 * size,
        "nested deeper",
    ),
    "addresses": (
        lambda size: (
            b"".join(b"To: " + b"a@b.example, " * 300 + b"c@d.example\r\n" for _ in range(size))
            + b"\r\n"
        ),
        "addresses",
    ),
    "20,000 addresses": (
        lambda size: b"To: " + b"abcdefgh@example.org, " * 20_000 * size + b"\r\n\r\n",
        "header field",
    ),
    "20,000 encoded words": (
        lambda size: b"Subject:" + b" =?utf-8?q?abc?=" * 20_000 * size + b"\r\n\r\n",
        "header field",
    ),
    "20,000 parameters": (
        lambda size: b"Content-Type: text/plain" + b"; abcd=x" * 20_000 * size + b"\r\n\r\n",
        "header field",
    ),
    "header lines": (lambda size: b"X: a\r\n" * 2000 * size + b"\r\n", "lines"),
    "header bytes": (
        lambda size: (b"X: " + b"a" * 60_000 + b"\r\n") * 5 * size + b"\r\n",
        "the header is longer",
    ),
    "100,000 parts": (
        lambda size: multipart(*[b""] * 100_000 * size),
        "parts",
    ),
    "false delimiters": (
        lambda size: simple(
            b"Content-Type: multipart/mixed; boundary=x\r\n", b"--xy\r\n" * 100_000 * size
        ),
        "look like part boundaries",
    ),
    "30 MB": (lambda size: HEAD + b"\r\n" + b"x" * 30_000_000 * size, "larger"),
}


@pytest.mark.parametrize("size", [1, 10])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_mail_outside_the_limits_is_refused_at_once(name: str, size: int) -> None:
    make, reason = HOSTILE[name]
    raw = make(size)

    started = time.process_time()
    with pytest.raises(HostileMail, match=reason):
        split(raw, Limits())
    seconds = time.process_time() - started

    assert seconds < 0.5


def test_a_mail_just_within_the_limits_is_read() -> None:
    raw = multipart(*[b"\r\n"] * 199)

    assert len(split(raw, Limits()).parts) == 200

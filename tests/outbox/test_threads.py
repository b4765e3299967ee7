"""Ids and Thread-Index: one conversation in every client."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from maild.outbox.threads import child_index, post_message_id
from tests.outbox.letters import HOUSE, KEYS, NOW, TICKET

BEGUN = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def header(at: datetime) -> bytes:
    filetime = int(at.timestamp() * 10_000_000) + 116_444_736_000_000_000
    return (filetime >> 16).to_bytes(6, "big") + b"g" * 16


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def test_a_child_adds_five_bytes_that_tell_the_time_passed() -> None:
    child = base64.b64decode(child_index(encoded(header(BEGUN)), NOW, "id"))

    delta = int.from_bytes(child[22:26], "big")

    assert child[:22] == header(BEGUN)
    assert len(child) == 27
    assert (delta << 18) / 10_000_000 == pytest.approx(30 * 60, abs=0.1)


def test_a_long_time_takes_the_coarse_scale() -> None:
    later = BEGUN + timedelta(days=2000)

    child = base64.b64decode(child_index(encoded(header(BEGUN)), later, "id"))

    delta = int.from_bytes(child[22:26], "big")
    assert delta >> 31 == 1
    assert ((delta & 0x7FFFFFFF) << 23) / 10_000_000 == pytest.approx(2000 * 86400, abs=2)


def test_a_grandchild_keeps_what_was_there() -> None:
    child = child_index(encoded(header(BEGUN)), NOW, "a")

    grandchild = base64.b64decode(child_index(child, NOW + timedelta(hours=1), "b"))

    assert grandchild[:27] == base64.b64decode(child)
    assert len(grandchild) == 32


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "x",
        "ü",
        "AQ==",
        encoded(b"x" * 23),
        encoded(b"x" * 5000),
        "A" * 100_000,
        "AQHb\r\nX: y",
    ],
)
def test_what_is_malformed_or_too_deep_is_not_continued(parent: str) -> None:
    assert child_index(parent, NOW, "id") == ""


def test_a_parent_from_the_future_counts_as_now() -> None:
    child = base64.b64decode(child_index(encoded(header(NOW + timedelta(days=1))), NOW, "id"))

    assert child[22:26] == bytes(4)


def test_a_posts_id_stays_the_same_whenever_it_is_made() -> None:
    one = post_message_id(KEYS, HOUSE, TICKET, 7)

    assert one == post_message_id(KEYS, HOUSE, TICKET, 7)
    assert one.endswith(".p7@acme.example")
    assert one.isascii()

"""Which addresses are well formed, and which are ours."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.address import (
    is_own_domain,
    recipient,
    valid,
    valid_return_path,
    without_detail,
)
from maild.core.house import House, Mailbox
from maild.core.token import TOKEN_LENGTH

TOKEN = ("abcdefghijklmnopqrstuvwxyz234567" * 2)[:TOKEN_LENGTH]
HOUSE = House(
    name="Example",
    domain="mail.example",
    reply_domain="reply.example",
    mailboxes=(
        Mailbox(name="Support", address="support@mail.example", aliases=("help@other.example",)),
        Mailbox(name="Europe", address="support+eu@mail.example"),
        Mailbox(name="Büro", address="hilfe@büro.example"),
    ),
)

GOOD = [
    "a@b.example",
    "first.last+tag@sub.domain.example",
    "o'neil@b.example",
    "x=y_z-1@b.example",
    "jürgen@büro.example",
    "用户@例子.广告",
    "root@localhost",
    "a" * 64 + "@b.example",
    "a@" + "b" * 63 + ".example",
]
BAD = [
    "",
    "@",
    "a",
    "a@",
    "@b.example",
    "a@@b.example",
    "a@b@c.example",
    "a b@c.example",
    ".a@b.example",
    "a.@b.example",
    "a..b@c.example",
    "a@b..example",
    "a@.example",
    "a@b.example.",
    "a@-b.example",
    "a@b-.example",
    "a@b_\n.example",
    "a%c.example@b.example",
    "c.example!a@b.example",
    '"a"@b.example',
    '"a b"@c.example',
    "@c.example:a@b.example",
    "a@[127.0.0.1]",
    "a@b.example\r\nRCPT TO:<c@d.example>",
    "a\0@b.example",
    "a\x7f@b.example",
    "a\u2028@b.example",
    "a\u0085@b.example",
    "a\u00a0@b.example",
    "a\ud800@b.example",
    "<a@b.example>",
    "a@b.example>",
    "a,b@c.example",
    "a;b@c.example",
    "a\\b@c.example",
    "(x)a@b.example",
    "a" * 65 + "@b.example",
    "ü" * 33 + "@b.example",
    "a@" + "b" * 64 + ".example",
    "a@" + "b." * 130 + "example",
]


@pytest.mark.parametrize("address", GOOD)
def test_a_plain_address_is_valid(address: str) -> None:
    assert valid(address)
    assert valid_return_path(address)


@pytest.mark.parametrize("address", BAD)
def test_anything_else_is_not(address: str) -> None:
    assert not valid(address)
    assert recipient(address, HOUSE) is None


@pytest.mark.parametrize(
    "address",
    ["", "a%c@b.example", '"a b"@c.example', "x..y@b.example", "a!b@c.example", "a@[::1]"],
)
def test_a_return_path_may_be_odd(address: str) -> None:
    assert valid_return_path(address)


@pytest.mark.parametrize(
    "address", ["a", "a@", "@b", "a b@c", "a@b>", "<a@b", "a@b\r\nx", "a\0@b", '"a\n"@b', "a@b@c"]
)
def test_a_return_path_may_not_be_anything(address: str) -> None:
    assert not valid_return_path(address)


@pytest.mark.parametrize(
    ("address", "name", "tag"),
    [
        ("support@mail.example", "Support", ""),
        ("SUPPORT@Mail.Example", "Support", ""),
        ("help@other.example", "Support", ""),
        ("support+Tag@mail.example", "Support", "tag"),
        (f"support+{TOKEN}@mail.example", "Support", TOKEN),
        (f"Help+{TOKEN.upper()}@other.example", "Support", TOKEN),
        ("support+a+b@mail.example", "Support", "a+b"),
        ("support+eu@mail.example", "Europe", ""),
        (f"support+eu+{TOKEN}@mail.example", "Europe", TOKEN),
        (f"{TOKEN}@reply.example", "Support", TOKEN),
        ("support+@mail.example", "Support", ""),
        ("hilfe@büro.example", "Büro", ""),
        ("Hilfe+x@xn--bro-hoa.example", "Büro", "x"),
    ],
)
def test_our_addresses_are_known_with_and_without_a_tag(address: str, name: str, tag: str) -> None:
    found = recipient(address, HOUSE)

    assert found is not None
    assert (found.mailbox.name, found.tag) == (name, tag)


@pytest.mark.parametrize(
    "address",
    [
        "nobody@mail.example",
        "support@elsewhere.example",
        "help@mail.example",
        "support@reply.example",
        f"{TOKEN}@mail.example",
        f"{TOKEN[:-1]}@reply.example",
        f"{TOKEN}@",
        "+tag@mail.example",
        "supportx+tag@mail.example",
        "support@mail.example.elsewhere.example",
    ],
)
def test_other_addresses_are_not_ours(address: str) -> None:
    assert recipient(address, HOUSE) is None


def test_no_reply_domain_means_no_bare_token() -> None:
    house = House(name="X", domain="mail.example", mailboxes=HOUSE.mailboxes)

    assert recipient(f"{TOKEN}@mail.example", house) is None
    assert recipient("a@b.example", House(name="X", domain="b.example")) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("x@mail.example", True),
        ("x@OTHER.example", True),
        ("x@reply.example", True),
        ("x@xn--bro-hoa.example", True),
        ("x@elsewhere.example", False),
        ("x@", False),
        ("x", False),
    ],
)
def test_our_domains_are_known(address: str, expected: bool) -> None:
    assert is_own_domain(address, HOUSE) is expected


@given(st.text(max_size=40))
def test_no_text_makes_it_fail(text: str) -> None:
    for address in (text, f"{text}@mail.example", f"support+{text}@mail.example", f"a@{text}"):
        found = recipient(address, HOUSE)

        assert valid(address) or found is None
        assert not (valid(address) and any(c in address for c in '\r\n\0 <>%"'))


@pytest.mark.parametrize("unit", ["a", ".", "a.", "@", "+", "ü", "a@", "-", '"', "\\", "%"])
def test_a_megabyte_is_refused_at_once(unit: str) -> None:
    start = time.process_time()

    for text in (unit * 1_000_000, unit * 1_000_000 + "@mail.example", "a@" + unit * 1_000_000):
        recipient(text, HOUSE)
        valid_return_path(text)

    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Anna@B.example", "anna@b.example"),
        ("anna+1@b.example", "anna@b.example"),
        ("anna+1+2@b.example", "anna@b.example"),
        ("anna+@b.example", "anna@b.example"),
        ("an.na+1@b.example", "an.na@b.example"),
        ("+49123+1@sms.example", "+49123@sms.example"),
        ("+1@b.example", "+1@b.example"),
        ("anna", "anna"),
        ("", ""),
    ],
)
def test_what_reaches_one_mailbox_is_counted_without_its_detail(
    address: str, mailbox: str
) -> None:
    assert without_detail(address) == mailbox

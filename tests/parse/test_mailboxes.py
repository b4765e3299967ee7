"""Mailboxes: a guess to show and a strict reading to trust."""

from __future__ import annotations

import pytest

from maild.core.mail import Address
from maild.core.mailboxes import read_addresses
from maild.encodedwords import decode_words
from tests.parse.letters import read

AMBIGUOUS = [
    b"agent@co.example <evil@x.example>",
    b"a" * 250 + b"@x.example",
    b'"agent@co.example" <evil@x.example>',
    b"<agent@co.example> <evil@x.example>",
    b"agent@co.example, evil@x.example",
    b"<<agent@co.example>>",
    b"agent@co.example (evil@x.example)",
    b"(evil@x.example) agent@co.example",
    b"Agent (Sales) <agent@co.example>",
    b"Team: agent@co.example;",
    b"<@x.example:agent@co.example>",
    b"Agent <agent@co.example",
    b"agent@co.example>",
    b"agent@co.example\x00@x.example",
    b"Agent <agent@co.example>\x00",
    b"=?utf-8?q?agent=40co.example?= <evil@x.example>",
    b"=?utf-8?b?YWdlbnRAY28uZXhhbXBsZQ==?= <evil@x.example>",
    b"=?utf-8?q?Agent_<agent@co.example>?= <evil@x.example>",
    b"=?utf-8?q?Agent_=3Cagent=3E?= <evil@x.example>",
    b"agent\xef\xbc\xa0co.example <evil@x.example>",
    b'"agent@co.example>"@x.example',
    b'"a b"@co.example',
    b"agent@co.example@x.example",
    b"Agent <agent@[127.0.0.1]>",
    b"agent@co.example;",
    b"agent@co.example,",
    b"agent@co.example <>",
    b"=?utf-8?q?agent=40co.example?=",
    b"<=?utf-8?q?agent?=@co.example>",
    b'"Agent <agent@co.example>',
    b"Agent\r <agent@co.example>",
    b"Agent \xe2\x80\xae <agent@co.example>",
    b"Agent [IT] <agent@co.example>",
    b"agent",
    b"",
]
PLAIN = [
    b"agent@co.example",
    b"<agent@co.example>",
    b"Agent <agent@co.example>",
    b'"Agent, The (Sales)" <agent@co.example>',
    b'"agent@co.example" <agent@co.example>',
    b"=?utf-8?q?J=C3=B6rg?= <agent@co.example>",
    b"J\xc3\xb6rg <agent@co.example>",
    b"Dr. O'Neil <agent+tag@co.example>",
]


@pytest.mark.parametrize("value", AMBIGUOUS)
def test_anything_but_one_plain_mailbox_proves_nobody(value: bytes) -> None:
    mail = read(b"From: " + value + b"\r\n\r\nhi")

    assert mail.from_defect


@pytest.mark.parametrize("value", PLAIN)
def test_one_plain_mailbox_has_no_defect(value: bytes) -> None:
    mail = read(b"From: " + value + b"\r\n\r\nhi")

    assert mail.from_defect == ""
    assert mail.from_[0].addr.endswith("@co.example")


def test_two_from_fields_prove_nobody() -> None:
    mail = read(b"From: agent@co.example\r\nFrom: agent@co.example\r\n\r\nhi")

    assert (mail.from_fields, bool(mail.from_defect)) == (2, True)


def test_without_from_the_answer_address_is_shown_but_proves_nobody() -> None:
    mail = read(b"Reply-To: Ann <ann@customer.example>\r\n\r\nhi")

    assert mail.from_ == (Address(name="Ann", addr="ann@customer.example"),)
    assert (mail.from_fields, bool(mail.from_defect)) == (0, True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            "ann@b.example. , Bob <BOB@B.Example>",
            [("", "ann@b.example"), ("Bob", "BOB@b.example")],
        ),
        ("ann@b.example (Ann Other)", [("Ann Other", "ann@b.example")]),
        ("'Other, Ann' via Desk <desk@b.example>", [("Other, Ann' via Desk", "desk@b.example")]),
        ("undisclosed-recipients:;", []),
        ("Friends: a@b.example, c@d.example;", [("", "a@b.example"), ("", "c@d.example")]),
        ("=?utf-8?q?J=2C_B?= <j@b.example>", [("J, B", "j@b.example")]),
        ("MAILER-DAEMON (Mail System)", [("Mail System", "")]),
        ("Ann ann@b.example", [("Ann", "ann@b.example")]),
        ("jörg@bücher.example", [("", "jörg@bücher.example")]),
        ("<a@b.example><c@d.example>", [("", "a@b.example"), ("", "c@d.example")]),
        ("<a@b.example> <c@d.example>", [("", "a@b.example"), ("", "c@d.example")]),
        ("A <a@b.example> C <c@d.example>", [("A", "a@b.example"), ("C", "c@d.example")]),
        (
            '"A, B" <a@b.example> (x) "C" <c@d.example>, e@f.example',
            [("A, B", "a@b.example"), ("C", "c@d.example"), ("", "e@f.example")],
        ),
        ("a@b.example c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
        ("Ann <ann> <a@b.example>", [("Ann <ann>", "a@b.example")]),
    ],
)
def test_the_guess_makes_the_most_of_a_field(value: str, expected: list[tuple[str, str]]) -> None:
    found = read_addresses(value, decode_words)

    assert [(item.name.strip("'"), item.addr) for item in found] == expected


@pytest.mark.parametrize(
    "value",
    ["Ann [a@b.example]", "=?utf-8?Q?Ann_<a@b.example>?=", "Ann (a@b.example", "Ann a@b.example"],
)
def test_an_address_among_words_leaves_only_the_words(value: str) -> None:
    (found,) = read_addresses(value, decode_words)

    assert (found.name, found.addr) == ("Ann", "a@b.example")


@pytest.mark.parametrize("value", ["<a@b.example> <c@d.example>", "a@b.example c@d.example"])
def test_two_addresses_without_a_comma_prove_nobodys_identity(value: str) -> None:
    mail = read(f"From: {value}\r\nTo: {value}\r\n\r\nhi".encode())

    assert [to.addr for to in mail.to] == ["a@b.example", "c@d.example"]
    assert mail.from_defect

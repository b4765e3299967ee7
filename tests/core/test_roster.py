"""Lists of customers: what is taken, and what is wrong with a line."""

from __future__ import annotations

import pytest

from maild.core.roster import Roster, read
from maild.errors import NotAllowed
from tests.core.scenes import ALICE, HOUSE, SUPPORT

HEAD = "address,name,organisation,segment,language,account_manager,notes\n"
LINE = "Anna@Customer.example,Anna Müller,acme,paid,DE,bob@co.example,calls back\n"


def taken(text: str) -> Roster:
    return read(text.encode(), HOUSE)


def wrong(line: str) -> str:
    found = taken(f"{HEAD}{line}\n")
    assert (found.customers, found.organisations) == ((), ())
    assert [one.line for one in found.bad] == [2]
    return found.bad[0].reason


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lists_of_every_office_program_are_read(charset: str, delimiter: str, ending: str) -> None:
    raw = (HEAD + LINE).replace(",", delimiter).replace("\n", ending).encode(charset)

    found = read(raw, HOUSE)

    assert found.bad == ()
    (anna,) = found.customers
    assert (anna.line, anna.address, anna.name) == (2, "anna@customer.example", "Anna Müller")
    assert (anna.organisation, anna.segment, anna.language) == ("ACME", "paid", "de")
    assert (anna.account_manager, anna.notes) == ("bob@co.example", "calls back")


def test_columns_come_in_any_order_and_some_may_be_missing() -> None:
    found = taken("Segment; ADDRESS\npaid;a@x.example\n\n;;\nvip;b@x.example\n")

    assert found.columns == {"segment", "address"}
    assert [(one.line, one.address, one.segment) for one in found.customers] == [
        (2, "a@x.example", "paid"),
        (5, "b@x.example", "vip"),
    ]
    assert [(one.line, one.reason) for one in found.bad] == []


def test_notes_may_have_lines_and_the_lines_of_the_file_are_counted_on() -> None:
    found = taken('address,notes\na@x.example,"one\ntwo"\nbad,x\n')

    assert found.customers[0].notes == "one\ntwo"
    assert [(one.line, one.reason) for one in found.bad] == [(4, "'bad' is no address")]


def test_a_line_without_an_address_is_about_the_organisation() -> None:
    found = taken(f"{HEAD},,Beta  Ltd,enterprise,,{ALICE},\n")

    (beta,) = found.organisations
    assert (beta.organisation, beta.segment, beta.account_manager) == (
        "Beta Ltd",
        "enterprise",
        ALICE,
    )


BAD = [
    ("a@x.example,A", "has 2 fields; the first line has 7"),
    ("nobody,,,,,,", "'nobody' is no address"),
    (f"{SUPPORT},,,,,,", f"{SUPPORT} is an address of ours"),
    ("support+x@co.example,,,,,,", "support+x@co.example is an address of ours"),
    (f"{ALICE},,,,,,", f"{ALICE} is an agent"),
    ("a@x.example,,,,english,,", "language: 'english' is not two letters such as 'en'"),
    ("a@x.example,,,,,boss,", "account_manager: 'boss' is no address"),
    (
        "a@x.example,,,,,eve@else.example,",
        "account_manager: eve@else.example is no agent, and config.toml names them nowhere else",
    ),
    ("a@x.example,a\x07b,,,,,", "name holds control characters"),
    ('a@x.example,"a\nb",,,,,', "name has more than one line"),
    (f"a@x.example,,,{'s' * 65},,,", "segment has 65 characters; 64 are allowed"),
    (f"a@x.example,,,,,,{'n' * 4001}", "notes has 4001 characters; 4000 are allowed"),
    (",Anna,,,,,", "has neither an address nor an organisation"),
    (",,Beta,,,,secret", "notes is a person's; give their address"),
]


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_every_bad_line_is_named_with_its_reason(line: str, reason: str) -> None:
    assert wrong(line) == reason


def test_who_stands_there_twice_is_named_the_second_time() -> None:
    found = taken(f"{HEAD}{LINE}{LINE.upper()},,Beta,,,,\n,,beta,,,,\n")

    assert [(one.line, one.reason) for one in found.bad] == [
        (3, "stands already on line 2"),
        (5, "stands already on line 4"),
    ]


def test_a_quote_that_never_ends_is_named_where_it_begins() -> None:
    found = taken('address,notes\na@x.example,fine\nb@x.example,"never\nends\n')

    assert [one.address for one in found.customers] == ["a@x.example"]
    assert [one.line for one in found.bad] == [3]
    assert "cannot be read from here on" in found.bad[0].reason


HOPELESS = [
    (b"", "no column ''"),
    (b"mail,name\n", "there is no column 'mail'"),
    (b"address,address\n", "names a column twice"),
    (b"name,segment\n", "names no column 'address'"),
    (b"address\n\x81\x8d", "not text in UTF-8"),
    (b"\xff\xfea", "not text in UTF-8"),
]


@pytest.mark.parametrize(("raw", "reason"), HOPELESS)
def test_what_is_no_list_of_customers_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(NotAllowed, match=reason):
        read(raw, HOUSE)


@pytest.mark.parametrize("text", ['"' * 1_000_000, "," * 1_000_000, "a" * 1_000_000])
def test_a_megabyte_of_nonsense_is_told_and_not_chewed_on(text: str) -> None:
    assert taken(f"{HEAD}{text}").customers == ()

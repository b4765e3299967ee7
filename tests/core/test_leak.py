"""The last look for a note's words in what a customer would read."""

from __future__ import annotations

import time

from maild.core.leak import quoted, repeated

NOTE = "The customer has not paid since March, do not offer any refund before Bob agrees."
CHINESE = "这个客户从三月开始就没有付过钱在鲍勃同意之前不要退款给他们"


def test_eight_words_of_a_note_are_found_in_text_and_in_html() -> None:
    run = "has not paid since March, do not offer"

    assert repeated(["Hi,\nHAS not paid\n> since March -- do not offer"], [NOTE], [])
    assert repeated(["<p>has <b>not</b> paid since March do<br>not offer</p>"], [NOTE], [])
    assert repeated([run], [NOTE], []) == "has not paid since march do not offer"


def test_what_html_writes_as_entities_hides_no_leak() -> None:
    spaced = "has&nbsp;not paid&nbsp;since March, do&nbsp;not offer"
    joined = "Tom &amp; Jerry have not paid us since March"

    assert repeated([f"<p>{spaced}</p>"], [NOTE], [])
    assert repeated([f"<p>{joined}</p>"], ["Tom & Jerry have not paid us since March"], [])


def test_seven_words_are_no_leak() -> None:
    assert repeated(["has not paid since March, do not"], [NOTE], []) == ""


def test_a_short_note_is_found_as_a_whole() -> None:
    note = "Never refund this customer!"

    assert repeated(["Hello,\n> never refund THIS customer\n"], [note], [NOTE])
    assert repeated(["never refund this customer"], [f"{note}\n-- \nAlice Martin"], [])
    assert repeated(["We refund this customer."], [note], []) == ""
    assert repeated(["Please call him"], ["Please call him"], []) == ""
    assert repeated([note], [note], [f"I said: {note}"]) == ""
    assert repeated(["您好。这个客户没有付过钱。"], ["这个客户没有付过钱"], [])


def test_of_other_tickets_a_short_text_is_no_leak() -> None:
    thanks = "Thank you very much"

    assert repeated(["Thank you very much, Anna."], [thanks], [], short=False) == ""
    assert repeated(["您好。这个客户没有付过钱。"], ["这个客户没有付过钱"], [], short=False) == ""
    assert repeated(["has not paid since March, do not"], [NOTE], [], short=False) == ""
    assert repeated(["has not paid since March, do not offer"], [NOTE], [], short=False)
    assert repeated([CHINESE[:16]], [CHINESE], [], short=False)


def test_a_quoted_line_of_a_note_is_found_however_short() -> None:
    assert quoted("Hello,\n> VIP\n", ["VIP"], ["It smokes."]) == "vip"
    assert quoted("Hello VIP,\n> It smokes.\n", ["VIP\nIt smokes."], ["It smokes."]) == ""


def test_what_is_public_is_no_secret() -> None:
    assert repeated([NOTE], [NOTE], [f"As I said: {NOTE}"]) == ""


def test_the_first_words_that_are_secret_are_told() -> None:
    known = "The customer has not paid since March, do"

    assert repeated([NOTE], [NOTE], [known]) == "customer has not paid since march do not"


def test_scripts_without_spaces_are_compared_by_characters() -> None:
    assert repeated([f"您好。{CHINESE[:16]}。"], [CHINESE], [])
    assert repeated([f"您好。{CHINESE[:15]}。"], [CHINESE], []) == ""


def test_a_hostile_text_costs_little() -> None:
    start = time.process_time()

    repeated(["<" * 10**6, "a " * 10**6, "<a" * 10**6], [NOTE], [])

    assert time.process_time() - start < 3

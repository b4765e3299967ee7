"""Votes and goodbyes over HTTP: what a scanner, a thief and a hasty finger can do, which is nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import product

import pytest

from maild.core.survey import Kind
from maild.core.token import Keys, Purpose, issue
from tests.core.scenes import ANNA, BEN
from tests.pages.places import gone, leaving, opened, pages_of, surveyed, token, votes
from tests.trust.house import InMemory
from tests.web.asking import FORM, Answer, Asked, ask_all

SCANS = 1000
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def house() -> Iterator[InMemory]:
    with opened() as made:
        yield made


def ask(
    house: InMemory,
    method: str,
    path: str,
    form: Mapping[str, str] | bytes = b"",
    *headers: tuple[str, str],
    kind: str = FORM,
) -> Answer:
    asked = Asked(method=method, path=path, form=form, headers=headers, kind=kind)
    return ask_all(pages_of(house), [asked])[0]


def test_thousands_of_scanners_change_nothing(house: InMemory) -> None:
    paths = [
        f"{surveyed(house, Kind.CSAT)}?score=1",
        f"{surveyed(house, Kind.NPS)}?score=0",
        leaving(house),
    ]
    before = house.ticket(1)
    asked = [
        Asked(method=method, path=path)
        for path in paths
        for method in ("GET", "HEAD")
        for _ in range(SCANS)
    ]

    answers = ask_all(pages_of(house), asked)

    print(f"{len(answers)} GET and HEAD: {len(votes(house))} votes, {len(gone(house))} left")
    assert len(answers) == 6 * SCANS
    assert {answer.status for answer in answers} == {200}
    assert votes(house) == []
    assert gone(house) == []
    assert house.ticket(1) == before


def test_no_other_method_does_anything(house: InMemory) -> None:
    methods = ("PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")
    for path, method in product((surveyed(house), leaving(house)), methods):
        assert ask(house, method, path, {"score": "1", **ONE_CLICK}).status == 404

    assert votes(house) == []
    assert gone(house) == []


def test_posting_twice_is_one_vote_and_a_change_another(house: InMemory) -> None:
    path = surveyed(house)

    first, second = (ask(house, "POST", path, {"score": "4", "comment": "x"}) for _ in range(2))
    assert votes(house) == [(4, "x")]
    changed = ask(house, "POST", path, {"score": "2"})

    assert {first.status, second.status, changed.status} == {200}
    assert [score for score, _ in votes(house)] == [4, 2]


def test_a_form_in_parts_votes_as_well(house: InMemory) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="score"\r\n\r\n5\r\n'
        b'--b\r\nContent-Disposition: form-data; name="comment"\r\n\r\nmerci \xe2\x99\xa5\r\n--b--\r\n'
    )

    answer = ask(house, "POST", surveyed(house), body, kind="multipart/form-data; boundary=b")

    assert answer.status == 200
    assert votes(house) == [(5, "merci ♥")]


def test_a_mark_that_does_not_exist_is_no_vote(house: InMemory) -> None:
    path = surveyed(house)

    for mark in ("", "0", "6", "-1", "4.0", "٤", "1e0", "99999999999", "x"):
        assert ask(house, "POST", path, {"score": mark}).status in (400, 404), mark

    assert votes(house) == []


NO_FORMS = (
    (b"", FORM),
    (b"\xff\xfe", FORM),
    (b"score", FORM),
    (b"&" * 60_000, FORM),
    (b"score=4" + b"&a=b" * 500, FORM),
    (b"{}", "application/json"),
    (b"--b\r\nbroken", "multipart/form-data; boundary=b"),
    (b"score=4", "multipart/form-data"),
)


def test_what_is_no_form_is_refused(house: InMemory) -> None:
    for path, (body, kind) in product((surveyed(house), leaving(house)), NO_FORMS):
        assert ask(house, "POST", path, body, kind=kind).status == 400, body[:20]

    assert votes(house) == []
    assert gone(house) == []


def forged(path: str, house: InMemory) -> list[str]:
    """What somebody might try who holds one good link."""
    folder, _, good = path.rpartition("/")
    purpose = Purpose.SURVEY if folder == "/survey" else Purpose.UNSUBSCRIBE
    day = house.now.date()
    stranger = Keys(current=2, by_id={2: b"somebody else's key" * 2})
    others = [other for other in Purpose if other is not purpose]
    tokens = [
        *(token(other, 1, ANNA, house) for other in others),
        token(purpose, 1, BEN, house),
        token(purpose, 2, ANNA, house),
        token(purpose, 0, ANNA, house),
        token(purpose, 2**32 - 1, ANNA, house),
        issue(stranger, purpose=purpose, ticket=1, recipient=ANNA, today=day),
        *(good[:n] + ("a" if good[n] != "a" else "b") + good[n + 1 :] for n in range(len(good))),
        good[:-1],
        good + "a",
        "a" * 45,
        "%00",
        "é" * 45,
    ]
    return [f"{folder}/{one}" for one in tokens]


def test_forged_tokens_and_those_of_others_are_refused(house: InMemory) -> None:
    paths = [surveyed(house), leaving(house)]
    tries = [one for path in paths for one in forged(path, house)]
    form = {"score": "1", **ONE_CLICK}

    answers = ask_all(
        pages_of(house),
        [
            Asked(method=method, path=one, form=form)
            for one, method in product(tries, ("GET", "POST"))
        ],
    )

    print(f"{len(answers)} forged, {sum(answer.status != 404 for answer in answers)} let in")
    assert {answer.status for answer in answers} == {404}
    assert "Anna" not in "".join(answer.text for answer in answers)
    assert votes(house) == []
    assert gone(house) == []


def test_a_link_is_over_in_time(house: InMemory) -> None:
    late, replayed = surveyed(house, turn=1), surveyed(house, Kind.NPS)
    assert ask(house, "POST", replayed, {"score": "9"}).status == 200
    house.now += timedelta(days=31)

    for path in (late, replayed):
        assert ask(house, "GET", path).status == 410
        assert ask(house, "POST", path, {"score": "1"}).status == 410

    assert votes(house) == [(9, "")]


def test_a_mail_program_unsubscribes_by_one_post(house: InMemory) -> None:
    parts = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'

    first = ask(house, "POST", leaving(house), parts, kind="multipart/form-data; boundary=b")
    again = ask(house, "POST", leaving(house), ONE_CLICK)

    assert (first.status, again.status) == (200, 200)
    assert gone(house) == [(ANNA, "link")]


def test_a_browser_unsubscribes_on_the_page(house: InMemory) -> None:
    ask(house, "POST", leaving(house), ONE_CLICK, ("origin", "null"))

    assert gone(house) == [(ANNA, "page")]


def test_a_post_that_does_not_say_so_unsubscribes_nobody(house: InMemory) -> None:
    path = leaving(house)

    for said in ({}, {"List-Unsubscribe": ""}, {"List-Unsubscribe": "one"}, {"score": "5"}):
        assert ask(house, "POST", path, said).status == 400

    assert gone(house) == []


def test_each_page_carries_the_brand_that_the_customer_knows(house: InMemory) -> None:
    """The house is called Co, its mailbox Support; who holds no token hears what the house is."""
    path, out = surveyed(house), leaving(house)
    shown = [
        ask(house, "GET", path),
        ask(house, "POST", path, {"score": "4"}),
        ask(house, "POST", path, {"score": "9"}),
        ask(house, "GET", out),
        ask(house, "POST", out, ONE_CLICK),
    ]

    assert [_footer(answer) for answer in shown[1:]] == ["Support"] * 4
    assert _footer(shown[0]).startswith("Support")
    assert _footer(ask(house, "GET", "/survey/nobody")) == "Co"


def _footer(answer: Answer) -> str:
    return answer.text.partition("<footer>")[2].partition("</footer>")[0]


def test_every_page_is_strict_and_sets_no_cookie(house: InMemory) -> None:
    for path in (surveyed(house), leaving(house), "/survey/x", "/unsubscribe/x"):
        headers = ask(house, "GET", path).headers

        assert headers["content-security-policy"].startswith(
            "default-src 'none'; form-action 'self'"
        )
        assert "script" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert "set-cookie" not in headers

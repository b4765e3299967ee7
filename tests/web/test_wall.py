"""The status wall over HTTP: who gets in, who does not, and what it costs the database."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta

import pytest

from maild import wall
from maild.carry import Office
from maild.core.scorecard import Report
from maild.core.token import Keys, Purpose
from maild.core.wall import Wall, link
from maild.errors import StoreBusy
from tests.core.scenes import ANNA, NOW
from tests.pages.places import busy, opened, token, wall_of, wall_path
from tests.trust.house import InMemory
from tests.web.asking import Answer, Asked, ask_all

PASSWORD = "corréct horse"


@pytest.fixture(scope="module")
def built() -> Iterator[InMemory]:
    with opened() as made:
        yield made


@pytest.fixture
def house(built: InMemory) -> InMemory:
    """One house for all: nobody who looks changes it, only its clock moves."""
    built.now = NOW
    return built


def basic(password: str, user: str = "team") -> tuple[tuple[str, str], ...]:
    value = base64.b64encode(f"{user}:{password}".encode()).decode()
    return (("authorization", f"Basic {value}"),)


def look(house: InMemory, path: str, *, password: str = "", given: str | None = None) -> Answer:
    headers = () if given is None else basic(given)
    return ask_all(wall_of(house, password), [Asked(path=path, headers=headers)])[0]


def test_a_signed_link_opens_it_until_its_last_day(house: InMemory) -> None:
    path = wall_path(house, days=30)

    seen = []
    for days in (0, 30, 1):
        house.now += timedelta(days=days)
        seen.append(look(house, path).status)

    assert seen == [200, 200, 404]
    assert look(house, wall_path(house)).status == 200


def test_no_other_link_opens_it(house: InMemory) -> None:
    good = wall_path(house).rpartition("/")[2]
    today = house.now.date()
    stranger = Keys(current=2, by_id={2: b"somebody else's key" * 2})
    others = [
        token(purpose, 30, ANNA, house) for purpose in Purpose if purpose is not Purpose.WALL
    ]
    forged = [
        *others,
        token(Purpose.WALL, 30, ANNA, house),
        link(stranger, "", 30, today),
        link(house.office.world.keys, PASSWORD, 30, today),
        link(house.office.world.keys, "", 30, today + timedelta(days=1)),
        *(good[:n] + ("a" if good[n] != "a" else "b") + good[n + 1 :] for n in range(45)),
        "x",
    ]

    answers = [look(house, f"/wall/{one}") for one in forged]

    assert {answer.status for answer in answers} == {404}
    assert not [answer for answer in answers if "printer" in answer.text]


def test_a_new_password_ends_every_link(house: InMemory) -> None:
    path = wall_path(house, PASSWORD)

    assert look(house, path, password=PASSWORD).status == 200
    assert look(house, path, password="another").status == 404
    assert look(house, path, password="").status == 404


def test_the_password_opens_it_and_nothing_else_does(house: InMemory) -> None:
    right = look(house, "/wall", password=PASSWORD, given=PASSWORD)
    asked = look(house, "/wall", password=PASSWORD)
    wrong = [
        look(house, "/wall", password=PASSWORD, given=given)
        for given in ("", "x", PASSWORD + " ", PASSWORD.upper(), "team:" + PASSWORD)
    ]

    assert right.status == 200
    assert {answer.status for answer in (asked, *wrong)} == {401}
    assert asked.headers["www-authenticate"] == 'Basic realm="maild", charset="UTF-8"'


def test_without_a_password_there_is_no_door_for_one(house: InMemory) -> None:
    assert look(house, "/wall").status == 404
    assert look(house, "/wall", given="").status == 404


@pytest.mark.parametrize("value", ["Basic", "Basic %%%", "Basic ew==", "Bearer x", "Basic é"])
def test_what_is_no_password_is_refused(house: InMemory, value: str) -> None:
    asked = Asked(path="/wall", headers=(("authorization", value),))

    assert ask_all(wall_of(house, PASSWORD), [asked])[0].status == 401


def test_who_guesses_has_to_wait_and_a_link_goes_on(house: InMemory) -> None:
    seconds = [0.0]
    app = wall_of(house, PASSWORD, lambda: seconds[0])
    wrong = Asked(path="/wall", headers=basic("guess"))
    right = Asked(path="/wall", headers=basic(PASSWORD))
    elsewhere = Asked(path="/wall", headers=basic(PASSWORD), client="127.0.0.2")
    linked = Asked(path=wall_path(house, PASSWORD))

    guessed = ask_all(app, [wrong] * 12)
    meanwhile = ask_all(app, [right, elsewhere, linked])
    seconds[0] = 61.0
    later = ask_all(app, [right])

    assert [answer.status for answer in guessed] == [401] * 10 + [429] * 2
    assert guessed[-1].headers["retry-after"] == "60"
    assert [answer.status for answer in meanwhile] == [429, 200, 200]
    assert later[0].status == 200


def test_who_guesses_from_everywhere_has_to_wait_as_well(house: InMemory) -> None:
    app = wall_of(house, PASSWORD)
    guesses = [
        Asked(path="/wall", headers=basic("guess"), client=f"10.0.0.{n % 200}") for n in range(150)
    ]

    answers = ask_all(app, guesses)

    assert [answer.status for answer in answers].count(401) == 100


def test_guessed_links_are_counted_too(house: InMemory) -> None:
    answers = ask_all(wall_of(house), [Asked(path="/wall/guess")] * 12)

    assert [answer.status for answer in answers] == [404] * 10 + [429] * 2


def test_it_refreshes_itself_until_one_says_no(house: InMemory) -> None:
    path = wall_path(house)

    assert look(house, path).headers["refresh"] == "30"
    assert "refresh" not in look(house, f"{path}?refresh=off").headers
    assert "http-equiv" not in look(house, path).text


def test_it_speaks_the_language_of_the_link_else_of_the_browser(house: InMemory) -> None:
    path = wall_path(house)
    french = Asked(path=path, headers=(("accept-language", "fr-CH, de"),))
    german = Asked(path=f"{path}?language=de", headers=french.headers)
    unknown = Asked(path=f"{path}?language=<b>")

    answers = ask_all(wall_of(house), [french, german, unknown])

    assert ['lang="fr"' in answers[0].text, 'lang="de"' in answers[1].text] == [True, True]
    assert '<html lang="en">' in answers[2].text


def test_it_is_strict_and_sets_no_cookie(house: InMemory) -> None:
    headers = look(house, wall_path(house)).headers

    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; form-action 'self'; frame-ancestors 'none'")
    assert policy.count("src") == 2
    assert "style-src 'sha256-" in policy
    assert headers["cache-control"] == "no-store"
    assert "set-cookie" not in headers


def test_a_hundred_screens_read_the_database_once(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    real = wall.read

    def counted(*given: object) -> object:
        reads.append(1)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(wall, "read", counted)

    answers = ask_all(wall_of(house), [Asked(path=wall_path(house))] * 100)

    assert {answer.status for answer in answers} == {200}
    assert len(reads) == 1


def test_figures_are_kept_longer_than_what_is_open(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [0.0]
    read: list[tuple[float, bool]] = []
    real = wall.read

    def counted(office: Office, figures: Report | None = None) -> Wall:
        read.append((seconds[0], figures is None))
        return real(office, figures)

    monkeypatch.setattr(wall, "read", counted)
    board = wall.Board(lambda: house.office, clock=lambda: seconds[0])

    for moment in (0.0, 9.9, 10.0, 15.0, 20.0, 59.9, 60.0, 70.0):
        seconds[0] = moment
        board.show("en", refreshes=True)

    assert read == [
        (0.0, True),
        (10.0, False),
        (20.0, False),
        (59.9, False),
        (70.0, True),
    ]


def test_where_the_database_is_busy_it_says_so_and_tries_again(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> object:
        raise StoreBusy("locked")

    monkeypatch.setattr(wall, "read", refuse)

    answer = look(house, wall_path(house))

    assert answer.status == 503
    assert answer.headers["refresh"] == "30"
    assert "try again in a minute" in answer.text


def test_it_tells_how_things_stand() -> None:
    with opened() as house:
        busy(house, [f"Subject {n}" for n in range(12)])
        text = look(house, wall_path(house)).text

    assert "[Support #2] Subject 0" in text
    assert "[Support #5] Subject 3" in text
    assert ">Alice<" not in text
    assert "· Alice" in text
    assert "n = 12" in text

"""Full text search on both databases: what is found, by whom, and that no question breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from maild.core import index
from maild.core.decision import Decision, Outcome
from maild.core.house import Agent
from maild.core.ticket import State, Ticket
from maild.store import commit, search
from maild.store.database import Connection, Database, open_database
from maild.store.desk import found
from maild.store.migrate import migrate
from tests.core.scenes import HOUSE, NOW, post
from tests.core.scenes import ticket as scene_ticket
from tests.servers.postgresql import PostgreSQL

EVERYBODY = Agent(address="alice@co.example")
SALES = Agent(address="carla@co.example", queues=("sales",))


def new_ticket(connection: Connection, *texts: str, **more: object) -> Ticket:
    posts = tuple(post(n, text=one) for n, one in enumerate(texts, start=1))
    wanted = replace(scene_ticket(number=0, version=0), **more)  # type: ignore[arg-type]
    decision = Decision(outcome=Outcome.POSTED, reasons=(), after=wanted, posts=posts)
    made = commit.numbered(connection, decision, NOW)
    assert made is not None
    commit.story(connection, decision, made, 0, NOW)
    return made


def numbers(connection: Connection, words: str, agent: Agent | None = None) -> list[int]:
    return search.numbers(connection, index.wanted(words), 100, agent)


def test_every_word_must_stand_somewhere_in_the_ticket(database: Database) -> None:
    with database.write() as connection:
        one = new_ticket(connection, "The cup is broken.", "And the saucer.").number
        two = new_ticket(connection, "A cup of tea", subject="Zürich").number

        assert numbers(connection, "CUP") == [two, one]
        assert numbers(connection, "cup sauc") == [one]
        assert numbers(connection, "zurich tea") == [two]
        assert numbers(connection, "printer broken") == [one]
        assert numbers(connection, "cup nothing") == []
        assert numbers(connection, "customer anna") == [two, one]
        assert numbers(connection, "?!") == []


def test_an_agent_sees_their_queues_and_their_own(database: Database) -> None:
    with database.write() as connection:
        other = new_ticket(connection, "cup").number
        own = new_ticket(connection, "cup", assignee=SALES.address).number
        sales = new_ticket(connection, "cup", queue="sales").number
        spam = new_ticket(connection, "cup", queue="sales", state=State.SPAM).number

        assert numbers(connection, "cup", SALES) == [sales, own, spam]
        assert numbers(connection, "cup", EVERYBODY) == [sales, own, other, spam]


def test_what_is_found_is_shown_in_its_place(database: Database) -> None:
    with database.write() as connection:
        new_ticket(connection, "Hello,\n\nthe cup is broken.", "saucer", subject="Tea")

        [finding] = found(connection, "tea cup", HOUSE, NOW, EVERYBODY)

    assert finding.contexts == ("Hello, the cup is broken.",)
    assert finding.ticket.subject == "Tea"


def test_a_new_subject_takes_the_place_of_the_old_one(database: Database) -> None:
    with database.write() as connection:
        made = new_ticket(connection, "cup", subject="Teapot")
        after = replace(made, subject="Kettle")
        decision = Decision(outcome=Outcome.POSTED, reasons=(), before=made, after=after)
        changed = commit.numbered(connection, decision, NOW)
        assert changed is not None
        commit.story(connection, decision, changed, 0, NOW)

        assert numbers(connection, "kettle") == [made.number]
        assert numbers(connection, "teapot") == []


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM post", "UPDATE post SET text = '', reply_text = ''"],
)
def test_what_is_erased_is_found_no_more(database: Database, statement: str) -> None:
    with database.write() as connection:
        new_ticket(connection, "cup")
        assert numbers(connection, "cup")

        connection.execute(text(statement))

        assert numbers(connection, "cup") == []


def test_nothing_is_kept_of_what_was_undone(database: Database) -> None:
    with database.write() as connection:
        new_ticket(connection, "cup")
        connection.rollback()

    with database.read() as connection:
        assert numbers(connection, "cup") == []


def test_a_huge_and_hostile_text_is_kept_as_far_as_it_goes(database: Database) -> None:
    texts = [
        "\U00020000\U00020001" * 500_000,
        " ".join(chr(0x10400 + n % 40) * 30 + str(n) for n in range(30_000)),
        "a" * 1_000_000,
        "' \" \\ % & | ! :* <-> cup",
    ]
    with database.write() as connection:
        made = new_ticket(connection, *texts)

        assert numbers(connection, "cup") == [made.number]
        assert numbers(connection, "\U00020000\U00020001") == [made.number]
        assert numbers(connection, "a" * 5000) == [made.number]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stocked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    """A database with some tickets, for many questions."""
    folder: Path = tmp_path_factory.mktemp("search")
    url = f"sqlite:///{folder}/maild.db"
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.database()
    opened = open_database(url)
    migrate(opened)
    with opened.write() as connection:
        new_ticket(connection, "The cup is broken", "Größe 東京都")
    with opened.read() as connection:
        yield connection
    opened.close()


SIGNS = "\"'*)-^:&|!<->{}\\%_;\x00"
QUESTIONS = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from([*SIGNS, "cup", "OR", "AND", "NOT", "NEAR(", "the", "🙂", "東", "words:"]),
        max_size=12,
    ).map(" ".join),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(question=QUESTIONS)
def test_no_question_breaks_the_search(stocked: Connection, question: str) -> None:
    asked = index.wanted(question)

    for agent in (None, EVERYBODY, SALES):
        hits = search.numbers(stocked, asked, 5, agent)
        search.contexts(stocked, asked, hits or [1])

        assert not hits or asked


def test_ten_kilobytes_and_stop_words_are_questions_too(stocked: Connection) -> None:
    assert search.numbers(stocked, index.wanted("cup " * 2500), 5) == [1]
    assert search.numbers(stocked, index.wanted("the is the is"), 5) == [1]
    assert search.numbers(stocked, index.wanted("x" * 10_000), 5) == []
    assert search.numbers(stocked, index.wanted("gros 京都"), 5) == [1]

"""Houses whose pages are looked at: real rows, real routes, no daemon around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import insert, select, update
from sqlmodel import col
from starlette.types import ASGIApp

from maild.core.decision import Outcome
from maild.core.question import NamedFile, Question, QuestionState, Shown
from maild.core.reason import Reason, Why
from maild.core.survey import Kind, Survey
from maild.core.ticket import State
from maild.core.token import Purpose, issue
from maild.core.wall import link
from maild.store import questions, surveys
from maild.store.deadlines import DeadlineRow
from maild.store.surveys import UnsubscribedRow, VoteRow
from maild.store.tables import EventRow, TicketRow
from maild.wall import Board
from maild.web import confirm, survey, unsubscribe, wall
from maild.web.admin import admin_app
from maild.web.public import public_app
from tests.core.scenes import ALICE, ANNA, BOB, HOUSE, KEYS, reply_address
from tests.trust.house import InMemory, letter, proven

LANGUAGES = ("en", "fr", "es", "de")
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2


@contextmanager
def opened(**changes: object) -> Iterator[InMemory]:
    """A house with one ticket of Anna's."""
    made = InMemory(replace(HOUSE, public_url="https://support.co.example", **changes))  # type: ignore[arg-type]
    try:
        made.receive(letter(ANNA, "support@co.example", "It smokes.", proven("customer.example")))
        yield made
    finally:
        made.close()


def pages_of(house: InMemory) -> ASGIApp:
    """All that the house shows to the public."""
    return public_app(
        (
            *confirm.routes(lambda: house.office, lambda: None),
            *survey.routes(lambda: house.office, lambda: None),
            *unsubscribe.routes(lambda: house.office),
        )
    )


def asked(house: InMemory, shown: Sequence[Shown], language: str = "en") -> list[str]:
    """Ask Alice about mails of hers that say this; return the path of each question's page."""
    desk = reply_address(ALICE, 1, Purpose.AGENT)
    answers = [letter(ALICE, desk, f"#nonsense {n}") for n in range(len(shown))]
    handled = house.receive(*answers)
    paths = []
    with house.database.write() as connection:
        for one, words in zip(handled, shown, strict=True):
            assert one.outcome is Outcome.HELD
            question = Question(
                journal_id=one.journal_id,
                agent=ALICE,
                ticket=1,
                mailbox="Support",
                language=language,
                expires_at=house.now + timedelta(days=7),
                shown=words,
            )
            questions.add(connection, question, house.now)
            signed = token(Purpose.CONFIRM, one.journal_id, question.recipient, house)
            paths.append(f"/confirm/{signed}")
    return paths


def full(words: str) -> Shown:
    """Everything that a question can show, all of it saying the same."""
    return Shown(
        recipients=(ANNA, words),
        subject=words,
        text=f"{words}\n\n  {words}\n",
        formatted=words,
        files=(NamedFile(name=words, size=340_000),),
        files_left_out=(NamedFile(name=words, size=2_000_000_000),),
        orders=(f"#note {words}",),
        doubts=(
            Reason(why=Why.AGENT_UNPROVEN, detail=words),
            Reason(why=Why.NOTE_REPEATED, detail=words),
        ),
    )


def states(house: InMemory) -> list[QuestionState]:
    """The state of each question, oldest mail first."""
    with house.database.read() as connection:
        known = questions.of(connection, range(1, 1000))
    return [asked.state for n in sorted(known) for asked in known[n]]


def surveyed(house: InMemory, kind: Kind = Kind.CSAT, language: str = "en", turn: int = 1) -> str:
    """Ask Anna what she thinks; return the path of the page."""
    with house.database.write() as connection:
        customer = surveys.customer_ids(connection, [ANNA])[ANNA]
        known = Survey(
            kind=kind,
            key=f"{kind}/{customer}/{turn}",
            ticket=1 if kind is Kind.CSAT else 0,
            customer=customer,
            recipient=ANNA,
            language=language,
            mailbox="Support",
            sent_at=house.now,
            expires_at=house.now + timedelta(days=30),
        )
        number = surveys.add(connection, known, customer)
    assert number
    return f"/survey/{token(Purpose.SURVEY, number, ANNA, house)}"


def leaving(house: InMemory) -> str:
    """Return the path of the page on which Anna unsubscribes."""
    with house.database.read() as connection:
        customer = surveys.customer_ids(connection, [ANNA])[ANNA]
    return f"/unsubscribe/{token(Purpose.UNSUBSCRIBE, customer, ANNA, house)}"


def token(purpose: Purpose, number: int, recipient: str, house: InMemory) -> str:
    """Sign what a link carries."""
    return issue(KEYS, purpose=purpose, ticket=number, recipient=recipient, today=house.now.date())


def votes(house: InMemory) -> list[tuple[int, str]]:
    """Every vote that was written: the mark, and what was said beside it."""
    with house.database.read() as connection:
        rows = connection.execute(
            select(col(VoteRow.score), col(VoteRow.comment)).order_by(col(VoteRow.id))
        )
        return [(score, comment) for score, comment in rows]


def gone(house: InMemory) -> list[tuple[str, str]]:
    """Who unsubscribed, and by which way."""
    with house.database.read() as connection:
        rows = connection.execute(select(col(UnsubscribedRow.address), col(UnsubscribedRow.via)))
        return [(address, via) for address, via in rows]


def rename(house: InMemory, subject: str) -> None:
    """Let every ticket be called otherwise."""
    with house.database.write() as connection:
        connection.execute(update(TicketRow).values(subject=subject))


def wall_of(
    house: InMemory, password: str = "", clock: Callable[[], float] = lambda: 0.0
) -> ASGIApp:
    """What the house shows on its admin address."""
    board = Board(lambda: house.office, password)
    return admin_app({}, wall.routes(lambda: house.office, board, password, clock=clock))


def wall_path(house: InMemory, password: str = "", days: int = 30) -> str:
    """The path of a signed link."""
    return f"/wall/{link(KEYS, password, days, house.now.date())}"


def busy(house: InMemory, subjects: Sequence[str]) -> None:
    """Let tickets with these subjects lie around: of all ages, some of them over their time."""
    ages = (1, 5, 20, 30, 50, 80, 100, 200, 400)
    with house.database.write() as connection:
        for n, subject in enumerate(subjects):
            number = n + 2
            opened_at = house.now - timedelta(hours=ages[n % len(ages)])
            state = (State.OPEN, State.NEW, State.PENDING)[n % 3]
            connection.execute(
                insert(TicketRow).values(
                    id=number,
                    version=1,
                    subject=subject,
                    state=state,
                    queue=("support", "sales")[n % 4 == 1],
                    priority=("normal", "urgent", "high")[n % 3],
                    tier=1,
                    assignee=(ALICE, "", BOB)[n % 3],
                    tags=[],
                    language="en",
                    mailbox="Support",
                    customer_id=1,
                    created_at=opened_at,
                    updated_at=opened_at,
                )
            )
            connection.execute(
                insert(DeadlineRow).values(
                    ticket_id=number,
                    kind=("first_response", "resolution", "callback")[n % 3],
                    cycle="1",
                    due_at=house.now + timedelta(minutes=(n - len(subjects) // 4) * 47),
                    state="fired" if n < len(subjects) // 4 else "waiting",
                    policy="",
                    policy_version="",
                    priority="normal",
                    claimed_by="",
                    late=False,
                    merged=False,
                )
            )
            data = {"queue": "support", "mailbox": "Support"}
            connection.execute(
                insert(EventRow).values(
                    ticket_id=number, at=opened_at, kind="ticket.created", actor="", data=data
                )
            )
            for kind, most in ((Kind.CSAT, 5), (Kind.NPS, 10)):
                for what in ("sent", "answered"):
                    said = {"survey": str(n), "kind": kind, "customer": "1", "via": "page"}
                    score = {"score": str(most - n % 4)} if what == "answered" else {}
                    connection.execute(
                        insert(EventRow).values(
                            ticket_id=number if kind is Kind.CSAT else None,
                            at=house.now - timedelta(hours=1),
                            kind=f"survey.{what}",
                            actor="customer",
                            data=said | score,
                        )
                    )

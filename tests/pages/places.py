"""Houses whose pages are looked at: real rows, real routes, no daemon around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from starlette.types import ASGIApp

from maild.core.decision import Outcome
from maild.core.question import NamedFile, Question, QuestionState, Shown
from maild.core.reason import Reason, Why
from maild.core.token import Purpose, issue
from maild.store import questions
from maild.web import confirm
from maild.web.public import public_app
from tests.core.scenes import ALICE, ANNA, HOUSE, KEYS, reply_address
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
    return public_app(confirm.routes(lambda: house.office, lambda: None))


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
            token = issue(
                KEYS,
                purpose=Purpose.CONFIRM,
                ticket=one.journal_id,
                recipient=question.recipient,
                today=house.now.date(),
            )
            paths.append(f"/confirm/{token}")
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

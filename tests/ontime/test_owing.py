"""A notice tells by when an answer is due: the time that stands in the deadlines after its commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from maild.core.calendar import AROUND_THE_CLOCK, Calendar
from maild.core.house import House
from maild.core.promise import Policy, Promise, Target
from maild.store import tables
from maild.store.deadlines import DeadlineRow
from tests.core.scenes import ALICE, ANNA, HOUSE
from tests.trust.house import InMemory, letter, proven

HOUR = timedelta(hours=1)
TO = "support@co.example"
OFFICE = Calendar(name="office", zone="Asia/Kolkata", hours=AROUND_THE_CLOCK.hours)
"""Half an hour beside UTC: whatever is shown in it is not shown by chance."""
OTHER = Calendar(name="other", zone="America/New_York", hours=AROUND_THE_CLOCK.hours)
LABELS = {"en": "Answer by:", "de": "Antwort bis:", "es": "Responder:", "fr": "Répondre\xa0:"}
OVER = {"en": "overdue", "de": "überfällig", "es": "vencido", "fr": "dépassé"}
_DEADLINE = tables.metadata.tables[DeadlineRow.__tablename__]


def promised(house: InMemory, *policies: Policy, zone: Calendar = AROUND_THE_CLOCK) -> InMemory:
    made = tuple(Promise(policy=one, calendar=zone, condition=lambda _: True) for one in policies)
    world = replace(house.office.world, promises=made, calendars=(OFFICE, OTHER))
    house.office = replace(house.office, world=world)
    return house


def policy() -> Policy:
    """Promise a first answer within four hours, the next ones within two."""
    return Policy(
        name="standard",
        first_response=Target(normal=4 * 3600, urgent=3600),
        next_response=Target(normal=2 * 3600, urgent=1800),
        resolution=Target(normal=24 * 3600),
    )


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    yield promised(made, policy())
    made.close()


def speaking(language: str = "en", calendar: str = "") -> House:
    """The house, whose people speak this language and work by this calendar."""
    agents = tuple(replace(a, languages=(language,), calendar=calendar) for a in HOUSE.agents)
    return replace(HOUSE, agents=agents)


def writes(house: InMemory, text: str = "It smokes.", to: str = TO) -> None:
    house.receive(letter(f"Anna <{ANNA}>", to, text, proven("customer.example")))


def answers(house: InMemory, text: str) -> None:
    notice = house.to(ALICE)[-1]
    fields = (proven("co.example"), f"In-Reply-To: {notice['Message-ID']}")
    house.receive(letter(ALICE, str(notice["Reply-To"]), text, *fields))


def told(mail: EmailMessage, label: str = "Answer by:") -> str:
    """What the plain text says behind the label; empty for nothing. The HTML says the same."""
    found = [one for one in part(mail, "plain").splitlines() if one.startswith(label)]
    assert len(found) <= 1
    said = found[0].partition(":")[2].strip() if found else ""
    name = label.rstrip(":").rstrip("\xa0")
    assert (said in part(mail, "html")) if said else (f">{name}<" not in part(mail, "html"))
    return said


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def stands(house: InMemory, kind: str) -> datetime:
    """The row of a clock that is not cancelled."""
    wanted = select(_DEADLINE.c.due_at).where(
        _DEADLINE.c.kind == kind, _DEADLINE.c.state != "cancelled"
    )
    with house.database.read() as connection:
        due: datetime = connection.execute(wanted).scalar_one()
    return due


def written(house: InMemory, at: datetime, zone: str = "", language: str = "en") -> str:
    return house.office.renderer.words(language).local_moment(at, zone or "UTC")


def test_the_notice_of_a_new_ticket_tells_what_its_row_says(house: InMemory) -> None:
    writes(house)

    due = stands(house, "first_response")
    assert due == house.now + 4 * HOUR
    assert told(house.to(ALICE)[0]) == written(house, due)


def test_the_notice_of_a_customers_next_post_tells_of_the_next_answer(house: InMemory) -> None:
    writes(house)
    house.now += HOUR
    answers(house, "Pull the plug.")
    house.now += HOUR
    writes(house, "And now?", str(house.to(ANNA)[-1]["Reply-To"]))

    due = stands(house, "next_response")
    assert due == house.now + 2 * HOUR
    assert told(house.to(ALICE)[-1]) == written(house, due)


def test_what_a_command_hurries_is_told_as_it_is_then(house: InMemory) -> None:
    writes(house)
    house.now += HOUR / 4
    answers(house, "#priority urgent\n#note\nIt burns.")

    writes(house, "Hello?", str(house.to(ANNA)[0]["Reply-To"]))

    due = stands(house, "first_response")
    assert due == house.now + HOUR * 3 / 4
    assert told(house.to(ALICE)[-1]) == written(house, due)


def test_what_is_over_is_told_as_such(house: InMemory) -> None:
    writes(house)
    house.now += 5 * HOUR
    writes(house, "Hello?", str(house.to(ANNA)[0]["Reply-To"]))

    due = stands(house, "first_response")
    assert told(house.to(ALICE)[-1]) == f"{written(house, due)} – overdue"


@pytest.mark.parametrize("language", LABELS)
@pytest.mark.parametrize("late", [0, 5])
def test_every_language_tells_it_in_the_agents_own_time(language: str, late: int) -> None:
    house = promised(InMemory(speaking(language, "office")), policy())
    writes(house)
    house.now += late * HOUR
    writes(house, "Hello?", str(house.to(ANNA)[0]["Reply-To"]))
    said = told(house.to(ALICE)[-1], LABELS[language])
    due = stands(house, "first_response")
    house.close()

    assert written(house, due, OFFICE.zone, language) in said
    assert (OVER[language] in said) is bool(late)


def test_an_agent_without_hours_reads_the_time_of_the_policys_calendar() -> None:
    house = promised(InMemory(), policy(), zone=OFFICE)
    writes(house)
    said = told(house.to(ALICE)[0])
    due = stands(house, "first_response")
    house.close()

    assert said == written(house, due, OFFICE.zone)


def test_nothing_is_told_where_no_answer_is_promised() -> None:
    house = promised(InMemory(), Policy(name="late", resolution=Target(normal=3600)))
    writes(house)
    with_none = house.to(ALICE)[0]
    house.close()

    assert told(with_none) == ""


def test_no_mail_to_a_customer_says_when_their_answer_is_due(house: InMemory) -> None:
    writes(house)
    answers(house, "Pull the plug.")
    writes(house, "And now?", str(house.to(ANNA)[-1]["Reply-To"]))

    mails = house.to(ANNA)
    assert len(mails) >= 2
    for mail in mails:
        assert "Answer by" not in part(mail, "plain") + part(mail, "html")


@pytest.mark.parametrize("mark", ["> ", ""])
def test_a_quoted_notice_is_cut_from_the_agents_answer_with_its_time(
    house: InMemory, mark: str
) -> None:
    writes(house)
    quoted = "\r\n".join(mark + one for one in part(house.to(ALICE)[0], "plain").splitlines())

    answers(house, f"Pull the plug.\r\n\r\nOn Monday, Anna wrote:\r\n\r\n{quoted}")

    sent = part(house.to(ANNA)[-1], "plain")
    assert "Pull the plug." in sent
    assert "Answer by" not in sent

"""Figures of the past are the same before and after somebody is erased."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from maild import privacy
from maild.core import erasure
from maild.core.decision import EventDraft
from maild.core.erasure import ERASED, Person
from maild.core.scorecard import By, Report, Span, Wish
from maild.store import commit, report
from tests.core.scenes import ALICE
from tests.privacy.house import OnDisk
from tests.privacy.person import BEA, plant

INSIDERS = frozenset({ALICE})
HERS = Person(address=BEA, insiders=INSIDERS)
OLD = Person(address="", insiders=INSIDERS)


def told(house: OnDisk, by: By) -> Report:
    with house.database.read() as connection:
        return report.read(connection, Wish(whole=PAST, by=by))


PAST = Span(
    start=datetime(2020, 1, 1, tzinfo=UTC),
    end=datetime(2040, 1, 1, tzinfo=UTC),
)


@pytest.mark.parametrize("by", [By.QUEUE, By.AGENT, By.TIER, By.SEGMENT, By.LANGUAGE])
def test_no_figure_changes_when_somebody_is_erased(house: OnDisk, by: By) -> None:
    plant(house)
    now = house.office.now()
    with house.database.write() as connection:
        lost = (("to", BEA), ("answer", f"no {BEA} here"), ("n", "2"))
        drafts = [
            EventDraft(kind="state.changed", actor=ALICE, data=(("to", "closed"),)),
            EventDraft(kind="reply.failed", actor="maild", data=lost),
        ]
        commit.add_events(connection, 1, drafts, 0, now + timedelta(seconds=1))
    before = told(house, by)

    privacy.erase(house.office, BEA, "operator:root")

    assert told(house, by) == before
    assert before.total.whole.volume > 0


@pytest.mark.parametrize("person", [HERS, OLD])
def test_that_it_was_the_customer_stays_and_who_it_was_goes(person: Person) -> None:
    lost = erasure.kept_data(person, "reply.failed", {"to": BEA, "answer": "no", "n": "2"})
    given = erasure.kept_data(person, "customer.changed", {"to": BEA.upper(), "segment": "paid"})
    opened = {"for": BEA, "queue": "support", "tags": f"vip {BEA} printer", "assignee": ALICE}

    kept = erasure.kept_data(person, "ticket.created", opened)

    assert lost == {"to": ERASED, "n": "2"}
    assert given == {"to": ERASED, "segment": "paid"}
    assert kept == {"for": ERASED, "queue": "support", "tags": "vip printer", "assignee": ALICE}
    assert erasure.kept_data(person, "ticket.created", kept) == kept


def test_a_copy_that_somebody_else_never_got_is_not_the_customers() -> None:
    lost = erasure.kept_data(HERS, "reply.failed", {"to": "ben@customer.example", "n": "2"})

    assert lost == {"n": "2"}

"""Reports from real rows, on both databases: what the log says, and nothing of today."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from maild.core.decision import Decision, EventDraft
from maild.core.kpi import Figures
from maild.core.scorecard import By, Only, Span, Wish
from maild.core.ticket import PostKind
from maild.core.topics import Told
from maild.store import report, talk
from maild.store.commit import add_events
from maild.store.database import Database
from tests.store.rows import ANNA, NOW, a_post, apply, journalled, new_ticket, opening, raw

HOUR = timedelta(hours=1)
WEEK = Span(start=NOW - HOUR, end=NOW + timedelta(days=7))
LATER = Span(start=WEEK.end, end=WEEK.end + timedelta(days=7))


def opened(database: Database, **more: str) -> int:
    draft = EventDraft(
        kind="ticket.created", actor=ANNA, data=(("queue", "support"), *more.items())
    )
    return apply(database, replace(opening(), events=(draft,))).number


def says(database: Database, number: int, hours: float, kind: str, **data: str) -> None:
    event = EventDraft(kind=kind, actor="rule:fast", data=tuple(data.items()))
    with database.write() as connection:
        add_events(connection, number, [event], 0, NOW + hours * HOUR)


def figures(database: Database, wish: Wish) -> Figures:
    with database.read() as connection:
        return report.read(connection, wish).total.whole


def groups(database: Database, by: By, only: Only | None = None) -> dict[str, int]:
    with database.read() as connection:
        found = report.read(connection, Wish(whole=WEEK, by=by, only=only or Only()))
    return {group.name: group.whole.volume for group in found.groups}


def test_figures_come_from_the_log_and_not_from_the_ticket_as_it_is(database: Database) -> None:
    number = opened(database, segment="paid")
    says(database, number, 2, "state.changed", to="solved")
    with database.write() as connection:
        connection.execute(text("UPDATE ticket SET state = 'open', queue = 'elsewhere'"))

    found = figures(database, Wish(whole=WEEK))

    assert (found.volume, found.solved, found.backlog) == (1, 1, 0)
    assert groups(database, By.QUEUE) == {"support": 1}
    assert groups(database, By.SEGMENT) == {"paid": 1}


def test_what_nothing_happened_to_is_in_the_backlog_still(database: Database) -> None:
    opened(database)

    assert figures(database, Wish(whole=LATER)).backlog == 1
    assert figures(database, Wish(whole=LATER)).volume == 0


def test_what_was_solved_since_was_in_the_backlog_then(database: Database) -> None:
    number = opened(database)
    says(database, number, 24 * 20, "state.changed", to="solved")
    with database.write() as connection:
        connection.execute(text("UPDATE ticket SET state = 'solved'"))

    assert figures(database, Wish(whole=LATER)).backlog == 1


def test_what_was_over_before_is_not_looked_at(database: Database) -> None:
    number = opened(database)
    says(database, number, 1, "state.changed", to="closed")
    with database.write() as connection:
        connection.execute(text("UPDATE ticket SET state = 'closed'"))

    found = figures(database, Wish(whole=LATER))

    assert (found.volume, found.solved, found.backlog) == (0, 0, 0)


def test_rules_are_those_that_a_mail_or_the_clock_fired(database: Database) -> None:
    (mail,) = journalled(database, raw())
    number = apply(database, opening(), mail).number
    with database.write() as connection:
        connection.execute(text("""UPDATE journal SET rules = '["welcome", "vip"]'"""))
    says(database, number, 0, "rule.fired")

    assert groups(database, By.RULE).keys() >= {"welcome", "vip"}
    assert groups(database, By.RULE, Only(rule="vip"))["vip"] == 1
    assert groups(database, By.RULE, Only(rule="none")) == {}


def test_surveys_without_a_ticket_are_read(database: Database) -> None:
    with database.write() as connection:
        told = {"survey": "2", "kind": "nps", "score": "9"}
        event = EventDraft(kind="survey.answered", data=tuple(told.items()))
        add_events(connection, None, [event], 0, NOW + HOUR)

    found = figures(database, Wish(whole=WEEK))

    assert (found.nps.n, found.nps.promoters) == (1, 1)


def test_parts_need_not_lie_within_the_whole(database: Database) -> None:
    opened(database)

    with database.read() as connection:
        found = report.read(connection, Wish(whole=LATER, spans=(WEEK, LATER))).total

    assert found.whole.volume == 0
    assert [part.volume for part in found.spans] == [1, 0]


def test_an_empty_house_has_empty_figures(database: Database) -> None:
    assert figures(database, Wish(whole=WEEK)).volume == 0


def test_what_customers_said_is_told_by_ticket(database: Database) -> None:
    posts = (
        a_post(1, reply_text="It smokes."),
        a_post(2, PostKind.AGENT, reply_text="Turn it off."),
        a_post(3, reply_text="It burns."),
    )
    apply(database, _with(opening(posts), language="en"))

    with database.read() as connection:
        found = list(talk.told(connection, WEEK))
        none = list(talk.told(connection, LATER))

    assert found == [Told(language="en", text="The printer smokes . It smokes. . It burns.")]
    assert none == []


def test_who_comes_back_soon_is_a_repeat_contact(database: Database) -> None:
    for days, address in ((0, ANNA), (1, ANNA), (40, ANNA), (1, "ben@customer.example")):
        ticket = replace(new_ticket(address), created_at=NOW + timedelta(days=days))
        apply(database, opening(ticket=ticket))
    whole = Span(start=NOW - HOUR, end=NOW + timedelta(days=60))

    with database.read() as connection:
        share = talk.repeat_contacts(connection, whole, timedelta(days=7))
        late = talk.repeat_contacts(
            connection, Span(start=NOW + HOUR, end=whole.end), timedelta(days=7)
        )
        often = talk.frequent(connection, whole)

    assert (share.hits, share.n) == (1, 4)
    assert (late.hits, late.n) == (1, 3)
    assert [(one.address, one.tickets) for one in often] == [(ANNA, 3)]


def _with(decision: Decision, **more: object) -> Decision:
    assert decision.after is not None
    return replace(decision, after=replace(decision.after, **more))  # type: ignore[arg-type]

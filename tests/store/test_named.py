"""Names that the log gave: the same ones by which figures are grouped, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from maild.core.decision import EventDraft
from maild.core.scorecard import By, Span, Wish
from maild.store import named, report
from maild.store.commit import add_events
from maild.store.database import Database
from tests.store.rows import ANNA, NOW, apply, journalled, opening, raw

ALWAYS = Span(start=NOW - timedelta(days=1), end=NOW + timedelta(days=1))
OPENED = {
    "queue": "support",
    "assignee": "x@y.example",
    "tier": "1",
    "segment": "free",
    "language": "en",
    "organisation": "Acme",
    "tags": "one two",
}
LATER = (
    ("queue.changed", "sales"),
    ("assignee.changed", "z@y.example"),
    ("tier.changed", "2"),
    ("segment.changed", "enterprise"),
    ("language.changed", "de"),
    ("organisation.changed", "Globex"),
    ("tag.added", "three"),
)


def test_every_name_by_which_figures_are_grouped_is_known_and_no_other(database: Database) -> None:
    before = EventDraft(kind="ticket.created", actor=ANNA, data=tuple(OPENED.items()))
    (mail,) = journalled(database, raw())
    moved = apply(database, replace(opening(), events=(before,)), mail).number
    apply(database, replace(opening(), events=(before,)))
    lines = [EventDraft(kind=kind, actor="rule:slow", data=(("to", to),)) for kind, to in LATER]
    answer = EventDraft(kind="post.added", actor="w@y.example", data=(("kind", "agent"),))
    fired = EventDraft(kind="rule.fired", actor="rule:slow")
    with database.write() as connection:
        told = {"rules": json.dumps(["quick", "vip"]), "id": mail}
        connection.execute(text("UPDATE journal SET rules = :rules WHERE id = :id"), told)
        add_events(connection, moved, [*lines, answer, fired], 0, NOW + timedelta(hours=1))

    with database.read() as connection:
        known = {by: named.ever(connection, by) for by in By}
        found = {by: report.read(connection, Wish(whole=ALWAYS, by=by)).groups for by in By}

    for by in By:
        assert known[by] >= {group.name for group in found[by] if group.name}
    assert known == {
        By.QUEUE: {"support", "sales"},
        By.AGENT: {"x@y.example", "z@y.example", "w@y.example"},
        By.TIER: {"1", "2"},
        By.SEGMENT: {"free", "enterprise"},
        By.LANGUAGE: {"en", "de"},
        By.TAG: {"one", "two", "three"},
        By.ORGANISATION: {"Acme", "Globex"},
        By.RULE: {"quick", "vip", "slow"},
    }

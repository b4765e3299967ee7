"""The digest as it is read: golden mails in every language, bounded lines, bounded lists."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maild.core import digest, morning
from maild.core.digest import Candidate, Digest, Figures, Held, Pile, Waiting
from maild.core.house import Agent, Digests, Queue
from maild.core.morning import Morning
from maild.core.promise import Due
from maild.core.snapshot import World
from maild.core.ticket import Priority, State
from maild.outbox.compose import assemble, compose
from tests.outbox.letters import HOUSE, KEYS, NOW, TICKET, desk, read, text_of

GOLDEN = Path(__file__).parent / "golden"
READER = HOUSE.agents[0]
DUE = Due(kind="resolution", due_at=NOW + timedelta(hours=5))
OVER = Due(kind="first_response", due_at=NOW - timedelta(days=1), is_over=True)
CUP = replace(
    TICKET, number=977, subject="Tasse <kaputt> & " + "sehr " * 20, priority=Priority.URGENT
)
DIGEST = Digest(
    since=NOW - timedelta(days=3),
    is_yesterday=False,
    zone="Europe/Berlin",
    own=Pile(shown=(Waiting(ticket=CUP, due=DUE), Waiting(ticket=TICKET)), count=17),
    over=Pile(shown=(Waiting(ticket=TICKET, due=OVER),), count=1),
    unassigned=Pile(shown=(Waiting(ticket=replace(CUP, state=State.NEW, subject="")),), count=1),
    queues=(
        Figures(
            queue="support",
            new=1,
            open=2,
            pending=3,
            unassigned=1,
            oldest_at=NOW - timedelta(days=40),
            opened=5,
            solved=4,
            missed=1,
        ),
    ),
    held=Held(count=3, oldest_at=NOW - timedelta(days=2)),
)


def _mail(language: str, told: Digest = DIGEST) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    agent = replace(READER, languages=(language,))
    when = Morning(
        agent=agent,
        day=NOW.date(),
        zone="Europe/Berlin",
        since=NOW - timedelta(days=1),
        until=NOW,
        is_yesterday=True,
    )
    decision = morning.decide(when, told, World(house=HOUSE, keys=KEYS), NOW)
    assert decision.before is not None
    draft = compose(decision.replies[0], ticket=decision.before, desk=desk())
    message = read(assemble(draft.pieces, desk().fetch))
    return str(message["Subject"]), text_of(message), text_of(message, "html")


@pytest.mark.parametrize("language", ["en", "fr", "es", "de"])
def test_a_digest_reads_as_it_was_approved(language: str, renew: bool) -> None:
    subject, text, html = _mail(language)

    said = f"{subject}\n\n{text}\n=== text/html\n{html}"
    said = re.sub(r"\b[a-z2-7]{45}\b", "TOKEN", said)

    golden = GOLDEN / f"digest.{language}.txt"
    if renew:
        golden.write_text(said, "utf-8")
    assert said == golden.read_text("utf-8")


def test_its_lists_fit_a_terminal() -> None:
    _, text, _ = _mail("de")

    paragraphs = text.split("\n\n")

    assert all(len(line) <= 80 for part in paragraphs[:-1] for line in part.split("\n"))


def test_nothing_that_a_customer_wrote_becomes_markup() -> None:
    _, _, html = _mail("en")

    assert "<kaputt>" not in html
    assert "&lt;kaputt&gt; &amp; sehr" in html


def test_yesterday_is_called_so() -> None:
    _, text, html = _mail("en", replace(DIGEST, is_yesterday=True))

    assert "Fell due yesterday (1)" in text
    assert "  Yesterday:" in text
    assert "Since" not in text + html


def test_an_empty_digest_is_known_as_such() -> None:
    empty = Digest(since=NOW, queues=(Figures(queue="support"),))

    assert empty.is_empty
    assert not replace(empty, queues=(Figures(queue="support", solved=1),)).is_empty
    assert not replace(empty, unassigned=Pile(count=1)).is_empty


def test_the_order_is_what_is_next_due_then_priority_then_age() -> None:
    early, late = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)
    due = Due(kind="resolution", due_at=late)
    rows = (
        Candidate(number=1, priority=Priority.LOW, opened_at=late, due=due),
        Candidate(number=2, priority=Priority.URGENT, opened_at=late),
        Candidate(number=3, priority=Priority.NORMAL, opened_at=early),
        Candidate(number=4, priority=Priority.NORMAL, opened_at=late),
    )

    placed = digest.ordered(reversed(rows))

    assert placed == rows


def test_a_lead_under_an_alias_is_a_lead() -> None:
    lead = Agent(address="lead@acme.example", aliases=("boss@acme.example",))
    house = replace(
        HOUSE,
        agents=(READER, lead),
        queues=(Queue(name="support", lead="boss@acme.example"),),
        digest=Digests.LEADS,
    )
    eight = datetime(2026, 5, 4, 8, tzinfo=UTC)

    due = morning.due(eight, World(house=house, keys=KEYS), (), ())

    assert [(one.agent, one.leads) for one in due] == [(lead, ("support",))]


def test_held_mail_alone_is_worth_a_digest_and_none_is_not_named() -> None:
    alone = Digest(since=NOW, held=Held(count=1, oldest_at=NOW))
    _, text, html = _mail("en", replace(DIGEST, held=Held()))

    assert not alone.is_empty
    assert "held" not in (text + html).lower()

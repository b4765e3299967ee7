"""What would come out differently today: one mail, compared with what was done because of it."""

from __future__ import annotations

from dataclasses import replace

from maild.core import replay
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.replay import Difference, Past
from tests.core.scenes import ALICE, BOB, NOW, ticket
from tests.core.test_budget import NEWS

DECISION = Decision(
    outcome=Outcome.POSTED,
    reasons=(),
    after=replace(ticket(), number=0),
    replies=tuple(
        replace(NEWS, recipient=one, key=f"journal-1/notification/{one}") for one in (ALICE, BOB)
    ),
)
PAST = Past(
    journal_id=1,
    received_at=NOW,
    outcome="posted",
    is_new=True,
    mails=(("notification", BOB),),
)


def test_a_mail_that_nobody_wrote_would_be_written_today() -> None:
    assert replay.differences(PAST, DECISION, ()) == (
        Difference(was="", now=f"mail: notification to {ALICE}"),
    )


def test_a_mail_that_was_over_budget_makes_no_difference() -> None:
    data = (("to", ALICE.upper()), ("kind", "notification"), ("budget", "news"))
    was = replace(PAST, events=(EventDraft(kind="reply.withheld", actor="maild", data=data),))

    assert replay.differences(was, DECISION, ()) == ()

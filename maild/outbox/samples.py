"""Values that try a template: each variable once, and what a sensible template branches on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from maild.outbox.digest import SAMPLE
from maild.outbox.report import REPORT
from maild.outbox.values import (
    EVENTS,
    NOTICES,
    REASONS,
    REMINDED,
    Asking,
    Doubt,
    Entry,
    File,
    Found,
    Line,
    Listed,
    Mark,
    Marked,
    Marking,
    Promised,
    Raised,
    Recent,
    Signalled,
    Usage,
    Values,
)
from maild.outbox.wall import WALL

_GIVEN = 2
_FULL = Values(
    brand="Support",
    address="support@example.com",
    number=1042,
    tag="[Support #1042]",
    subject="Where is my parcel?",
    state="open",
    state_word="open",
    priority="urgent",
    priority_word="urgent",
    queue="support",
    tier=2,
    tags=("parcel", "vip"),
    assignee="Grace Hopper",
    linked=977,
    opened_at="1 May 2026",
    customer="Ada Lovelace",
    customer_address="ada@example.org",
    organisation="Analytical Engines",
    segment="enterprise",
    account_manager="Grace Hopper",
    notes="Calls back on Mondays.\nWrites letters.",
    recent=(
        Recent(tag="[Support #977]", subject="Cup", state_word="open", age="3 days ago"),
        Recent(tag="[Support #12]", subject="", state_word="closed", age="yesterday"),
    ),
    marks=(
        Marked(kind="csat", score=4, most=5, number=977, age="yesterday"),
        Marked(kind="nps", score=0, most=10, number=0, age="3 days ago"),
    ),
    recipient="Grace Hopper",
    event="new",
    author="Ada Lovelace",
    text="Hello,\n\n> quoted\n  indented <b>&amp;</b>\nAda",
    html="<p>Hello</p>",
    history=(
        Entry(author="Ada", at="1 May 2026", kind="customer", kind_word="customer", text="a\nb"),
        Entry(author="Grace", at="2 May 2026", kind="note", kind_word="note", text=""),
    ),
    earlier=7,
    files=(File(name="bill.pdf", size="340 KB"),),
    files_left_out=(File(name="film.mov", size="1.5 GB"),),
    reason="new",
    detail="#slove",
    nearest="solve",
    usage="#queue QUEUE",
    meaning="moves the ticket",
    lines=(Line(line="#solve", said="Solved."), Line(line="", said="Your reply was sent.")),
    tickets=(
        Listed(
            tag="[Support #977]",
            subject="Cup",
            state_word="open",
            priority_word="high",
            customer="Ada",
            opened_at="1 May 2026",
        ),
    ),
    found=(
        Found(
            tag="[Support #978]",
            subject="Saucer",
            state_word="open",
            priority_word="low",
            customer="Ada",
            opened_at="1 May 2026",
            places=("…the saucer is <b>broken</b>…",),
        ),
    ),
    commands=(Usage(usage="#solve", meaning="solves the ticket"),),
    joined=("Ben Babbage <ben@example.org>",),
    offered=("Eve <eve@example.net>", "carl@example.net"),
    asking=Asking(
        recipients=("ada@example.org", "ben@example.org"),
        formatted="Hello in bold",
        orders=("#solve",),
        doubts=(
            Doubt(code="agent-unproven", detail="E2 does not allow agent-reply at once"),
            Doubt(code="note-repeated", detail="it repeats a note"),
            Doubt(code="others-repeated", detail="it repeats another ticket"),
            Doubt(code="quote-left", detail="it holds a piece of the notice"),
            Doubt(code="absence-notice", detail="“I am on leave”"),
            Doubt(code="confirm-all", detail="E3"),
        ),
        is_again=True,
        link="https://support.example.com/confirm/abc",
        until="8 May 2026",
    ),
    dues=(
        Promised(
            kind="first_response", kind_word="First response", due_at="2 May 2026", is_over=True
        ),
        Promised(kind="resolution", kind_word="Resolution", due_at="3 May 2026", is_over=False),
    ),
    escalation=Raised(
        by="nobody acts",
        by_rule=True,
        why="nobody has answered",
        step=1,
        steps=3,
        next_at="2 May 2026",
    ),
    signs=Signalled(
        unproven="ada@example.org",
        answers_to="ada@example.net",
        names=12,
        newcomer="Charles <charles@example.org>",
        solved_at="1 May 2026",
    ),
    digest=SAMPLE,
    report=REPORT,
    survey=Marking(
        kind="csat",
        marks=tuple(
            Mark(
                score=score,
                is_chosen=score == _GIVEN,
                link=f"https://support.example.com/survey/abc?score={score}",
                mailto=f"mailto:support@example.com?subject={score}",
            )
            for score in range(1, 6)
        ),
        most=5,
        score=_GIVEN,
        comment="Slow <b>and</b>\nfriendly",
        until="8 May 2026",
        link="https://support.example.com/survey/abc",
        unsubscribe="https://support.example.com/unsubscribe/abc",
    ),
    wall=WALL,
    is_last=True,
    unreached="ada@example.org",
    delimiter="-- above this line --",
)


def samples() -> Iterator[Values]:
    """Yield values that reach the branches of a sensible template: full, each event, empty."""
    yield _FULL
    yield replace(_FULL, html="", tags=("one",), files=_FULL.files * 2, history=_FULL.history[:1])
    for event in EVENTS[1:]:
        yield replace(_FULL, event=event, html="")
    for before, after in ((1, 2), (2, 1), (0, 0)):
        raised = Raised(by="Grace", why="it burns", from_tier=before, to_tier=after)
        yield replace(_FULL, escalation=raised, is_last=False)
    yield replace(_FULL, asking=replace(_FULL.asking, is_note=True, is_again=False, link=""))
    yield replace(_FULL, survey=replace(_FULL.survey, kind="nps", link="", comment="", score=-1))
    for step in ("day", "month"):
        changed = replace(REPORT, step=step, charts=(), agents=(), topics=(), file="")
        yield replace(_FULL, report=changed)
    for reason in (*REASONS, *NOTICES, *REMINDED):
        yield replace(_FULL, reason=reason, nearest="")
    yield Values()

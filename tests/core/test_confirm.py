"""What an agent must confirm: every cell of the table, as decisions."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest

from maild.core.confirmmail import WORDS
from maild.core.decision import Decision, Outcome
from maild.core.house import AgentTrust
from maild.core.question import Asked, QuestionState, Way, Wish
from maild.core.reason import Why
from maild.core.ticket import PostKind
from maild.core.trust import Answer, Deed, Level, Standing, may
from tests.core.scenes import (
    ALICE,
    BOB,
    LMTP,
    NOW,
    TRUSTED,
    UNTRUSTED,
    from_agent,
    play,
    post,
    results,
    trusting,
    view,
)
from tests.needs import ROOT

TEXTS = {
    "Pull it.": (Deed.AGENT_REPLY,),
    "#note\nPsst.": (Deed.AGENT_NOTE,),
    "#solve": (Deed.AGENT_COMMANDS,),
    "#solve\nPull it.": (Deed.AGENT_REPLY, Deed.AGENT_COMMANDS),
}
EVIDENCE = {
    Level.CLAIMED: (BOB, False),
    Level.TOKEN: (ALICE, False),
    Level.DOMAIN: (BOB, True),
    Level.TOKEN_AND_DOMAIN: (ALICE, True),
}
"""For each level whose reply address was written to, and whether the domain is proven."""
CELLS = list(product(TEXTS, EVIDENCE, AgentTrust))


def decided(
    text: str, level: Level, policy: AgentTrust, question: Asked | None = None
) -> Decision:
    token_of, proven = EVIDENCE[level]
    return play(
        from_agent(text, token_of=token_of),
        envelope=TRUSTED if proven else UNTRUSTED,
        views=[view()],
        house=trusting(policy),
        question=question,
    )


@pytest.mark.parametrize(("text", "level", "policy"), CELLS)
def test_each_cell_does_asks_or_holds(text: str, level: Level, policy: AgentTrust) -> None:
    answers = {may(level, Standing.AGENT, deed, policy) for deed in TEXTS[text]}

    decision = decided(text, level, policy)

    assert decision.trust == level.label
    if answers == {Answer.YES}:
        assert (decision.outcome, decision.question) == (Outcome.POSTED, None)
    elif answers <= {Answer.YES, Answer.CONFIRM}:
        assert (decision.outcome, decision.posts, decision.after) == (Outcome.HELD, (), None)
        assert decision.question is not None
        assert [reply.template for reply in decision.replies] == ["confirm"]
    else:
        assert (decision.outcome, decision.question) == (Outcome.HELD, None)
        assert [reply.template for reply in decision.replies] == ["held"]


@pytest.mark.parametrize(("text", "policy"), list(product(TEXTS, AgentTrust)))
def test_a_false_proof_is_never_asked_about(text: str, policy: AgentTrust) -> None:
    letter = from_agent(text, headers=(results("dmarc=fail header.from=co.example"),))

    decision = play(
        letter,
        envelope=LMTP,
        views=[view()],
        house=trusting(policy),
    )

    assert (decision.outcome, decision.question) == (Outcome.HELD, None)


@pytest.mark.parametrize(("text", "level", "policy"), CELLS)
def test_a_yes_does_what_was_asked_and_nothing_that_was_refused(
    text: str, level: Level, policy: AgentTrust
) -> None:
    asked = decided(text, level, policy).question
    if asked is None:
        return
    said = Asked(question=asked, state=QuestionState.APPROVED, way=Way.MAIL)

    decision = decided(text, level, policy, question=said)

    assert decision.outcome is Outcome.POSTED
    assert Why.CONFIRMED in [reason.why for reason in decision.reasons]
    assert decision.trust == level.label
    kinds = [one.kind for one in decision.posts]
    assert kinds == (
        [PostKind.NOTE] if "note" in text else [PostKind.AGENT] if "Pull" in text else []
    )
    assert decision.replies[-1].template == "transcript"


@pytest.mark.parametrize("state", [QuestionState.WAITING, QuestionState.ANEW])
def test_what_nobody_answered_stays_held(state: QuestionState) -> None:
    asked = decided("Pull it.", Level.TOKEN, AgentTrust.TOKEN_AND_DOMAIN).question
    assert asked is not None

    decision = decided(
        "Pull it.",
        Level.TOKEN,
        AgentTrust.TOKEN_AND_DOMAIN,
        question=Asked(question=asked, state=state),
    )

    assert decision.outcome is Outcome.HELD


def test_a_yes_to_somebody_elses_question_is_none() -> None:
    asked = decided("Pull it.", Level.TOKEN, AgentTrust.TOKEN_AND_DOMAIN).question
    assert asked is not None
    of_bob = replace(asked, agent=BOB)

    decision = decided(
        "Pull it.",
        Level.TOKEN,
        AgentTrust.TOKEN_AND_DOMAIN,
        question=Asked(question=of_bob, state=QuestionState.APPROVED),
    )

    assert decision.outcome is Outcome.HELD
    assert decision.question is not None


@pytest.mark.parametrize(
    ("more", "is_asked_again"),
    [
        ((), False),
        ((PostKind.CUSTOMER,), True),
        ((PostKind.AGENT,), True),
        ((PostKind.NOTE,), False),
        ((PostKind.AUTO,), False),
    ],
)
def test_what_people_said_since_asks_again(
    more: tuple[PostKind, ...], is_asked_again: bool
) -> None:
    asked = decided("Pull it.", Level.TOKEN, AgentTrust.TOKEN_AND_DOMAIN).question
    assert asked is not None
    said = Asked(question=asked, state=QuestionState.APPROVED, way=Way.PAGE)
    story = (post(1), *(replace(post(2, kind), author=BOB, at=NOW) for kind in more))

    decision = play(
        from_agent("Pull it."),
        envelope=UNTRUSTED,
        views=[view(posts=story)],
        house=trusting(AgentTrust.TOKEN_AND_DOMAIN),
        question=said,
    )

    assert (decision.outcome is Outcome.HELD) is is_asked_again
    if is_asked_again:
        assert decision.question is not None
        assert decision.question.round == 2
        assert decision.question.recipient != asked.recipient


def test_the_words_of_an_answer_are_documented() -> None:
    text = (ROOT / "templates" / "README.md").read_text("utf-8")
    section = text.partition("## Confirmations")[2].partition("## ")[0]

    rows = re.findall(r"^\| ([\w ]+) \| (.+) \|$", section, re.MULTILINE)[1:]

    documented = {
        word: Wish(wish) for wish, words in rows for word in re.findall(r"`([^`]+)`", words)
    }
    assert documented == WORDS

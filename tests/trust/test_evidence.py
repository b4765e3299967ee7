"""The forgery matrix, second half: ways in, From forms, token states, roles; accepted is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

import pytest

from maild.core.house import AgentTrust, Provider
from maild.core.token import Purpose
from tests.core.scenes import ALICE, ANNA, BEN, BOB
from tests.trust.forms import Badge, Form, badges, forms
from tests.trust.house import InMemory
from tests.trust.test_forgery import (
    KEY_BADGES,
    TICKET,
    acts_as_agent,
    is_anna,
    joins,
    opened,
    write,
)
from tests.trust.ways import Way, houses, ways

pytestmark = pytest.mark.timeout(600)
PROVEN = ("E2", "E3", "E4")


@pytest.fixture(scope="module")
def at() -> Iterator[dict[Provider, InMemory]]:
    """A house at each provider, with Anna's ticket in it, that asks agents for all the proof."""
    made = {}
    for provider, house in houses().items():
        first = opened(replace(house, agent_trust=AgentTrust.TOKEN_AND_DOMAIN))
        made[provider] = first
    yield made
    for house_ in made.values():
        house_.close()


def cases(person: str, other: str, purpose: Purpose) -> Iterable[tuple[Form, Badge, Way]]:
    """Every form with the own token in every way; every token with an honest From in every way."""
    every = forms(person)
    tokens = badges(person, other, TICKET, purpose)
    own = next(badge for badge in tokens if badge.what == "own")
    telling = [badge for badge in tokens if badge.what in KEY_BADGES and badge is not own]
    all_ways = ways(person.partition("@")[2])
    yield from product(every, (own,), all_ways)
    yield from product(every[1:2], telling, all_ways)


def test_only_a_proven_agent_speaks_as_the_agent(at: dict[Provider, InMemory]) -> None:
    tried: Counter[str] = Counter()
    wrong: list[str] = []
    for form, badge, way in cases(ALICE, BOB, Purpose.AGENT):
        decision = at[way.provider].decide(write(form, badge, way.finding), way.envelope)
        is_session = form.names and way.proves(ALICE)
        is_proven = form.names and badge.is_own and way.finding.truth == "pass"
        must = is_proven or (is_session and badge.is_own)
        did = acts_as_agent(decision)
        tried["honest" if must else "forged"] += 1
        tried["accepted"] += did and not (is_proven or is_session)
        expected = "E4" if is_session and badge.is_own else "E3" if is_proven else decision.trust
        if (must and not did) or (did and not (is_proven or is_session)):
            wrong.append(f"{form.what!r} / {badge.what} / {way.what}: {decision.reasons}")
        if must and decision.trust != expected:
            wrong.append(f"{form.what!r} / {badge.what} / {way.what}: {decision.trust}")

    print(f"\nagent: {dict(tried)}")
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])
    assert tried["accepted"] == 0
    assert tried["forged"] > 1500
    assert tried["honest"] > 20


def test_only_a_proven_customer_is_taken_for_one(at: dict[Provider, InMemory]) -> None:
    tried: Counter[str] = Counter()
    wrong: list[str] = []
    for form, badge, way in cases(ANNA, BEN, Purpose.CUSTOMER):
        decision = at[way.provider].decide(write(form, badge, way.finding), way.envelope)
        truth = way.finding.truth
        is_session = form.names and way.proves(ANNA)
        is_domain = form.names and truth == "pass"
        honest = is_session or (is_domain and badge.is_own)
        expected = "E4" if is_session else "E3"
        tried["honest" if honest else "forged"] += 1
        is_claimed = decision.trust in PROVEN and not is_session
        forged = is_claimed and not is_domain and is_anna(decision)
        tried["accepted"] += forged
        broke_in = joins(decision) and form.names and truth == "fail"
        if (
            (honest and decision.trust != expected)
            or forged
            or broke_in
            or acts_as_agent(decision)
        ):
            words = f"{decision.trust}, {decision.reasons}"
            wrong.append(f"{form.what!r} / {badge.what} / {way.what}: {words}")

    print(f"\ncustomer: {dict(tried)}")
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])
    assert tried["accepted"] == 0
    assert tried["forged"] > 1500
    assert tried["honest"] > 20

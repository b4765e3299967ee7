"""The forgery matrix: From forms, token states, results of the boundary, roles; accepted is none.

What is expected is computed from what is true of a mail (`forms.py`), never asked of the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from maild import handle, reading
from maild.core.decision import Decision, Outcome, ReplyKind
from maild.core.house import AgentTrust, House
from maild.core.snapshot import Arrival
from maild.core.thread import TOKEN_AGE_MAX
from maild.core.ticket import PostKind
from maild.core.token import Purpose
from tests.core.scenes import ALICE, ANNA, BEN, BOB, EVE, HOUSE, reply_address
from tests.trust.forms import Badge, Finding, Form, badges, findings, forms
from tests.trust.house import LMTP, InMemory, letter, proven

TICKET = 1
# Many cases in one test: the machine may be slow.
pytestmark = pytest.mark.timeout(300)
FORMER = "former@co.example"
KEY_FINDINGS = ("none", "pass", "fail", "below Received")
GUESSES = 10_000
KEY_BADGES = ("own", "none", "of another ticket", "of somebody else", "flipped at 30")
Case = tuple[Form, Badge, Finding]


def opened(house: House) -> InMemory:
    """A house with one ticket of Anna's, Ben in Cc."""
    made = InMemory(house)
    first = letter(
        f"Anna <{ANNA}>",
        f"support@co.example\r\nCc: {BEN}",
        "It smokes.",
        proven(ANNA.partition("@")[2]),
    )
    made.receive(first)
    return made


@pytest.fixture(scope="module")
def house() -> Iterator[InMemory]:
    made = opened(HOUSE)
    yield made
    made.close()


def write(form: Form, badge: Badge, finding: Finding, text: str = "Switch it off.") -> bytes:
    plain = letter("@FROM@", badge.to, text, *finding.fields).decode()
    lines = "\r\n".join((*finding.below, *form.fields))
    return plain.replace("From: @FROM@", lines).encode()


def cases(person: str, other: str, purpose: Purpose) -> Iterable[Case]:
    """Every form with the most telling of the rest, and all of the rest with an honest From."""
    every = forms(person)
    tokens = badges(person, other, TICKET, purpose)
    results = findings(person.partition("@")[2])
    telling = [b for b in tokens if b.what in KEY_BADGES]
    main = [r for r in results if r.what in KEY_FINDINGS]
    yield from product(every, telling, main)
    yield from product(every[1:2], tokens, main)
    yield from product(every[2:3], telling, results)


def acts_as_agent(decision: Decision) -> bool:
    """Something that only an agent may do was done."""
    spoken = any(post.kind in (PostKind.AGENT, PostKind.NOTE) for post in decision.posts)
    return spoken or any(reply.kind is ReplyKind.REPLY for reply in decision.replies)


def joins(decision: Decision) -> bool:
    """The ticket that was there got a post."""
    return bool(decision.posts) and decision.before is not None


def is_anna(decision: Decision) -> bool:
    return decision.after is not None and decision.after.customer.address == ANNA


@pytest.mark.parametrize("policy", list(AgentTrust))
def test_nobody_but_the_agent_speaks_as_the_agent(
    policy: AgentTrust, figures: Callable[..., None]
) -> None:
    made = opened(replace(HOUSE, agent_trust=policy))
    accepted, refused, forged = 0, 0, 0
    wrong: list[str] = []
    for form, badge, finding in cases(ALICE, BOB, Purpose.AGENT):
        decision = made.decide(write(form, badge, finding))
        proof = {
            AgentTrust.TOKEN: finding.truth != "fail",
            AgentTrust.TOKEN_AND_DOMAIN: finding.truth == "pass",
            AgentTrust.CONFIRM_ALL: False,
        }
        may = form.names and badge.is_own and proof[policy]
        accepted += may
        forged += acts_as_agent(decision) and not may
        refused += not may
        if acts_as_agent(decision) != may:
            wrong.append(f"{form.what!r} / {badge.what} / {finding.what}: {decision.reasons}")
    made.close()

    figures(forged=refused, forged_and_accepted=forged, honest=accepted)
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])
    assert refused > 500
    assert bool(accepted) == (policy is not AgentTrust.CONFIRM_ALL)


def test_who_was_an_agent_speaks_no_more(house: InMemory, figures: Callable[..., None]) -> None:
    tried, accepted = 0, 0
    for form, badge, finding in cases(FORMER, ALICE, Purpose.AGENT):
        if badge.what == "for the other side":
            continue  # who left may still be a customer
        decision = house.decide(write(form, badge, finding))
        tried += 1
        accepted += acts_as_agent(decision) or joins(decision)
        assert not acts_as_agent(decision), (form, badge, finding)
        assert ANNA not in [reply.recipient for reply in decision.replies]
        if badge.is_own:
            assert decision.outcome is Outcome.HELD

    figures(forged=tried, forged_and_accepted=accepted)
    assert tried > 500
    assert accepted == 0


def test_nobody_is_taken_for_the_customer_without_proof(
    house: InMemory, figures: Callable[..., None]
) -> None:
    tried, honest = 0, 0
    wrong: list[str] = []
    for form, badge, finding in cases(ANNA, BEN, Purpose.CUSTOMER):
        decision = house.decide(write(form, badge, finding))
        tried += 1
        domain = form.names and finding.truth == "pass"
        proofs = (form.names and badge.is_own and finding.truth == "pass", domain)
        is_false = form.names and finding.truth == "fail"
        may_join = badge.proves_ticket or (badge.points and domain)
        honest += proofs[0]
        if (
            (decision.trust == "E3") != proofs[0]
            or (decision.trust == "E2" and not domain and is_anna(decision))
            or (joins(decision) and (is_false or not may_join))
            or (proofs[0] and not joins(decision))
            or acts_as_agent(decision)
        ):
            wrong.append(f"{form.what!r} / {badge.what} / {finding.what}: {decision.reasons}")

    figures(forged=tried - honest, honest=honest, wrongly_taken=len(wrong))
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])
    assert tried > 500
    assert honest


def test_a_stranger_gets_nothing_by_a_forwarded_token(house: InMemory) -> None:
    """The mail is shown on the ticket, marked; the stranger learns nothing and becomes nobody."""
    annas = Badge(what="Anna's", to=reply_address(ANNA, TICKET), proves_ticket=True)
    agents = Badge(what="Alice's", to=reply_address(ALICE, TICKET, Purpose.AGENT))
    tried = 0
    for form, badge, finding in product(
        forms(EVE), (annas, agents), findings("elsewhere.example")
    ):
        decision = house.decide(write(form, badge, finding))
        tried += 1
        people = decision.after.participants if decision.before and decision.after else ()

        assert not acts_as_agent(decision)
        assert EVE not in [person.address for person in people]
        assert decision.trust in ("E1", "failed", "")
        assert EVE not in [reply.recipient for reply in decision.replies]
        if badge is agents:
            assert not joins(decision)

    print(f"\nstranger: {tried} tried, 0 told anything")


@pytest.mark.parametrize(("days", "holds"), [(179, True), (180, False), (400, False)])
def test_a_token_holds_until_half_a_year_after_the_last_mail(days: int, holds: bool) -> None:
    assert timedelta(days=180) == TOKEN_AGE_MAX
    made = opened(HOUSE)
    made.now += timedelta(days=days)

    customers = letter(ANNA, reply_address(ANNA, TICKET), "Again.")
    agents = letter(ALICE, reply_address(ALICE, TICKET, Purpose.AGENT), "Sorry.")

    assert joins(made.decide(customers)) is holds
    assert acts_as_agent(made.decide(agents)) is holds
    made.close()


def test_a_guessed_number_in_a_subject_leads_nowhere(house: InMemory) -> None:
    """Ten thousand subjects by strangers, in every form in which we write the number."""
    envelope = replace(LMTP, mail_from=EVE)
    model = reading.read(letter(EVE, "support@co.example"), envelope, house.options)
    shapes = ("[Support #{}] x", "Re: [Support #{}]", "[Sales #{}]", "AW: [SUPPORT #{}] Re: x")
    hijacked = 0

    with house.database.read() as connection:
        for n in range(GUESSES):
            subject = shapes[n % len(shapes)].format(n // 4 % 50)
            parsed = replace(model.parsed, subject=subject, message_id=f"{n}@evil.example")
            mail = replace(model, parsed=parsed, content_hash=str(n))
            arrival = Arrival(journal_id=0, mail=mail, envelope=envelope, received_at=house.now)
            decision = handle.look(connection, house.office, arrival)[1]
            hijacked += decision.before is not None
            assert EVE not in [
                p.address for p in (decision.before.participants if decision.before else ())
            ]

    print(f"\nsubject tags: {GUESSES} guessed, {hijacked} hijacked")
    assert hijacked == 0


def test_the_matrix_is_as_large_as_promised() -> None:
    from_forms = [form for form in forms(ALICE) if not form.names]
    results = [one for one in findings("co.example") if one.truth == "none" and one.what != "none"]
    tokens = [badge for badge in badges(ALICE, BOB, TICKET, Purpose.AGENT) if not badge.is_own]

    print(
        f"\nmatrix: {len(from_forms)} forged forms of From, {len(results)} forged or worthless "
        f"results, {len(tokens)} false tokens"
    )
    assert len(from_forms) >= 13
    assert len(results) >= 8
    assert len(tokens) >= 8

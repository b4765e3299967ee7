"""Who a customer is to us, and whose word counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core import clientele
from maild.core.house import Organisation
from maild.core.reason import Why
from maild.core.rule import Verb
from maild.core.ticket import Customer
from tests.core.scenes import ANNA, CREATED, HOUSE, mail, play, rule

MINE = replace(
    HOUSE,
    organisations=(
        Organisation(
            name="ACME",
            domains=("customer.example",),
            segment="paid",
            account_manager="x@co.example",
        ),
    ),
)
BETA = Organisation(name="Beta", segment="enterprise", account_manager="y@co.example")


def test_the_domain_tells_the_organisation_and_its_segment() -> None:
    customer = clientele.placed(Customer(address=ANNA, segment=""), MINE)

    assert (customer.organisation, customer.segment) == ("ACME", "paid")
    assert customer.segment_from == "organisation ACME"
    assert customer.account_manager == "x@co.example"


def test_what_is_said_of_the_person_comes_first() -> None:
    said = Customer(
        address=ANNA, segment="vip", segment_from="import", account_manager="me@co.example"
    )

    customer = clientele.placed(said, MINE)

    assert (customer.segment, customer.segment_from) == ("vip", "import")
    assert customer.account_manager == "me@co.example"
    assert clientele.source(customer) == "segment vip, from import; of ACME"


def test_an_imported_organisation_counts_where_the_settings_have_none() -> None:
    of_beta = Customer(address=ANNA, segment="", organisation="Beta")
    of_acme = Customer(address=ANNA, segment="", organisation="acme")
    wrong = replace(BETA, name="acme")

    assert clientele.placed(of_beta, MINE, BETA).segment == "enterprise"
    assert clientele.placed(of_beta, MINE).segment == "free"
    placed = clientele.placed(of_acme, MINE, wrong)
    assert (placed.organisation, placed.segment) == ("ACME", "paid")


def test_of_whom_nothing_is_known_is_free() -> None:
    customer = clientele.placed(Customer(address="x@y.example", segment=""), MINE)

    assert (customer.segment, customer.segment_from) == ("free", "")
    assert clientele.source(customer) == "segment free, from nobody: the default"


@pytest.mark.parametrize("said_by", ["", "rule:other", "organisation ACME"])
def test_a_rule_says_who_a_customer_is_and_it_is_kept(said_by: str) -> None:
    known = Customer(address=ANNA, segment="paid", segment_from=said_by)

    decision = play(mail(), rules=[rule(CREATED, (Verb.SEGMENT, "vip"), name="r")], customer=known)

    assert decision.after is not None
    customer = decision.after.customer
    assert (customer.segment, customer.segment_from) == ("vip", "rule:r")
    assert [(p.address, p.segment, p.by) for p in decision.placed] == [(ANNA, "vip", "rule:r")]
    assert decision.events[-1].kind == "segment.changed"


@pytest.mark.parametrize("said_by", ["import", "operator"])
def test_a_rule_does_not_overrule_people_and_imports(said_by: str) -> None:
    known = Customer(address=ANNA, segment="paid", segment_from=said_by)

    decision = play(mail(), rules=[rule(CREATED, (Verb.SEGMENT, "vip"), name="r")], customer=known)

    assert decision.after is not None
    assert decision.after.customer.segment == "paid"
    assert decision.placed == ()
    assert f"r: the segment stays paid, from {said_by}" in {
        reason.detail for reason in decision.reasons if reason.why is Why.RULE
    }


def test_a_rule_names_the_organisation_of_who_has_none() -> None:
    rules = [rule(CREATED, (Verb.ORGANISATION, "acme"), name="r")]
    stranger = Customer(address="eve@elsewhere.example")
    member = Customer(address=ANNA, organisation="Beta")

    named = play(mail("eve@elsewhere.example"), rules=rules, customer=stranger, house=MINE)
    left = play(mail(), rules=rules, customer=member, house=MINE)

    assert named.after is not None
    assert (named.after.customer.organisation, named.after.customer.segment) == ("ACME", "paid")
    assert [p.organisation for p in named.placed] == ["ACME"]
    assert left.placed == ()

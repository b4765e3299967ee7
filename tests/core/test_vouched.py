"""A signed mail that is sent again with other fields: only what was signed leads anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from maild.core.decision import Decision
from maild.core.house import House, Provider
from maild.core.mail import Envelope, Mail, Seal, Signature
from maild.core.newcomers import OFFERED
from maild.core.proof import collect
from maild.core.ticket import State
from tests.core.scenes import (
    ANNA,
    EVE,
    HOUSE,
    KEYS,
    LMTP,
    RECEIVED,
    SUPPORT,
    TICKET,
    UNTRUSTED,
    autoreply,
    mail,
    our_id,
    play,
    reply_address,
    results,
    ticket,
    view,
)

MOST = "from:to:cc:subject:date:message-id:in-reply-to:references:mime-version"
"""As Gmail, Apple's programs behind rspamd, and opendkim sign."""
MICROSOFT = "From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck"
SHORT = "from:to:subject:date"
DMARC = "dmarc=pass header.from=customer.example"
BY_DKIM = f"{DMARC}; spf=none smtp.mailfrom=evil.example; dkim=pass header.d=customer.example"
BY_SPF = f"{DMARC}; spf=pass smtp.mailfrom=anna@customer.example"
SUBJECT = f"Re: [Support #{TICKET}] The printer smokes"
OUTLOOK = "AdrTxGbc3yC3YRXySJqXNtaTM2KXLgAAAA=="
ALL = {"cc", "in-reply-to", "references", "subject", "thread-index"}


def signature(
    names: str, domain: str = "customer.example", selector: str = "s1"
) -> tuple[str, str]:
    tags = f"v=1; a=rsa-sha256; d={domain}; s={selector}; h={names}; bh=AA==; b={selector}AAAA"
    return "dkim-signature", tags


def letter(
    said: str, *signatures: tuple[str, str], to: str = SUPPORT, copied: str = EVE, **more: object
) -> Mail:
    """A mail that our boundary judged, with every field that could lead somewhere."""
    made = mail(
        to=[to],
        cc=[copied],
        subject=SUBJECT,
        headers=[results(said), RECEIVED, *signatures],
        answers=["m0@customer.example"],
        **more,  # type: ignore[arg-type]
    )
    return replace(made, parsed=replace(made.parsed, thread_index=OUTLOOK))


def unsigned(one: Mail, envelope: Envelope = LMTP, house: House = HOUSE) -> set[str]:
    proofs = collect(one, envelope, house, KEYS)
    assert proofs.domain
    return set(proofs.unsigned)


OTHERS = signature(MOST, "evil.example", "s9")
FAKE = signature(MOST)
CASES: list[tuple[str, str, Sequence[tuple[str, str]], set[str]]] = [
    ("most sign what counts", BY_DKIM, [signature(MOST)], {"thread-index"}),
    ("Microsoft signs none of it", BY_DKIM, [signature(MICROSOFT)], ALL),
    ("and its mail comes from its servers", BY_SPF, [signature(MICROSOFT)], set()),
    ("no Cc, no ids", BY_DKIM, [signature(SHORT)], ALL - {"subject"}),
    ("SPF of somebody else", f"{BY_DKIM}; spf=pass smtp.mailfrom=x@evil.example",
     [signature(SHORT)], ALL - {"subject"}),
    ("SPF of a domain above", f"{DMARC}; spf=pass smtp.mailfrom=example", [signature(SHORT)], set()),
    ("SPF of a domain below", f"{DMARC}; spf=pass smtp.mailfrom=bounce@em.customer.example",
     [signature(MICROSOFT)], set()),
    ("SPF of one that ends alike", f"{DMARC}; spf=pass smtp.mailfrom=x@evilcustomer.example",
     [signature(SHORT)], ALL - {"subject"}),
    ("a stranger signed more", f"{BY_DKIM}; dkim=pass header.d=evil.example",
     [OTHERS, signature(SHORT)], ALL - {"subject"}),
    ("a false one of the same name", BY_DKIM, [FAKE, signature(SHORT)], ALL - {"subject"}),
    ("a false one of another name", f"{BY_DKIM} header.s=s1; dkim=fail header.d=customer.example",
     [signature(MOST, selector="s2"), signature(SHORT)], ALL - {"subject"}),
    ("one that cannot be read", BY_DKIM, [signature(MOST), ("dkim-signature", "h=from; h=to")], ALL),
    ("two that held", (f"{DMARC}; dkim=pass header.d=customer.example header.s=s1;"
     " dkim=pass header.d=customer.example header.s=s2"),
     [signature(SHORT), signature("from:to:cc", selector="s2")],
     {"in-reply-to", "references", "thread-index"}),
    ("Gmail names the identity", (f"{DMARC}; dkim=pass header.i=@customer.example header.s=s1"
     " header.b=s1aaaa"), [signature(SHORT, "evil.example"), signature(MOST)], {"thread-index"}),
    ("nobody says by what it passed", DMARC, [signature(SHORT)], ALL - {"subject"}),
    ("there is no signature", DMARC, [], set()),
    ("a seal that is not there", f"{DMARC} policy.arc=lists.example", [signature(MOST)], ALL),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "signatures", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_a_pass_stands_for_what_was_signed(
    said: str, signatures: Sequence[tuple[str, str]], expected: set[str]
) -> None:
    assert unsigned(letter(said, *signatures)) == expected


def test_a_signed_mail_that_was_meant_for_somebody_else_leads_nowhere() -> None:
    to_us = letter(BY_DKIM, signature(MOST))
    to_eve = letter(BY_DKIM, signature(MOST), to=EVE)
    copied_to_us = letter(BY_DKIM, signature(MOST), to=EVE, copied=SUPPORT)
    to_anybody = letter(BY_DKIM, signature("from:subject:cc"))

    assert unsigned(to_us) == unsigned(copied_to_us) == {"thread-index"}
    assert unsigned(to_eve) == unsigned(to_anybody) == ALL


def test_a_field_that_was_put_beside_a_signed_one_makes_the_pass_worthless() -> None:
    one = letter(BY_DKIM, signature(f"{MOST}:thread-index"))
    twice = [*one.parsed.headers, ("thread-index", OUTLOOK), ("thread-index", OUTLOOK)]
    doubled = replace(one, parsed=replace(one.parsed, headers=tuple(twice)))

    assert unsigned(one) == set()
    assert not collect(doubled, LMTP, HOUSE, KEYS).domain


def test_what_a_sealer_saw_counts_as_far_as_it_sealed() -> None:
    evidence = f"co.example; {DMARC} policy.arc=lists.example policy.own=fail; spf=none"
    own = replace(UNTRUSTED, evidence=evidence)
    sealed = ("arc-message-signature", f"i=1; a=x; d=lists.example; s=a; b=A; bh=A; h={MOST}")

    def found(seen: str, *fields: tuple[str, str]) -> set[str]:
        seal = Seal(seal=Signature(domain="lists.example"), message=Signature(), results=seen)
        return unsigned(replace(letter("dmarc=none", *fields), seals=(seal,)), own)

    assert found(f"lists.example; {BY_SPF}", sealed) == {"thread-index"}
    assert found(f"lists.example; {BY_DKIM}", sealed, signature(SHORT)) == ALL - {"subject"}
    assert found(f"lists.example; {BY_DKIM} policy.arc=lists.example", sealed) == ALL


def test_a_mail_among_colleagues_of_one_tenant_never_left_it() -> None:
    box = replace(HOUSE.mailboxes[0], provider=Provider.M365)
    house = replace(HOUSE, mailboxes=(box,), trusted_domains=("customer.example",))
    inside = [
        ("received", "from a.prod.outlook.com by b.prod.outlook.com; Mon, 2 Mar 2026"),
        ("authentication-results", "dkim=none header.d=none; dmarc=none header.from=customer.example"),
        ("x-ms-exchange-organization-authas", "Internal"),
        ("x-ms-exchange-organization-authsource", "b.prod.outlook.com"),
        signature(MICROSOFT),
    ]  # fmt: skip

    assert unsigned(mail(cc=[EVE], headers=inside), LMTP, house) == set()


def joins(one: Mail, **looked_up: object) -> Decision:
    """Decide about a mail to Anna's solved ticket."""
    solved = view(ticket(State.SOLVED))
    return play(one, envelope=LMTP, views=[solved], **looked_up)  # type: ignore[arg-type]


def people(decision: Decision) -> list[str]:
    return [one.address for one in decision.after.participants] if decision.after else []


def test_an_added_cc_lets_nobody_read_a_ticket() -> None:
    signed = joins(letter(BY_DKIM, signature(MOST)), by_subject=TICKET)
    added = joins(letter(BY_DKIM, signature(SHORT)), by_subject=TICKET)
    opened = joins(letter(BY_DKIM, signature(SHORT)))

    assert EVE in people(signed)
    assert EVE not in people(added) + people(opened)
    for decision in (added, opened):
        offers = [dict(e.data)["who"] for e in decision.events if e.kind == OFFERED]
        assert EVE in offers[0]
    assert signed.before == added.before != opened.before


def test_a_mail_to_somebody_else_joins_no_ticket_by_its_subject() -> None:
    decision = joins(letter(BY_DKIM, signature(MOST), to=EVE), by_subject=TICKET)

    assert decision.before is None
    assert decision.trust == "E2"
    assert "the sender's domain did not sign it" in str(decision.reasons)


@pytest.mark.parametrize("way", [{"by_reference": (TICKET,)}, {"by_thread_index": TICKET}])
def test_ids_that_were_added_only_link(way: dict[str, object]) -> None:
    decision = joins(letter(BY_DKIM, signature(MICROSOFT)), **way)

    assert decision.after is not None
    assert (decision.before, decision.after.linked) == (None, TICKET)
    assert EVE not in people(decision)


def test_an_added_id_of_ours_proves_the_ticket_and_no_more() -> None:
    one = letter(BY_DKIM, signature(MICROSOFT))
    ids = (our_id(),)
    added = replace(one, parsed=replace(one.parsed, in_reply_to=ids, references=ids))
    decision = joins(added)

    assert decision.before is not None
    assert (decision.trust, decision.posts[0].trust) == ("E1", "E1")
    assert EVE not in people(decision)


def test_an_added_id_brings_no_machine_onto_a_ticket() -> None:
    signed = joins(letter(BY_DKIM, signature(MOST), machine=autoreply()), by_reference=(TICKET,))
    added = joins(letter(BY_DKIM, signature(SHORT), machine=autoreply()), by_reference=(TICKET,))

    assert (signed.outcome, added.outcome) == ("posted", "held")


def test_a_reply_address_leads_home_whatever_was_signed() -> None:
    decision = joins(letter(BY_DKIM, signature(MICROSOFT), to=reply_address(ANNA)))

    assert decision.before is not None
    assert decision.trust == "E3"
    assert EVE in people(decision)

"""What a mail carries that can be checked, and what it amounts to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core.house import Submitter
from maild.core.mail import Address, Envelope, Mail, Source
from maild.core.proof import Proofs, collect, level_of
from maild.core.token import Purpose, issue
from maild.core.trust import Level
from tests.core.scenes import (
    ALICE,
    ANNA,
    BEN,
    HOUSE,
    KEYS,
    LMTP,
    NOW,
    PROVEN,
    RECEIVED,
    SUPPORT,
    TICKET,
    TRUSTED,
    UNTRUSTED,
    mail,
    our_id,
    reply_address,
    results,
)

OWN = reply_address(ANNA)
BENS = reply_address(BEN)


def level(letter: Mail, envelope: Envelope = UNTRUSTED, ticket: int = TICKET) -> Level:
    proofs = collect(letter, envelope, HOUSE, KEYS)
    return level_of(proofs, KEYS, letter.identity, ticket)


LEVELS = [
    ("nothing", mail(), UNTRUSTED, Level.CLAIMED),
    ("own token", mail(to=[OWN]), UNTRUSTED, Level.TOKEN),
    ("own token in Cc", mail(cc=[OWN]), UNTRUSTED, Level.TOKEN),
    ("own token, upper case", mail(to=[OWN.upper()]), UNTRUSTED, Level.TOKEN),
    ("token of another", mail(to=[BENS]), UNTRUSTED, Level.TOKEN),
    ("domain", mail(), TRUSTED, Level.DOMAIN),
    ("own token and domain", mail(to=[OWN]), TRUSTED, Level.TOKEN_AND_DOMAIN),
    ("token of another and domain", mail(to=[BENS]), TRUSTED, Level.TOKEN),
    ("both tokens and domain", mail(to=[BENS, OWN]), TRUSTED, Level.TOKEN_AND_DOMAIN),
    ("thread", mail(answers=[our_id()]), UNTRUSTED, Level.TOKEN),
    ("thread and domain", mail(answers=[our_id()]), TRUSTED, Level.DOMAIN),
    ("thread of another ticket", mail(answers=[our_id(8)]), UNTRUSTED, Level.CLAIMED),
    ("token of another ticket", mail(to=[reply_address(ANNA, 8)]), UNTRUSTED, Level.CLAIMED),
    ("broken token", mail(to=[f"support+{'a' * 45}@co.example"]), UNTRUSTED, Level.FAILED),
    (
        "broken token and domain",
        mail(to=[f"support+{'a' * 45}@co.example"]),
        TRUSTED,
        Level.FAILED,
    ),
    ("broken and good", mail(to=[f"support+{'a' * 45}@co.example", OWN]), UNTRUSTED, Level.TOKEN),
    ("no token's shape", mail(to=["support+sale@co.example"]), UNTRUSTED, Level.CLAIMED),
    ("token elsewhere", mail(to=[OWN.replace("co.", "evil.")]), UNTRUSTED, Level.CLAIMED),
    ("From in doubt", mail(to=[OWN], defect="two mailboxes"), TRUSTED, Level.TOKEN),
]


@pytest.mark.parametrize(
    ("letter", "envelope", "expected"), [row[1:] for row in LEVELS], ids=[row[0] for row in LEVELS]
)
def test_what_the_evidence_amounts_to(letter: Mail, envelope: Envelope, expected: Level) -> None:
    assert level(letter, envelope) is expected


@pytest.mark.parametrize(
    "purpose",
    [Purpose.SURVEY, Purpose.UNSUBSCRIBE, Purpose.CONFIRM, Purpose.PORTAL, Purpose.RETURN],
)
def test_tokens_of_other_purposes_let_nobody_speak(purpose: Purpose) -> None:
    letter = mail(to=[reply_address(ANNA, purpose=purpose)])

    assert level(letter) is Level.CLAIMED
    assert level(letter, TRUSTED) is Level.DOMAIN


def test_a_token_proves_nothing_for_a_new_ticket() -> None:
    assert level(mail(to=[OWN]), UNTRUSTED, ticket=0) is Level.CLAIMED


@pytest.mark.parametrize("name", ["delivered-to", "x-original-to", "envelope-to"])
def test_tokens_are_found_where_servers_note_the_recipient(name: str) -> None:
    assert level(mail(headers=[(name, f"<{OWN}>")])) is Level.TOKEN


def test_tokens_are_found_in_the_envelope() -> None:
    assert level(mail(), replace(UNTRUSTED, rcpt_to=(OWN,))) is Level.TOKEN


def test_a_token_of_a_thread_is_none_as_an_address() -> None:
    token = issue(KEYS, purpose=Purpose.THREAD, ticket=TICKET, recipient=ANNA, today=NOW.date())

    assert level(mail(to=[f"support+{token}@co.example"])) is Level.CLAIMED


@pytest.mark.parametrize("wrong", ["evil.example", "co.example.evil.example", "sub.co.example"])
def test_a_thread_id_counts_in_our_domain_only(wrong: str) -> None:
    assert level(mail(answers=[our_id().replace("co.example", wrong)])) is Level.CLAIMED


def test_a_personal_token_is_no_thread_id() -> None:
    token = OWN.partition("+")[2].partition("@")[0]

    assert level(mail(answers=[f"{token}.p1@co.example"])) is Level.CLAIMED


DIRECT = [
    ("trusted", TRUSTED, mail(), True),
    ("inside IPv6 text", replace(TRUSTED, client="::1"), mail(), False),
    ("outside", UNTRUSTED, mail(), False),
    ("no client", replace(TRUSTED, client=""), mail(), False),
    ("no address", replace(TRUSTED, client="mail.example"), mail(), False),
    ("passed on", TRUSTED, mail(headers=[RECEIVED]), False),
    ("another domain", TRUSTED, mail("eve@elsewhere.example"), False),
    ("a subdomain", TRUSTED, mail("anna@sub.customer.example"), False),
    ("From in doubt", TRUSTED, mail(defect="two mailboxes"), False),
]


@pytest.mark.parametrize(
    ("envelope", "letter", "expected"), [row[1:] for row in DIRECT], ids=[row[0] for row in DIRECT]
)
def test_a_direct_submission_proves_the_domain(
    envelope: Envelope, letter: Mail, expected: bool
) -> None:
    assert collect(letter, envelope, HOUSE, KEYS).domain is expected


NOTE = ("x-spam", "no")
FORGED = ("authentication-results", "evil.example; dmarc=pass header.from=customer.example")
FAILED = results("dmarc=fail header.from=customer.example")
FIELDS = [
    ("ours on top", [*PROVEN, RECEIVED], LMTP, (True, False)),
    ("below other fields", [NOTE, *PROVEN, RECEIVED], LMTP, (True, False)),
    ("below Received", [RECEIVED, *PROVEN], LMTP, (False, False)),
    ("of somebody else", [FORGED, RECEIVED], LMTP, (False, False)),
    ("below somebody else's", [FORGED, *PROVEN, RECEIVED], LMTP, (True, False)),
    ("two of ours", [results("dkim=none"), *PROVEN, RECEIVED], LMTP, (True, False)),
    ("not contiguous", [results("dkim=none"), NOTE, *PROVEN, RECEIVED], LMTP, (False, False)),
    ("failed", [FAILED, RECEIVED], LMTP, (False, True)),
    ("contradicting", [FAILED, *PROVEN, RECEIVED], LMTP, (False, False)),
    (
        "by our own listener",
        [*PROVEN, RECEIVED],
        replace(UNTRUSTED, client="203.0.113.9"),
        (False, False),
    ),
    (
        "another mailbox",
        [*PROVEN, RECEIVED],
        replace(LMTP, rcpt_to=("sales@co.example",)),
        (False, False),
    ),
    (
        "polled mailbox",
        [*PROVEN, RECEIVED],
        Envelope(source=Source.IMAP, mailbox="Support"),
        (True, False),
    ),
    (
        "other polled",
        [*PROVEN, RECEIVED],
        Envelope(source=Source.IMAP, mailbox="Sales"),
        (False, False),
    ),
    ("nobody's mailbox", [*PROVEN], replace(LMTP, rcpt_to=("x@y.example",)), (False, False)),
]


@pytest.mark.parametrize(
    ("headers", "envelope", "expected"),
    [row[1:] for row in FIELDS],
    ids=[row[0] for row in FIELDS],
)
def test_only_the_boundary_judges_the_domain(
    headers: list[tuple[str, str]], envelope: Envelope, expected: tuple[bool, bool]
) -> None:
    proofs = collect(mail(headers=headers), envelope, HOUSE, KEYS)

    assert (proofs.domain, proofs.domain_failed) == expected


def test_a_failed_domain_is_worse_than_none_even_with_a_token() -> None:
    assert level(mail(to=[OWN], headers=[FAILED]), LMTP) is Level.FAILED


def test_two_mailboxes_in_from_are_nobody() -> None:
    letter = mail(headers=PROVEN)
    both = (*letter.parsed.from_, Address(addr=ALICE))
    letter = replace(letter, parsed=replace(letter.parsed, from_=both))

    assert level(letter, LMTP) is Level.CLAIMED
    assert level(letter, TRUSTED) is Level.CLAIMED


ACCOUNTS = (
    Submitter(user="alice", addresses=(ALICE, ANNA)),
    Submitter(user="bob", addresses=("bob@co.example",)),
    Submitter(user="nobody"),
)
SESSION = replace(UNTRUSTED, account="alice")
SESSIONS = [
    ("its own address", mail(), SESSION, Level.SESSION),
    ("another of its addresses", mail(ALICE), SESSION, Level.SESSION),
    ("in other letters", mail(ANNA.upper()), SESSION, Level.SESSION),
    ("passed on by its client", mail(headers=[RECEIVED]), SESSION, Level.SESSION),
    ("with a token", mail(to=[OWN]), SESSION, Level.SESSION),
    ("with the token of another", mail(to=[BENS]), SESSION, Level.SESSION),
    ("with a broken token", mail(to=[f"support+{'a' * 45}@co.example"]), SESSION, Level.SESSION),
    ("with From in doubt", mail(defect="two mailboxes"), SESSION, Level.CLAIMED),
    ("another From", mail("eve@elsewhere.example"), SESSION, Level.CLAIMED),
    ("another From with a token", mail(BEN, to=[BENS]), SESSION, Level.TOKEN),
    ("of another account", mail(), replace(SESSION, account="bob"), Level.CLAIMED),
    ("of an account without addresses", mail(), replace(SESSION, account="nobody"), Level.CLAIMED),
    ("of no account", mail(), replace(SESSION, account="alice2"), Level.CLAIMED),
    ("in other letters of the account", mail(), replace(SESSION, account="ALICE"), Level.CLAIMED),
    ("by LMTP", mail(), replace(SESSION, source=Source.LMTP), Level.CLAIMED),
]


@pytest.mark.parametrize(
    ("letter", "envelope", "expected"),
    [row[1:] for row in SESSIONS],
    ids=[row[0] for row in SESSIONS],
)
def test_a_session_proves_the_addresses_of_its_account(
    letter: Mail, envelope: Envelope, expected: Level
) -> None:
    proofs = collect(letter, envelope, replace(HOUSE, accounts=ACCOUNTS), KEYS)

    assert level_of(proofs, KEYS, letter.identity, TICKET) is expected


def test_what_we_found_ourselves_is_the_domain() -> None:
    found = "co.example; dmarc={} header.from=customer.example; spf=none"

    for result, expected in (("pass", (True, False)), ("fail", (False, True))):
        envelope = replace(UNTRUSTED, evidence=found.format(result))
        proofs = collect(mail(), envelope, HOUSE, KEYS)
        assert (proofs.domain, proofs.domain_failed) == expected


def test_each_token_is_gathered_once() -> None:
    letter = mail(to=[OWN, OWN.upper()], headers=[("delivered-to", OWN)])
    proofs = collect(letter, replace(UNTRUSTED, rcpt_to=(OWN,)), HOUSE, KEYS)

    assert len(proofs.tokens) == 1
    assert not proofs.broken
    assert proofs.token(Purpose.AGENT) is None
    assert Proofs().token(Purpose.CUSTOMER) is None


def test_the_support_address_alone_carries_no_token() -> None:
    assert collect(mail(to=[SUPPORT]), UNTRUSTED, HOUSE, KEYS) == Proofs()

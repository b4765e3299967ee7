"""The mails that follow: who is acknowledged, and what each mail holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core.answers import REFERENCES_MAX, participants_of
from maild.core.decision import Reply, ReplyKind
from maild.core.house import AcknowledgePolicy, House
from maild.core.mail import Classification, Mail
from maild.core.reason import Why
from maild.core.rule import RuleEvent, Verb
from maild.core.ticket import Participant, Role
from maild.core.told import Done, Told
from tests.core.scenes import (
    ACKNOWLEDGE,
    ALICE,
    ANNA,
    BEN,
    BOB,
    HOUSE,
    NOW,
    SUPPORT,
    TRUSTED,
    autoreply,
    file,
    from_agent,
    mail,
    our_id,
    play,
    post,
    reply_address,
    rule,
    ticket,
    view,
)


def acknowledged(letter: Mail, **more: object) -> Reply | None:
    decision = play(letter, rules=[ACKNOWLEDGE], **more)  # type: ignore[arg-type]
    found = [r for r in decision.replies if r.kind is ReplyKind.ACKNOWLEDGEMENT]
    assert bool(found) is not (Why.NOT_ACKNOWLEDGED in [reason.why for reason in decision.reasons])
    return found[0] if found else None


def test_the_unverified_read_nothing_of_what_was_written() -> None:
    letter = mail(subject="Buy pills", text="at pills.example", answers=["spam@pills.example"])

    reply = acknowledged(letter)

    assert reply is not None
    assert reply.fixed
    assert "pills" not in repr(replace(reply, in_reply_to=""))
    assert (reply.recipient, reply.recipient_name, reply.language) == (ANNA, "", "en")


def test_the_verified_read_their_subject() -> None:
    reply = acknowledged(mail(), envelope=TRUSTED)

    assert reply is not None
    assert (reply.fixed, reply.subject, reply.recipient_name) == (
        False,
        "The printer smokes",
        "Anna",
    )
    assert reply.in_reply_to == "m1@customer.example"


def policy(acknowledge: AcknowledgePolicy) -> House:
    return replace(HOUSE, acknowledge=acknowledge)


VERIFIED, NOBODY = policy(AcknowledgePolicy.VERIFIED), policy(AcknowledgePolicy.NOBODY)
OLD = NOW - timedelta(days=2, seconds=1)
CASES = [
    ("claimed", mail(), {}, True),
    ("claimed, had one today", mail(), {"acknowledged_today": True}, False),
    ("proven, had one today", mail(), {"acknowledged_today": True, "envelope": TRUSTED}, True),
    ("claimed, verified only", mail(), {"house": VERIFIED}, False),
    ("proven, verified only", mail(), {"house": VERIFIED, "envelope": TRUSTED}, True),
    ("proven, nobody", mail(), {"house": NOBODY, "envelope": TRUSTED}, False),
    ("too old", mail(date=OLD), {}, False),
    ("two days old", mail(date=NOW - timedelta(days=2)), {}, True),
    ("without a date", mail(date=None), {}, True),
    ("from the future", mail(date=NOW + timedelta(days=9)), {}, True),
    ("automatic", mail(machine=autoreply()), {}, False),
    ("automatic, and nobody said so", mail(machine=Classification(is_autoreply=True)), {}, False),
    ("unanswerable", mail(machine=Classification(must_not_answer=True)), {}, False),
    ("our own address", mail(SUPPORT), {}, False),
    ("our own with a token", mail(reply_address(ANNA)), {}, False),
    ("an agent", mail(ALICE), {"envelope": TRUSTED}, False),
    ("an agent's alias", mail("alice@private.example"), {}, False),
    ("From in doubt", mail(defect="group"), {}, False),
    ("no address", mail("anna%x@relay@customer.example"), {}, False),
]


@pytest.mark.parametrize(
    ("letter", "more", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_who_is_acknowledged(letter: Mail, more: dict[str, object], expected: bool) -> None:
    assert (acknowledged(letter, **more) is not None) is expected


def test_an_address_in_the_reply_domain_is_ours() -> None:
    house = replace(HOUSE, reply_domain="reply.example", trusted_domains=("reply.example",))

    assert acknowledged(mail("anything@Reply.example"), house=house, envelope=TRUSTED) is None


def test_a_language_without_templates_falls_back_to_the_mailboxs() -> None:
    letter = replace(mail(to=["sales@co.example"]), language="fi")

    reply = acknowledged(letter)

    assert reply is not None
    assert reply.language == "fr"


def test_files_travel_up_to_the_bound_and_the_rest_is_named() -> None:
    house = replace(HOUSE, attachment_bytes_out=100)
    files = (file("a", 60), file("b", 50), file("c", 40))
    letter = from_agent("See.", attachments=files)

    reply = play(letter, envelope=TRUSTED, house=house, views=[view()]).replies[0]

    assert [sent.attachment.name for sent in reply.files] == ["a", "c"]
    assert {sent.journal_id for sent in reply.files} == {41}
    assert [left.name for left in reply.files_left_out] == ["b"]


def test_who_sent_a_file_that_is_too_large_is_told() -> None:
    house = replace(HOUSE, attachment_bytes_out=100)

    told, untold = (
        play(from_agent("See.", attachments=files), envelope=TRUSTED, house=house, views=[view()])
        for files in ((file("a", 60), file("b", 50)), (file("a", 60),))
    )

    (transcript,) = (r for r in told.replies if r.template == "transcript")
    assert transcript.recipient == ALICE
    assert Told(done=Done.LEFT_OUT, value="b") in transcript.told
    assert not any(r.template == "transcript" for r in untold.replies)


def test_a_long_chain_keeps_its_first_and_its_last_ids() -> None:
    posts = [post(n) for n in range(1, 40)]

    reply = play(from_agent("x"), envelope=TRUSTED, views=[view(posts=posts)]).replies[0]

    assert len(reply.references) == REFERENCES_MAX
    assert reply.references[0] == "post-1@x.example"
    assert reply.references[-1] == reply.in_reply_to == "post-39@x.example"


def test_a_notification_comes_from_who_wrote_the_newest_post() -> None:
    rules = [
        rule(on, (Verb.NOTIFY, "assignee"))
        for on in (RuleEvent.CUSTOMER_REPLIED, RuleEvent.AGENT_REPLIED)
    ]
    told = [
        play(letter, envelope=TRUSTED, views=[view(ticket(assignee=BOB))], rules=rules).replies
        for letter in (mail(answers=[our_id()]), from_agent("I have it."))
    ]

    names = [[r.sender_name for r in replies if r.recipient == BOB] for replies in told]
    assert names == [["Anna"], ["Alice"]]


def test_a_notification_shows_the_last_posts_newest_first() -> None:
    posts = [post(n, text=f"post {n}") for n in range(1, 8)]
    letter = mail(to=[reply_address(ANNA)])

    reply = play(letter, views=[view(posts=posts)]).replies[0]

    assert [quoted.text for quoted in reply.history] == [f"post {n}" for n in (7, 6, 5, 4, 3)]
    assert reply.history[0].at.endswith("+00:00")


def test_an_agent_is_written_to_in_a_language_of_theirs() -> None:
    french = replace(HOUSE.agents[0], languages=("fi", "fr"))
    house = replace(HOUSE, agents=(french, HOUSE.agents[1]))

    replies = play(mail(), house=house).replies

    assert [(r.recipient, r.language) for r in replies[1:]] == [(ALICE, "fr"), (BOB, "en")]


def test_addresses_of_ours_are_stripped_from_every_copy() -> None:
    ours = ("HELP@co.example", reply_address(BEN))
    people = (*ticket().participants, *(Participant(address=a, role=Role.CC) for a in ours))

    replies = play(
        from_agent("x"), envelope=TRUSTED, views=[view(ticket(participants=people))]
    ).replies

    assert [reply.recipient for reply in replies] == [ANNA, BEN]
    assert all([p.address for p in reply.cc] == [BEN] for reply in replies)


def test_a_person_takes_part_once_and_keeps_their_first_role() -> None:
    again = Participant(address=ANNA.upper(), role=Role.CC)

    assert participants_of(ticket(), again) == ticket().participants


def test_a_mail_that_joins_is_not_acknowledged_to_somebody_else() -> None:
    letter = mail(BEN, to=[reply_address(BEN)], answers=[our_id()])
    rules = [replace(ACKNOWLEDGE, on=RuleEvent.CUSTOMER_REPLIED)]

    by_ben = play(letter, views=[view()], rules=rules)
    by_anna = play(mail(to=[reply_address(ANNA)]), views=[view()], rules=rules)

    assert by_ben.replies == ()
    assert [reply.recipient for reply in by_anna.replies] == [ANNA]

"""Scenarios of one mail each: what it is, and what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.decision import Audience, Decision, Outcome, ReplyKind
from maild.core.house import AgentTrust
from maild.core.mail import Classification, Envelope, Kind, Mail
from maild.core.reason import Why
from maild.core.ticket import PostKind, Role, State
from maild.core.token import Purpose
from tests.core.scenes import (
    ALICE,
    ANNA,
    BEN,
    BOB,
    BOUNCE,
    EVE,
    HOUSE,
    LIST,
    LMTP,
    NOW,
    SUPPORT,
    TICKET,
    TRUSTED,
    UNTRUSTED,
    autoreply,
    bounced,
    file,
    from_agent,
    mail,
    our_id,
    play,
    post,
    reply_address,
    ticket,
    trusting,
    view,
)

OWN = reply_address(ANNA)
BROKEN = f"support+{'a' * 45}@co.example"


def whys(decision: Decision) -> tuple[Why, ...]:
    return tuple(reason.why for reason in decision.reasons)


def sent(decision: Decision) -> list[tuple[str, str]]:
    return [(reply.kind.value, reply.recipient) for reply in decision.replies]


# new tickets


def test_a_first_mail_opens_a_ticket_is_acknowledged_and_told_to_the_queue() -> None:
    decision = play(mail(subject="Re: [Support #3] The printer"))

    assert decision.outcome is Outcome.POSTED
    assert decision.before is None
    assert decision.after is not None
    assert (decision.after.number, decision.after.state) == (0, State.NEW)
    assert decision.after.subject == "The printer"
    assert decision.after.customer.address == ANNA
    assert [(p.n, p.kind, p.trust) for p in decision.posts] == [(1, PostKind.CUSTOMER, "E0")]
    assert [event.kind for event in decision.events] == ["ticket.created", "post.added"]
    assert decision.keys == ("m1@customer.example",)
    assert sent(decision) == [
        ("acknowledgement", ANNA),
        ("notification", ALICE),
        ("notification", BOB),
    ]
    assert Why.NEW_TICKET in whys(decision)


def test_the_queue_is_that_of_the_first_mailbox_named() -> None:
    decision = play(mail(to=["x@y.example", "sales@co.example"], cc=[SUPPORT]))

    assert decision.after is not None
    assert (decision.after.queue, decision.after.mailbox) == ("sales", "Sales")
    assert sent(decision)[1:] == [("notification", ALICE)]


def test_copies_are_nobodys_business_until_the_domain_is_proven() -> None:
    letter = mail(cc=[BEN, "Dora <x", SUPPORT, OWN, ALICE, "alice@private.example", ANNA])

    claimed, proven = play(letter), play(letter, envelope=TRUSTED)

    assert claimed.after is not None
    assert proven.after is not None
    assert [p.address for p in claimed.after.participants] == [ANNA]
    assert [(p.address, p.role) for p in proven.after.participants] == [
        (ANNA, Role.CUSTOMER),
        (BEN, Role.CC),
    ]


def test_a_mail_of_nobody_is_held() -> None:
    letter = mail()
    letter = replace(letter, parsed=replace(letter.parsed, from_=(), from_fields=0))

    decision = play(letter)

    assert decision.outcome is Outcome.HELD
    assert Why.NO_SENDER in whys(decision)
    assert decision.replies == ()


@pytest.mark.parametrize(("length", "held"), [(254, False), (255, True)])
def test_an_address_that_is_too_long_for_one_is_nobodys(length: int, held: bool) -> None:
    sender = "a" * (length - len("@x.example")) + "@x.example"

    decision = play(mail(sender, defect="too long"))

    assert (decision.outcome is Outcome.HELD) is held
    assert (Why.NO_SENDER in whys(decision)) is held


def test_a_sender_in_doubt_opens_a_ticket_and_hears_nothing() -> None:
    decision = play(mail(defect="two mailboxes"))

    assert decision.outcome is Outcome.POSTED
    assert Why.NOT_ACKNOWLEDGED in whys(decision)
    assert ("acknowledgement", ANNA) not in sent(decision)


def test_a_broken_token_is_held_and_nobody_is_told() -> None:
    decision = play(mail(to=[BROKEN]), views=[view()])

    assert (decision.outcome, decision.replies) == (Outcome.HELD, ())
    assert Why.TOKEN_BROKEN in whys(decision)


def test_a_forged_domain_is_named_instead_of_a_token() -> None:
    failed = "mx.co.example; dmarc=fail header.from=customer.example"
    told = play(mail(headers=[("authentication-results", failed)]), envelope=LMTP)
    found = play(mail(to=[BROKEN]), envelope=replace(UNTRUSTED, evidence=failed))
    nobody = play(mail(headers=[("authentication-results", failed)], defect="two"), envelope=LMTP)

    assert [decision.outcome for decision in (told, found, nobody)] == [Outcome.HELD] * 3
    words = "domain-failed: DMARC of customer.example fails: forged, or changed by a forwarder"
    assert [str(decision.reasons[-1]) for decision in (told, found, nobody)] == [
        words,
        f"{words}; [smtp] arc_sealers names those to believe",
        words.replace(" of customer.example", ""),
    ]


# before all


def test_the_same_mail_is_ignored() -> None:
    decision = play(mail(), same_as=12)

    assert (decision.outcome, decision.same_as) == (Outcome.IGNORED, 12)
    assert whys(decision) == (Why.SAME_MAIL,)


def test_our_own_mail_is_ignored() -> None:
    assert whys(play(mail(), is_own=True)) == (Why.OWN_LOOP,)
    loop = Classification(kind=Kind.LOOP, is_loop=True, must_not_answer=True)
    assert whys(play(mail(machine=loop))) == (Why.OWN_LOOP,)


def test_a_reply_waits_for_the_mail_it_answers() -> None:
    decision = play(mail(), waits_for=40)

    assert (decision.outcome, decision.posts, decision.replies) == (Outcome.WAIT, (), ())


def test_the_same_mail_does_not_wait() -> None:
    assert play(mail(), same_as=12, waits_for=40).outcome is Outcome.IGNORED


def test_the_same_id_with_other_content_is_a_post_of_its_own_and_flagged() -> None:
    decision = play(mail(), same_id_other_content=True)

    assert decision.outcome is Outcome.POSTED
    assert "other content" in str(decision.reasons[-1])


# machines


def test_a_machine_is_posted_on_its_ticket_and_moves_nothing() -> None:
    known = view(ticket(State.PENDING))
    decision = play(mail(to=[OWN], machine=autoreply()), views=[known])

    assert decision.outcome is Outcome.POSTED
    assert decision.after == known.ticket
    assert [p.kind for p in decision.posts] == [PostKind.AUTO]
    assert decision.replies == ()
    assert Why.AUTOMATIC in whys(decision)


def test_a_machine_that_answers_the_return_path_is_posted() -> None:
    path = reply_address(ANNA, purpose=Purpose.RETURN)

    decision = play(mail(to=[path], machine=autoreply()), views=[view()])

    assert [p.kind for p in decision.posts] == [PostKind.AUTO]


def test_a_machine_that_proves_nothing_is_held() -> None:
    decision = play(mail(machine=autoreply()), views=[view()], by_reference=(TICKET,))

    assert (decision.outcome, decision.posts) == (Outcome.HELD, ())


def test_a_machine_that_answers_nothing_is_left_to_the_rules_and_never_answered() -> None:
    decision = play(mail(machine=autoreply()))

    assert decision.outcome is Outcome.POSTED
    assert ("acknowledgement", ANNA) not in sent(decision)


def test_a_lists_mail_moves_nothing_unless_it_came_to_its_writers_own_address() -> None:
    known = view(ticket(State.SOLVED))

    by_thread = play(mail(answers=[our_id()], machine=LIST), views=[known])
    by_token = play(mail(to=[OWN], machine=LIST), views=[known])

    assert by_thread.after == known.ticket
    assert by_token.after is not None
    assert by_token.after.state is State.OPEN


def test_a_vacation_of_an_agent_is_no_reply_to_the_customer() -> None:
    letter = replace(from_agent("I am away."), classification=autoreply())

    decision = play(letter, envelope=TRUSTED, views=[view()])

    assert decision.replies == ()
    assert [p.kind for p in decision.posts] == [PostKind.AUTO]


RETURN = reply_address(BEN, purpose=Purpose.RETURN)


def bounce(*addresses: str, to: str = RETURN) -> Mail:
    return mail("mailer-daemon@mx.example", to=[to], machine=BOUNCE, bounce=bounced(*addresses))


def failed(decision: Decision) -> str:
    return decision.returned.address if decision.returned else ""


def test_a_bounce_with_our_token_marks_the_address_and_tells_the_agent() -> None:
    known = view(ticket(assignee=ALICE))
    decision = play(bounce(BEN), views=[known])

    assert (decision.outcome, failed(decision)) == (Outcome.IGNORED, BEN)
    assert decision.after == known.ticket
    assert sent(decision) == [("trouble", ALICE)]
    assert decision.replies[0].unreached == BEN
    assert [event.kind for event in decision.events] == ["reply.bounced"]


@pytest.mark.parametrize("named", [[ANNA], [], ["somebody@else.example"]])
def test_a_bounce_counts_against_nobody_but_the_tokens_recipient(named: list[str]) -> None:
    decision = play(bounce(*named), views=[view(ticket(assignee=ALICE))])

    assert failed(decision) == BEN


def test_a_bounce_of_an_agents_mail_is_not_told_to_that_agent() -> None:
    path = reply_address(ALICE, purpose=Purpose.RETURN)
    decision = play(bounce(ALICE, to=path), views=[view(ticket(assignee=ALICE))])

    assert (failed(decision), decision.replies) == (ALICE, ())


@pytest.mark.parametrize("to", [SUPPORT, OWN, BROKEN, reply_address(BEN, 8, Purpose.RETURN)])
def test_a_bounce_without_our_token_changes_nothing(to: str) -> None:
    decision = play(bounce(BEN, to=to), views=[view()], by_reference=(TICKET,))

    assert decision.outcome is Outcome.HELD
    assert (failed(decision), decision.events, decision.replies) == ("", (), ())


# customers on a ticket


def test_a_customer_joins_by_token_and_reopens() -> None:
    known = view(ticket(State.SOLVED, assignee=BOB))
    decision = play(mail(to=[OWN]), views=[known])

    assert decision.after is not None
    assert (decision.after.number, decision.after.state) == (TICKET, State.OPEN)
    assert decision.after.solved_at is None
    assert decision.thread_by == "token"
    assert [(p.n, p.trust) for p in decision.posts] == [(2, "E1")]
    assert [event.kind for event in decision.events] == ["post.added", "state.changed"]
    assert sent(decision) == [("notification", BOB)]


STATES = [
    (State.NEW, State.NEW),
    (State.OPEN, State.OPEN),
    (State.PENDING, State.OPEN),
    (State.ON_HOLD, State.OPEN),
]


@pytest.mark.parametrize(("state", "expected"), STATES)
def test_a_customers_mail_moves_the_ticket(state: State, expected: State) -> None:
    decision = play(mail(to=[OWN]), views=[view(ticket(state))])

    assert decision.after is not None
    assert decision.after.state is expected


def test_a_customer_joins_by_our_message_id() -> None:
    decision = play(mail(answers=[our_id()]), views=[view()])

    assert decision.after is not None
    assert (decision.after.number, decision.thread_by) == (TICKET, "token")
    assert decision.keys == ("m1@customer.example", our_id())


def test_references_without_proof_open_a_linked_ticket_of_which_the_sender_hears_nothing() -> None:
    decision = play(mail(answers=["x@y.example"]), views=[view()], by_reference=(TICKET,))

    assert decision.after is not None
    assert (decision.after.number, decision.after.linked) == (0, TICKET)
    assert Why.LINKED_UNPROVEN in whys(decision)
    assert decision.before is None
    customer = [r for r in decision.replies if r.audience is Audience.CUSTOMER]
    assert all(str(TICKET) not in f"{r.subject} {r.text}" for r in customer)


def test_references_with_a_proven_domain_join_for_who_takes_part() -> None:
    known = view()
    join = play(mail(), envelope=TRUSTED, views=[known], by_reference=(TICKET,))
    stranger = play(
        mail("dora@customer.example"), envelope=TRUSTED, views=[known], by_reference=(TICKET,)
    )

    assert join.after is not None
    assert join.after.number == TICKET
    assert stranger.after is not None
    assert (stranger.after.number, stranger.after.linked) == (0, TICKET)


def test_a_stranger_with_somebodys_token_joins_marked_and_takes_no_part() -> None:
    decision = play(mail(EVE, to=[OWN]), views=[view()])

    assert decision.after is not None
    assert decision.after.number == TICKET
    assert decision.posts[0].author == EVE
    assert decision.posts[0].trust == "E1"
    assert decision.after.participant(EVE) is None


SUBJECT = "Re: [Support #7] The printer smokes"


def test_a_subject_tag_is_refused_without_a_proven_domain() -> None:
    decision = play(mail(subject=SUBJECT), views=[view()], by_subject=TICKET)

    assert decision.after is not None
    assert (decision.after.number, decision.after.linked) == (0, 0)
    assert Why.SUBJECT_TAG_REFUSED in whys(decision)


def test_a_subject_tag_is_accepted_from_a_proven_participant() -> None:
    letter = mail(subject=SUBJECT)
    decision = play(letter, envelope=TRUSTED, views=[view()], by_subject=TICKET)

    assert decision.after is not None
    assert (decision.after.number, decision.thread_by) == (TICKET, "subject")


def test_a_subject_tag_of_a_stranger_is_a_new_ticket() -> None:
    letter = mail("dora@customer.example", subject=SUBJECT)
    decision = play(letter, envelope=TRUSTED, views=[view()], by_subject=TICKET)

    assert decision.after is not None
    assert (decision.after.number, decision.after.linked) == (0, 0)


@pytest.mark.parametrize("state", [State.CLOSED, State.MERGED, State.SPAM])
def test_a_ticket_at_its_end_is_continued_by_a_linked_one(state: State) -> None:
    decision = play(mail(to=[OWN]), views=[view(ticket(state))])

    assert decision.after is not None
    assert (decision.after.number, decision.after.linked) == (0, TICKET)
    assert Why.LINKED_CLOSED in whys(decision)


def test_a_token_that_is_too_old_is_worth_nothing() -> None:
    later = NOW + timedelta(days=200)
    decision = play(mail(to=[OWN], date=later), views=[view()], received_at=later)

    assert decision.after is not None
    assert decision.after.number == 0


# agents


def agent(letter: Mail, **more: object) -> Decision:
    more = {"envelope": TRUSTED, "views": [view()], **more}
    return play(letter, **more)  # type: ignore[arg-type]


def test_an_agents_reply_goes_to_everybody_who_takes_part() -> None:
    decision = agent(from_agent("Pull the plug."))

    assert decision.after is not None
    assert (decision.after.state, decision.after.assignee) == (State.PENDING, ALICE)
    assert decision.after.first_response_at == NOW
    assert [(p.n, p.kind, p.trust) for p in decision.posts] == [(2, PostKind.AGENT, "E3")]
    assert sent(decision) == [("reply", ANNA), ("reply", BEN)]
    reply = decision.replies[0]
    assert (reply.text, reply.sender_name, reply.post_n) == ("Pull the plug.", "Alice", 2)
    assert [p.address for p in reply.to] == [ANNA]
    assert [p.address for p in reply.cc] == [BEN]
    assert reply.in_reply_to == "post-1@x.example"
    kinds = [event.kind for event in decision.events]
    assert kinds == ["post.added", "ticket.assigned", "state.changed"]


def test_an_agents_alias_is_the_same_person() -> None:
    house = replace(HOUSE, trusted_domains=("private.example",))
    letter = from_agent("Pull the plug.", person="alice@private.example")

    decision = agent(letter, house=house)

    assert decision.trust == "E3"
    assert decision.posts[0].author == ALICE


def test_a_reply_leaves_a_ticket_with_its_agent_unless_that_one_is_gone() -> None:
    kept = agent(from_agent("x"), views=[view(ticket(assignee=BOB))])
    taken = agent(from_agent("x"), views=[view(ticket(assignee="gone@co.example"))])

    assert kept.after is not None
    assert kept.after.assignee == BOB
    assert taken.after is not None
    assert taken.after.assignee == ALICE


def test_a_note_reaches_nobody_outside_and_moves_nothing() -> None:
    decision = agent(from_agent("#note\nThey never pay."))

    assert decision.after == view().ticket
    assert [(p.kind, p.text) for p in decision.posts] == [(PostKind.NOTE, "They never pay.")]
    assert decision.posts[0].message_id == "a1@co.example"
    assert [reply.template for reply in decision.replies] == ["transcript"]
    assert Why.AGENT_NOTE in whys(decision)


def test_solve_alone_sends_nothing_even_with_a_signature_and_its_logo() -> None:
    letter = from_agent("#solve\n\n-- \nAlice", attachments=(file("logo.png", inline=True),))
    letter = replace(letter, reply=replace(letter.reply, reply_text="#solve"))

    decision = agent(letter)

    assert decision.after is not None
    assert (decision.after.state, decision.after.solved_at) == (State.SOLVED, NOW)
    assert decision.posts == ()
    assert sent(decision) == [("notification", ALICE)]


def test_solve_with_a_text_sends_it_and_solves() -> None:
    decision = agent(from_agent("#solve\n\nFixed."))

    assert decision.after is not None
    assert decision.after.state is State.SOLVED
    assert [r.text for r in decision.replies] == ["Fixed.", "Fixed.", ""]


def test_a_closed_ticket_stays_closed() -> None:
    decision = agent(from_agent("One more thing."), views=[view(ticket(State.CLOSED))])

    assert decision.after is not None
    assert decision.after.state is State.CLOSED
    assert len(decision.replies) == 2


REFUSED = [
    ("unknown word", "#sovle\nFixed.", Why.COMMAND_UNKNOWN),
    ("empty", "", Why.NOTHING_WRITTEN),
    ("signature only", "-- \nAlice", Why.NOTHING_WRITTEN),
    ("empty note", "#note", Why.NOTHING_WRITTEN),
    ("empty note and solve", "#note\n#solve", Why.NOTHING_WRITTEN),
]


@pytest.mark.parametrize(
    ("text", "why"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_cannot_be_done_is_held_and_told_to_the_agent(text: str, why: Why) -> None:
    letter = from_agent(text)
    if text.startswith("--"):
        letter = replace(letter, reply=replace(letter.reply, reply_text=""))

    decision = agent(letter)

    assert (decision.outcome, decision.after, decision.posts) == (Outcome.HELD, None, ())
    assert whys(decision)[-1] is why
    assert sent(decision) == [("trouble", ALICE)]
    assert decision.replies[0].template == "held"


def test_the_nearest_word_is_told() -> None:
    reply = agent(from_agent("#sovle")).replies[0]

    assert (reply.detail, reply.nearest) == ("#sovle", "solve")


def test_an_attachment_alone_is_a_reply() -> None:
    decision = agent(from_agent("", attachments=(file(),)))

    assert [len(reply.files) for reply in decision.replies] == [1, 1]


AT_LEVEL = [
    # text, token, proven domain, policy, done
    ("Pull it.", ALICE, True, AgentTrust.TOKEN_AND_DOMAIN, True),
    ("Pull it.", ALICE, False, AgentTrust.TOKEN_AND_DOMAIN, False),
    ("Pull it.", BOB, True, AgentTrust.TOKEN_AND_DOMAIN, False),
    ("Pull it.", ALICE, False, AgentTrust.TOKEN, True),
    ("Pull it.", ALICE, True, AgentTrust.CONFIRM_ALL, False),
    ("#solve", ALICE, True, AgentTrust.TOKEN_AND_DOMAIN, True),
    ("#solve", ALICE, False, AgentTrust.TOKEN_AND_DOMAIN, False),
    ("#solve", ALICE, False, AgentTrust.TOKEN, True),
    ("#solve", ALICE, True, AgentTrust.CONFIRM_ALL, False),
    ("#note\nx", ALICE, False, AgentTrust.TOKEN_AND_DOMAIN, True),
    ("#note\nx", BOB, False, AgentTrust.TOKEN_AND_DOMAIN, False),
    ("#note\nx", BOB, True, AgentTrust.TOKEN_AND_DOMAIN, True),
    ("Pull it.", BOB, False, AgentTrust.TOKEN, False),
    ("#solve", BOB, False, AgentTrust.TOKEN, False),
    ("#note\nx", ALICE, True, AgentTrust.CONFIRM_ALL, True),
    ("#note\n#solve\nx", ALICE, False, AgentTrust.TOKEN_AND_DOMAIN, False),
]


@pytest.mark.parametrize(("text", "token_of", "proven", "policy", "done"), AT_LEVEL)
def test_an_agent_does_what_the_table_allows_and_nothing_else(
    text: str, token_of: str, proven: bool, policy: AgentTrust, done: bool
) -> None:
    envelope = TRUSTED if proven else replace(TRUSTED, client="")
    letter = from_agent(text, token_of=token_of)

    decision = agent(letter, envelope=envelope, house=trusting(policy))

    assert (decision.outcome is Outcome.POSTED) is done
    if not done:
        assert whys(decision)[-1] in (Why.AGENT_UNPROVEN, Why.CONFIRM_ASKED)
        assert (whys(decision)[-1] is Why.CONFIRM_ASKED) == (decision.question is not None)
        assert sent(decision) == [("trouble", ALICE)]


def test_an_agent_without_their_reply_address_is_held_and_told() -> None:
    decision = agent(mail(ALICE, text="Pull it."), by_reference=(TICKET,))

    assert (decision.outcome, decision.posts) == (Outcome.HELD, ())
    assert sent(decision) == [("trouble", ALICE)]


@pytest.mark.parametrize("envelope", [UNTRUSTED, TRUSTED])
def test_an_agents_token_in_other_hands_is_held_and_shown_to_them(envelope: Envelope) -> None:
    for policy in AgentTrust:
        house = replace(trusting(policy), trusted_domains=("elsewhere.example",))

        decision = agent(from_agent("Pay me.", person=EVE), envelope=envelope, house=house)

        assert (decision.outcome, decision.posts) == (Outcome.HELD, ())
        assert whys(decision) == (Why.AGENT_UNPROVEN,)
        assert [(r.recipient, r.template, r.text) for r in decision.replies] == [
            (ALICE, "held", f"{EVE}:\n\nPay me.")
        ]


def test_a_false_or_bulk_mail_at_an_agents_token_is_shown_to_nobody() -> None:
    failed = ("authentication-results", "mx.co.example; dmarc=fail header.from=elsewhere.example")
    false = agent(from_agent("Pay me.", person=EVE, headers=[failed]), envelope=LMTP)
    quiet = Classification(must_not_answer=True)
    bulk = agent(from_agent("News", person=EVE, machine=quiet), envelope=UNTRUSTED)

    assert [(d.outcome, d.replies) for d in (false, bulk)] == [(Outcome.HELD, ())] * 2


def test_who_takes_part_writes_as_themselves_at_an_agents_token_too() -> None:
    """As who answers all does, when the agent copied them in."""
    answered: dict[str, Any] = {"by_reference": (TICKET,)}
    proven = agent(from_agent("Thanks, all.", person=ANNA), envelope=TRUSTED, **answered)
    claimed = agent(from_agent("Thanks, all.", person=ANNA), envelope=UNTRUSTED, **answered)
    new = agent(from_agent("Thanks, all.", person=ANNA), envelope=TRUSTED)

    assert [post.kind for post in proven.posts] == [PostKind.CUSTOMER]
    assert (proven.trust, proven.before is not None) == ("E2", True)
    assert (claimed.trust, claimed.before) == ("E0", None)
    assert claimed.after is not None
    assert claimed.after.linked == TICKET
    assert (new.outcome, new.before) == (Outcome.POSTED, None)


def test_an_agents_token_for_an_unknown_ticket_is_held() -> None:
    assert agent(from_agent("x"), views=[]).outcome is Outcome.HELD


def test_who_is_an_agent_no_more_is_refused() -> None:
    house = replace(HOUSE, agents=HOUSE.agents[1:])

    decision = agent(from_agent("Pay me."), house=house)

    assert (decision.outcome, decision.posts) == (Outcome.HELD, ())
    assert [(r.recipient, r.template, r.text) for r in decision.replies] == [
        (ALICE, "refused", "")
    ]


def test_an_agent_may_be_a_customer_of_the_house() -> None:
    own = replace(ticket(), participants=(replace(ticket().participants[0], address=ALICE),))
    new = agent(mail(ALICE), views=[])
    more = agent(mail(ALICE, to=[reply_address(ALICE)]), views=[view(own)])

    assert new.after is not None
    assert new.after.customer.address == ALICE
    assert sent(new) == [("notification", BOB)]
    assert [p.kind for p in more.posts] == [PostKind.CUSTOMER]


def test_an_old_note_is_held_back_unless_it_became_public() -> None:
    """A view's last few posts do not tell it."""
    secret = "They have not paid since March, do not refund anything before Bob agrees."
    old = view(notes=(secret,))

    held = agent(from_agent(f"Pull it. {secret}"), views=[old])
    known = agent(from_agent(f"Pull it. {secret}"), views=[replace(old, public_texts=(secret,))])

    assert "note-repeated" in str(held.reasons[-1])
    assert known.outcome is Outcome.POSTED


WORDS = "Thank you for the key of our house in Canterbury Lane"


@pytest.mark.parametrize(
    ("text", "changes", "held"),
    [
        (WORDS, {}, True),
        (WORDS, {"public_texts": (WORDS,)}, False),
        (WORDS, {"usual": (WORDS,)}, False),
        ("Thank you for the key of our flat.", {}, False),
        ("Thank you very much, Anna.", {"others": ("Thank you very much",)}, False),
    ],
)
def test_what_another_customer_wrote_is_held_back_unless_anybody_might_write_it(
    text: str, changes: dict[str, Any], held: bool
) -> None:
    known = replace(view(others=(WORDS,)), **changes)

    decision = agent(from_agent(f"Pull it. {text}"), views=[known])

    if held:
        assert str(decision.reasons[-1]).startswith(
            "confirm-asked: others-repeated: “thank you for"
        )
        assert sent(decision) == [("trouble", ALICE)]
    else:
        assert decision.outcome is Outcome.POSTED


def test_a_canned_text_is_nobodys_secret() -> None:
    """As it would read here: `more-information`, by Alice."""
    told = f"Hello Anna, tell us more about [Support #{TICKET}]."

    for name, outcome in (("Alice", Outcome.POSTED), ("Eve", Outcome.HELD)):
        text = f"{told} {name}"

        assert agent(from_agent(text), views=[view(others=(text,))]).outcome is outcome


def test_a_quoted_note_is_held_back() -> None:
    secret = "They have not paid since March, do not refund anything before Bob agrees."
    known = view(posts=[post(1), post(2, PostKind.NOTE, secret, BOB)])
    in_html = from_agent("Pull it.", html=f"<p>Pull it.</p><div>{secret}</div>")

    for letter in (from_agent(f"Pull it.\n> {secret}"), in_html):
        decision = agent(letter, views=[known])

        assert decision.outcome is Outcome.HELD
        assert str(decision.reasons[-1]).startswith("confirm-asked: note-repeated")
        assert sent(decision) == [("trouble", ALICE)]


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for your email. I am currently out of the office until Monday.",
        "Hello,\n\nI’m on parental\nleave from 3 March. Please write to Ben.",
        "Vielen Dank für Ihre Nachricht. Ich bin bis zum 12.3. nicht im Büro.",
        "Bonjour, je suis actuellement en congés jusqu’au 12 mars.",
        "Gracias por su mensaje. Estoy de vacaciones hasta el lunes.",
    ],
)
def test_an_agents_notice_of_absence_without_any_header_is_no_answer(text: str) -> None:
    decision = agent(from_agent(text))
    commanded = agent(from_agent(f"#solve\n\n{text}"))

    assert decision.outcome is Outcome.HELD
    assert "absence-notice" in str(decision.reasons[-1])
    assert sent(decision) == [("trouble", ALICE)]
    assert commanded.outcome is Outcome.POSTED


@pytest.mark.parametrize(
    "text",
    [
        "Your colleague is out of office until Monday; he will answer then.",
        "You are on leave until Friday, so the form can wait.",
        "Der Techniker ist im Urlaub. Ich bin aber sicher, dass es am Montag geht.",
        "Please find the vacation policy attached. " + "It is long. " * 40 + "I am on vacation.",
    ],
)
def test_an_answer_that_speaks_of_somebodys_absence_goes_out(text: str) -> None:
    assert agent(from_agent(text)).outcome is Outcome.POSTED


def test_what_is_noted_about_a_customer_is_held_back_too() -> None:
    secret = "They have not paid since March, do not refund anything before Bob agrees."
    customer = replace(ticket().customer, notes=secret)
    known = view(ticket(customer=customer))

    decision = agent(from_agent(f"Pull it.\n> {secret}"), views=[known])

    assert decision.outcome is Outcome.HELD


def test_a_reply_never_refers_to_a_note() -> None:
    known = view(posts=[post(1), post(2, PostKind.NOTE, "psst", BOB), post(3)])

    reply = agent(from_agent("Pull it."), views=[known]).replies[0]

    assert reply.references == ("post-1@x.example", "post-3@x.example")
    assert reply.history == ()


# laws


ADDRESSES = st.sampled_from(
    [ANNA, BEN, EVE, ALICE, BOB, SUPPORT, "help@co.example", "alice@private.example"]
)
DESTINATIONS = st.sampled_from(
    [
        SUPPORT,
        "sales@co.example",
        OWN,
        BROKEN,
        RETURN,
        reply_address(ALICE, purpose=Purpose.AGENT),
        reply_address(BEN, 8),
        BEN,
        EVE,
    ]
)
TEXTS = st.sampled_from(["It smokes.", "#note\nPsst.", "#solve", "#sovle\nx", "#solve\nDone.", ""])
MACHINES = st.sampled_from([None, None, None, autoreply(), BOUNCE, LIST])
SECRET = "nobody outside may ever read this sentence about the customer"


@st.composite
def decisions(draw: st.DrawFn) -> tuple[Mail, Decision, Decision]:
    machine = draw(MACHINES)
    letter = mail(
        draw(ADDRESSES),
        to=draw(st.lists(DESTINATIONS, max_size=3)),
        cc=draw(st.lists(DESTINATIONS, max_size=3)),
        text=draw(TEXTS),
        answers=draw(st.lists(st.sampled_from([our_id(), our_id(8), "x@y.example"]), max_size=2)),
        machine=machine,
        bounce=bounced(draw(ADDRESSES)) if machine is BOUNCE else None,
        quote=draw(st.sampled_from(["", f"> {SECRET}"])),
        defect=draw(st.sampled_from(["", "", "two mailboxes"])),
    )
    own_cc = replace(ticket().participants[1], address=SUPPORT)
    people = draw(st.sampled_from([ticket().participants, (*ticket().participants, own_cc)]))
    state = draw(st.sampled_from(State))
    known = ticket(state, participants=people, assignee=draw(st.sampled_from(["", ALICE])))
    story = [post(1), post(2, PostKind.NOTE, SECRET, BOB)]
    more: dict[str, Any] = {
        "envelope": draw(st.sampled_from([TRUSTED, replace(TRUSTED, client="")])),
        "views": draw(st.sampled_from([[], [view(known, story)]])),
        "by_reference": draw(st.sampled_from([(), (TICKET,)])),
        "by_subject": draw(st.sampled_from([0, TICKET])),
        "acknowledged_today": draw(st.booleans()),
    }
    return letter, play(letter, **more), play(letter, **more)


@given(decisions())
def test_deciding_twice_gives_the_same(drawn: tuple[Mail, Decision, Decision]) -> None:
    _, once, twice = drawn

    assert once == twice
    assert once.reasons


@given(decisions())
def test_no_mail_of_ours_goes_to_an_address_of_ours(
    drawn: tuple[Mail, Decision, Decision],
) -> None:
    for reply in drawn[1].replies:
        people = [reply.recipient, *(p.address for p in (*reply.to, *reply.cc))]

        assert not [p for p in people if p.endswith("@co.example") and p not in (ALICE, BOB)]


@given(decisions())
def test_no_automatic_mail_answers_a_machine(drawn: tuple[Mail, Decision, Decision]) -> None:
    letter, decision, _ = drawn
    if letter.classification.must_not_answer:
        assert not [
            reply
            for reply in decision.replies
            if reply.audience is Audience.CUSTOMER and reply.kind is not ReplyKind.REPLY
        ]


@given(decisions())
def test_no_customer_reads_a_note(drawn: tuple[Mail, Decision, Decision]) -> None:
    for reply in drawn[1].replies:
        if reply.audience is Audience.CUSTOMER:
            assert SECRET not in f"{reply.text} {reply.html} {reply.subject}"
            assert "Psst" not in reply.text
            assert reply.history == ()


@given(decisions())
def test_every_reply_has_a_key_of_its_own(drawn: tuple[Mail, Decision, Decision]) -> None:
    keys = [reply.key for reply in drawn[1].replies]

    assert all(keys)
    assert len(set(keys)) == len(keys)


@given(decisions())
def test_what_is_held_or_waits_changes_no_ticket(drawn: tuple[Mail, Decision, Decision]) -> None:
    decision = drawn[1]
    if decision.outcome in (Outcome.HELD, Outcome.WAIT):
        assert (decision.after, decision.posts, decision.events) == (None, (), ())
        told = [r.template for r in decision.replies if r.audience is Audience.CUSTOMER]
        assert told in ([], ["refused"])

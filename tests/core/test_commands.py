"""What each command does to a ticket, whom it concerns, and what the agent is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from maild.core.commandtable import TABLE, Entry, Part, Word
from maild.core.decision import Audience, Decision, Outcome, Reply, SentReply
from maild.core.house import Agent, AgentTrust, House
from maild.core.mail import Address, Mail
from maild.core.reason import Why
from maild.core.snapshot import Desk, TicketView
from maild.core.ticket import Participant, PostKind, Priority, Role, State
from maild.core.told import Done
from maild.core.trust import Level
from tests.core.scenes import (
    ALICE,
    ANNA,
    BEN,
    BOB,
    EVE,
    HOUSE,
    NOW,
    SUPPORT,
    TRUSTED,
    from_agent,
    mail,
    our_id,
    play,
    post,
    reply_address,
    ticket,
    view,
)

CARLA = "carla@co.example"
BIG = replace(
    HOUSE,
    agents=(
        *HOUSE.agents,
        Agent(address=CARLA, name="Carla Cook", queues=("sales",), tier=2),
        Agent(address="bob.too@co.example", name="Bob Brown", queues=("support",), tier=3),
    ),
)


def done(
    text: str,
    known: TicketView | None = None,
    letter: Mail | None = None,
    house: House = BIG,
    **looked_up: Any,
) -> Decision:
    """Decide about Alice's commands."""
    views = [known or view(), view(ticket(number=12))]
    written = letter or from_agent(text)
    return play(written, envelope=TRUSTED, views=views, house=house, **looked_up)


def told(decision: Decision) -> list[tuple[Done, str]]:
    return [(one.done, one.value) for one in transcript(decision).told]


def transcript(decision: Decision) -> Reply:
    [found] = [reply for reply in decision.replies if reply.template == "transcript"]
    return found


def logged(decision: Decision) -> list[tuple[str, str]]:
    return [(event.kind, dict(event.data).get("to", "")) for event in decision.events]


def notified(decision: Decision) -> list[str]:
    return [r.recipient for r in decision.replies if r.template == "notification"]


def refused(text: str) -> tuple[Reply, Why]:
    decision = done(text)
    assert (decision.outcome, decision.after, decision.posts) == (Outcome.HELD, None, ())
    assert (decision.events, decision.keys) == ((), ())
    [reply] = decision.replies
    assert (reply.template, reply.recipient) == ("held", ALICE)
    return reply, decision.reasons[-1].why


STATES = [
    ("#solve", State.OPEN, State.SOLVED, Done.STATE),
    ("#solve", State.CLOSED, State.CLOSED, Done.ENDED),
    ("#solve", State.SOLVED, State.SOLVED, Done.UNCHANGED),
    ("#close", State.OPEN, State.CLOSED, Done.STATE),
    ("#close", State.CLOSED, State.CLOSED, Done.UNCHANGED),
    ("#close", State.MERGED, State.MERGED, Done.ENDED),
    ("#reopen", State.CLOSED, State.OPEN, Done.STATE),
    ("#reopen", State.SPAM, State.OPEN, Done.STATE),
    ("#reopen", State.OPEN, State.OPEN, Done.UNCHANGED),
    ("#reopen", State.MERGED, State.MERGED, Done.ENDED),
    ("#pending", State.OPEN, State.PENDING, Done.STATE),
    ("#pending", State.SOLVED, State.PENDING, Done.STATE),
    ("#hold", State.OPEN, State.ON_HOLD, Done.STATE),
    ("#hold", State.CLOSED, State.CLOSED, Done.ENDED),
    ("#spam", State.OPEN, State.SPAM, Done.STATE),
    ("#spam", State.SPAM, State.SPAM, Done.UNCHANGED),
]


@pytest.mark.parametrize(("text", "before", "after", "what"), STATES)
def test_state_commands_move_the_ticket(
    text: str, before: State, after: State, what: Done
) -> None:
    decision = done(text, view(ticket(before)))

    assert decision.after is not None
    assert decision.after.state is after
    assert told(decision) == [(what, after.value)]
    change = [("state.changed", after.value)] if before is not after else []
    assert logged(decision) == change
    assert (decision.posts, decision.replies) == ((), (transcript(decision),))


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("#hold", State.ON_HOLD),
        ("#reopen", State.OPEN),
        ("#close", State.CLOSED),
        ("#tag a", State.PENDING),
    ],
)
def test_a_state_command_has_the_last_word_after_a_reply(text: str, after: State) -> None:
    decision = done(f"{text}\n\nPull the plug.")

    assert decision.after is not None
    assert decision.after.state is after
    readers = [r.recipient for r in decision.replies if r.audience is Audience.CUSTOMER]
    assert readers == [ANNA, BEN]
    assert told(decision)[0] == (Done.REPLY, f"{ANNA}, {BEN}")
    assert all("#" not in r.text for r in decision.replies)


def test_closing_an_unsolved_ticket_solves_it_too() -> None:
    decision = done("#close")

    assert decision.after is not None
    assert (decision.after.solved_at, decision.after.closed_at) == (NOW, NOW)


ASSIGNED = [
    ("#assign me", ALICE, []),
    ("#assign ME", ALICE, []),
    ("#assign carla@co.example", CARLA, [CARLA]),
    ("#assign carla", CARLA, [CARLA]),
    ("#assign @Carla", CARLA, [CARLA]),
    ("#assign Carla Cook", CARLA, [CARLA]),
    ("#assign bob brown", "bob.too@co.example", ["bob.too@co.example"]),
    ("#assign bob", BOB, [BOB]),
]


@pytest.mark.parametrize(("text", "address", "hear"), ASSIGNED)
def test_a_ticket_is_assigned_to_who_is_meant(text: str, address: str, hear: list[str]) -> None:
    decision = done(text)

    assert decision.after is not None
    assert decision.after.assignee == address
    assert logged(decision) == [("ticket.assigned", address)]
    assert notified(decision) == hear
    assert all(r.reason == "assigned" for r in decision.replies if r.template == "notification")
    assert told(decision)[0][0] is Done.ASSIGNED


def test_a_ticket_is_assigned_to_nobody() -> None:
    decision = done("#assign nobody", view(ticket(assignee=BOB)))

    assert decision.after is not None
    assert decision.after.assignee == ""
    assert told(decision) == [(Done.UNASSIGNED, "")]


def test_a_reply_does_not_take_a_ticket_that_is_given_away() -> None:
    decision = done("#assign carla\nShe will look at it.")

    assert decision.after is not None
    assert decision.after.assignee == CARLA


def test_a_note_reaches_the_colleague_it_is_assigned_to() -> None:
    decision = done("#assign carla\n#note\nThey never pay.")

    [notice] = [r for r in decision.replies if r.template == "notification"]
    assert (notice.recipient, notice.text, notice.post_kind) == (
        CARLA,
        "They never pay.",
        PostKind.NOTE,
    )
    assert all(r.audience is Audience.AGENT for r in decision.replies)


def test_another_queue_takes_a_ticket_from_who_does_not_work_there() -> None:
    decision = done("#queue SALES", view(ticket(assignee=BOB)))

    assert decision.after is not None
    assert (decision.after.queue, decision.after.assignee) == ("sales", "")
    assert logged(decision) == [("queue.changed", "sales"), ("ticket.assigned", "")]
    assert notified(decision) == [CARLA]


def test_another_queue_leaves_a_ticket_with_who_works_there() -> None:
    decision = done("#queue sales", view(ticket(assignee=CARLA)))

    assert decision.after is not None
    assert decision.after.assignee == CARLA
    assert notified(decision) == [CARLA]


def test_escalation_raises_the_tier_and_tells_who_works_there() -> None:
    decision = done("#escalate he is angry", view(ticket(assignee=BOB, tier=2)))

    assert decision.after is not None
    assert (decision.after.tier, decision.after.assignee) == (3, "")
    assert ("why", "he is angry") in decision.events[1].data
    assert notified(decision) == ["bob.too@co.example"]


def test_a_ticket_is_handed_back_to_a_lower_tier_with_the_reason() -> None:
    top = "bob.too@co.example"
    decision = done("#tier 1 it is only the cable", view(ticket(assignee=top, tier=3)))

    assert decision.after is not None
    assert (decision.after.tier, decision.after.assignee) == (1, "")
    returned = next(e for e in decision.events if e.kind == "ticket.returned")
    why = {"from": "3", "to": "1", "why": "it is only the cable"}
    assert dict(returned.data) == why
    told = next(r for r in decision.replies if r.template == "notification")
    assert told.recipient == BOB
    assert told.escalation is not None
    assert (told.escalation.by, told.escalation.from_tier) == (ALICE, 3)
    assert told.escalation.why == "it is only the cable"


def test_escalation_tells_the_lead_where_nobody_works_on_that_tier() -> None:
    house = replace(HOUSE, agents=HOUSE.agents)
    decision = play(from_agent("#escalate"), envelope=TRUSTED, views=[view()], house=house)

    assert decision.after is not None
    assert decision.after.tier == 2
    assert notified(decision) == [BOB]


SET = [
    ("#tier 2", "tier", 2, "tier.changed"),
    ("#priority High", "priority", Priority.HIGH, "priority.changed"),
    ("#tag parcel", "tags", ("parcel",), "tag.added"),
    ("#tag +Parcel, +a", "tags", ("a", "parcel"), "tag.added"),
    ("#subject “It burns”", "subject", "It burns", "subject.changed"),
    ("#lang DE", "language", "de", "language.changed"),
    ("#link #12", "linked", 12, "ticket.linked"),
]


@pytest.mark.parametrize(("text", "field", "value", "kind"), SET)
def test_a_field_is_set_and_logged(text: str, field: str, value: object, kind: str) -> None:
    decision = done(text)

    assert getattr(decision.after, field) == value
    assert decision.events[0].kind == kind
    assert decision.events[0].actor == ALICE


@pytest.mark.parametrize("text", [text for text, *_ in SET if "tag" not in text])
def test_what_is_so_already_is_told_and_not_logged(text: str) -> None:
    once = done(text).after
    assert once is not None

    decision = done(text, view(once))

    assert decision.after == once
    assert decision.events == ()
    assert [what for what, _ in told(decision)] == [Done.UNCHANGED]


def test_tags_are_added_and_removed_in_one_line() -> None:
    decision = done("#tag +a \u2013b c -nosuch", view(ticket(tags=("b", "d"))))

    assert decision.after is not None
    assert decision.after.tags == ("a", "c", "d")
    assert told(decision) == [(Done.TAGGED, "a, c"), (Done.UNTAGGED, "b")]


def test_a_new_cc_gets_this_reply_and_nothing_that_was_before() -> None:
    decision = done(f"#cc +{EVE} -{BEN}\n\nPull the plug.")

    assert decision.after is not None
    people = [(p.address, p.role) for p in decision.after.participants]
    assert people == [(ANNA, Role.CUSTOMER), (EVE, Role.CC)]
    copies = [r for r in decision.replies if r.audience is Audience.CUSTOMER]
    assert [r.recipient for r in copies] == [ANNA, EVE]
    assert all(r.history == () and r.text == "Pull the plug." for r in copies)
    assert logged(decision)[1:3] == [("participant.added", EVE), ("participant.removed", BEN)]


def test_who_wrote_last_is_accepted() -> None:
    known = view(posts=[post(1), post(2, author=EVE)])

    decision = done("#accept", known)

    assert decision.after is not None
    assert decision.after.participant(EVE) is not None
    assert told(decision) == [(Done.CC_ADDED, EVE)]
    assert told(done("#accept")) == [(Done.UNCHANGED, "")]


def test_a_canned_text_stands_above_the_agents_own_words() -> None:
    decision = done("#template More-Information\n\nPull the plug.")

    text = "Hello Anna, tell us more about [Support #7]. Alice\n\nPull the plug."
    assert decision.posts[0].text == text
    assert [r.text for r in decision.replies[:2]] == [text, text]
    assert (Done.TEMPLATE, "more-information") in told(decision)


CANNED_TEXTS = [
    ("#template more-information", "en", "Hello Anna"),
    ("#template more-information", "de", "Guten Tag Anna."),
    ("#template more-information", "es", "Hello Anna"),
    ("#template more-information de", "en", "Guten Tag Anna."),
    ("#template merci", "en", "Merci !"),
]


@pytest.mark.parametrize(("text", "language", "beginning"), CANNED_TEXTS)
def test_a_canned_text_alone_is_a_reply_in_the_tickets_language(
    text: str, language: str, beginning: str
) -> None:
    decision = done(text, view(ticket(language=language)))

    assert decision.replies[0].text.startswith(beginning)
    assert decision.after is not None
    assert decision.after.state is State.PENDING


def test_a_canned_text_is_shown_in_an_html_answer() -> None:
    html = "<div>#template merci</div><div><b>Pull</b> it.</div>"

    decision = done("", letter=from_agent("#template merci\nPull it.", html=html))

    assert decision.posts[0].html == "<div>Merci !</div><br>\n<div><b>Pull</b> it.</div>"


def test_a_merged_ticket_points_on_and_its_people_go_along() -> None:
    known = view(ticket(participants=(*ticket().participants, Participant(address=EVE))))

    decision = done("#merge 12", known)

    assert decision.after is not None
    assert (decision.after.state, decision.after.linked) == (State.MERGED, 12)
    assert logged(decision) == [("ticket.merged", "12"), ("state.changed", "merged")]
    [joined] = decision.others
    assert joined.after is not None
    people = [(p.address, p.role) for p in joined.after.participants]
    assert people == [(ANNA, Role.CUSTOMER), (BEN, Role.CC), (EVE, Role.CC)]
    assert [event.kind for event in joined.events] == ["ticket.joined"]
    assert told(decision) == [(Done.MERGED, "12")]


@pytest.mark.parametrize("state", [State.MERGED, State.SPAM])
def test_nothing_is_merged_into_a_ticket_at_its_end(state: State) -> None:
    views = [view(), view(ticket(state, number=12))]

    decision = play(from_agent("#merge 12"), envelope=TRUSTED, views=views)

    assert (decision.outcome, decision.others) == (Outcome.HELD, ())


MERGED = view(ticket(State.MERGED, linked=12))
TARGET = view(ticket(State.PENDING, number=12, assignee=BOB))


@pytest.mark.parametrize(
    ("letter", "by"),
    [
        (mail(to=[reply_address(ANNA)]), "token"),
        (mail(answers=[our_id()]), "token"),
    ],
)
def test_a_customers_answer_to_a_merged_ticket_follows_it(letter: Mail, by: str) -> None:
    decision = play(letter, views=[MERGED, TARGET])

    assert decision.after is not None
    assert (decision.after.number, decision.after.state) == (12, State.OPEN)
    assert (decision.thread_by, decision.posts[0].trust) == (by, "E1")


def test_an_agents_answer_to_a_merged_ticket_follows_it() -> None:
    decision = play(from_agent("#solve\nDone."), envelope=TRUSTED, views=[MERGED, TARGET])

    assert decision.after is not None
    assert (decision.after.number, decision.after.state) == (12, State.SOLVED)
    assert decision.trust == "E3"


def test_tickets_merged_in_a_ring_end_somewhere() -> None:
    ring = [MERGED, view(ticket(State.MERGED, number=12, linked=7))]

    decision = play(mail(to=[reply_address(ANNA)]), views=ring)

    assert decision.after is not None
    assert decision.after.number == 0


def test_mail_of_a_blocked_sender_is_held() -> None:
    spam = [view(ticket(State.SPAM))]
    new = play(mail(), blocked_up_to=Level.CLAIMED)
    proven = play(mail(), blocked_up_to=Level.DOMAIN, envelope=TRUSTED)
    again = play(mail(to=[reply_address(ANNA)]), views=spam, blocked_up_to=Level.CLAIMED)

    at_home = mail(to=[reply_address(ANNA)])
    both = play(at_home, views=spam, blocked_up_to=Level.DOMAIN, envelope=TRUSTED)

    for decision in (new, proven, again, both):
        assert (decision.outcome, decision.posts, decision.replies) == (Outcome.HELD, (), ())
        assert decision.reasons[-1].why is Why.BLOCKED


def test_spam_in_somebodys_name_does_not_block_who_proves_to_be_them() -> None:
    decision = play(mail(), blocked_up_to=Level.CLAIMED, envelope=TRUSTED)

    assert decision.outcome is Outcome.POSTED


def test_a_block_does_not_break_off_another_conversation() -> None:
    decision = play(mail(to=[reply_address(ANNA)]), views=[view()], blocked_up_to=Level.DOMAIN)

    assert decision.outcome is Outcome.POSTED


SENT = SentReply(
    ticket=7,
    post_n=2,
    message_id="post-2@x.example",
    outbox=(5, 6),
    is_waiting=True,
    moved_from=State.OPEN,
    took_ticket=True,
    is_first=True,
)
ANSWERED = view(
    ticket(State.PENDING, assignee=ALICE, first_response_at=NOW),
    posts=[post(1), post(2, PostKind.AGENT, "Pull the plug.", ALICE)],
)


def test_a_reply_that_waits_is_taken_back_with_what_followed_from_it() -> None:
    decision = done("#undo", ANSWERED, desk=Desk(sent=SENT))

    assert decision.undone == SENT
    assert decision.after is not None
    after = decision.after
    assert (after.state, after.assignee, after.first_response_at) == (State.OPEN, "", None)
    kinds = [event.kind for event in decision.events]
    assert kinds == ["post.undone", "ticket.assigned", "state.changed"]
    assert told(decision) == [(Done.UNDONE, "")]
    assert [r.audience for r in decision.replies] == [Audience.AGENT]


def test_a_better_reply_may_take_its_place_and_does_not_refer_to_it() -> None:
    decision = done("#tag a\n#undo\nPull the other plug.", ANSWERED, desk=Desk(sent=SENT))

    assert decision.undone == SENT
    assert decision.after is not None
    assert (decision.after.state, decision.after.assignee) == (State.PENDING, ALICE)
    assert [p.n for p in decision.posts] == [3]
    assert decision.replies[0].in_reply_to == "post-1@x.example"
    assert "post-2@x.example" not in decision.replies[0].references
    assert [what for what, _ in told(decision)] == [Done.REPLY, Done.UNDONE, Done.TAGGED]


@pytest.mark.parametrize(
    ("sent", "what"),
    [
        (replace(SENT, is_waiting=False), Done.TOO_LATE),
        (None, Done.NOTHING_TO_UNDO),
        (replace(SENT, ticket=12), Done.NOTHING_TO_UNDO),
    ],
)
def test_what_is_gone_is_not_taken_back(sent: SentReply | None, what: Done) -> None:
    decision = done("#undo", ANSWERED, desk=Desk(sent=sent))

    assert decision.undone is None
    assert decision.after == ANSWERED.ticket
    assert told(decision) == [(what, "")]


def test_the_window_is_told_where_there_is_one() -> None:
    decision = done("#solve\nDone.", house=replace(BIG, undo_seconds=60))

    assert told(decision)[1] == (Done.UNDOABLE, "60")


def test_the_whole_ticket_is_shown_to_the_agent_alone() -> None:
    story = (post(1), post(2, PostKind.NOTE, "They never pay.", BOB))

    decision = done("#show\n\nPull the plug.", desk=Desk(ticket=7, story=story))

    assert [(q.kind, q.text) for q in transcript(decision).history] == [
        ("customer", "It smokes."),
        ("note", "They never pay."),
    ]
    assert all(r.history == () for r in decision.replies if r.audience is Audience.CUSTOMER)


def test_the_story_of_another_ticket_is_not_shown() -> None:
    decision = done("#show", desk=Desk(ticket=12, story=(post(1),)))

    assert (transcript(decision).history, told(decision)) == ((), [(Done.NONE, "")])


def test_tickets_are_listed_by_urgency_and_age() -> None:
    found = (
        ticket(number=3),
        ticket(number=4, priority=Priority.URGENT),
        ticket(number=2, priority=Priority.LOW),
    )

    decision = done("#list", desk=Desk(tickets=found))

    assert [t.number for t in transcript(decision).tickets] == [4, 3, 2]
    assert told(done("#list")) == [(Done.NONE, "")]


def test_help_lists_the_commands() -> None:
    assert transcript(done("#help")).has_help
    assert not transcript(done("#solve")).has_help


MISFITS = [
    ("#assign bbo", "bob"),
    ("#assign carol@co.example", "carla@co.example"),
    ("#queue suport", "support"),
    ("#tier 4", ""),
    ("#priority urgnt", "urgent"),
    ("#tag a!b", ""),
    ("#tag +", ""),
    ("#lang xx", ""),
    ("#link 99", ""),
    ("#merge 99", ""),
    ("#merge 7", ""),
    ("#template mroe-information", "more-information"),
    ("#template merci de", ""),
    ("#template more-information dee", "more-information de"),
    ("#link seven", ""),
    ("#link 7", ""),
    (f"#cc +{SUPPORT}", ""),
    (f"#cc +{BOB}", ""),
    ("#cc +nonsense", ""),
    (f"#cc -{ANNA}", BEN),
    ("#cc -be@customer.example", BEN),
    ("#solve Thanks", ""),
    ("#assign", ""),
]


@pytest.mark.parametrize(("text", "near"), MISFITS)
def test_an_argument_that_cannot_stand_stops_everything(text: str, near: str) -> None:
    reply, why = refused(f"#tag good\n{text}\n\nPull the plug.")

    assert why is Why.COMMAND_ARGUMENT
    assert (reply.detail, reply.nearest) == (text, near)
    assert reply.command == text.split(maxsplit=1)[0][1:]


def test_a_name_that_two_people_have_is_refused() -> None:
    house = replace(HOUSE, agents=(*HOUSE.agents, Agent(address="b2@co.example", name="Bob")))
    letter = from_agent("#assign BOB ")
    letter = replace(letter, reply=replace(letter.reply, unquoted_text="#assign Bob"))
    one = play(letter, envelope=TRUSTED, views=[view()], house=house)
    twins = replace(
        house, agents=tuple(replace(a, address=f"x{n}@co.example") if a.name == "Bob" else a
                            for n, a in enumerate(house.agents))
    )  # fmt: skip
    two = play(letter, envelope=TRUSTED, views=[view()], house=twins)

    assert one.after is not None
    assert one.after.assignee == BOB
    assert two.outcome is Outcome.HELD


def test_the_transcript_goes_to_the_registered_address() -> None:
    letter = from_agent("#solve", person="alice@private.example")
    house = replace(BIG, trusted_domains=("private.example",))
    decision = play(letter, envelope=TRUSTED, views=[view()], house=house)

    assert transcript(decision).recipient == ALICE


def test_a_plain_reply_gets_no_transcript() -> None:
    assert all(r.template == "reply" for r in done("Pull the plug.").replies)


COPIED = ("eve@elsewhere.example", ANNA, BOB, "help@co.example", "EVE@elsewhere.example")
"""Somebody else in two spellings, the customer, a colleague, and an address of ours."""


@pytest.mark.parametrize("text", ["Pull the plug.", "#note\nShe knows.", "#solve\nDone."])
@pytest.mark.parametrize("field", ["to", "cc"])
def test_whom_an_agent_copies_and_who_takes_no_part_is_named(text: str, field: str) -> None:
    letter = from_agent(text)
    people = tuple(Address(addr=address) for address in COPIED)
    in_to = replace(letter.parsed, to=(*letter.parsed.to, *people))
    parsed = in_to if field == "to" else replace(letter.parsed, cc=people)
    decision = done("", letter=replace(letter, parsed=parsed))

    assert (Done.OUTSIDE, COPIED[0]) in told(decision)
    assert transcript(decision).recipient == ALICE
    assert {r.recipient for r in decision.replies if r.template == "reply"} <= {ANNA, BEN}


def test_whom_the_same_mail_lets_in_is_not_named_as_outside() -> None:
    letter = from_agent(f"#cc +{COPIED[0]}\nPull the plug.")
    parsed = replace(letter.parsed, cc=(Address(addr=COPIED[0]),))
    decision = done("", letter=replace(letter, parsed=parsed))

    assert [one for one, _ in told(decision)] == [Done.REPLY, Done.CC_ADDED]


def test_a_reply_to_all_who_take_part_gets_no_transcript() -> None:
    letter = from_agent("Pull the plug.")
    people = tuple(Address(addr=address) for address in COPIED[1:-1])
    parsed = replace(letter.parsed, cc=people)
    decision = done("", letter=replace(letter, parsed=parsed))

    assert all(r.template == "reply" for r in decision.replies)


def test_an_html_answer_keeps_its_form_below_the_commands() -> None:
    html = "<div>#solve</div><div><b>Pull</b> the plug.</div>"
    letter = from_agent("#solve\nPull the plug.", html=html)

    decision = done("", letter=letter)

    assert decision.posts[0].html == "<div><b>Pull</b> the plug.</div>"
    assert decision.replies[0].html == decision.posts[0].html


def test_a_signature_below_commands_is_no_reply() -> None:
    letter = from_agent("#tag a\n\n-- \nAlice")
    letter = replace(letter, reply=replace(letter.reply, reply_text="#tag a"))

    decision = done("", letter=letter)

    assert decision.posts == ()


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.word)
def test_no_command_is_obeyed_without_proof(entry: Entry) -> None:
    arguments = {
        Word.ASSIGN: "me", Word.QUEUE: "sales", Word.TIER: "2", Word.PRIORITY: "high",
        Word.TAG: "a", Word.SUBJECT: "x", Word.LANG: "de", Word.CC: EVE, Word.LINK: "12",
        Word.TEMPLATE: "merci", Word.MERGE: "12", Word.SEARCH: "cup", Word.CUSTOMER: EVE,
    }  # fmt: skip
    if entry.word is Word.NOTE:
        return
    letter = from_agent(f"#{entry.word} {arguments.get(entry.word, '')}")

    house = replace(BIG, agent_trust=AgentTrust.TOKEN_AND_DOMAIN)
    decision = play(letter, views=[view(), view(ticket(number=12))], house=house)

    assert (decision.outcome, decision.after) == (Outcome.HELD, None)
    assert decision.reasons[-1].why is Why.AGENT_UNPROVEN


def test_the_parts_of_the_table_are_all_in_use() -> None:
    assert {entry.part for entry in TABLE} == set(Part)

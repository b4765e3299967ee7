"""Commands of the desk: promises, absences, escalations, other customers, split posts, searches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from maild.core import command, splitting
from maild.core.absence import Absence
from maild.core.commandtable import TICKETLESS, Word
from maild.core.decision import Audience, Decision, Outcome, Reply
from maild.core.house import AgentTrust
from maild.core.index import Finding
from maild.core.reason import Why
from maild.core.snapshot import Desk, TicketView
from maild.core.ticket import Participant, PostKind, Role, State
from maild.core.told import Done
from tests.core.scenes import (
    ALICE,
    ANNA,
    BEN,
    BOB,
    EVE,
    HOUSE,
    NOW,
    SHIPPED,
    SUPPORT,
    TICKET,
    TRUSTED,
    UNTRUSTED,
    from_agent,
    mail,
    play,
    post,
    reply_address,
    ticket,
    view,
)

TOMORROW = datetime(2026, 3, 3, 9, tzinfo=UTC)
NEW = ["#search cup", "#split", f"#customer {EVE}", "#ack", "#away", "#back", "#pending until 3d"]


def done(text: str, known: TicketView | None = None, **looked_up: Any) -> Decision:
    views = [known or view(), view(ticket(number=12))]
    return play(from_agent(text), envelope=TRUSTED, views=views, **looked_up)


def alone(text: str, person: str = ALICE, **more: Any) -> Decision:
    """A mail to the support address, from a client that is trusted."""
    return play(mail(person, text=text), **({"envelope": TRUSTED} | more))


def transcript(decision: Decision) -> Reply:
    [found] = [reply for reply in decision.replies if reply.template == "transcript"]
    return found


def told(decision: Decision) -> list[tuple[Done, str]]:
    return [(one.done, one.value) for one in transcript(decision).told]


def kinds(decision: Decision) -> list[str]:
    return [event.kind for event in decision.events]


def refusal(decision: Decision) -> tuple[Why, str]:
    assert (decision.outcome, decision.after, decision.absence) == (Outcome.HELD, None, None)
    [reply] = decision.replies
    assert (reply.template, reply.recipient) == ("held", ALICE)
    return decision.reasons[-1].why, reply.nearest


@pytest.mark.parametrize("line", NEW)
@pytest.mark.parametrize(
    "dress",
    [
        str.title,
        str.upper,
        lambda line: line.replace(" ", "\u00a0\u202f"),
        lambda line: line.replace("#", "\u200b＃"),
        lambda line: f"**{line}**",
        lambda line: (
            f"{line.partition(' ')[0]} “{line.partition(' ')[2]}”" if " " in line else line
        ),
    ],
)
def test_every_new_word_is_read_through_what_clients_do(line: str, dress: Any) -> None:
    plain, worn = command.orders(line), command.orders(dress(line))

    assert worn.words == plain.words
    assert (worn.unknown, worn.wrong) == ("", None)
    assert worn.commands[0].argument.lower() == plain.commands[0].argument.lower()


@pytest.mark.parametrize(
    ("slip", "word"),
    [
        ("serach", "search"),
        ("spilt", "split"),
        ("costumer", "customer"),
        ("akc", "ack"),
        ("awya", "away"),
        ("bakc", "back"),
    ],
)
def test_a_slip_of_a_new_word_is_told_the_nearest(slip: str, word: str) -> None:
    assert command.nearest(slip) == word


def test_a_promise_waits_with_the_ticket() -> None:
    decision = done("#pending until tomorrow\n\nI call you tomorrow.")

    assert decision.after is not None
    assert (decision.after.state, decision.after.pending_until) == (State.PENDING, TOMORROW)
    assert told(decision)[-1] == (Done.PENDING_UNTIL, "2026-03-03 09:00 UTC")
    [kept] = [event for event in decision.events if event.kind == "callback.set"]
    assert kept.data == (("until", "2026-03-03T09:00:00+00:00"),)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("#pending until yesterday", "until tuesday"),
        ("#pending until 2026-03-01", "until 2026-03-03 09:00"),
        ("#pending until mondy", "until monday"),
        ("#pending until 2030-01-01", "until 2027-03-03 09:00"),
        ("#away until never", "until 2026-03-03 09:00"),
    ],
)
def test_a_time_that_cannot_stand_is_refused(text: str, nearest: str) -> None:
    why, near = refusal(done(text))

    assert why is Why.COMMAND_ARGUMENT
    assert near.startswith("until ")
    if "yesterday" not in text:
        assert near == nearest


@pytest.mark.parametrize("text", ["#solve", "#hold", "#reopen", "#pending", "#spam"])
def test_every_other_move_ends_a_promise(text: str) -> None:
    waiting = view(ticket(State.PENDING, pending_until=TOMORROW))

    decision = done(text, waiting)

    assert decision.after is not None
    assert decision.after.pending_until is None
    assert kinds(decision).count("callback.cleared") == 1


@pytest.mark.parametrize(
    "text", ["#tag a", "#note\nHe is ill.", "Still at it.", "#pending until tomorrow"]
)
def test_a_promise_stands_as_long_as_the_ticket_waits(text: str) -> None:
    decision = done(text, view(ticket(State.PENDING, pending_until=TOMORROW)))

    assert decision.after is not None
    assert decision.after.pending_until == TOMORROW
    assert "callback.cleared" not in kinds(decision)
    assert "callback.set" not in kinds(decision)


def test_the_customers_answer_ends_a_promise() -> None:
    waiting = view(ticket(State.PENDING, pending_until=TOMORROW))
    letter = mail(to=(reply_address(ANNA),), text="No need.")

    decision = play(letter, views=[waiting])

    assert decision.after is not None
    assert (decision.after.state, decision.after.pending_until) == (State.OPEN, None)
    assert decision.events[-1].kind == "callback.cleared"


def test_an_agent_goes_away_and_comes_back() -> None:
    gone, until = done("#away"), done("#away until 4h")
    here = done("#back", desk=Desk(absence=Absence(agent=ALICE, since=NOW, set_by=ALICE)))

    assert gone.absence == Absence(agent=ALICE, since=NOW, set_by=ALICE)
    assert told(gone) == [(Done.AWAY, "")]
    assert until.absence is not None
    assert until.absence.until == NOW + timedelta(hours=4)
    assert told(until) == [(Done.AWAY_UNTIL, "2026-03-02 13:00 UTC")]
    assert here.absence is not None
    assert not here.absence.holds(NOW)
    assert told(here) == [(Done.BACK, "")]
    assert told(done("#back")) == [(Done.UNCHANGED, "")]


@pytest.mark.parametrize("kind", ["", "escalation.acknowledged", "escalation.stopped"])
def test_without_an_escalation_there_is_nothing_to_acknowledge(kind: str) -> None:
    decision = done("#ack", desk=Desk(ticket=TICKET, escalation=kind))

    assert told(decision) == [(Done.NOTHING_TO_ACKNOWLEDGE, "")]
    assert (decision.events, decision.after) == ((), ticket())


@pytest.mark.parametrize(
    ("holder", "after"), [("", ALICE), (BOB, BOB), ("gone@co.example", ALICE)]
)
def test_who_acknowledges_an_escalation_takes_a_ticket_nobody_has(holder: str, after: str) -> None:
    desk = Desk(ticket=TICKET, escalation="escalation.started")

    decision = done("#ack", view(ticket(assignee=holder)), desk=desk)

    assert decision.after is not None
    assert decision.after.assignee == after
    acknowledged = decision.events[0]
    assert (acknowledged.kind, acknowledged.actor) == ("escalation.acknowledged", ALICE)
    assert told(decision)[0] == (Done.ACKNOWLEDGED, "")


def test_a_ticket_is_given_to_another_customer_who_gets_what_comes() -> None:
    decision = done(f"#customer Eve Elder <{EVE}>\n\nHello Eve.")

    assert decision.after is not None
    assert (decision.after.customer.address, decision.after.customer.name) == (EVE, "Eve Elder")
    people = [(p.address, p.role) for p in decision.after.participants]
    assert people == [(EVE, Role.CUSTOMER), (BEN, Role.CC)]
    readers = [r.recipient for r in decision.replies if r.audience is Audience.CUSTOMER]
    assert readers == [EVE, BEN]
    assert told(decision)[-1] == (Done.CUSTOMER, "Eve Elder")
    [change] = [event for event in decision.events if event.kind == "customer.changed"]
    assert dict(change.data) == {
        "from": ANNA,
        "to": EVE,
        "segment": "free",
        "organisation": "",
    }


def test_the_same_customer_is_no_change() -> None:
    decision = done(f"#customer {ANNA.upper()}")

    assert told(decision) == [(Done.UNCHANGED, "")]
    assert decision.events == ()


@pytest.mark.parametrize(
    "whom", [ALICE, SUPPORT, reply_address(EVE), "nobody", f"{EVE} {ANNA}", "a@b@c"]
)
def test_nobody_of_us_becomes_a_customer(whom: str) -> None:
    assert refusal(done(f"#customer {whom}"))[0] is Why.COMMAND_ARGUMENT
    assert refusal(alone(f"#customer {whom}\n\nHe called."))[0] is Why.COMMAND_ARGUMENT


STORY = (
    post(1),
    post(2, PostKind.AGENT, author=ALICE),
    post(3, PostKind.NOTE, "A secret.", author=BOB),
    post(4, text="And my saucer?", author=BEN),
    post(5, PostKind.AUTO, author=ANNA),
)


def split(text: str, *posts: Any) -> Decision:
    story = posts or STORY
    return done(text, view(posts=story), desk=Desk(ticket=TICKET, story=tuple(story)))


def test_the_customers_last_post_goes_to_a_ticket_of_who_wrote_it() -> None:
    decision = split("#split")
    [opened] = decision.others

    assert decision.after == ticket()
    assert opened.after is not None
    assert (opened.after.customer.address, opened.after.linked) == (BEN, TICKET)
    assert (opened.after.number, opened.after.state) == (0, State.NEW)
    assert [p.address for p in opened.after.participants] == [BEN]
    assert opened.taken is not None
    assert (opened.taken.ticket, opened.taken.posts) == (TICKET, (4,))
    assert [event.kind for event in opened.events] == ["ticket.created", "post.added"]
    [notice] = opened.replies
    assert (notice.recipient, notice.text, notice.history) == (ALICE, "And my saucer?", ())


@pytest.mark.parametrize(
    ("argument", "numbers"),
    [("1", (1,)), ("3 1", (1, 3)), ("#3, #4", (3, 4)), ("2-4", (2, 3, 4)), ("2–3 5", (2, 3, 5))],
)
def test_posts_are_taken_by_their_numbers(argument: str, numbers: tuple[int, ...]) -> None:
    [opened] = split(f"#split {argument}").others

    assert opened.taken is not None
    assert opened.taken.posts == numbers


def test_colleagues_posts_alone_stay_with_the_customer() -> None:
    [opened] = split("#split 2 3").others

    assert opened.after is not None
    assert opened.after.customer.address == ANNA


def test_people_who_wrote_later_get_copies() -> None:
    [opened] = split("#split 1 4").others

    assert opened.after is not None
    assert opened.after.participants == (
        Participant(address=ANNA),
        Participant(address=BEN, role=Role.CC),
    )


@pytest.mark.parametrize("argument", ["9", "1 9", "x", "1-5", "0", "5-1", "1-99999", "last"])
def test_posts_that_are_not_there_and_all_of_them_are_not_taken(argument: str) -> None:
    assert refusal(split(f"#split {argument}")) == (Why.COMMAND_ARGUMENT, "1 2 3 4 5")


def test_the_only_post_and_a_mark_of_a_taken_one_stay() -> None:
    mark = post(2, PostKind.NOTE, "→ #12", author=ALICE)

    assert refusal(split("#split", post(1)))[0] is Why.COMMAND_ARGUMENT
    assert refusal(split("#split 1", post(1), mark))[0] is Why.COMMAND_ARGUMENT
    assert refusal(split("#split 2", post(1), mark, post(3)))[0] is Why.COMMAND_ARGUMENT


def test_the_new_number_is_told_when_it_is_known() -> None:
    decision = splitting.numbered(split("#split"), [34])

    assert told(decision) == [(Done.SPLIT, "34")]
    [event] = [event for event in decision.events if event.kind == "ticket.split"]
    assert event.data == (("to", "34"), ("posts", "4"))


def test_a_search_is_answered_with_what_was_found() -> None:
    findings = (Finding(ticket=ticket(number=12), contexts=("…a cup…",)),)

    one = done("#search cup", desk=Desk(findings=findings))
    more = done("#search cup", desk=Desk(findings=findings, has_more=True))

    assert told(one) == [(Done.FOUND, "1")]
    assert transcript(one).findings == findings
    assert told(more) == [(Done.FOUND_MORE, "1")]
    assert told(done("#search cup")) == [(Done.NONE, "")]


@pytest.mark.parametrize("word", sorted(TICKETLESS))
def test_what_is_about_no_ticket_may_stand_alone(word: Word) -> None:
    decision = alone(f"#{word} {'cup' if word is Word.SEARCH else ''}")

    assert (decision.outcome, decision.after, decision.posts) == (Outcome.POSTED, None, ())
    assert decision.keys == ()
    assert (transcript(decision).recipient, len(decision.replies)) == (ALICE, 1)


@pytest.mark.parametrize("policy", AgentTrust)
@pytest.mark.parametrize("text", ["#list", "#away", f"#customer {EVE}\n\nShe called."])
def test_a_claimed_name_commands_nothing(text: str, policy: AgentTrust) -> None:
    house = replace(HOUSE, agent_trust=policy)

    decision = alone(text, envelope=UNTRUSTED, house=house)

    assert refusal(decision)[0] is Why.AGENT_UNPROVEN
    assert decision.replies[0].text == ""


@pytest.mark.parametrize(
    ("text", "why", "nearest"),
    [
        ("#solve", Why.COMMAND_TICKETLESS, ""),
        ("#list\n\nHello customer.", Why.COMMAND_TICKETLESS, ""),
        (f"#customer {EVE}\n#merge 12\n\nShe called.", Why.COMMAND_TICKETLESS, ""),
        (f"#customer {EVE}", Why.NOTHING_WRITTEN, ""),
        ("#customer\n\nShe called.", Why.COMMAND_ARGUMENT, ""),
        ("#serach cup", Why.COMMAND_UNKNOWN, "search"),
        (f"#customer {EVE}\n#queue sails\n\nShe called.", Why.COMMAND_ARGUMENT, "sales"),
        ("#away until mondy", Why.COMMAND_ARGUMENT, "until monday"),
    ],
)
def test_what_cannot_be_done_without_a_ticket_is_explained(
    text: str, why: Why, nearest: str
) -> None:
    assert refusal(alone(text)) == (why, nearest)


@pytest.mark.parametrize(
    "letter",
    [
        mail(EVE, text="#list"),
        mail(ALICE, text="#xyzzy is the printer's name. It smokes."),
        mail(ALICE, text="# 1 is broken"),
        mail(ALICE, text="My own chair is broken."),
    ],
)
def test_what_begins_with_no_command_of_an_agent_is_a_customers_mail(letter: Any) -> None:
    decision = play(letter, envelope=TRUSTED)

    assert decision.after is not None
    assert decision.after.customer.address == letter.identity


def test_a_caller_gets_a_ticket_and_nothing_else() -> None:
    text = f"#customer {EVE} Eve\n#priority high\n#assign bob\n#pending until 3d\n\nShe called."

    decision = alone(text, rules=SHIPPED)

    assert decision.after is not None
    assert (decision.after.customer.address, decision.after.customer.name) == (EVE, "Eve")
    assert (decision.after.state, decision.after.assignee) == (State.PENDING, BOB)
    [only] = decision.posts
    assert (only.kind, only.author, only.text) == (PostKind.CUSTOMER, ALICE, "She called.")
    assert [r for r in decision.replies if r.audience is Audience.CUSTOMER] == []
    assert {r.recipient for r in decision.replies} == {ALICE, BOB}
    assert told(decision)[0] == (Done.OPENED, "Eve")
    assert kinds(decision)[:2] == ["ticket.created", "post.added"]
    assert dict(decision.events[0].data)["for"] == EVE
    assert {event.actor for event in decision.events} == {ALICE}


def test_who_wants_everything_confirmed_is_asked_before_a_ticket_is_opened_for_a_caller() -> None:
    house = replace(HOUSE, agent_trust=AgentTrust.CONFIRM_ALL)

    decision = alone(f"#customer {EVE}\n\nShe called.", house=house)

    assert decision.outcome is Outcome.HELD
    assert decision.posts == ()

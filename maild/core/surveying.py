"""Who is asked how they find us, when, and how often at most; pure.

Rules say it: `{ survey = "csat", share = 50, every = "30d" }` on a ticket, `{ survey = "nps" }` on
`survey.due`. Nothing is left to chance: who is among the share follows from the survey's key. A
survey waits for daytime: the hours of the ticket's calendar, else nine to six in the zone of
`[report]`. Who is not proven, does not want it, or was asked a short while ago gets none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from maild.core import calendar, deferred, facts, reminders
from maild.core.address import valid
from maild.core.calendar import Calendar
from maild.core.decision import Audience, Decision, EventDraft, Outcome, Reply, ReplyKind
from maild.core.dossier import Dossier
from maild.core.facts import Happening
from maild.core.house import House
from maild.core.reason import Reason, Why
from maild.core.rule import Action, Context, Rule, RuleEvent, Verb
from maild.core.scene import Situation, comes_back
from maild.core.snapshot import World
from maild.core.survey import SENT, Kind, Survey, place
from maild.core.ticket import Customer, Ticket

WITHHELD = "survey.withheld"
LATE_DAYS = 7
"""After a standstill a customer's turn is taken up to so many days later, else it is left out."""
_DAY_SECONDS = 86_400
_DAY_BEGINS, _DAY_ENDS = time(9), time(18)
_SATURDAY = 5
_DAYS_AHEAD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the readers of some mails."""

    left: frozenset[str] = frozenset()
    """Addresses that want neither surveys nor announcements."""
    asked_at: Mapping[str, datetime]
    """When they were asked something last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A customer whose turn it may be to be asked how they find us."""

    number: int
    customer: Customer
    dossier: Dossier
    turn: int
    """Counts the surveys of this kind that they got, this one included."""
    mailbox: str
    """Of their newest ticket, as is the language."""
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Whose turn it is to be asked."""

    rule: str
    days: int
    """Everybody's turn comes once in so many."""
    places: tuple[int, ...]
    """It is theirs whose number leaves one of these, divided by `days`."""
    since: datetime
    """They had a ticket that moved since then."""
    taken_since: datetime
    """Their turn was not taken since then."""
    asked_since: datetime
    """They were not asked anything since then."""
    most: int
    """So many are wanted."""


def ask(situation: Situation, decision: Decision, action: Action) -> Reply | Reason | None:
    """Make the survey about a ticket, or say why there is none; None for who is not drawn."""
    ticket = decision.after
    assert ticket is not None, "a survey of satisfaction is about a ticket"
    key = f"{Kind.CSAT}/{ticket.number}"
    if not ticket.number or not is_drawn(key, action.sampling.share):
        return None
    made = reminders.follow_up(situation, decision, template(Kind.CSAT))
    if isinstance(made, Reason):
        return made
    if _is_colleagues(made.recipient, situation.house):
        return Reason(why=Why.SURVEY_WITHHELD, detail="the customer works here")
    if made.fixed:
        return Reason(why=Why.SURVEY_WITHHELD, detail="the customer never proved the address")
    hours = facts.hours_of(situation.world.promises, ticket)
    at = polite(hours, situation.house.zone, situation.now)
    survey = Survey(
        kind=Kind.CSAT,
        key=key,
        ticket=ticket.number,
        recipient=ticket.customer.address,
        name=ticket.customer.name,
        language=situation.language(made.language),
        mailbox=ticket.mailbox,
        sent_at=at,
        expires_at=at + timedelta(seconds=situation.house.survey_open_seconds),
        rest_seconds=action.sampling.every_seconds,
    )
    return replace(
        made,
        language=survey.language,
        survey=survey,
        is_bulk=True,
        not_before=at if at > situation.now else None,
        key=mail_key(key),
    )


def poll(candidate: Candidate, rule: Rule, world: World, now: datetime) -> Decision | None:
    """Ask a customer how they find us, if the rule means them; None where it does not."""
    action = next((a for a in rule.actions if a.verb is Verb.SURVEY), None)
    key = f"{Kind.NPS}/{candidate.number}/{candidate.turn}"
    address = candidate.customer.address
    if not valid(address) or _is_colleagues(address, world.house):
        return None
    if action is None or not rule.verdict(_context(candidate, now)).holds:
        return None
    if not is_drawn(key, action.sampling.share):
        return None
    customer, house = candidate.customer, world.house
    mailbox = house.mailbox(candidate.mailbox)
    spoken = (customer.language, candidate.language, mailbox.language, "en")
    survey = Survey(
        kind=Kind.NPS,
        key=key,
        recipient=customer.address,
        name=customer.name,
        segment=customer.segment,
        organisation=customer.organisation,
        language=next(one for one in spoken if one in (*world.languages, "en")),
        mailbox=mailbox.name,
        sent_at=now,
        expires_at=now + timedelta(seconds=house.survey_open_seconds),
        rest_seconds=action.sampling.every_seconds,
    )
    reply = Reply(
        kind=ReplyKind.TEMPLATE,
        audience=Audience.CUSTOMER,
        template=template(Kind.NPS),
        recipient=customer.address,
        recipient_name=customer.name,
        mailbox=mailbox.name,
        language=survey.language,
        subject="",
        survey=survey,
        is_bulk=True,
        key=mail_key(key),
    )
    draft = Ticket(mailbox=mailbox.name, customer=customer, created_at=now)
    reason = Reason(why=Why.RULE, detail=rule.name)
    return Decision(
        outcome=Outcome.POSTED,
        reasons=(reason,),
        before=draft,
        replies=(reply,),
        rules=(rule.name,),
    )


def turn(rule: Rule, now: datetime, most: int) -> Turn:
    """Return whose turn it is by a rule on `survey.due`.

    A customer's turn is the day that their number leaves as the remainder: so they are spread
    over all days, for ever alike. Those of the last `LATE_DAYS` are caught up with.
    """
    assert rule.after is not None, "a rule on survey.due says after how long"
    seconds = rule.after.seconds or rule.after.working_days * _DAY_SECONDS * 7 // 5
    days = max(1, seconds // _DAY_SECONDS)
    today = now.date().toordinal()
    late = min(LATE_DAYS, days - 1)
    action = next((a for a in rule.actions if a.verb is Verb.SURVEY), None)
    rest = action.sampling.every_seconds if action else 0
    return Turn(
        rule=rule.name,
        days=days,
        places=tuple((today - n) % days for n in range(late + 1)),
        since=now - timedelta(days=days),
        taken_since=now - timedelta(days=max(days - late, 1)) + timedelta(hours=12),
        asked_since=now - timedelta(seconds=rest),
        most=most,
    )


def template(kind: Kind) -> str:
    """Return the name of the mail that asks."""
    return f"survey-{kind.value}"


def mail_key(key: str) -> str:
    """Return the key of a survey's mail in the outbox."""
    return f"survey/{key}"


def is_drawn(key: str, share: int) -> bool:
    """Tell whether a survey is among so many of a hundred; the same key is always or never."""
    digest = hashlib.sha256(f"survey\0{key}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < share


def polite(hours: Calendar, zone: str, now: datetime) -> datetime:
    """Return when a customer may be asked: now in daytime, else when it begins next."""
    if hours != calendar.AROUND_THE_CLOCK and hours.week_seconds:
        return now if calendar.is_open(hours, now) else calendar.next_opening(hours, now)
    local = now.astimezone(ZoneInfo(zone))
    for n in range(_DAYS_AHEAD):
        day = local.date() + timedelta(days=n)
        begin = datetime.combine(day, _DAY_BEGINS, ZoneInfo(zone))
        end = datetime.combine(day, _DAY_ENDS, ZoneInfo(zone))
        if day.weekday() < _SATURDAY and now < end:
            return max(now, begin.astimezone(now.tzinfo))
    return now


def is_daytime(zone: str, now: datetime) -> bool:
    """Tell whether customers may be asked now, where no ticket's calendar says it."""
    return polite(calendar.AROUND_THE_CLOCK, zone, now) == now


def admitted(decision: Decision, known: Known, now: datetime) -> Decision:
    """Leave out what somebody does not want, or would be asked too soon after another survey."""
    kept: list[Reply] = []
    refused: list[tuple[Reply, str]] = []
    for reply in decision.replies:
        why = _refusal(reply, known, now)
        if why:
            refused.append((reply, why))
        else:
            kept.append(reply)
    return _without(decision, kept, refused)


def asked(
    decision: Decision, numbers: Mapping[str, int], customers: Mapping[str, int]
) -> Decision:
    """Return the decision once its surveys are written down, by key; 0 where somebody was first.

    `customers` are the numbers of customers by address.
    """
    kept: list[Reply] = []
    refused: list[tuple[Reply, str]] = []
    events: list[EventDraft] = []
    for reply in decision.replies:
        customer = customers.get(reply.recipient.lower(), 0)
        survey = reply.survey
        if not reply.is_bulk or survey is None:
            kept.append(replace(reply, customer=customer) if reply.is_bulk else reply)
        elif number := numbers.get(survey.key, 0):
            survey = replace(survey, id=number, customer=customer)
            kept.append(replace(reply, survey=survey, customer=customer))
            events.append(_sent(survey, reply.not_before))
            if reply.not_before is not None:
                events.append(deferred.survey_noted(reply.key, reply.not_before, survey))
        else:
            refused.append((reply, "asked before"))
    done = _without(decision, kept, refused)
    return replace(done, events=(*done.events, *events))


def _is_colleagues(address: str, house: House) -> bool:
    """Whether somebody of the house reads it, or we ourselves."""
    return house.agent_of(address) is not None or comes_back(address, house)


def _refusal(reply: Reply, known: Known, now: datetime) -> str:
    """Say why a mail is not wanted; empty where it is."""
    address = reply.recipient.lower()
    if not reply.is_bulk:
        return ""
    if address in known.left:
        return "unsubscribed"
    last = known.asked_at.get(address)
    if reply.survey is None or last is None:
        return ""
    is_soon = now - last < timedelta(seconds=reply.survey.rest_seconds)
    return "asked lately" if is_soon else ""


def _without(
    decision: Decision, kept: Collection[Reply], refused: Collection[tuple[Reply, str]]
) -> Decision:
    if not refused:
        return replace(decision, replies=tuple(kept))
    words = (f"{reply.template} to {reply.recipient}: {why}" for reply, why in refused)
    events = (
        EventDraft(
            kind=WITHHELD,
            actor="maild",
            data=(("kind", reply.survey.kind.value if reply.survey else ""), ("why", why)),
        )
        for reply, why in refused
    )
    return replace(
        decision,
        replies=tuple(kept),
        reasons=(
            *decision.reasons,
            *(Reason(why=Why.SURVEY_WITHHELD, detail=one) for one in words),
        ),
        events=(*decision.events, *events),
    )


def _sent(survey: Survey, until: datetime | None) -> EventDraft:
    data = [
        ("survey", str(survey.id)),
        ("kind", survey.kind.value),
        ("customer", str(survey.customer)),
        *place(survey.kind, survey.segment, survey.organisation, survey.language),
    ]
    if until is not None:
        data.append(("until", until.isoformat(timespec="seconds")))
    return EventDraft(kind=SENT, actor="maild", data=tuple(data))


def _context(candidate: Candidate, now: datetime) -> Context:
    happening = Happening(on=RuleEvent.SURVEY_DUE, actor="maild")
    customer = candidate.customer
    return {
        "customer": {
            **facts.of_person(customer, candidate.dossier, now),
            "verified": True,
        },
        "organisation": facts.of_organisation(customer),
        "event": facts.of_event(happening),
        "now": facts.of_time(calendar.AROUND_THE_CLOCK, now),
    }

"""Run the rules: events first in first out, each rule at most once, sixteen steps at most.

`run` asks them about a mail, `happen` about anything else, and `follow` about all that the
decision itself brought about: whatever its log says of the ticket is an event in its turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maild.core import assign, dossier, facts, ladder, survey, thread
from maild.core.actions import act, held
from maild.core.agenda import Item
from maild.core.assigning import crew_of
from maild.core.calendar import AROUND_THE_CLOCK
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.facts import Happening
from maild.core.ladder import Climb
from maild.core.quick import replace
from maild.core.reason import Reason, Why
from maild.core.rule import Context, Rule, RuleEvent, Value, Verb
from maild.core.scene import Scene, Situation
from maild.core.ticket import State, Ticket
from maild.core.trust import Level
from maild.core.turn import Turn

STEPS_MAX = 16
FIRED = "rule.fired"
TEXT_CHARACTERS_MAX = 64 * 1024
_ENDED = (State.SOLVED, State.CLOSED, State.SPAM)


def run(scene: Scene, decision: Decision, on: RuleEvent, level: Level) -> Decision:
    """Return the decision after every rule that waits for this event of a mail."""
    return happen(scene, decision, Happening(on=on, actor=scene.writer), level)


def happen(
    situation: Situation,
    decision: Decision,
    happening: Happening,
    level: Level = Level.CLAIMED,
) -> Decision:
    """Return the decision after every rule that waits for an event and whose condition holds."""
    rules = [rule for rule in situation.world.rules if _waits(rule, happening)]
    mail = _mail_context(situation, level) if rules and happening.on.has_mail else {}
    known: dict[str, Value] = {}
    about: Ticket | None = None
    for rule in rules:
        if rule.name in decision.rules:
            continue
        turn = Turn(situation=situation, happening=happening, rule=rule, level=level)
        if not known or decision.after is not about:
            about = decision.after
            known = _context(turn, about, mail)
        verdict = rule.verdict(_completed(known, turn, about))
        if verdict.error:
            decision = _failed(decision, rule, verdict.error)
        if not verdict.holds:
            continue
        if len(decision.rules) >= STEPS_MAX:
            return _too_many(situation, decision)
        decision = _fire(turn, decision)
        if rule.stop or decision.outcome is not Outcome.POSTED or _stops(rule):
            break
    return _told_who_has_it(decision)


def follow(situation: Situation, decision: Decision, level: Level | None = None) -> Decision:
    """Return the decision after the rules about everything that it says in the ticket's log.

    What these rules do is followed in its turn; each rule fires once at most, so that it ends.
    """
    level = level or next((one for one in Level if one.label == decision.trust), Level.CLAIMED)
    at = 0
    while at < len(decision.events) and decision.outcome is Outcome.POSTED:
        found = _consequence(decision.events[at], decision)
        at += 1
        if found is not None:
            decision = happen(situation, decision, found, level)
    return decision


def climb(
    situation: Situation, decision: Decision, item: Item, climbs: Sequence[Climb]
) -> Decision:
    """Return the decision after one step of a ladder; nothing where it runs no more."""
    number, n = ladder.place(item.cycle)
    running = next((c for c in climbs if c.id == number and not c.stopped), None)
    rule = next((rule for rule in situation.world.rules if rule.name == item.policy), None)
    if running is None or rule is None or not 0 < n <= len(rule.steps):
        return decision
    happening = Happening(on=rule.on, actor="maild", due=running.due)
    turn = Turn(
        situation=situation,
        happening=happening,
        rule=rule,
        level=Level.CLAIMED,
        step=n,
        climb=running,
    )
    events = (*decision.events, ladder.taken(rule, n))
    reason = Reason(why=Why.RULE, detail=f"{rule.name}, step {n}")
    decision = replace(decision, events=events, reasons=(*decision.reasons, reason))
    for action in rule.steps[n - 1].actions:
        decision = act(turn, decision, action)
    return decision


def _waits(rule: Rule, happening: Happening) -> bool:
    return rule.on is happening.on and happening.rule in ("", rule.name)


def _consequence(event: EventDraft, decision: Decision) -> Happening | None:
    """Return what a line of the log means to rules; None for nothing."""
    data = dict(event.data)
    to, from_ = data.get("to", ""), data.get("from", "")
    before, on = decision.before, None
    if event.kind == survey.ANSWERED and decision.votes:
        vote = decision.votes[-1]
        return Happening(on=RuleEvent.SURVEY_ANSWERED, actor=event.actor, vote=vote)
    if event.kind == "state.changed":
        from_ = from_ or (before.state.value if before else "")
        on = _move(from_, to)
    elif event.kind in ("ticket.assigned", "assignee.changed"):
        from_ = from_ or (before.assignee if before else "")
        on = RuleEvent.TICKET_ASSIGNED if to else None
    elif event.kind == "tier.changed":
        from_ = from_ or str(before.tier if before else 1)
        on = RuleEvent.TICKET_ESCALATED if to > from_ else None
    return Happening(on=on, actor=event.actor, from_=from_, to=to) if on else None


def _move(from_: str, to: str) -> RuleEvent | None:
    if to == from_:
        return None
    if to in (State.SOLVED, State.CLOSED):
        return RuleEvent.TICKET_SOLVED if to == State.SOLVED else RuleEvent.TICKET_CLOSED
    is_back = from_ in _ENDED and to not in (State.MERGED, State.SPAM)
    return RuleEvent.TICKET_REOPENED if is_back else None


def _told_who_has_it(decision: Decision) -> Decision:
    """Say to each reader who has a new ticket now that every rule has been asked."""
    holder = decision.after.assignee if decision.after else ""
    if not holder or all(reply.reason != "new" for reply in decision.replies):
        return decision
    replies = tuple(
        replace(reply, reason="assigned" if reply.recipient == holder else "")
        if reply.reason == "new"
        else reply
        for reply in decision.replies
    )
    return replace(decision, replies=replies)


def _fire(turn: Turn, decision: Decision) -> Decision:
    """Do what a rule says; one with steps begins its ladder."""
    rule = turn.rule
    decision = replace(
        decision,
        rules=(*decision.rules, rule.name),
        reasons=(*decision.reasons, Reason(why=Why.RULE, detail=rule.name)),
        events=decision.events if isinstance(turn.situation, Scene) else _noted(turn, decision),
    )
    for action in rule.actions:
        decision = act(turn, decision, action)
        if decision.outcome is not Outcome.POSTED:
            return decision
    if not rule.steps or decision.after is None:
        return decision
    begun = ladder.started(rule, turn.happening.due)
    return replace(decision, events=(*decision.events, begun))


def _noted(turn: Turn, decision: Decision) -> tuple[EventDraft, ...]:
    """A rule that no mail asked leaves a line in the log; for a mail the journal keeps them."""
    return (*decision.events, EventDraft(kind=FIRED, actor=turn.actor))


def _too_many(situation: Situation, decision: Decision) -> Decision:
    """Hold the mail; where there is none the rules stop, and the ticket's log says so."""
    reason = Reason(why=Why.LIMIT, detail=f"more than {STEPS_MAX} rules")
    if isinstance(situation, Scene):
        return held(decision, reason)
    if reason in decision.reasons:
        return decision
    stopped = EventDraft(kind="rules.stopped", actor="maild", data=(("why", reason.detail),))
    return replace(
        decision,
        reasons=(*decision.reasons, reason),
        events=(*decision.events, stopped),
    )


def _failed(decision: Decision, rule: Rule, error: str) -> Decision:
    """A condition that cannot be evaluated does not hold, and the reasons say so."""
    reason = Reason(why=Why.RULE_FAILED, detail=f"{rule.name}: {error}")
    return replace(decision, reasons=(*decision.reasons, reason))


def _stops(rule: Rule) -> bool:
    return any(action.verb is Verb.STOP for action in rule.actions)


def _context(turn: Turn, ticket: Ticket | None, mail: Mapping[str, Value]) -> dict[str, Value]:
    """Return what every rule may name; it changes with the ticket only."""
    situation = turn.situation
    customer = ticket.customer if ticket else situation.snapshot.customer
    known = dossier.find(situation.snapshot.dossiers, customer.address)
    return {
        "mail": mail,
        "ticket": facts.of_ticket(ticket, is_away=_is_away(situation, ticket)),
        "customer": {
            **facts.of_person(customer, known, situation.now),
            "verified": turn.level >= Level.DOMAIN,
        },
        "organisation": facts.of_organisation(customer),
    }


def _completed(known: Mapping[str, Value], turn: Turn, ticket: Ticket | None) -> Context:
    """Add what few rules name."""
    situation, context = turn.situation, dict(known)
    if "event" in turn.rule.tables:
        context["event"] = facts.of_event(turn.happening)
    if "deadline" in turn.rule.tables:
        context["deadline"] = facts.of_deadline(turn.happening, situation.now)
    if "survey" in turn.rule.tables:
        context["survey"] = facts.of_survey(turn.happening.vote)
    if "now" in turn.rule.tables:
        promises = situation.world.promises
        hours = facts.hours_of(promises, ticket) if ticket else AROUND_THE_CLOCK
        context["now"] = facts.of_time(hours, situation.now)
    return context


def _is_away(situation: Situation, ticket: Ticket | None) -> bool:
    """Whether the ticket has an assignee, and nobody reads what that one is sent."""
    holder = ticket.assignee if ticket else ""
    return bool(holder) and assign.is_away(holder, crew_of(situation))


def _mail_context(situation: Situation, level: Level) -> Mapping[str, Value]:
    assert isinstance(situation, Scene), "only a mail causes this event"
    scene, mail = situation, situation.mail
    parsed = mail.parsed
    sender = parsed.from_[0] if parsed.from_ else None
    address = sender.addr.lower() if sender else ""
    return {
        "from": address,
        "from_name": sender.name if sender else "",
        "from_domain": address.rpartition("@")[2],
        "to": [person.addr.lower() for person in parsed.to],
        "cc": [person.addr.lower() for person in parsed.cc],
        "subject": parsed.subject,
        "text": parsed.text[:TEXT_CHARACTERS_MAX],
        "reply_text": mail.reply.reply_text[:TEXT_CHARACTERS_MAX],
        "kind": mail.classification.kind.value,
        "language": mail.language,
        "size": parsed.size,
        "attachments": [attachment.name for attachment in parsed.attachments],
        "headers": {name: value for name, value in reversed(parsed.headers)},  # noqa: C416 - first wins
        "mailbox": scene.mailbox.name,
        "source": scene.arrival.envelope.source.value,
        "trust": level.label,
        "is_automatic": scene.is_automatic,
        "answers": (found := _answered(scene)) is not None,
        "takes_part": found is not None and _takes_part(scene, found),
    }


def _answered(scene: Scene) -> thread.Found | None:
    """What we know that it answers; a tag that a stranger wrote into a subject is nothing."""
    arrival = scene.arrival
    return thread.find(scene.snapshot, arrival.mail.identity, arrival.received_at)


def _takes_part(scene: Scene, found: thread.Found) -> bool:
    identity = scene.mail.identity
    return bool(identity) and found.view.ticket.participant(identity) is not None

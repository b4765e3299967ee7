"""What rules do: the one table of verbs, each a function from a decision to the next one.

A new verb is a member of `core.rule.Verb`, a function here, a check of its value in
`rulefiles/verbs.py`, and a line in `rules/README.md`; a test finds what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from maild.core import (
    answers,
    assign,
    assigning,
    deferred,
    opening,
    placement,
    raising,
    reminders,
    surveying,
)
from maild.core.chronicle import TEMPLATE_SENT
from maild.core.decision import Decision, EventDraft, Outcome, Reply
from maild.core.quick import replace
from maild.core.reason import Reason, Why
from maild.core.rule import Action, Value, Verb
from maild.core.scene import Scene, Situation
from maild.core.ticket import Move, Ticket, moved, next_state
from maild.core.turn import Turn


def act(turn: Turn, decision: Decision, action: Action) -> Decision:
    """Return the decision after one action of a rule."""
    return _ACTIONS[action.verb](turn, decision, action)


def changed(turn: Turn, decision: Decision, kind: str, value: str, **change: Value) -> Decision:
    """Change the ticket, and say so in its log; nothing when there is no ticket yet."""
    before = decision.after
    if before is None:
        return decision
    after = replace(before, **change)  # type: ignore[arg-type]
    if after == before:
        return decision
    event = EventDraft(kind=kind, actor=turn.actor, data=(("to", value),))
    return replace(decision, after=after, events=(*decision.events, event))


def with_reply(decision: Decision, reply: Reply) -> Decision:
    """Add a mail, unless this decision has the same one already; an escalation tells more."""
    others = tuple(known for known in decision.replies if known.key != reply.key)
    if len(others) < len(decision.replies) and reply.escalation is None:
        return decision
    return replace(decision, replies=(*others, reply))


def held(decision: Decision, reason: Reason) -> Decision:
    """Set the mail aside; whatever was decided before is not done."""
    return Decision(
        outcome=Outcome.HELD,
        reasons=(*decision.reasons, reason),
        rules=decision.rules,
        trust=decision.trust,
    )


def readers(situation: Situation, ticket: Ticket, whom: str) -> tuple[str, ...]:
    """Resolve who is meant: see `core.rule.Action`; `assignee` is the queue while there is none.

    An assignee who works here no more is none: what customers write is not theirs to read.
    """
    house = situation.house
    everybody = _present(
        situation, tuple(a.address for a in house.agents if a.serves(ticket.queue))
    )
    found: tuple[str, ...]
    lead = tuple(q.lead for q in house.queues if q.name == ticket.queue and q.lead)
    if whom == "lead":
        found = lead
    elif whom == "tier":
        found = _present(situation, raising.able(house, ticket.queue, ticket.tier)) or lead
    elif whom == "account-manager":
        manager = ticket.customer.account_manager
        found = (manager,) if manager else lead
    elif whom in ("assignee", "queue"):
        holder = house.agent_of(ticket.assignee)
        found = (holder.address,) if holder else everybody
    else:
        found = (whom,)
    writer = house.agent_of(situation.writer)
    return tuple(
        address
        for address in found
        if not situation.is_ours(address)
        and address.lower() != situation.writer
        and (writer is None or house.agent_of(address) != writer)
    )


def _present(situation: Situation, agents: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out who is away, unless nobody else is there: somebody must know."""
    crew = assigning.crew_of(situation)
    return tuple(one for one in agents if not assign.is_away(one, crew)) or agents


def _queue(turn: Turn, decision: Decision, action: Action) -> Decision:
    return changed(turn, decision, "queue.changed", action.value, queue=action.value)


def _priority(turn: Turn, decision: Decision, action: Action) -> Decision:
    if decision.after is None:
        return decision
    priority = raising.priority_of(action.value, decision.after)
    return changed(turn, decision, "priority.changed", priority.value, priority=priority)


def _tag(turn: Turn, decision: Decision, action: Action) -> Decision:
    if decision.after is None:
        return decision
    tags = decision.after.with_tag(action.value).tags
    return changed(turn, decision, "tag.added", action.value, tags=tags)


def _assign(turn: Turn, decision: Decision, action: Action) -> Decision:
    name = turn.rule.name
    return assigning.assigned(turn.situation, decision, action.value, action.terms, name)


def _segment(turn: Turn, decision: Decision, action: Action) -> Decision:
    return placement.segment(decision, action.value, turn.rule.name)


def _organisation(turn: Turn, decision: Decision, action: Action) -> Decision:
    return placement.organisation(turn.situation, decision, action.value, turn.rule.name)


def _notify(turn: Turn, decision: Decision, action: Action) -> Decision:
    if decision.after is None:
        return decision
    situation = turn.situation
    for address in readers(situation, decision.after, action.value):
        if _is_about_mail(turn) and isinstance(situation, Scene):
            reason = "answered" if decision.after.number else "new"
            reply = answers.notification(situation, decision, address, reason)
        else:
            reply = reminders.reminder(situation, decision, address, turn.happening.on)
            reply = replace(raising.told(turn, decision, reply), vote=turn.happening.vote)
            if not action.anytime and not turn.rule.anytime:
                reply = reminders.in_hours(situation, reply)
        decision = _waiting(turn, with_reply(decision, reply), reply)
    return decision


def _waiting(turn: Turn, decision: Decision, reply: Reply) -> Decision:
    """Let the log know of a reminder that waits: what somebody does meanwhile takes it back."""
    is_told = any(event.data[:1] == (("key", reply.key),) for event in decision.events)
    if reply.not_before is None or is_told or not (reply.dues or turn.rule.steps):
        return decision
    event = deferred.noted(reply.key, reply.recipient, reply.not_before, reply.dues)
    return replace(decision, events=(*decision.events, event))


def _is_about_mail(turn: Turn) -> bool:
    """Whether a notification shows the mail in hand; a ladder's and a vote's are reminders."""
    return not turn.rule.steps and turn.happening.vote is None


def _survey(turn: Turn, decision: Decision, action: Action) -> Decision:
    if decision.after is None:
        return decision
    made = surveying.ask(turn.situation, decision, action)
    if isinstance(made, Reason):
        return _unanswered(decision, made)
    return with_reply(decision, made) if made else decision


def _reply(turn: Turn, decision: Decision, action: Action) -> Decision:
    if decision.after is None:
        return decision
    house = turn.situation.house
    view = turn.situation.snapshot.view(decision.after.number)
    if view and view.automatic_last_hour >= house.automatic_per_ticket_hour:
        words = f"more than {house.automatic_per_ticket_hour} automatic mails in an hour"
        return _unanswered(decision, Reason(why=Why.NOT_ACKNOWLEDGED, detail=words))
    answer = _answer(turn, decision, action.value)
    if isinstance(answer, Reason):
        return _unanswered(decision, answer)
    told = with_reply(decision, answer)
    if told is decision or answer.template == "acknowledgement":
        return told
    data = (("template", answer.template),)
    sent = EventDraft(kind=TEMPLATE_SENT, actor=turn.actor, data=data)
    return replace(told, events=(*told.events, sent))


def _answer(turn: Turn, decision: Decision, template: str) -> Reply | Reason:
    """Make the mail to the customer: to the mail in hand, or about the ticket as it stands."""
    situation = turn.situation
    if not isinstance(situation, Scene) or not turn.happening.on.has_mail:
        return reminders.follow_up(situation, decision, template)
    answer = answers.acknowledgement(situation, decision, turn.level)
    if isinstance(answer, Reason) or template == "acknowledgement" or answer.fixed:
        return answer
    return answers.customer_template(situation, decision, template)


def _unanswered(decision: Decision, reason: Reason) -> Decision:
    return replace(decision, reasons=(*decision.reasons, reason))


def _hold(turn: Turn, decision: Decision, action: Action) -> Decision:
    detail = f"{turn.rule.name}: {action.value}"
    return held(decision, Reason(why=Why.RULE_HELD, detail=detail))


def _ignore(turn: Turn, decision: Decision, action: Action) -> Decision:
    reason = Reason(why=Why.RULE_IGNORED, detail=f"{turn.rule.name}: {action.value}")
    return replace(held(decision, reason), outcome=Outcome.IGNORED)


def _move(turn: Turn, decision: Decision, action: Action) -> Decision:
    before, move = decision.after, _MOVES[action.verb]
    if before is None or next_state(before.state, move) in (None, before.state):
        return decision
    after = moved(before, move, turn.situation.now)
    change = (("from", before.state.value), ("to", after.state.value))
    event = EventDraft(kind="state.changed", actor=turn.actor, data=change)
    return replace(decision, after=after, events=(*decision.events, event))


def _stop(_turn: Turn, decision: Decision, _action: Action) -> Decision:
    return decision


_MOVES = {Verb.SOLVE: Move.SOLVE, Verb.CLOSE: Move.CLOSE, Verb.REOPEN: Move.REOPEN}
_Act = Callable[[Turn, Decision, Action], Decision]
_ACTIONS: Mapping[Verb, _Act] = {
    Verb.QUEUE: _queue,
    Verb.PRIORITY: _priority,
    Verb.TIER: raising.tier,
    Verb.TAG: _tag,
    Verb.ASSIGN: _assign,
    Verb.SEGMENT: _segment,
    Verb.ORGANISATION: _organisation,
    Verb.NOTIFY: _notify,
    Verb.REPLY: _reply,
    Verb.NOTE: raising.note,
    Verb.PAGE: raising.page,
    Verb.SURVEY: _survey,
    Verb.OPEN: opening.opened,
    Verb.SOLVE: _move,
    Verb.CLOSE: _move,
    Verb.REOPEN: _move,
    Verb.HOLD: _hold,
    Verb.IGNORE: _ignore,
    Verb.STOP: _stop,
}

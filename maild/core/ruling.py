"""Run the rules: events first in first out, each rule at most once, sixteen steps at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from maild.core import answers, assign, facts, thread
from maild.core.decision import Decision, EventDraft, Outcome, Reply
from maild.core.reason import Reason, Why
from maild.core.rule import Action, Context, Rule, RuleEvent, Value, Verb
from maild.core.scene import Scene
from maild.core.ticket import Priority, Ticket
from maild.core.trust import Level

STEPS_MAX = 16
TEXT_CHARACTERS_MAX = 64 * 1024


def run(scene: Scene, decision: Decision, on: RuleEvent, level: Level) -> Decision:
    """Return the decision after every rule that waits for this event and whose condition holds."""
    mail = _mail_context(scene, level)
    for rule in scene.world.rules:
        if rule.on is not on or rule.name in decision.rules:
            continue
        verdict = rule.verdict(_context(scene, decision, mail, level))
        if verdict.error:
            decision = _failed(decision, rule, verdict.error)
        if not verdict.holds:
            continue
        if len(decision.rules) >= STEPS_MAX:
            return _held(decision, Reason(why=Why.LIMIT, detail=f"more than {STEPS_MAX} rules"))
        decision = _fire(scene, decision, rule, level)
        if rule.stop or decision.outcome is not Outcome.POSTED or _stops(rule):
            break
    return _told_who_has_it(decision)


def _told_who_has_it(decision: Decision) -> Decision:
    """Say to each reader who has a new ticket now that every rule has been asked."""
    holder = decision.after.assignee if decision.after else ""
    if not holder:
        return decision
    replies = tuple(
        replace(reply, reason="assigned" if reply.recipient == holder else "")
        if reply.reason == "new"
        else reply
        for reply in decision.replies
    )
    return replace(decision, replies=replies)


def _fire(scene: Scene, decision: Decision, rule: Rule, level: Level) -> Decision:
    decision = replace(
        decision,
        rules=(*decision.rules, rule.name),
        reasons=(*decision.reasons, Reason(why=Why.RULE, detail=rule.name)),
    )
    for action in rule.actions:
        decision = _ACTIONS[action.verb](scene, decision, action, rule, level)
        if decision.outcome is not Outcome.POSTED:
            break
    return decision


def _failed(decision: Decision, rule: Rule, error: str) -> Decision:
    """A condition that cannot be evaluated does not hold, and the reasons say so."""
    reason = Reason(why=Why.RULE_FAILED, detail=f"{rule.name}: {error}")
    return replace(decision, reasons=(*decision.reasons, reason))


def _stops(rule: Rule) -> bool:
    return any(action.verb is Verb.STOP for action in rule.actions)


def _context(scene: Scene, decision: Decision, mail: Mapping[str, Value], level: Level) -> Context:
    ticket = decision.after
    customer = ticket.customer if ticket else scene.snapshot.customer
    return {
        "mail": mail,
        "ticket": facts.of_ticket(ticket),
        "customer": {**facts.of_customer(customer), "verified": level >= Level.DOMAIN},
    }


def _mail_context(scene: Scene, level: Level) -> Mapping[str, Value]:
    mail = scene.mail
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


def _changed(decision: Decision, rule: Rule, kind: str, value: str, **change: Value) -> Decision:
    """Change the ticket, and say so in its log; nothing when there is no ticket yet."""
    if decision.after is None:
        return decision
    after = replace(decision.after, **change)  # type: ignore[arg-type]
    if after == decision.after:
        return decision
    event = EventDraft(kind=kind, actor=f"rule:{rule.name}", data=(("to", value),))
    return replace(decision, after=after, events=(*decision.events, event))


def _queue(_s: Scene, decision: Decision, action: Action, rule: Rule, _l: Level) -> Decision:
    return _changed(decision, rule, "queue.changed", action.value, queue=action.value)


def _priority(_s: Scene, decision: Decision, action: Action, rule: Rule, _l: Level) -> Decision:
    priority = Priority(action.value)
    return _changed(decision, rule, "priority.changed", action.value, priority=priority)


def _tier(_s: Scene, decision: Decision, action: Action, rule: Rule, _l: Level) -> Decision:
    return _changed(decision, rule, "tier.changed", action.value, tier=int(action.value))


def _tag(_s: Scene, decision: Decision, action: Action, rule: Rule, _l: Level) -> Decision:
    if decision.after is None:
        return decision
    tags = decision.after.with_tag(action.value).tags
    return _changed(decision, rule, "tag.added", action.value, tags=tags)


def _assign(scene: Scene, decision: Decision, action: Action, rule: Rule, _l: Level) -> Decision:
    if decision.after is None:
        return decision
    house, loads = scene.house, scene.snapshot.loads
    address, why = assign.choose(action.value, decision.after.queue, house, loads)
    reason = Reason(why=Why.RULE, detail=f"{rule.name}: assigned to {address or 'nobody'}, {why}")
    decision = replace(decision, reasons=(*decision.reasons, reason))
    if not address:
        return decision
    return _changed(decision, rule, "ticket.assigned", address, assignee=address)


def _notify(scene: Scene, decision: Decision, action: Action, _r: Rule, _l: Level) -> Decision:
    if decision.after is None:
        return decision
    reason = "answered" if decision.after.number else "new"
    for address in _notified(scene, decision.after, action.value):
        reply = answers.notification(scene, decision, address, reason)
        decision = _with_reply(decision, reply)
    return decision


def _notified(scene: Scene, ticket: Ticket, whom: str) -> tuple[str, ...]:
    """Resolve `assignee` (the queue when there is none), `queue`, `lead` or an address.

    An assignee who works here no more is none: what customers write is not theirs to read.
    """
    house = scene.house
    everybody = tuple(a.address for a in house.agents if a.serves(ticket.queue))
    found: tuple[str, ...]
    if whom == "lead":
        found = tuple(q.lead for q in house.queues if q.name == ticket.queue and q.lead)
    elif whom in ("assignee", "queue"):
        holder = house.agent_of(ticket.assignee)
        found = (holder.address,) if holder else everybody
    else:
        found = (whom,)
    writer = house.agent_of(scene.mail.identity)
    return tuple(
        address
        for address in found
        if not scene.is_ours(address)
        and address.lower() != scene.mail.identity
        and (writer is None or house.agent_of(address) != writer)
    )


def _reply(scene: Scene, decision: Decision, action: Action, _r: Rule, level: Level) -> Decision:
    if decision.after is None:
        return decision
    view = scene.snapshot.view(decision.after.number)
    if view and view.automatic_last_hour >= scene.house.automatic_per_ticket_hour:
        words = f"more than {scene.house.automatic_per_ticket_hour} automatic mails in an hour"
        reason = Reason(why=Why.NOT_ACKNOWLEDGED, detail=words)
        return replace(decision, reasons=(*decision.reasons, reason))
    answer = answers.acknowledgement(scene, decision, level)
    if isinstance(answer, Reason):
        return replace(decision, reasons=(*decision.reasons, answer))
    if action.value != "acknowledgement" and not answer.fixed:
        answer = answers.customer_template(scene, decision, action.value)
    return _with_reply(decision, answer)


def _with_reply(decision: Decision, reply: Reply) -> Decision:
    if any(known.key == reply.key for known in decision.replies):
        return decision
    return replace(decision, replies=(*decision.replies, reply))


def _hold(_s: Scene, decision: Decision, action: Action, rule: Rule, _l: Level) -> Decision:
    return _held(decision, Reason(why=Why.RULE_HELD, detail=f"{rule.name}: {action.value}"))


def _held(decision: Decision, reason: Reason) -> Decision:
    return Decision(
        outcome=Outcome.HELD,
        reasons=(*decision.reasons, reason),
        rules=decision.rules,
        trust=decision.trust,
    )


def _ignore(_s: Scene, decision: Decision, action: Action, rule: Rule, _l: Level) -> Decision:
    reason = Reason(why=Why.RULE_IGNORED, detail=f"{rule.name}: {action.value}")
    return replace(_held(decision, reason), outcome=Outcome.IGNORED)


def _stop(_s: Scene, decision: Decision, _a: Action, _r: Rule, _l: Level) -> Decision:
    return decision


_Act = Callable[[Scene, Decision, Action, Rule, Level], Decision]
_ACTIONS: Mapping[Verb, _Act] = {
    Verb.QUEUE: _queue,
    Verb.PRIORITY: _priority,
    Verb.TIER: _tier,
    Verb.TAG: _tag,
    Verb.ASSIGN: _assign,
    Verb.NOTIFY: _notify,
    Verb.REPLY: _reply,
    Verb.HOLD: _hold,
    Verb.IGNORE: _ignore,
    Verb.STOP: _stop,
}

"""One event in, one decision out: the only way in which a ticket changes.

The order of the questions about a mail is the order of this file: is it the mail we have, is it
our own, must it wait for the mail it answers, did its agent give it up, does it answer a question
or a survey of ours, is a machine speaking, is an agent speaking, and else it is a customer's.
"""

from __future__ import annotations

from datetime import timedelta

from maild.core import (
    agentmail,
    callback,
    confirm,
    confirmmail,
    customermail,
    deskmail,
    inside,
    machinemail,
    notours,
    onbehalf,
    ruling,
    surveymail,
    suspension,
    thread,
    voting,
)
from maild.core.chronicle import LATE
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.house import Agent
from maild.core.mail import Kind
from maild.core.proof import has_own_token, level_of
from maild.core.quick import replace
from maild.core.reason import Reason, Why
from maild.core.route import mailbox_of
from maild.core.scene import Scene
from maild.core.snapshot import Arrival, Snapshot, TicketView, World
from maild.core.thread import By, Found
from maild.core.token import Purpose, Token, made_for
from maild.core.trust import Level

LATE_MIN = timedelta(minutes=1)


def on_mail(arrival: Arrival, snapshot: Snapshot, world: World) -> Decision:
    """Decide about one mail that came in; pure: equal arguments give an equal decision."""
    mailbox = mailbox_of(arrival.mail, arrival.envelope, world.house)
    if arrival.is_dated:
        snapshot = thread.fresh(snapshot, arrival.received_at)
    scene = Scene(arrival=arrival, snapshot=snapshot, world=world, mailbox=mailbox)
    found = thread.find(snapshot, arrival.mail.identity, arrival.received_at)
    scene = inside.read(scene, found)
    decision = (
        _before_all(scene)
        or confirmmail.decide(scene)
        or surveymail.decide(scene)
        or _machine(scene, found)
        or _person(scene, found)
    )
    decision = voting.settled(callback.kept(ruling.follow(scene, decision)))
    decision = _late(scene, replace(decision, alive=suspension.writer(scene, decision)))
    if snapshot.same_id_other_content:
        words = "another mail has the same Message-ID with other content"
        reasons = (*decision.reasons, Reason(why=Why.THREADED, detail=words))
        return replace(decision, reasons=reasons)
    return decision


def _late(scene: Scene, decision: Decision) -> Decision:
    """Let the log tell when a mail was handled a while after it came in.

    What it brought bears the time when it came; what was known before was not changed by it.
    """
    arrival, now = scene.arrival, scene.snapshot.now
    is_late = now - arrival.received_at > LATE_MIN
    if decision.outcome is not Outcome.POSTED or not is_late:
        return decision
    received = arrival.received_at.isoformat(timespec="seconds")
    late = EventDraft(kind=LATE, actor="maild", data=(("received", received),))
    return replace(decision, events=(*decision.events, late))


def _before_all(scene: Scene) -> Decision | None:
    snapshot = scene.snapshot
    if snapshot.same_as:
        return machinemail.same_mail(scene)
    if snapshot.is_own:
        return machinemail.own_loop(scene)
    if snapshot.waits_for:
        words = f"journal row {snapshot.waits_for} comes first"
        return Decision(outcome=Outcome.WAIT, reasons=(Reason(why=Why.WAITING, detail=words),))
    return confirm.dropped(scene)


def _machine(scene: Scene, found: Found | None) -> Decision | None:
    kind = scene.mail.classification
    if kind.is_bounce:
        return machinemail.bounce(scene, found)
    if kind.kind is Kind.LOOP:
        return machinemail.own_loop(scene)
    if found is None:
        return None
    level = _level(scene, scene.mail.identity, found.pointed)
    if scene.is_automatic or (kind.is_list and not _is_written_to_us(scene, found)):
        return customermail.automatic(scene, found, level)
    return None


def _is_written_to_us(scene: Scene, found: Found) -> bool:
    """A list's mail is nobody's action, unless it came to the reply address of its own writer.

    A support address may itself be a list of its provider, which marks all that it passes on.
    """
    proofs, keys = scene.snapshot.proofs, scene.world.keys
    return has_own_token(proofs, keys, scene.mail.identity, found.pointed)


def _person(scene: Scene, found: Found | None) -> Decision:
    identity = scene.mail.identity
    agent = scene.house.agent_of(identity) if identity else None
    token = _agents_token(scene, agent)
    if token is not None:
        view = scene.snapshot.followed(token.ticket)
        if view is not None and agent is not None:
            return agentmail.decide(scene, agent, view, _agents_level(scene, agent, token))
        if agent is not None or not notours.takes_part(scene, view):
            return notours.decide(scene, token, view)
        scene = notours.without_tokens(scene)
        found = thread.find(scene.snapshot, identity, scene.arrival.received_at)
    level = _level(scene, identity, found.pointed if found else 0)
    working = _working(scene, agent, found, level) if agent is not None else None
    return working or customermail.decide(scene, found, level)


def _working(scene: Scene, agent: Agent, found: Found | None, level: Level) -> Decision | None:
    """What an agent does without an agent's token; None where they write as anybody else."""
    tagged = found or _tagged(scene)
    if tagged is not None and not _takes_part(agent, scene.mail.identity, tagged.view):
        return _unproven(scene, agent, tagged, level)
    if found is not None:
        return None
    ordered = deskmail.decide(scene, agent, level)
    if ordered is None and onbehalf.is_forward(scene.mail):
        return onbehalf.decide(scene, agent, level)
    if ordered is None and any(token.ticket == 0 for token in scene.snapshot.proofs.threads):
        reason = Reason(why=Why.NO_TICKET, detail="it answers a mail of ours about no ticket")
        return onbehalf.asked(scene, agent, level, reason)
    return ordered


def _level(scene: Scene, person: str, ticket: int) -> Level:
    return level_of(scene.snapshot.proofs, scene.world.keys, person, ticket)


def _agents_level(scene: Scene, agent: Agent, token: Token) -> Level:
    """A colleague's token proves nothing about an agent: who left the house keeps old ones."""
    level = _level(scene, agent.address, token.ticket)
    is_known = level in (Level.FAILED, Level.SESSION)
    if is_known or made_for(scene.world.keys, token, agent.address):
        return level
    return Level.DOMAIN if scene.snapshot.proofs.domain else Level.CLAIMED


def _agents_token(scene: Scene, agent: Agent | None) -> Token | None:
    """The agent's token of the mail: their own, where it carries those of colleagues too."""
    tokens = [t for t in scene.snapshot.proofs.tokens if t.purpose is Purpose.AGENT]
    own = (t for t in tokens if agent and made_for(scene.world.keys, t, agent.address))
    return next(own, tokens[0] if tokens else None)


def _takes_part(agent: Agent, identity: str, view: TicketView) -> bool:
    """An agent may also be a customer of the house, on tickets of their own."""
    people = (agent.address, identity)
    return any(view.ticket.participant(address) is not None for address in people)


def _tagged(scene: Scene) -> Found | None:
    """An agent who writes about one of our tickets by its number believes to answer it."""
    number = scene.snapshot.by_subject
    view = scene.snapshot.followed(number)
    return Found(view=view, by=By.SUBJECT, pointed=number) if view else None


def _unproven(scene: Scene, agent: Agent, found: Found, level: Level) -> Decision:
    """An answer to a mail of ours, but not to its reply address: with a proven domain it is asked.

    What only names the ticket is no answer to us; an id of ours proves nothing but the ticket.
    """
    answers_us = any(t.ticket == found.pointed for t in scene.snapshot.proofs.threads)
    if level >= Level.DOMAIN and answers_us:
        return agentmail.decide(scene, agent, found.view, Level.DOMAIN)
    words = f"#{found.view.ticket.number} without the agent's own reply address"
    reason = Reason(why=Why.AGENT_UNPROVEN, detail=words)
    start = Decision(outcome=Outcome.HELD, reasons=(), before=found.view.ticket)
    return agentmail.refuse(scene, start, agent, reason)

"""Commands that say where a ticket lies and how it ranks: agent, queue, tier, priority."""

from __future__ import annotations

from maild.core import escalated, ladder
from maild.core.command import Command, nearest_of
from maild.core.house import Agent, House
from maild.core.ticket import Priority
from maild.core.told import Done
from maild.core.work import Misfit, Work

TIERS = ("1", "2", "3")
NOBODY = "nobody"
ME = "me"


def assign(work: Work, command: Command) -> Work | Misfit:
    """Give the ticket to an agent, told by address, by what stands before its @, or by name."""
    house, whom = work.scene.house, command.argument
    if whom.lower() == NOBODY:
        return _assigned(work, command, None)
    agent = work.agent if whom.lower() == ME else _agent(whom, house)
    if agent is None:
        return Misfit(command=command, nearest=nearest_of(whom, _names(house)))
    return _assigned(work, command, agent)


def queue(work: Work, command: Command) -> Work | Misfit:
    """Move the ticket to a queue; an agent who does not work there lets go of it."""
    house = work.scene.house
    names = [
        *(queue.name for queue in house.queues),
        *(box.queue for box in house.mailboxes),
    ]
    name = _one_of(command.argument, names)
    if not name:
        return Misfit(command=command, nearest=nearest_of(command.argument, names))
    if name == work.ticket.queue:
        return work.tell(command, Done.UNCHANGED)
    work = work.changed("queue.changed", name, queue=name).tell(command, Done.QUEUE, name)
    holder = house.agent_of(work.ticket.assignee)
    if holder is not None and holder.serves(name):
        return work.hears(holder.address)
    work = work.changed("ticket.assigned", "", assignee="")
    return work.hears(*(agent.address for agent in house.agents if agent.serves(name)))


def tier(work: Work, command: Command) -> Work | Misfit:
    """Set the tier, with a reason; who works on a lower one hears that a ticket is handed back."""
    wanted, _, why = command.argument.partition(" ")
    if wanted not in TIERS:
        return Misfit(command=command, nearest=nearest_of(wanted, list(TIERS)))
    before, number = work.ticket.tier, int(wanted)
    if number == before:
        return work.tell(command, Done.UNCHANGED)
    work = work.changed("tier.changed", wanted, tier=number).tell(command, Done.TIER, wanted)
    kind = escalated.ESCALATED if number > before else escalated.RETURNED
    told = (("from", str(before)), ("to", wanted), ("why", why.strip()))
    work = work.logged(kind, *told)
    return work if number > before else _handed_back(work, number)


def escalate(work: Work, command: Command) -> Work | Misfit:
    """Raise the tier by one, and tell who works there; an agent of a lower tier lets go of it.

    Where nobody in the queue works on that tier, the queue's lead is told.
    """
    before, house = work.ticket.tier, work.scene.house
    if before >= len(TIERS):
        return work.tell(command, Done.UNCHANGED)
    after = before + 1
    work = work.changed("tier.changed", str(after), tier=after)
    why = (("from", str(before)), ("to", str(after)), ("why", command.argument))
    work = work.logged(escalated.ESCALATED, *why).tell(command, Done.TIER, str(after))
    holder = house.agent_of(work.ticket.assignee)
    if holder is None or holder.tier < after:
        work = work.changed("ticket.assigned", "", assignee="")
    able = [a.address for a in house.agents if a.serves(work.ticket.queue) and a.tier >= after]
    lead = [q.lead for q in house.queues if q.name == work.ticket.queue and q.lead]
    return work.hears(*(able or lead))


def acknowledge(work: Work, command: Command) -> Work:
    """Say that somebody takes care of an escalation; whoever does so takes a ticket nobody has."""
    kind = work.scene.snapshot.desk.escalation
    if kind not in (ladder.STARTED, ladder.STEP):
        return work.tell(command, Done.NOTHING_TO_ACKNOWLEDGE)
    work = work.logged(ladder.ACKNOWLEDGED).tell(command, Done.ACKNOWLEDGED)
    if work.scene.house.agent_of(work.ticket.assignee) is not None:
        return work
    return _assigned(work, command, work.agent)


def priority(work: Work, command: Command) -> Work | Misfit:
    """Set the priority."""
    names = [one.value for one in Priority]
    name = _one_of(command.argument, names)
    if not name:
        return Misfit(command=command, nearest=nearest_of(command.argument, names))
    if name == work.ticket.priority:
        return work.tell(command, Done.UNCHANGED)
    work = work.changed("priority.changed", name, priority=Priority(name))
    return work.tell(command, Done.PRIORITY, name)


def _handed_back(work: Work, number: int) -> Work:
    """Tell who works on a tier; an agent of a higher one lets go, where there is somebody."""
    house, queue_name = work.scene.house, work.ticket.queue
    here = [a.address for a in house.agents if a.serves(queue_name) and a.tier == number]
    holder = house.agent_of(work.ticket.assignee)
    if here and holder is not None and holder.tier > number:
        work = work.changed("ticket.assigned", "", assignee="")
    return work.hears(*here)


def _assigned(work: Work, command: Command, agent: Agent | None) -> Work:
    address = agent.address if agent else ""
    if address == work.ticket.assignee:
        return work.tell(command, Done.UNCHANGED)
    work = work.changed("ticket.assigned", address, assignee=address)
    if agent is None:
        return work.tell(command, Done.UNASSIGNED)
    return work.tell(command, Done.ASSIGNED, agent.name or address).hears(address)


def _agent(whom: str, house: House) -> Agent | None:
    """Return the one agent who is meant; None where nobody or more than one is."""
    wanted = whom.lower().lstrip("@").strip("<>")
    exact = house.agent_of(wanted)
    if exact is not None:
        return exact
    for told_by in (_local_parts, _full_names, _first_names):
        found = [agent for agent in house.agents if wanted in told_by(agent)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _local_parts(agent: Agent) -> tuple[str, ...]:
    return tuple(a.partition("@")[0].lower() for a in (agent.address, *agent.aliases))


def _full_names(agent: Agent) -> tuple[str, ...]:
    return (" ".join(agent.name.lower().split()),)


def _first_names(agent: Agent) -> tuple[str, ...]:
    return tuple(agent.name.lower().split()[:1])


def _names(house: House) -> list[str]:
    """Everything that an agent may be called by, shortest ways first."""
    local = (agent.address.partition("@")[0] for agent in house.agents)
    names = (agent.name for agent in house.agents if agent.name)
    return [*local, *names, *(agent.address for agent in house.agents), ME, NOBODY]


def _one_of(wanted: str, known: list[str]) -> str:
    return next((one for one in known if one.lower() == wanted.lower()), "")

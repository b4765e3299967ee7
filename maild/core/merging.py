"""The command that merges a ticket into another one."""

from __future__ import annotations

from dataclasses import replace

from maild.core import answers
from maild.core.command import Command
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.labels import ticket_number
from maild.core.reason import Reason, Why
from maild.core.ticket import Participant, Role, State, Ticket
from maild.core.told import Done
from maild.core.work import Misfit, Work

_ENDS = (State.MERGED, State.SPAM)


def merge(work: Work, command: Command) -> Work | Misfit:
    """Merge the ticket into another: its posts stay, and mail to it goes to the other from now on.

    Who takes part in it takes part in the other, in Cc, and gets what comes after.
    """
    number = ticket_number(command)
    other = work.scene.snapshot.view(number)
    if other is None or number == work.ticket.number or other.ticket.state in _ENDS:
        return Misfit(command=command)
    merged = _with_people(other.ticket, work.ticket)
    data = (("from", str(work.ticket.number)),)
    events = (EventDraft(kind="ticket.joined", actor=work.agent.address, data=data),)
    joined = Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.COMMAND, detail=command.line),),
        before=other.ticket,
        after=merged,
        events=events,
    )
    ticket = replace(work.ticket, state=State.MERGED, linked=number, solved_at=None)
    work = replace(work, ticket=replace(ticket, closed_at=None), others=(*work.others, joined))
    work = work.logged("ticket.merged", ("to", str(number)))
    return work.tell(command, Done.MERGED, str(number))


def _with_people(ticket: Ticket, merged: Ticket) -> Ticket:
    people = (
        Participant(address=one.address, name=one.name, role=Role.CC)
        for one in merged.participants
        if ticket.participant(one.address) is None
    )
    return replace(ticket, participants=answers.participants_of(ticket, *people))

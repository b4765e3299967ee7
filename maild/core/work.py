"""A ticket in the course of an agent's command block: what each command is given and returns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from maild.core.absence import Absence
from maild.core.command import Command
from maild.core.decision import Decision, EventDraft, Quoted, SentReply
from maild.core.house import Agent
from maild.core.index import Finding
from maild.core.scene import Scene
from maild.core.snapshot import TicketView
from maild.core.ticket import Ticket
from maild.core.told import Done, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A command whose argument cannot stand: then nothing at all is done."""

    command: Command
    nearest: str = ""
    """The valid argument that looks most like it; empty when none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The ticket as it is now, with all that was done so far."""

    scene: Scene
    view: TicketView
    agent: Agent
    ticket: Ticket
    events: tuple[EventDraft, ...] = ()
    told: tuple[Told, ...] = ()
    notify: tuple[str, ...] = ()
    """Addresses of agents who must hear of the ticket."""
    canned: str = ""
    """The canned text that stands above the agent's own words."""
    undone: SentReply | None = None
    """The reply that is taken back."""
    story: tuple[Quoted, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    others: tuple[Decision, ...] = ()
    """What follows for other tickets."""
    findings: tuple[Finding, ...] = ()
    """What a search found."""
    pending_until: datetime | None = None
    """When the customer is promised to hear of us again; None for no promise."""
    absence: Absence | None = None
    """Where the agent says to be away, or back."""
    has_help: bool = False
    """The agent asked for the list of commands."""

    def changed(self, kind: str, value: str, **change: object) -> Work:
        """Return the work after a change to the ticket, which the log names."""
        ticket = replace(self.ticket, **change)  # type: ignore[arg-type]
        if ticket == self.ticket:
            return self
        return replace(self, ticket=ticket).logged(kind, ("to", value))

    def logged(self, kind: str, *data: tuple[str, str]) -> Work:
        """Return the work with one more line of the ticket's log."""
        event = EventDraft(kind=kind, actor=self.agent.address, data=data)
        return replace(self, events=(*self.events, event))

    def tell(self, command: Command, done: Done, value: str = "") -> Work:
        """Return the work with one more thing to tell the agent."""
        told = Told(line=command.line, done=done, value=value)
        return replace(self, told=(*self.told, told))

    def hears(self, *addresses: str) -> Work:
        """Return the work after which these agents hear of the ticket; the writer knows it."""
        new = (a for a in addresses if a != self.agent.address)
        return replace(self, notify=tuple(dict.fromkeys((*self.notify, *new))))

"""The command that puts a canned text above the agent's own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from maild.core import canned, subject
from maild.core.command import Command, nearest_of
from maild.core.house import Agent
from maild.core.scene import Scene
from maild.core.ticket import Ticket
from maild.core.told import Done
from maild.core.work import Misfit, Work


def template(work: Work, command: Command) -> Work | Misfit:
    """Take a canned text by its name, in the ticket's language or in the one that is named."""
    name, _, language = command.argument.lower().partition(" ")
    known, texts = list(work.scene.world.canned.names), work.scene.world.canned
    if name not in known:
        return Misfit(command=command, nearest=nearest_of(name, known))
    if language and language not in texts.languages(name):
        near = nearest_of(language, list(texts.languages(name)))
        return Misfit(command=command, nearest=f"{name} {near}" if near else "")
    text = texts.text(name, language) if language else texts.text(name, *_languages(work, name))
    text = _filled(work.scene, work.ticket, work.agent, text)
    return replace(work, canned=text).tell(command, Done.TEMPLATE, name)


def every(scene: Scene, ticket: Ticket, agent: Agent) -> Iterator[str]:
    """Return all that an agent could take on a ticket, in every language."""
    return (_filled(scene, ticket, agent, text) for text in scene.world.canned.texts.values())


def _languages(work: Work, name: str) -> tuple[str, ...]:
    """The ticket's language first, then the mailbox's, English, and any."""
    ticket, scene = work.ticket, work.scene
    own = (ticket.language, scene.house.mailbox(ticket.mailbox).language, "en")
    return (*own, *scene.world.canned.languages(name))


def _filled(scene: Scene, ticket: Ticket, agent: Agent, text: str) -> str:
    values = {
        "customer": ticket.customer.name or ticket.customer.address,
        "agent": agent.name or scene.house.mailbox(ticket.mailbox).name,
        "tag": subject.tag(scene.house.mailbox(ticket.mailbox).name, ticket.number),
    }
    return canned.filled(text, values)

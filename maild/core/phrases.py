"""The command that puts a canned text above the agent's own words."""

from __future__ import annotations

from dataclasses import replace

from maild.core import canned, subject
from maild.core.command import Command, nearest_of
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
    return replace(work, canned=_filled(work, text)).tell(command, Done.TEMPLATE, name)


def _languages(work: Work, name: str) -> tuple[str, ...]:
    """The ticket's language first, then the mailbox's, English, and any."""
    ticket, scene = work.ticket, work.scene
    own = (ticket.language, scene.house.mailbox(ticket.mailbox).language, "en")
    return (*own, *scene.world.canned.languages(name))


def _filled(work: Work, text: str) -> str:
    ticket = work.ticket
    values = {
        "customer": ticket.customer.name or ticket.customer.address,
        "agent": work.agent.name or work.scene.house.mailbox(ticket.mailbox).name,
        "tag": subject.tag(work.scene.house.mailbox(ticket.mailbox).name, ticket.number),
    }
    return canned.filled(text, values)

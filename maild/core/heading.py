"""The subject of a customer's answer, where it says something that the ticket's does not.

Strategy: it becomes the first line of the post, under the name that mail programs give it in the
ticket's language, so that all who read the post read it. One that a post began with already is
only carried along.
"""

from __future__ import annotations

from html import escape

from maild.core import subject
from maild.core.scene import Scene
from maild.core.ticket import PostKind, Ticket

_NAMES = {"de": "Betreff", "es": "Asunto", "fr": "Objet"}


def of(scene: Scene, ticket: Ticket) -> str:
    """Return the line that tells the subject of the mail in hand; empty where it tells nothing."""
    names = tuple(box.name for box in scene.house.mailboxes)
    title = scene.mail.parsed.subject
    merged = (
        view.ticket for view in scene.snapshot.tickets if view.ticket.linked == ticket.number
    )
    known = (*scene.world.fixed_subjects, *(one.subject for one in (ticket, *merged)))
    if not all(subject.is_news(title, one, names) for one in known):
        return ""
    line = f"{_NAMES.get(ticket.language, 'Subject')}: {subject.base(title, names)}"
    view = scene.snapshot.view(ticket.number)
    posts = view.recent if view else ()
    told = (post.text.partition("\n")[0] for post in posts if post.kind is PostKind.CUSTOMER)
    return "" if line in told else line


def above(line: str, text: str) -> str:
    """Return a text below such a line."""
    return f"{line}\n\n{text}".rstrip("\n") if line else text


def above_html(line: str, html: str) -> str:
    """Return HTML below such a line; none stays none."""
    return f"<p>{escape(line, quote=False)}</p>\n{html}" if line and html else html

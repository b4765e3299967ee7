"""Commands that say what a ticket is about: tags, subject, language, the ticket it belongs to."""

from __future__ import annotations

import re

from maild.core.command import Command, nearest_of
from maild.core.subject import SUBJECT_CHARACTERS_MAX
from maild.core.told import Done
from maild.core.work import Misfit, Work

TAG_CHARACTERS_MAX = 50
TAGS_MAX = 50
_TAG = re.compile(rf"[\w][\w.:/-]{{0,{TAG_CHARACTERS_MAX - 1}}}")
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"


def signed(argument: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take `+a -b c` apart: what is to be added, and what is to be removed; commas may part it."""
    added: list[str] = []
    removed: list[str] = []
    for piece in argument.replace(",", " ").replace(";", " ").split():
        word = piece.lstrip("+＋" + _DASHES)
        (removed if piece[0] in _DASHES else added).append(word)
    return tuple(dict.fromkeys(added)), tuple(dict.fromkeys(removed))


def tag(work: Work, command: Command) -> Work | Misfit:
    """Add and remove tags; they are kept in small letters."""
    added, removed = signed(command.argument.lower().replace("#", " "))
    if not (added or removed) or any(not _TAG.fullmatch(word) for word in (*added, *removed)):
        return Misfit(command=command)
    before = set(work.ticket.tags)
    if len(before | set(added)) > TAGS_MAX:
        return Misfit(command=command)
    new = [word for word in added if word not in before]
    gone = [word for word in removed if word in before]
    if not new and not gone:
        return work.tell(command, Done.UNCHANGED)
    for word in new:
        work = work.changed("tag.added", word, tags=work.ticket.with_tag(word).tags)
    for word in gone:
        left = tuple(known for known in work.ticket.tags if known != word)
        work = work.changed("tag.removed", word, tags=left)
    if new:
        work = work.tell(command, Done.TAGGED, ", ".join(new))
    return work.tell(command, Done.UNTAGGED, ", ".join(gone)) if gone else work


def subject(work: Work, command: Command) -> Work | Misfit:
    """Give the ticket another subject; mails from now on carry it."""
    text = command.argument[:SUBJECT_CHARACTERS_MAX]
    if text == work.ticket.subject:
        return work.tell(command, Done.UNCHANGED)
    return work.changed("subject.changed", text, subject=text).tell(command, Done.SUBJECT, text)


def language(work: Work, command: Command) -> Work | Misfit:
    """Set the language in which the customer is written to."""
    known = list(work.scene.world.languages)
    code = command.argument.lower()
    if code not in known:
        return Misfit(command=command, nearest=nearest_of(code, known))
    if code == work.ticket.language:
        return work.tell(command, Done.UNCHANGED)
    work = work.changed("language.changed", code, language=code)
    return work.tell(command, Done.LANGUAGE, code)


def link(work: Work, command: Command) -> Work | Misfit:
    """Link the ticket with another one that it belongs to."""
    number = ticket_number(command)
    other = work.scene.snapshot.view(number)
    if other is None or number == work.view.ticket.number:
        return Misfit(command=command)
    if work.ticket.linked == number:
        return work.tell(command, Done.UNCHANGED)
    work = work.changed("ticket.linked", str(number), linked=number)
    return work.tell(command, Done.LINKED, str(number))


def ticket_number(command: Command) -> int:
    """Return the number of a ticket that a command names (`12`, `#12`); 0 for none."""
    digits = command.argument.lstrip("#＃ ")
    return int(digits) if re.fullmatch(r"[0-9]{1,10}", digits) else 0

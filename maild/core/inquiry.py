"""What an agent's commands want looked up: asked before anything is decided.

Only a mail with an agent's token asks; whether that agent may is decided later, as for all mail.
"""

from __future__ import annotations

from dataclasses import dataclass

from maild.core import command, labels
from maild.core.commandtable import Word
from maild.core.mail import Mail
from maild.core.proof import Proofs
from maild.core.token import Purpose

_NAMING = (Word.LINK,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What one mail wants to know."""

    tickets: tuple[int, ...] = ()
    """Numbers of other tickets that commands name."""


NOTHING = Inquiry()


def asked(mail: Mail, proofs: Proofs) -> Inquiry:
    """Return what the commands of a mail want looked up; nothing for a mail that is no agent's."""
    if proofs.token(Purpose.AGENT) is None:
        return NOTHING
    orders = command.orders(mail.reply.unquoted_text)
    named = (labels.ticket_number(one) for one in orders.commands if one.word in _NAMING)
    return Inquiry(tickets=tuple(number for number in named if number))

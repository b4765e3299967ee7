"""What an agent's commands want looked up: asked before anything is decided.

Only a mail with an agent's token asks, or one of an agent whose domain is proven; whether that
agent may is decided later, as for all mail.
"""

from __future__ import annotations

from dataclasses import dataclass

from maild.core import command, labels, subject
from maild.core.commandtable import TICKETLESS, Word
from maild.core.house import House
from maild.core.mail import Mail
from maild.core.proof import Proofs
from maild.core.token import Purpose, Token

_NAMING = (Word.LINK, Word.MERGE)
_ASKING = frozenset(
    {
        Word.SHOW,
        Word.LIST,
        Word.UNDO,
        Word.SEARCH,
        Word.SPLIT,
        Word.ACK,
        Word.AWAY,
        Word.BACK,
    }
)

_SHOWN_MAX = 30
"""A search shows twenty tickets."""
_TEXT_CHARACTERS_MAX = 256 * 1024
_ALONE = TICKETLESS | {Word.CUSTOMER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What one mail wants to know."""

    tickets: tuple[int, ...] = ()
    """Numbers of other tickets that commands name."""
    own: int = 0
    """The ticket that the commands are about; 0 where nothing is asked about it."""
    shown: tuple[int, ...] = ()
    """Tickets whose tags stand in the mail, in a quote most often: `#search` and other mails of
    ours show their notes, which are no customer's to read."""
    agent: str = ""
    """Registered address of who asks."""
    words: frozenset[Word] = frozenset()
    """The commands that need more than the ticket as it stands."""
    search: str = ""
    """The words to search for."""


NOTHING = Inquiry()


def asked(mail: Mail, proofs: Proofs, house: House) -> Inquiry:
    """Return what the commands of a mail want looked up; nothing for a mail that is no agent's."""
    token, agent = _token(proofs), house.agent_of(mail.identity)
    if agent is None or (token is None and not proofs.domain):
        return NOTHING
    orders = command.orders(mail.reply.unquoted_text)
    if token is None and not _ALONE & {*orders.words}:
        return NOTHING
    search = orders.of(Word.SEARCH)
    named = (labels.ticket_number(one) for one in orders.commands if one.word in _NAMING)
    return Inquiry(
        tickets=tuple(number for number in named if number),
        own=token.ticket if token else 0,
        shown=_shown(mail, house) if token else (),
        agent=agent.address,
        words=frozenset(orders.words) & _ASKING,
        search=search.argument if search else "",
    )


def _shown(mail: Mail, house: House) -> tuple[int, ...]:
    names = tuple(box.name for box in house.mailboxes)
    return subject.tagged_numbers(mail.parsed.text[:_TEXT_CHARACTERS_MAX], names)[:_SHOWN_MAX]


def _token(proofs: Proofs) -> Token | None:
    """The token that names the ticket: of the reply address, else of the mail that is answered."""
    threads = proofs.threads if proofs.domain else ()
    return proofs.token(Purpose.AGENT) or next(iter(threads), None)

"""What every deciding function is given: the world, and what happened in it.

A `Situation` is either a `Scene`, a mail that came in, or an `Occasion`: a deadline that is due, a
change that an operator makes, anything that brings no mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from maild.core import dossier
from maild.core.address import recipient
from maild.core.house import House, Mailbox
from maild.core.mail import Mail
from maild.core.promise import Due
from maild.core.snapshot import Arrival, Snapshot, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What was looked up for one event, and the house."""

    snapshot: Snapshot
    world: World
    mailbox: Mailbox
    """The mailbox that the mail, or the ticket, belongs to."""

    @property
    def house(self) -> House:
        """The house."""
        return self.world.house

    @property
    def now(self) -> datetime:
        """The instant of the decision."""
        return self.snapshot.now

    @property
    def cause(self) -> str:
        """What happened, as a name that is unique for ever."""
        return ""

    @property
    def writer(self) -> str:
        """Whoever did it, so that nobody hears of their own deeds; empty for nobody."""
        return ""

    def is_ours(self, address: str) -> bool:
        """Tell whether mail to an address comes back to us: a mailbox, with a token or without."""
        return comes_back(address, self.house)

    def key(self, what: str, address: str) -> str:
        """Return a key that is unique for ever for one mail of ours that this event causes."""
        return f"{self.cause}/{what}/{address.lower()}"

    def language(self, *wished: str) -> str:
        """Return the first wished language that templates exist in, else the mailbox's."""
        spoken = (*wished, self.mailbox.language)
        return next((code for code in spoken if code in self.world.languages), "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene(Situation):
    """One mail together with the world it came into."""

    arrival: Arrival

    @property
    def mail(self) -> Mail:
        """The mail in hand."""
        return self.arrival.mail

    @property
    def cause(self) -> str:
        """The mail's place in the journal."""
        return f"journal-{self.arrival.journal_id}"

    @property
    def writer(self) -> str:
        """The strict From of the mail."""
        return self.mail.identity

    def language_back(self) -> str:
        """Return the language to answer in: what is on record, the mail's, the last ticket's."""
        customer = self.snapshot.customer
        known = dossier.find(self.snapshot.dossiers, customer.address)
        return self.language(customer.language, self.mail.language, known.last_language())

    @property
    def is_automatic(self) -> bool:
        """Whether a machine wrote the mail: such mail is nobody's action (core/trust.py).

        In doubt a customer did, but no agent, whose words would go out, and nobody votes.
        """
        found = self.mail.classification
        is_agents = self.house.agent_of(self.mail.identity) is not None
        is_certain = not found.is_doubtful or is_agents or bool(self.snapshot.proofs.surveys)
        is_autoreply = found.is_autoreply and is_certain
        return is_autoreply or found.is_bounce or found.is_feedback or found.is_receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion(Situation):
    """Something that happens to one ticket without a mail."""

    name: str
    """`deadline-17`, `operator-4711`: the cause, unique for ever."""
    actor: str = "maild"
    """As it stands in the log."""
    dues: tuple[Due, ...] = ()
    """The deadlines that are told of, in every notification of this occasion."""

    @property
    def cause(self) -> str:
        """The name of the occasion."""
        return self.name

    @property
    def writer(self) -> str:
        """Whoever did it, where that is a person with an address."""
        return self.actor if "@" in self.actor else ""


def comes_back(address: str, house: House) -> bool:
    """Tell whether mail to an address comes back to us, as `Situation.is_ours` does."""
    wanted = address.strip().lower()
    domain = wanted.rpartition("@")[2]
    return (
        wanted in house.own_addresses
        or domain == house.reply_domain.lower() != ""
        or recipient(wanted, house) is not None
    )

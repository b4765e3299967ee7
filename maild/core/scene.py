"""One mail together with the world it came into: what every deciding function is given."""

from __future__ import annotations

from dataclasses import dataclass

from maild.core.address import recipient
from maild.core.house import House, Mailbox
from maild.core.mail import Mail
from maild.core.snapshot import Arrival, Snapshot, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An arrival, what was looked up for it, and the house."""

    arrival: Arrival
    snapshot: Snapshot
    world: World
    mailbox: Mailbox
    """The mailbox that the mail belongs to."""

    @property
    def mail(self) -> Mail:
        """The mail in hand."""
        return self.arrival.mail

    @property
    def house(self) -> House:
        """The house."""
        return self.world.house

    @property
    def is_automatic(self) -> bool:
        """Whether a machine wrote the mail: such mail is nobody's action (core/trust.py)."""
        found = self.mail.classification
        return found.is_autoreply or found.is_bounce or found.is_feedback or found.is_receipt

    def is_ours(self, address: str) -> bool:
        """Tell whether mail to an address comes back to us: a mailbox, with a token or without."""
        wanted = address.strip().lower()
        domain = wanted.rpartition("@")[2]
        return (
            wanted in self.house.own_addresses
            or domain == self.house.reply_domain.lower() != ""
            or recipient(wanted, self.house) is not None
        )

    def key(self, what: str, address: str) -> str:
        """Return a key that is unique for ever for one mail of ours that this arrival causes."""
        return f"journal-{self.arrival.journal_id}/{what}/{address.lower()}"

    def language(self, *wished: str) -> str:
        """Return the first wished language that templates exist in, else the mailbox's."""
        spoken = (*wished, self.mailbox.language)
        return next((code for code in spoken if code in self.world.languages), "en")

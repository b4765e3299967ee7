"""On which terms an agent is looked for: what may stand beside `assign` in a rule."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ROUND_ROBIN = "round-robin"
LEAST_LOADED = "least-loaded"
WAYS = (ROUND_ROBIN, LEAST_LOADED)


class Speaking(StrEnum):
    """Whether the agent must speak the language of the ticket: `language`."""

    REQUIRED = "required"
    PREFERRED = "preferred"
    """Who speaks it comes first; where nobody does, anybody will do."""
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`{ assign = "least-loaded", skills = ["billing"], sticky = true, overflow = "backup" }`."""

    skills: tuple[str, ...] = ()
    """The agent must have all of them."""
    language: Speaking = Speaking.PREFERRED
    sticky: bool = False
    """Who had the customer's last ticket comes first."""
    at_work: bool = False
    """Only who is at work right now; else who begins first, where nobody is."""
    overflow: str = ""
    """Queue that the ticket moves to when nobody here can take it; else that of `[[queue]]`."""
    fallback: str = ""
    """Address of the agent who gets what nobody else can take."""

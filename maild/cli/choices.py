"""What `[trust] agents` gives away in this house, for `maild check`."""

from __future__ import annotations

from collections.abc import Iterator

from maild.cli.looked import Looked, warning
from maild.core.house import AgentTrust, House, Provider
from maild.settings import Settings

_WORDS = {
    AgentTrust.TOKEN_AND_DOMAIN: (
        "an agent's mail is carried out at once when it comes to their own reply address from "
        "their proven domain; with one of the two they are asked to confirm it. Given away: "
        "whoever reads an agent's mail and can send from their domain writes as that agent"
    ),
    AgentTrust.TOKEN: (
        "an agent's mail is carried out at once when it comes to their own reply address. Given "
        "away: whoever gets to see one such address, in a forwarded or leaked notification, can "
        "write to customers as that agent, from anywhere, until the ticket is silent for 180 days"
    ),
    AgentTrust.CONFIRM_ALL: (
        "every mail of an agent but a note is held until they confirm it. Given away: time; each "
        "answer takes two mails"
    ),
}


def of_trust(known: Settings) -> Iterator[str]:
    """Yield sentences: what the choice means, and what it will do here that may surprise."""
    policy = known.house.agent_trust
    yield f"[trust] agents = {policy.value!r}: {_WORDS[policy]}"
    if not known.web.public_url:
        yield (
            "  note: agents confirm by a reply only; with [web] public_url their mail has a link"
        )


def of_proof(known: Settings) -> Iterator[Looked]:
    """Warn where agents have to prove their domain, and nothing here can tell."""
    policy = known.house.agent_trust
    if policy is AgentTrust.TOKEN_AND_DOMAIN and not _proves_domains(known):
        found = "no agent's domain can be proven: they will be asked to confirm every answer"
        todo = "set authserv_id, provider, authenticate or trusted_clients: systemd/README.md"
        yield warning("proof", found, todo)


def _proves_domains(known: Settings) -> bool:
    house: House = known.house
    judged = any(
        box.authserv_id or box.provider is not Provider.GENERIC for box in house.mailboxes
    )
    return (
        judged
        or bool(house.trusted_clients)
        or known.smtp.authenticate.is_on
        or bool(known.smtp.accounts)
    )

"""What `maild check` says about who may act for an agent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from maild import settings
from maild.cli import choices
from maild.cli.looked import Verdict
from maild.core.house import AgentTrust, Mailbox, Provider
from maild.settings import Settings


def house(policy: AgentTrust, **more: object) -> Settings:
    known = settings.defaults(Path("unused"))
    changed = replace(known.house, agent_trust=policy, **more)  # type: ignore[arg-type]
    return replace(known, house=changed)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (AgentTrust.TOKEN_AND_DOMAIN, "whoever reads an agent's mail and can send"),
        (AgentTrust.TOKEN, "can write to customers as that agent, from anywhere"),
        (AgentTrust.CONFIRM_ALL, "each answer takes two mails"),
    ],
)
def test_each_choice_says_what_it_gives_away(policy: AgentTrust, words: str) -> None:
    first = next(iter(choices.of_trust(house(policy))))

    assert first.startswith(f"[trust] agents = '{policy.value}': ")
    assert words in first


def test_a_house_that_proves_no_domain_is_told_that_all_must_be_confirmed() -> None:
    (told,) = choices.of_proof(house(AgentTrust.TOKEN_AND_DOMAIN))

    assert told.verdict is Verdict.WARNING
    assert "asked to confirm every answer" in told.found
    assert list(choices.of_proof(house(AgentTrust.TOKEN))) == []
    assert "public_url" in "\n".join(choices.of_trust(house(AgentTrust.TOKEN_AND_DOMAIN)))


@pytest.mark.parametrize(
    "more",
    [
        {"trusted_clients": ("127.0.0.0/8",)},
        {"mailboxes": (Mailbox(name="S", address="s@x.example", provider=Provider.GMAIL),)},
        {"mailboxes": (Mailbox(name="S", address="s@x.example", authserv_id=("mx",)),)},
    ],
)
def test_a_house_that_can_prove_domains_is_not_warned(more: dict[str, object]) -> None:
    assert list(choices.of_proof(house(AgentTrust.TOKEN_AND_DOMAIN, **more))) == []


def test_the_shipped_default_asks_for_token_and_domain() -> None:
    assert settings.defaults(Path("unused")).house.agent_trust is AgentTrust.TOKEN_AND_DOMAIN

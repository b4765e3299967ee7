"""Verification mail of other services opens no door: neither at our address nor at a reply's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from maild.core.decision import Outcome
from tests.core.scenes import ANNA, HOUSE
from tests.trust.house import InMemory, letter, proven

PROVIDERS = (
    ("no-reply@accounts.google.com", "Security alert"),
    (
        "account-security-noreply@accountprotection.microsoft.com",
        "Microsoft account security code",
    ),
    ("msonlineservicesteam@microsoftonline.com", "Verify your email address"),
    ("noreply@email.apple.com", "Your Apple ID"),
    ("appleid@id.apple.com", "Verify your Apple ID email address"),
    ("no-reply@slack.com", "Confirm your email address"),
    ("feedback@slack.com", "Slack confirmation code: ABC-123"),
    ("noreply@github.com", "Please verify your device"),
    ("notifications@github.com", "You were invited"),
    ("confirm@gitlab.com", "Confirmation instructions"),
    ("noreply@id.atlassian.com", "Verify your email"),
    ("noreply@am.atlassian.com", "Join your team"),
    ("no-reply@bitbucket.org", "Confirm your address"),
    ("no-reply@dropbox.com", "Please verify your email"),
    ("noreply@discord.com", "Verify Email Address for Discord"),
    ("no-reply@zoom.us", "Code for signing in to Zoom"),
    ("security@facebookmail.com", "12345 is your confirmation code"),
    ("registration@facebookmail.com", "Just one more step"),
    ("no-reply@mail.instagram.com", "456 is your Instagram code"),
    ("security-noreply@linkedin.com", "Here's your verification code"),
    ("info@x.com", "654321 is your X verification code"),
    ("verify@twitter.com", "Confirm your account"),
    ("noreply@redditmail.com", "Verify your Reddit email address"),
    ("no-reply@amazon.com", "Verify your new Amazon account"),
    ("no-reply-aws@amazon.com", "AWS"),
    ("no-reply@verificationemail.amazonaws.com", "Your verification code"),
    ("service@paypal.com", "Confirm your email address"),
    ("no-reply@okta.com", "Activate your account"),
    ("no-reply@auth0.com", "Verify your email"),
    ("no-reply@onelogin.com", "Welcome"),
    ("noreply@tm.openai.com", "OpenAI - Verify your email"),
    ("notifications@stripe.com", "Verify your email"),
    ("support@stripe.com", "Confirm your email address"),
    ("no-reply@twilio.com", "Verify your email"),
    ("noreply@notify.cloudflare.com", "Verify your email address"),
    ("team@mail.notion.so", "Your temporary Notion login code"),
    ("no-reply@email.figma.com", "Verify your email"),
    ("no-reply@asana.com", "Sign up"),
    ("do-not-reply@trello.com", "Verify your account"),
    ("noreply@salesforce.com", "Verify your identity"),
    ("mailer@shopify.com", "Confirm your email"),
    ("noreply@hubspot.com", "Votre code de vérification"),
    ("noreply@zendesk.com", "Bestätigen Sie Ihre Adresse"),
    ("noreply@airtable.com", "Please confirm your email"),
    ("noreply@pinterest.com", "Hi"),
    ("hello@canva.com", "Tu código de Canva"),
)


@pytest.fixture(scope="module")
def house() -> Iterator[InMemory]:
    opened = InMemory(replace(HOUSE))
    opened.receive(
        letter(f"Anna <{ANNA}>", "support@co.example", "It smokes.", proven("customer.example"))
    )
    yield opened
    opened.close()


@pytest.mark.parametrize(("sender", "subject"), PROVIDERS)
def test_a_service_that_verifies_addresses_is_held_wherever_it_writes_to(
    house: InMemory, sender: str, subject: str
) -> None:
    annas = str(house.to(ANNA)[0]["Reply-To"])
    domain = sender.partition("@")[2]

    for to in ("support@co.example", annas):
        mail = letter(sender, to, "Click here: 123456", proven(domain), subject=subject)
        decision = house.decide(mail)

        assert decision.outcome is Outcome.HELD, to
        assert not decision.replies
        assert not decision.posts


@pytest.mark.parametrize(
    ("sender", "subject"),
    [
        ("anna@slack.com", "I forgot my password"),
        ("ben@microsoft.com", "We cannot log in"),
        ("account@yahoo.com", "My invitation code does not work"),
        ("info@small.example", "Please confirm my order"),
        ("noreply@shop.example", "Confirm"),
        ("eve@notgithub.com", "Verify"),
    ],
)
def test_a_person_who_works_there_is_a_customer(
    house: InMemory, sender: str, subject: str
) -> None:
    decision = house.decide(letter(sender, "support@co.example", "Hello", subject=subject))

    assert decision.outcome is Outcome.POSTED


def test_the_services_are_as_many_as_promised() -> None:
    assert len({sender.rpartition("@")[2] for sender, _ in PROVIDERS}) >= 40

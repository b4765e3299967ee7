"""`[[webhook]]` -> `WebhookSettings`; what must hold there."""

from __future__ import annotations

from urllib.parse import urlsplit

from maild.core.webhook import SECRET_CHARACTERS_MIN, Webhook, is_public
from maild.settings import schema
from maild.settings.problems import Problems
from maild.settings.secrets import Secrets
from maild.settings.values import WebhookSettings


def of(config: schema.ConfigFile, secrets: Secrets) -> tuple[WebhookSettings, ...]:
    """Fill in every webhook; problems with secrets are noted in `secrets`."""
    return tuple(
        WebhookSettings(
            hook=Webhook(
                name=table.name,
                url=table.url,
                allow_private=table.allow_private,
                customer_text=table.customer_text,
            ),
            secret=secrets.read(table.secret_file, ("webhook", index, "secret_file")),
        )
        for index, table in enumerate(config.webhook)
    )


def check(
    config: schema.ConfigFile, filled: tuple[WebhookSettings, ...], problems: Problems
) -> None:
    """Note what would be sent in the clear, can never be dialled, or is easily guessed."""
    for n, (table, made) in enumerate(zip(config.webhook, filled, strict=True)):
        parts = urlsplit(table.url)
        host = parts.hostname or ""
        if parts.scheme == "http" and not table.allow_private:
            words = "http is for this machine and this network only, with allow_private = true"
            problems.add(("webhook", n, "url"), words)
        elif not table.allow_private and _is_private(host):
            words = f"{host} is in this network; that needs allow_private = true"
            problems.add(("webhook", n, "url"), words)
        if made.secret and len(made.secret) < SECRET_CHARACTERS_MIN:
            words = f"the secret has less than {SECRET_CHARACTERS_MIN} characters"
            problems.add(("webhook", n, "secret_file"), words)


def _is_private(host: str) -> bool:
    """Tell it of an IP address or this machine; other names are judged when they are dialled."""
    is_number = ":" in host or host.replace(".", "").isdigit()
    return host == "localhost" or (is_number and not is_public(host))

"""Our own SPF, DKIM, DMARC and ARC, for a listener that is the MX: is it wanted, and for what?

What does it (`checks`) is loaded in a house that wants it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from maild.core.mail import Envelope, Source
from maild.settings import AuthenticateSettings, Settings

if TYPE_CHECKING:
    from maild.authenticate.checks import Authenticator

__all__ = ["UNKNOWN", "is_wanted", "of"]

UNKNOWN = "maild; dmarc=temperror (internal error)"
"""The evidence when a check itself failed: nothing is proven, nobody is accused."""


def of(settings: Settings) -> Authenticator | None:
    """Return what checks mail as the settings want it, None for no checks; or ConfigError."""
    wanted = settings.smtp.authenticate
    if not wanted.is_on:
        return None
    from maild.authenticate.checks import Authenticator  # noqa: PLC0415 - see above

    return Authenticator(wanted, settings.house.domain)


def is_wanted(settings: AuthenticateSettings, envelope: Envelope) -> bool:
    """Tell whether a mail still has to be checked: it came by SMTP, without AUTH, just now."""
    is_foreign = envelope.source is Source.SMTP and not envelope.account
    return settings.is_on and is_foreign and envelope.client != "" and not envelope.evidence

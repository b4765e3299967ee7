"""`[smtp] authenticate` and what belongs to it -> `AuthenticateSettings`; what must hold there."""

from __future__ import annotations

from maild.settings import schema, units
from maild.settings.problems import Problems
from maild.settings.values import AuthenticateSettings


def of(config: schema.ConfigFile) -> AuthenticateSettings:
    """Fill in our own checks of where mail is from."""
    table, limits = config.smtp, config.limits
    return AuthenticateSettings(
        is_on=table.authenticate,
        sealers=tuple(table.arc_sealers),
        nameservers=tuple(units.name_server(text) for text in table.nameservers),
        trusted_clients=tuple(table.trusted_clients),
        lookups=limits.dns_lookups,
        seconds=limits.dns_wall,
    )


def check(config: schema.ConfigFile, problems: Problems) -> None:
    """Note keys that would do nothing, or the wrong thing."""
    table = config.smtp
    if table.authenticate and table.protocol == "lmtp":
        problems.add(
            ("smtp", "authenticate"),
            "LMTP comes from a server of ours, not from the sender: let that server check, and "
            "believe it by authserv_id in [[mailbox]]",
        )
    for key in ("arc_sealers", "nameservers"):
        if getattr(table, key) and not table.authenticate:
            problems.add(("smtp", key), "has no effect without authenticate = true")
    for n, box in enumerate(config.mailbox):
        if box.received_by and not box.authserv_id and box.provider != "gmail":
            problems.add(("mailbox", n, "received_by"), "has no effect without authserv_id")

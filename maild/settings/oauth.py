"""`[[oauth]]` -> `Client`: what providers are known for, and what must hold there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from maild.core.oauth import Client, Grant
from maild.settings import lines, schema, units
from maild.settings.problems import Problems, nearest
from maild.settings.secrets import Secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a provider documents; `{tenant}` stands for the customer of Microsoft."""

    token_url: str = ""
    authorize_url: str = ""
    device_url: str = ""
    scope: str = ""
    client_scope: str = ""
    refresh_days: int = 0
    extra: tuple[tuple[str, str], ...] = ()


_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
_PROVIDERS = {
    "google": _Known(
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address, no secret
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        scope="https://mail.google.com/",
        extra=(("access_type", "offline"), ("prompt", "consent")),
    ),
    "microsoft": _Known(
        token_url=f"{_MICROSOFT}/token",
        authorize_url=f"{_MICROSOFT}/authorize",
        device_url=f"{_MICROSOFT}/devicecode",
        scope="https://outlook.office.com/IMAP.AccessAsUser.All "
        "https://outlook.office.com/SMTP.Send offline_access",
        client_scope="https://outlook.office365.com/.default",
        refresh_days=90,
    ),
    "other": _Known(),
}


def of(config: schema.ConfigFile, secrets: Secrets) -> tuple[Client, ...]:
    """Fill in every [[oauth]]; problems with files are noted in `secrets`."""
    return tuple(_client(table, index, secrets) for index, table in enumerate(config.oauth))


def check(config: schema.ConfigFile, filled: tuple[Client, ...], problems: Problems) -> None:
    """Note what a grant lacks, what would go out in the clear, and names that nobody declares."""
    for index, (table, made) in enumerate(zip(config.oauth, filled, strict=True)):
        path: lines.Path = ("oauth", index)
        for key, words in _lacking(table, made):
            problems.add((*path, key) if key else path, words)
        for key in ("token_url", "authorize_url", "device_url"):
            if not _is_private_enough(getattr(made, key)):
                words = 'must begin with "https://" ("http://" is for this machine only)'
                problems.add((*path, key), words)
    names = [table.name for table in config.oauth]
    for path, name in _uses(config):
        if name and name not in names:
            known = nearest(name, names) if names else "; there is no [[oauth]] at all"
            problems.add((*path, "oauth"), f"there is no [[oauth]] {name!r}{known}")


def _client(table: schema.OauthTable, index: int, secrets: Secrets) -> Client:
    known, grant = _PROVIDERS[table.provider], Grant(table.grant)
    where: lines.Path = ("oauth", index)
    account = _account(table, (*where, "service_account_file"), secrets)
    scope = known.client_scope if grant is Grant.CLIENT else known.scope
    tenant = table.tenant or "organizations"
    return Client(
        name=table.name,
        grant=grant,
        client_id=account.get("client_email", "") or table.client_id,
        secret=secrets.read(table.client_secret_file, (*where, "client_secret_file"))
        if table.client_secret_file
        else "",
        scope=table.scope or scope,
        token_url=table.token_url or known.token_url.format(tenant=tenant),
        authorize_url=table.authorize_url or known.authorize_url.format(tenant=tenant),
        device_url=table.device_url or known.device_url.format(tenant=tenant),
        private_key=account.get("private_key", ""),
        key_id=account.get("private_key_id", ""),
        expires=table.expires,
        refresh_days=known.refresh_days,
        extra=known.extra,
    )


def _account(table: schema.OauthTable, where: lines.Path, secrets: Secrets) -> dict[str, str]:
    """Read the key file of a service account, as Google gives it."""
    if not table.service_account_file:
        return {}
    text = secrets.whole(table.service_account_file, where)
    content = _object(text)
    needed = ("client_email", "private_key")
    if text and not all(content.get(key) for key in needed):
        words = f"{table.service_account_file} is no key of a service account (JSON)"
        secrets.problems.add(where, words)
        return {}
    kept = (*needed, "private_key_id")
    return {key: value for key in kept if isinstance(value := content.get(key, ""), str)}


def _object(text: str) -> dict[str, object]:
    try:
        content = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _lacking(table: schema.OauthTable, made: Client) -> Iterator[tuple[str, str]]:
    """Give (key, sentence) for everything that the grant needs and that is not there."""
    if not made.token_url:
        yield "token_url", 'is needed with provider = "other"'
    needed = {
        Grant.ACCOUNT: ("service_account_file",),
        Grant.CLIENT: ("client_id", "client_secret_file"),
        Grant.REFRESH: ("client_id",),
    }
    for key in needed[made.grant]:
        if not getattr(table, key):
            yield key, f'is needed with grant = "{table.grant}"'
    if table.service_account_file and made.grant is not Grant.ACCOUNT:
        yield "service_account_file", 'is for grant = "service_account"'
    if made.grant is Grant.REFRESH and not (made.authorize_url or made.device_url):
        yield "authorize_url", "is needed, or device_url: a person has to say yes once"
    is_anybody = table.provider == "microsoft" and not (table.tenant or table.token_url)
    if made.grant is Grant.CLIENT and is_anybody:
        yield "tenant", 'is needed with grant = "client_credentials": your directory\'s id'


def _uses(config: schema.ConfigFile) -> Iterator[tuple[lines.Path, str]]:
    """Give every place that names an [[oauth]]."""
    if config.relay:
        yield ("relay",), config.relay.oauth
    for index, box in enumerate(config.mailbox):
        if box.imap:
            yield ("mailbox", index, "imap"), box.imap.oauth
        if box.relay:
            yield ("mailbox", index, "relay"), box.relay.oauth


def _is_private_enough(url: str) -> bool:
    """Tokens go to these addresses: encrypted, or not out of this machine."""
    if not url:
        return True
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and units.is_loopback(host))

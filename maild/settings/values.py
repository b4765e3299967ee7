"""The shape of `Settings`: everything that config.toml says, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from maild.core.calendar import Calendar
from maild.core.house import House
from maild.core.mail import NO_PHRASES, Limits, Phrases
from maild.core.oauth import Client
from maild.core.promise import Policy
from maild.core.webhook import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """One place to listen on: `host:port`, `unix:/path` or `fd:name` (socket activation).

    For the latter two, `host` is the whole text and `port` is 0.
    """

    host: str
    port: int
    tls: bool = False
    """Encrypted from the first byte: written `smtps://host:port`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`[[smtp.account]]`: somebody who may submit mail by AUTH over TLS."""

    user: str
    password: str = field(repr=False)
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticateSettings:
    """`[smtp] authenticate` and what belongs to it: our own SPF, DKIM, DMARC and ARC."""

    is_on: bool = False
    sealers: tuple[str, ...] = ()
    """Domains whose ARC seals are believed."""
    nameservers: tuple[tuple[str, int], ...] = ()
    """(IP address, port); empty for those of the machine."""
    trusted_clients: tuple[str, ...] = ()
    """CIDR networks of our own: what they forward fails no check."""
    lookups: int = 60
    """Questions to the DNS for one mail."""
    seconds: int = 10
    """For one mail, over all its questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """`[smtp]`: the listener."""

    listen: tuple[Listen, ...] = ()
    lmtp: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    max_size_bytes: int = 25 * 1024 * 1024
    trusted_clients: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()
    authenticate: AuthenticateSettings = AuthenticateSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings:
    """`[mailbox.imap]`: a mailbox that is polled."""

    mailbox: str
    """Name of the mailbox it belongs to."""
    host: str
    port: int = 993
    tls: str = "tls"
    """`tls` (implicit), `starttls`, or `none` (loopback only)."""
    user: str = ""
    password: str = field(default="", repr=False)
    oauth: str = ""
    """Name of the `[[oauth]]` that gives tokens; empty for none."""
    folder: str = "INBOX"
    since: str = "now"
    """`now`, `all`, or an ISO date: what of an old mailbox is taken at the first connection."""
    idle: bool = True
    poll_seconds: int = 60
    after: str = "flag"
    """`flag`, `delete`, or `move:FOLDER`: what happens to a mail once it is in the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """`[relay]` or `[mailbox.relay]`: where outgoing mail goes."""

    scheme: str
    """`smtp` (STARTTLS), `smtps`, or `maildir`."""
    host: str = ""
    port: int = 0
    path: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    oauth: str = ""
    envelope: str = "verp"
    """Return path of automatic mail: `verp`, `null` or `plain`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """`[[webhook]]`: a webhook, and the secret that signs its pages."""

    hook: Webhook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """`[web]`: pages for customers, and the admin address for metrics and health."""

    listen: Listen | None = None
    public_url: str = ""
    admin_listen: Listen | None = None
    wall_password: str = field(default="", repr=False)
    """Opens the status wall; empty leaves signed links alone (`core/wall.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeLimits:
    """`[limits]` beyond those of a single mail."""

    recipients: int = 100
    connections: int = 200
    connections_per_address: int = 20
    idle_seconds: int = 300
    line_bytes: int = 64 * 1024
    bytes_per_second_min: int = 500
    disk_free_bytes: int = 64 * 1024 * 1024
    reader_processes: int = 2
    reader_cpu_seconds: int = 5
    reader_memory_bytes: int = 512 * 1024 * 1024
    reader_wall_seconds: int = 20
    imap_fetch_bytes: int = 25 * 1024 * 1024


def room_wanted(smtp: SmtpSettings, runtime: RuntimeLimits) -> int:
    """Return how many bytes must be free for mail to be let in.

    The largest mail, half of it again for what is derived of it, and the reserve.
    """
    return smtp.max_size_bytes * 3 // 2 + runtime.disk_free_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """`[retention]`: seconds after which things are erased; 0 keeps them for ever."""

    raw_mail_seconds: int = 0
    """Raw bytes of a mail, counted from when its ticket was closed."""
    ticket_seconds: int = 0
    """Whole tickets, counted from when they were closed."""
    held_seconds: int = 0
    """Held mails, counted from when they came in."""
    outbox_seconds: int = 0
    """Mails of ours, counted from when they were sent or given up."""
    comment_seconds: int = 0
    """What customers wrote beside a mark, counted from when they did."""
    """Held mails, counted from when they came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`[report]`: the figures that are sent by themselves."""

    every: str = "never"
    """`never`, `day`, `week` or `month`."""
    recipients: tuple[str, ...] = ()
    zone: str = "UTC"
    format: str = "html"
    """`html`, `table`, `csv` or `json`."""
    per_agent: bool = False
    """Whether figures are told of single agents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that config.toml says, checked."""

    file: Path | None
    """The file it came from; None for the embedded default."""
    state_dir: Path
    secret_file: Path
    rules_dir: Path
    templates_dir: Path | None
    """Overlay over the shipped templates, file by file; None for none."""
    phrases: Phrases = NO_PHRASES
    """Words of mail programs that the operator adds to those that are known."""
    database_url: str
    house: House
    smtp: SmtpSettings
    imap: tuple[ImapSettings, ...] = ()
    relay: RelaySettings
    mailbox_relays: tuple[tuple[str, RelaySettings], ...] = ()
    """(mailbox name, relay) where it differs from `relay`."""
    webhooks: tuple[WebhookSettings, ...] = ()
    oauth: tuple[Client, ...] = ()
    web: WebSettings = WebSettings()
    limits: Limits = Limits()  # noqa: RUF009 - frozen, as the others are
    runtime: RuntimeLimits = RuntimeLimits()
    calendars: tuple[Calendar, ...] = ()
    policies: tuple[Policy, ...] = ()
    retention: Retention = Retention()
    report: Report = Report()

    @property
    def oauth_users(self) -> tuple[tuple[str, str], ...]:
        """Every (name of an [[oauth]], user) that a mailbox or a relay logs in with, once each."""
        ways: tuple[ImapSettings | RelaySettings, ...] = (
            *self.imap,
            self.relay,
            *(relay for _, relay in self.mailbox_relays),
        )
        return tuple(dict.fromkeys((way.oauth, way.user) for way in ways if way.oauth))

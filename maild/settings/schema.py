"""What may stand in config.toml: one model for each table [pydantic-settings].

Every key of the file is a field here, and its comment in config.toml is its documentation; a test
compares the two. What concerns more than one key is judged in `checks`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from maild.settings import fields


class _Table(BaseModel):
    """A table of the file: unknown keys and wrong types are problems, nothing is guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class MaildTable(_Table):
    """`[maild]`: who we are and where our files lie."""

    name: fields.Brand
    domain: fields.Domain
    reply_domain: fields.DomainOrEmpty = ""
    state_dir: fields.Line = "var"
    secret_file: fields.LineOrEmpty = ""
    rules_dir: fields.LineOrEmpty = ""
    templates_dir: fields.LineOrEmpty = ""
    phrases_file: fields.LineOrEmpty = ""
    undo_seconds: Annotated[int, Field(ge=0, le=3600)] = 0


class DatabaseTable(_Table):
    """`[database]`."""

    url: fields.DatabaseUrl | None = None


class AccountTable(_Table):
    """`[[smtp.account]]`."""

    user: fields.Line
    password_file: fields.Line
    addresses: list[fields.Address] = []


class SmtpTable(_Table):
    """`[smtp]`."""

    listen: list[fields.Place] = ["127.0.0.1:8025"]
    protocol: Literal["smtp", "lmtp"] = "smtp"
    tls_cert: fields.LineOrEmpty = ""
    tls_key: fields.LineOrEmpty = ""
    max_size: fields.Size | None = None
    trusted_clients: list[fields.Network] = []
    trusted_domains: list[fields.Domain] = []
    account: list[AccountTable] = []
    authenticate: bool = False
    arc_sealers: list[fields.Domain] = []
    nameservers: list[fields.NameServer] = []


class ImapTable(_Table):
    """`[mailbox.imap]`."""

    host: fields.Line
    port: fields.Port | None = None
    tls: Literal["tls", "starttls", "none"] = "tls"
    user: fields.Line
    password_file: fields.LineOrEmpty = ""
    oauth: fields.LineOrEmpty = ""
    folder: fields.Line = "INBOX"
    since: fields.Since = "now"
    idle: bool = True
    poll_seconds: Annotated[int, Field(ge=5, le=86400)] = 60
    after: fields.After = "flag"


class RelayTable(_Table):
    """`[relay]` and `[mailbox.relay]`."""

    url: fields.RelayUrl
    user: fields.LineOrEmpty = ""
    password_file: fields.LineOrEmpty = ""
    oauth: fields.LineOrEmpty = ""
    envelope: Literal["verp", "null", "plain"] = "verp"


class MailboxTable(_Table):
    """`[[mailbox]]`: one support address and its brand."""

    name: fields.Brand
    address: fields.Address
    aliases: list[fields.Address] = []
    queue: fields.LineOrEmpty = ""
    language: fields.Language = "en"
    reply_delimiter: fields.LineOrEmpty = ""
    authserv_id: Annotated[list[fields.Line], fields.OneOrMore] = []
    received_by: Annotated[list[fields.Line], fields.OneOrMore] = []
    provider: Literal["generic", "gmail", "m365"] = "generic"
    imap: ImapTable | None = None
    relay: RelayTable | None = None


class WebTable(_Table):
    """`[web]`."""

    listen: fields.PlaceOrOff = "127.0.0.1:8080"
    public_url: fields.PublicUrl = ""
    admin_listen: fields.PlaceOrOff = "127.0.0.1:8081"
    wall_password_file: fields.LineOrEmpty = ""


class QueueTable(_Table):
    """`[[queue]]`."""

    name: fields.Text
    lead: fields.AddressOrEmpty = ""
    overflow: fields.LineOrEmpty = ""


class AgentTable(_Table):
    """`[[agent]]`."""

    address: fields.Address
    aliases: list[fields.Address] = []
    name: fields.LineOrEmpty = ""
    queues: list[fields.Text] = []
    tier: fields.Tier = 1
    skills: list[fields.Text] = []
    languages: list[fields.Language] = []
    capacity: Annotated[int, Field(ge=0)] = 0
    calendar: fields.LineOrEmpty = ""


class OrganisationTable(_Table):
    """`[[organisation]]`."""

    name: fields.Text
    domains: list[fields.Domain] = []
    segment: fields.Text = "free"
    account_manager: fields.AddressOrEmpty = ""


class HoursTable(_Table):
    """`[calendar] hours`."""

    mon: fields.Hours = ""
    tue: fields.Hours = ""
    wed: fields.Hours = ""
    thu: fields.Hours = ""
    fri: fields.Hours = ""
    sat: fields.Hours = ""
    sun: fields.Hours = ""


class CalendarTable(_Table):
    """`[[calendar]]`."""

    name: fields.Text
    zone: fields.Zone = "UTC"
    hours: HoursTable = HoursTable()
    holidays: fields.Region = ""
    closed: list[fields.ClosedDay] = []
    open: list[fields.OpenDay] = []


class TargetTable(_Table):
    """One target of `[[sla]]`: 0 means that nothing is promised."""

    urgent: fields.Duration | None = None
    high: fields.Duration | None = None
    normal: fields.Duration | None = None
    low: fields.Duration | None = None


TargetValue = Annotated[TargetTable, fields.EachPriority]


class SlaTable(_Table):
    """`[[sla]]`."""

    name: fields.Text
    match: Annotated[str, Field(max_length=4096)] = ""
    calendar: fields.LineOrEmpty = ""
    first_response: TargetValue = TargetTable()
    next_response: TargetValue = TargetTable()
    resolution: TargetValue = TargetTable()
    warn_at: Annotated[list[fields.WarnAt], fields.OneOrMore] = []
    pause: list[Literal["new", "open", "pending", "on-hold"]] = ["pending"]


class WebhookTable(_Table):
    """`[[webhook]]`."""

    name: fields.Text
    url: fields.WebhookUrl
    secret_file: fields.Line
    allow_private: bool = False
    customer_text: bool = False


class OauthTable(_Table):
    """`[[oauth]]`."""

    name: fields.Text
    provider: Literal["google", "microsoft", "other"]
    grant: Literal["refresh_token", "client_credentials", "service_account"] = "refresh_token"
    client_id: fields.LineOrEmpty = ""
    client_secret_file: fields.LineOrEmpty = ""
    service_account_file: fields.LineOrEmpty = ""
    tenant: fields.LineOrEmpty = ""
    scope: fields.LineOrEmpty = ""
    expires: date | None = None
    token_url: fields.LineOrEmpty = ""
    authorize_url: fields.LineOrEmpty = ""
    device_url: fields.LineOrEmpty = ""


class TrustTable(_Table):
    """`[trust]`."""

    agents: Literal["token+domain", "token", "confirm-all"] = "token+domain"
    confirm_within: fields.Duration = 7 * 24 * 3600
    acknowledge: Literal["everybody", "verified", "nobody"] = "everybody"


class RetentionTable(_Table):
    """`[retention]`."""

    raw_mail: fields.Keep = 0
    tickets: fields.Keep = 0
    held: fields.Keep = 0
    outbox: fields.Keep = 0
    comments: fields.Keep = 0


class ReportTable(_Table):
    """`[report]`."""

    every: Literal["never", "day", "week", "month"] = "never"
    recipients: list[fields.Address] = []
    zone: fields.Zone = "UTC"
    format: Literal["html", "table", "csv", "json"] = "html"
    digest: Literal["all", "leads", "none"] = "none"
    per_agent: bool = False


class LimitsTable(_Table):
    """`[limits]`: everything that comes from outside has one."""

    header_block: fields.Size = 256 * 1024
    header: fields.Size = 64 * 1024
    header_lines: fields.Count = 1000
    parts: fields.Count = 200
    depth: Annotated[int, Field(ge=1, le=100)] = 20
    addresses: fields.Count = 200
    html: fields.Size = 2 * 1024 * 1024
    text: fields.Size = 4 * 1024 * 1024
    mail: fields.Size = 25 * 1024 * 1024
    recipients: fields.Count = 100
    connections: fields.Count = 200
    connections_per_address: fields.Count = 20
    idle: fields.Duration = 300
    line: fields.Size = 64 * 1024
    speed_min: fields.Size = 500
    disk_free: fields.Size = 64 * 1024 * 1024
    dkim_signatures: Annotated[int, Field(ge=1, le=50)] = 5
    dns_lookups: Annotated[int, Field(ge=10, le=1000)] = 60
    dns_wall: fields.Duration = 10
    reader_processes: Annotated[int, Field(ge=1, le=64)] = 2
    reader_cpu: fields.Duration = 5
    reader_memory: fields.Size = 512 * 1024 * 1024
    reader_wall: fields.Duration = 20
    imap_fetch: fields.Size = 25 * 1024 * 1024
    attachments_out: fields.Size = 10 * 1024 * 1024
    acknowledge_age: fields.Duration = 2 * 86400
    automatic_per_ticket_hour: Annotated[int, Field(ge=0, le=1000)] = 10
    automatic_per_pair_hour: Annotated[int, Field(ge=0, le=1000)] = 3
    automatic_per_address_day: Annotated[int, Field(ge=0, le=10_000)] = 10
    automatic_per_domain_hour: Annotated[int, Field(ge=0, le=1_000_000)] = 1000
    automatic_per_ten_minutes: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    to_agent_per_ticket_hour: Annotated[int, Field(ge=1, le=10_000)] = 30
    to_agent_per_sender_hour: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    reminders_per_hour: Annotated[int, Field(ge=1, le=1_000_000)] = 60
    pages_per_hour: Annotated[int, Field(ge=1, le=10_000)] = 120
    survey_open: fields.Duration = 30 * 24 * 3600
    vote_change: fields.Duration = 3 * 24 * 3600
    votes_per_survey: Annotated[int, Field(ge=1, le=1000)] = 20
    surveys_per_day: Annotated[int, Field(ge=0, le=1_000_000)] = 500


class ConfigFile(BaseSettings):
    """The whole file. The environment is no source: what stands in the file is what runs."""

    model_config = SettingsConfigDict(extra="forbid", strict=True, frozen=True)

    maild: MaildTable
    database: DatabaseTable = DatabaseTable()
    smtp: SmtpTable = SmtpTable()
    mailbox: list[MailboxTable] = []
    relay: RelayTable | None = None
    web: WebTable = WebTable()
    queue: list[QueueTable] = []
    agent: list[AgentTable] = []
    organisation: list[OrganisationTable] = []
    calendar: list[CalendarTable] = []
    sla: list[SlaTable] = []
    webhook: list[WebhookTable] = []
    oauth: list[OauthTable] = []
    trust: TrustTable = TrustTable()
    retention: RetentionTable = RetentionTable()
    report: ReportTable = ReportTable()
    limits: LimitsTable = LimitsTable()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the file's content only."""
        del settings_cls
        return (init_settings,)

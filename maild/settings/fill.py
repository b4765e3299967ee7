"""`ConfigFile` -> `Settings`: defaults that depend on other keys, paths, units, passwords."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from maild.core.house import (
    AcknowledgePolicy,
    Agent,
    AgentTrust,
    Digests,
    Form,
    House,
    Mailbox,
    Organisation,
    Provider,
    Queue,
    Reporting,
    Rhythm,
    Submitter,
)
from maild.core.mail import NO_PHRASES, Limits, Phrases
from maild.settings import (
    authentication,
    hours,
    lines,
    oauth,
    phrasefile,
    schema,
    units,
    webhooks,
)
from maild.settings.problems import Problems
from maild.settings.secrets import Secrets
from maild.settings.values import (
    Account,
    ImapSettings,
    RelaySettings,
    Report,
    Retention,
    RuntimeLimits,
    Settings,
    SmtpSettings,
    WebSettings,
)

_IMAP_PORTS = {"tls": 993, "starttls": 143, "none": 143}
_RELAY_PORTS = {"smtp": 587, "smtps": 465}
_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the file lies and where what is not given comes from."""

    file: Path | None
    base: Path
    shipped_rules: Path
    secrets: Secrets

    def path(self, text: str) -> Path:
        """Read a path as relative to the config file."""
        return self.base / text


def settings(config: schema.ConfigFile, place: Place) -> Settings:
    """Fill everything in; problems with passwords are noted in `place.secrets`."""
    table = config.maild
    state_dir = place.path(table.state_dir)
    return Settings(
        file=place.file,
        state_dir=state_dir,
        secret_file=place.path(table.secret_file) if table.secret_file else state_dir / "secret",
        rules_dir=_rules_dir(table.rules_dir, place),
        templates_dir=_templates_dir(table.templates_dir, place),
        phrases=_phrases(table.phrases_file, place),
        database_url=_database_url(config.database.url, state_dir, place),
        house=house(config),
        smtp=_smtp(config, place),
        imap=_imap(config, place),
        relay=_default_relay(config, state_dir, place),
        mailbox_relays=_mailbox_relays(config, place),
        webhooks=webhooks.of(config, place.secrets),
        oauth=oauth.of(config, place.secrets),
        web=_web(config.web, place),
        limits=_limits(config.limits),
        runtime=_runtime(config.limits),
        calendars=tuple(hours.calendar(calendar) for calendar in config.calendar),
        policies=tuple(hours.policy(policy) for policy in config.sla),
        retention=Retention(
            raw_mail_seconds=config.retention.raw_mail,
            ticket_seconds=config.retention.tickets,
            held_seconds=config.retention.held,
            outbox_seconds=config.retention.outbox,
            comment_seconds=config.retention.comments,
        ),
        report=Report(
            every=config.report.every,
            recipients=tuple(config.report.recipients),
            zone=config.report.zone,
            format=config.report.format,
            per_agent=config.report.per_agent,
        ),
    )


def house(config: schema.ConfigFile) -> House:
    """Make the house: everything that the core needs to know."""
    queues = tuple(
        Queue(name=table.name, lead=table.lead, overflow=table.overflow) for table in config.queue
    )
    first = next((q.name for q in queues if q.name == "support"), None)
    fallback = first or (queues[0].name if queues else "support")
    mailboxes = _mailboxes(config, fallback)
    agents = tuple(_agent(agent) for agent in config.agent)
    used = (box.queue for box in mailboxes), (name for agent in agents for name in agent.queues)
    named = dict.fromkeys(name for names in used for name in names)
    return House(
        name=config.maild.name,
        domain=config.maild.domain,
        reply_domain=config.maild.reply_domain,
        mailboxes=mailboxes,
        queues=queues or tuple(Queue(name=name) for name in named),
        agents=agents,
        organisations=tuple(_organisation(entry) for entry in config.organisation),
        webhooks=tuple(entry.name for entry in config.webhook),
        agent_trust=AgentTrust(config.trust.agents),
        confirm_seconds=config.trust.confirm_within,
        public_url=config.web.public_url,
        acknowledge=AcknowledgePolicy(config.trust.acknowledge),
        digest=Digests(config.report.digest),
        reporting=_reporting(config.report),
        zone=config.report.zone,
        trusted_clients=tuple(config.smtp.trusted_clients),
        trusted_domains=tuple(config.smtp.trusted_domains),
        accounts=tuple(
            Submitter(user=account.user, addresses=tuple(account.addresses))
            for account in config.smtp.account
        ),
        undo_seconds=config.maild.undo_seconds,
        attachment_bytes_out=config.limits.attachments_out,
        acknowledge_age_seconds_max=config.limits.acknowledge_age,
        automatic_per_ticket_hour=config.limits.automatic_per_ticket_hour,
        automatic_per_pair_hour=config.limits.automatic_per_pair_hour,
        automatic_per_address_day=config.limits.automatic_per_address_day,
        automatic_per_domain_hour=config.limits.automatic_per_domain_hour,
        automatic_per_ten_minutes=config.limits.automatic_per_ten_minutes,
        to_agent_per_ticket_hour=config.limits.to_agent_per_ticket_hour,
        to_agent_per_sender_hour=config.limits.to_agent_per_sender_hour,
        reminders_per_hour=config.limits.reminders_per_hour,
        pages_per_hour=config.limits.pages_per_hour,
        survey_open_seconds=config.limits.survey_open,
        vote_change_seconds=config.limits.vote_change,
        votes_per_survey=config.limits.votes_per_survey,
        surveys_per_day=config.limits.surveys_per_day,
    )


def _rules_dir(given: str, place: Place) -> Path:
    """The given folder, else `rules` beside the config file, else the shipped one."""
    beside = place.base / "rules"
    if given:
        return place.path(given)
    return beside if place.file and beside.is_dir() else place.shipped_rules


def _templates_dir(given: str, place: Place) -> Path | None:
    """The given folder, else `templates` beside the config file, else none."""
    beside = place.base / "templates"
    if given:
        return place.path(given)
    return beside if place.file and beside.is_dir() else None


def _phrases(given: str, place: Place) -> Phrases:
    """What the given file holds, else `phrases.toml` beside the config file, else nothing."""
    beside = place.base / "phrases.toml"
    file = place.path(given) if given else beside
    if not file.is_file():
        if given:
            place.secrets.problems.add(("maild", "phrases_file"), f"there is no file {given!r}")
        return NO_PHRASES
    problems = Problems(file=str(file))
    phrases = phrasefile.load(file, problems) if place.file else NO_PHRASES
    place.secrets.problems.found.extend(problems.found)
    return phrases


def _database_url(given: str | None, state_dir: Path, place: Place) -> str:
    """The given one with an absolute path, else SQLite in the state folder."""
    if given is None:
        return f"{_SQLITE}{state_dir / 'maild.db'}"
    if given.startswith(_SQLITE):
        return f"{_SQLITE}{place.path(given.removeprefix(_SQLITE))}"
    return given


def _reporting(table: schema.ReportTable) -> Reporting:
    return Reporting(
        rhythm=Rhythm(table.every),
        recipients=tuple(table.recipients),
        form=Form(table.format),
        per_agent=table.per_agent,
    )


def _mailboxes(config: schema.ConfigFile, queue: str) -> tuple[Mailbox, ...]:
    """The declared ones, else one `support@DOMAIN` with the name of the house."""
    if not config.mailbox:
        table = config.maild
        return (Mailbox(name=table.name, address=f"support@{table.domain}", queue=queue),)
    return tuple(
        Mailbox(
            name=box.name,
            address=box.address,
            aliases=tuple(box.aliases),
            queue=box.queue or queue,
            language=box.language,
            reply_delimiter=box.reply_delimiter,
            authserv_id=tuple(box.authserv_id),
            received_by=tuple(box.received_by),
            provider=Provider(box.provider),
        )
        for box in config.mailbox
    )


def _agent(table: schema.AgentTable) -> Agent:
    """Fill in an agent."""
    return Agent(
        address=table.address,
        aliases=tuple(table.aliases),
        name=table.name,
        queues=tuple(table.queues),
        tier=table.tier,
        skills=tuple(table.skills),
        languages=tuple(table.languages),
        capacity=table.capacity,
        calendar=table.calendar,
    )


def _organisation(table: schema.OrganisationTable) -> Organisation:
    """Fill in an organisation."""
    return Organisation(
        name=table.name,
        domains=tuple(table.domains),
        segment=table.segment,
        account_manager=table.account_manager,
    )


def _smtp(config: schema.ConfigFile, place: Place) -> SmtpSettings:
    """Fill in the listener."""
    table = config.smtp
    return SmtpSettings(
        listen=tuple(units.listen_place(text) for text in table.listen),
        lmtp=table.protocol == "lmtp",
        tls_cert=place.path(table.tls_cert) if table.tls_cert else None,
        tls_key=place.path(table.tls_key) if table.tls_key else None,
        max_size_bytes=table.max_size or config.limits.mail,
        trusted_clients=tuple(table.trusted_clients),
        authenticate=authentication.of(config),
        accounts=tuple(
            Account(
                user=account.user,
                password=_password(
                    account.password_file, ("smtp", "account", index, "password_file"), place
                ),
                addresses=tuple(account.addresses),
            )
            for index, account in enumerate(table.account)
        ),
    )


def _imap(config: schema.ConfigFile, place: Place) -> tuple[ImapSettings, ...]:
    """Fill in every mailbox that is polled."""
    return tuple(
        ImapSettings(
            mailbox=box.name,
            host=box.imap.host,
            port=box.imap.port or _IMAP_PORTS[box.imap.tls],
            tls=box.imap.tls,
            user=box.imap.user,
            password=_password(
                box.imap.password_file, ("mailbox", index, "imap", "password_file"), place
            ),
            oauth=box.imap.oauth,
            folder=box.imap.folder,
            since=box.imap.since,
            idle=box.imap.idle,
            poll_seconds=box.imap.poll_seconds,
            after=box.imap.after,
        )
        for index, box in enumerate(config.mailbox)
        if box.imap
    )


def _default_relay(config: schema.ConfigFile, state_dir: Path, place: Place) -> RelaySettings:
    """The given relay, else a Maildir in the state folder."""
    if config.relay:
        return _relay(config.relay, ("relay", "password_file"), place)
    return RelaySettings(scheme="maildir", path=state_dir / "outgoing")


def _mailbox_relays(
    config: schema.ConfigFile, place: Place
) -> tuple[tuple[str, RelaySettings], ...]:
    """The relays of single mailboxes."""
    return tuple(
        (box.name, _relay(box.relay, ("mailbox", index, "relay", "password_file"), place))
        for index, box in enumerate(config.mailbox)
        if box.relay
    )


def _relay(table: schema.RelayTable, where: lines.Path, place: Place) -> RelaySettings:
    """Take a relay's url apart."""
    if table.url.startswith("maildir:"):
        path = place.path(table.url.removeprefix("maildir:"))
        return RelaySettings(scheme="maildir", path=path, envelope=table.envelope)
    parts = urlsplit(table.url)
    return RelaySettings(
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or _RELAY_PORTS[parts.scheme],
        user=table.user,
        password=_password(table.password_file, where, place),
        oauth=table.oauth,
        envelope=table.envelope,
    )


def _password(name: str, where: lines.Path, place: Place) -> str:
    """Read a password's file, if one is named."""
    return place.secrets.read(name, where) if name else ""


def _web(table: schema.WebTable, place: Place) -> WebSettings:
    """Fill in the pages."""
    return WebSettings(
        listen=units.listen_place(table.listen) if table.listen else None,
        public_url=table.public_url,
        admin_listen=units.listen_place(table.admin_listen) if table.admin_listen else None,
        wall_password=_password(table.wall_password_file, ("web", "wall_password_file"), place),
    )


def _limits(table: schema.LimitsTable) -> Limits:
    """The limits of one mail."""
    return Limits(
        header_block_bytes=table.header_block,
        header_bytes=table.header,
        header_lines=table.header_lines,
        parts=table.parts,
        depth=table.depth,
        addresses=table.addresses,
        html_bytes=table.html,
        text_bytes=table.text,
        mail_bytes=table.mail,
        dkim_signatures=table.dkim_signatures,
    )


def _runtime(table: schema.LimitsTable) -> RuntimeLimits:
    """The limits of everything else."""
    return RuntimeLimits(
        recipients=table.recipients,
        connections=table.connections,
        connections_per_address=table.connections_per_address,
        idle_seconds=table.idle,
        line_bytes=table.line,
        bytes_per_second_min=table.speed_min,
        disk_free_bytes=table.disk_free,
        reader_processes=table.reader_processes,
        reader_cpu_seconds=table.reader_cpu,
        reader_memory_bytes=table.reader_memory,
        reader_wall_seconds=table.reader_wall,
        imap_fetch_bytes=table.imap_fetch,
    )

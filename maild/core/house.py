"""The house: who works here, which addresses are ours, and what is promised.

These values come from config.toml (`maild.settings` makes them) and are handed to the pure core,
which never reads a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Provider(StrEnum):
    """Whose marks of authentication a mailbox's mail carries (core/trust.py)."""

    GENERIC = "generic"
    GMAIL = "gmail"
    M365 = "m365"


class AgentTrust(StrEnum):
    """What an agent's mail must prove before it is acted upon: `[trust] agents`."""

    TOKEN_AND_DOMAIN = "token+domain"  # noqa: S105 - a choice, not a secret
    TOKEN = "token"  # noqa: S105 - a choice, not a secret
    CONFIRM_ALL = "confirm-all"


class AcknowledgePolicy(StrEnum):
    """Who gets an acknowledgement: `[trust] acknowledge`."""

    EVERYBODY = "everybody"
    """The unverified too, with a fixed text that holds nothing of theirs, once a day each."""
    VERIFIED = "verified"
    NOBODY = "nobody"


class Digests(StrEnum):
    """Who gets a digest in the morning: `[report] digest`."""

    ALL = "all"
    LEADS = "leads"
    NONE = "none"


class Rhythm(StrEnum):
    """How often a report is sent: `[report] every`."""

    NEVER = "never"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Form(StrEnum):
    """In which form a report is sent: `[report] format`."""

    HTML = "html"
    """Text, and HTML with pictures."""
    TABLE = "table"
    """Text only."""
    CSV = "csv"
    """Text, and all figures in a file."""
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """The report by mail."""

    rhythm: Rhythm = Rhythm.NEVER
    recipients: tuple[str, ...] = ()
    """Empty means everybody who leads a queue."""
    form: Form = Form.HTML
    per_agent: bool = False
    """Whether figures of single agents are told."""


NO_REPORTS = Reporting()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One support address with all that makes its brand: From, reply address, tag, queue."""

    name: str
    """Unique; also the brand in `[Name #N]`."""
    address: str
    """Lower case."""
    aliases: tuple[str, ...] = ()
    queue: str = "support"
    language: str = "en"
    reply_delimiter: str = ""
    """A line above which the customer is asked to answer; empty for none."""
    authserv_id: tuple[str, ...] = ()
    """Whose Authentication-Results are believed."""
    received_by: tuple[str, ...] = ()
    """Our own servers that write a Received field above those results: their names as they stand
    behind `by`, each as often as it writes one. None by default."""
    provider: Provider = Provider.GENERIC

    @property
    def addresses(self) -> tuple[str, ...]:
        """The address and its aliases."""
        return (self.address, *self.aliases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A pile of tickets that some agents work on."""

    name: str
    lead: str = ""
    """Address of the agent who leads it; empty for none."""
    overflow: str = ""
    """Where a ticket goes that nobody here can take (`core/assign.py`); empty for nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Somebody who works tickets from their own mail client."""

    address: str
    """Registered address, lower case: the only one that mail for the agent goes to."""
    aliases: tuple[str, ...] = ()
    name: str = ""
    queues: tuple[str, ...] = ()
    """Empty means every queue."""
    tier: int = 1
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    capacity: int = 0
    """Most open tickets at once; 0 means no bound."""
    calendar: str = ""

    def serves(self, queue: str) -> bool:
        """Tell whether the agent works on a queue."""
        return not self.queues or queue in self.queues


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A customer's company, known by its mail domains."""

    name: str
    domains: tuple[str, ...] = ()
    segment: str = "free"
    account_manager: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Who may submit mail by AUTH, and as whom: the addresses that a session proves (E4)."""

    user: str
    addresses: tuple[str, ...] = ()
    """Lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything about us that a decision may need."""

    name: str
    domain: str
    """Right side of our Message-IDs."""
    reply_domain: str = ""
    """When set, reply addresses are `TOKEN@reply_domain`; else `local+TOKEN@domain`."""
    mailboxes: tuple[Mailbox, ...] = ()
    queues: tuple[Queue, ...] = ()
    agents: tuple[Agent, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    webhooks: tuple[str, ...] = ()
    """Names of what rules may page."""
    agent_trust: AgentTrust = AgentTrust.TOKEN_AND_DOMAIN
    confirm_seconds: int = 7 * 24 * 3600
    """So long an agent may confirm a mail that is held for it (`core/confirm.py`)."""
    public_url: str = ""
    """How pages are reached from outside; empty where there are none."""
    acknowledge: AcknowledgePolicy = AcknowledgePolicy.EVERYBODY
    digest: Digests = Digests.NONE
    reporting: Reporting = NO_REPORTS
    zone: str = "UTC"
    """Of those who have no calendar: `[report] zone`."""
    trusted_clients: tuple[str, ...] = ()
    """CIDR networks whose direct submissions are believed (core/trust.py, E2)."""
    trusted_domains: tuple[str, ...] = ()
    accounts: tuple[Submitter, ...] = ()
    undo_seconds: int = 0
    attachment_bytes_out: int = 10 * 1024 * 1024
    """Largest sum of attachments that is sent along; the rest is named in the text."""
    acknowledge_age_seconds_max: int = 2 * 24 * 3600
    """Mail that is older than this when it is read gets no acknowledgement."""
    automatic_per_ticket_hour: int = 10
    """Automatic mails that one ticket may cause in an hour."""
    automatic_per_pair_hour: int = 3
    """Automatic mails from one mailbox to one address in an hour (`core/budget.py`)."""
    automatic_per_address_day: int = 10
    automatic_per_domain_hour: int = 1000
    automatic_per_ten_minutes: int = 10_000
    """The breaker: more than so many to all customers, and all automatic mail to them stops."""
    to_agent_per_ticket_hour: int = 30
    """Mails to one agent about one ticket in an hour."""
    to_agent_per_sender_hour: int = 100
    """News to one agent in an hour of new tickets that one sender opened."""
    reminders_per_hour: int = 60
    """Mails to one agent in an hour that no mail caused."""
    pages_per_hour: int = 120
    """Calls of one webhook in an hour."""
    survey_open_seconds: int = 30 * 24 * 3600
    """So long after it was sent a survey can be answered."""
    vote_change_seconds: int = 3 * 24 * 3600
    """So long after it was first given a vote can be changed."""
    votes_per_survey: int = 20
    """So often somebody answers one survey, changes of mind included; then the last one stays."""
    surveys_per_day: int = 500
    """Surveys that are sent on a schedule in 24 hours."""

    @property
    def agent_addresses(self) -> tuple[str, ...]:
        """The registered addresses of all agents."""
        return tuple(agent.address for agent in self.agents)

    def mailbox(self, name: str) -> Mailbox:
        """Return a mailbox by its name; the first one when the name is unknown."""
        return next((box for box in self.mailboxes if box.name == name), self.mailboxes[0])

    def mailbox_of(self, address: str) -> Mailbox | None:
        """Return the mailbox that an address (without token) belongs to."""
        wanted = address.lower()
        return next((box for box in self.mailboxes if wanted in box.addresses), None)

    def agent_of(self, address: str) -> Agent | None:
        """Return the agent whose registered address or alias this is."""
        wanted = address.lower()
        for agent in self.agents:
            if wanted == agent.address or wanted in agent.aliases:
                return agent
        return None

    def organisation_of(self, address: str) -> Organisation | None:
        """Return the organisation that an address's domain belongs to."""
        domain = address.rpartition("@")[2].lower()
        return next((o for o in self.organisations if domain in o.domains), None)

    def organisation_called(self, name: str) -> Organisation | None:
        """Return the organisation of a name, in any case."""
        wanted = name.casefold()
        return next((o for o in self.organisations if o.name.casefold() == wanted), None)

    @property
    def places(self) -> dict[str, str]:
        """Every address of every mailbox, with the name of the mailbox that its mail is for."""
        return {one: box.name for box in self.mailboxes for one in box.addresses}

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """Every address of every mailbox."""
        return tuple(address for box in self.mailboxes for address in box.addresses)

"""Metrics: the list of what is counted, and the one way to count it [prometheus-client].

Strategy: whoever does a thing counts it (`count`, `measure`); how many rows stand where is not
counted along but asked of the database now and then and put in as a whole (`observe`), so that a
restart or a second machine cannot make it drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.metrics import MetricWrapperBase

from maild import __version__

CONTENT_TYPE: Final = prometheus_client.CONTENT_TYPE_PLAIN_0_0_4
"""Of what `exposition` returns."""


class Kind(StrEnum):
    """How a metric moves."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(StrEnum):
    """Everything that is measured: name, kind, labels (in one word list), and what it tells."""

    kind: Kind
    labels: tuple[str, ...]
    meaning: str

    def __new__(cls, name: str, kind: Kind, labels: str, meaning: str) -> Self:
        """Make a member out of its four parts."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.kind = kind
        member.labels = tuple(labels.split())
        member.meaning = meaning
        return member

    MAIL_JOURNALLED = (
        "maild_mail_journalled_total",
        Kind.COUNTER,
        "source",
        "mails durably stored and acknowledged, by way in: smtp, lmtp, imap, pipe",
    )
    MAIL_REFUSED = (
        "maild_mail_refused_total",
        Kind.COUNTER,
        "source reason",
        "mails not taken, by way in and status code (RFC 3463); the sender keeps them",
    )
    MAIL_OUTCOMES = (
        "maild_mail_outcomes_total",
        Kind.COUNTER,
        "outcome kind",
        "mails done: posted, held or ignored, and what kind of mail it was",
    )
    MAIL_HELD = (
        "maild_mail_held_total",
        Kind.COUNTER,
        "reason",
        "mails set aside for a person, by why; how many wait now: maild_journal_rows",
    )
    RULES_FIRED = "maild_rules_fired_total", Kind.COUNTER, "rule", "how often each rule fired"
    JOURNAL_ROWS = "maild_journal_rows", Kind.GAUGE, "state", "mails in the journal"
    JOURNAL_OLDEST = (
        "maild_journal_oldest_seconds",
        Kind.GAUGE,
        "",
        "age of the oldest mail that is not done; 0 when there is none",
    )
    OUTBOX_ROWS = (
        "maild_outbox_rows",
        Kind.GAUGE,
        "state",
        "mails and pages in the outbox; scheduled ones wait for their hours or budgets",
    )
    OUTBOX_OLDEST = (
        "maild_outbox_oldest_seconds",
        Kind.GAUGE,
        "",
        "how long the oldest reply that is due has waited; 0 when there is none",
    )
    REPLIES = (
        "maild_replies_total",
        Kind.COUNTER,
        "result",
        "attempts to send: sent, deferred, failed, held",
    )
    MAILBOX_SUCCESS = (
        "maild_mailbox_last_success_timestamp_seconds",
        Kind.GAUGE,
        "mailbox",
        "when an IMAP mailbox was last read to its end, seconds since 1970",
    )
    MAILBOX_BEHIND = (
        "maild_mailbox_behind",
        Kind.GAUGE,
        "mailbox",
        "mails seen on the server that are not in the journal yet",
    )
    OAUTH_REFUSED = (
        "maild_oauth_refused",
        Kind.GAUGE,
        "oauth user",
        "1 while a provider gives no tokens and somebody has to act",
    )
    OAUTH_EXPIRES = (
        "maild_oauth_expires_timestamp_seconds",
        Kind.GAUGE,
        "oauth user",
        "when the first of secret and refresh token ends, seconds since 1970; absent if unknown",
    )
    READ_SECONDS = (
        "maild_read_seconds",
        Kind.HISTOGRAM,
        "",
        "time to read one mail in the child process",
    )
    COMMIT_BATCH = (
        "maild_commit_batch_size",
        Kind.HISTOGRAM,
        "",
        "mails made durable by one commit of the journal",
    )
    HANDLED_BATCH = (
        "maild_handled_batch_size",
        Kind.HISTOGRAM,
        "",
        "mails handled together in one transaction",
    )
    TEMPLATE_ERRORS = (
        "maild_template_errors_total",
        Kind.COUNTER,
        "template",
        "mails and pages that could not be written because their template failed",
    )
    READER_KILLED = (
        "maild_reader_killed_total",
        Kind.COUNTER,
        "why",
        "readers ended: wall, cpu, crash",
    )
    TICKETS = "maild_tickets", Kind.GAUGE, "state", "tickets"
    DEADLINES = "maild_deadlines", Kind.GAUGE, "state", "deadlines: waiting, late"
    DEADLINES_FIRED = "maild_deadlines_fired_total", Kind.COUNTER, "", "deadlines that fired"
    ROWS_ERASED = (
        "maild_rows_erased_total",
        Kind.COUNTER,
        "kind",
        "rows that were kept long enough, by kind of data",
    )
    SLA_ATTAINMENT = (
        "maild_sla_attainment_ratio",
        Kind.GAUGE,
        "clock",
        "promises kept, of those kept or missed in the days of the status wall; absent of none",
    )
    AUTOMATIC_MAILS = (
        "maild_automatic_mails",
        Kind.GAUGE,
        "",
        "automatic mails to customers asked for within ten minutes",
    )
    AUTOMATIC_MAILS_MAX = (
        "maild_automatic_mails_max",
        Kind.GAUGE,
        "",
        "so many of them, and all automatic mail to customers is stopped",
    )
    AGENTS_SUSPENDED = (
        "maild_agents_suspended",
        Kind.GAUGE,
        "",
        "agents who are sent nothing, since mails to them came back for good",
    )
    BREAKER_OPEN = (
        "maild_breaker_open",
        Kind.GAUGE,
        "",
        "1 while all automatic mail to customers is stopped",
    )
    BUDGET_WITHHELD = (
        "maild_mails_over_budget_total",
        Kind.COUNTER,
        "",
        "automatic mails not written because a budget was used up",
    )
    REPORT_OVERDUE = (
        "maild_report_overdue_seconds",
        Kind.GAUGE,
        "",
        "for how long the report by mail is due and not written; 0 when there is none",
    )
    DISK_FREE = "maild_disk_free_bytes", Kind.GAUGE, "", "free room where the state lies"
    DISK_WANTED = (
        "maild_disk_wanted_bytes",
        Kind.GAUGE,
        "",
        "with less free room, mail is refused for the time being",
    )
    LOOKED = (
        "maild_looked_timestamp_seconds",
        Kind.GAUGE,
        "",
        "when the database was last asked for all of this, seconds since 1970",
    )
    BUILD = "maild_build_info", Kind.GAUGE, "version", "always 1; the version is its label"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxStatus:
    """How far one IMAP mailbox has been read."""

    name: str
    last_success: float = 0.0
    """Seconds since 1970; 0 for never."""
    behind: int = 0
    """Mails seen on the server and not yet in the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OauthStatus:
    """How one provider behaves towards one of our accounts."""

    name: str
    user: str
    is_refused: bool
    expires: float = 0.0
    """Seconds since 1970; 0 where nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What stands in the database at one moment: numbers of rows by state, ages in seconds."""

    journal: Mapping[str, int] = field(default_factory=dict)
    journal_oldest_seconds: float = 0.0
    outbox: Mapping[str, int] = field(default_factory=dict)
    outbox_oldest_seconds: float = 0.0
    tickets: Mapping[str, int] = field(default_factory=dict)
    deadlines: Mapping[str, int] = field(default_factory=dict)
    mailboxes: tuple[MailboxStatus, ...] = ()
    automatic_mails: int = 0
    automatic_mails_max: int = 0
    report_overdue_seconds: float = 0.0
    looked: float = 0.0
    """Seconds since 1970."""
    breaker_open: bool = False
    agents_suspended: int = 0


def count(metric: Metric, number: int = 1, /, **labels: str) -> None:
    """Add to a counter; its labels must be exactly those of the list (ValueError)."""
    series = _series(metric, labels)
    assert isinstance(series, Counter), f"{metric} is no counter"
    series.inc(number)


def measure(metric: Metric, value: float, /, **labels: str) -> None:
    """Put one value into a histogram; its labels must be exactly those of the list."""
    series = _series(metric, labels)
    assert isinstance(series, Histogram), f"{metric} is no histogram"
    series.observe(value)


def observe(status: Status) -> None:
    """Set every gauge of rows and mailboxes; what is no longer there disappears."""
    _set_rows(Metric.JOURNAL_ROWS, status.journal)
    _set_rows(Metric.OUTBOX_ROWS, status.outbox)
    _set_rows(Metric.TICKETS, status.tickets)
    _set_rows(Metric.DEADLINES, status.deadlines)
    _set(Metric.JOURNAL_OLDEST, status.journal_oldest_seconds)
    _set(Metric.OUTBOX_OLDEST, status.outbox_oldest_seconds)
    _set(Metric.AUTOMATIC_MAILS, status.automatic_mails)
    _set(Metric.AUTOMATIC_MAILS_MAX, status.automatic_mails_max)
    _set(Metric.REPORT_OVERDUE, status.report_overdue_seconds)
    _set(Metric.LOOKED, status.looked)
    _set(Metric.BREAKER_OPEN, float(status.breaker_open))
    _set(Metric.AGENTS_SUSPENDED, status.agents_suspended)
    _MADE[Metric.MAILBOX_SUCCESS].clear()
    _MADE[Metric.MAILBOX_BEHIND].clear()
    for mailbox in status.mailboxes:
        _set(Metric.MAILBOX_SUCCESS, mailbox.last_success, mailbox=mailbox.name)
        _set(Metric.MAILBOX_BEHIND, mailbox.behind, mailbox=mailbox.name)


def observe_oauth(states: Iterable[OauthStatus]) -> None:
    """Set the gauges of providers; what is no longer there disappears."""
    _MADE[Metric.OAUTH_REFUSED].clear()
    _MADE[Metric.OAUTH_EXPIRES].clear()
    for state in states:
        labels = {"oauth": state.name, "user": state.user}
        _set(Metric.OAUTH_REFUSED, float(state.is_refused), **labels)
        if state.expires:
            _set(Metric.OAUTH_EXPIRES, state.expires, **labels)


def observe_sla(ratios: Mapping[str, float]) -> None:
    """Set how many promises were kept, by clock; what is no longer there disappears."""
    _MADE[Metric.SLA_ATTAINMENT].clear()
    for clock, ratio in ratios.items():
        _set(Metric.SLA_ATTAINMENT, ratio, clock=clock)


def observe_disk(free: int, wanted: int) -> None:
    """Set how much room there is, and how much there must be, in bytes."""
    _set(Metric.DISK_FREE, free)
    _set(Metric.DISK_WANTED, wanted)


def exposition() -> bytes:
    """Return everything in the text format of Prometheus, UTF-8."""
    return prometheus_client.generate_latest(_REGISTRY)


def _set_rows(metric: Metric, rows: Mapping[str, int]) -> None:
    _MADE[metric].clear()
    for state, number in rows.items():
        _set(metric, number, state=state)


def _set(metric: Metric, value: float, **labels: str) -> None:
    series = _series(metric, labels)
    assert isinstance(series, Gauge), f"{metric} is no gauge"
    series.set(value)


def _series(metric: Metric, labels: Mapping[str, str]) -> MetricWrapperBase:
    made = _MADE[metric]
    return made.labels(**labels) if labels or metric.labels else made


def _make(metric: Metric) -> MetricWrapperBase:
    if metric.kind is Kind.COUNTER:
        return Counter(metric, metric.meaning, metric.labels, registry=_REGISTRY)
    if metric.kind is Kind.GAUGE:
        return Gauge(metric, metric.meaning, metric.labels, registry=_REGISTRY)
    return Histogram(
        metric, metric.meaning, metric.labels, registry=_REGISTRY, buckets=_BUCKETS[metric]
    )


_BUCKETS: Final = MappingProxyType(
    {
        Metric.READ_SECONDS: (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 20),
        Metric.COMMIT_BATCH: (1, 2, 4, 8, 16, 32, 64, 128, 256),
        Metric.HANDLED_BATCH: (1, 2, 4, 8, 16, 32, 64, 128, 256),
    }
)
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
_REGISTRY: Final = CollectorRegistry()
_MADE: Final = MappingProxyType({metric: _make(metric) for metric in Metric})
ProcessCollector(registry=_REGISTRY)
_set(Metric.BUILD, 1, version=__version__)

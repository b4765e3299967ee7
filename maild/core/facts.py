"""What a condition sees of a ticket and its customer: the tables of `core.rule.FIELDS`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maild.core import calendar, promise
from maild.core.calendar import AROUND_THE_CLOCK, Calendar
from maild.core.dossier import MONTH, Dossier
from maild.core.promise import Due, Promise
from maild.core.rule import FIELDS, WEEKDAYS, Context, RuleEvent, Value
from maild.core.survey import Vote
from maild.core.ticket import Customer, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event that rules wait for: what the tables `event` and `deadline` show."""

    on: RuleEvent
    actor: str = ""
    """An address, `rule:NAME`, `operator` or `maild`; empty where the mail tells it."""
    from_: str = ""
    to: str = ""
    due: Due | None = None
    """Of `deadline.*` and of timed rules: what is due."""
    is_late: bool = False
    """It was due a while ago: nobody watched then."""
    rule: str = ""
    """Of a timed rule: the only one that is asked."""
    vote: Vote | None = None
    """Of `survey.answered`: the vote that counts now."""


def of_event(happening: Happening) -> Mapping[str, Value]:
    """Return the table `event`."""
    return {
        "name": happening.on.value,
        "actor": happening.actor,
        "from": happening.from_,
        "to": happening.to,
    }


def of_deadline(happening: Happening, now: datetime) -> Mapping[str, Value]:
    """Return the table `deadline`; minutes are negative for what is over."""
    due = happening.due
    return {
        "kind": due.kind.removesuffix(".warning") if due else "",
        "due_in_minutes": (due.due_at - now) // timedelta(minutes=1) if due else 0,
        "late": happening.is_late,
    }


def of_survey(vote: Vote | None) -> Mapping[str, Value]:
    """Return the table `survey`; `was_low` and `changed` are about the votes before."""
    if vote is None:
        return dict.fromkeys(FIELDS["survey"], "")
    was = vote.before
    return {
        "kind": vote.kind.value,
        "score": vote.score,
        "low": vote.kind.is_low(vote.score),
        "was_low": vote.was_low,
        "changed": was is not None,
        "comment": vote.comment,
        "via": vote.via.value,
    }


def of_time(hours: Calendar, now: datetime) -> Mapping[str, Value]:
    """Return the table `now`: the local time of a calendar."""
    local = now.astimezone(ZoneInfo(hours.zone))
    return {
        "hour": local.hour,
        "weekday": WEEKDAYS[local.weekday()],
        "working": calendar.is_open(hours, now),
    }


def hours_of(promises: Sequence[Promise], ticket: Ticket) -> Calendar:
    """Return the calendar of what is promised on a ticket; around the clock for nothing."""
    made = promise.choose(promises, for_promises(ticket))
    return made.calendar if made else AROUND_THE_CLOCK


def of_ticket(ticket: Ticket | None, *, is_away: bool = False) -> Mapping[str, Value]:
    """Return the table `ticket`; everything is empty when there is none yet.

    `is_away` says that nobody reads what its assignee is sent.
    """
    return {
        "number": ticket.number if ticket else 0,
        "subject": ticket.subject if ticket else "",
        "state": ticket.state.value if ticket else "",
        "queue": ticket.queue if ticket else "",
        "priority": ticket.priority.value if ticket else "",
        "tier": ticket.tier if ticket else 0,
        "assignee": ticket.assignee if ticket else "",
        "tags": list(ticket.tags) if ticket else [],
        "language": ticket.language if ticket else "",
        "assignee_away": is_away,
        "is_new": ticket is not None and ticket.number == 0,
    }


def of_customer(customer: Customer) -> Mapping[str, Value]:
    """Return what a policy may know of a customer: nothing that changes with every mail."""
    return {
        "address": customer.address,
        "name": customer.name,
        "domain": customer.address.rpartition("@")[2],
        "segment": customer.segment,
        "organisation": customer.organisation,
        "language": customer.language,
        "account_manager": customer.account_manager,
        "notes": customer.notes,
    }


def of_person(customer: Customer, known: Dossier, now: datetime) -> Mapping[str, Value]:
    """Return the table `customer`, but for what only a mail can prove."""
    return {
        **of_customer(customer),
        "open_tickets": known.open_tickets(),
        "tickets_30d": known.tickets_since(now - MONTH),
    }


def of_organisation(customer: Customer) -> Mapping[str, Value]:
    """Return the table `organisation`: empty where the customer is of none that is known."""
    return {
        "name": customer.organisation,
        "account_manager": customer.account_manager,
    }


def for_promises(ticket: Ticket) -> Context:
    """Return what the `match` of a policy may ask about."""
    return {
        "ticket": of_ticket(ticket),
        "customer": of_customer(ticket.customer),
        "organisation": of_organisation(ticket.customer),
    }

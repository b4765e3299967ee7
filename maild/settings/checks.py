"""What must hold between the keys of config.toml, and between them and the files they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maild.core.calendar import WEEK_SECONDS
from maild.core.promise import Clock
from maild.core.ticket import Priority
from maild.core.token import TOKEN_LENGTH
from maild.settings import authentication, lines, oauth, units, webhooks
from maild.settings.problems import Problems, nearest
from maild.settings.schema import AgentTable, ConfigFile, ImapTable, MailboxTable, RelayTable
from maild.settings.values import Listen, RelaySettings, Settings

_LOCAL_PART_MAX = 64
_TARGET_WEEKS_MAX = 520
SHIPPED_LANGUAGES = frozenset({"en", "fr", "es", "de"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that a file declares, even where the rest of the entry does not fit."""

    queues: frozenset[str]
    calendars: frozenset[str]
    agents: frozenset[str]
    opening: frozenset[str]
    """Calendars for which some hours are written, readable or not."""


def names(data: dict[str, Any]) -> Names:
    """Collect the declared names from the file's content as it was read."""
    return Names(
        queues=_declared(data, "queue", "name"),
        calendars=_declared(data, "calendar", "name"),
        agents=frozenset(address.lower() for address in _declared(data, "agent", "address")),
        opening=_with_hours(data),
    )


def check(config: ConfigFile, settings: Settings, known: Names, problems: Problems) -> None:
    """Note every problem between keys."""
    _unique_names(config, problems)
    _addresses(config, settings, problems)
    for index, box in enumerate(config.mailbox):
        _mailbox(box, ("mailbox", index), (config, settings, known), problems)
    for index, agent in enumerate(config.agent):
        _agent(agent, ("agent", index), known, problems)
    _references(config, known, problems)
    _relay(config.relay, ("relay",), problems)
    _listening(config, settings, problems)
    _smtp(config, settings, problems)
    authentication.check(config, problems)
    _limits(config, problems)
    _calendars(config, known, problems)
    _targets(settings, problems)
    webhooks.check(config, settings.webhooks, problems)
    oauth.check(config, settings.oauth, problems)
    _folders(config, settings, problems)


def _declared(data: dict[str, Any], table: str, key: str) -> frozenset[str]:
    """Collect the texts under one key of a list of tables."""
    entries = data.get(table)
    tables = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    return frozenset(str(entry[key]).strip() for entry in tables if key in entry)


def _with_hours(data: dict[str, Any]) -> frozenset[str]:
    """Collect the names of calendars for which any hours are written."""
    entries = data.get("calendar")
    tables = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    return frozenset(
        str(table.get("name", "")).strip() for table in tables if _any_text(table.get("hours"))
    )


def _any_text(hours: object) -> bool:
    """Tell whether there is anything but blanks in the hours of a week."""
    days = hours.values() if isinstance(hours, dict) else [hours or ""]
    return any(str(text).strip() for text in days)


def _unique_names(config: ConfigFile, problems: Problems) -> None:
    """No two entries of a list have the same name."""
    lists: tuple[tuple[str, list[str]], ...] = (
        ("mailbox", [box.name for box in config.mailbox]),
        ("queue", [queue.name for queue in config.queue]),
        ("organisation", [entry.name for entry in config.organisation]),
        ("calendar", [entry.name for entry in config.calendar]),
        ("sla", [entry.name for entry in config.sla]),
        ("webhook", [entry.name for entry in config.webhook]),
        ("oauth", [entry.name for entry in config.oauth]),
    )
    for table, words in lists:
        _no_twice((((table, n, "name"), word) for n, word in enumerate(words)), problems)
    users = ((("smtp", "account", n, "user"), a.user) for n, a in enumerate(config.smtp.account))
    _no_twice(users, problems)
    domains: Iterable[tuple[lines.Path, str]] = (
        (("organisation", n, "domains", i), domain)
        for n, entry in enumerate(config.organisation)
        for i, domain in enumerate(entry.domains)
    )
    _no_twice(domains, problems)


def _no_twice(entries: Iterable[tuple[lines.Path, str]], problems: Problems) -> None:
    """Note every word that an earlier entry has already."""
    first: dict[str, lines.Path] = {}
    for path, word in entries:
        if word.lower() in first:
            line = lines.line_of(problems.lines, first[word.lower()])
            problems.add(path, f"{word!r} is already used on line {line}")
        first.setdefault(word.lower(), path)


def _addresses(config: ConfigFile, settings: Settings, problems: Problems) -> None:
    """Every address belongs to one mailbox or one agent."""
    boxes = list(_addresses_of("mailbox", config.mailbox))
    agents = list(_addresses_of("agent", config.agent))
    _no_twice(boxes, problems)
    _no_twice(agents, problems)
    ours = settings.house.own_addresses
    for path, address in agents:
        if address in ours:
            problems.add(
                path,
                f"{address!r} is the address of a mailbox: what we send to this agent would come "
                "back to us as a new mail, for ever; give the agent a personal address",
            )


def _addresses_of(
    table: str, entries: Iterable[MailboxTable | AgentTable]
) -> Iterator[tuple[lines.Path, str]]:
    """Give every address of a list of mailboxes or agents with its place."""
    for index, entry in enumerate(entries):
        yield (table, index, "address"), entry.address
        for n, alias in enumerate(entry.aliases):
            yield (table, index, "aliases", n), alias


def _mailbox(
    box: MailboxTable,
    path: lines.Path,
    around: tuple[ConfigFile, Settings, Names],
    problems: Problems,
) -> None:
    """Queue, language, room for a token, servers."""
    config, settings, known = around
    if box.queue and known.queues and box.queue not in known.queues:
        _no_such("queue", box.queue, known.queues, ((*path, "queue"), problems))
    spoken = SHIPPED_LANGUAGES | _languages(settings.templates_dir)
    if box.language not in spoken:
        problems.add(
            (*path, "language"),
            f"there are no templates in {box.language!r}; there are some in "
            f"{', '.join(sorted(spoken))}; others go into the folder "
            f"templates/{box.language} beside this file",
        )
    local = len(box.address.partition("@")[0])
    if not config.maild.reply_domain and local + 1 + TOKEN_LENGTH > _LOCAL_PART_MAX:
        problems.add(
            (*path, "address"),
            f"the part before @ has {local} characters; with '+' and our {TOKEN_LENGTH} "
            f"characters for a reply address it may have {_LOCAL_PART_MAX - 1 - TOKEN_LENGTH}; "
            "take a shorter address or set [maild] reply_domain",
        )
    if box.imap:
        _imap(box.imap, (*path, "imap"), problems)
    _relay(box.relay, (*path, "relay"), problems)


def _languages(folder: Path | None) -> frozenset[str]:
    """Return the languages that the operator's own templates speak."""
    if not folder or not folder.is_dir():
        return frozenset()
    return frozenset(entry.name for entry in folder.iterdir() if entry.is_dir())


def _imap(table: ImapTable, path: lines.Path, problems: Problems) -> None:
    """One way to log in, and no password in the clear over a network."""
    if bool(table.password_file) == bool(table.oauth):
        given = "both are" if table.oauth else "neither is"
        problems.add(path, f"needs one of password_file and oauth; {given} given")
    if table.tls == "none" and not units.is_loopback(table.host):
        problems.add(
            (*path, "tls"),
            f'"none" would send the password in the clear to {table.host}; '
            'write "tls" or "starttls" ("none" is for this machine only)',
        )


def _relay(table: RelayTable | None, path: lines.Path, problems: Problems) -> None:
    """A user and a password, or neither."""
    if table is None:
        return
    ways = bool(table.password_file) + bool(table.oauth)
    if table.user and ways != 1:
        problems.add((*path, "user"), "needs either password_file or oauth beside it")
    if ways and not table.user:
        problems.add(path, "has a password_file or oauth, but no user")
    if table.user and table.url.startswith("maildir:"):
        problems.add((*path, "user"), "a maildir knows no user")


def _agent(agent: AgentTable, path: lines.Path, known: Names, problems: Problems) -> None:
    """Queues and calendar of an agent."""
    for n, queue in enumerate(agent.queues):
        if known.queues and queue not in known.queues:
            _no_such("queue", queue, known.queues, ((*path, "queues", n), problems))
    if agent.calendar and agent.calendar not in known.calendars:
        _no_such("calendar", agent.calendar, known.calendars, ((*path, "calendar"), problems))


def _references(config: ConfigFile, known: Names, problems: Problems) -> None:
    """Leads are agents; policies name calendars; a report has readers."""
    for n, queue in enumerate(config.queue):
        if queue.lead and queue.lead not in known.agents:
            _no_such("agent", queue.lead, known.agents, (("queue", n, "lead"), problems))
        if queue.overflow and queue.overflow not in known.queues:
            _no_such("queue", queue.overflow, known.queues, (("queue", n, "overflow"), problems))
        elif queue.overflow == queue.name:
            problems.add(("queue", n, "overflow"), "a queue cannot run over into itself")
    for n, policy in enumerate(config.sla):
        if policy.calendar and policy.calendar not in known.calendars:
            _no_such(
                "calendar", policy.calendar, known.calendars, (("sla", n, "calendar"), problems)
            )
    _never_asked(config, problems)
    has_reader = config.report.recipients or any(queue.lead for queue in config.queue)
    if config.report.every != "never" and not has_reader:
        problems.add(("report", "every"), "needs recipients, or a queue with a lead")


def _never_asked(config: ConfigFile, problems: Problems) -> None:
    """The first policy that matches counts: below one that matches every ticket none is asked."""
    every = next((n for n, policy in enumerate(config.sla) if not policy.match.strip()), None)
    for n in range(every + 1 if every is not None else len(config.sla), len(config.sla)):
        name, above = config.sla[n].name, config.sla[every or 0].name
        words = f"{name!r} is never asked: {above!r} above it matches every ticket"
        problems.add(("sla", n), words)


def _no_such(
    kind: str, word: str, known: Iterable[str], place: tuple[lines.Path, Problems]
) -> None:
    """Note a name that is declared nowhere."""
    path, problems = place
    problems.add(path, f"there is no [[{kind}]] {word!r}{nearest(word, known)}")


def _listening(config: ConfigFile, settings: Settings, problems: Problems) -> None:
    """No place is listened on twice, and mail is not relayed to ourselves."""
    smtp = [(("smtp", "listen", n), text) for n, text in enumerate(config.smtp.listen)]
    web = [
        (("web", "listen"), config.web.listen),
        (("web", "admin_listen"), config.web.admin_listen),
    ]
    places: list[tuple[lines.Path, str]] = [*smtp, *web]
    _no_twice(
        ((path, text) for path, text in places if text and not text.endswith(":0")), problems
    )
    relays: list[tuple[lines.Path, RelaySettings]] = [(("relay", "url"), settings.relay)]
    own = dict(settings.mailbox_relays)
    for n, box in enumerate(config.mailbox):
        if box.name in own:
            relays.append((("mailbox", n, "relay", "url"), own[box.name]))
    for path, relay in relays:
        if any(_is_same(relay, listen) for listen in settings.smtp.listen):
            problems.add(path, "this is our own listener: every reply would come back as new mail")


def _is_same(relay: RelaySettings, listen: Listen) -> bool:
    """Tell whether a relay is one of our own listeners."""
    if not relay.port or relay.port != listen.port:
        return False
    everywhere = listen.host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
    local = units.is_loopback(relay.host)
    return relay.host == listen.host or (local and (everywhere or units.is_loopback(listen.host)))


def _smtp(config: ConfigFile, settings: Settings, problems: Problems) -> None:
    """Certificates, accounts, trust and size of the listener."""
    table = config.smtp
    for key, file in (("tls_cert", settings.smtp.tls_cert), ("tls_key", settings.smtp.tls_key)):
        if file and not file.is_file():
            problems.add(("smtp", key), f"there is no file {file}")
    if bool(table.tls_cert) != bool(table.tls_key):
        given, other = ("tls_cert", "tls_key") if table.tls_cert else ("tls_key", "tls_cert")
        problems.add(("smtp", given), f"needs {other} beside it")
    if table.account and not table.tls_cert:
        problems.add(
            ("smtp", "account", 0), "accounts log in over TLS only: set tls_cert and tls_key"
        )
    if bool(table.trusted_clients) != bool(table.trusted_domains):
        given, other = "trusted_clients", "trusted_domains"
        given, other = (given, other) if table.trusted_clients else (other, given)
        problems.add(("smtp", given), f"has no effect without {other}")
    if table.max_size and table.max_size > config.limits.mail:
        problems.add(
            ("smtp", "max_size"),
            f"{table.max_size} bytes is more than [limits] mail ({config.limits.mail} bytes): "
            "larger mails would be accepted and then held",
        )


def _limits(config: ConfigFile, problems: Problems) -> None:
    """A limit inside another one is not larger."""
    table = config.limits
    pairs = (
        ("header", "header_block"),
        ("header_block", "mail"),
        ("reader_cpu", "reader_wall"),
        ("connections_per_address", "connections"),
    )
    for inner, outer in pairs:
        if getattr(table, inner) > getattr(table, outer):
            path = ("limits", inner) if inner in table.model_fields_set else ("limits", outer)
            problems.add(path, f"{inner} must not be more than {outer}")


def _calendars(config: ConfigFile, known: Names, problems: Problems) -> None:
    """A calendar opens in every week, for no hour twice; a date is not both closed and open."""
    for n, calendar in enumerate(config.calendar):
        if calendar.name not in known.opening:
            problems.add(
                ("calendar", n, "hours"),
                'no day has any, so nothing would ever be due; write hours = { mon = "09:00-17:00"'
                ', tue = "09:00-17:00" } and so on, or no calendar at all for around the clock',
            )
        for day in units.crowded_days(calendar.hours.model_dump()):
            words = "begins before the hours of the day before have ended"
            problems.add(("calendar", n, "hours", day), words)
        closed = set(calendar.closed)
        for i, text in enumerate(calendar.open):
            date = units.open_day(text).day
            if date in closed:
                problems.add(("calendar", n, "open", i), f"{date} is also in closed")


def _targets(settings: Settings, problems: Problems) -> None:
    """What is promised comes due within ten years of the calendar's usual weeks."""
    weeks = {calendar.name: calendar.week_seconds for calendar in settings.calendars}
    for n, policy in enumerate(settings.policies):
        week = weeks.get(policy.calendar, 0) if policy.calendar else WEEK_SECONDS
        for clock in Clock:
            longest = max(policy.target(clock).of(priority) for priority in Priority)
            if week and longest > week * _TARGET_WEEKS_MAX:
                hours = f"{week / 3600:g} hours a week"
                problems.add(("sla", n, clock.value), f"at {hours} this takes more than ten years")


def _folders(config: ConfigFile, settings: Settings, problems: Problems) -> None:
    """Folders that are named exist; the state folder can be made."""
    named = (("rules_dir", settings.rules_dir), ("templates_dir", settings.templates_dir))
    for key, folder in named:
        if getattr(config.maild, key) and folder and not folder.is_dir():
            problems.add(("maild", key), f"there is no folder {folder}")
    if settings.state_dir.exists() and not settings.state_dir.is_dir():
        problems.add(("maild", "state_dir"), f"{settings.state_dir} is a file, not a folder")

"""From settings to what handling needs: rules, templates, policies, and an open database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from types import MappingProxyType
from typing import Final

from maild import premises, rulefiles, settings
from maild.core.mail import ReadOptions
from maild.core.promise import Promise
from maild.core.rule import Rule
from maild.core.snapshot import World
from maild.core.token import Keys
from maild.errors import ConfigError, MaildError, Problem, TemporaryError
from maild.handle import Office
from maild.now import utc_now
from maild.outbox.render import Renderer
from maild.outbox.wording import DELIMITER_AUTO
from maild.rulefiles import policies
from maild.settings import Settings
from maild.store.database import Database, open_database
from maild.store.migrate import migrate, ready
from maild.store.secret import load_keys


def renderer_of(config: Settings) -> Renderer:
    """Load the templates: the operator's over the shipped ones."""
    overlay = (config.templates_dir,) if config.templates_dir else ()
    return Renderer((*overlay, settings.shipped("templates")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What operators edit besides the settings."""

    rules: tuple[Rule, ...]
    renderer: Renderer
    promises: tuple[Promise, ...] = ()


def files_of(config: Settings) -> Files:
    """Load rules and templates, try the policies; `ConfigError` with every problem of all."""
    problems: list[ConfigError] = []
    renderer: Renderer | None = None
    rules: tuple[Rule, ...] = ()
    try:
        renderer = renderer_of(config)
    except ConfigError as error:
        problems.append(error)
    names = frozenset(renderer.names) if renderer else frozenset()
    try:
        rules = rulefiles.load(config.rules_dir, config.house, templates=names)
    except ConfigError as error:
        problems.append(error)
    promises: tuple[Promise, ...] = ()
    try:
        promises = policies.promises(config)
    except ConfigError as error:
        problems.append(error)
    if problems or renderer is None:
        raise ConfigError(tuple(problem for error in problems for problem in error.problems))
    return Files(rules=rules, renderer=renderer, promises=promises)


def office_of(
    config: Settings, database: Database, keys: Keys, files: Files | None = None
) -> Office:
    """Put together what handling needs; loads rules and templates unless they are given."""
    found = files or files_of(config)
    languages = tuple(found.renderer.languages)
    return Office(
        database=database,
        world=World(
            house=config.house,
            keys=keys,
            rules=found.rules,
            languages=languages,
            canned=found.renderer.canned,
            promises=found.promises,
            calendars=config.calendars,
            delimiters=found.renderer.delimiters,
            fixed_subjects=found.renderer.fixed_subjects,
        ),
        renderer=found.renderer,
        relays={"": config.relay, **dict(config.mailbox_relays)},
        webhooks={one.hook.name: one for one in config.webhooks},
        now=utc_now,
    )


def read_options_of(config: Settings, renderer: Renderer) -> ReadOptions:
    """Tell a reader what it must know of the house."""
    house = config.house
    own = {box.reply_delimiter for box in house.mailboxes} - {"", DELIMITER_AUTO}
    return ReadOptions(
        limits=config.limits,
        own_addresses=house.own_addresses,
        own_domains=tuple(filter(None, (house.domain, house.reply_domain))),
        delimiters=(*sorted(own), *renderer.delimiters),
        authenticates=config.smtp.authenticate.is_on,
        phrases=config.phrases,
    )


def open_store(config: Settings) -> tuple[Database, Keys]:
    """Open and migrate the database, and read its secret."""
    return _opened(config, migrate)


def ready_store(config: Settings) -> tuple[Database, Keys]:
    """Open the database as it is, and read its secret; `NotReady` when it needs a migration."""
    return _opened(config, ready)


def refuse_moves(old: Settings, new: Settings) -> None:
    """Refuse other values of settings that hold for the life of a process, by `ConfigError`.

    It names their keys as config.toml has them.
    """
    moved = [name for name, value in _FIXED.items() if value(old) != value(new)]
    if moved:
        words = f"{', '.join(moved)} changed: that needs a restart; until then all stays as it was"
        raise ConfigError((Problem(file=str(new.file or ""), line=0, text=words),))


_FIXED: Final[Mapping[str, Callable[[Settings], object]]] = MappingProxyType(
    {
        "[maild] state_dir": attrgetter("state_dir"),
        "[maild] secret_file": attrgetter("secret_file"),
        "[database] url": attrgetter("database_url"),
        "[smtp] listen": attrgetter("smtp.listen"),
        "[smtp] protocol": attrgetter("smtp.lmtp"),
        "[smtp] tls_cert": attrgetter("smtp.tls_cert"),
        "[smtp] tls_key": attrgetter("smtp.tls_key"),
        "[smtp] max_size or [limits] mail": attrgetter("smtp.max_size_bytes"),
        "[smtp] trusted_clients": attrgetter("smtp.trusted_clients"),
        "[[smtp.account]]": attrgetter("smtp.accounts"),
        "[smtp] authenticate": attrgetter("smtp.authenticate.is_on"),
        "[smtp] arc_sealers": attrgetter("smtp.authenticate.sealers"),
        "[smtp] nameservers": attrgetter("smtp.authenticate.nameservers"),
        "[limits] dns_lookups": attrgetter("smtp.authenticate.lookups"),
        "[limits] dns_wall": attrgetter("smtp.authenticate.seconds"),
        "[limits] recipients": attrgetter("runtime.recipients"),
        "[limits] connections": attrgetter("runtime.connections"),
        "[limits] connections_per_address": attrgetter("runtime.connections_per_address"),
        "[limits] idle": attrgetter("runtime.idle_seconds"),
        "[limits] line": attrgetter("runtime.line_bytes"),
        "[limits] speed_min": attrgetter("runtime.bytes_per_second_min"),
        "[limits] disk_free": attrgetter("runtime.disk_free_bytes"),
        "[limits] reader_processes": attrgetter("runtime.reader_processes"),
        "[limits] reader_cpu": attrgetter("runtime.reader_cpu_seconds"),
        "[limits] reader_memory": attrgetter("runtime.reader_memory_bytes"),
        "[limits] reader_wall": attrgetter("runtime.reader_wall_seconds"),
        "[web] listen": attrgetter("web.listen"),
        "[web] public_url": attrgetter("web.public_url"),
        "[web] admin_listen": attrgetter("web.admin_listen"),
        "[web] wall_password_file": attrgetter("web.wall_password"),
    }
)
"""What cannot change while a daemon works: keys of config.toml, and where `Settings` has them."""


def _opened(config: Settings, prepare: Callable[[Database], object]) -> tuple[Database, Keys]:
    try:
        return _prepared(config, prepare)
    except (TemporaryError, OSError):
        premises.refuse(config)
        raise


def _prepared(config: Settings, prepare: Callable[[Database], object]) -> tuple[Database, Keys]:
    database = open_database(config.database_url)
    try:
        prepare(database)
        return database, load_keys(config.secret_file, database)
    except (MaildError, OSError):
        database.engine.dispose()
        raise

"""Log: the list of log events, and the one way to write them [structlog].

One event is one line on stderr. A terminal gets colours; everything else gets `<N>`, the priority
that journald understands, and `key=value`. Whatever a value holds, it can neither end the line nor
pretend to be another field, and it is cut. No body, token or secret is ever written: keys that
name one are masked, and so is everything that looks like one, wherever it stands.

    <6>mail.posted mail=17 ticket=4 trust=token
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, Final, Self, TextIO

from maild.core.token import TOKEN_LENGTH

_RICH = sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
"""Kept from structlog, which would load it to colour tracebacks; ours are plain. 4 MB less."""
import structlog  # noqa: E402
from structlog.typing import EventDict, Processor  # noqa: E402

if _RICH is None:
    del sys.modules["rich"]


class Level(IntEnum):
    """How much an event matters, in the numbers of syslog: lower is worse."""

    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFO = 6
    DEBUG = 7


class Event(StrEnum):
    """Everything that can be written to the log: name, level, and when it is written."""

    level: Level
    meaning: str

    def __new__(cls, name: str, level: Level, meaning: str) -> Self:
        """Make a member out of its three parts."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.level = level
        member.meaning = meaning
        return member

    DAEMON_STARTED = "daemon.started", Level.INFO, "the process runs, nothing listens yet"
    DAEMON_READY = "daemon.ready", Level.NOTICE, "every role works; systemd was told so"
    DAEMON_STOPPING = "daemon.stopping", Level.INFO, "a stop was asked for; work is finished first"
    DAEMON_STOPPED = "daemon.stopped", Level.NOTICE, "everything was put down in order"
    SETTINGS_RELOADED = "settings.reloaded", Level.NOTICE, "the new files are in use"
    SETTINGS_REFUSED = (
        "settings.refused",
        Level.ERROR,
        "the new files cannot be used; old ones stay",
    )
    LISTENER_STARTED = "listener.started", Level.INFO, "an address is listened on"
    CONNECTION_REFUSED = "connection.refused", Level.INFO, "a client was over a limit, or unknown"
    AUTH_REFUSED = "auth.refused", Level.WARNING, "wrong user or password"

    MAIL_JOURNALLED = "mail.journalled", Level.INFO, "a mail is durably stored and acknowledged"
    MAIL_REFUSED = "mail.refused", Level.INFO, "a mail was not taken; its sender keeps it"
    MAIL_EARLY = "mail.early", Level.WARNING, "a mail waits until this node is reloaded"
    MAIL_POSTED = "mail.posted", Level.INFO, "a mail became a post on a ticket"
    MAIL_HELD = "mail.held", Level.WARNING, "a mail was set aside and waits for a person"
    MAIL_IGNORED = "mail.ignored", Level.INFO, "a mail was put away with a reason"
    JOURNAL_STALLED = "journal.stalled", Level.ERROR, "the oldest mail has waited too long"

    DEADLINE_FIRED = "deadline.fired", Level.INFO, "deadlines of a ticket were due; rules ran"
    CUSTOMER_ASKED = "customer.asked", Level.INFO, "a customer is asked how they find us"
    DIGEST_WRITTEN = "digest.written", Level.INFO, "an agent gets a digest of the morning"
    REPORT_WRITTEN = "report.written", Level.INFO, "the figures of a period are sent by mail"
    DEADLINES_PLANNED = "deadlines.planned", Level.NOTICE, "what is timed was computed anew"
    CLOCK_JUMPED = (
        "clock.jumped",
        Level.ERROR,
        "it was set; after a leap ahead what is timed waits",
    )
    CLOCK_DIFFERS = "clock.differs", Level.ERROR, "our wall clock is not as the database's"
    CLOCK_SETTLED = "clock.settled", Level.NOTICE, "the wall clock is believed again"

    RETENTION_ENDED = "retention.ended", Level.NOTICE, "what was kept long enough was erased"

    RULE_FAILED = "rule.failed", Level.ERROR, "a rule could not be applied to an event"

    REPLY_SENT = "reply.sent", Level.INFO, "the relay took a reply"
    REPLY_DEFERRED = "reply.deferred", Level.WARNING, "the relay said later, or was away"
    REPLY_FAILED = "reply.failed", Level.ERROR, "the relay said never; the agent is told"
    REPLY_HELD = "reply.held", Level.WARNING, "a reply was set aside and waits for a person"

    BREAKER_OPENED = (
        "breaker.opened",
        Level.ERROR,
        "too much automatic mail to customers was asked for; all of it stopped",
    )
    BREAKER_CLOSED = "breaker.closed", Level.NOTICE, "automatic mail to customers flows again"

    MAILBOX_CONNECTED = "mailbox.connected", Level.INFO, "an IMAP mailbox is open"
    MAILBOX_LOST = "mailbox.lost", Level.WARNING, "an IMAP connection broke; tried again later"
    MAILBOX_FETCHED = "mailbox.fetched", Level.INFO, "mails were taken from an IMAP mailbox"
    MAILBOX_CAUGHT_UP = "mailbox.caught_up", Level.DEBUG, "nothing new is left on the server"
    MAILBOX_RENUMBERED = "mailbox.renumbered", Level.WARNING, "UIDVALIDITY changed; read anew"
    MAILBOX_REFUSED = "mailbox.refused", Level.ERROR, "the server does not accept our login"
    MAILBOX_KEPT = (
        "mailbox.kept",
        Level.WARNING,
        "mails are taken, but the server refuses to flag, move or delete them",
    )

    OAUTH_REFUSED = (
        "oauth.refused",
        Level.ERROR,
        "a provider gives no token any more; its mailbox pauses until somebody acts",
    )
    OAUTH_ACCEPTED = "oauth.accepted", Level.NOTICE, "a provider gives tokens again"
    OAUTH_EXPIRING = (
        "oauth.expiring",
        Level.WARNING,
        "a secret or a refresh token ends within two weeks",
    )
    OAUTH_DELAYED = "oauth.delayed", Level.WARNING, "an unused token could not be kept alive now"

    READER_STARTED = "reader.started", Level.DEBUG, "a child process that reads mails was started"
    READER_KILLED = "reader.killed", Level.WARNING, "a reader went over a limit and was ended"
    STORE_DELAYED = "store.delayed", Level.WARNING, "the database did not answer in time"
    DISK_FILLED = "disk.filled", Level.ERROR, "too little room is left; mail is refused for now"
    DISK_FREED = "disk.freed", Level.NOTICE, "there is room again"
    STORE_MIGRATED = "store.migrated", Level.NOTICE, "the tables were brought up to date"
    STORE_MOVED = "store.moved", Level.ERROR, "the database is an older state: numbers leap"
    ADDRESS_SUSPENDED = "address.suspended", Level.WARNING, "mail came back: it is sent no more"
    OUTBOUND_HELD = "outbound.held", Level.WARNING, "nothing goes out until it is released"
    SECRET_CHANGED = "secret.changed", Level.ERROR, "another node signs with a key unknown here"
    LEASE_TAKEN = "lease.taken", Level.NOTICE, "work of a node that is gone was taken over"

    WORK_FAILED = "work.failed", Level.ERROR, "a bug: the thing in hand was set aside"
    LIBRARY_SPOKE = "library.spoke", Level.WARNING, "a library said something worth reading"


VALUE_CHARACTERS_MAX: Final = 1000
"""A longer value is cut."""
TRACEBACK_CHARACTERS_MAX: Final = 8000
"""Of a longer traceback the end is kept."""

_READ_CHARACTERS_MAX = 65_536
_SECRET_WORDS = re.compile("authorization|cookie|credential|passwd|password|secret")
_SECRET_KEYS = frozenset({"access_token", "key", "keys", "refresh_token", "token"})
_BODY_KEYS = frozenset({"body", "content", "html", "raw", "reply_text", "text"})
_MASKS = (
    (re.compile(rf"([A-Za-z2-7]{{6}})[A-Za-z2-7]{{{TOKEN_LENGTH - 6},}}"), r"\1…"),
    (re.compile(r"(://[^\s/:@]*:)[^\s/@]+@"), r"\1…@"),
    (re.compile(r"(?i)\b(bearer) [^\s\"']+"), r"\1 …"),
    (re.compile(r"(?i)(password|passwd|secret|token)( ?[=:] ?)[^\s&\"']+"), r"\1\2…"),
    (re.compile(r"\[parameters: .*"), "[parameters: …]"),
)
_MAY_HOLD_SECRET = re.compile(
    rf"[A-Za-z2-7]{{{TOKEN_LENGTH}}}|://|(?i:bearer|passw|secret|token)|\[parameters"
)
"""What each of these shapes holds: one look spares most texts the masks."""
_NEEDS_QUOTES = re.compile(r'[ "=\\]')
_RESET = "\x1b[0m"
_LEVEL_STYLES = {
    "error": "\x1b[31m",
    "warning": "\x1b[33m",
    "notice": "\x1b[32m",
    "info": "",
    "debug": "\x1b[2m",
}
_LIBRARIES = ("aiosmtpd", "alembic", "apscheduler", "asyncio", "imapclient", "mail", "mailparser")
_WEB_LIBRARIES = ("prometheus_client", "sqlalchemy", "starlette", "uvicorn")


def configure(
    *,
    level: Level = Level.INFO,
    stream: TextIO | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write from now on what is at least as bad as `level` to `stream` (stderr when None).

    Of `environment`, `JOURNAL_STREAM` and `NO_COLOR` are looked at. May be called again.
    """
    target = stream or sys.stderr
    _sink.replace(level, target, _processors(target, environment))
    _route_libraries()


def event(what: Event, /, *, level: Level | None = None, **fields: object) -> None:
    """Write one event with its fields; never raises, may be called from any thread.

    A field that holds an exception is written as its text, with the traceback at the end.
    """
    _sink.write(what, what.level if level is None else level, fields)


class _Sink:
    """Where events go; exchanged as a whole so that threads see one or the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._level = Level.INFO
        self._logger: Any = None

    def replace(self, level: Level, stream: TextIO, processors: list[Processor]) -> None:
        logger = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=processors,
            wrapper_class=structlog.BoundLogger,
            context_class=dict,
        ).bind()
        with self._lock:
            self._level, self._logger = level, logger

    def write(self, what: Event, level: Level, fields: Mapping[str, object]) -> None:
        if level > self._level:
            return
        if self._logger is None:
            self.replace(self._level, sys.stderr, _processors(sys.stderr, {}))
        try:
            self._logger.msg(str(what), priority=level, fields=fields)
        except (OSError, ValueError):
            """A log that cannot be written (closed, full, gone) must not stop the work."""


def _processors(stream: TextIO, environment: Mapping[str, str]) -> list[Processor]:
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    if stream.isatty() and "NO_COLOR" not in environment:
        return [_clean, stamp, _for_people, _console()]
    if _is_journal(stream, environment):
        return [_clean, _line]
    return [_clean, stamp, _line]


def _console() -> Processor:
    """Structlog's console with its colours; the values are quoted already."""
    dim, bold, cyan = "\x1b[2m", "\x1b[1m", "\x1b[36m"
    levels = structlog.dev.LogLevelColumnFormatter(_LEVEL_STYLES, _RESET)
    return structlog.dev.ConsoleRenderer(
        exception_formatter=structlog.dev.plain_traceback,
        columns=[
            structlog.dev.Column("timestamp", _column(value_style=dim)),
            structlog.dev.Column("level", levels),
            structlog.dev.Column("event", _column(value_style=bold, width=18)),
            structlog.dev.Column("", _column(key_style=cyan)),
        ],
    )


def _column(
    *, key_style: str | None = None, value_style: str = "", width: int = 0
) -> structlog.dev.KeyValueColumnFormatter:
    return structlog.dev.KeyValueColumnFormatter(
        key_style=key_style,
        value_style=value_style,
        reset_style=_RESET,
        value_repr=str,
        width=width,
    )


def _is_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Journald puts the time on by itself; it names its stream as `device:inode`."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _clean(_logger: object, _method: str, given: EventDict) -> EventDict:
    """Turn the fields into harmless texts; the exception, if any, becomes `exception` too."""
    cleaned: EventDict = {"event": given["event"], "priority": given["priority"], "fields": {}}
    for key, value in given["fields"].items():
        cleaned["fields"][key] = _quoted(_text(key, value))
        if isinstance(value, BaseException):
            lines = "".join(traceback.format_exception(value))
            cleaned["exception"] = _masked(lines[-_READ_CHARACTERS_MAX:])
    return cleaned


def _text(key: str, value: object) -> str:
    name = key.lower()
    if name in _SECRET_KEYS or _SECRET_WORDS.search(name):
        return "[masked]"
    if name in _BODY_KEYS:
        return f"[{len(value) if isinstance(value, str | bytes) else '?'} left out]"
    return _cut(_masked(_plain(value)[:_READ_CHARACTERS_MAX]))


def _plain(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, bytes):
        return value[:_READ_CHARACTERS_MAX].decode("utf-8", "backslashreplace")
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(str(item) for item in value)
    return str(value)


def _masked(text: str) -> str:
    """Mask what looks like a secret."""
    if not _MAY_HOLD_SECRET.search(text):
        return text
    for shape, mask in _MASKS:
        text = shape.sub(mask, text)
    return text


def _cut(text: str) -> str:
    if len(text) <= VALUE_CHARACTERS_MAX:
        return text
    return f"{text[:VALUE_CHARACTERS_MAX]}… ({len(text)})"


def _quoted(text: str) -> str:
    """A plain word stays; anything else stands in quotes, with what cannot be seen spelled out."""
    if text and text.isprintable() and not _NEEDS_QUOTES.search(text):
        return text
    return f'"{_visible(text.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34)))}"'


def _visible(text: str) -> str:
    """Spell out line ends, terminal controls, direction marks and lone surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _line(_logger: object, _method: str, given: EventDict) -> str:
    stamp = [f"time={given['timestamp']}"] if "timestamp" in given else []
    fields = [f"{key}={value}" for key, value in given["fields"].items()]
    if "exception" in given:
        fields.append(f"traceback={_quoted(given['exception'][-TRACEBACK_CHARACTERS_MAX:])}")
    return f"<{given['priority']}>" + " ".join([given["event"], *stamp, *fields])


def _for_people(_logger: object, _method: str, given: EventDict) -> EventDict:
    """Lay an event out as structlog's console wants it, a traceback indented below it."""
    shown: EventDict = {
        "timestamp": given["timestamp"],
        "level": given["priority"].name.lower(),
        "event": given["event"],
    }
    shown.update((f"{key}_" if key in shown else key, v) for key, v in given["fields"].items())
    if "exception" in given:
        lines = given["exception"][-TRACEBACK_CHARACTERS_MAX:].splitlines()
        shown["exception"] = "\n".join(f"    {_visible(line)}" for line in lines)
    return shown


class _Library(logging.Handler):
    """What libraries say by the standard logging module becomes an event of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; a message that cannot be put together is left out."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = "(cannot be shown)"
        extra = {"error": record.exc_info[1]} if record.exc_info else {}
        level = Level.ERROR if record.levelno >= logging.ERROR else Level.WARNING
        event(Event.LIBRARY_SPOKE, level=level, library=record.name, message=message, **extra)


_sink = _Sink()


def _route_libraries() -> None:
    """Take over what libraries log, from warnings on, and what a thread dies of."""
    threading.excepthook = _thread_failed
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if not isinstance(h, _Library)] + [_Library()]
    for name in (*_LIBRARIES, *_WEB_LIBRARIES):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.handlers.clear()
        logger.propagate = True
    logging.captureWarnings(capture=True)


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    """Write what ended a thread, instead of printing it line by line."""
    name = failure.thread.name if failure.thread else ""
    event(Event.WORK_FAILED, thread=name, error=failure.exc_value)

"""One connection to an IMAP folder, in maild's words [imapclient].

Strategy: every trap of the library is closed here. UIDs go out as lists, never as ranges in a
FETCH; `n:*` gives the last mail even when its UID is below n, so answers are filtered; a SEARCH
is cut into windows, because one answer is one line; times keep their zone. A server's NO leaves
the connection usable and becomes `NotAllowed`; everything else ends it and becomes `ServerAway`.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from imapclient import DELETED, SEEN, IMAPClient, SocketTimeout

from maild.core.oauth import AccessToken, bearer
from maild.errors import HostileMail, NotAllowed, ServerAway
from maild.intake.imap_wire import Cord, Dial, Line, TooMuch
from maild.settings import ImapSettings

KEYWORD = b"$Ticketed"
UIDS_PER_COMMAND = 200
_UID_MAX = 2**32 - 1
_WINDOW = 5000
_LIBRARY_ERRORS = (
    imaplib.IMAP4.error,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
)
"""What imapclient and imaplib were seen to raise on what is no IMAP."""


class LoginRefused(NotAllowed):
    """The server does not accept our user and password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long a connection may take over things, in seconds."""

    connect: float = 15
    read: float = 60
    command: float = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What the server says of the folder just selected (RFC 9051 §6.3.2)."""

    uidvalidity: int
    uidnext: int
    """0 when the server does not tell."""
    exists: int
    keeps_keyword: bool
    """Whether `$Ticketed` may be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """RFC822.SIZE of one mail, in bytes."""

    uid: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The raw bytes of one mail as the server has them."""

    uid: int
    raw: bytes


class Session:
    """A logged-in connection; used by one thread, ended from others by its cord."""

    def __init__(
        self, settings: ImapSettings, waits: Waits, cord: Cord, access: AccessToken | None = None
    ) -> None:
        """Connect, secure, log in. Raises `ServerAway` or `LoginRefused`.

        Where the settings name an [[oauth]], `access` gives its tokens; without one nothing is
        dialled.
        """
        self._settings = settings
        self._access = access
        self._told_at_first = 0
        token = self._token() if settings.oauth else ""
        with _translated():
            self._client = _Client(settings, waits, cord)
        try:
            with _translated():
                if settings.tls == "starttls":
                    self._client.starttls(ssl.create_default_context())
                if settings.oauth:
                    self._login_by(token)
                else:
                    self._login()
                self._capabilities = frozenset(self._client.capabilities())
        except BaseException:
            self.close()
            raise

    @property
    def can_idle(self) -> bool:
        """Whether the server tells of new mail by itself (RFC 2177)."""
        return b"IDLE" in self._capabilities

    @property
    def has_news(self) -> bool:
        """Whether the server told of mail in its answers since `select`.

        It tells once (RFC 9051 §7.4.1): whoever waits for it by IDLE then hears nothing.
        """
        return self._client.line.told_of_mail > self._told_at_first

    def select(self) -> Selected:
        """Select the folder for reading and writing, anew each time: all figures are fresh."""
        with _translated():
            answer = self._client.select_folder(self._settings.folder)
            self._told_at_first = self._client.line.told_of_mail
            uidvalidity = int(answer[b"UIDVALIDITY"])
            allowed = answer.get(b"PERMANENTFLAGS", ())
            if not 0 < uidvalidity <= _UID_MAX:
                raise ValueError("UIDVALIDITY is no positive number")
            return Selected(
                uidvalidity=uidvalidity,
                uidnext=int(answer.get(b"UIDNEXT", 0)),
                exists=int(answer[b"EXISTS"]),
                keeps_keyword=rb"\*" in allowed or KEYWORD in allowed,
            )

    def uids(
        self, selected: Selected, first: int, since: date | None = None
    ) -> Iterator[tuple[int, ...]]:
        """Give the UIDs from `first` on, ascending, in windows of at most 5,000.

        With `since`, only mails that arrived on that day (in the server's zone) or later.
        """
        criteria: list[str | date] = ["SINCE", since] if since else []
        if 0 < selected.uidnext <= first:
            return
        if 0 < selected.uidnext <= first + _WINDOW:
            yield self._search(["UID", f"{first}:{selected.uidnext - 1}", *criteria], first)
            return
        for start in range(1, selected.exists + 1, _WINDOW):
            end = min(start + _WINDOW - 1, selected.exists)
            yield self._search([f"{start}:{end}", "UID", f"{first}:*", *criteria], first)

    def sizes(self, uids: Sequence[int]) -> tuple[Size, ...]:
        """Return the size of each mail that is still there; at most `UIDS_PER_COMMAND`.

        A size that the server does not know is given as 0.
        """
        with _translated():
            answer = self._client.fetch(list(uids), ["RFC822.SIZE"])
            return tuple(
                Size(uid=uid, size=_number(answer[uid].get(b"RFC822.SIZE")))
                for uid in sorted(answer)
            )

    def arrivals(self, uids: Sequence[int]) -> tuple[tuple[int, datetime], ...]:
        """Return (UID, INTERNALDATE) of each mail that is still there."""
        with _translated():
            answer = self._client.fetch(list(uids), ["INTERNALDATE"])
            return tuple(
                (uid, answer[uid][b"INTERNALDATE"])
                for uid in sorted(answer)
                if isinstance(answer[uid].get(b"INTERNALDATE"), datetime)
            )

    def bodies(self, uids: Sequence[int], bytes_max: int) -> tuple[Body, ...]:
        """Return the mails that are still there, unmarked as read.

        Raises `HostileMail` when the server sends much more than `bytes_max`, before it is
        read; the connection is of no use any more then.
        """
        with _translated():
            self._client.line.allow(bytes_max)
            answer = self._client.fetch(list(uids), ["BODY.PEEK[]"])
            self._client.line.allow(0)
            return tuple(
                Body(uid=uid, raw=_bytes(answer[uid][b"BODY[]"]))
                for uid in sorted(answer)
                if b"BODY[]" in answer[uid]
            )

    def flag(self, uids: Sequence[int], *, keyword: bool) -> None:
        """Mark as seen, and with `$Ticketed` where the folder keeps keywords."""
        with _translated():
            flags = [SEEN, KEYWORD] if keyword else [SEEN]
            self._client.add_flags(list(uids), flags, silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move to another folder (RFC 6851), which is made when it is missing."""
        try:
            self._move(uids, folder)
        except NotAllowed as refusal:
            try:
                with _translated():
                    self._client.create_folder(folder)
            except NotAllowed:
                raise refusal from None  # it is there: that was not the reason
            self._move(uids, folder)

    def delete(self, uids: Sequence[int]) -> None:
        """Delete; without UIDPLUS (RFC 4315) they are only marked, as EXPUNGE takes others too."""
        with _translated():
            self._client.add_flags(list(uids), [DELETED], silent=True)
            if b"UIDPLUS" in self._capabilities:
                self._client.uid_expunge(list(uids))

    def idle(self, seconds: float) -> None:
        """Wait until the server tells of something, or `seconds` are over (RFC 2177).

        What it tells is not looked at: events may come before anyone listens.
        """
        with _translated():
            has_news = self._client.begin_idle()
            if not has_news and not self._client.line.has_pending():
                self._client.idle_check(timeout=seconds)
            self._client.idle_done()

    def noop(self) -> None:
        """Ask whether the connection still lives."""
        with _translated():
            self._client.noop()

    def close(self) -> None:
        """Drop the connection, without a word: the server may be the one that hangs."""
        self._client.drop()

    def _login(self) -> None:
        """Take SASL PLAIN where offered: it carries any character (RFC 4616)."""
        user, password = self._settings.user, self._settings.password
        with _logging_in():
            if "AUTH=PLAIN" in self._client.line.capabilities:
                self._client.plain_login(user, password)
            else:
                self._client.login(_quoted(user), password)

    def _login_by(self, token: str) -> None:
        """SASL XOAUTH2; a token that the server does not want is replaced once."""
        try:
            self._bear(token)
        except LoginRefused:
            self._bear(self._token(instead_of=token))

    def _bear(self, token: str) -> None:
        said = [bearer(self._settings.user, token)]
        with _logging_in():
            # Whatever comes after our one sentence is an error in JSON; silence gets its NO.
            self._client.sasl_login("XOAUTH2", lambda _challenge: said.pop() if said else "")

    def _token(self, *, instead_of: str = "") -> str:
        if self._access is None:
            raise LoginRefused("nothing here can get a token")
        try:
            return self._access(self._settings.oauth, self._settings.user, instead_of)
        except NotAllowed as refusal:
            raise LoginRefused(str(refusal)) from refusal

    def _search(self, criteria: list[str | date], first: int) -> tuple[int, ...]:
        with _translated():
            found = self._client.search(criteria)
            return tuple(sorted({uid for uid in found if first <= uid <= _UID_MAX}))

    def _move(self, uids: Sequence[int], folder: str) -> None:
        with _translated():
            if b"MOVE" in self._capabilities:
                self._client.move(list(uids), folder)
                return
            self._client.copy(list(uids), folder)
        self.delete(uids)


class _Client(IMAPClient):  # type: ignore[misc]
    """The library's client on our own wire."""

    def __init__(self, settings: ImapSettings, waits: Waits, cord: Cord) -> None:
        is_tls = settings.tls == "tls"
        self._cord = cord
        self._dial = Dial(
            host=settings.host,
            port=settings.port,
            tls=ssl.create_default_context() if is_tls else None,
            connect_seconds=waits.connect,
            command_seconds=waits.command,
        )
        timeout = SocketTimeout(connect=waits.connect, read=waits.read)
        try:
            super().__init__(settings.host, settings.port, ssl=is_tls, timeout=timeout)
        except BaseException:
            cord.release()
            raise
        self.normalise_times = False
        self.line.debug = 0  # else every line is formatted for a log that nobody reads

    @property
    def line(self) -> Line:
        line: Line = self._imap
        return line

    def begin_idle(self) -> bool:
        """Start IDLE; tell whether the server had news before it agreed.

        The library's own `idle` breaks off when anything is told before the `+`.
        """
        line, has_news = self.line, False
        self._idle_tag = line._command("IDLE")  # noqa: SLF001
        while line._get_response() is not None:  # noqa: SLF001
            if line.tagged_commands[self._idle_tag]:
                raise IMAPClient.Error("IDLE was refused")
            has_news = True
        return has_news

    def drop(self) -> None:
        self._cord.release()
        try:
            self.line.shutdown()
        except (OSError, imaplib.IMAP4.error):
            return  # it was gone already

    def _create_IMAP4(self) -> Line:  # noqa: N802 - the library's name
        return Line(self._dial, self._cord)


@contextmanager
def _logging_in() -> Iterator[None]:
    """Tell a refused login from a server in trouble: the library calls both by one name."""
    try:
        yield
    except imaplib.IMAP4.error as error:
        is_broken = isinstance(error, imaplib.IMAP4.abort)
        if is_broken or isinstance(error.__context__, imaplib.IMAP4.abort):
            raise ServerAway(_words(error)) from error
        if "UNAVAILABLE" in str(error):
            raise ServerAway(_words(error)) from error
        raise LoginRefused(_words(error)) from error


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the library raises into ours (STYLE: library types never cross a file)."""
    try:
        yield
    except imaplib.IMAP4.abort as error:
        # imaplib may have put a plain abort around ours.
        is_flood = isinstance(error, TooMuch) or isinstance(error.__context__, TooMuch)
        kind = HostileMail if is_flood else ServerAway
        raise kind(_words(error)) from error
    except imaplib.IMAP4.error as error:
        raise NotAllowed(_words(error)) from error
    except _LIBRARY_ERRORS as error:
        raise ServerAway(_words(error)) from error


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a mail without bytes")
    return value


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _quoted(user: str) -> str:
    """Quote a user for LOGIN, which the library does for the password only."""
    return '"' + user.replace("\\", "\\\\").replace('"', '\\"') + '"'

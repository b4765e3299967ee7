"""Hands a mail to the relay and says plainly what became of it [smtplib].

Strategy: the one question that matters is on which side of the final dot something broke. Before
it the relay has nothing and the mail may be tried again at will; after it, silence means that
nobody knows (RFC 5321 §4.5.3.2.6 asks to wait ten minutes, and so do we). A connection is kept;
one that the relay closed while it was idle is replaced once, unseen.

| stage                          | 4xx       | 5xx       | broken or silent |
|--------------------------------|-----------|-----------|------------------|
| connect, TLS, EHLO, AUTH       | temporary | temporary | temporary        |
| MAIL                           | temporary | temporary | temporary        |
| RCPT, DATA                     | temporary | permanent | temporary        |
| after the final dot            | temporary | permanent | unknown          |

The first two rows are the operator's affair, never the mail's: nothing is given up for them at
once. `refusal` knows what is an exception, such as a size that MAIL tells.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from maild.core.oauth import AccessToken, bearer
from maild.errors import MaildError
from maild.outbox.addressing import wire_address
from maild.outbox.maildir import Maildir
from maild.outbox.refusal import is_about_us
from maild.outbox.result import SendResult, Sent
from maild.outbox.timed import Timed, TimedTls
from maild.settings.units import is_loopback
from maild.settings.values import RelaySettings

__all__ = ["Relay", "SendResult", "Sent", "Timeouts"]

_OK, _MORE = 250, 354
_TRY_AGAIN, _NEVER = 400, 500
_DOT = "."
_CLOSING = 421
_GONE = (_CLOSING, -1)
_AUTH_OK = 235
_ANSWER_MAX = 1000
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long is waited, in seconds; the defaults are those of RFC 5321 §4.5.3.2."""

    connect_seconds: float = 30
    command_seconds: float = 300
    data_seconds: float = 180
    dot_seconds: float = 600
    before_dot_seconds: float = 480
    """For all before the dot together: with the dot's it is shorter than a mail's lease."""


class _Refused(Exception):
    """The exchange ended before the final dot."""

    def __init__(self, result: SendResult, answer: str, *, is_broken: bool = False) -> None:
        super().__init__(answer)
        self.sent = Sent(result=result, answer=answer)
        self.is_broken = is_broken


class Relay:
    """A way out for mail: one for each thread, since it holds one connection.

    `access` gives OAuth tokens where the settings name an [[oauth]]; `tls` replaces the default
    context, which verifies certificates and names.
    """

    def __init__(
        self,
        settings: RelaySettings,
        *,
        local_hostname: str,
        timeouts: Timeouts | None = None,
        tls: ssl.SSLContext | None = None,
        access: AccessToken | None = None,
    ) -> None:
        self._settings = settings
        self._hostname = local_hostname
        self._timeouts = timeouts or Timeouts()
        self._tls = tls
        self._access = access
        self._smtp: Timed | None = None
        self._until = 0.0
        """On the monotonic clock: then the hand-over must have come to the final dot."""
        self._maildir = Maildir(settings.path) if settings.path else None

    def send(self, envelope_from: str, recipient: str, data: bytes) -> Sent:
        """Hand over one mail for one recipient; never raises for what a relay does.

        `envelope_from` is empty for the null path; `data` has CRLF lines.
        """
        sender = wire_address(envelope_from)
        target = wire_address(recipient)
        if not target or (envelope_from and not sender):
            wrong = recipient if not target else envelope_from
            return Sent(result=SendResult.PERMANENT, answer=f"{wrong[:300]!r} is no address")
        if _has_bare_break(data):
            return Sent(result=SendResult.PERMANENT, answer="the mail holds a bare CR or LF")
        if self._maildir:
            return self._maildir.deliver(sender, target, data)
        self._until = time.monotonic() + self._timeouts.before_dot_seconds
        return self._with_fresh_retry(sender, target, data)

    def greet(self) -> str:
        """Connect, encrypt and log in, send nothing; return what is wrong, or nothing."""
        if self._maildir:
            return ""
        self._until = time.monotonic() + self._timeouts.before_dot_seconds
        try:
            self._connected()
        except (OSError, smtplib.SMTPException, ValueError, MaildError) as error:
            self._drop()
            return _words(error)
        return ""

    def close(self) -> None:
        """Say goodbye and close the connection, if there is one."""
        smtp, self._smtp = self._smtp, None
        if smtp:
            smtp.until = time.monotonic() + self._timeouts.connect_seconds
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def _with_fresh_retry(self, sender: str, target: str, data: bytes) -> Sent:
        """Try; once more when a kept connection turns out to be dead before the final dot."""
        was_kept = self._smtp is not None
        try:
            return self._exchange(sender, target, data)
        except _Refused as refused:
            if not (was_kept and refused.is_broken):
                return refused.sent
        try:
            return self._exchange(sender, target, data)
        except _Refused as refused:
            return refused.sent

    def _exchange(self, sender: str, target: str, data: bytes) -> Sent:
        """One transaction; _Refused when it ends before the final dot.

        The dot goes with the last bytes before it: who could not send these sent no dot.
        """
        try:
            smtp = self._smtp or self._connected()
            smtp.until = self._until
            self._transaction(smtp, sender, target, data)
            smtp.patience = self._timeouts.data_seconds
            smtp.send_mail(_stuffed(data))
        except (OSError, smtplib.SMTPException, ValueError, MaildError) as error:
            self._drop()
            raise _Refused(SendResult.TEMPORARY, _words(error), is_broken=True) from error
        return self._final(smtp)

    def _transaction(self, smtp: Timed, sender: str, target: str, data: bytes) -> None:
        """Everything before the mail itself."""
        smtp.patience = self._timeouts.command_seconds
        mail = f"MAIL FROM:<{sender}>{self._options(smtp, sender, target, data)}"
        commands = ((mail, _OK), (f"RCPT TO:<{target}>", _OK), ("DATA", _MORE))
        if smtp.has_extn("pipelining"):
            self._together(smtp, commands)
        else:
            for line, wanted in commands:
                self._heard(smtp, line, smtp.docmd(line), wanted)

    def _final(self, smtp: Timed) -> Sent:
        """What comes of the final dot; from here on silence is not failure."""
        try:
            smtp.patience = self._timeouts.dot_seconds
            smtp.until = time.monotonic() + self._timeouts.dot_seconds
            code, text = smtp.getreply()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self._drop()
            return Sent(result=SendResult.UNKNOWN, answer=_words(error))
        if code == _CLOSING:
            self._drop()
        words = _shown(code, text)
        return Sent(result=_judged(_DOT, code, words) or SendResult.UNKNOWN, answer=words)

    def _options(self, smtp: Timed, sender: str, target: str, data: bytes) -> str:
        """Parameters of MAIL: the size, and SMTPUTF8 where an address needs it (RFC 6531 §3.4)."""
        size = f" SIZE={len(data)}" if smtp.has_extn("size") else ""
        if sender.isascii() and target.isascii():
            smtp.command_encoding = "ascii"
            return size
        if not smtp.has_extn("smtputf8"):
            answer = "the relay does not take addresses outside ASCII (SMTPUTF8)"
            raise _Refused(SendResult.PERMANENT, answer)
        smtp.command_encoding = "utf-8"
        return f"{size} BODY=8BITMIME SMTPUTF8"

    def _together(self, smtp: Timed, commands: Sequence[tuple[str, int]]) -> None:
        """Send commands at once, then hear the answers (RFC 2920 §3.1)."""
        smtp.send("".join(f"{line}\r\n" for line, _ in commands))
        for left, (line, wanted) in zip(range(len(commands) - 1, -1, -1), commands, strict=True):
            answer = smtp.getreply()
            if answer[0] // 100 != wanted // 100 and answer[0] not in _GONE:
                self._hear_out(smtp, left)
            self._heard(smtp, line, answer, wanted)

    def _hear_out(self, smtp: Timed, left: int) -> None:
        """Hear what is said to the commands that came with a refused one, or let it go."""
        try:
            codes = [smtp.getreply()[0] for _ in range(left)]
        except (OSError, smtplib.SMTPException):
            self._drop()
            return
        if _MORE in codes:
            self._drop()  # it waits for a mail that nobody is to get

    def _heard(self, smtp: Timed, line: str, answer: tuple[int, bytes], wanted: int) -> None:
        """Let an answer of the wanted class pass; _Refused for any other."""
        code, text = answer
        if code // 100 == wanted // 100:
            return
        words = _shown(code, text)
        if code in _GONE:
            self._drop()
            raise _Refused(SendResult.TEMPORARY, words, is_broken=True)
        if self._smtp:
            self._reset(smtp)
        is_final = _judged(line, code, words) is SendResult.PERMANENT
        raise _Refused(SendResult.PERMANENT if is_final else SendResult.TEMPORARY, words)

    def _reset(self, smtp: Timed) -> None:
        """Make the connection fit for the next mail, or let it go."""
        try:
            _accepted(smtp.rset())
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _connected(self) -> Timed:
        """Connect, encrypt, authenticate; whatever fails here is temporary."""
        settings, wait = self._settings, self._timeouts.connect_seconds
        place = (settings.host, settings.port, self._hostname)
        smtp: Timed
        if settings.scheme == "smtps":
            context = self._context()
            smtp = TimedTls(place, patience=wait, until=self._until, context=context)
        else:
            smtp = Timed(place, patience=wait, until=self._until)
        try:
            assert smtp.sock is not None, "smtplib connects or raises"
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            smtp.patience = self._timeouts.command_seconds
            smtp.ehlo_or_helo_if_needed()
            self._encrypt(smtp)
            self._authenticate(smtp)
        except BaseException:
            smtp.close()
            raise
        self._smtp = smtp
        return smtp

    def _encrypt(self, smtp: Timed) -> None:
        """STARTTLS: required but on loopback; there it serves a relay that offers AUTH only so."""
        if self._settings.scheme == "smtps":
            return
        local = is_loopback(self._settings.host)
        if local and (not self._settings.user or smtp.has_extn("auth")):
            return
        if not smtp.has_extn("starttls"):
            if not local:
                _give_up("the relay offers no STARTTLS; nothing is sent in clear")
            return
        _accepted(smtp.starttls(context=self._context()))
        smtp.ehlo_or_helo_if_needed()

    def _authenticate(self, smtp: Timed) -> None:
        """AUTH with what the relay offers of XOAUTH2, PLAIN and LOGIN."""
        settings = self._settings
        if not settings.user:
            return
        smtp.user, smtp.password = settings.user, settings.password
        offered = smtp.esmtp_features.get("auth", "").upper().split()
        if settings.oauth:
            self._login_by_token(smtp)
        elif "PLAIN" in offered:
            _accepted(smtp.auth("PLAIN", smtp.auth_plain))
        elif "LOGIN" in offered:
            _accepted(smtp.auth("LOGIN", smtp.auth_login))
        else:
            _give_up("the relay offers neither AUTH PLAIN nor LOGIN")

    def _login_by_token(self, smtp: Timed) -> None:
        """SASL XOAUTH2; a token that the relay does not want is replaced once."""
        if self._access is None:
            _give_up("nothing here can get a token")
        name, user = self._settings.oauth, self._settings.user
        token = self._access(name, user, "")
        try:
            self._bear(smtp, token)
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code // 100 != _NEVER // 100:
                raise
            self._bear(smtp, self._access(name, user, token))

    def _bear(self, smtp: Timed, token: str) -> None:
        said = bearer(self._settings.user, token)
        # A challenge that is not empty is an error in JSON; silence gets its 535.
        _accepted(smtp.auth("XOAUTH2", lambda challenge=None: "" if challenge else said))

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _drop(self) -> None:
        """Forget the connection without a word: the peer is gone or confused."""
        smtp, self._smtp = self._smtp, None
        if smtp:
            smtp.close()


def _has_bare_break(data: bytes) -> bool:
    """Whether a CR or LF stands alone; looked for in pieces, since each is copied twice."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + _PIECE_BYTES) + 1 or len(data)
        piece = data[start:end]
        if piece.replace(b"\n", b"").replace(b"\r", b"\r\n") != piece:
            return True
        start = end
    return False


def _stuffed(data: bytes) -> bytes:
    """Double the dot at the beginning of a line (RFC 5321 §4.5.2)."""
    first = b"." if data.startswith(b".") else b""
    return first + data.replace(b"\r\n.", b"\r\n..")


def _judged(command: str, code: int, words: str) -> SendResult | None:
    """What an answer means for the mail; None for one that makes no sense here."""
    if code // 100 == _OK // 100:
        return SendResult.ACCEPTED
    if _TRY_AGAIN <= code < _NEVER:
        return SendResult.TEMPORARY
    if _NEVER <= code < _NEVER + 100:
        is_ours = is_about_us(command, code, words)
        return SendResult.TEMPORARY if is_ours else SendResult.PERMANENT
    return None


def _accepted(answer: tuple[int, bytes]) -> None:
    """Let a reply of class 2 pass, else raise."""
    code, text = answer
    if code // 100 != _OK // 100:
        raise smtplib.SMTPResponseException(code, text)


def _give_up(reason: str) -> NoReturn:
    raise smtplib.SMTPNotSupportedError(reason)


def _words(error: Exception) -> str:
    """What went wrong, in one printable line."""
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        return _shown(error.smtp_code, raw if isinstance(raw, bytes) else str(raw).encode())
    return _line(str(error) or type(error).__name__)


def _shown(code: int, text: bytes) -> str:
    return _line(f"{code} {text.decode('utf-8', 'replace')}")


def _line(text: str) -> str:
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return text[:_ANSWER_MAX]

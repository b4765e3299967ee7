"""The commands of SMTP (RFC 5321) and LMTP (RFC 2033), as maild answers them.

    greeted -> MAIL -> RCPT... -> DATA -> (final dot) waiting for the journal -> greeted

Nothing is relayed: a recipient that is not ours is refused in the session.
"""
# ruff: noqa: N802 - aiosmtpd finds commands by their names

from __future__ import annotations

import re
from dataclasses import replace

from maild.core import address
from maild.core.mail import Envelope
from maild.intake.smtp_connection import Connection
from maild.intake.smtp_data import State
from maild.intake.smtp_limits import client_key
from maild.intake.smtp_reception import NO_ROOM, source_of

_PATH = re.compile(r"(?i)(?:FROM|TO): ?(?:<([^<>]*)>|([^\s<>]+))(?: +(.*))?")
_NAME = re.compile(r"[\x21-\x7e\u0080-\U0010ffff]{1,255}")
_PARAMETERS = ("SIZE", "BODY", "SMTPUTF8", "AUTH")
_BODIES = ("7BIT", "8BITMIME")
_SIZE_DIGITS_MAX = 20
_TOO_LARGE = "552 5.3.4"
_NOT_TAKEN = (_TOO_LARGE, NO_ROOM)
"""How MAIL is refused for the mail that would come, and not for how the command is written."""


class Session(Connection):
    """Speaks SMTP with one client."""

    async def smtp_HELO(self, argument: str | None) -> None:
        """Greet (RFC 5321 §4.1.1.1)."""
        await self._greet(argument, is_extended=False)

    async def smtp_EHLO(self, argument: str | None) -> None:
        """Greet and list what is offered."""
        await self._greet(argument, is_extended=True)

    async def _greet(self, hostname: str | None, *, is_extended: bool) -> None:
        assert self.session is not None
        if not hostname or not _NAME.fullmatch(hostname):
            await self.push("501 5.5.4 say which host you are")
            return
        self._forget()
        self.session.host_name = hostname
        self.session.extended_smtp = is_extended
        lines = [self.hostname, *(self._offers() if is_extended else ())]
        reply = [f"250{'-' if n < len(lines) else ' '}{line}" for n, line in enumerate(lines, 1)]
        await self.push("\r\n".join(reply))

    def _offers(self) -> list[str]:
        offers = ["PIPELINING", f"SIZE {self._reception.intake.settings.max_size_bytes}"]
        offers += ["8BITMIME", "SMTPUTF8"]
        if self.tls_context and not self._tls_protocol:
            offers.append("STARTTLS")
        if self._offers_auth():
            offers.append("AUTH LOGIN PLAIN")
        return offers

    def _offers_auth(self) -> bool:
        is_secret = self._is_tls_only or self._tls_protocol is not None
        return is_secret and bool(self._reception.intake.settings.accounts) and not self._is_lmtp

    async def smtp_MAIL(self, argument: str | None) -> None:
        """Begin a mail (RFC 5321 §4.1.1.2)."""
        assert self.envelope is not None
        assert self.session is not None
        found = _path("FROM", argument)
        if not self.session.host_name:
            reply = "503 5.5.1 greet first"
        elif self.envelope.mail_from is not None:
            reply = "503 5.5.1 the last mail is not finished"
        elif found is None:
            reply = "501 5.5.4 write MAIL FROM:<address>"
        elif not address.valid_return_path(found[0]):
            reply = "553 5.1.7 this is no address"
        else:
            reply = self._refused_parameters(found[1])
        if not reply and not self._reception.has_room():
            reply = NO_ROOM
        if not reply and found:
            self.envelope.mail_from = found[0]
        if found and reply.startswith(_NOT_TAKEN):
            self._reception.refused(replace(self._envelope(), mail_from=found[0]), reply)
        await self.push(reply or "250 2.1.0 go on")

    def _refused_parameters(self, text: str) -> str:
        """Return why the parameters of MAIL cannot be had; empty if they can."""
        for parameter in text.upper().split():
            name, _, value = parameter.partition("=")
            if name not in _PARAMETERS:
                return "555 5.5.4 unknown parameter"
            if name == "SIZE" and (reply := self._refused_size(value)):
                return reply
            if name == "BODY" and value not in _BODIES:
                return "501 5.5.4 BODY is 7BIT or 8BITMIME"
        return ""

    def _refused_size(self, value: str) -> str:
        """Return why a mail of an announced size is not taken (RFC 1870 §6.1)."""
        if not (value.isascii() and value.isdigit() and len(value) <= _SIZE_DIGITS_MAX):
            return "501 5.5.4 SIZE wants a number"
        size = self._reception.intake.settings.max_size_bytes
        return f"{_TOO_LARGE} a mail may have at most {size} bytes" if int(value) > size else ""

    async def smtp_RCPT(self, argument: str | None) -> None:
        """Name a recipient (RFC 5321 §4.1.1.3)."""
        assert self.envelope is not None
        found = _path("TO", argument)
        if self.envelope.mail_from is None:
            reply = "503 5.5.1 MAIL comes first"
        elif found is None:
            reply = "501 5.5.4 write RCPT TO:<address>"
        elif found[1]:
            reply = "555 5.5.4 unknown parameter"
        elif len(self.envelope.rcpt_tos) >= self._runtime.recipients:
            reply = "452 4.5.3 too many recipients; send the rest in another mail"
        else:
            reply = self._refused_recipient(found[0])
            if not reply:
                self.envelope.rcpt_tos.append(found[0].lower())
        await self.push(reply or "250 2.1.5 ours")

    def _refused_recipient(self, text: str) -> str:
        """Return why mail for an address is not taken; empty if it is."""
        house = self._reception.house
        if address.recipient(text, house) is not None:
            return ""
        if not address.valid(text):
            return "550 5.1.3 this is no address of ours; nothing is relayed"
        if not address.is_own_domain(text, house):
            return "550 5.7.1 nothing is relayed"
        return "550 5.1.1 nobody here has this address"

    async def smtp_DATA(self, argument: str | None) -> None:
        """Receive a mail and answer when it is durable (RFC 5321 §4.1.1.4).

        On LMTP there is one answer for each recipient that was taken (RFC 2033 §4.2).
        """
        assert self.envelope is not None
        if argument:
            await self.push("501 5.5.4 DATA takes no argument")
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 no recipient was taken")
            return
        recipients = len(self.envelope.rcpt_tos)
        self._writer.write(b"354 end the mail with <CR><LF>.<CR><LF>\r\n")
        data = self._begin_data(self._envelope())
        reply = await self._finish_data()
        self._forget()
        if reply.startswith("2"):
            self._commands = 0
        await self.push("\r\n".join([reply] * (recipients if self._is_lmtp else 1)))
        if data.state is State.HOPELESS:
            self._hang_up()

    def _envelope(self) -> Envelope:
        """Return what the client said about the mail."""
        assert self.session is not None
        assert self.envelope is not None
        account: object = self.session.auth_data
        return Envelope(
            mail_from=self.envelope.mail_from or "",
            rcpt_to=tuple(dict.fromkeys(self.envelope.rcpt_tos)),
            source=source_of(is_lmtp=self._is_lmtp),
            client=self._client,
            helo=self.session.host_name or "",
            account=account if isinstance(account, str) else "",
        )

    def _forget(self) -> None:
        """Begin anew after a greeting, RSET or the end of a mail."""
        self.envelope = self._create_envelope()

    async def smtp_RSET(self, argument: str | None) -> None:
        """Forget the mail that was begun."""
        del argument
        self._forget()
        await self.push("250 2.0.0 forgotten")

    async def smtp_NOOP(self, argument: str | None) -> None:
        """Do nothing."""
        del argument
        await self.push("250 2.0.0 nothing done")

    async def smtp_VRFY(self, argument: str | None) -> None:
        """Say neither yes nor no (RFC 5321 §3.5.3)."""
        del argument
        await self.push("252 2.5.0 send mail and see")

    async def smtp_HELP(self, argument: str | None) -> None:
        """Point to the standard."""
        del argument
        await self.push("214 2.0.0 this is RFC 5321")

    async def smtp_QUIT(self, argument: str | None) -> None:
        """Say goodbye."""
        del argument
        await self.push("221 2.0.0 goodbye")
        self._hang_up()

    async def smtp_STARTTLS(self, argument: str | None) -> None:
        """Begin encryption (RFC 3207); what was sent in clear behind the command is dropped."""
        if not self.tls_context or self._tls_protocol:
            await self.push("503 5.5.1 not offered")
            return
        await super().smtp_STARTTLS(argument or "")

    async def smtp_AUTH(self, argument: str | None) -> None:
        """Log in with a password (RFC 4954), only when encrypted and only so often."""
        if not self._offers_auth():
            await self.push("502 5.5.1 not offered")
            return
        if self._reception.failures.is_barred(client_key(self._client), self.loop.time()):
            await self.push("454 4.7.0 too many wrong passwords; try again later")
            return
        mechanism, _, rest = (argument or "").partition(" ")
        await super().smtp_AUTH(f"{mechanism.upper()} {rest}".strip())


class LmtpSession(Session):
    """Speaks LMTP with one client: another greeting, nothing else (RFC 2033 §4.1)."""

    async def smtp_LHLO(self, argument: str | None) -> None:
        """Greet and list what is offered."""
        await self._greet(argument, is_extended=True)

    async def smtp_HELO(self, argument: str | None) -> None:
        """Refuse the greeting of SMTP."""
        del argument
        await self.push("500 5.5.1 this is LMTP; greet with LHLO")

    async def smtp_EHLO(self, argument: str | None) -> None:
        """Refuse the greeting of SMTP."""
        await self.smtp_HELO(argument)


def _path(keyword: str, argument: str | None) -> tuple[str, str] | None:
    """Read `FROM:<address> parameters`; None when it is not written so."""
    found = _PATH.fullmatch(argument or "")
    if not found or not found[0].upper().startswith(keyword):
        return None
    return found[1] if found[1] is not None else found[2], found[3] or ""

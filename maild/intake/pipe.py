"""Mail on standard input, as an MTA's pipe transport hands it over: `maild deliver`."""

from __future__ import annotations

from concurrent.futures import TimeoutError as WaitedTooLong
from typing import BinaryIO

from maild.core import address
from maild.core.house import House
from maild.core.mail import Envelope, Limits, Source
from maild.errors import NotAllowed, StoreBusy
from maild.intake.newlines import canonical
from maild.intake.smtp_reception import Journal

COMMIT_SECONDS_MAX = 120


def deliver(
    journal: Journal, stdin: BinaryIO, *, envelope: Envelope, house: House, limits: Limits
) -> int:
    """Journal one mail and return its journal id once it is durable.

    Of `envelope`, `rcpt_to` and `mail_from` count (`<>` is the null path). Line ends become CRLF,
    and a `From ` line of an mbox at the top is left out; nothing else is changed. Raises
    NotAllowed when a recipient is not ours, the sender is no address, or the mail is empty or too
    large; StoreBusy or DiskFull when it should be tried again.
    """
    accepted = _accepted(envelope, house)
    raw = _read(stdin, limits.mail_bytes)
    try:
        return journal.append(accepted, raw).result(timeout=COMMIT_SECONDS_MAX)
    except WaitedTooLong as error:
        raise StoreBusy("the database did not answer in time") from error


def _accepted(envelope: Envelope, house: House) -> Envelope:
    """Return the envelope as it is journalled; raise NotAllowed."""
    if not envelope.rcpt_to:
        raise NotAllowed("no recipient was given")
    for recipient in envelope.rcpt_to:
        if address.recipient(recipient, house) is None:
            raise NotAllowed(f"{recipient!r} is no mailbox of ours")
    sender = "" if envelope.mail_from == "<>" else envelope.mail_from
    if not address.valid_return_path(sender):
        raise NotAllowed(f"{sender!r} is no address")
    recipients = tuple(dict.fromkeys(recipient.lower() for recipient in envelope.rcpt_to))
    return Envelope(mail_from=sender, rcpt_to=recipients, source=Source.PIPE)


def _read(stdin: BinaryIO, bytes_max: int) -> bytes:
    """Read a mail of at most `bytes_max` bytes; raise NotAllowed."""
    raw = stdin.read(bytes_max + 1)
    if len(raw) > bytes_max:
        raise NotAllowed(f"the mail is larger than {bytes_max} bytes")
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    if not raw.strip():
        raise NotAllowed("there is no mail on standard input")
    text = canonical(raw)
    return text if text.endswith(b"\n") else text + b"\r\n"

"""What holds for every mail that was read, whatever its bytes are."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator

from maild.core.mail import Envelope, Mail, ReadOptions, Source
from maild.errors import HostileMail
from maild.parse import extract
from maild.plainform import packed, unpacked
from maild.reading import read

ENVELOPE = Envelope(mail_from="a@b.example", rcpt_to=("help@desk.example",), source=Source.SMTP)
OPTIONS = ReadOptions(
    own_addresses=("help@desk.example",),
    own_domains=("desk.example",),
    delimiters=("--- Please reply above this line ---",),
)


def read_or_refused(raw: bytes) -> Mail | None:
    """Read in this very process; None for a mail outside the limits."""
    try:
        return read(raw, ENVELOPE, OPTIONS)
    except HostileMail:
        return None


def broken(raw: bytes, mail: Mail) -> Iterator[str]:
    """Tell which laws a reading breaks, in words."""
    yield from _broken_files(raw, mail)
    if unpacked(Mail, packed(mail)) != mail:
        yield "the reading does not come back from the child as it was"
    for name, words in _texts(mail):
        if "\x00" in words or any("\ud800" <= character <= "\udfff" for character in words):
            yield f"{name} holds a NUL or half a character"
    yield from _broken_reply(mail)
    yield from _broken_judgement(mail)


def _broken_files(raw: bytes, mail: Mail) -> Iterator[str]:
    for found in mail.parsed.attachments:
        data = extract(raw, found.locator)
        if (len(data), hashlib.sha256(data).hexdigest()) != (found.size, found.sha256):
            yield f"{found.name!r} does not come back as it was read"
        if not 0 < len(found.name.encode()) <= 255 or set(found.name) & set("/\\\x00\r\n"):
            yield f"{found.name!r} is no name of a file"


def _texts(mail: Mail) -> Iterator[tuple[str, str]]:
    parsed, reply = mail.parsed, mail.reply
    yield from (("text", parsed.text), ("html", parsed.html), ("subject", parsed.subject))
    yield from (("reply", reply.reply_text), ("unquoted", reply.unquoted_text))
    yield from (("returned", parsed.returned_text), ("calendar", parsed.calendar))
    yield from ((f"header {name}", value) for name, value in parsed.headers)
    yield from (("address", person.name + person.addr) for person in (*parsed.from_, *parsed.to))


def _broken_reply(mail: Mail) -> Iterator[str]:
    """What is shown as the reply was written in the mail, line by line."""
    written = _words(mail.parsed.text) + _words(mail.parsed.html_reply or "")
    for name, words in (("reply", mail.reply.reply_text), ("unquoted", mail.reply.unquoted_text)):
        for line in words.splitlines():
            if _words(line) not in written:
                yield f"the {name} holds a line that is not in the mail: {line[:80]!r}"
                return


def _words(text: str) -> str:
    """What one sees of a text: neither space nor what only steers it (`Cf`)."""
    return "".join(c for c in "".join(text.split()) if unicodedata.category(c) != "Cf")


def _broken_judgement(mail: Mail) -> Iterator[str]:
    found = mail.classification
    machines = (
        found.is_bounce,
        found.is_autoreply,
        found.is_list,
        found.is_loop,
        found.is_feedback,
    )
    if any(machines) and not found.must_not_answer:
        yield "a machine's mail may be answered"
    if found.must_not_answer and not found.reasons:
        yield "nothing tells why it must not be answered"
    if found.is_bounce != (mail.bounce is not None):
        yield "the bounce and the judgement disagree"

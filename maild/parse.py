"""Raw bytes into `Parsed`; never fails on content [mail-parser].

Strategy: `core.mime` finds the parts and is the guard; the header is decoded field by field.
mail-parser, the parser of record, reads the date and the addresses of the fields that it is good
at; fields with raw 8-bit, encoded words or defects are read by our own code.
Bodies, charsets and files are read here from the parts that were found, never by recursion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from mailparser.dates import parse_mail_date
from mailparser.exceptions import MailParserError
from mailparser.utils import get_addresses

from maild.attachments import extract
from maild.charset import codec
from maild.contents import Contents, read_contents
from maild.core.mail import NO_PHRASES, Address, Limits, Parsed, Phrases
from maild.core.mailboxes import from_defect, read_addresses
from maild.core.mime import Structure, split
from maild.core.parameters import unfold
from maild.encodedwords import decode_words, raw_text
from maild.headers import (
    charset_label,
    decoded_fields,
    decoded_parameters,
    message_id,
    message_ids,
)
from maild.maildates import has_local_zone, read_date

__all__ = ["extract", "parse"]

_Value = TypeVar("_Value", str, bytes)
_FIRST_YEAR = 1970
_REMEMBERED_LENGTH_MAX = 200
"""Characters of an address field; a longer one hardly comes again."""
_ADDRESS_FIELDS = ("from", "sender", "reply-to", "to", "cc")
_RECORDED = ("cc", "date", "from", "reply-to", "to")
"""The fields that mail-parser is given: it takes Sender for text, and reads all of a header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """What mail-parser reads in the fields that it was given."""

    addresses: dict[str, tuple[Address, ...]]
    date: datetime | None = None
    defects: dict[str, str]
    """Reasons by field name."""


def parse(
    raw: bytes,
    limits: Limits,
    phrases: Phrases = NO_PHRASES,
) -> Parsed:
    """Return what the bytes of a mail say; `phrases` are an operator's words of mail programs.

    Raises:
        HostileMail: the mail lies outside `limits`. Nothing else, whatever the bytes are.
    """
    structure = split(raw, limits)
    root = structure.parts[0]
    hint = _charset_hint(structure)
    headers = decoded_fields(root.fields, hint)
    contents = read_contents(raw, structure, hint, limits, phrases)
    raw_values = _grouped((item.name, item.value) for item in root.fields)
    values = _grouped(headers)
    record = _mail_parser(raw_values)
    addresses = {name: _addresses(name, raw_values, record, hint) for name in _ADDRESS_FIELDS}
    return Parsed(
        headers=headers,
        from_=addresses["from"] or _stand_in(addresses, values),
        from_fields=len(values["from"]),
        from_defect=_from_defect(raw_values["from"], record, addresses["from"], hint),
        sender=addresses["sender"],
        reply_to=addresses["reply-to"],
        to=addresses["to"],
        cc=addresses["cc"],
        subject=_first(values, "subject"),
        date=record.date or read_date(_first(values, "date")),
        message_id=message_id(_first(values, "message-id")),
        in_reply_to=message_ids(" ".join(values["in-reply-to"])),
        references=message_ids(" ".join(values["references"])),
        thread_index="".join(_first(values, "thread-index").split()),
        content_type=root.type,
        content_params=decoded_parameters(root.params),
        part_types=tuple(part.type for part in structure.parts),
        text=contents.text,
        text_is_html=contents.text_is_html,
        html=contents.html,
        html_reply=contents.html_reply,
        html_safe_reply=contents.html_safe_reply,
        attachments=contents.attachments,
        reports=contents.reports,
        returned_headers=contents.returned_headers,
        returned_text=contents.returned_text,
        calendar=contents.calendar,
        defects=_defects(structure, contents, record),
        size=len(raw),
    )


def _charset_hint(structure: Structure) -> str:
    """Return the first charset beyond ASCII that the mail declares for its text."""
    for part in structure.parts:
        if part.params and part.type.startswith("text/"):
            label = charset_label(part)
            if codec(label) not in {"", "ascii"}:
                return label
    return ""


def _grouped(fields: Iterable[tuple[str, _Value]]) -> defaultdict[str, list[_Value]]:
    """Return the values of each name, in order."""
    values: defaultdict[str, list[_Value]] = defaultdict(list)
    for name, value in fields:
        values[name].append(value)
    return values


def _mail_parser(raw_values: defaultdict[str, list[bytes]]) -> _Record:
    """Let mail-parser read the first field of each kind that is plain printable ASCII.

    It is asked for each field alone: made a mail of, these few cost it five times as much.
    """
    values: dict[str, str] = {}
    for name in _RECORDED:
        for first in raw_values[name][:1]:
            value = unfold(first).replace(b"\t", b" ")
            if _is_plain(value):
                values[name] = value.decode("ascii")
    try:
        return _record(values)
    except (MailParserError, LookupError, ValueError, RecursionError):
        return _Record(addresses={}, defects={"": "mail-parser could not read the header"})


def _is_plain(value: bytes) -> bool:
    """Whether a value is printable ASCII without encoded words."""
    return value.isascii() and b"=?" not in value and value.decode("ascii").isprintable()


def _record(values: dict[str, str]) -> _Record:
    """Take over what mail-parser finds without a defect."""
    addresses: dict[str, tuple[Address, ...]] = {}
    defects: dict[str, str] = {}
    date = values.pop("date", None)
    for name, value in values.items():
        is_short = len(value) <= _REMEMBERED_LENGTH_MAX
        found, defect = _mailboxes(value) if is_short else _read_mailboxes(value)
        if defect is None:
            addresses[name] = found
        else:
            defects[name] = defect
    if date is None or has_local_zone(date):
        return _Record(addresses=addresses, defects=defects)
    result = parse_mail_date(date)
    if result.reasons:
        defects["date"] = str(result.reasons[-1])
    return _Record(addresses=addresses, date=_utc(result.value), defects=defects)


def _read_mailboxes(value: str) -> tuple[tuple[Address, ...], str | None]:
    """Return the mailboxes that mail-parser finds in a value, and the last defect, if any."""
    problems: list[dict[str, object]] = []
    pairs = get_addresses(value, defects=problems, decode_names=True)
    if problems:
        return (), str(problems[-1].get("reason", ""))
    return tuple(_address(*pair) for pair in pairs if any(pair)), None


_mailboxes = lru_cache(maxsize=64)(_read_mailboxes)
"""The same, remembered: most mails to a desk name the same recipients."""


def _utc(moment: object) -> datetime | None:
    if not isinstance(moment, datetime):
        return None
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware if aware.year >= _FIRST_YEAR else None


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    tidy = f"{local}@{domain.rstrip('.').lower()}"
    shown = " ".join(name.split()).strip()
    if len(shown) > 1 and shown[0] == shown[-1] == "'":
        shown = shown[1:-1].strip()
    return Address(name="" if shown.lower() == tidy.lower() else shown, addr=tidy)


def _addresses(
    name: str, raw_values: defaultdict[str, list[bytes]], record: _Record, hint: str
) -> tuple[Address, ...]:
    """Return the mailboxes of all fields of that name: mail-parser's reading where it is sound."""
    found: list[Address] = []
    for place, value in enumerate(raw_values[name]):
        recorded = record.addresses.get(name, ()) if place == 0 else ()
        found.extend(recorded or read_addresses(raw_text(value, hint), decode_words))
    return tuple(item for item in found if item.addr or name == "from")


def _from_defect(
    values: list[bytes], record: _Record, found: tuple[Address, ...], hint: str
) -> str:
    """Say why From proves nobody's identity: by our strict reading, or by mail-parser's."""
    if any(b"\x00" in value or b"\r" in value.rstrip().replace(b"\r\n", b"") for value in values):
        return "From holds control characters"
    texts = tuple(raw_text(value, hint) for value in values)
    reason = from_defect(texts, decode_words)
    if reason:
        return reason
    if "from" in record.defects:
        return f"mail-parser finds From ambiguous: {record.defects['from']}"
    return "" if len(found) == 1 and found[0].addr else "From holds no or several mailboxes"


def _stand_in(
    addresses: dict[str, tuple[Address, ...]], values: defaultdict[str, list[str]]
) -> tuple[Address, ...]:
    """Return whom to show where there is no From; `from_fields` says that it is none."""
    return (
        addresses["reply-to"]
        or addresses["sender"]
        or read_addresses(_first(values, "return-path"), decode_words)
    )


def _first(values: defaultdict[str, list[str]], name: str) -> str:
    return values[name][0] if values[name] else ""


def _defects(structure: Structure, contents: Contents, record: _Record) -> tuple[str, ...]:
    """Gather what was found wrong, each thing once."""
    recorded = tuple(f"{name}: {reason}" for name, reason in record.defects.items())
    return tuple(dict.fromkeys((*structure.defects, *contents.defects, *recorded)))

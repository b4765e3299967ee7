"""Raw bytes into `Parsed`; never fails on content [mail-parser].

Strategy: `core.mime` finds the parts and is the guard; the header is decoded field by field.
mail-parser, the parser of record, reads the date and the addresses of the fields that it is good
at; fields with raw 8-bit, encoded words or defects are read by our own code.
Bodies, charsets and files are read here from the parts that were found, never by recursion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from mailparser.dates import parse_mail_date
from mailparser.exceptions import MailParserError
from mailparser.utils import get_addresses

from maild.attachments import extract
from maild.charset import codec
from maild.contents import Contents, read_contents
from maild.core.mail import NO_PHRASES, Address, Limits, Parsed, Phrases
from maild.core.mailboxes import from_defect, read_addresses
from maild.core.mime import Structure, split
from maild.core.parameters import Field, unfold
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

_FIRST_YEAR = 1970
_ADDRESS_FIELDS = ("from", "sender", "reply-to", "to", "cc")
_RECORDED = frozenset({"from", "reply-to", "to", "cc", "date"})
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
    record = _mail_parser(root.fields)
    addresses = {name: _addresses(name, root.fields, record, hint) for name in _ADDRESS_FIELDS}
    return Parsed(
        headers=headers,
        from_=addresses["from"] or _stand_in(addresses, headers),
        from_fields=sum(name == "from" for name, _ in headers),
        from_defect=_from_defect(root.fields, record, addresses["from"], hint),
        sender=addresses["sender"],
        reply_to=addresses["reply-to"],
        to=addresses["to"],
        cc=addresses["cc"],
        subject=_first(headers, "subject"),
        date=record.date or read_date(_first(headers, "date")),
        message_id=message_id(_first(headers, "message-id")),
        in_reply_to=message_ids(_joined(headers, "in-reply-to")),
        references=message_ids(_joined(headers, "references")),
        thread_index="".join(_first(headers, "thread-index").split()),
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


def _mail_parser(fields: tuple[Field, ...]) -> _Record:
    """Let mail-parser read the first field of each kind that is plain printable ASCII.

    It is asked for each field alone: made a mail of, these few cost it five times as much.
    """
    values: dict[str, str] = {}
    for name in sorted(_RECORDED):
        first = next((item.value for item in fields if item.name == name), None)
        if first is None:
            continue
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
        problems: list[dict[str, object]] = []
        pairs = get_addresses(value, defects=problems, decode_names=True)
        if problems:
            defects[name] = str(problems[-1].get("reason", ""))
        else:
            addresses[name] = tuple(_address(*pair) for pair in pairs if any(pair))
    if date is None or has_local_zone(date):
        return _Record(addresses=addresses, defects=defects)
    result = parse_mail_date(date)
    if result.reasons:
        defects["date"] = str(result.reasons[-1])
    return _Record(addresses=addresses, date=_utc(result.value), defects=defects)


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
    name: str, fields: tuple[Field, ...], record: _Record, hint: str
) -> tuple[Address, ...]:
    """Return the mailboxes of all fields of that name: mail-parser's reading where it is sound."""
    values = [item.value for item in fields if item.name == name]
    found: list[Address] = []
    for place, value in enumerate(values):
        recorded = record.addresses.get(name, ()) if place == 0 else ()
        found.extend(recorded or read_addresses(raw_text(value, hint), decode_words))
    return tuple(item for item in found if item.addr or name == "from")


def _from_defect(
    fields: tuple[Field, ...], record: _Record, found: tuple[Address, ...], hint: str
) -> str:
    """Say why From proves nobody's identity: by our strict reading, or by mail-parser's."""
    values = [item.value for item in fields if item.name == "from"]
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
    addresses: dict[str, tuple[Address, ...]], headers: tuple[tuple[str, str], ...]
) -> tuple[Address, ...]:
    """Return whom to show where there is no From; `from_fields` says that it is none."""
    return (
        addresses["reply-to"]
        or addresses["sender"]
        or read_addresses(_first(headers, "return-path"), decode_words)
    )


def _first(headers: tuple[tuple[str, str], ...], name: str) -> str:
    return next((value for key, value in headers if key == name), "")


def _joined(headers: tuple[tuple[str, str], ...], name: str) -> str:
    return " ".join(value for key, value in headers if key == name)


def _defects(structure: Structure, contents: Contents, record: _Record) -> tuple[str, ...]:
    """Gather what was found wrong, each thing once."""
    recorded = tuple(f"{name}: {reason}" for name, reason in record.defects.items())
    return tuple(dict.fromkeys((*structure.defects, *contents.defects, *recorded)))

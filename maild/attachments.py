"""Files in a mail: names for display, digests, and their bytes back from the raw mail."""

from __future__ import annotations

import hashlib
import posixpath
import re
from dataclasses import dataclass

from maild import tnef
from maild.core.mail import Attachment, Encoding, Locator
from maild.core.transfer import decode

NAME_BYTES_MAX = 255
"""The longest name, in bytes of UTF-8."""

_EXTENSIONS = {
    "application/ics": ".ics",
    "application/json": ".json",
    "application/ms-tnef": ".dat",
    "application/msword": ".doc",
    "application/octet-stream": ".bin",
    "application/pdf": ".pdf",
    "application/pgp-encrypted": ".asc",
    "application/pgp-keys": ".asc",
    "application/pgp-signature": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/postscript": ".ps",
    "application/rtf": ".rtf",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/x-pkcs7-mime": ".p7m",
    "application/x-pkcs7-signature": ".p7s",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "image/bmp": ".bmp",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/pjpeg": ".jpg",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "message/delivery-status": ".txt",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "text/calendar": ".ics",
    "text/css": ".css",
    "text/csv": ".csv",
    "text/directory": ".vcf",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/rfc822-headers": ".txt",
    "text/rtf": ".rtf",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "text/xml": ".xml",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
}
_UNSAFE = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffc]"
)
_SPACES = re.compile(r"\s+")
_DRIVE = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the mail says of a file, apart from its bytes."""

    name: str
    """Cleaned for display."""
    type: str
    locator: Locator
    content_id: str = ""
    is_inline: bool = False


def clean_name(name: str) -> str:
    """Return a file name that is harmless to show: no path, nothing invisible, at most 255 bytes.

    Empty when nothing is left.
    """
    visible = _SPACES.sub(" ", _UNSAFE.sub("", name[: 8 * NAME_BYTES_MAX])).strip()
    base = _DRIVE.sub("", visible).replace("\\", "/").rstrip("/").rpartition("/")[2].strip()
    if base in {"", ".", ".."}:
        return ""
    return _shortened(base)


def fallback_name(media_type: str, number: int, subject: str = "") -> str:
    """Return a name for a part without one: its kind, its place, its type's extension."""
    extension = _EXTENSIONS.get(media_type, "")
    if media_type.startswith("message/") and extension == ".eml":
        return _shortened(
            (clean_name(subject.replace("/", "-").replace("\\", "-")) or "message") + ".eml"
        )
    main, _, sub = media_type.partition("/")
    if (
        not extension
        and main in {"image", "audio", "video"}
        and re.fullmatch("[a-z0-9-]{2,10}", sub)
    ):
        extension = "." + sub.removeprefix("x-")
    kind = main if main in {"image", "audio", "video", "text"} else "attachment"
    return f"{kind}-{number}{extension or '.bin'}"


def describe(data: bytes, source: Source) -> Attachment:
    """Return what is known of a file whose decoded bytes are `data`."""
    return Attachment(
        name=source.name,
        type=source.type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        inline=source.is_inline,
        content_id=source.content_id,
        locator=source.locator,
    )


def extract(raw: bytes, locator: Locator) -> bytes:
    """Return an attachment's decoded bytes from the raw mail; damage is passed over.

    `raw` must be the very bytes that were parsed. A locator that leads nowhere gives b"".
    """
    data = raw[locator.start : locator.end]
    if locator.encoding is not Encoding.TNEF:
        return decode(data, locator.encoding)
    files = tnef.read(tnef_bytes(data)).files
    return files[locator.index].data if 0 <= locator.index < len(files) else b""


def tnef_bytes(data: bytes) -> bytes:
    """Return the bytes of a winmail.dat in whichever transfer encoding it came."""
    for encoding in (Encoding.IDENTITY, Encoding.BASE64, Encoding.QUOTED_PRINTABLE):
        plain = decode(data, encoding)
        if plain.startswith(tnef.SIGNATURE):
            return plain
    return b""


def _shortened(name: str) -> str:
    """Cut a name to the allowed length and keep its extension."""
    if len(name.encode("utf-8")) <= NAME_BYTES_MAX:
        return name
    stem, extension = posixpath.splitext(name)
    tail = extension.encode("utf-8")[:32]
    head = stem.encode("utf-8")[: NAME_BYTES_MAX - len(tail)]
    return head.decode("utf-8", "ignore") + tail.decode("utf-8", "ignore")

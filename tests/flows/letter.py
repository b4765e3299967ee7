"""One mail of ours as its reader gets it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A file of the relay's Maildir, read."""

    file: Path
    message: EmailMessage

    def field(self, name: str) -> str:
        """Return a field, unfolded; empty when there is none, an error when there are two."""
        values = self.message.get_all(name, [])
        assert len(values) <= 1, f"{name} stands {len(values)} times"
        return str(values[0]) if values else ""

    @property
    def recipient(self) -> str:
        return self.field("Delivered-To")

    @property
    def return_path(self) -> str:
        return self.field("Return-Path").strip("<>")

    @property
    def subject(self) -> str:
        return self.field("Subject")

    @property
    def sender(self) -> tuple[str, str]:
        """Name and address of From."""
        return parseaddr(self.field("From"))

    @property
    def reply_to(self) -> str:
        return parseaddr(self.field("Reply-To"))[1]

    @property
    def message_id(self) -> str:
        return self.field("Message-ID")

    @property
    def references(self) -> list[str]:
        return re.findall(r"<[^<>\s]+>", self.field("References"))

    @property
    def readers(self) -> list[str]:
        """The addresses of To and Cc."""
        fields = [self.field("To"), self.field("Cc")]
        return [address for _, address in getaddresses([f for f in fields if f])]

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    @property
    def files(self) -> dict[str, bytes]:
        """Attachments by name, pictures that the HTML shows included."""
        return {
            part.get_filename() or "": bytes(part.get_payload(decode=True) or b"")
            for part in self.message.walk()
            if part.get_filename()
        }

    def _body(self, subtype: str) -> str:
        for part in self.message.walk():
            if part.get_content_type() == f"text/{subtype}" and not part.get_filename():
                assert isinstance(part, EmailMessage)
                return str(part.get_content())
        return ""


def read_letter(file: Path) -> Letter:
    """Read one mail of ours."""
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return Letter(file=file, message=message)

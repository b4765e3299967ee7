"""The values that describe one mail that came in.

`Parsed` is what the bytes say (made by `maild.parse`); `Mail` is what a reader understands of it
(made by `maild.reader` from `Parsed` and the text routines of the core). Both are made in the
reader's child process and travel to the daemon as values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    """By which way a mail came in."""

    SMTP = "smtp"
    LMTP = "lmtp"
    IMAP = "imap"
    PIPE = "pipe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the transport said about a mail (RFC 5321 §2.3.1), as opposed to its own header."""

    mail_from: str = ""
    """Reverse path without angle brackets; empty for the null path."""
    rcpt_to: tuple[str, ...] = ()
    """The recipients that the transport named, lower case; may be empty on IMAP."""
    source: Source = Source.PIPE
    mailbox: str = ""
    """The mailbox's name when it came by IMAP, else empty."""
    client: str = ""
    """The peer's IP address, without port; empty where there is none."""
    helo: str = ""
    account: str = ""
    """The account that authenticated itself by AUTH; empty for none."""
    evidence: str = ""
    """What our own SPF, DKIM, DMARC and ARC checks found, written as a field of RFC 8601; empty
    where nothing was checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One mailbox of an address header (RFC 5322 §3.4)."""

    name: str = ""
    addr: str = ""
    """`local@domain`, the domain in lower case (U-labels as they came); empty when unreadable."""


class Encoding(StrEnum):
    """How a stored part is turned back into its bytes."""

    IDENTITY = "identity"
    BASE64 = "base64"
    QUOTED_PRINTABLE = "quoted-printable"
    UUENCODE = "uuencode"
    TNEF = "tnef"
    """The index-th file inside a winmail.dat that lies at these offsets in base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locator:
    """Where an attachment lies in the raw mail, so that its bytes are stored only once."""

    start: int
    end: int
    encoding: Encoding = Encoding.IDENTITY
    index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One part that is not the mail's own text."""

    name: str
    """As the sender meant it, cleaned for display; never a path, at most 255 bytes of UTF-8."""
    type: str
    """Lower-case media type, e.g. `image/png`."""
    size: int
    """Bytes after decoding."""
    sha256: str
    """Hex digest of the decoded bytes."""
    inline: bool = False
    content_id: str = ""
    """Without angle brackets."""
    locator: Locator


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One part of a machine's report: `message/delivery-status`, `message/feedback-report`, ...

    `fields` holds its header-like blocks in order, names in lower case.
    """

    type: str
    fields: tuple[tuple[tuple[str, str], ...], ...] = ()
    text: str = ""


class _Remembered:
    """What a mail was asked before: no field of it, so neither compared nor sent."""

    __slots__ = ("_first",)
    _first: dict[str, str]
    """The first value of each header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed(_Remembered):
    """What the bytes of a mail say, decoded and bounded, judged by nobody."""

    headers: tuple[tuple[str, str], ...] = ()
    """(lower-case name, decoded and unfolded value), in the order of the mail."""
    from_: tuple[Address, ...] = ()
    from_fields: int = 0
    """How many From fields there are: identity needs exactly one."""
    from_defect: str = ""
    """Why the From field is not exactly one plain mailbox; empty when it is."""
    sender: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    message_id: str = ""
    """Without angle brackets; empty when there is none."""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    thread_index: str = ""
    """Outlook's Thread-Index as it came, base64; empty when there is none."""
    content_type: str = "text/plain"
    """Of the whole mail, lower case, with no parameters."""
    content_params: tuple[tuple[str, str], ...] = ()
    """Parameters of the whole mail's Content-Type, names lower case (`report-type`, ...)."""
    part_types: tuple[str, ...] = ()
    """Media types of all parts, depth first, lower case."""
    text: str = ""
    """The full readable text, from the plain parts, or from the HTML where these are empty."""
    text_is_html: bool = False
    """Whether `text` was rendered from HTML."""
    html: str = ""
    """Sanitised HTML: no script, no style sheet, no remote content; `cid:` images kept."""
    html_reply: str | None = None
    """The HTML's own visible reply as text, where its structure shows quotes; else None."""
    html_safe_reply: str | None = None
    """The same as sanitised HTML."""
    attachments: tuple[Attachment, ...] = ()
    reports: tuple[Report, ...] = ()
    returned_headers: tuple[tuple[str, str], ...] = ()
    """Header of an attached or returned message (message/rfc822, text/rfc822-headers), if any."""
    returned_text: str = ""
    """Text of the first attached message, kept apart from `text`."""
    calendar: str = ""
    """Text of the first text/calendar part."""
    defects: tuple[str, ...] = ()
    """What is wrong with the bytes, in words."""
    size: int = 0

    def __post_init__(self) -> None:
        """ValueError for a date without a zone."""
        if self.date is not None and self.date.tzinfo is None:
            raise ValueError("a date without a zone")

    def header(self, name: str) -> str:
        """Return the first value of a header (lower-case name), or the empty string."""
        try:
            known = self._first
        except AttributeError:
            known = dict(reversed(self.headers))
            object.__setattr__(self, "_first", known)
        return known.get(name, "")

    def header_all(self, name: str) -> tuple[str, ...]:
        """Return every value of a header (lower-case name), in order."""
        return tuple([value for key, value in self.headers if key == name])


class Kind(StrEnum):
    """Who or what is speaking. The order is the order of precedence when several apply."""

    BOUNCE = "bounce"
    FEEDBACK = "feedback"
    RECEIPT = "receipt"
    CALENDAR = "calendar"
    LOOP = "loop"
    AUTOREPLY = "autoreply"
    LIST = "list"
    HUMAN = "human"


class BounceClass(StrEnum):
    """Whether the address will ever work (RFC 3463 §3: 5.x.x permanent, 4.x.x temporary)."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What a non-delivery report says."""

    addresses: tuple[str, ...] = ()
    bounce_class: BounceClass = BounceClass.UNKNOWN
    message_id: str = ""
    """Message-ID of the mail that came back, without angle brackets; empty when not told."""
    is_final: bool = True
    """False: a mere warning, the mail is still being tried."""
    is_full: bool = False
    """The mailbox is full: its owner may empty it, and the address works again."""
    detail: str = ""
    """What the server that refused it said (Diagnostic-Code, RFC 3464 §2.3.6), shortened."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Which machines had a hand in a mail; several may be true at once."""

    kind: Kind = Kind.HUMAN
    is_bounce: bool = False
    is_autoreply: bool = False
    is_doubtful: bool = False
    """Only its subject says that a program answered: it is handled as a person's, unanswered."""
    is_list: bool = False
    is_loop: bool = False
    is_feedback: bool = False
    is_receipt: bool = False
    is_calendar: bool = False
    must_not_answer: bool = False
    """An automatic answer to this mail would be wrong (RFC 3834 §2)."""
    reasons: tuple[str, ...] = ()
    """One sentence for each thing found, naming the header or phrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """The original inside a mail that somebody forwarded."""

    sender: Address
    subject: str = ""
    date: str = ""
    text: str = ""
    comment: str = ""
    """What the forwarder wrote above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleReply:
    """A text taken apart into what was written now and what was only carried along."""

    reply_text: str
    """Without quotes and without signature."""
    unquoted_text: str
    """Without quotes, signature kept."""
    interleaved: bool = False
    """Answers stand between the quotes."""
    forwarded: Forwarded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What one signature claims (RFC 6376 §3.5), as far as it can be told without its key."""

    domain: str = ""
    """`d=`, lower case; it and `selector` are well-formed names unless there is a problem."""
    selector: str = ""
    algorithm: str = ""
    """`rsa-sha256` or `ed25519-sha256`."""
    expires: int | None = None
    """`x=`: seconds since 1970 after which it proves nothing; None for never."""
    digest: bytes = b""
    """SHA-256 of what it signs."""
    value: bytes = b""
    """The signature itself."""
    problem: str = ""
    """Why it proves nothing, whatever its key; empty when it depends on the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One set of ARC: what a mail server on the way found, and signed (RFC 8617 §4.1)."""

    seal: Signature
    """Over every set up to this one."""
    message: Signature
    """Over the mail as it was then."""
    results: str = ""
    """Its Authentication-Results, without the instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail as a reader understands it: the input of `core.decide`."""

    parsed: Parsed
    classification: Classification
    bounce: Bounce | None = None
    reply: VisibleReply
    language: str = ""
    """ISO 639-1 code, empty when unknown."""
    content_hash: str = ""
    """Hex SHA-256 over Date, Subject and decoded text: two mails with one Message-ID are the
    same mail only when this and the strict From agree."""
    sha256: str = ""
    """Hex SHA-256 of the raw bytes."""
    signatures: tuple[Signature, ...] = ()
    """Topmost first; only where we check them ourselves."""
    seals: tuple[Seal, ...] = ()
    """The chain of ARC, oldest first; only where we check it ourselves."""

    @property
    def identity(self) -> str:
        """The one address that From names beyond doubt, lower case; empty when there is none."""
        if self.parsed.from_fields != 1 or self.parsed.from_defect or len(self.parsed.from_) != 1:
            return ""
        return self.parsed.from_[0].addr.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a reader's child says to one request; without a mail, why there is none."""

    mail: Mail | None = None
    is_hostile: bool = False
    """Outside the limits, and would be again."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one mail may have (see `[limits]` in config.toml); sizes in bytes."""

    header_block_bytes: int = 256 * 1024
    header_bytes: int = 64 * 1024
    header_lines: int = 1000
    parts: int = 200
    depth: int = 20
    addresses: int = 200
    html_bytes: int = 2 * 1024 * 1024
    text_bytes: int = 4 * 1024 * 1024
    mail_bytes: int = 25 * 1024 * 1024
    dkim_signatures: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Words of mail programs that an operator adds to ours, as they stand in `phrases.toml`.

    An entry is one whole line; DATE, NAME, ADDRESS and ANY stand for what differs. The names of
    header lines and the farewells have no placeholders.
    """

    attributions: tuple[str, ...] = ()
    originals: tuple[str, ...] = ()
    forwards: tuple[str, ...] = ()
    histories: tuple[str, ...] = ()
    reply_above: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    farewells: tuple[str, ...] = ()
    header_from: tuple[str, ...] = ()
    header_date: tuple[str, ...] = ()
    header_to: tuple[str, ...] = ()
    header_cc: tuple[str, ...] = ()
    header_subject: tuple[str, ...] = ()
    header_other: tuple[str, ...] = ()


NO_PHRASES = Phrases()
"""What an operator adds who adds nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What a reader must know of the house to understand a mail."""

    limits: Limits = Limits()
    own_addresses: tuple[str, ...] = ()
    """Every address of ours (mailboxes and aliases), lower case."""
    own_domains: tuple[str, ...] = ()
    """Domains in which our Message-IDs and reply addresses lie."""
    delimiters: tuple[str, ...] = ()
    """The "reply above this line" lines of our own mails, in every language."""
    phrases: Phrases = NO_PHRASES
    authenticates: bool = False
    """Whether mail that came by SMTP is checked by ourselves: its signatures are worked out."""

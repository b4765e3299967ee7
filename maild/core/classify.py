"""Which machines had a hand in a mail, and whether an automatic answer to it would be wrong.

Strategy: each question is one small function that returns a sentence or ''. Whatever is found
is reported, several things at once; the kind is the first in the order of `Kind`.
Every kind but a person's mail forbids an automatic answer (RFC 3834 §2), and so do a null
return path, a mail system or an unattended address as sender, and bulk mail.
"""

from __future__ import annotations

import re

from maild.core import autoreply, bounce_wording
from maild.core import bounce as bounces
from maild.core.feedback import feedback_reason
from maild.core.invitation import invitation
from maild.core.mail import Bounce, Classification, Envelope, Kind, Parsed, ReadOptions, Source

REPLY_TAG_CHARACTERS_MIN = 16
HOPS_MAX = 50
"""More Received fields than this are a loop (RFC 5321 §6.3 asks for at least 100; a mail for
people never makes half of that)."""

*_MACHINES, _HUMAN = Kind
"""In the order of precedence; the order in which they are looked for."""
_LIST_FIELDS = frozenset((
    "list-id", "list-post", "list-unsubscribe", "list-help", "list-owner", "list-subscribe",
    "list-archive", "mailing-list", "x-mailing-list", "x-beenthere", "x-mailman-version",
    "x-list-id", "x-listname", "x-ml-name", "x-listserver", "x-list-host", "x-ml-info", "listname",
))  # fmt: skip
_OWN_ID = re.compile(r"(?<![a-z2-7])[a-z2-7]{45}(?![a-z2-7])", re.IGNORECASE)
_UNATTENDED = re.compile(
    r"^(?:no|do[._-]?not|dont|not|never|nao|ne|nicht|ne-?pas|no-?responder)[._-]{0,2}"
    r"(?:reply|repl(?:y|ies)|respond|answer|antworten|responda|responder|repondre|rispondere|odpovidat)"
    r"|^noreply|^(?:notifications?|alerts?|mailer|automailer|bounces?|auto-?(?:reply|responder|mailer))[@+._-]"
    r"|[._+-]no-?reply@|-bounces?@|^owner-|-owner@|-request@|^(?:listserv|majordomo|mailman)@"
)
_LOOP_MARK = re.compile(r"x-(?!ms-)(?:[a-z0-9-]{1,40}-)?loop(?:-[a-z0-9-]{1,40})?")
_OURS = "x-maild-"
_VOICE = re.compile(
    r"^(?:new |neue |nouveau |nuevo )?(?:voice ?(?:mail|message)|sprachnachricht|message vocal"
    r"|mensaje de voz|messaggio vocale|mensagem de voz|voicemail(?:bericht)?)s? "
    r"(?:from|message|von|aus|de|di|da|van|\()",
    re.IGNORECASE,
)
_RECEIPT_SUBJECT = re.compile(
    r"^(?:read|gelesen|lu|leído|letto|gelezen|lido|läst|lest|læst|luettu|przeczytano|прочитано"
    r"|přečteno|olvasva|okundu|開封済み|已读|已讀|읽음|read receipt|return receipt"
    r"|disposition notification|message disposition)\s?(?:[:：(]|$)",
    re.IGNORECASE,
)


def classify(
    parsed: Parsed, envelope: Envelope, *, options: ReadOptions, bounce: Bounce | None
) -> Classification:
    """Say which machines had a hand in a mail.

    `bounce` is what `maild.core.bounce.examine` found in the same mail. Never raises. The
    reasons name the field or the phrase that decided.
    """
    found = (
        _bounce_reasons(bounce),
        _one(feedback_reason(parsed)),
        () if bounce else _receipt_reasons(parsed),
        _one(_calendar_reason(parsed)),
        _loop_reasons(parsed, options),
        _autoreply_reasons(parsed, bounce),
        _list_reasons(parsed),
    )
    is_bounce, is_feedback, is_receipt, is_calendar, is_loop, is_autoreply, is_list = map(
        bool, found
    )
    unanswerable = _unanswerable_reasons(parsed, envelope)
    reasons = tuple(dict.fromkeys(reason for group in found for reason in group))
    return Classification(
        kind=next((kind for kind, group in zip(_MACHINES, found, strict=True) if group), _HUMAN),
        is_bounce=is_bounce,
        is_feedback=is_feedback,
        is_receipt=is_receipt,
        is_calendar=is_calendar,
        is_loop=is_loop,
        is_autoreply=is_autoreply,
        is_doubtful=is_autoreply and _is_doubtful(parsed, found[5]),
        is_list=is_list,
        must_not_answer=bool(reasons or unanswerable),
        reasons=(*reasons, *(reason for reason in unanswerable if reason not in reasons)),
    )


def _one(reason: str) -> tuple[str, ...]:
    return (reason,) if reason else ()


def _bounce_reasons(bounce: Bounce | None) -> tuple[str, ...]:
    return (bounce.reasons or ("it is a non-delivery report",)) if bounce else ()


def _receipt_reasons(parsed: Parsed) -> tuple[str, ...]:
    """Return why a mail is a receipt: read (RFC 8098 §3) or delivered (RFC 3464 §2.3.3)."""
    for report in parsed.reports:
        if report.type.endswith("disposition-notification"):
            return ("it holds a disposition notification (RFC 8098)",)
    if any(kind.endswith("disposition-notification") for kind in parsed.part_types):
        return ("it holds a disposition notification (RFC 8098)",)
    if bounces.tells_success(parsed):
        return ("it holds a delivery status that tells of success (RFC 3464)",)
    subject = _RECEIPT_SUBJECT.match(parsed.subject.strip()[:200])
    if subject and parsed.content_type == "multipart/report":
        return (f"the subject starts with “{subject.group()}” above a report",)
    return ()


def _calendar_reason(parsed: Parsed) -> str:
    found = invitation(parsed)
    return found.reason if found else ""


def _loop_reasons(parsed: Parsed, options: ReadOptions) -> tuple[str, ...]:
    """Return why a mail is our own come back."""
    own = frozenset(_base(address) for address in options.own_addresses)
    found = [
        f"From is our own address {address.addr}"
        for address in parsed.from_
        if address.addr and _base(address.addr) in own
    ]
    found.extend(
        f"From writes to its own reply address {address.addr[:80]}"
        for address in (*parsed.to, *parsed.cc)
        if _is_reply_address_of(address.addr, parsed)
    )
    hops = len(parsed.header_all("received"))
    if hops > HOPS_MAX:
        found.append(f"{hops} Received fields, more than {HOPS_MAX}")
    local, _, domain = parsed.message_id.rpartition("@")
    if domain.lower() in options.own_domains and _OWN_ID.search(local):
        found.append("Message-ID is one of ours")
    found.extend(
        f"X-Loop names us: {value[:80]}"
        for value in parsed.header_all("x-loop")
        if _names_us(value, own, options)
    )
    found.extend(
        f"{name} is a field of ours" for name, _ in parsed.headers if name.startswith(_OURS)
    )
    return tuple(dict.fromkeys(found))


def _is_reply_address_of(address: str, parsed: Parsed) -> bool:
    """Tell whether an address is From with a long tag: only a help desk makes such addresses."""
    tag = address.partition("@")[0].partition("+")[2]
    return len(tag) >= REPLY_TAG_CHARACTERS_MIN and any(
        sender.addr and _base(address) == sender.addr.lower() for sender in parsed.from_
    )


def _names_us(value: str, own: frozenset[str], options: ReadOptions) -> bool:
    word = value.strip().strip("<>").lower()
    return _base(word) in own or word in options.own_domains


def _base(address: str) -> str:
    """Return an address without the part behind `+`, lower case."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.split('+', 1)[0]}@{domain}"


def _autoreply_reasons(parsed: Parsed, bounce: Bounce | None) -> tuple[str, ...]:
    reasons = autoreply.automatic_reasons(parsed)
    if bounce and all(reason.startswith("the subject") for reason in reasons):
        return ()
    return reasons


def _is_doubtful(parsed: Parsed, reasons: tuple[str, ...]) -> bool:
    """Tell whether nothing but a subject that a person may have written says so."""
    by_subject = (autoreply.subject_reason(parsed),)
    return reasons == by_subject and not autoreply.tells_of_absence(parsed)


def _list_reasons(parsed: Parsed) -> tuple[str, ...]:
    """Return which fields say that a list distributed the mail (RFC 2369 §3, RFC 2919 §2)."""
    names = dict.fromkeys(name for name, _ in parsed.headers if name in _LIST_FIELDS)
    found = tuple(f"{name}: {parsed.header(name)[:80]}" for name in list(names)[:3])
    if parsed.header("precedence").strip().lower() == "list":
        return (*found, "Precedence: list")
    return found


def _unanswerable_reasons(parsed: Parsed, envelope: Envelope) -> tuple[str, ...]:
    """Return why nothing may answer, though no kind of machine was made out."""
    by_smtp = envelope.source in (Source.SMTP, Source.LMTP)
    grade, speaker = bounce_wording.speaker(parsed)
    found = (
        "MAIL FROM is the null path (RFC 5321 §4.5.5)"
        if by_smtp and not envelope.mail_from
        else "",
        "Return-Path is empty" if bounce_wording.has_null_path(parsed) else "",
        speaker if grade >= bounce_wording.Speaker.LIKELY else "",
        _unattended_reason(parsed),
        autoreply.bulk_reason(parsed),
        autoreply.suppress_reason(parsed),
        _loop_mark_reason(parsed),
        _voice_reason(parsed),
    )
    return tuple(reason for reason in found if reason)


def _loop_mark_reason(parsed: Parsed) -> str:
    """Return the field by which some program marks what it has handled (`X-Loop` and its kin)."""
    for name, value in parsed.headers:
        if "loop" not in name or not _LOOP_MARK.fullmatch(name):
            continue
        if value.strip().lower() not in ("", "no", "false", "0"):
            return f"{name}: {value[:80]}"
    return ""


def _unattended_reason(parsed: Parsed) -> str:
    for address in parsed.from_:
        if _UNATTENDED.search(address.addr.lower()[:320]):
            return f"From is an unattended address ({address.addr})"
    return ""


def _voice_reason(parsed: Parsed) -> str:
    """Return the sentence that says why a mail carries a voice message (RFC 3458 §2), or ''."""
    context = parsed.header("message-context").lower()
    if "voice-message" in context or "fax-message" in context:
        return f"Message-Context: {context[:80]}"
    for name in (
        "content-class",
        "x-voicemessageduration",
        "x-voicemail",
        "x-callingtelephonenumber",
    ):
        value = parsed.header(name).lower()
        if value and (name != "content-class" or "voice" in value or "missedcall" in value):
            return f"{name}: {value[:80]}"
    sound = any(kind.startswith("audio/") for kind in parsed.part_types)
    if sound and _VOICE.match(parsed.subject):
        return "the subject announces a voice message"
    return ""

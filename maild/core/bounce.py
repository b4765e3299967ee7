"""Non-delivery reports: is a mail one, whose mail came back, for ever or for now.

Strategy: a report must be a machine's (a delivery status part, X-Failed-Recipients, a mail
system as sender, a null return path), and it must say that something was not delivered, by
its fields (RFC 3464), its subject or its text. People who write about a bounce, or forward
one, have no such sender. Vacation answers, receipts and complaints are none.
"""

from __future__ import annotations

import re

from maild.core import (
    bounce_address,
    bounce_evidence,
    bounce_notice,
    bounce_status,
    bounce_wording,
)
from maild.core.bounce_status import Block
from maild.core.bounce_wording import Speaker
from maild.core.feedback import feedback_reason
from maild.core.mail import Bounce, Parsed

_STATUS_PART = "delivery-status"
_SOURCE_CHARACTERS = 262144
_FIELD = re.compile(
    r"(?im)^[ \t>]{0,9}(original-recipient|final-recipient|action|status|diagnostic-code"
    r"|x-actual-recipient|reporting-mta)[ \t]{0,4}:[ \t]{0,9}([^\n]{1,900})"
)


def examine(parsed: Parsed) -> Bounce | None:
    """Return what a non-delivery report says, or None when the mail is none.

    Covers delivery status notifications (RFC 3464) including delays, and the reports in free
    form of systems that do not write these. A report of success is no bounce.
    """
    if feedback_reason(parsed):
        return None
    notice = bounce_notice.examine(parsed)
    if notice:
        return notice
    blocks = _status_blocks(parsed)
    failed = tuple(block for block in blocks if bounce_status.concerns_delivery(block))
    if failed and _is_reporting(parsed):
        return _by_status(parsed, failed)
    if any(bounce_status.tells_success(block) for block in blocks):
        return None
    return _by_text(parsed)


def tells_success(parsed: Parsed) -> bool:
    """Whether the mail is a delivery status that tells of success alone (RFC 3464 §2.3.3)."""
    blocks = _status_blocks(parsed)
    succeeded = any(bounce_status.tells_success(block) for block in blocks)
    return succeeded and not any(bounce_status.concerns_delivery(block) for block in blocks)


def _status_blocks(parsed: Parsed) -> tuple[Block, ...]:
    parts = (report for report in parsed.reports if _STATUS_PART in report.type)
    return tuple(block for report in parts for block in report.fields)


def _is_reporting(parsed: Parsed) -> bool:
    """Whether the mail itself is the report, not a person's mail that carries one along."""
    return (
        parsed.content_type == "multipart/report"
        or _STATUS_PART in parsed.content_type
        or bounce_wording.speaker(parsed)[0] > Speaker.PERSON
        or bool(bounce_evidence.subject_phrase(parsed))
    )


def _by_status(parsed: Parsed, failed: tuple[Block, ...]) -> Bounce:
    head = bounce_wording.head_of(parsed.text)
    verdict = bounce_status.judge_blocks(failed) or bounce_status.judge_text(parsed, head)
    detail = bounce_status.detail_of(failed, head)
    named = tuple(bounce_address.from_block(block) for block in failed)
    addresses = tuple(dict.fromkeys(address for address in named if address))
    return Bounce(
        addresses=addresses[: bounce_address.ADDRESSES_MAX]
        or bounce_address.from_header(parsed)
        or bounce_address.from_text(parsed, head),
        bounce_class=verdict.bounce_class,
        message_id=_message_id(parsed),
        is_final=verdict.is_final,
        is_full=bounce_status.is_full(failed, detail),
        detail=detail,
        reasons=("it holds a delivery status (RFC 3464)", verdict.reason),
    )


def _by_text(parsed: Parsed) -> Bounce | None:
    if not bounce_evidence.is_possible(parsed):
        return None
    text = _telling_text(parsed)
    head = bounce_wording.head_of(text)
    reasons = bounce_evidence.evidence(parsed, head)
    if not reasons:
        return None
    blocks = _blocks_in(head) or _blocks_in(_source_of_status(text))
    failed = tuple(block for block in blocks if bounce_status.concerns_delivery(block))
    verdict = bounce_status.judge_blocks(failed) or bounce_status.judge_text(parsed, head)
    detail = bounce_status.detail_of(failed, head)
    named = tuple(bounce_address.from_block(block) for block in failed)
    return Bounce(
        addresses=bounce_address.from_header(parsed)
        or tuple(dict.fromkeys(address for address in named if address))
        or bounce_address.from_text(parsed, head)
        or bounce_address.from_returned(parsed),
        bounce_class=verdict.bounce_class,
        message_id=_message_id(parsed),
        is_final=verdict.is_final,
        is_full=bounce_status.is_full(failed, detail),
        detail=detail,
        reasons=(*reasons, verdict.reason),
    )


def _telling_text(parsed: Parsed) -> str:
    """Return the text that holds the report: the mail's own, or that of a report inside it."""
    subject = next((value for key, value in parsed.returned_headers if key == "subject"), "")
    inside = bounce_wording.found(bounce_wording.SUBJECTS, subject.lower())
    own = bounce_wording.found(
        bounce_wording.PHRASES, bounce_wording.fold(parsed.text[: bounce_wording.HEAD_CHARACTERS])
    )
    return parsed.returned_text if inside and not own and parsed.returned_text else parsed.text


def _blocks_in(head: str) -> tuple[Block, ...]:
    """Return the delivery-status fields that stand in plain text, one block a recipient."""
    blocks: list[list[tuple[str, str]]] = [[]]
    for name, value in _FIELD.findall(head):
        key = name.lower()
        if any(key == known for known, _ in blocks[-1]):
            blocks.append([])
        blocks[-1].append((key, value.strip()))
    return tuple(tuple(block) for block in blocks if block)


def _source_of_status(text: str) -> str:
    """Return the source of a delivery status that stands unparsed in a text, or ''."""
    start = text.lower().find("content-type: message/delivery-status", 0, _SOURCE_CHARACTERS)
    return text[start : start + 4096] if start >= 0 else ""


def _message_id(parsed: Parsed) -> str:
    """Return the Message-ID of the mail that came back, or ''."""
    for key, value in parsed.returned_headers:
        if key == "message-id" and value.strip():
            return value.strip().strip("<>").strip()
    for report in parsed.reports:
        for block in report.fields:
            for name in ("x-original-message-id", "original-message-id"):
                value = bounce_status.value_of(block, name)
                if value:
                    return value.strip("<>")
    quoted = bounce_wording.returned_message_id(parsed.text)
    if quoted:
        return quoted
    return next(iter(parsed.in_reply_to or parsed.references[-1:]), "")

"""Complaints that mailbox providers pass on: feedback reports (RFC 5965) and their elder forms."""

from __future__ import annotations

import re

from maild.core.mail import Parsed

_SENDER = re.compile(
    r"staff@(?:hotmail|live|outlook|msn)\.com|scomp@aol|@arf\.|feedback.?loop|\bfbl\b|fbl-no-reply"
    r"|complaints@email-abuse|@feedback\.|\babuse.?report|\bjmrp"
)
_SUBJECT = re.compile(
    r"^complaint about message from|^email feedback report|^abuse report|feedback loop"
    r"|^spam complaint|^\[?fbl\]?\b|^report abuse|^email abuse report|^xarf|^x-arf"
)
_FIELD = re.compile(r"(?im)^(feedback-type|user-agent|version):[ \t]{0,9}\S")
_FIELDS = 3
_NOTICE = re.compile(r'"(?:notification|event)type"\s{0,9}:\s{0,9}"complaint"', re.IGNORECASE)


def feedback_reason(parsed: Parsed) -> str:
    """Return the sentence that says why a mail is a complaint's report, or ''."""
    text = parsed.text[:65536]
    lowered = text.lower()
    return (
        _by_form(parsed)
        or (_by_fields(text) if "feedback-type" in lowered else "")
        or _by_sender(parsed)
        or (_by_notice(text) if "complaint" in lowered else "")
    )


def _by_form(parsed: Parsed) -> str:
    if "message/feedback-report" in (*parsed.part_types, *(r.type for r in parsed.reports)):
        return "it holds a feedback report (RFC 5965)"
    if dict(parsed.content_params).get("report-type", "").lower() == "feedback-report":
        return "Content-Type has report-type=feedback-report"
    if parsed.header("x-arf") or parsed.header("x-xarf"):
        return "X-ARF marks an abuse report"
    if any(name == "x-hmxmroriginalrecipient" for name, _ in parsed.returned_headers):
        return "X-HmXmrOriginalRecipient marks a complaint by way of Outlook.com"
    return ""


def _by_fields(text: str) -> str:
    fields = {name.lower() for name in _FIELD.findall(text)}
    return "the text holds the fields of RFC 5965" if len(fields) == _FIELDS else ""


def _by_sender(parsed: Parsed) -> str:
    if not _SUBJECT.search(parsed.subject.lower()[:200]):
        return ""
    sender = _SENDER.search(parsed.header("from").lower()[:500])
    return f"From and Subject are those of a feedback loop ({sender.group()})" if sender else ""


def _by_notice(text: str) -> str:
    is_notice = _NOTICE.search(text.replace('\\"', '"'))
    return "the text is a notification of a complaint" if is_notice else ""

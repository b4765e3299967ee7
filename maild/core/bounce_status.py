"""Permanent or temporary: read from the fields of a report, from codes in a text, from words.

Strategy: the more formal statement wins. `Action: delayed` and the first digit of `Status`
(RFC 3464 §2.3.3, §2.3.4) come first, then a code in `Diagnostic-Code`, then enhanced status
codes (RFC 3463) and reply codes (RFC 5321 §4.2) in the text, then wording.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from maild.core.bounce_wording import fold, says_temporary, warns
from maild.core.mail import BounceClass, Parsed

Block = tuple[tuple[str, str], ...]

_DELIVERED = frozenset({"delivered", "relayed", "expanded", "deliverable", "expand"})
_ENHANCED = re.compile(r"(?<![\d.])([45])\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
_REPLY = re.compile(
    r"(?im)(?:^[ \t]{0,12}(?:<<<[ \t]{0,4}|\(?reason:[ \t]{0,4})?"
    r"|said:?\s{1,9}|\berror[ _]?(?:code)?[ _]{0,2}[:=#]?\s{0,4}|returned:?\s{1,4}['\"]?"
    r"|smtp;\s{0,4}|[:>\[(#]\s{0,8}|\bresponse:?\s{1,4}|\bwith\s|\bcode\s|\.{3}\s{0,2})"
    r"([45])[0-5]\d(?=[ :,;\-.)#<]|$)"
)

_WORDS: dict[str, BounceClass] = {"4": BounceClass.TEMPORARY, "5": BounceClass.PERMANENT}
_FULL = re.compile(r"(?<![\d.])[45]\.2\.2(?![\d.]*\d)")
"""Mailbox full (RFC 3463 §3.3)."""
_DETAIL_CHARACTERS_MAX = 200
_DETAIL_TYPE = re.compile(r"^[a-z0-9-]{1,20}[ \t]{0,4};[ \t]{0,4}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A class of failure and the sentence that says from where it was read."""

    bounce_class: BounceClass
    reason: str
    is_final: bool = True
    """False: the mail is still being tried."""


def value_of(block: Block, name: str) -> str:
    """Return the first value of a field in a block, or ''."""
    return next((value.strip() for key, value in block if key == name), "")


def concerns_delivery(block: Block) -> bool:
    """Whether a block tells of a recipient to whom a mail was not, or not yet, delivered."""
    action = value_of(block, "action").lower().split(" ")[0].strip(";,.")
    named = any(value_of(block, name) for name in ("final-recipient", "original-recipient"))
    told = bool(action or value_of(block, "status") or value_of(block, "diagnostic-code"))
    return (named or bool(action)) and told and action not in _DELIVERED


def tells_success(block: Block) -> bool:
    """Whether a block tells of a recipient to whom a mail was delivered or passed on."""
    return value_of(block, "action").lower().split(" ")[0].strip(";,.") in _DELIVERED


def judge_blocks(blocks: tuple[Block, ...]) -> Verdict | None:
    """Judge the recipients' blocks of a delivery status; None when they tell nothing.

    One permanent failure makes the whole permanent, for that address will never work.
    """
    verdicts = [verdict for verdict in (_judge_block(block) for block in blocks) if verdict]
    permanent = [v for v in verdicts if v.bounce_class is BounceClass.PERMANENT]
    return next(iter(permanent or verdicts), None)


def judge_text(parsed: Parsed, head: str) -> Verdict:
    """Judge a report in free form by its subject and its text above the returned mail."""
    folded = fold(head)
    warning = warns(parsed.subject, folded)
    if warning:
        return Verdict(
            bounce_class=BounceClass.TEMPORARY,
            reason=f"temporary: the report is a warning (“{warning}”)",
            is_final=False,
        )
    coded = _judge_codes(head)
    if coded:
        return coded
    phrase = says_temporary(folded)
    if phrase and "permanent failure" not in folded and "failed permanently" not in folded:
        return Verdict(
            bounce_class=BounceClass.TEMPORARY, reason=f"temporary: the text says “{phrase}”"
        )
    return Verdict(
        bounce_class=BounceClass.PERMANENT,
        reason="permanent: the mail was given back and nothing says that it was tried again",
    )


def detail_of(blocks: tuple[Block, ...], head: str) -> str:
    """Return what the server that refused the mail said, on one line, or ''.

    It stands in the recipients' blocks, else on the line of a text that holds its code.
    """
    told = (_DETAIL_TYPE.sub("", value_of(block, "diagnostic-code")) for block in blocks)
    words = next((value for value in told if value), "") or _line_with_code(head)
    return " ".join(words[: 4 * _DETAIL_CHARACTERS_MAX].split())[:_DETAIL_CHARACTERS_MAX]


def is_full(blocks: tuple[Block, ...], detail: str) -> bool:
    """Whether the mailbox of every recipient is full (RFC 3463 §3.3).

    `detail` is what `detail_of` found, for a report without blocks.
    """
    told = [f"{value_of(b, 'status')} {value_of(b, 'diagnostic-code')}" for b in blocks]
    return all(_FULL.search(words) for words in told or [detail])


def _line_with_code(head: str) -> str:
    code = _ENHANCED.search(head) or _REPLY.search(head)
    if code is None:
        return ""
    start, end = head.rfind("\n", 0, code.end()) + 1, head.find("\n", code.end())
    return head[start : end if end >= 0 else None]


def holds_code(text: str) -> bool:
    """Whether a text holds an enhanced status code or a reply code of SMTP."""
    return _judge_codes(text) is not None


def _judge_block(block: Block) -> Verdict | None:
    action = value_of(block, "action").lower()
    if action.startswith("delay"):
        return Verdict(
            bounce_class=BounceClass.TEMPORARY,
            reason=f"temporary: Action: {action[:80]}",
            is_final=False,
        )
    status = value_of(block, "status").lstrip("#( ")
    if status[:1] in _WORDS:
        found = _WORDS[status[0]]
        return Verdict(bounce_class=found, reason=f"{found.value}: Status: {status[:80]}")
    coded = _judge_codes(value_of(block, "diagnostic-code"))
    if coded:
        return coded
    if action:
        return Verdict(
            bounce_class=BounceClass.PERMANENT, reason=f"permanent: Action: {action[:80]}"
        )
    return None


def _judge_codes(text: str) -> Verdict | None:
    enhanced = _ENHANCED.search(text)
    if enhanced:
        found = _WORDS[enhanced.group(1)]
        return Verdict(
            bounce_class=found, reason=f"{found.value}: the text holds {enhanced.group()}"
        )
    digits = {
        match.group(1): match.group().strip()[-3:]
        for match in _REPLY.finditer(text)
        if not match.group().endswith("503")
    }
    if not digits:
        return None
    digit = "5" if "5" in digits else "4"
    return Verdict(
        bounce_class=_WORDS[digit],
        reason=f"{_WORDS[digit].value}: the text holds the reply code {digits[digit]}",
    )

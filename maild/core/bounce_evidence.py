"""Why a mail without a delivery status is a non-delivery report all the same.

Strategy: the less surely the sender is a mail system, the more the mail itself must say: its
subject, its text, a code of SMTP, the mail that came back. A person who asks about a bounce,
quotes one or forwards one never has a sender of the two surest kinds and does not pass.
"""

from __future__ import annotations

import re

from maild.core import autoreply, bounce_address, bounce_wording
from maild.core.bounce_status import holds_code
from maild.core.bounce_wording import PHRASES, SUBJECTS, Speaker
from maild.core.mail import Parsed

_ANSWER = re.compile(
    r"(?i)^\s*(?:re|aw|antw|sv|vs|odp|rif|res|ynt|回复|答复|回覆|fwd?|wg|tr|rv|enc|i)\s?[:：]"
)
_QUOTED = re.compile(r"(?m)^[ \t]{0,20}>[^\n]*$")


def is_possible(parsed: Parsed) -> bool:
    """Tell without a look at the text whether `evidence` could find anything."""
    if parsed.header("x-failed-recipients"):
        return True
    return bounce_wording.speaker(parsed)[0] is not Speaker.PERSON


def evidence(parsed: Parsed, head: str) -> tuple[str, ...]:
    """Return why a mail is a report, one sentence each; empty when it is none.

    `head` is the text above the mail that came back.
    """
    failed = parsed.header("x-failed-recipients")
    if failed:
        return (f"X-Failed-Recipients: {failed[:200]}",)
    grade, speaker = bounce_wording.speaker(parsed)
    if grade is Speaker.PERSON:
        return ()
    subject = subject_phrase(parsed)
    phrase = _text_phrase(parsed, head)
    if not _suffices(grade, subject, phrase, _supports(parsed, head)):
        return ()
    told = (
        f"the subject says “{subject}”" if subject else "",
        f"the text says “{phrase}”" if phrase else "",
        "it lists an address" if not (phrase or subject) else "",
    )
    return (speaker, *(sentence for sentence in told if sentence))


def subject_phrase(parsed: Parsed) -> str:
    """Return what the subject says of a mail that came back, or ''; an answer says nothing."""
    if _ANSWER.match(parsed.subject) or autoreply.subject_reason(parsed):
        return ""
    return bounce_wording.found(SUBJECTS, bounce_wording.fold(parsed.subject[:2000]))


def _text_phrase(parsed: Parsed, head: str) -> str:
    own = _QUOTED.sub("", head) if _ANSWER.match(parsed.subject) else head
    return bounce_wording.found(PHRASES, bounce_wording.fold(own))


def _supports(parsed: Parsed, head: str) -> int:
    """Count what a report usually has besides words: code, returned mail, listed address."""
    listed = bool(bounce_address.listed(parsed, head))
    returned = len(head) < min(len(parsed.text), bounce_wording.HEAD_CHARACTERS)
    return sum((holds_code(head), returned or bool(parsed.returned_headers), listed))


def _suffices(grade: Speaker, subject: str, phrase: str, supports: int) -> bool:
    if grade is Speaker.CERTAIN:
        return bool(subject or phrase or supports)
    if grade is Speaker.LIKELY:
        return bool(subject or (phrase and supports))
    return bool(phrase) and supports > (0 if subject else 1)

"""The original inside a mail that somebody forwarded by hand."""

from __future__ import annotations

import re
from itertools import islice

from maild.core.headernames import Field
from maild.core.mail import NO_PHRASES, Address, Forwarded, Phrases
from maild.core.phrasebook import phrasebook
from maild.core.replymarks import (
    HeaderBlock,
    cleaned,
    cleaned_lines,
    header_block,
    header_field,
    is_forward_divider,
    is_original_divider,
    is_rule,
)
from maild.core.signatures import signature_start

_DIVIDERS_MAX = 200


def forwarded(
    lines: list[str],
    clean: list[str],
    phrases: Phrases = NO_PHRASES,
) -> Forwarded | None:
    """Return what a mail forwards, told by its divider or by a quoted header at its very top.

    `clean` are the same lines, `cleaned` and with `phrases` translated.  None when there is none,
    or when no address of an original sender can be read.
    """
    divider = _divider(clean)
    return None if divider is None else _original(lines, clean, divider, phrases)


def passed_on(text: str, phrases: Phrases = NO_PHRASES) -> Forwarded | None:
    """Return what a mail forwards whose subject says that it is a forward.

    Outlook writes the same quoted header into a forward as into a reply, so that nothing else
    tells them apart: what the first such header names was forwarded.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    clean = phrasebook(phrases).translated(cleaned_lines("\n".join(lines)))
    fields = (index for index, line in enumerate(clean) if line and header_field(line))
    for index in islice(fields, _DIVIDERS_MAX):
        if header_block(clean, index) is not None:
            above = index
            while above > 0 and (not clean[above - 1] or is_rule(clean[above - 1])):
                above -= 1
            return _original(lines, clean, (above, index), phrases)
    return None


def _original(
    lines: list[str], clean: list[str], divider: tuple[int, int], phrases: Phrases
) -> Forwarded | None:
    """Read what stands below a divider, and what was written above it."""
    above, below = divider
    tail = _unmarked(lines[below:])
    near = phrasebook(phrases).translated([cleaned(line) for line in tail[:_HEADER_REACH]])
    block = header_block(near, 0)
    if block is None:
        return None
    sender = _address(_value(block, Field.FROM))
    if sender is None:
        return None
    return Forwarded(
        sender=sender,
        subject=_value(block, Field.SUBJECT),
        date=_value(block, Field.DATE),
        text=_text(tail[block.end :]),
        comment=_text(lines[: signature_start(clean[:above], alone=True)]),
    )


def _divider(clean: list[str]) -> tuple[int, int] | None:
    """Return where the comment ends and where the header of the original begins."""
    first = next((index for index, line in enumerate(clean) if line and not is_rule(line)), None)
    if first is None:
        return None
    if is_original_divider(clean, first):
        return 0, first + 1
    if header_block(clean, first) is not None:
        return 0, first
    return _below_a_comment(clean)


def _below_a_comment(clean: list[str]) -> tuple[int, int] | None:
    """Return the same where something was written above.

    None where a quoted header stands above the divider: then this divider is inside what somebody
    else wrote, and whoever sends the mail on quotes that.
    """
    looks = 0
    for index, line in enumerate(clean):
        if not line or line[0] == ">":
            continue
        if is_forward_divider(clean, index):
            return index, index + 1
        if header_field(line) and header_block(clean, index) is not None:
            return None
        looks += 1
        if looks > _DIVIDERS_MAX:
            break
    return None


def _unmarked(lines: list[str]) -> list[str]:
    """Return lines without the quotation marks that some programs put before a forward."""
    first = next((line for line in lines if line.strip()), "")
    if not first.lstrip().startswith(">"):
        return lines
    return [_QUOTE_MARK.sub("", line, count=1) for line in lines]


def _value(block: HeaderBlock, wanted: Field) -> str:
    return next((value for field, value in block.fields if field is wanted), "")


def _address(value: str) -> Address | None:
    """Read a quoted From; None where it holds two different addresses, as a name may be one."""
    every = list(_ADDRESS.finditer(value[:_ADDRESS_REACH]))
    if len({found[0].removeprefix("mailto:").lower() for found in every}) != 1:
        return None
    found = every[0]
    name = value[: found.start()].strip(" \"'<[(*_")
    local, _, domain = found[0].removeprefix("mailto:").rpartition("@")
    return Address(name=name, addr=f"{local}@{domain.lower()}")


def _text(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n")


_HEADER_REACH = 24
_ADDRESS_REACH = 1000
_QUOTE_MARK = re.compile(r"^[ \t]*> ?")
_ADDRESS = re.compile(
    r"(?<![^\s<>\[\](\"'])(?:mailto:)?[^\s<>\[\]()\"'@]{1,64}@[^\s<>\[\]()\"'@,;]+"
)

"""A whole story on one page: its tickets and the mails it caused, for a golden file.

What differs from run to run (numbers, tokens, ids, times) is replaced by a word; the rest is
compared as it stands and renewed by `--renew`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.flows.letter import Letter
from tests.flows.stage import Json

_SHOWN = ("From", "To", "Cc", "Reply-To", "Subject", "Auto-Submitted", "Content-Language")
_TOKEN = re.compile(r"\b[a-z2-7]{45}\b")
_WHEN = re.compile(r"\b\d{1,2}\.? \w+ 20\d\d,? (?:at |um |à )?\d\d:\d\d(?::\d\d)?(?: UTC)?")


def compare(
    file: Path, tickets: Sequence[Json], letters: Sequence[Letter], *, renew: bool
) -> None:
    """Hold a story against its golden file."""
    found = page(tickets, letters)
    if renew:
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")


def page(tickets: Sequence[Json], letters: Sequence[Letter]) -> str:
    """Write a story down."""
    lines = [*(line for ticket in tickets for line in _ticket(ticket))]
    lines += [line for letter in letters for line in _letter(letter)]
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    for n, ticket in enumerate(tickets):
        text = re.sub(rf"#{ticket['number']}\b", f"#{chr(ord('A') + n)}", text)
    return _WHEN.sub("WHEN", _TOKEN.sub("TOKEN", text))


def _ticket(ticket: Json) -> Iterator[str]:
    yield f"==== ticket #{ticket['number']} {ticket['subject']}"
    for key in ("state", "queue", "mailbox", "assignee", "language", "tags", "linked"):
        yield f"{key}: {ticket[key] or '-'}"
    yield f"people: {', '.join(p['address'] for p in ticket['participants'])}"
    yield f"events: {' '.join(event['kind'] for event in ticket['events'])}"
    for post in ticket["posts"]:
        yield f"-- {post['n']} {post['kind']} {post['author']} {post['trust'] or '-'}"
        yield from post["reply_text"].strip().splitlines()
        yield from (f"[{f['name']} {f['type']} {f['size']}]" for f in post["attachments"])
    yield ""


def _letter(letter: Letter) -> Iterator[str]:
    yield f"==== mail to {letter.recipient}"
    for name in _SHOWN:
        if letter.field(name):
            yield f"{name}: {letter.field(name)}"
    yield ""
    yield from letter.text.strip().splitlines()
    yield from (f"[{name}]" for name in letter.files)
    yield ""

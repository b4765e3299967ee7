"""A real browser for the tests: Debian's Chromium, and everything that a page does in it is told.

    with chromium() as browser, open_page(browser, Looks(width=320)) as seen:
        seen.go(url)
        assert seen.trouble == []

Nothing is reached but this machine: every other name has no address in this browser.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    sync_playwright,
)
from starlette.types import ASGIApp

from maild.settings.values import Listen
from maild.web.server import serve
from tests.needs import find, require

_WAIT_SECONDS = 30
_ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
_WATCH = """
  const said = (...words) => tell(words.join(' '));
  window.ran = what => said('ran', what);
  for (const name of ['alert', 'confirm', 'prompt', 'print', 'open'])
    window[name] = what => said('ran', what);
  document.addEventListener('securitypolicyviolation', event =>
    said('policy', event.violatedDirective, event.blockedURI));
"""
_SETTLED = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))"
_AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How somebody looks at a page."""

    width: int = 1440
    height: int = 900
    dark: bool = False
    language: str = "en"
    scripts: bool = True
    policy: bool = True
    """Whether the page's own Content-Security-Policy counts."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """A page in the browser, and all that it did."""

    page: Page
    requests: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    """What ran, what the policy refused, and what else the browser complained about."""

    def go(self, url: str) -> int:
        """Open an address, and wait until nothing more happens; return the status."""
        answer = self.page.goto(url, wait_until="load")
        self.settle()
        return answer.status if answer else 0

    def settle(self) -> None:
        """Let everything happen that a page does by itself."""
        self.page.evaluate(_SETTLED)

    def skeleton(self) -> str:
        """Return all elements with their attributes, without any text."""
        return str(
            self.page.evaluate(
                "() => [...document.querySelectorAll('*')].map(e => e.tagName + [...e.attributes]"
                ".map(a => ` ${a.name}=${a.value}`).join('')).join('\\n')"
            )
        )

    def text(self) -> str:
        """Return all text of the page, seen or not."""
        return str(self.page.evaluate("() => document.body.textContent"))

    def is_too_wide(self) -> bool:
        """Tell whether one must scroll sideways to read it."""
        return bool(
            self.page.evaluate(
                "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
        )

    def small_targets(self, least: int = 44) -> list[str]:
        """Return the buttons and fields that are lower than so many pixels."""
        script = (
            "least => [...document.querySelectorAll('button, label:has(input), textarea, select')]"
            ".filter(e => e.getBoundingClientRect().height < least)"
            ".map(e => e.outerHTML.slice(0, 80))"
        )
        found: list[str] = self.page.evaluate(script, least)
        return found

    def focus(self) -> str:
        """Return what has the focus, and whether that can be seen: `BUTTON Send it, seen`."""
        return str(
            self.page.evaluate(
                "() => { const e = document.activeElement;"
                "const shown = e.type === 'radio' ? e.nextElementSibling : e;"
                "const style = getComputedStyle(shown);"
                "const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;"
                "return `${e.tagName} ${(e.textContent || e.value || '').trim()}, "
                "${seen ? 'seen' : 'not seen'}` }"
            )
        )

    def tab_to(self, words: str, most: int = 30) -> None:
        """Press Tab until something with these words has the focus, which must be seen."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            found = self.focus()
            if found.startswith("BODY"):
                continue
            assert found.endswith(", seen"), found
            if words in found:
                return
        raise AssertionError(f"no Tab leads to {words!r}")

    def inaccessible(self) -> list[str]:
        """Return what axe-core finds wrong: rule, and where."""
        script = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
        self.page.evaluate(script)
        options = {
            "runOnly": {"type": "tag", "values": list(_AXE_TAGS)},
            "rules": {"target-size": {"enabled": True}},
        }
        found: dict[str, Any] = self.page.evaluate("options => axe.run(options)", options)
        assert len(found["passes"]) > 10, "axe looked at nothing"
        return [
            f"{one['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser of our own."""
    require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find("chromium"), args=["--no-sandbox", "--disable-quic", _ALONE]
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(browser: Browser, looks: Looks) -> Iterator[Seen]:
    """Open an empty page that looks as wished."""
    context = browser.new_context(
        viewport={"width": looks.width, "height": looks.height},
        color_scheme="dark" if looks.dark else "light",
        reduced_motion="reduce",
        locale=looks.language,
        bypass_csp=not looks.policy,
        java_script_enabled=looks.scripts,
    )
    context.set_default_timeout(_WAIT_SECONDS * 1000)
    seen = Seen(page=context.new_page())
    _watch(context, seen)
    try:
        yield seen
    finally:
        context.close()


def _watch(context: BrowserContext, seen: Seen) -> None:
    def told(words: str) -> None:
        seen.trouble.append(words)

    def asked(request: Request) -> None:
        seen.requests.append(request.url)

    def complained(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            seen.trouble.append(f"console {message.text}")

    def failed(error: Error) -> None:
        seen.trouble.append(f"error {error}")

    context.expose_function("tell", told)
    context.add_init_script(_WATCH)
    context.on("request", asked)
    seen.page.on("pageerror", failed)
    seen.page.on("console", complained)


@contextmanager
def site(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port, in a thread of its own; gives its address."""
    ready: Future[str] = Future()
    ended: Future[Callable[[], object]] = Future()

    async def run() -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        ended.set_result(lambda: loop.call_soon_threadsafe(over.set))
        server = await serve(app, Listen(host="127.0.0.1", port=0))
        ready.set_result(server.address)
        await over.wait()
        await server.stop()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    end = ended.result(_WAIT_SECONDS)
    try:
        yield f"http://{ready.result(_WAIT_SECONDS)}"
    finally:
        end()
        thread.join(_WAIT_SECONDS)


@dataclass(slots=True, kw_only=True)
class Canary:
    """A place that nobody has a reason to visit."""

    url: str
    visits: int = 0


@contextmanager
def canary() -> Iterator[Canary]:
    """Listen for whoever follows an address that only a mail named."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bird = Canary(url=f"http://127.0.0.1:{listener.getsockname()[1]}")

        def listen() -> None:
            while True:
                try:
                    visitor, _ = listener.accept()
                except OSError:
                    return
                bird.visits += 1
                visitor.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield bird
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(_WAIT_SECONDS)

"""Scripts and remote content in everything that a mail brings: a real browser runs and fetches none.

Each document that we make of hostile mail (HTML of our mails, the page that asks an agent) is shown
in a frame of Chromium, without the headers that would protect it besides. Whatever runs, or is
fetched, tells a server of the test. The control frame holds the same payloads as they came.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from maild import confirm
from tests.faults.form import times
from tests.needs import find, needs
from tests.trust.house import InMemory, letter, proven
from tests.trust.test_confirm import asked, opened, token_of
from tests.trust.test_injection import encoded, with_file

pytestmark = [needs("chromium"), pytest.mark.servers, pytest.mark.timeout(300)]
TO = "support@co.example"
FIELD = proven("customer.example")
LOAD_MILLISECONDS = times(4000, 20_000)
RUN = "new Image().src='@AT@/ran'"
PAYLOADS = (
    f"<script>{RUN}</script>", f'<img src=x onerror="{RUN}">', f'<svg onload="{RUN}">',
    f"<svg><script>{RUN}</script></svg>", f'<body onload="{RUN}">',
    f'<iframe srcdoc="<script>{RUN}</script>"></iframe>', f'<details open ontoggle="{RUN}">x</details>',
    f'<input autofocus onfocus="{RUN}">', f'<video><source onerror="{RUN}"></video>',
    f'<math><mtext><table><mglyph><style><img src=x onerror="{RUN}">',
    f"</title><script>{RUN}</script>", f"</style><script>{RUN}</script>", f"</textarea><script>{RUN}</script>",
    f'"><script>{RUN}</script>', f"'><img src=x onerror=\"{RUN}\">", f"--><script>{RUN}</script>",
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>">', f'<a href="javascript:{RUN}" autofocus>x</a>',
    f'<form><button formaction="javascript:{RUN}">x</button></form>', f'<object data="javascript:{RUN}"></object>',
    f'<marquee onstart="{RUN}">x</marquee>', f"<template><script>{RUN}</script></template>",
    f"<scr<script>ipt>{RUN}</script>", f"<img/src=x/onerror={RUN}>", f'<x onclick="{RUN}" tabindex=0 autofocus>x</x>',
    '<img src="@AT@/fetched">', '<link rel=stylesheet href="@AT@/fetched">',
    "<style>@import '@AT@/fetched';</style>", '<p style="background:url(@AT@/fetched)">x</p>',
    '<meta http-equiv=refresh content="0;url=@AT@/fetched">', '<iframe src="@AT@/fetched"></iframe>',
    '<base href="@AT@/"><img src=fetched>', '<video poster="@AT@/fetched"></video>',
    '<link rel=preload as=image href="@AT@/fetched">', '<picture><source srcset="@AT@/fetched"><img></picture>',
    '<input type=image src="@AT@/fetched">', '<table background="@AT@/fetched"><tr><td>x</table>',
    '<audio src="@AT@/fetched" autoplay></audio>', '<embed src="@AT@/fetched">',
)  # fmt: skip


class Canary(ThreadingHTTPServer):
    """A server that keeps what was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.asked: list[str] = []


class _Asked(BaseHTTPRequestHandler):
    server: Canary

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def canary() -> Iterator[tuple[Canary, str]]:
    server = Canary()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def test_a_browser_runs_and_fetches_nothing_that_a_mail_brought(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    with canary() as (heard, at):
        payloads = [payload.replace("@AT@", at) for payload in PAYLOADS]
        documents = documents_of(payloads)
        show(tmp_path / "ours", documents)
        ours = list(heard.asked)
        show(tmp_path / "control", [f"<p>{payload}</p>" for payload in payloads])
        control = list(heard.asked)

    figures(
        payloads=len(payloads),
        documents=len(documents),
        ran=ours.count("/ran"),
        fetched=ours.count("/fetched"),
        control_ran=control.count("/ran"),
        control_fetched=control.count("/fetched"),
    )
    assert control.count("/ran") > 8
    assert control.count("/fetched") > 5
    assert ours == []


def documents_of(payloads: list[str]) -> list[str]:
    """Let each payload come as subject, name, text, HTML and file name; return what we make of it."""
    house = InMemory()
    mails = []
    for n, payload in enumerate(payloads):
        sender = f"{encoded(payload)} <c{n}@customer.example>"
        plain = letter(sender, TO, "x", FIELD, subject=encoded(f"{n} {payload}"))
        html = letter(
            f"h{n}@customer.example", TO, f"<p>{n} {payload}</p>", FIELD, subject=f"h{n}"
        )
        name = "%" + payload.encode().hex("%")
        mails += [
            with_file(plain, f"Content-Disposition: attachment; filename*=utf-8''{name}"),
            html.replace(b"text/plain", b"text/html"),
        ]
    mails.append(letter("text@customer.example", TO, "\n".join(payloads), FIELD, subject="text"))
    for start in range(0, len(mails), 32):
        house.receive(*mails[start : start + 32])
    parts = [mail.get_body(("html",)) for mail in house.sent]
    documents = [str(part.get_content()) for part in parts if part is not None]
    house.close()
    strict = opened()
    question = asked(strict, "\n".join(payloads))
    documents.append(confirm.show(strict.office, token_of(question), "en").html)
    strict.close()
    return documents


def show(folder: Path, documents: list[str]) -> None:
    """Show documents in the frames of one page, until everything has loaded."""
    folder.mkdir()
    frames = []
    for n, document in enumerate(documents):
        (folder / f"{n}.html").write_text(document, encoding="utf-8", errors="replace")
        frames.append(f"<iframe src={n}.html></iframe>")
    (folder / "all.html").write_text("\n".join(frames))
    program = find("chromium")
    assert program
    subprocess.run(
        [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            f"--user-data-dir={folder}/profile", "--disable-background-networking",
            "--no-first-run", f"--virtual-time-budget={LOAD_MILLISECONDS}", "--dump-dom",
            f"file://{folder}/all.html",
        ],
        check=True, capture_output=True, timeout=200,
    )  # fmt: skip

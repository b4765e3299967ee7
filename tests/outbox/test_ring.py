"""Pages over a real wire: what is posted, what each answer means, and what is never dialled."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from maild.core.promise import Due
from maild.core.webhook import Page, Webhook, body, identity, is_public
from maild.outbox.result import SendResult, Sent
from maild.outbox.ring import ANSWER_SHOWN_MAX, WAIT_SECONDS_MAX, Call, ring
from tests.core.scenes import NOW
from tests.outbox.relays import certificate, server_tls
from tests.store.rows import new_ticket

SECRET = "a secret of many characters"
PAGE = Page(
    webhook="oncall",
    event="deadline.missed",
    rule="page at night",
    due=Due(kind="first_response", due_at=NOW),
    key="deadline-17/page/oncall",
)


@dataclass
class Receiver:
    """A program of somebody else, as a real HTTP server."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b"ok"
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((self.path, dict(self.headers), data))
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            self.wfile.write(receiver.answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "http"
    if tls is not None:
        scheme = "https"
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.url = f"{scheme}://127.0.0.1:{server.server_port}/hook?team=a"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as made:
        yield made


def call(url: str, *, private: bool = True, **more: object) -> Call:
    hook = Webhook(name="oncall", url=url, allow_private=private)
    ticket = new_ticket()
    return Call(
        hook=hook,
        secret=SECRET,
        key=PAGE.key,
        data=body(PAGE, hook, ticket, "Acme", NOW),
        now=NOW,
        **more,  # type: ignore[arg-type]
    )


def answered(receiver: Receiver, status: int, **headers: str) -> Sent:
    receiver.status = status
    receiver.headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return ring(call(receiver.url))


def test_a_page_is_posted_and_its_signature_can_be_verified(receiver: Receiver) -> None:
    sent = ring(call(receiver.url))

    [(path, headers, data)] = receiver.got
    signed = headers["Maild-Timestamp"].encode() + b"." + data
    wanted = "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert sent.result is SendResult.ACCEPTED
    assert path == "/hook?team=a"
    assert hmac.compare_digest(wanted, headers["Maild-Signature"])
    assert headers["Idempotency-Key"] == identity(PAGE.key) == json.loads(data)["id"]
    assert headers["Content-Type"] == "application/json"


def test_a_page_tells_ids_and_the_deadline_and_nothing_of_the_customers() -> None:
    hook = Webhook(name="oncall", url="https://pager.example")

    told = json.loads(body(PAGE, hook, new_ticket(), "Acme", NOW))

    assert told["event"] == "deadline.missed"
    assert told["deadline"] == {"kind": "first_response", "due_at": "2026-03-02T09:00:00Z"}
    assert set(told["ticket"]) == {"number", "state", "queue", "priority", "tier", "assignee"}


def test_subject_and_customer_are_told_where_the_settings_say_so() -> None:
    hook = Webhook(name="oncall", url="https://pager.example", customer_text=True)

    told = json.loads(body(PAGE, hook, new_ticket(), "Acme", NOW))

    assert told["ticket"]["subject"] == "The printer smokes"
    assert told["ticket"]["customer"] == "anna@customer.example"


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (204, SendResult.ACCEPTED),
        (301, SendResult.TEMPORARY),
        (400, SendResult.PERMANENT),
        (408, SendResult.TEMPORARY),
        (410, SendResult.PERMANENT),
        (429, SendResult.TEMPORARY),
        (500, SendResult.TEMPORARY),
        (503, SendResult.TEMPORARY),
    ],
)
def test_each_answer_has_one_meaning(receiver: Receiver, status: int, result: SendResult) -> None:
    assert answered(receiver, status).result is result


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with serving() as elsewhere:
        sent = answered(receiver, 307, Location=elsewhere.url)

        assert sent.result is SendResult.TEMPORARY
        assert "not followed" in sent.answer
        assert elsewhere.got == []


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120),
        ("9999999", WAIT_SECONDS_MAX),
        ("-5", 0),
        ("soon", 0),
        ("9" * 100, 0),
        ("Mon, 02 Mar 2026 09:01:00 GMT", 60),
        ("Mon, 02 Mar 2020 09:01:00 GMT", 0),
    ],
)
def test_retry_after_is_heeded_within_bounds(receiver: Receiver, asked: str, seconds: int) -> None:
    assert answered(receiver, 503, Retry_After=asked).wait_seconds == seconds


def test_a_long_answer_is_cut_and_shown_in_one_line(receiver: Receiver) -> None:
    receiver.answer = b"no\r\n\x1b[31m" * 1_000_000

    sent = answered(receiver, 500)

    assert len(sent.answer) <= ANSWER_SHOWN_MAX
    assert sent.answer.isprintable()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "nonsense",
        "",
    ],
)
def test_an_address_of_this_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_an_address_elsewhere_is_public(address: str) -> None:
    assert is_public(address)


def test_this_machine_is_not_dialled_unless_it_is_allowed(receiver: Receiver) -> None:
    sent = ring(call(receiver.url, private=False))

    assert sent.result is SendResult.TEMPORARY
    assert receiver.got == []


def test_what_was_judged_is_what_is_dialled_so_a_name_is_asked_once(receiver: Receiver) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    answers = iter((["127.0.0.1"], ["169.254.169.254"]))
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    sent = ring(call(f"http://rebind.invalid:{port}/hook"), rebinding)

    assert sent.result is SendResult.ACCEPTED
    assert asked == ["rebind.invalid"]
    assert receiver.got[0][1]["Host"] == f"rebind.invalid:{port}"


def test_a_name_that_leads_inside_is_not_dialled(receiver: Receiver) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    hook = f"http://inside.example:{port}/hook"

    sent = ring(call(hook, private=False), lambda _host, _port: ["127.0.0.1", "::ffff:10.0.0.1"])

    assert "no address outside" in sent.answer
    assert receiver.got == []


def test_a_server_that_drips_is_cut_off() -> None:
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        line, _ = listener.accept()
        with line:
            line.recv(65536)
            while not ended.wait(0.02):
                try:
                    line.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

    sent = ring(call(url, whole_seconds=0.3))

    ended.set()
    thread.join()
    listener.close()
    assert sent.result is SendResult.TEMPORARY


def test_a_server_that_is_not_there_is_tried_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    sent = ring(call(f"http://127.0.0.1:{port}/"))

    assert sent.result is SendResult.TEMPORARY
    assert "refused" in sent.answer


def test_https_wants_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    server = server_tls(cert, key)
    trusted = ssl.create_default_context(cafile=str(cert))
    with serving(server) as receiver:
        distrusted = ring(call(receiver.url))
        known = ring(call(receiver.url, trusted=trusted))

        assert distrusted.result is SendResult.TEMPORARY
        assert "certificate" in distrusted.answer
        assert known.result is SendResult.ACCEPTED
        assert len(receiver.got) == 1

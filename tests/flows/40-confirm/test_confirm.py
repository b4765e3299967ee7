"""Held until the agent says yes: by a reply, by a page, by an operator; by nobody else."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.flows.letter import Letter
from tests.flows.stage import Stage, running, wait_for
from tests.needs import ROOT, require
from tests.ports import free_port

ALICE = "alice@example.com"
CONFIG = """\
[maild]
name = "Example"
domain = "example.com"
state_dir = "state"

[smtp]
listen = ["127.0.0.1:@SMTP@"]

[web]
listen = "127.0.0.1:@WEB@"
public_url = "http://127.0.0.1:@WEB@"
admin_listen = "127.0.0.1:@ADMIN@"

[relay]
url = "maildir:outgoing"

[[agent]]
address = "alice@example.com"
name = "Alice Archer"
languages = ["de"]
"""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A house with the shipped default, in which nothing proves a domain."""
    with running(tmp_path_factory.mktemp("confirm"), CONFIG, WEB=free_port()) as stage:
        yield stage


def asked(house: Stage, customer: str, text: str) -> tuple[int, Letter]:
    """Let Alice answer a new ticket; return its number and the question that she gets."""
    house.send(
        f"From: {customer}\nTo: support@example.com\nSubject: Broken cup\n\nThe cup is broken.\n"
    )
    number = int(house.ticket_of(customer)["number"])
    house.letter(customer)
    notice = house.letter(ALICE, number)
    house.send(reply(notice, text), notice.reply_to)
    return number, house.letter(ALICE, number)


def reply(letter: Letter, text: str) -> str:
    """A reply as a plain mail client writes it."""
    quote = "\n".join(f"> {line}".rstrip() for line in letter.text.splitlines())
    return (
        f"From: {letter.recipient}\nTo: {letter.reply_to}\nSubject: Re: {letter.subject}\n"
        f"In-Reply-To: {letter.message_id}\nMIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n\nAm Montag schrieb Example:\n{quote}\n"
    )


def path_of(question: Letter) -> str:
    match = re.search(r"http://127\.0\.0\.1:\d+(/confirm/[a-z2-7]{45})", question.text)
    assert match, question.text
    return match[1]


def ask(house: Stage, method: str, path: str, body: str = "") -> tuple[int, dict[str, str], str]:
    """Send one request to the public pages."""
    connection = HTTPConnection("127.0.0.1", house.values["WEB"], timeout=30)  # type: ignore[arg-type]
    fields = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(method, path, body=body or None, headers=fields)
    answer = connection.getresponse()
    text = answer.read().decode()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return answer.status, headers, text


def test_a_reply_to_the_question_sends_the_answer(strict: Stage) -> None:
    require("swaks")
    customer = "rosa@customer.example"
    number, question = asked(strict, customer, "We send a new one.")
    file = strict.folder / "yes.eml"
    file.write_text(reply(question, ""), encoding="utf-8")

    assert "Haben Sie das geschrieben?" in question.text
    assert f"An: {customer}" in question.text
    assert "> We send a new one." in question.text
    assert question.field("Auto-Submitted") == "auto-generated"
    assert not strict.unread(customer)

    swaks = ["swaks", "--silent", "2", "--server", f"127.0.0.1:{strict.smtp_port}"]
    addresses = ["--from", ALICE, "--to", question.reply_to, "--data", f"@{file}"]
    subprocess.run([*swaks, *addresses], check=True, timeout=60)

    assert strict.letter(customer).text.startswith("We send a new one.")
    assert "Es wurde bestätigt" in strict.letter(ALICE, number).text
    kinds = [event["kind"] for event in strict.ticket(number)["events"]]
    assert "mail.confirmed" in kinds

    strict.send(reply(question, "Ja."), question.reply_to)

    assert "schon bestätigt" in strict.letter(ALICE, number).text
    assert not strict.unread(customer)


def test_the_page_shows_and_sends_once(strict: Stage) -> None:
    customer = "rita@customer.example"
    number, question = asked(strict, customer, "A <b>new</b> one is on its way.")
    path = path_of(question)

    status, headers, page = ask(strict, "GET", path)
    scans = [ask(strict, method, path) for method in ("HEAD", "GET", "HEAD", "OPTIONS", "PUT")]

    assert status == 200
    assert "A &lt;b&gt;new&lt;/b&gt; one is on its way." in page
    assert customer in page
    assert 'lang="de"' in page
    assert "<script" not in page
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; form-action 'self'; frame-ancestors 'none'")
    assert "style-src 'sha256-" in policy
    assert "unsafe" not in policy
    assert "set-cookie" not in headers
    assert headers["cache-control"] == "no-store"
    assert [one[0] for one in scans] == [200, 200, 200, 404, 404]
    assert not strict.unread(customer)

    sent, _, told = ask(strict, "POST", path, "answer=send")

    assert (sent, "Bestätigt." in told) == (200, True)
    assert strict.letter(customer).text.startswith("A <b>new</b> one is on its way.")
    assert "Es wurde bestätigt" in strict.letter(ALICE, number).text
    for method, body in (("POST", "answer=send"), ("POST", "answer=drop"), ("GET", "")):
        again, _, page = ask(strict, method, path, body)
        assert again == 410
        assert customer not in page
        assert "on its way" not in page
    assert not strict.unread(customer)


def test_a_page_gives_a_mail_up(strict: Stage) -> None:
    customer = "ruth@customer.example"
    _, question = asked(strict, customer, "Go away.")

    status, _, page = ask(strict, "POST", path_of(question), "answer=drop")

    assert (status, "Verworfen." in page) == (200, True)
    wait_for(lambda: all(f"/{ALICE}" not in str(row) for row in strict.held()), "still held", 30)
    assert not strict.unread(customer)


def test_strangers_learn_nothing_and_change_nothing(strict: Stage) -> None:
    customer = "rolf@customer.example"
    _, question = asked(strict, customer, "Soon.")
    path = path_of(question)
    guesses = [
        f"/confirm/{'a' * 45}",
        "/confirm/",
        "/confirm/x",
        f"{path}x",
        path[:-1],
        f"{path}/",
    ]

    told = [
        ask(strict, method, g, b)
        for g in guesses
        for method, b in (("GET", ""), ("POST", "answer=send"))
    ]
    odd = [
        ask(strict, "POST", path, body)[0]
        for body in ("", "answer=", "answer=send%00", "x=1", "answer=" + "a" * 5000)
    ]

    assert {status for status, _, _ in told} <= {404, 307}
    assert not any(customer in page or "Soon" in page for _, _, page in told)
    assert odd == [400] * 5
    assert ask(strict, "POST", path, "answer=" + "a" * 70_000)[0] == 413
    assert not strict.unread(customer)
    assert ask(strict, "GET", path)[0] == 200


def test_an_operator_sees_it_and_confirms_in_the_agents_place(strict: Stage) -> None:
    customer = "rene@customer.example"
    _, question = asked(strict, customer, "By the operator.")
    (row,) = [r for r in strict.held() if r["confirmation"] and "agent-reply" in r["reason"]][-1:]

    listed = strict.maild("held", "list").stdout.decode()
    released = strict.maild("held", "release", str(row["journal"]))

    assert f"{ALICE} until " in listed
    assert (
        released.stdout.decode().strip() == "1 released, 1 of them confirmed in the agent's place"
    )
    assert strict.letter(customer).text.startswith("By the operator.")
    assert ask(strict, "GET", path_of(question))[0] == 410


def test_a_newcomer_who_answers_on_this_machine_is_not_asked(tmp_path: Path) -> None:
    """The shipped config.toml, with other ports: who submits here proves the example's domain."""
    config = (ROOT / "config.toml").read_text(encoding="utf-8")
    for port, name in (("8025", "SMTP"), ("8080", "WEB"), ("8081", "ADMIN")):
        assert f'"127.0.0.1:{port}"' in config
        config = config.replace(f'"127.0.0.1:{port}"', f'"127.0.0.1:@{name}@"')

    config += '\n[relay]\nurl = "maildir:outgoing"\n'
    with running(tmp_path, config, WEB=free_port()) as house:
        house.send(
            "From: you@example.net\nTo: support@example.com\nSubject: Hello\n\nMy first ticket.\n"
        )
        number = int(house.ticket_of("you@example.net")["number"])
        notice = house.letter(ALICE, number)
        house.send(reply(notice, "Welcome!"), notice.reply_to)

        answer = wait_for(
            lambda: [m for m in house.letters("you@example.net") if "Welcome!" in m.text], "none"
        )

        assert len(answer) == 1
        assert house.ticket(number)["posts"][-1]["trust"] == "E3"
        assert house.held() == []

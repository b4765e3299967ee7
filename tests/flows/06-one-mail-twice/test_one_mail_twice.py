"""The same mail by two ways is one post."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable

import pytest

from tests.flows.stage import SECONDS_MAX, Json, Script, wire

SUPPORT, ORDERS = "support@example.com", "orders@acme.example"
RESET = struct.pack("ii", 1, 0)


def close(client: socket.socket) -> None:
    client.close()


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()


def half_close(client: socket.socket) -> None:
    client.shutdown(socket.SHUT_WR)


def tickets_of(script: Script, customer: str) -> list[Json]:
    script.stage.settled()
    mine = [t for t in script.stage.tickets() if t["customer"]["address"] == customer]
    return [script.stage.ticket(ticket["number"]) for ticket in mine]


def test_a_mail_to_two_mailboxes_is_one_post_in_the_queue_of_the_first(script: Script) -> None:
    customer = "cora@customer.example"
    values = {"FROM": customer, "TO": f"{ORDERS}, {SUPPORT}", "ID": "two-boxes@customer.example"}

    mail = script.mail("customer", **values)
    for recipients in ([SUPPORT, ORDERS], SUPPORT, ORDERS):
        script.stage.send(mail, recipients)

    (ticket,) = tickets_of(script, customer)
    assert (ticket["queue"], ticket["mailbox"]) == ("orders", "Acme Shop")
    assert len(ticket["posts"]) == 1
    assert len(script.stage.letters(customer)) == 1
    about = [
        letter
        for letter in script.stage.letters("carla@example.com")
        if f"#{ticket['number']}]" in letter.subject
    ]
    assert len(about) == 1


def test_a_mail_by_smtp_and_by_pipe_is_one_post(script: Script) -> None:
    customer = "clemens@customer.example"
    values = {"FROM": customer, "TO": SUPPORT, "ID": "two-ways@customer.example"}
    mail = script.mail("customer", **values)

    script.stage.send(mail)
    copy = b"Received: from mx.example by host.example; Fri, 20 Nov 2026 10:00:03 +0100\r\n"
    piped = script.stage.maild("deliver", "--to", SUPPORT, stdin=copy + wire(mail))

    assert piped.returncode == 0, piped.stderr
    (ticket,) = tickets_of(script, customer)
    assert len(ticket["posts"]) == 1


def test_the_same_message_id_with_other_content_is_a_post_of_its_own(script: Script) -> None:
    customer = "conrad@customer.example"
    mail = script.mail("customer", FROM=customer, TO=SUPPORT, ID="reused@customer.example")

    script.stage.send(mail)
    script.stage.send(mail.replace("when do you open", "where are you"))

    posts = [post["text"] for ticket in tickets_of(script, customer) for post in ticket["posts"]]
    assert len(posts) == 2
    assert sum("where are you" in text for text in posts) == 1


def test_without_a_message_id_the_content_decides(script: Script) -> None:
    customer = "carl@customer.example"
    mail = script.mail("customer", FROM=customer, TO=SUPPORT, ID="x")
    mail = mail.replace("Message-ID: <x>\n", "")

    script.stage.send(mail)
    script.stage.send(mail)
    script.stage.send(mail.replace("open?", "close?"))

    posts = [post for ticket in tickets_of(script, customer) for post in ticket["posts"]]
    assert len(posts) == 2


@pytest.mark.parametrize("drop", [close, reset, half_close])
def test_who_drops_after_the_dot_and_sends_again_has_written_once(
    script: Script, figures: Callable[..., None], drop: Callable[[socket.socket], None]
) -> None:
    customer = f"{drop.__name__.replace('_', '-')}@customer.example"
    mail = script.mail("customer", FROM=customer, TO=SUPPORT, ID=f"dropped-{customer}")

    with socket.create_connection(("127.0.0.1", script.stage.smtp_port), SECONDS_MAX) as client:
        replies = client.makefile("rb")
        replies.readline()
        for command in (b"HELO x", f"MAIL FROM:<{customer}>".encode(), b"RCPT TO:<%s>", b"DATA"):
            client.sendall(command.replace(b"%s", SUPPORT.encode()) + b"\r\n")
            replies.readline()
        client.sendall(wire(mail) + b"\r\n.\r\n")
        drop(client)
    script.stage.send(wire(mail) + b"\r\n")

    found = tickets_of(script, customer)
    posts = sum(len(ticket["posts"]) for ticket in found)
    answers = len(script.stage.letters(customer))
    figures(drops=1, tickets_doubled=len(found) - 1, posts_doubled=posts - 1)
    assert (len(found), posts, answers) == (1, 1, 1)

"""The same mail by two ways is one post."""

from __future__ import annotations

from tests.flows.stage import Json, Script, wire

SUPPORT, ORDERS = "support@example.com", "orders@acme.example"


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

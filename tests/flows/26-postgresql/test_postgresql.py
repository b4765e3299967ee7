"""The same story on PostgreSQL, through two nodes, one of which is killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.stage import Stage, running, wait_for
from tests.needs import needs
from tests.servers import postgresql

pytestmark = needs("postgresql")
CONFIG = (Path(__file__).parent / "config.toml").read_text()
CUSTOMER = "nora@customer.example"
MAILS = 60


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Stage, Stage]]:
    """Two running daemons that share a database, a secret and a relay."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with postgresql.running() as server:
        shared: dict[str, object] = {"SHARED": tmp_path, "DATABASE": server.database()}
        with (
            running(tmp_path / "one", CONFIG, **shared) as one,
            running(tmp_path / "two", CONFIG, **shared) as two,
        ):
            yield one, two


def test_a_conversation_goes_through_both_nodes(nodes: tuple[Stage, Stage]) -> None:
    one, two = nodes
    one.send(f"From: Nora <{CUSTOMER}>\nTo: support@example.com\nSubject: Two doors\n\nHello.\n")
    number = one.ticket_of(CUSTOMER)["number"]
    notice = outgoing(one, "alice@example.com")

    two.send(f"From: alice@example.com\nTo: {notice['Reply-To']}\nSubject: Re: x\n\nWelcome.\n")
    answer = outgoing(one, CUSTOMER, "Welcome.")
    one.send(f"From: {CUSTOMER}\nTo: {answer['Reply-To']}\nSubject: Re: x\n\nThank you.\n")
    wait_for(lambda: len(one.ticket(number)["posts"]) == 3, "the answer does not join")

    story = two.ticket(number)
    assert [post["kind"] for post in story["posts"]] == ["customer", "agent", "customer"]
    assert (story["state"], story["assignee"]) == ("open", "alice@example.com")


def test_what_a_killed_node_had_is_done_by_the_other_once(nodes: tuple[Stage, Stage]) -> None:
    """The killed one comes back and takes its own leases; until then the other works alone."""
    one, two = nodes
    for n in range(MAILS):
        (one, two)[n % 2].send(
            f"From: c{n}@customer.example\nTo: support@example.com\nSubject: Mail {n}\n"
            f"Message-ID: <kill-{n}@customer.example>\n\nNumber {n}.\n"
        )
    one.kill()

    one.start()
    wait_for(lambda: len(two.tickets()) == MAILS, "a mail is missing", 60)
    wait_for(lambda: {row["state"] for row in two.outbox()} == {"sent"}, "a reply waits", 60)

    subjects = [ticket["subject"] for ticket in two.tickets()]
    assert sorted(subjects) == sorted(f"Mail {n}" for n in range(MAILS))
    assert two.held() == []
    assert sum(two.standing().journal.values()) == MAILS
    print(f"two nodes, one killed: {MAILS} mails, {len(set(subjects))} tickets, 0 lost, 0 doubled")


def outgoing(stage: Stage, reader: str, text: str = "") -> dict[str, str]:
    """Wait for a mail of ours to a reader and return its header."""
    folder = stage.folder.parent / "outgoing" / "new"

    def found() -> dict[str, str]:
        for file in folder.glob("*"):
            raw = file.read_text(encoding="utf-8")
            if f"Delivered-To: {reader}\n" in raw and text in raw:
                head = raw.partition("\n\n")[0].replace("\n ", " ").replace("\n\t", " ")
                return dict(line.split(": ", 1) for line in head.split("\n") if ": " in line)
        return {}

    return wait_for(found, f"no mail to {reader}")

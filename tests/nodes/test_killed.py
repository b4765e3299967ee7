"""Two and three nodes on one PostgreSQL, one after the other killed under load and started again.

Mail comes in by SMTP at every node and by IMAP at one of them. A node that died is left dead until
the others have taken over what it had in hand, and its mailbox.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

import pytest

from maild.delivery import GROUP_MAILS_MAX
from maild.store import journal
from tests.faults.form import IS_LONG, times
from tests.flows.stage import wait_for
from tests.needs import needs, require
from tests.nodes.houses import Houses, houses
from tests.nodes.people import Customer
from tests.servers.dovecot import Dovecot, running_dovecot

CUSTOMERS = 4
IN_THE_WIRE = 2 * GROUP_MAILS_MAX
"""So many mails the two senders of a node may have handed over, and not written down."""
RETRY_SECONDS_MAX = 330
"""A mailbox that could not be read is tried again after five minutes at most."""
TAKE_OVER_SECONDS_MAX = journal.LEASE.total_seconds()
pytestmark = [
    needs("root", "dovecot", "postgresql"),
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    yield from running_dovecot()


@pytest.mark.parametrize(
    ("nodes", "pooled"), [(2, False), (3, False), (2, True)] if IS_LONG else [(2, False)]
)
def test_nodes_killed_in_turn_lose_and_double_nothing(
    tmp_path: Path, dovecot: Dovecot, figures: Callable[..., None], nodes: int, pooled: bool
) -> None:
    if pooled:
        require("pgbouncer")
    dovecot.add("sales", offer(0, nodes))
    with houses(tmp_path, dovecot, [""] * nodes, pooled=pooled) as house:
        with writing(house, dovecot, nodes) as (customers, offered):
            taken_over, mailbox = killed_in_turn(house, nodes)
        house.settle()
        lost = missing(house, customers, offered)
        figures(
            **{f"kills_of_{nodes}{'_pooled' if pooled else ''}_nodes": nodes * times(1, 3)},
            acknowledged=sum(len(customer.acknowledged) for customer in customers),
            answers=sum(customer.answers for customer in customers),
            by_imap=len(offered),
            lost=lost,
            tickets_doubled=doubled(house, customers),
            out_of_order=out_of_order(house),
            sent_twice=sum(house.post.hashes.values()) - len(house.post.hashes),
            taken_over_after_seconds=max(taken_over),
            mailbox_taken_over_after_seconds=max(mailbox),
        )
        assert (lost, doubled(house, customers), out_of_order(house)) == (0, 0, 0)
        assert max(taken_over) < TAKE_OVER_SECONDS_MAX
        assert max(mailbox) < TAKE_OVER_SECONDS_MAX
        assert all(n <= 2 for n in house.post.hashes.values())
        twice = [one for one, n in house.post.hashes.items() if n > 1]
        assert len(twice) <= nodes * times(1, 3) * IN_THE_WIRE
        assert house.count("SELECT count(*) FROM outbox WHERE state <> 'sent'") == 0
        assert all(len(customer.opened) > 1 and customer.answers for customer in customers)


def killed_in_turn(house: Houses, nodes: int) -> tuple[list[float], list[float]]:
    """Kill each node in turn; return how long it took until others did its work, and its mailbox."""
    taken_over, mailbox = [], []
    chance = Random(nodes)
    for turn in range(nodes * times(1, 3)):
        before = len(house.post.hashes)
        wait_for(lambda: len(house.post.hashes) > before + 5, "nothing goes out", 60)  # noqa: B023
        node, held = house.nodes[turn % nodes], house.holder()
        time.sleep(chance.uniform(0, 0.3))
        wait_for(lambda: house.in_hand_of(node), "it has nothing in hand", 60)  # noqa: B023
        node.kill()
        started = time.monotonic()
        if node is held:
            house.holder()
            mailbox.append(time.monotonic() - started)
        wait_for(lambda: not house.in_hand_of(node), "nobody takes over", TAKE_OVER_SECONDS_MAX)  # noqa: B023
        taken_over.append(time.monotonic() - started)
        node.start()
    return taken_over, mailbox


@contextmanager
def writing(
    house: Houses, dovecot: Dovecot, nodes: int
) -> Iterator[tuple[list[Customer], set[str]]]:
    """Let customers write to all nodes, and to the mailbox on the IMAP server."""
    stop, offered = threading.Event(), {f"offer-{nodes}-0"}
    customers = [
        Customer(f"c{n}", house.ports[n % nodes :] + house.ports[: n % nodes], house.post, stop)
        for n in range(CUSTOMERS)
    ]

    def offer_more() -> None:
        for number in count(1):
            if stop.wait(0.3):
                return
            dovecot.add("sales", offer(number, nodes))
            offered.add(f"offer-{nodes}-{number}")

    seller = threading.Thread(target=offer_more)
    for thread in (*customers, seller):
        thread.start()
    try:
        yield customers, offered
    finally:
        stop.set()
        for thread in (*customers, seller):
            thread.join(60)
    ended = "SELECT count(*) FROM journal WHERE source = 'imap'"
    told = partial(_of_mailboxes, house)
    wait_for(lambda: house.count(ended) >= len(offered), told, RETRY_SECONDS_MAX)


def _of_mailboxes(house: Houses) -> str:
    """Return what the nodes said of the mailbox that is not read."""
    lines = [line for node in house.nodes for line in node.log().splitlines()]
    return "\n".join(line for line in lines if "mailbox." in line)[-3000:]


def offer(number: int, nodes: int) -> bytes:
    name = f"offer-{nodes}-{number}"
    return (
        f"From: <{name}@customer.example>\r\nTo: <sales@example.com>\r\nSubject: {name}\r\n"
        f"Message-ID: <{name}@customer.example>\r\n\r\nWe offer {number}.\r\n"
    ).encode()


def missing(house: Houses, customers: list[Customer], offered: set[str]) -> int:
    """How many mails that were acknowledged, or lay on the server, ended on no ticket."""
    rows = house.rows("SELECT sha256, message_id, source FROM journal WHERE outcome = 'posted'")
    written = set().union(*(customer.acknowledged for customer in customers))
    posted = {row.message_id.partition("@")[0] for row in rows if row.source == "imap"}
    return len(written - {row.sha256 for row in rows}) + len(offered - posted)


def doubled(house: Houses, customers: list[Customer]) -> int:
    """How many people have two tickets, and how many mails two posts."""
    tickets = Counter(
        row.address
        for row in house.rows(
            "SELECT customer.address FROM ticket JOIN customer ON customer.id = customer_id"
        )
    )
    posts = Counter(
        row.message_id
        for row in house.rows("SELECT message_id FROM journal WHERE outcome = 'posted'")
    )
    opened = set().union(*(customer.opened for customer in customers))
    strangers = {one for one in tickets if not one.startswith("offer-")} - opened
    assert not strangers
    return sum(n > 1 for n in tickets.values()) + sum(n > 1 for n in posts.values())


def out_of_order(house: Houses) -> int:
    """How many posts stand behind one that was written after them."""
    found = house.rows(
        "SELECT ticket_id, n, text FROM post WHERE kind = 'customer' ORDER BY ticket_id, n"
    )
    last: dict[int, int] = {}
    wrong = 0
    for row in found:
        word = re.match(r"Word (\d+) of", row.text)
        number = int(word.group(1)) if word else 0
        wrong += number < last.get(row.ticket_id, -1)
        last[row.ticket_id] = number
    return wrong

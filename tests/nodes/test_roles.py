"""Roles split over processes and folders, and nodes beside a schema that is newer than they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flows.stage import wait_for
from tests.needs import needs
from tests.nodes.houses import Houses, houses
from tests.nodes.test_killed import doubled, missing, offer, out_of_order, writing
from tests.servers.dovecot import Dovecot, running_dovecot
from tests.systemd.installation import ADDED, NEXT, later, tree

FUTURE = (
    "ALTER TABLE ticket ADD COLUMN mood TEXT",
    "ALTER TABLE journal ADD COLUMN weight INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE parcel (id BIGINT PRIMARY KEY, ticket_id BIGINT REFERENCES ticket (id))",
    "UPDATE alembic_version SET version_num = '9999'",
    "UPDATE meta SET value = '0.1.0' WHERE name = 'schema.oldest'",
)
"""What a newer maild would do that only adds things."""
pytestmark = [
    needs("root", "dovecot", "postgresql"),
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    yield from running_dovecot()


def test_each_role_may_be_a_process_with_a_folder_of_its_own(
    tmp_path: Path, dovecot: Dovecot, figures: Callable[..., None]
) -> None:
    with houses(tmp_path, dovecot, ["intake", "work", "send,clock"]) as house:
        seconds = []
        for n in range(10):
            started = time.monotonic()
            house.nodes[0].send(letter(f"roles-{n}"))
            assert house.post.answer_to(f"roles-{n}@customer.example", 30), house.nodes[1].log()
            seconds.append(time.monotonic() - started)

        figures(mails=len(seconds), from_mail_to_answer_median_seconds=sorted(seconds)[5])
        assert listens(house) == [True, False, False]
        wait_for(
            lambda: house.count("SELECT count(*) FROM outbox WHERE state <> 'sent'") == 0,
            "mails wait",
        )
        ours = "SELECT count(*) FROM ticket WHERE subject LIKE '%roles-%'"
        assert house.count(ours) == len(seconds)
        done = [node.log() for node in house.nodes]
        assert ["mail.posted" in log for log in done] == [False, True, False]
        assert ["reply.sent" in log for log in done] == [False, False, True]


def test_older_nodes_work_on_while_a_newer_one_adds_to_the_tables(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    with houses(tmp_path, dovecot, ["", ""]) as house:
        one, two = house.nodes
        answered(house, 0, "before")
        for statement in FUTURE:
            house.change(statement)

        answered(house, 0, "beside-0")
        answered(house, 1, "beside-1")
        assert two.stop() == 0
        two.start()
        answered(house, 1, "again")

        house.change("UPDATE meta SET value = '99.0.0' WHERE name = 'schema.oldest'")
        assert one.stop() == 0
        one.start(wait=False)
        assert one.ended() != 0
        assert "99.0.0" in one.log()


def test_nodes_are_upgraded_one_by_one_under_load(
    tmp_path: Path, dovecot: Dovecot, figures: Callable[..., None]
) -> None:
    """The first brings the tables up to date, while the other still is of the version before."""
    newer = later(tree(tmp_path / "newer", compiled=True))
    dovecot.add("sales", offer(0, 2))
    with houses(tmp_path, dovecot, ["", ""]) as house:
        with writing(house, dovecot, 2) as (customers, offered):
            for node in house.nodes:
                flows_on(house)
                node.upgrade(newer)
            flows_on(house)
        house.settle()
        lost = missing(house, customers, offered)
        twice = sum(house.post.hashes.values()) - len(house.post.hashes)
        figures(
            nodes_upgraded=len(house.nodes),
            acknowledged=sum(len(customer.acknowledged) for customer in customers),
            lost=lost,
            tickets_doubled=doubled(house, customers),
            out_of_order=out_of_order(house),
            sent_twice=twice,
        )
        assert (lost, doubled(house, customers), out_of_order(house), twice) == (0, 0, 0, 0)
        assert house.count(f"SELECT count(*) FROM {ADDED}") == 0
        assert all(f"version={NEXT}" in node.log() for node in house.nodes)
        assert "store.migrated" in house.nodes[0].log().rpartition("daemon.stopped")[2]


def flows_on(house: Houses) -> None:
    """Wait until more mails of ours went out."""
    before = len(house.post.hashes)
    wait_for(lambda: len(house.post.hashes) > before + 10, "nothing goes out", 60)


def answered(house: Houses, node: int, name: str) -> None:
    """Write to one node, and wait for an answer, whichever sends it."""
    house.nodes[node].send(letter(name))
    assert house.post.answer_to(f"{name}@customer.example", 30), house.nodes[node].log()[-3000:]


def letter(name: str) -> str:
    return (
        f"From: <{name}@customer.example>\nTo: <support@example.com>\nSubject: {name}\n"
        f"Message-ID: <{name}@customer.example>\n\nWords of {name}.\n"
    )


def listens(house: Houses) -> list[bool]:
    return ["listener.started" in node.log() for node in house.nodes]

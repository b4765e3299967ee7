"""Several nodes take mails from one journal, and each writer's stay in order."""

from __future__ import annotations

import pytest

from maild.core.mail import Source
from maild.store import journal
from maild.store.database import Database
from tests.store.rows import NOW, arrived


def claimed(database: Database, node: str, most: int = 10) -> list[int]:
    return [one.id for one in journal.claim(database, node, NOW, most)]


def put_back(database: Database, *ids: int) -> None:
    with database.write() as connection:
        journal.put_back(connection, ids, None)


def test_a_writers_next_mail_waits_while_another_node_has_the_first(database: Database) -> None:
    first = arrived(database, mail_from="anna@a.example")
    second = arrived(database, mail_from="anna@a.example")
    stranger = arrived(database, mail_from="ben@b.example")

    assert claimed(database, "one", 1) == [first]
    assert claimed(database, "two") == [stranger]
    put_back(database, first)
    assert claimed(database, "two") == [first, second]


def test_a_node_takes_the_next_mail_of_a_writer_itself(database: Database) -> None:
    ids = [arrived(database, mail_from="anna@a.example") for _ in range(2)]

    assert [claimed(database, "one", 1), claimed(database, "one", 1)] == [ids[:1], ids[1:]]


def test_a_mailbox_on_an_imap_server_stays_in_order(database: Database) -> None:
    ids = [arrived(database, source=Source.IMAP, mail_from="", mailbox="Sales") for _ in range(2)]
    other = arrived(database, source=Source.IMAP, mail_from="", mailbox="Support")

    assert claimed(database, "one", 1) == ids[:1]
    assert claimed(database, "two") == [other]
    assert claimed(database, "one") == ids[1:]


@pytest.mark.parametrize("source", [Source.SMTP, Source.LMTP, Source.PIPE])
def test_mails_without_a_writer_wait_for_nobody(database: Database, source: Source) -> None:
    first = arrived(database, source=source, mail_from="")
    second = arrived(database, source=source, mail_from="")

    assert [claimed(database, "one", 1), claimed(database, "two")] == [[first], [second]]

"""A mail stays in hand for as long as its node works on it, and no longer."""

from __future__ import annotations

from datetime import timedelta

from maild.store import journal, leases
from maild.store.database import Database
from tests.store.rows import NOW, arrived

LATER = NOW + journal.LEASE - timedelta(seconds=10)
AFTER = NOW + journal.LEASE + timedelta(seconds=1)


def test_what_is_worked_on_is_nobody_elses_and_the_rest_comes_back(database: Database) -> None:
    kept, dropped, of_another = (
        arrived(database, mail_from=f"{n}@customer.example") for n in range(3)
    )
    mine = [one.id for one in journal.claim(database, "one", NOW, 2)]
    theirs = [one.id for one in journal.claim(database, "two", NOW, 2)]

    with database.write() as connection:
        leases.renew(connection, "one", (kept, of_another), LATER)
        taken = journal.recover(connection, [], AFTER)
    again = [one.id for one in journal.claim(database, "three", AFTER, 1)]

    assert (mine, theirs) == ([kept, dropped], [of_another])
    assert (taken, again) == (2, [dropped]), "a renewed lease ran out, or another's was renewed"
    with database.write() as connection:
        leases.renew(connection, "one", (), AFTER)
        assert journal.recover(connection, [], LATER + journal.LEASE + timedelta(seconds=1)) == 1

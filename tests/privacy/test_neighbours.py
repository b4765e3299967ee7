"""Whose address holds another one's keeps all that is theirs when that one is erased."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, text

from maild import privacy
from maild.core import erasure
from maild.core.erasure import Person
from maild.store import tables
from maild.store.tables import metadata
from tests.core.scenes import ALICE
from tests.privacy.house import OnDisk
from tests.trust.house import letter, proven

ANN, JOANN = "ann@person.example", "joann@person.example"
OTHERS = (
    JOANN,
    f"jo.{ANN}",
    f"jo-{ANN}",
    f"jo+{ANN}",
    f"{ANN}.org",
    f"{ANN}-gmbh.example",
)
_KEY = metadata.tables[tables.MessageKeyRow.__tablename__]


def _all(house: OnDisk, statement: str) -> list[Any]:
    with house.database.read() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def _everything(house: OnDisk) -> list[list[Any]]:
    return [
        _all(house, f"SELECT * FROM {table} ORDER BY 1")
        for table in ("customer", "ticket", "post", "message_key", "outbox", "journal", "blob")
    ] + [_all(house, "SELECT * FROM event WHERE kind <> 'person.erased' ORDER BY id")]


def test_who_has_a_longer_address_loses_nothing(house: OnDisk) -> None:
    house.receive(
        letter(f"Jo <{JOANN}>", "support@co.example", f"I am {JOANN}.", proven("person.example"))
    )
    own = house.to(ALICE)[-1]["Reply-To"]
    house.receive(letter(ALICE, own, f"Dear {JOANN}, so it is.", proven("co.example")))
    with house.database.write() as connection:
        row = {"message_id": f"1234{ANN}", "ticket_id": 1}
        connection.execute(insert(_KEY), row)
        connection.execute(text("UPDATE outbox SET state = 'sent'"))
    before = _everything(house)

    nobody = privacy.erase(house.office, ANN, "operator:root")

    assert nobody is None
    assert _everything(house) == before


def test_beside_them_only_the_erased_one_goes(house: OnDisk) -> None:
    house.receive(letter(f"Ann <{ANN}>", "support@co.example", "Mine.", proven("person.example")))
    house.receive(
        letter(
            f"Jo <{JOANN}>",
            f"support@co.example\r\nCc: {ANN}",
            f"I am {JOANN}, she is {ANN}.",
            proven("person.example"),
        )
    )
    with house.database.write() as connection:
        connection.execute(insert(_KEY), {"message_id": f"1234{ANN}", "ticket_id": 2})
        connection.execute(text("UPDATE outbox SET state = 'sent'"))

    privacy.erase(house.office, ANN, "operator:root")

    ((words,),) = _all(house, "SELECT text FROM post WHERE ticket_id = 2 AND kind = 'customer'")
    assert words.strip() == f"I am {JOANN}, she is erased."
    assert (f"1234{ANN}",) in _all(house, "SELECT message_id FROM message_key")
    assert JOANN in str(_all(house, "SELECT actor, data FROM event WHERE ticket_id = 2"))
    assert (JOANN,) in _all(house, "SELECT address FROM customer")


@pytest.mark.parametrize("other", OTHERS)
def test_anothers_address_is_no_part_of_theirs(other: str) -> None:
    assert erasure.without(Person(address=ANN), f"write to {other}!") == f"write to {other}!"


@pytest.mark.parametrize(
    "around",
    ["<{}>", "({})", "mailto:{}", "to={}.", "{}, and", "...{}...", "- {}", "-{}", "_{}_", "'{}'",
     "%3C{}%3E", '"{}"', "{}\n", "é {}"],
)  # fmt: skip
def test_an_address_is_found_whatever_stands_around_it(around: str) -> None:
    found = erasure.without(Person(address=ANN), around.format(ANN.upper()))

    assert found == around.format("erased")


def test_a_tag_goes_for_a_name_and_not_for_a_few_letters() -> None:
    who = Person(address="ann@person.example")

    kept = erasure.kept_tags(who, ["planned", "ann-smith", "mr.ann", "vip", "channel", "x@y"])

    assert kept == ["planned", "vip", "channel"]

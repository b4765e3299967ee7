"""Nodes of one database share one secret; another one is refused before it signs anything."""

from __future__ import annotations

import io
import secrets
from pathlib import Path

import pytest
from sqlalchemy import text

from maild.core.token import Keys
from maild.errors import ConfigError
from maild.store import secret
from maild.store.database import Database
from tests.store.test_wall import customer, ticket


def answer(database: Database) -> None:
    """Let a customer hold what the secret signed."""
    customer(database)
    ticket(database, 1)


def written(file: Path, *numbers: int) -> Path:
    """Write a secret of new keys."""
    lines = [f"{number} {secrets.token_hex(secret.KEY_BYTES)}\n" for number in numbers]
    secret.put(file, "".join(lines))
    return file


def refused(file: Path, database: Database) -> str:
    with pytest.raises(ConfigError) as caught:
        secret.load_keys(file, database)
    return str(caught.value)


def test_of_two_nodes_that_made_a_secret_each_the_second_is_refused(
    database: Database, tmp_path: Path
) -> None:
    first = secret.load_keys(tmp_path / "first", database)
    answer(database)

    second, none = written(tmp_path / "second", 1), tmp_path / "none"
    words = refused(second, database), refused(none, database)

    assert "not the secret of this database" in words[0]
    assert "the secret is missing" in words[1]
    assert not none.exists()
    assert secret.load_keys(tmp_path / "first", database) == first


def test_a_secret_that_is_lost_for_good_is_forgotten_as_the_message_says(
    database: Database, tmp_path: Path
) -> None:
    answer(database)
    with database.write() as connection:
        connection.execute(text("INSERT INTO meta (name, value) VALUES ('secret.signs', 'lost')"))

    words = refused(tmp_path / "none", database), refused(written(tmp_path / "new", 1), database)
    way_out = {one.partition("forget the old one: ")[2] for one in words}
    with database.write() as connection:
        connection.execute(text(*way_out))

    assert list(secret.load_keys(tmp_path / "new", database).by_id) == [1]


def test_before_the_first_ticket_a_single_machine_takes_a_new_secret(
    database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    secret.load_keys(file, database)
    file.unlink()

    if not database.is_sqlite:
        assert "copy the file of the first node" in refused(file, database)
        assert "not the secret of this" in refused(written(file, 2), database)
        return
    made = secret.load_keys(file, database)
    replaced = secret.load_keys(written(file, 2), database)

    assert (list(made.by_id), list(replaced.by_id)) == ([1], [2])


def test_a_key_is_rotated_node_by_node_and_old_ones_may_go(
    database: Database, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    old = secret.load_keys(one, database)
    answer(database)
    secret.put(two, one.read_text())

    number = secret.add_key(one)
    new = secret.load_keys(one, database)
    behind = refused(two, database)
    secret.put(two, one.read_text())
    copied = secret.load_keys(two, database)
    secret.put(two, one.read_text().splitlines(keepends=True)[0])
    alone = secret.load_keys(two, database)

    assert "not the secret of this database" in behind, "it could not read what is signed now"
    assert new == copied == Keys(current=number, by_id=new.by_id)
    assert old.by_id.items() < new.by_id.items()
    assert list(alone.by_id) == [number]


def test_a_node_that_works_hears_once_of_a_key_that_it_lacks(
    database: Database, tmp_path: Path, logged: io.StringIO
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    vigil = secret.Vigil(secret.load_keys(one, database))
    answer(database)
    secret.put(two, one.read_text())

    told = [looks(vigil, database, logged)]
    secret.add_key(two)
    secret.load_keys(two, database)
    told += [looks(vigil, database, logged), looks(vigil, database, logged)]
    secret.add_key(two)
    newest = secret.load_keys(two, database)
    told += [looks(vigil, database, logged), looks(secret.Vigil(newest), database, logged)]

    assert told == [0, 1, 1, 2, 2]
    assert "restart this node" in logged.getvalue()


def looks(vigil: secret.Vigil, database: Database, logged: io.StringIO) -> int:
    """Let it look; return how often it has told by now."""
    with database.read() as connection:
        vigil.look(connection)
    return logged.getvalue().count("secret.changed")


def test_a_key_that_does_not_sign_yet_may_be_given_to_the_nodes_first(
    database: Database, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    secret.load_keys(one, database)
    secret.put(two, one.read_text() + f"2 {secrets.token_hex(secret.KEY_BYTES)}\n")

    loaded = secret.load_keys(two, database), secret.load_keys(one, database)

    assert [keys.current for keys in loaded] == [1, 1]

"""Refresh tokens, sealed, and what their providers said last; one node asks at a time.

A new token is in the database before it is used. Who asks holds a lease meanwhile: two nodes that
show the same refresh token at once would look like a thief to a provider that rotates them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, RowMapping, or_, select, update
from sqlmodel import Field, SQLModel

from maild.store.columns import long_text, moment
from maild.store.conflict import replacing, unless_there
from maild.store.tables import metadata

__all__ = [
    "Granted",
    "all_of",
    "metadata",
    "note_refusal",
    "put",
    "release",
    "rotate",
    "take",
    "used",
]

LEASE = dt.timedelta(seconds=60)
"""Longer than any question to a provider takes."""


class OauthTokenRow(SQLModel, table=True):
    """What we hold of one provider for one user."""

    __tablename__ = "oauth_token"
    key: str = Field(primary_key=True)
    """`NAME/USER`: the [[oauth]] and the account."""
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """The refresh token (`oauth/sealing.py`); empty where there is none."""
    shown: str = ""
    """Fingerprint of what was shown to the provider last (`core/oauth.py`)."""
    stored_at: dt.datetime | None = moment(nullable=True)
    used_at: dt.datetime | None = moment(nullable=True)
    """When the provider last gave an access token."""
    expires_at: dt.datetime | None = moment(nullable=True)
    refused_at: dt.datetime | None = moment(nullable=True)
    """Since when nothing is asked any more; empty while all is well."""
    refusal: str = long_text()
    lease_node: str = ""
    lease_until: dt.datetime | None = moment(nullable=True)


_TABLE = metadata.tables[OauthTokenRow.__tablename__]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """One row."""

    key: str
    sealed: bytes = field(repr=False)
    shown: str
    stored_at: dt.datetime | None
    used_at: dt.datetime | None
    expires_at: dt.datetime | None
    refused_at: dt.datetime | None
    refusal: str


def take(connection: Connection, key: str, node: str, now: dt.datetime) -> Granted | None:
    """Take the lease and return the row, made when it is not there; None while another asks.

    A node takes its own lease again: it was restarted meanwhile.
    """
    blank = {"key": key, "sealed": b"", "shown": "", "refusal": "", "lease_node": ""}
    connection.execute(unless_there(connection, _TABLE), blank)
    is_free = or_(
        _TABLE.c.lease_node.in_(("", node)),
        _TABLE.c.lease_until <= now,
        _TABLE.c.lease_until > now + LEASE,
    )
    taken = connection.execute(
        update(_TABLE)
        .where(_TABLE.c.key == key, is_free)
        .values(lease_node=node, lease_until=now + LEASE)
    )
    if not taken.rowcount:
        return None
    row = connection.execute(select(_TABLE).where(_TABLE.c.key == key)).mappings().one()
    return _granted(row)


def release(connection: Connection, key: str, node: str) -> None:
    """Give the lease back."""
    connection.execute(
        update(_TABLE)
        .where(_TABLE.c.key == key, _TABLE.c.lease_node == node)
        .values(lease_node="", lease_until=None)
    )


def put(
    connection: Connection,
    key: str,
    sealed: bytes,
    now: dt.datetime,
    expires_at: dt.datetime | None,
) -> None:
    """Keep a new refresh token; whatever stood against the old one is forgotten."""
    row: dict[str, Any] = {
        "key": key,
        "sealed": sealed,
        "shown": "",
        "stored_at": now,
        "used_at": now,
        "expires_at": expires_at,
        "refused_at": None,
        "refusal": "",
        "lease_node": "",
        "lease_until": None,
    }
    connection.execute(replacing(connection, _TABLE, "key"), row)


def rotate(
    connection: Connection,
    row: Granted,
    sealed: bytes,
    now: dt.datetime,
    expires_at: dt.datetime | None,
) -> bool:
    """Put a new refresh token in the place of the one that was shown for it.

    False when that is not there any more: somebody authorised anew meanwhile, which counts more.
    """
    return bool(
        connection.execute(
            update(_TABLE)
            .where(_TABLE.c.key == row.key, _TABLE.c.sealed == row.sealed)
            .values(sealed=sealed, stored_at=now, expires_at=expires_at)
        ).rowcount
    )


def used(connection: Connection, key: str, node: str, shown: str, now: dt.datetime) -> None:
    """Note that the provider gave an access token, and give the lease back."""
    connection.execute(
        update(_TABLE)
        .where(_TABLE.c.key == key)
        .values(shown=shown, used_at=now, refused_at=None, refusal="")
    )
    release(connection, key, node)


def note_refusal(
    connection: Connection, row: Granted, shown: str, words: str, now: dt.datetime
) -> bool:
    """Note that nothing is given any more, and end the lease.

    False when the row holds another token by now: then the refusal is about an old one.
    """
    noted = connection.execute(
        update(_TABLE)
        .where(_TABLE.c.key == row.key, _TABLE.c.sealed == row.sealed)
        .values(shown=shown, refused_at=now, refusal=words, lease_node="", lease_until=None)
    )
    return bool(noted.rowcount)


def all_of(connection: Connection) -> Sequence[Granted]:
    """Return every row, in the order of the names."""
    rows = connection.execute(select(_TABLE).order_by(_TABLE.c.key)).mappings()
    return [_granted(row) for row in rows]


def _granted(row: RowMapping) -> Granted:
    return Granted(
        key=row["key"],
        sealed=bytes(row["sealed"]),
        shown=row["shown"],
        stored_at=row["stored_at"],
        used_at=row["used_at"],
        expires_at=row["expires_at"],
        refused_at=row["refused_at"],
        refusal=row["refusal"],
    )

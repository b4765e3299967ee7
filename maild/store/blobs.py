"""Blobs: raw bytes, stored once, compressed, in chunks of at most 1 MiB.

This is the only door to raw mail. A blob is written before the small transaction that refers to
it when it is large, and in the same transaction when it is small; a blob that nobody refers to
after a crash is waste, never a loss.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from maild.store.database import inserted_ids
from maild.store.prepared import Prepared
from maild.store.tables import Blob, BlobChunk, metadata

CHUNK_BYTES = 1024 * 1024
_BLOB = metadata.tables[Blob.__tablename__]
_CHUNK = metadata.tables[BlobChunk.__tablename__]
_ADD_CHUNK = Prepared(insert(_CHUNK))
_READ = Prepared(
    select(_CHUNK.c.blob_id, _CHUNK.c.data)
    .where(_CHUNK.c.blob_id.in_(bindparam("wanted", expanding=True)))
    .order_by(_CHUNK.c.blob_id, _CHUNK.c.n)
)


@dataclass(frozen=True, slots=True)
class Compressed:
    """Bytes made ready for the database: hashed, cut into chunks, each compressed."""

    sha256: str
    size: int
    chunks: tuple[bytes, ...]


def compressed(raw: bytes) -> Compressed:
    """Cut bytes into chunks and compress each; done outside of any transaction."""
    return Compressed(
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        chunks=tuple(
            zlib.compress(raw[start : start + CHUNK_BYTES], 1)
            for start in range(0, max(len(raw), 1), CHUNK_BYTES)
        ),
    )


def add(connection: Connection, blobs: Sequence[Compressed], now: datetime) -> list[int]:
    """Store blobs; return their ids, in order."""
    rows = [
        {
            "sha256": blob.sha256,
            "size": blob.size,
            "chunks": len(blob.chunks),
            "created_at": now,
        }
        for blob in blobs
    ]
    ids = inserted_ids(connection, _BLOB, rows)
    chunks = [
        {"blob_id": blob_id, "n": n, "data": data}
        for blob_id, blob in zip(ids, blobs, strict=True)
        for n, data in enumerate(blob.chunks)
    ]
    _ADD_CHUNK.run(connection, chunks)
    return ids


def get(connection: Connection, blob_id: int) -> bytes:
    """Return the bytes; raises KeyError when there is no such blob, or it is damaged."""
    return readable(connection, [blob_id])[blob_id]


def readable(connection: Connection, blob_ids: Sequence[int]) -> dict[int, bytes]:
    """Return the bytes of many blobs by id, without those that are not there or damaged."""
    parts: dict[int, list[bytes]] = {}
    damaged: set[int] = set()
    for blob_id, data in _READ.rows(connection, {"wanted": list(set(blob_ids))}):
        try:
            parts.setdefault(blob_id, []).append(zlib.decompress(data))
        except zlib.error:
            damaged.add(blob_id)
    return {blob_id: b"".join(parts[blob_id]) for blob_id in parts.keys() - damaged}


def erase(connection: Connection, blob_id: int) -> None:
    """Delete a blob that nothing refers to any more, bytes and all."""
    connection.execute(delete(_CHUNK).where(_CHUNK.c.blob_id == blob_id))
    connection.execute(delete(_BLOB).where(_BLOB.c.id == blob_id))

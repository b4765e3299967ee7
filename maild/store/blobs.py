"""Blobs: raw bytes, stored once, compressed, in chunks of at most 1 MiB.

This is the only door to raw mail. A blob is written before the small transaction that refers to
it when it is large, and in the same transaction when it is small; a blob that nobody refers to
after a crash is waste, never a loss.
"""

from __future__ import annotations

import hashlib
import zlib
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from maild.store.database import inserted_id
from maild.store.tables import Blob, BlobChunk, metadata

CHUNK_BYTES = 1024 * 1024
_BLOB = metadata.tables[Blob.__tablename__]
_CHUNK = metadata.tables[BlobChunk.__tablename__]
_READ = select(_CHUNK.c.data).where(_CHUNK.c.blob_id == bindparam("wanted")).order_by(_CHUNK.c.n)


def compressed(raw: bytes) -> tuple[bytes, ...]:
    """Cut into chunks and compress each; done outside of any transaction."""
    return tuple(
        zlib.compress(raw[start : start + CHUNK_BYTES], 1)
        for start in range(0, max(len(raw), 1), CHUNK_BYTES)
    )


def add(connection: Connection, raw: bytes, chunks: tuple[bytes, ...], now: datetime) -> int:
    """Store the chunks that `compressed` made of `raw`; return the blob's id."""
    values = {
        "sha256": hashlib.sha256(raw).hexdigest(),
        "size": len(raw),
        "chunks": len(chunks),
        "created_at": now,
    }
    blob_id = inserted_id(connection.execute(insert(_BLOB).values(values)))
    connection.execute(
        insert(_CHUNK),
        [{"blob_id": blob_id, "n": n, "data": data} for n, data in enumerate(chunks)],
    )
    return blob_id


def get(connection: Connection, blob_id: int) -> bytes:
    """Return the bytes; raises KeyError when there is no such blob."""
    parts = [
        zlib.decompress(data) for data in connection.execute(_READ, {"wanted": blob_id}).scalars()
    ]
    if not parts:
        raise KeyError(blob_id)
    return b"".join(parts)


def erase(connection: Connection, blob_id: int) -> None:
    """Delete a blob that nothing refers to any more, bytes and all."""
    connection.execute(delete(_CHUNK).where(_CHUNK.c.blob_id == blob_id))
    connection.execute(delete(_BLOB).where(_BLOB.c.id == blob_id))

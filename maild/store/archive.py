"""The file of a backup: a tar of a manifest, the rows as an SQLite file, and perhaps the secret.

It is written beside its place and renamed when it is durable, so that a backup under this name is
always a whole one. Nothing in it is compressed but raw mail: whoever keeps many of them has tools
that find what they share. Reading trusts no name in the tar, only the SHA-256 in the manifest.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from maild.errors import DiskFull, InUse, NotAllowed
from maild.plainform import unpacked
from maild.store.precaution import sync_folder

FORMAT = 1
MANIFEST, ROWS, SECRET = "manifest.json", "maild.db", "secret"
SMALL_BYTES_MAX = 1024 * 1024
_RUN = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says about itself."""

    format: int = FORMAT
    version: str
    """Of the maild that made it."""
    schema: str
    made_at: str
    """The moment it shows: RFC 3339, UTC."""
    house: str
    sha256: str
    """Hex digest of the rows."""
    size: int
    counts: dict[str, int] = field(default_factory=dict)
    """Rows by table."""
    keys: dict[str, str] = field(default_factory=dict)
    """What tells the keys apart that sign our addresses, by number; no key can be got from it."""
    secret_sha256: str = ""
    """Empty where the secret is not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is read of any manifest, of a later maild's too, before the rest."""

    format: int = FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """Where a backup is written before it has its name."""

    archive: Path
    rows: Path


@contextmanager
def drafting(file: Path) -> Iterator[Drafts]:
    """Give places beside `file` that nobody else uses; what was left there before goes.

    Raises `InUse` when another backup is written there, `NotAllowed` when nothing can be.
    """
    drafts = Drafts(
        archive=file.with_name(f".{file.name}.part"), rows=file.with_name(f".{file.name}.rows")
    )
    with _alone(file.with_name(f".{file.name}.lock"), file):
        _drop(drafts.rows)
        try:
            yield drafts
        finally:
            _drop(drafts.rows)
            drafts.archive.unlink(missing_ok=True)


def write(drafts: Drafts, file: Path, manifest: Manifest, secret: bytes) -> None:
    """Put the parts together and give the whole its name, durably; `DiskFull` when it cannot."""
    try:
        with _private(drafts.archive) as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
                text = json.dumps(asdict(manifest), indent=2).encode()
                _add(archive, MANIFEST, io.BytesIO(text), len(text))
                if secret:
                    _add(archive, SECRET, io.BytesIO(secret), len(secret))
                with drafts.rows.open("rb") as rows:
                    _add(archive, ROWS, rows, manifest.size)
            stream.flush()
            os.fsync(stream.fileno())
        drafts.archive.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        raise DiskFull(f"{file} could not be written: {error}") from error


def digest(place: Path) -> tuple[str, int]:
    """Return the SHA-256 (hex) and the size of a file."""
    found, size = hashlib.sha256(), 0
    with place.open("rb") as stream:
        while run := stream.read(_RUN):
            found.update(run)
            size += len(run)
    return found.hexdigest(), size


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def unpack(file: Path, rows: Path) -> tuple[Manifest, bytes]:
    """Write the rows of a backup to a place, all of it checked; return manifest and secret.

    Raises `NotAllowed` when it is not there, no backup, or not what was written.
    """
    try:
        with tarfile.open(file, mode="r:") as archive:
            manifest = _manifest(file, _small(archive, MANIFEST))
            secret = _small(archive, SECRET) if manifest.secret_sha256 else b""
            sha256, size = _unpacked(archive, rows)
    except FileNotFoundError as error:
        raise NotAllowed(f"no such file: {file}") from error
    except (OSError, tarfile.TarError, KeyError, ValueError, TypeError) as error:
        raise NotAllowed(f"{file} is no backup of maild, or damaged: {error}") from error
    if (sha256, size) != (manifest.sha256, manifest.size):
        raise NotAllowed(f"{file} is damaged: the SHA-256 of its rows is not that of its manifest")
    if secret and digest_of(secret) != manifest.secret_sha256:
        raise NotAllowed(f"{file} is damaged: the SHA-256 of its secret is not the manifest's")
    return manifest, secret


def _manifest(file: Path, text: bytes) -> Manifest:
    if (told := unpacked(Form, text).format) != FORMAT:
        raise NotAllowed(f"{file} has format {told}: this maild reads format {FORMAT} alone")
    return unpacked(Manifest, text)


def _small(archive: tarfile.TarFile, name: str) -> bytes:
    with _member(archive, name) as stream:
        found = stream.read(SMALL_BYTES_MAX + 1)
    if len(found) > SMALL_BYTES_MAX:
        raise ValueError(f"{name} is too large")
    return found


def _unpacked(archive: tarfile.TarFile, rows: Path) -> tuple[str, int]:
    found, size = hashlib.sha256(), 0
    rows.touch(mode=0o600)
    with _member(archive, ROWS) as source, rows.open("wb") as target:
        while run := source.read(_RUN):
            target.write(run)
            found.update(run)
            size += len(run)
    return found.hexdigest(), size


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    stream = archive.extractfile(archive.getmember(name))
    if stream is None:
        raise ValueError(f"{name} is no file")
    return stream


def _add(archive: tarfile.TarFile, name: str, stream: IO[bytes], size: int) -> None:
    about = tarfile.TarInfo(name)
    about.size, about.mode = size, 0o600
    archive.addfile(about, stream)


@contextmanager
def _alone(lock: Path, file: Path) -> Iterator[None]:
    """Hold a lock file, and take it away at last: before it is let go, so that nobody loses it."""
    descriptor = _locked(lock, file)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(lock: Path, file: Path) -> int:
    """Lock a file that still bears its name: who held it before took the name away at last."""
    while True:
        try:
            descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as error:
            raise NotAllowed(f"{lock}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise InUse(f"another backup is written to {file}") from error
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)


def _private(place: Path) -> IO[bytes]:
    """Open a new file, or one that a crash left, for us alone."""
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "w+b")


def _drop(place: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            place.with_name(f"{place.name}{ending}").unlink()

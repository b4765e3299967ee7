"""The places where a backup is written: one backup at a time, whatever moment the other is at."""

from __future__ import annotations

import fcntl
import io
import json
import tarfile
from pathlib import Path

import pytest

from maild.errors import InUse, NotAllowed
from maild.store import archive
from maild.store.archive import Manifest


def test_a_backup_that_has_its_name_already_still_keeps_the_next_one_away(tmp_path: Path) -> None:
    file = tmp_path / "backup"

    with archive.drafting(file) as drafts:
        drafts.rows.write_bytes(b"rows")
        sha256, size = archive.digest(drafts.rows)
        manifest = Manifest(
            version="1", schema="1", made_at="", house="", sha256=sha256, size=size
        )
        archive.write(drafts, file, manifest, b"")
        with pytest.raises(InUse), archive.drafting(file):
            pass

    with archive.drafting(file):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["backup"]


def test_a_lock_whose_name_went_between_opening_and_locking_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one before ends just then: what was opened is locked, but nobody else looks there."""
    file, lock = tmp_path / "backup", fcntl.flock
    ends = [True]

    def late(descriptor: int, operation: int) -> None:
        if ends.pop() if ends else False:
            (tmp_path / ".backup.lock").unlink()
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)

    with archive.drafting(file), pytest.raises(InUse), archive.drafting(file):
        pass
    assert not ends


TOLD = {
    "format": 1,
    "version": "1",
    "schema": "1",
    "made_at": "",
    "house": "",
    "sha256": "",
    "size": 4,
}
LIES: dict[str, dict[str, object]] = {
    "a number for a text": {"schema": 1},
    "a list for a table": {"counts": [1]},
    "no number of rows": {"counts": {"ticket": "many"}},
    "nothing for a text": {"sha256": None},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, lie: dict[str, object]) -> None:
    with pytest.raises(NotAllowed, match="is no backup of maild, or damaged: no Manifest: "):
        archive.unpack(telling(tmp_path, TOLD | lie), tmp_path / "rows")


@pytest.mark.parametrize("other", [{}, {"schema": ["later"]}, {"sha256": {"sha512": ""}}])
def test_a_backup_of_a_later_form_is_not_called_damaged(
    tmp_path: Path, other: dict[str, object]
) -> None:
    file = telling(tmp_path, TOLD | {"format": archive.FORMAT + 1} | other)

    with pytest.raises(NotAllowed, match=r"backup has format 2: this maild reads format 1 alone$"):
        archive.unpack(file, tmp_path / "rows")


def telling(folder: Path, manifest: dict[str, object]) -> Path:
    """Write a backup that holds nothing but a manifest."""
    file, text = folder / "backup", json.dumps(manifest).encode()
    with tarfile.open(file, "w") as tar:
        member = tarfile.TarInfo(archive.MANIFEST)
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text))
    return file

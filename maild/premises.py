"""May this process use the files of the house: state folder, database, secret?

Asked before anything is opened, since a restore or a `mkdir` as root leaves files that belong to
somebody else, and what SQLite says of it names neither the file nor the owner.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from maild.errors import ConfigError, Problem, TemporaryError
from maild.settings import Settings

_WRITE = os.R_OK | os.W_OK
_ENTER = os.W_OK | os.X_OK
_BESIDE = ("", "-wal", "-shm")
"""Files that SQLite keeps beside the database."""
_Judge = Callable[[Path, int], Iterator[Path]]


def refuse(config: Settings) -> None:
    """Raise what keeps a daemon from working here.

    `TemporaryError` on a file system that is read-only at the moment, else `ConfigError` with
    every file, its owner and who we are.
    """
    _refuse(_of_house(config, _missing))


def refuse_present(config: Settings) -> None:
    """Raise as `refuse` does for what is there: systemd makes the state folder at the first start.

    So a configuration can be checked before it, and on another machine.
    """
    _refuse(_of_house(config, _if_there))


def refuse_database(config: Settings) -> None:
    """Raise what keeps a command from the database, as `refuse` does; a server is not asked."""
    _refuse(_of_database(config, _missing))


def _of_house(config: Settings, judge: _Judge) -> Iterator[Path]:
    yield from judge(config.state_dir, _ENTER)
    yield from _of_database(config, judge)
    yield from _if_there(config.secret_file, os.R_OK)


def _of_database(config: Settings, judge: _Judge) -> Iterator[Path]:
    scheme, _, place = config.database_url.partition("///")
    if not scheme.startswith("sqlite") or not place:
        return
    yield from judge(Path(place).parent, _ENTER)
    for one in (Path(f"{place}{end}") for end in _BESIDE):
        yield from _if_there(one, _WRITE)


def _if_there(path: Path, mode: int) -> Iterator[Path]:
    """What is not there is no matter of rights, if only we can see that it is not."""
    for one in _missing(path, mode):
        if one == path or not os.access(one, os.X_OK):
            yield one


def _missing(path: Path, mode: int) -> Iterator[Path]:
    """Give the path if we lack a right to it, or the folder that it would be made in."""
    lowest = path
    while not _is_there(lowest) and lowest != lowest.parent:
        lowest = lowest.parent
    if not os.access(lowest, mode if lowest == path else _ENTER):
        yield lowest


def _is_there(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where we may not look


def _refuse(paths: Iterable[Path]) -> None:
    found = tuple(dict.fromkeys(paths))
    if not found:
        return
    fixed = [path for path in found if os.statvfs(path).f_flag & os.ST_RDONLY]
    if fixed:
        raise TemporaryError(f"the file system is read-only: {fixed[0]} cannot be written")
    raise ConfigError(tuple(Problem(file=str(one), line=0, text=_words(one)) for one in found))


def _words(path: Path) -> str:
    known = path.stat()
    kind = "read" if path.is_file() and not os.access(path, os.R_OK) else "written"
    return (
        f"cannot be {kind} by {_name(os.geteuid())}: it belongs to {_name(known.st_uid)}, "
        f"mode {known.st_mode & 0o7777:04o}"
    )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"

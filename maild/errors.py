"""The error tree, split by what the caller must do.

    MaildError
    ├── ConfigError      the operator must mend a file: exit 78, every problem at once
    ├── TemporaryError   try again later: SMTP 451, exit 75
    │   ├── StoreBusy    the database did not answer in time
    │   │   └── HalfTaken   nor could it say what became of what it was to give into our hand
    │   ├── DiskFull     no room: SMTP 452
    │   ├── LostRace     somebody changed the ticket meanwhile: look up again
    │   ├── ServerAway   a mail server could not be reached or broke off
    │   ├── InUse        another maild works here: it ends some time
    │   └── NotReady     the tables wait for a migration, or for an older node to stop
    └── PermanentError   never try again: SMTP 5xx
        ├── HostileMail  outside the limits: hold it with its raw bytes
        └── NotAllowed   the actor or the value is refused

Anything else that is raised is a bug: the mail in hand is held and the next one goes on.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that an operator must mend.

    `line` counts from 1; 0 means that the file as a whole is meant.
    """

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.text}"


class MaildError(Exception):
    """The root of everything that maild raises on purpose; it ends a process with `exit_code`."""

    exit_code = 1


class ConfigError(MaildError):
    """What an operator wrote cannot be used; carries every problem found."""

    exit_code = 78

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Take at least one problem."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class TemporaryError(MaildError):
    """It may work later; nothing was lost."""

    exit_code = 75


class StoreBusy(TemporaryError):
    """The database did not answer in time."""


class HalfTaken(StoreBusy):
    """Rows may be in our hand, but we do not have them: they are to be put back."""

    def __init__(self, ids: tuple[int, ...]) -> None:
        """Take the numbers of the rows."""
        super().__init__(f"{len(ids)} rows were claimed, or not, and could not be read")
        self.ids = ids


class DiskFull(TemporaryError):
    """There is no room for what should be stored."""


class LostRace(TemporaryError):
    """The ticket changed between look-up and commit."""


class ServerAway(TemporaryError):
    """A mail server could not be reached, or broke off."""


class InUse(TemporaryError):
    """Another maild works here; it may be on its way out."""


class NotReady(TemporaryError):
    """The tables are not what this version needs yet; somebody has to act first."""


class PermanentError(MaildError):
    """It will never work; do not try again."""


class HostileMail(PermanentError):
    """A mail outside the limits: held with its raw bytes and this reason."""


class NotAllowed(PermanentError):
    """The actor or the value is refused."""

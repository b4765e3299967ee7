"""Passwords: read from files only, so that none stands in config.toml or in a process list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from maild.settings import lines
from maild.settings.problems import Problems

_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Where passwords are looked for.

    A plain name is first looked for in systemd's `$CREDENTIALS_DIRECTORY`, then beside the
    config file; anything with a slash only relative to the config file.
    """

    base: Path
    environ: Mapping[str, str]
    problems: Problems

    def read(self, name: str, where: lines.Path) -> str:
        """Return the content without the line break at its end; note a problem otherwise."""
        found = self._found(name, where)
        if found is None:
            return ""
        file, secret = found
        if not secret or "\n" in secret:
            self.problems.add(where, f"{file} must hold the password in one line, nothing else")
        return secret

    def whole(self, name: str, where: lines.Path) -> str:
        """Return the content of a file that may have many lines; note a problem otherwise."""
        found = self._found(name, where)
        return found[1] if found else ""

    def _found(self, name: str, where: lines.Path) -> tuple[Path, str] | None:
        """Find a file and read it; None, and a problem noted, when that is not possible."""
        places = self._places(name)
        file = next((place for place in places if place.is_file()), None)
        if file is None:
            looked = " and ".join(str(place) for place in places)
            self.problems.add(where, f"there is no file {name!r}; looked for {looked}")
            return None
        try:
            return file, file.read_bytes()[:_BYTES_MAX].decode().rstrip("\r\n")
        except OSError as error:
            self.problems.add(where, f"{file} cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            self.problems.add(where, f"{file} is no UTF-8 text")
        return None

    def _places(self, name: str) -> tuple[Path, ...]:
        """List the files that a name may mean."""
        credentials = self.environ.get("CREDENTIALS_DIRECTORY", "")
        beside = self.base / name
        return (Path(credentials) / name, beside) if credentials and "/" not in name else (beside,)

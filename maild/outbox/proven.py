"""What the tests have tried already: a language whose files lie there as they were shipped.

`proven.toml` beside the shipped templates has a digest for each language. An installation that
changes nothing then starts without trying hundreds of templates of which it is known that they
work; a file that an operator puts in the place of a shipped one changes the digest, and its
language is tried as a whole. So does another version of Jinja2.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from maild.outbox.sandbox import Source

FILE = "proven.toml"


def languages(folder: Path, sources: Mapping[str, Source]) -> frozenset[str]:
    """Return the languages of `sources` that the file in `folder` knows as they are."""
    try:
        known = tomllib.loads((folder / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return frozenset()
    return frozenset(name for name in known if known[name] == digest(sources, name))


def digest(sources: Mapping[str, Source], language: str) -> str:
    """Return the SHA-256 of all that the templates of a language are made of, in hex."""
    found = hashlib.sha256(version("jinja2").encode())
    for name in sorted(sources):
        if "/" not in name or name.startswith(f"{language}/"):
            text = sources[name].text.encode()
            found.update(f"\0{name}\0{len(text)}\0".encode() + text)
    return found.hexdigest()

"""Read the canned texts: `canned/LANGUAGE/NAME.txt` below each folder of templates."""

from __future__ import annotations

from pathlib import Path

from maild.core.canned import Canned, problem
from maild.errors import ConfigError, Problem

TEXT_CHARACTERS_MAX = 20_000


def read(folders: tuple[Path, ...]) -> Canned:
    """Read and check all canned texts; ConfigError with every problem.

    A file in an earlier folder replaces that of the same path in a later one.
    """
    texts: dict[tuple[str, str], str] = {}
    problems: list[Problem] = []
    for folder in folders:
        for path in sorted(folder.glob("canned/*/*")):
            key = (path.parent.name, path.stem)
            if path.suffix == ".md" or key in texts:
                continue
            text, wrong = _read(path)
            if wrong:
                problems.append(Problem(file=str(path), line=0, text=wrong))
            texts[key] = text
    if problems:
        raise ConfigError(tuple(problems))
    return Canned(texts=texts)


def _read(path: Path) -> tuple[str, str]:
    """Return a text, and what is wrong with it."""
    if path.suffix != ".txt" or not path.is_file():
        return "", "canned texts are named canned/LANGUAGE/NAME.txt"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return "", f"cannot be read: {error}"
    if len(text) > TEXT_CHARACTERS_MAX:
        return "", f"longer than {TEXT_CHARACTERS_MAX} characters"
    return text, problem(path.stem, text)

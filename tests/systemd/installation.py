"""maild installed in a container as `systemd/README.md` says it, by the very lines that stand there.

Nothing is fetched: in place of `pip install -r requirements.lock` the packages that maild declares
(and what these declare) are copied out of the environment that runs the tests. The wheels are built
from this tree, the second of them as a later version with one more table.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import PackagePath, distribution
from pathlib import Path

from packaging.requirements import Requirement

from maild import __version__
from maild.store.migrate import newest
from tests.needs import ROOT
from tests.systemd.container import Container, dress

TREE = "/srv/maild"
PACKAGES = "/srv/packages"
NEXT = "0.1.99"
ADDED = "later"
"""The table that the later version adds."""
SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
_LOCKED = "-r requirements.lock"
_MIGRATION = f'''"""One more table."""

from alembic import op

revision = "9999"
down_revision = "{newest()}"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE {ADDED} (id INTEGER PRIMARY KEY)")


def downgrade():
    raise NotImplementedError
'''


def commands(heading: str) -> list[str]:
    """Return the first shell commands of README.md below a heading, one a line."""
    text = (ROOT / "systemd" / "README.md").read_text(encoding="utf-8")
    block = text.split(heading, 1)[1].split("```sh\n", 1)[1].split("```", 1)[0]
    return [line.partition("  #")[0].strip() for line in block.splitlines() if line.strip()]


def lay_out(over: Path, folder: Path) -> None:
    """Put the tree, the wheel and the packages where the container will find them."""
    shutil.copytree(ROOT / "systemd", over / TREE.lstrip("/") / "systemd")
    shutil.copy(ROOT / "config.toml", over / TREE.lstrip("/"))
    (over / "srv/next").mkdir(parents=True)
    _build(tree(folder / "this"), over / TREE.lstrip("/"))
    _build(later(tree(folder / "next")), over / "srv/next")
    _copy_packages(over / PACKAGES.lstrip("/"))
    dress(over, "/etc/systemd/journald.conf.d/all.conf", "[Journal]\nRateLimitBurst=0\n")


def obey(container: Container, lines: list[str], folder: str) -> None:
    """Run lines of the README in a folder of the container."""
    for line in lines:
        told = _offline(line).replace("sudo -u maild ", "runuser -u maild -- ")
        container.run("bash", "-euc", told, folder=folder)


def _offline(line: str) -> str:
    """Return what is done where nothing can be fetched, and no resolver asked."""
    if line.startswith("python3 -m venv"):
        return line.replace("python3", "/usr/bin/python3", 1)
    if _LOCKED in line:
        return f"cp -a --remove-destination {PACKAGES}/. /opt/maild/{SITE}/"
    if "pip install" in line:
        return line.replace("pip install", "pip install --no-index --disable-pip-version-check")
    return line.replace(" --online", "")


def tree(folder: Path, *, compiled: bool = False) -> Path:
    """Copy what a wheel is made of, perhaps with what Python compiled; return the copy."""
    folder.mkdir()
    left_out = shutil.ignore_patterns("*.pyc.*" if compiled else "__pycache__")
    for name in ("maild", "rules", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    for name in ("pyproject.toml", "config.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def later(tree: Path) -> Path:
    """Make a later version of a tree, with one more table; return it."""
    for name in ("pyproject.toml", "maild/__init__.py"):
        text = (tree / name).read_text(encoding="utf-8")
        assert text.count(f'"{__version__}"') == 1
        (tree / name).write_text(text.replace(f'"{__version__}"', f'"{NEXT}"'), encoding="utf-8")
    (tree / "maild/store/migrations/versions/9999_later.py").write_text(_MIGRATION)
    return tree


def _build(tree: Path, target: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=tree,
        capture_output=True,
        timeout=100,
        check=True,
    )


def _copy_packages(target: Path) -> None:
    waiting, known = [Requirement("maild")], set()
    while waiting:
        wanted = waiting.pop()
        found = distribution(wanted.name)
        known.add(wanted.name)
        for line in found.requires or ():
            needed = Requirement(line)
            extras = wanted.extras or {""}
            applies = not needed.marker or any(
                needed.marker.evaluate({"extra": extra}) for extra in extras
            )
            if applies and needed.name not in known:
                waiting.append(needed)
        if wanted.name != "maild":
            _copy(found.files or [], target)


def _copy(files: list[PackagePath], target: Path) -> None:
    for file in files:
        if ".." not in file.parts and Path(str(file.locate())).is_file():
            place = target / file
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(
                str(file.locate()), place
            )  # the compiled files go by the time of the sources

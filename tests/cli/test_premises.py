"""Files of the house that belong to somebody else: named with their owner, and never a traceback."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from maild import premises
from maild.cli import check, run
from maild.cli.show import opened
from maild.errors import ConfigError, TemporaryError
from maild.settings import load
from tests import warm
from tests.configs import SENDING

REAL = os.access


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house with a database and a secret, which we are in."""
    (tmp_path / "config.toml").write_text(SENDING)
    done = warm.told("work", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _forbid(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let the system refuse us files: tests may run as root, whom it refuses nothing."""
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path).name not in names and REAL(path, mode)
    )


@pytest.mark.parametrize(
    ("name", "what"), [("var", "written"), ("maild.db", "read"), ("secret", "read")]
)
def test_run_and_check_name_the_file_its_owner_and_us(
    house: Path, monkeypatch: pytest.MonkeyPatch, name: str, what: str
) -> None:
    config = house / "config.toml"
    _forbid(monkeypatch, name)

    with pytest.raises(ConfigError) as checked:
        check.check(config, check.Wish())
    with pytest.raises(ConfigError) as begun:
        run.run(config, "")

    (problem,) = checked.value.problems
    assert Path(problem.file).name == name
    assert problem.text.startswith(f"cannot be {what} by ")
    assert "it belongs to " in problem.text
    assert str(begun.value) == str(checked.value)


def test_a_folder_that_is_yet_to_be_made_is_judged_by_the_one_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text(SENDING)
    known = load(tmp_path / "config.toml", environ={})

    premises.refuse(known)
    _forbid(monkeypatch, tmp_path.name)

    with pytest.raises(ConfigError) as told:
        premises.refuse(known)
    assert [one.file for one in told.value.problems] == [str(tmp_path)]


def test_check_needs_no_folder_that_the_first_start_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, library = tmp_path / "config.toml", tmp_path / "lib"
    library.mkdir()
    config.write_text(SENDING.replace("[maild]", '[maild]\nstate_dir = "lib/maild"'))
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == library and mode & os.W_OK))

    check.check(config, check.Wish())
    with pytest.raises(ConfigError, match=r"lib: cannot be written by"):
        run.run(config, "")

    assert capsys.readouterr().out.startswith("ok: ")
    assert list(library.iterdir()) == []


def test_a_file_system_that_is_read_only_may_be_so_for_a_while(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _forbid(monkeypatch, "var", "maild.db")
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_flag=os.ST_RDONLY))

    with pytest.raises(TemporaryError, match=r"the file system is read-only: .*var cannot be"):
        run.run(house / "config.toml", "")


def test_a_command_says_whose_the_database_is_that_does_not_open(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = house / "var" / "maild.db"
    base.unlink()
    base.mkdir()
    _forbid(monkeypatch, "maild.db")

    with pytest.raises(ConfigError, match=r"maild\.db: cannot be written by"):  # noqa: SIM117
        with opened(house / "config.toml"):
            pass

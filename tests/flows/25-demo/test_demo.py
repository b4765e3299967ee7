"""`maild demo` shows a newcomer the whole story, or fails loudly."""

from __future__ import annotations

import subprocess
import sys
import time
from email import message_from_bytes
from pathlib import Path

from tests.flows.stage import COMMAND
from tests.needs import missing

SECONDS_MAX = 60
"""On an idle machine it takes eight; the limit of 20 is held where nothing else runs."""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_the_story_is_played_and_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    started = time.monotonic()

    done = run(*COMMAND, "demo", "--keep", str(folder))

    seconds = time.monotonic() - started
    print(f"\nmaild demo: {seconds:.1f} s")
    assert done.returncode == 0, done.stderr
    assert seconds < SECONDS_MAX
    for words in ("→", "[Support #1]", "it smokes again", "mutt -f", str(folder)):
        assert words in done.stdout
    assert ("[Orders #2]" in done.stdout) == (not missing("dovecot"))
    mails = [
        message_from_bytes(file.read_bytes())
        for file in (folder / "people" / "anna" / "new").iterdir()
    ]
    assert len(mails) == 6
    assert {str(mail["Subject"]).removeprefix("Re: ")[:18] for mail in mails} == {
        "The printer smokes"
    }


def test_without_dovecot_it_says_so_and_plays_the_rest() -> None:
    code = "import maild.cli.demo as d; d.find_dovecot = str; d.demo(None)"

    done = run(sys.executable, "-c", code)

    assert done.returncode == 0, done.stderr
    assert "No Dovecot is installed here" in done.stdout
    assert "That was the whole story" in done.stdout


def test_a_folder_that_is_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")

    done = run(*COMMAND, "demo", "--keep", str(tmp_path))

    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]

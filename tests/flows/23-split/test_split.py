"""One house, two processes: `--only`."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.flows.stage import COMMAND, SECONDS_MAX, Stage, running, wait_for

CONFIG = (Path(__file__).parent / "config.toml").read_text()
CUSTOMER = "wanda@customer.example"


def test_intake_and_work_in_two_processes_do_what_one_does(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG, "--only", "intake") as door:
        door.send(f"From: Wanda <{CUSTOMER}>\nTo: support@example.com\nSubject: Split\n\nHello.\n")
        assert not door.tickets()
        assert door.standing().journal["received"] == 1

        with (tmp_path / "office.log").open("wb") as log:
            office = subprocess.Popen(
                [*COMMAND, "--config", str(door.config), "run", "--only", "work,send,clock"],
                stderr=log,
            )
        try:
            wait_for(lambda: door.tickets() or office.poll() is not None, "nobody works")
            assert office.poll() is None, (tmp_path / "office.log").read_text()
            acknowledgement = door.letter(CUSTOMER)
            again = f"From: {CUSTOMER}\nTo: {acknowledgement.reply_to}\nSubject: Re: x\n\nMore.\n"
            door.send(again, acknowledgement.reply_to)
            wait_for(lambda: len(posts(door)) == 2, "the second mail does not join")
        finally:
            office.terminate()
            code = office.wait(SECONDS_MAX)

        assert code == 0
        assert len(door.tickets()) == 1
        assert not door.held()


def test_the_same_role_twice_is_refused(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG, "--only", "intake,web") as house:
        done = house.maild("run", "--only", "work,intake")

        assert done.returncode == 75
        assert "intake" in done.stderr.decode()


def posts(house: Stage) -> list[str]:
    return [post["text"].strip() for post in house.ticket(1)["posts"]]

"""`maild deliver`: mail on standard input, and what the exit code promises."""

from __future__ import annotations

import pytest

from tests.flows.stage import Stage

MAIL = b"From: Sven <@>\nTo: support@example.com\nSubject: By pipe\n\nThrough the pipe.\n"
CONFIG = """
[maild]
name = "Example"
domain = "example.com"
state_dir = "state"

[relay]
url = "maildir:outgoing"

[limits]
mail = "300KiB"

[[agent]]
address = "alice@example.com"
name = "Alice Archer"
"""


@pytest.fixture(scope="module")
def closed_house(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A house in which no daemon runs."""
    return Stage(tmp_path_factory.mktemp("pipe"), CONFIG)


def deliver(stage: Stage, sender: str, *arguments: str) -> int:
    mail = MAIL.replace(b"@>", f"{sender}>".encode())
    return stage.maild("deliver", "--from", sender, *arguments, stdin=mail).returncode


def test_a_running_daemon_handles_what_was_delivered_beside_it(house: Stage) -> None:
    sender = "sven@customer.example"

    code = deliver(house, sender, "--to", "support@example.com")

    assert code == 0
    assert house.ticket_of(sender)["posts"][0]["text"].strip() == "Through the pipe."
    assert "[Support #" in house.letter(sender).subject


def test_without_a_daemon_it_waits_for_work(closed_house: Stage) -> None:
    sender = "selma@customer.example"
    closed_house.maild("work")

    code = deliver(closed_house, sender, "--to", "support@example.com")
    waiting = closed_house.standing().journal["received"]
    worked = closed_house.maild("work")

    assert (code, waiting) == (0, 1)
    assert worked.returncode == 0, worked.stderr
    assert closed_house.ticket_of(sender)["posts"][0]["text"].strip() == "Through the pipe."
    assert {mail["state"] for mail in closed_house.outbox()} == {"sent"}
    assert closed_house.letter(sender).subject


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (("--to", "nobody@example.com"), MAIL, "is no mailbox of ours"),
        (("--to", "support@example.com"), b"", "no mail on standard input"),
        (("--to", "support@example.com"), MAIL + b"x" * 400_000, "larger than"),
    ],
    ids=["unknown", "empty", "large"],
)
def test_what_can_never_be_taken_ends_with_1(
    closed_house: Stage, arguments: tuple[str, ...], stdin: bytes, words: str
) -> None:
    done = closed_house.maild("deliver", *arguments, stdin=stdin)

    assert done.returncode == 1
    assert words in done.stderr.decode()


def test_a_disk_that_takes_no_more_means_later(closed_house: Stage) -> None:
    assert deliver(closed_house, "sara@customer.example", "--to", "support@example.com") == 0
    before = sum(closed_house.standing().journal.values())

    done = closed_house.maild(
        "deliver", "--to", "support@example.com", stdin=MAIL, file_bytes_max=4096
    )

    assert done.returncode == 75, done.stderr
    assert b"try again later" in done.stderr
    assert sum(closed_house.standing().journal.values()) == before

"""What was typed and cannot be meant: told with the usage, exit 2, and nothing is done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from maild import settings
from maild.cli.main import app
from maild.cli.show import counted
from maild.store import listing
from tests.ontime.office import CONFIG, Desk, desk_in

CONFIGURED = CONFIG + '\n[report]\nevery = "week"\n'


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A house with one ticket."""
    folder = tmp_path_factory.mktemp("usage")
    (folder / "var").mkdir()
    file = folder / "config.toml"
    file.write_text(CONFIGURED)
    url = settings.load(file, environ={}).database_url
    with desk_in(folder, CONFIGURED, url) as opened:
        opened.opens()
        yield opened


def run(desk: Desk, *arguments: str) -> Result:
    """Run a command in this process, as it is typed in the folder of the house."""
    return CliRunner().invoke(app, ["--config", str(desk.folder / "config.toml"), *arguments])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("report --by moon", "--by: 'moon' is none of: day, week"),
        ("report --format pdf", "--format: 'pdf' is none of: table, json"),
        ("report --since yesterday", "--since: 'yesterday' is neither a duration"),
        ("report --until soon", "--until: 'soon' is neither"),
        ("report --since 2999-01-01", "--since must be before --until"),
        ("replay --since yesterday", "--since: 'yesterday' is neither"),
        ("explain nofile", "no such file: nofile"),
        ("ticket set 1 foo=bar", "'foo=bar' is not key=value with a key of: state"),
        ("ticket set 1 state=moon", "'moon' is none of: new, open"),
        ("ticket set 1 priority=hot", "'hot' is none of: low, normal, high, urgent"),
        ("ticket set 1 assignee=eve@example.com", "eve@example.com is no agent"),
        ("ticket list --state moon", "--state: 'moon' is none of: new"),
        ("outbox list --state moon", "--state: 'moon' is none of: scheduled, queued"),
        ("customer set a@b.example shoe=9", "is not key=value with a key of: name"),
        ("customer import nofile", "no such file: nofile"),
        ("agent away eve@example.com", "eve@example.com is no agent"),
        ("agent away alice@example.com --until noon-ish", "--until: 'noon-ish' is no time"),
        ("agent handover alice@example.com eve@example.com", "eve@example.com is no agent"),
        ("announce BIG --text x", "small letters, digits and hyphens"),
        ("announce news --text nofile", "nofile: [Errno 2]"),
        ("run --only moon", "--only: no such role: moon; there are intake"),
        ("restore nofile", "'nofile' does not exist"),
        ("sla preview --policy none --priority high --at now", "no [[sla]] 'none'"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_says_why(desk: Desk, typed: str, words: str) -> None:
    done = run(desk, *typed.split())

    assert done.exit_code == 2, done.output
    assert words in " ".join(done.stderr.replace("\u2502", " ").split())
    assert "Usage: " in done.stderr


def test_what_is_not_there_is_no_fault_of_usage(desk: Desk) -> None:
    done = run(desk, "ticket", "show", "9")

    assert done.exit_code == 1
    assert str(done.exception) == "there is no ticket 9"


def test_nothing_was_changed_by_what_was_refused(desk: Desk) -> None:
    run(desk, "ticket", "set", "1", "priority=high", "state=moon")

    with desk.database.read() as connection:
        story = listing.ticket_story(connection, desk.office.world.house, 1)
    assert (story["priority"], story["state"]) == ("normal", "new")


def test_a_listing_that_is_piped_has_its_titles(desk: Desk) -> None:
    lines = run(desk, "ticket", "list").stdout.splitlines()

    assert lines[0].split("\t") == [
        *("number", "state", "priority", "queue"),
        *("assignee", "customer", "subject", "created at"),
    ]
    assert lines[-1].split("\t")[:4] == ["1", "new", "normal", "support"]


def test_a_deadline_says_which_promise_or_rule_waits_for_it(desk: Desk) -> None:
    rules = "".join(
        f'[[rule]]\nname = "after {n}"\non = "ticket.idle"\nafter = "{n}h"\n'
        f'do = [ {{ tag = "t{n}" }} ]\n'
        for n in (7, 8, 9)
    )
    desk.use(CONFIGURED, rules)
    (number,) = desk.opens()

    shown = run(desk, "ticket", "show", str(number)).stdout
    status = run(desk, "status").stdout

    for n in (7, 8, 9):
        assert f"due: idle (after {n}) at " in shown
        assert f"kind=idle due_at=2026-03-02T{9 + n}:00:00+00:00 policy=after {n}\n" in status


def test_one_is_one_and_all_else_is_many() -> None:
    told = [counted(n, "mailbox", "mailboxes") for n in (0, 1, 2)]

    assert told == ["0 mailboxes", "1 mailbox", "2 mailboxes"]
    assert counted(1, "rule") + counted(3, "rule") == "1 rule3 rules"


def test_a_house_of_one_is_told_as_one(desk: Desk) -> None:
    told = run(desk, "check").stdout

    assert "ok: 1 mailbox, 2 agents, " in told

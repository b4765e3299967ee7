"""SIGHUP: a good change is used, a bad one refused as a whole."""

from __future__ import annotations

import signal
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.stage import Stage, running, wait_for

HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text()
MORE = (HERE / "more.toml").read_text()
OTHER = "ulrike@customer.example"
MAIL = "From: <{}>\nTo: {}\nSubject: Reload\n\nHello.\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Stage]:
    with running(tmp_path, CONFIG) as stage:
        yield stage


def reload(house: Stage, event: str) -> str:
    """Send SIGHUP, wait for the event, and return what the log says of it."""
    before = house.log().count(event)
    house.signal(signal.SIGHUP)
    wait_for(lambda: house.log().count(event) > before, f"no {event}\n{house.log()}")
    return "\n".join(line for line in house.log().splitlines() if event in line)


def test_a_new_mailbox_and_a_new_agent_are_there_at_once(house: Stage) -> None:
    customer, sales = "ursel@customer.example", "sales@example.com"
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        house.send(MAIL.format(customer, sales), sales)

    house.write_config(CONFIG + MORE)
    early = house.maild("deliver", "--to", sales, stdin=MAIL.format(customer, sales).encode())
    reload(house, "settings.reloaded")
    by_pipe = house.maild("deliver", "--to", sales, stdin=MAIL.format(OTHER, sales).encode())
    house.send(MAIL.format(customer, sales), sales)

    assert early.returncode == 75
    assert b"a daemon runs that does not know sales@example.com of the mailbox Sales yet" in (
        early.stderr
    )
    assert by_pipe.returncode == 0
    assert house.ticket_of(customer)["queue"] == "sales"
    assert house.letter(customer).sender == ("Sales", sales)
    assert house.letter("uma@example.com").reply_to.startswith("sales+")
    assert not house.unread("alice@example.com")


def test_a_new_alias_of_a_mailbox_that_is_known_waits_outside_too(house: Stage) -> None:
    address = 'address = "support@example.com"\n'
    house.write_config(CONFIG.replace(address, address + 'aliases = ["hilfe@example.com"]\n'))
    mail = MAIL.format("ulla@customer.example", "hilfe@example.com").encode()

    early = house.maild("deliver", "--to", "hilfe+tag@example.com", stdin=mail)
    old = house.maild("deliver", "--to", "support+tag@example.com", stdin=mail)

    assert early.returncode == 75
    assert b"hilfe@example.com of the mailbox Support" in early.stderr
    assert old.returncode == 0


def test_an_alias_that_moves_between_known_mailboxes_waits_outside_too(house: Stage) -> None:
    def with_alias(text: str, own: str) -> str:
        line = f'address = "{own}@example.com"\n'
        return text.replace(line, line + 'aliases = ["hilfe@example.com"]\n')

    house.write_config(with_alias(CONFIG + MORE, "sales"))
    reload(house, "settings.reloaded")
    house.write_config(with_alias(CONFIG + MORE, "support"))
    mail = MAIL.format("ulla@customer.example", "hilfe@example.com").encode()

    early = house.maild("deliver", "--to", "hilfe@example.com", stdin=mail)
    reload(house, "settings.reloaded")
    later = house.maild("deliver", "--to", "hilfe@example.com", stdin=mail)

    assert early.returncode == 75
    assert b"hilfe@example.com of the mailbox Support" in early.stderr
    assert later.returncode == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (MORE + 'langauge = "de"\n', "no such key"),
        (MORE.replace("sales@", "support@"), "support@example.com"),
        (MORE + "[[queue", "toml"),
    ],
    ids=["unknown", "twice", "syntax"],
)
def test_a_mistake_changes_nothing(house: Stage, change: str, words: str) -> None:
    house.write_config(CONFIG + change)

    told = reload(house, "settings.refused")

    assert words in told.lower()
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        house.send(MAIL.format("ute@customer.example", "sales@example.com"), "sales@example.com")
    house.send(MAIL.format("ute@customer.example", "support@example.com"))
    assert house.letter("ute@customer.example").sender == ("Support", "support@example.com")


def test_a_broken_rule_beside_the_config_keeps_the_old_rules(house: Stage) -> None:
    (house.folder / "rules").mkdir()
    (house.folder / "rules" / "10.toml").write_text(
        '[[rule]]\nname = "x"\non = "nothing"\ndo = []\n'
    )

    told = reload(house, "settings.refused")

    assert "10.toml" in told
    house.send(MAIL.format("udo@customer.example", "support@example.com"))
    assert house.letter("udo@customer.example").field("Auto-Submitted") == "auto-replied"


def test_what_needs_a_restart_is_told(house: Stage) -> None:
    house.write_config(CONFIG.replace("127.0.0.1:@SMTP@", "127.0.0.1:1"))

    told = reload(house, "settings.refused")

    assert "[smtp] listen changed: that needs a restart" in told
    house.send(MAIL.format("ulf@customer.example", "support@example.com"))
    assert house.ticket_of("ulf@customer.example")["number"] == 1

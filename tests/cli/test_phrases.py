"""An operator's own words of mail programs: checked at the start, used by every way of reading."""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path

import pytest

from tests.cli.test_commands import CONFIG, House

REPLY = "It still burns."
MAIL = (
    "From: Carla <carla@customer.example>\nTo: support@desk.example\nSubject: Printer on fire\n"
    f"Message-ID: <one@customer.example>\nDate: {formatdate()}\n\n"
    f"{REPLY}\n\nPruk 21/11/2026 10:00, Support zvorbo:\n\nIs it out?\n"
)
PHRASES = 'attributions = ["Pruk DATE, NAME zvorbo:"]\n'


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "mail.eml").write_text(MAIL)
    return House(folder=tmp_path)


def test_explain_shows_what_the_words_fold(house: House) -> None:
    before = house.document("--config", "config.toml", "explain", "--fresh", "mail.eml")
    (house.folder / "phrases.toml").write_text(PHRASES)

    after = house.document("--config", "config.toml", "explain", "--fresh", "mail.eml")

    assert "Is it out?" in before[0]["reply_text"]
    assert after[0]["reply_text"].strip() == REPLY
    assert "Is it out?" in after[0]["text"]


def test_a_reader_child_is_told_the_words(house: House) -> None:
    (house.folder / "phrases.toml").write_text(PHRASES)
    address = ("--to", "support@desk.example", "--from", "carla@customer.example")
    assert house.run("--config", "config.toml", "deliver", *address, stdin=MAIL).returncode == 0

    assert house.run("--config", "config.toml", "work").returncode == 0

    post = house.document("--config", "config.toml", "ticket", "show", "1")["posts"][0]
    assert post["reply_text"].strip() == REPLY
    assert "Is it out?" in post["text"]


@pytest.mark.parametrize("command", ["check", "run", "work"])
def test_a_mistake_in_the_words_refuses_to_start(house: House, command: str) -> None:
    (house.folder / "phrases.toml").write_text(f'{PHRASES}forwards = ["NAME"]\n')

    done = house.run("--config", "config.toml", command)

    assert done.returncode == 78
    assert "phrases.toml:2" in done.stderr + done.stdout

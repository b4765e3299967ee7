"""What reaches the wire is one command, whatever stands in the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.errors import ConfigError
from maild.intake.imap import MailboxPoller, back_off
from maild.intake.imap_folder import GROUP_BYTES_MAX, GROUP_MAILS_MAX, grouped
from maild.intake.imap_session import Size
from maild.settings import ImapSettings
from tests.intake.imap_bench import Store, opened_store, polling
from tests.intake.imap_fake import FakeServer
from tests.servers.dovecot import wait_until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened_store(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    "wrong",
    [
        {"folder": "INBOX\r\nA1 DELETE INBOX"},
        {"folder": "a\nb"},
        {"folder": "a\0b"},
        {"user": "me\r\nA1 LOGOUT"},
        {"after": "move:x\r\nA1 DELETE INBOX"},
        {"after": "move:inbox"},
        {"folder": "Support", "after": "move:Support"},
        {"password": "a\0b"},
    ],
)
def test_a_setting_that_could_be_a_second_command_is_refused_before_connecting(
    store: Store, wrong: dict[str, str]
) -> None:
    settings = ImapSettings(**({"mailbox": "m", "host": "127.0.0.1", "user": "u"} | wrong))  # type: ignore[arg-type]

    with pytest.raises(ConfigError):
        MailboxPoller(settings, store.desk())


@pytest.mark.parametrize("text", ['a "b\\ c', "{5}", "(x)", "*%", "a b"])
def test_odd_names_stay_inside_their_quotes(store: Store, text: str) -> None:
    with FakeServer() as server:
        settings = server.settings(folder=text, user=text, password=text, after=f"move:{text}x")
        with polling(store.desk(), settings):
            wait_until(lambda: store.confirmed("fake") == 1, "nothing was taken")

    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    commands = [line.split(b" ", 1)[1].decode().strip() for line in server.lines if b" " in line]
    assert f"LOGIN {quoted} {quoted}" in commands
    assert f"SELECT {quoted}" in commands
    assert f'UID COPY 1 {quoted[:-1]}x"' in commands
    assert all(line.endswith(b"\r\n") and line.count(b"\n") == 1 for line in server.lines)


def test_a_control_character_in_the_password_never_reaches_the_wire(store: Store) -> None:
    with FakeServer() as server:
        settings = server.settings(password="pw\r\nA1 DELETE INBOX")
        with polling(store.desk(), settings):
            wait_until(lambda: len(server.dialogues) >= 2, "no try")

    assert not [line for line in server.lines if b"DELETE" in line or b"LOGIN" in line]


def test_the_password_is_in_no_error_that_is_kept(store: Store) -> None:
    def refuse(dialogue, tag, command) -> bool:  # type: ignore[no-untyped-def]  # noqa: ANN001
        if not command.startswith(b"LOGIN"):
            return False
        dialogue.say(tag, b" NO no\r\n")
        return True

    with FakeServer(refuse) as server, polling(store.desk(), server.settings(password="s3cret")):
        wait_until(lambda: store.ledger.state("fake") is not None, "no error was kept")

    state = store.ledger.state("fake")
    assert state is not None
    assert "s3cret" not in state.last_error


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_the_wait_stays_between_half_a_second_and_five_minutes(
    failures: int, chance: float
) -> None:
    wait = back_off(failures, 1, 300, lambda: chance)

    assert 0.5 <= wait <= 300
    assert failures < 10 or wait >= 150


def test_the_wait_doubles() -> None:
    waits = [back_off(n, 1, 300, lambda: 1.0) for n in range(1, 12)]

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@given(st.lists(st.integers(0, 30_000_000), max_size=400))
def test_groups_keep_every_mail_once_and_in_order(numbers: list[int]) -> None:
    sizes = [Size(uid=n, size=size) for n, size in enumerate(numbers)]

    groups = list(grouped(sizes))

    assert [size for group in groups for size in group] == sizes
    for group in groups:
        assert len(group) <= GROUP_MAILS_MAX
        assert len(group) == 1 or sum(size.size for size in group) <= GROUP_BYTES_MAX

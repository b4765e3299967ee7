"""The embedded relay: a Maildir in which the same mail stands once."""

from __future__ import annotations

import mailbox
import os
import pty
import re
import select
from pathlib import Path

from maild.core.decision import Audience
from maild.outbox.maildir import Maildir
from maild.outbox.result import SendResult
from tests.needs import needs
from tests.outbox import letters
from tests.outbox.letters import written

SENDER, TARGET = "", "ada@example.org"
MAIL = b"Subject: x\r\n\r\nhello\r\n"


def test_the_same_mail_twice_is_there_once_even_when_it_was_read(tmp_path: Path) -> None:
    out = Maildir(tmp_path)

    first, again = out.deliver(SENDER, TARGET, MAIL), out.deliver(SENDER, TARGET, MAIL)
    [file] = (tmp_path / "new").iterdir()
    file.rename(tmp_path / "cur" / f"{file.name}:2,S")
    read = Maildir(tmp_path).deliver(SENDER, TARGET, MAIL)

    assert first == again == read
    assert list((tmp_path / "new").iterdir()) == []
    assert len(mailbox.Maildir(tmp_path)) == 1


def test_other_readers_and_other_bytes_are_other_mails(tmp_path: Path) -> None:
    out = Maildir(tmp_path)

    out.deliver(SENDER, TARGET, MAIL)
    out.deliver(SENDER, "bob@example.org", MAIL)
    out.deliver(SENDER, TARGET, MAIL + b"more\r\n")

    assert len(mailbox.Maildir(tmp_path)) == 3
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    sent = Maildir(tmp_path / "file").deliver(SENDER, TARGET, MAIL)

    assert sent.result is SendResult.TEMPORARY


@needs("mutt")
def test_mutt_shows_the_agents_and_the_customers_mails_as_two_threads(tmp_path: Path) -> None:
    box = tmp_path / "box"
    for number, maker in enumerate(letters.EVERY):
        data = written(maker("en"))[1].replace(b"09:30:00", f"09:{30 + number}:00".encode())
        Maildir(box).deliver(SENDER, TARGET, data)

    rows = threads_in_mutt(box)

    agents = [row for row in rows if "[Acme #1042] " in row]
    assert len(rows) == len(letters.EVERY)
    branches = [row.partition(">")[0] for row in agents]
    assert branches == ["?-", *["|-"] * (len(agents) - 2), "`-"]
    assert len(agents) == sum(maker("en").audience is Audience.AGENT for maker in letters.EVERY)
    assert sum(row.startswith("?") for row in rows) == 2


def threads_in_mutt(box: Path) -> list[str]:
    """Return what mutt's index shows of each mail: the branches of its thread, the subject."""
    settings = "set folder={0}; set sort=threads; set index_format='@%s@'; set ascii_chars"
    shown = f"{settings.format(box)}; set hide_missing=no; set hide_top_missing=no"
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(TERM="vt100", HOME=str(box), LINES="24", COLUMNS="120", LC_ALL="C.UTF-8")
        os.execvp("mutt", ["mutt", "-n", "-F", "/dev/null", "-e", shown, "-f", str(box)])
    screen = b""
    while screen.count(b"@") < 2 * len(letters.EVERY) or select.select([terminal], [], [], 0.2)[0]:
        assert select.select([terminal], [], [], 15)[0], screen
        screen += os.read(terminal, 65536)
    os.write(terminal, b"x")
    os.waitpid(process, 0)
    os.close(terminal)
    text = re.sub(
        r"\x1b(?:\[[0-9;?]*[A-Za-z]|[()=>][B0]?)", "\n", screen.decode("utf-8", "replace")
    )
    return re.findall(r"@(.+)@", text)

"""A process that polls one mailbox and tells each step, so that it can be killed at one.

python -m tests.servers.imap_victim FOLDER PORT USER AFTER
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from maild.intake import imap_folder
from maild.intake.imap import ImapIntake
from maild.intake.imap_folder import Step
from maild.settings import ImapSettings
from tests.intake.imap_bench import QUICK, opened_store


def main(folder: str, port: str, user: str, after: str) -> None:
    imap_folder.GROUP_MAILS_MAX = 20
    settings = ImapSettings(
        mailbox=user,
        host="127.0.0.1",
        port=int(port),
        tls="none",
        user=user,
        password="pw",
        since="all",
        after=after,
    )
    with opened_store(Path(folder)) as store:
        ImapIntake([settings], store.desk(on_step=_tell), QUICK).start()
        while True:
            time.sleep(60)


def _tell(step: Step) -> None:
    sys.stdout.write(f"{step.value}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

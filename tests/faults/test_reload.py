"""SIGHUP with a bad file, again and again, while mail comes in: the old settings go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

from tests.faults.customers import Account, found_in, write_many
from tests.faults.form import times
from tests.flows.stage import Stage, wait_for

MAILS = times(24, 400)
HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8")
MISTAKES = (
    CONFIG + "[[mailbox",
    CONFIG + '[relays]\nurl = "x"\n',
    CONFIG.replace("support@", "support"),
    "",
)


def test_bad_files_under_load_change_and_lose_nothing(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    stage, account = Stage(tmp_path, CONFIG), Account()
    names = [f"reload-{n}" for n in range(MAILS)]
    reloads = 0
    try:
        stage.start()
        writing = threading.Thread(target=write_many, args=(account, stage.smtp_port, names))
        writing.start()
        while writing.is_alive() or reloads < len(MISTAKES):
            reload(stage, MISTAKES[reloads % len(MISTAKES)], "settings.refused")
            reloads += 1
        reload(stage, CONFIG, "settings.reloaded")
        stage.settled()
        tickets = len(stage.tickets())
        assert stage.stop() == 0
    finally:
        stage.close()
    left = found_in(tmp_path / "state" / "maild.db")

    missing = account.acknowledged.keys() - left.journalled
    figures(
        bad_reloads=reloads,
        acknowledged=len(account.acknowledged),
        refused=len(account.refused),
        lost=len(missing),
    )
    assert account.refused == []
    assert len(account.acknowledged) == tickets == MAILS
    assert missing == set()


def reload(stage: Stage, config: str, event: str) -> None:
    before = stage.log().count(event)
    stage.write_config(config)
    stage.signal(signal.SIGHUP)
    wait_for(lambda: stage.log().count(event) > before, f"no {event}")

"""The secret is rotated on another node: one that works, and lacks the key, says what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from maild.store import secret
from tests.flows.stage import Stage, wait_for
from tests.needs import needs
from tests.servers import postgresql

HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8") + '\n[database]\nurl = "@DATABASE@"\n'
IMPATIENT = (sys.executable, str(HERE / "daemon.py"), "impatient")
pytestmark = [needs("postgresql"), pytest.mark.servers, pytest.mark.timeout(120)]


def test_a_node_that_works_says_what_to_do_about_a_key_that_it_lacks(tmp_path: Path) -> None:
    copy = tmp_path / "other-node"
    with postgresql.running() as server:
        stage = Stage(tmp_path, CONFIG, DATABASE=server.database())
        stage.command = IMPATIENT
        try:
            stage.start()
            own = tmp_path / "state" / "secret"
            secret.put(copy, own.read_text(encoding="ascii"))
            secret.add_key(copy)
            secret.load_keys(copy, stage.database)
            wait_for(lambda: "secret.changed" in stage.log(), "the log does not tell")
            assert "then restart this node" in stage.log()
            assert stage.stop() == 0

            secret.put(own, copy.read_text(encoding="ascii"))
            stage.start()
            assert stage.stop() == 0
        finally:
            stage.close()

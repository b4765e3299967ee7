"""An agent who is sent nothing any more: the operator sees it without asking for it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests import warm
from tests.configs import SENDING

AGENT = '[[agent]]\naddress = "Bob@acme.example"\n'
ROW = "INSERT INTO address VALUES (?, 3, '2026-01-01 00:00:00', '2026-01-01 00:00:00')"


def test_status_and_the_list_of_agents_name_an_agent_who_is_suspended(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(SENDING + AGENT)
    warm.told("ticket", "list", cwd=tmp_path)
    with closing(sqlite3.connect(tmp_path / "var" / "maild.db")) as base, base:
        base.executemany(ROW, [("bob@acme.example",), ("carla@customer.example",)])

    status = warm.told("status", cwd=tmp_path).stdout
    document = json.loads(warm.told("status", "--json", cwd=tmp_path).stdout)
    (bob,) = json.loads(warm.told("agent", "list", "--json", cwd=tmp_path).stdout)

    assert "sent nothing, since mail to them came back: bob@acme.example" in status
    assert document["agents_suspended"] == ["bob@acme.example"]
    assert bob["suspended"] is True

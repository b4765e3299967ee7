"""`maild explain` in words: what a rule would do stands there, not only which rule it is."""

from __future__ import annotations

from pathlib import Path

from tests import warm
from tests.configs import SENDING

RULE = """
[[rule]]
name = "loud"
on = "ticket.created"
do = [{ priority = "high" }, { tag = "vip" }]
"""
MAIL = (
    "From: c@c.example\nTo: support@acme.example\nSubject: x\nMessage-ID: <a@c.example>\n\nHelp\n"
)


def test_explain_says_in_words_what_a_rule_would_do(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "1.toml").write_text(RULE)
    (tmp_path / "a.eml").write_text(MAIL)
    config = SENDING.replace("[web]", 'rules_dir = "rules"\n[web]')
    (tmp_path / "config.toml").write_text(config)

    told = warm.told("explain", "--fresh", "a.eml", cwd=tmp_path)

    (does,) = [line for line in told.stdout.splitlines() if line.startswith("  does: ")]
    assert does.endswith("; priority.changed to high; tag.added to vip")

"""`make corpus`: what `maild explain` makes of the corpus, beside what others reach and the goals.

Strategy: mails go to the command as a user would give them; those of one conversation in their
order, those with settings of their own (an address, a delimiter) with a config that says so, each
in a call of its own. The corpus's own judge decides what passes. Where it and good sense disagree
stands in `disagreements.toml`: what else fails, or stands there without need, is an error.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.needs import CORPUS, ROOT

Json = dict[str, Any]
COMMAND = Path(sys.executable).parent / "maild"
FILES_MAX = 400
BESIDE = {
    "reply_text": ("talon 67 %", 85),
    "bounce": ("flufl.bounce 78 %", 97),
    "autoreply": ("header rules 53 %", 95),
    "list": ("header rules 53 %", 95),
    "loop": ("header rules 53 %", 95),
    "feedback": ("header rules 53 %", 95),
    "calendar": ("header rules 53 %", 95),
    "charset": ("mail-parser 85 %", 98),
    "headers": ("mail-parser 96 %", 99),
    "attachments": ("stdlib 88 %", 98),
    "tnef": ("best 33 %", 95),
    "threading": ("header rules 77 %", 95),
    "malformed": ("none tells", 95),
}
"""The best library and the goal of each kind, in per cent, as the corpus's README tells them."""


DISAGREEMENTS = Path(__file__).parent / "disagreements.toml"


def main() -> int:
    """Print the table; 0 when every goal is met and no human reply is taken for automatic.

    A goal counts the documented disagreements as met; nothing beside them may fail.
    """
    if not CORPUS.is_dir():
        sys.stdout.write("the corpus is not beside the project\n")
        return 1
    cases = known_cases()
    results = {row["id"]: row for row in explained(cases)}
    judge = scorer()
    verdicts, _, _ = judge.score(cases, results)
    excused = disagreements()
    met = [
        _line(kind, cases, verdicts, excused) for kind in sorted({c["category"] for c in cases})
    ]
    wrong = unexplained(verdicts, excused)
    taken = _humans_taken_for_machines(cases, results)
    crashed = [case["id"] for case in cases if results[case["id"]].get("crashed", True)]
    for name, why in excused.items():
        sys.stdout.write(f"  we disagree: {name} ({why})\n")
    for name, why in wrong:
        sys.stdout.write(f"  WRONG: {name} ({why})\n")
    sys.stdout.write(f"read without an exception: all but {len(crashed)} {crashed[:5] or ''}\n")
    sys.stdout.write(f"human replies taken for automatic: {len(taken)} {taken[:5] or ''}\n")
    return 0 if all(met) and not (wrong or taken or crashed) else 1


def disagreements() -> dict[str, str]:
    """Return the key and the reason of each case in which good sense is kept."""
    listed = tomllib.loads(DISAGREEMENTS.read_text(encoding="utf-8"))
    return {name: f"{entry['key']}: {entry['reason']}" for name, entry in listed.items()}


def unexplained(
    verdicts: dict[str, tuple[str, list[str]]], excused: dict[str, str]
) -> list[tuple[str, str]]:
    """Return the cases that fail without or beyond a documented reason, or have one in vain."""
    wrong: list[tuple[str, str]] = []
    for name, (verdict, keys) in verdicts.items():
        beyond = [key for key in keys if key != excused.get(name, "").partition(":")[0]]
        if verdict != "pass" and beyond:
            wrong.append((name, ", ".join(beyond)))
        elif verdict == "pass" and name in excused:
            wrong.append((name, "passes, and is still listed as a disagreement"))
    wrong += [(name, "there is no such case") for name in excused if name not in verdicts]
    return wrong


def known_cases() -> list[Json]:
    """Return the cases of the corpus, in its order."""
    lines = (CORPUS / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def scorer() -> ModuleType:
    """Load the corpus's own judge."""
    spec = importlib.util.spec_from_file_location("corpus_score", CORPUS / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def explained(cases: Iterable[Json]) -> list[Json]:
    """Return what `maild explain --json --fresh` says of each case."""
    told: list[Json] = []
    with tempfile.TemporaryDirectory() as folder:
        for (settings, _), members in _calls(cases).items():
            config = Path(folder) / "config.toml"
            config.write_text(settings, encoding="utf-8")
            for start in range(0, len(members), FILES_MAX):
                told += _explain(config, members[start : start + FILES_MAX])
    return told


def _calls(cases: Iterable[Json]) -> dict[tuple[str, str], list[Json]]:
    """Sort cases into calls: by their settings and their conversation."""
    calls: dict[tuple[str, str], list[Json]] = {}
    for case in cases:
        group = case["expect"].get("thread_group", "")
        calls.setdefault((_settings(case), group), []).append(case)
    for (_, group), members in calls.items():
        if group:
            members.sort(key=lambda case: case["expect"]["thread_index"])
    return calls


def _settings(case: Json) -> str:
    """Return the config that a case asks for; one mailbox is always there."""
    address = case.get("own_address", "support@example.com")
    local, _, domain = address.partition("@")
    domain = case.get("own_domain", domain)
    lines = [
        f'[maild]\nname = "Support"\ndomain = {json.dumps(domain)}\nstate_dir = "state"',
        '[relay]\nurl = "maildir:out"\n[[mailbox]]\nname = "Support"',
        f"address = {json.dumps(local.partition('+')[0] + '@' + domain)}",
    ]
    if "delimiter" in case:
        lines.append(f"reply_delimiter = {json.dumps(case['delimiter'])}")
    return "\n".join(lines) + "\n"


def _explain(config: Path, cases: list[Json]) -> list[Json]:
    files = [str(CORPUS / case["eml"]) for case in cases]
    done = subprocess.run(
        [COMMAND, "--config", config, "explain", "--json", "--fresh", *files],
        stdout=subprocess.PIPE,
        check=False,
        cwd=ROOT,
    )
    if done.returncode != 0:
        raise SystemExit(done.returncode)
    told: list[Json] = json.loads(done.stdout)
    for case, row in zip(cases, told, strict=True):
        row["id"] = case["id"]
    return told


def _line(
    kind: str,
    cases: list[Json],
    verdicts: dict[str, tuple[str, list[str]]],
    excused: dict[str, str],
) -> bool:
    """Print one row; tell whether its goal is met, disagreements counted as met."""
    ours = [case["id"] for case in cases if case["category"] == kind]
    passed = sum(verdicts[one][0] == "pass" for one in ours)
    kept = sum(verdicts[one][0] != "pass" and one in excused for one in ours)
    other, goal = BESIDE.get(kind, ("", 95))
    is_met = 100 * (passed + kept) >= goal * len(ours)
    words = f"{kind:12} {passed:4} of {len(ours):4} {100 * passed / len(ours):6.1f} %"
    words += f"  {f'and {kept} kept' if kept else '':11} (goal {goal} %; {other})"
    sys.stdout.write(f"{words}{'' if is_met else '  below its goal'}\n")
    return is_met


def _humans_taken_for_machines(cases: list[Json], results: dict[str, Json]) -> list[str]:
    marks = ("is_bounce", "is_autoreply", "is_list", "is_loop")
    return [
        case["id"]
        for case in cases
        if case["category"] == "reply_text"
        and any(results[case["id"]].get(mark) for mark in marks)
    ]


if __name__ == "__main__":
    sys.exit(main())

"""The tables of systemd/README.md say what the code says; `--renew` writes them anew."""

from __future__ import annotations

import re

from maild.log import Event
from maild.metrics import Metric
from tests.needs import ROOT

README = ROOT / "systemd" / "README.md"


def test_every_metric_is_documented_as_it_is(renew: bool) -> None:
    rows = [
        f"| `{metric}` | {metric.kind} | {' '.join(metric.labels)} | {metric.meaning} |"
        for metric in Metric
    ]

    check("metrics", ["| name | kind | labels | tells |", "|---|---|---|---|", *rows], renew=renew)


def test_every_log_event_is_documented_as_it_is(renew: bool) -> None:
    rows = [f"| `{event}` | {event.level.name.lower()} | {event.meaning} |" for event in Event]

    check("events", ["| event | priority | written when |", "|---|---|---|", *rows], renew=renew)


def check(name: str, lines: list[str], *, renew: bool) -> None:
    text = README.read_text(encoding="utf-8")
    block = re.compile(rf"(?<=<!-- {name}: begin -->\n).*?(?=<!-- {name}: end -->)", re.DOTALL)
    table = "".join(f"{line}\n" for line in lines)
    if renew:
        README.write_text(block.sub(lambda _: table, text), encoding="utf-8")

    found = block.search(README.read_text(encoding="utf-8"))

    assert found
    assert found.group() == table, f"pytest {__name__.replace('.', '/')}.py --renew"

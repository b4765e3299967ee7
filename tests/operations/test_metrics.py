"""Tests of maild/metrics.py."""

from __future__ import annotations

import re

import pytest

from maild import __version__, metrics
from maild.metrics import MailboxStatus, Metric, Status


def value(series: str) -> float:
    """Return the value of one series as a scraper sees it; 0 while it is not there."""
    for line in metrics.exposition().decode().splitlines():
        if line.rpartition(" ")[0] == series:
            return float(line.rpartition(" ")[2])
    return 0.0


def test_a_counter_counts() -> None:
    before = value('maild_mail_journalled_total{source="smtp"}')

    metrics.count(Metric.MAIL_JOURNALLED, source="smtp")
    metrics.count(Metric.MAIL_JOURNALLED, 4, source="smtp")

    assert value('maild_mail_journalled_total{source="smtp"}') == before + 5


def test_a_histogram_sorts_values_into_buckets() -> None:
    before = value('maild_commit_batch_size_bucket{le="4.0"}')

    metrics.measure(Metric.COMMIT_BATCH, 3)
    metrics.measure(Metric.COMMIT_BATCH, 5)

    assert value('maild_commit_batch_size_bucket{le="4.0"}') == before + 1


def test_rows_are_replaced_as_a_whole() -> None:
    metrics.observe(Status(journal={"held": 2, "done": 5}, journal_oldest_seconds=9.5))
    metrics.observe(
        Status(journal={"done": 6}, mailboxes=(MailboxStatus(name="support", behind=3),))
    )

    text = metrics.exposition().decode()
    assert 'maild_journal_rows{state="done"} 6.0\n' in text
    assert 'state="held"' not in text
    assert "maild_journal_oldest_seconds 0.0\n" in text
    assert 'maild_mailbox_behind{mailbox="support"} 3.0\n' in text


@pytest.mark.parametrize("labels", [{}, {"wrong": "x"}, {"source": "x", "more": "y"}])
def test_a_label_that_is_not_on_the_list_is_a_bug(labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="label"):
        metrics.count(Metric.MAIL_JOURNALLED, **labels)


@pytest.mark.parametrize("metric", list(Metric))
def test_every_metric_is_exposed_with_its_kind_and_meaning(metric: Metric) -> None:
    text = metrics.exposition().decode()

    name = str(metric)
    assert f"# TYPE {name} {metric.kind}\n" in text
    assert re.search(rf"^# HELP {name} .{{6,}}", text, re.MULTILINE)


def test_the_version_is_a_label() -> None:
    assert value(f'maild_build_info{{version="{__version__}"}}') == 1

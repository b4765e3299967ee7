"""Every metric moves by what it tells of: a table of who shows it, and what nobody else shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from maild import settings
from maild.delivery import Delivery
from maild.errors import PermanentError
from maild.metrics import Metric
from maild.outbox.render import Renderer
from maild.outbox.values import Values
from maild.pipeline import Pipeline
from maild.reader import ReaderPool
from maild.settings import RelaySettings
from maild.store import reach
from maild.store.ledger import Ledger
from maild.store.writer import Journal
from maild.wall import Board
from maild.watch import Watch
from tests.core.scenes import HOUSE, SUPPORT
from tests.needs import ROOT
from tests.ontime.office import Desk, desk_in
from tests.operations.test_metrics import value
from tests.trust.house import LMTP, InMemory, letter

_HERE = "operations/test_driven.py::"
_FLOW = "flows/51-metrics/test_metrics.py::"
_BY_SMTP = f"{_FLOW}test_a_mail_by_smtp_moves_all_that_it_touches"
_REFUSED = f"{_FLOW}test_what_is_refused_and_what_is_held_say_why"
_SUPPRESSED = f"{_HERE}test_too_much_automatic_mail_is_withheld_and_opens_the_breaker"
_IMAP = f"{_HERE}test_how_far_a_mailbox_is_read_is_told"
_FIRED = f"{_HERE}test_a_deadline_waits_is_late_and_fires"
_DRIVEN = {
    Metric.MAIL_JOURNALLED: _BY_SMTP,
    Metric.MAIL_REFUSED: _REFUSED,
    Metric.MAIL_OUTCOMES: _BY_SMTP,
    Metric.MAIL_HELD: f"{_HERE}test_each_held_mail_counts_under_its_own_reason",
    Metric.RULES_FIRED: _SUPPRESSED,
    Metric.JOURNAL_ROWS: _REFUSED,
    Metric.JOURNAL_OLDEST: f"{_HERE}test_the_oldest_mail_that_waits_grows_older",
    Metric.OUTBOX_ROWS: _BY_SMTP,
    Metric.OUTBOX_OLDEST: f"{_HERE}test_a_mail_of_ours_that_is_due_grows_older",
    Metric.REPLIES: f"{_HERE}test_a_relay_that_is_away_defers",
    Metric.MAILBOX_SUCCESS: _IMAP,
    Metric.MAILBOX_BEHIND: _IMAP,
    Metric.OAUTH_REFUSED: (
        "oauth/test_access.py::test_a_revoked_token_pauses_until_somebody_authorises_anew"
    ),
    Metric.OAUTH_EXPIRES: "oauth/test_access.py::test_what_ends_within_two_weeks_is_announced_once_a_day",
    Metric.READ_SECONDS: _BY_SMTP,
    Metric.COMMIT_BATCH: _BY_SMTP,
    Metric.HANDLED_BATCH: _BY_SMTP,
    Metric.TEMPLATE_ERRORS: f"{_HERE}test_a_template_that_fails_on_a_mail_is_counted",
    Metric.READER_KILLED: "reader/test_reader.py::test_a_child_that_is_killed_is_replaced",
    Metric.TICKETS: _BY_SMTP,
    Metric.DEADLINES: _FIRED,
    Metric.DEADLINES_FIRED: _FIRED,
    Metric.ROWS_ERASED: "privacy/test_retention.py::test_what_went_is_counted",
    Metric.SLA_ATTAINMENT: f"{_HERE}test_a_promise_kept_and_one_missed_are_half",
    Metric.AUTOMATIC_MAILS: _SUPPRESSED,
    Metric.AUTOMATIC_MAILS_MAX: _SUPPRESSED,
    Metric.AGENTS_SUSPENDED: f"{_HERE}test_only_agents_who_are_suspended_are_counted",
    Metric.BREAKER_OPEN: _SUPPRESSED,
    Metric.BUDGET_WITHHELD: _SUPPRESSED,
    Metric.REPORT_OVERDUE: (
        "report/test_mailed.py::test_a_report_that_is_due_and_not_written_is_told_to_prometheus"
    ),
    Metric.DISK_FREE: _BY_SMTP,
    Metric.DISK_WANTED: _BY_SMTP,
    Metric.LOOKED: _BY_SMTP,
    Metric.BUILD: _BY_SMTP,
}
"""Which test moves it: who adds a metric adds the test."""
_METRIC = re.compile(r"(?:_count|_sum|_bucket)?(?:\{|$)")
"""What follows the name of a metric where one of its series is named."""
_NO_SENDER = letter("", SUPPORT).replace(b"From: \r\n", b"")
_BOUNCE = letter("MAILER-DAEMON@relay.example", SUPPORT, subject="Undelivered Mail").replace(
    b"Content-Type: text/plain", b"Content-Type: multipart/report; report-type=delivery-status"
)
_ABSENCE = letter("ben@elsewhere.example", SUPPORT, "Away.", "Auto-Submitted: auto-replied")
_HOSTILE = b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + letter("a@b.example", SUPPORT)


@pytest.mark.parametrize("metric", list(Metric))
def test_every_metric_is_moved_by_a_test(metric: Metric) -> None:
    file, _, name = _DRIVEN[metric].partition("::")

    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    (test,) = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == name]

    assert str(metric) in {_METRIC.split(series)[0] for series in _told_in(test, _constants(tree))}


def _constants(tree: ast.Module) -> dict[str, list[str]]:
    """Return the words of each constant; those of `_SERIES` under the keys that stand for them."""
    found: dict[str, list[str]] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        if node.targets[0].id == "_SERIES":
            found |= {key: [series] for key, series in ast.literal_eval(node.value).items()}
        else:
            found[node.targets[0].id] = _words(node.value)
    return found


def _told_in(test: ast.FunctionDef, constants: dict[str, list[str]]) -> Iterator[str]:
    """Return what a test says by itself, by a constant, or by a key of `_SERIES`."""
    yield from _words(test)
    for node in ast.walk(test):
        if isinstance(node, ast.Name):
            yield from constants.get(node.id, ())
        if isinstance(node, ast.keyword):
            yield from constants.get(node.arg or "", ())


def _words(tree: ast.AST) -> list[str]:
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [_text(value) for value in values if isinstance(value, str | bytes)]


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory(replace(HOUSE, automatic_per_ten_minutes=3))
    yield made
    made.close()


@pytest.fixture(scope="module")
def readers() -> Iterator[ReaderPool]:
    made = InMemory()
    pool = ReaderPool(made.options, settings.defaults(Path("unused")).runtime)
    made.close()
    yield pool
    pool.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        (_HOSTILE, "hostile"),
        (_NO_SENDER, "no-sender"),
        (_BOUNCE, "bounce-unproven"),
        (_ABSENCE, "rule-held"),
    ],
    ids=["hostile", "no-sender", "bounce-unproven", "rule-held"],
)
def test_each_held_mail_counts_under_its_own_reason(
    house: InMemory, readers: ReaderPool, mail: bytes, reason: str
) -> None:
    series = f'maild_mail_held_total{{reason="{reason}"}}'
    before = value(series)

    _work(house, readers, mail)

    assert value(series) == before + 1


def test_too_much_automatic_mail_is_withheld_and_opens_the_breaker(
    house: InMemory, readers: ReaderPool
) -> None:
    rule = 'maild_rules_fired_total{rule="acknowledge a new ticket"}'
    fired, withheld = value(rule), value("maild_mails_over_budget_total")
    watch = Watch(lambda: house.office)

    _work(house, readers, *(letter(f"v{n}@v{n}.example", SUPPORT, f"{n}") for n in range(5)))
    watch.look()

    assert value(rule) == fired + 5
    assert value("maild_mails_over_budget_total") == withheld + 2
    assert value("maild_breaker_open") == 1
    assert value("maild_automatic_mails_max") == 3
    assert value("maild_automatic_mails") > 3

    house.now += timedelta(minutes=11)
    watch.look()

    assert value("maild_breaker_open") == 0
    assert value("maild_automatic_mails") == 0


def test_only_agents_who_are_suspended_are_counted(house: InMemory) -> None:
    watch, table = Watch(lambda: house.office), reach.metadata.tables["address"]
    agent, colleague, *_ = house.office.world.house.agent_addresses
    with house.office.database.write() as connection:
        for address, at in ((agent, house.now), (colleague, None), ("c@b.example", house.now)):
            row = {"hard_bounces": 3, "bounced_at": house.now, "suspended_at": at}
            connection.execute(insert(table).values(address=address, **row))

    watch.look()
    suspended = value("maild_agents_suspended")
    with house.office.database.write() as connection:
        reach.release(connection, agent)
    watch.look()

    assert (suspended, value("maild_agents_suspended")) == (1, 0)


def test_the_oldest_mail_that_waits_grows_older(house: InMemory) -> None:
    watch = Watch(lambda: house.office)
    watch.look()
    nothing = value("maild_journal_oldest_seconds")
    _journal(house, letter("a@b.example", SUPPORT))

    house.now += timedelta(minutes=2)
    watch.look()

    assert (nothing, value("maild_journal_oldest_seconds")) == (0, 120)


def test_a_relay_that_is_away_defers(house: InMemory, readers: ReaderPool) -> None:
    """How one that is there takes, refuses and says nothing is shown beside the delivery."""
    relay = RelaySettings(scheme="smtp", host="127.0.0.1", port=1)
    house.office = replace(house.office, relays={"": relay})
    _work(house, readers, letter("a@b.example", SUPPORT))
    series = 'maild_replies_total{result="deferred"}'
    before = value(series)

    tried = Delivery(lambda: house.office, "node", "client.example").step()

    assert tried > 0
    assert value(series) == before + tried


def test_a_mail_of_ours_that_is_due_grows_older(desk: Desk) -> None:
    watch = Watch(lambda: desk.office)
    desk.opens()
    desk.sleep(4)
    watch.look()
    nothing = value("maild_outbox_oldest_seconds")

    desk.alarm.step()
    desk.sleep(2)
    watch.look()

    assert (nothing, value("maild_outbox_oldest_seconds")) == (0, 2 * 3600)


def test_how_far_a_mailbox_is_read_is_told(desk: Desk) -> None:
    watch = Watch(lambda: desk.office)
    ledger = Ledger(desk.database, lambda: desk.now)

    ledger.note_behind("Support", 7)
    watch.look()
    first = [value(series) for series in _MAILBOX]
    ledger.note_success("Support", 0, "")
    watch.look()
    second = [value(series) for series in _MAILBOX]

    assert first == [0, 7]
    assert second == [desk.now.timestamp(), 0]


def test_a_deadline_waits_is_late_and_fires(desk: Desk) -> None:
    watch = Watch(lambda: desk.office)
    fired = value("maild_deadlines_fired_total")
    desk.opens()
    watch.look()
    waiting, early = (value(f'maild_deadlines{{state="{one}"}}') for one in ("waiting", "late"))

    desk.sleep(5)
    watch.look()
    late = value('maild_deadlines{state="late"}')
    desk.alarm.step()
    watch.look()

    assert (waiting > 0, early) == (True, 0)
    assert late > 0
    assert value('maild_deadlines{state="late"}') == 0
    assert value("maild_deadlines_fired_total") == fired + late


def test_a_promise_kept_and_one_missed_are_half(desk: Desk) -> None:
    kept, _missed = desk.opens(2)
    desk.sleep(1)
    desk.answers(kept)
    desk.sleep(5)
    desk.alarm.step()
    desk.sleep(1)

    Watch(lambda: desk.office, Board(lambda: desk.office).figures).exposition()

    assert value('maild_sla_attainment_ratio{clock="first_response"}') == 0.5


def test_a_template_that_fails_on_a_mail_is_counted(tmp_path: Path) -> None:
    """It worked when it was tried; this mail's subject is what it cannot take."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "acknowledgement.txt").write_text("{{ 60 // (subject|length - 3) }}")
    renderer = Renderer((tmp_path, ROOT / "templates"))
    series = 'maild_template_errors_total{template="acknowledgement"}'
    before = value(series)

    with pytest.raises(PermanentError):
        renderer.render("acknowledgement", "en", Values(language="en", subject="abc"))

    assert value(series) == before + 1


def _work(house: InMemory, readers: ReaderPool, *mails: bytes) -> None:
    _journal(house, *mails)
    Pipeline(lambda: house.office, readers, "a").step()


def _journal(house: InMemory, *mails: bytes) -> None:
    writer = Journal(house.database, lambda: house.now)
    for future in [writer.append(LMTP, raw) for raw in mails]:
        future.result(30)
    writer.close()


_MAILBOX = (
    'maild_mailbox_last_success_timestamp_seconds{mailbox="Support"}',
    'maild_mailbox_behind{mailbox="Support"}',
)

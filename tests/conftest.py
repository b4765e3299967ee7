"""What holds for every test: no network, real servers or a spoken skip, one flag to renew."""

from __future__ import annotations

import io
import ipaddress
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from maild import log
from tests.faults import table
from tests.faults.catalogue import ROWS
from tests.needs import is_ci, require

_LOCAL_NAMES = {"", "localhost", "ip6-localhost", socket.gethostname()}
_SLOW_FAMILIES = {
    *(
        "authenticate",
        "cli",
        "crash",
        "faults",
        "flows",
        "intake",
        "nodes",
        "ontime",
        "packaging",
        "servers",
    ),
    *("simulation", "store", "trust", "upkeep"),
}
_LONGEST_FIRST = (
    *("soak", "systemd", "crash", "faults", "pages", "nodes", "servers", "trust", "flows"),
    *("upkeep", "simulation", "oauth", "store", "cli", "authenticate", "ontime", "corpus"),
)
"""A file goes to one worker as a whole: what lasts long must not begin when all else has ended."""
_OPTIONAL = "the corpus is not beside the project"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("maild")
    group.addoption(
        "--renew", action="store_true", help="write golden files anew; review the diff"
    )
    group.addoption("--faults", action="store_true", help="print the table of faults")
    group.addoption("--families", action="store_true", help="print the time of each test folder")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(names): real servers or tools, see tests/needs.py")
    settings.register_profile("maild", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("maild")  # A busy machine is no fault of an example's.
    sys.addaudithook(_stay_at_home)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whole families that start processes are no part of the quick check, and go first."""
    for item in items:
        if _SLOW_FAMILIES & set(item.path.parts):
            item.add_marker(pytest.mark.slow)
    if "maild.furnish" in sys.modules:
        from tests import texts

        texts.keep_shipped()
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        require(*mark.args)


@pytest.fixture
def renew(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew instead of compared."""
    return bool(request.config.getoption("--renew"))


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Keep figures for the table of faults: `figures(kills=50, lost=0, restart_seconds=0.4)`."""

    def keep(**found: float) -> None:
        request.node.user_properties.append((table.PROPERTY, found))

    return keep


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged meanwhile."""
    stream = io.StringIO()
    log.configure(stream=stream)
    yield stream
    log.configure()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With `CI=true` a skip is a failure, whoever skipped."""
    reasons = _skips(session.config)
    if is_ci() and exitstatus == 0 and any(reason != _OPTIONAL for reason in reasons):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.getoption("--families") or is_ci():
        _tell_families(terminalreporter)
    if config.getoption("--faults"):
        terminalreporter.section("faults")
        for line in table.written(ROWS, table.gather(ROWS, _reports(terminalreporter))):
            terminalreporter.write_line(line)


def _tell_families(terminalreporter: pytest.TerminalReporter) -> None:
    seconds: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    for report in _reports(terminalreporter):
        family = "/".join(report.nodeid.split("/")[:2])
        seconds[family] += report.duration  # type: ignore[assignment]
        tests[family] += report.when == "call"
    terminalreporter.section("families")
    for family, took in seconds.most_common():
        terminalreporter.write_line(f"{took:8.1f} s {tests[family]:6} tests  {family}")


def _place(item: pytest.Item) -> int:
    """Tell when a test's family has its turn; within one all stays as it was shuffled."""
    family = item.path.relative_to(Path(__file__).parent).parts[0]
    return (*_LONGEST_FIRST, family).index(family)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The very last line tells what was not tried, and why."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or hasattr(config, "workerinput"):
        return
    reasons = _skips(config)
    told = "; ".join(f"{number} tests: {reason}" for reason, number in reasons.most_common())
    terminal.write_line(f"skipped: {told}" if reasons else "skipped: nothing")


def _skips(config: pytest.Config) -> Counter[str]:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    reports = terminal.stats.get("skipped", []) if terminal else []
    return Counter(_reason(report) for report in reports)


def _reason(report: pytest.TestReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def _reports(terminal: pytest.TerminalReporter) -> Iterator[pytest.TestReport]:
    for reports in terminal.stats.values():
        yield from (report for report in reports if isinstance(report, pytest.TestReport))


def _stay_at_home(event: str, arguments: tuple[object, ...]) -> None:
    """Nothing that a test does in this process may leave the machine."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    assert _is_local(name), f"a test wanted to reach {name}"


def _is_local(name: str) -> bool:
    if name in _LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified

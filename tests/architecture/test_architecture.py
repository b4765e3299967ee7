"""The shape of the code, held by tests: sizes, words, imports, and what ARCHITECTURE.md says.

`--renew` writes the code map of ARCHITECTURE.md anew: files that came and went; roles of new ones
are the first line of their docstring, roles written by hand stay.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from maild.log import Event
from maild.metrics import Metric
from tests.needs import ROOT, needs

FUNCTION_LINES_MAX = 50
FILE_LINES_MAX = 400
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
MIGRATIONS = "maild/store/migrations/"
"""Written by a machine, frozen once released."""

LOOP_TOPS = {
    "maild/alarm.py": 4,
    "maild/cli/deliver.py": 1,
    "maild/clerk.py": 3,
    "maild/clock.py": 1,
    "maild/delivery.py": 1,
    "maild/handle.py": 2,
    "maild/intake/imap.py": 1,
    "maild/intake/imap_session.py": 2,
    "maild/intake/imap_wire.py": 1,
    "maild/intake/smtp.py": 1,
    "maild/intake/smtp_connection.py": 1,
    "maild/intake/smtp_reception.py": 1,
    "maild/outbox/send.py": 1,
    "maild/patience.py": 1,
    "maild/pipeline.py": 1,
    "maild/reader.py": 2,
    "maild/reading.py": 1,
    "maild/reporting.py": 1,
    "maild/store/writer.py": 1,
}
"""The only places where any exception is caught, and how often."""

ONLY_IN: dict[str, str | tuple[str, ...]] = {
    "aiosmtpd": "maild/intake/smtp",
    "alembic": "maild/store/",
    "apscheduler": "maild/clock.py",
    "cel": "maild/rulefiles/",
    "cryptography": ("maild/authenticate/keys.py", "maild/oauth/sealing.py"),
    "dns": "maild/authenticate/resolver.py",
    "holidays": "maild/settings/holidaydates.py",
    "imapclient": "maild/intake/imap",
    "jinja2": "maild/outbox/",
    "mailparser": "maild/parse.py",
    "markupsafe": "maild/outbox/",
    "matplotlib": "maild/drawing.py",
    "msgspec": "maild/plainform.py",
    "nh3": "maild/html.py",
    "prometheus_client": "maild/metrics.py",
    "psycopg": "maild/store/",
    "publicsuffixlist": "maild/authenticate/suffixes.py",
    "pydantic": "maild/settings/",
    "pydantic_core": "maild/settings/",
    "pydantic_settings": "maild/settings/",
    "python_multipart": "maild/web/",
    "rich": "maild/cli/",
    "sqlalchemy": "maild/store/",
    "sqlmodel": "maild/store/",
    "starlette": "maild/web/",
    "structlog": "maild/log.py",
    "tnefparse": "maild/tnef.py",
    "typer": "maild/cli/",
    "uvicorn": "maild/web/",
}
"""Each library of others is imported in one place: a file, a folder, or files of one beginning."""

LATE = {
    "maild/app.py": "pages, and mailboxes, in a house that has them",
    "maild/authenticate/__init__.py": "DNS and signatures, where we check ourselves",
    "maild/oauth/sealing.py": "cryptography, with the first token",
    "maild/settings/holidaydates.py": "holidays, with the first calendar that has some",
    "maild/store/migrate.py": "Alembic, where a schema is to be changed",
}
"""The only files but a command's that import late, and what for: decision 61."""

BANNED_FILE_NAMES = {"common", "helper", "helpers", "manager", "misc", "tools", "util", "utils"}
BANNED_WORDS = {
    **dict.fromkeys(("email", "emails", "msg", "msgs"), "mail (comes in) or reply (goes out)"),
    **dict.fromkeys(("incident", "technician", "staff", "requester"), "ticket, agent, customer"),
    **dict.fromkeys(("cfg", "ctx", "mgr", "util", "utils", "helper", "helpers"), "a whole word"),
    **dict.fromkeys(("conn", "req", "resp", "usr", "tmp", "idx", "num", "hdr"), "a whole word"),
}
READS_ENVIRONMENT = ("maild/cli/", "maild/settings/", "maild/app.py")


@cache
def sources() -> dict[str, str]:
    """Every file of the package by its path from the root."""
    files = sorted((ROOT / "maild").rglob("*.py"))
    return {f.relative_to(ROOT).as_posix(): f.read_text(encoding="utf-8") for f in files}


@cache
def nodes(path: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(sources()[path])))


def functions(path: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def defined_names(path: str) -> Iterator[str]:
    """Every name that a file makes up: functions, classes, arguments, variables."""
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def imported(path: str) -> Iterator[str]:
    """The top-level packages that a file imports."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = {
        f"{path}:{function.lineno} {function.name}"
        for path in sources()
        if not path.startswith(MIGRATIONS)
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno + 1 > FUNCTION_LINES_MAX
    }

    assert too_long == set()


def test_no_file_is_longer_than_a_sitting() -> None:
    too_long = {
        path: len(text.splitlines())
        for path, text in sources().items()
        if not path.startswith(MIGRATIONS) and len(text.splitlines()) > FILE_LINES_MAX
    }

    assert too_long == {}


def test_every_file_opens_with_its_role() -> None:
    tests = {f.relative_to(ROOT).as_posix(): f for f in sorted((ROOT / "tests").rglob("*.py"))}
    texts = sources() | {path: file.read_text(encoding="utf-8") for path, file in tests.items()}

    silent = {path for path, text in texts.items() if not ast.get_docstring(ast.parse(text))}

    assert silent == set()


def test_nothing_is_imported_late_but_by_a_command() -> None:
    late = {
        f"{path}:{node.lineno}"
        for path in sources()
        if not path.startswith("maild/cli/") and path not in LATE
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert late == set()


def test_any_exception_is_caught_only_at_the_known_loop_tops() -> None:
    found = Counter(
        path
        for path in sources()
        for node in nodes(path)
        if isinstance(node, ast.ExceptHandler) and _catches_anything(node)
    )

    assert dict(found) == LOOP_TOPS


def _catches_anything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException"))
        for name in names
    )


def test_no_file_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {path for path in sources() if set(Path(path).stem.split("_")) & BANNED_FILE_NAMES}

    assert drawers == set()


def test_one_thing_has_one_name() -> None:
    strays = {
        f"{path}: {name}, better {BANNED_WORDS[word.lower()]}"
        for path in sources()
        for name in defined_names(path)
        for word in re.findall(r"[A-Z]?[a-z]+", name)
        if word.lower() in BANNED_WORDS
    }

    assert strays == set()


def test_every_library_is_imported_in_one_place() -> None:
    misplaced = {
        f"{path} imports {name}"
        for path in sources()
        for name in imported(path)
        if name not in sys.stdlib_module_names and name != "maild"
        if not path.startswith(ONLY_IN.get(name, "nowhere"))
    }

    assert misplaced == set()


def test_only_the_start_reads_the_environment() -> None:
    readers = {
        path
        for path, text in sources().items()
        if re.search(r"\bos\.(environ|getenv)\b", text) and not path.startswith(READS_ENVIRONMENT)
    }

    assert readers == set()


def test_the_core_asks_no_clock_and_makes_no_ids() -> None:
    asks = {
        f"{path}:{node.lineno}"
        for path in sources()
        if path.startswith("maild/core/")
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        if node.attr in ("now", "today", "utcnow", "uuid4", "urandom", "token_hex")
        if isinstance(node.value, ast.Name) and node.value.id in ("date", "datetime", "uuid", "os")
    }

    assert asks == set()


def test_nothing_is_left_for_later() -> None:
    later = {
        path for path, text in sources().items() if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)
    }

    assert later == set()


def test_the_import_contracts_hold() -> None:
    checked = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout
    assert "0 broken" in checked.stdout


MAP_LINE = re.compile(r"^- `(maild/[^`]+)` – (.+)$", re.MULTILINE)


def test_the_code_map_names_every_file_and_no_other(renew: bool) -> None:
    if renew:
        _renew_map()

    lines = MAP_LINE.findall(ARCHITECTURE.read_text(encoding="utf-8"))

    mapped = Counter(path for path, _ in lines)
    assert mapped == Counter(_mapped_files()), "pytest tests/architecture --renew"


def _mapped_files() -> list[str]:
    """A migration needs no line of its own; neither does a folder's `__init__` that only names it."""
    return [
        path
        for path, text in sources().items()
        if not path.startswith(f"{MIGRATIONS}versions/")
        if not (path.endswith("__init__.py") and len(ast.parse(text).body) <= 1)
    ]


def _renew_map() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    roles = dict(MAP_LINE.findall(text))
    lines = "".join(f"- `{path}` – {roles.get(path, _role(path))}\n" for path in _mapped_files())
    block = re.compile(r"(?<=<!-- map: begin -->\n).*?(?=<!-- map: end -->)", re.DOTALL)
    ARCHITECTURE.write_text(block.sub(lambda _: lines, text), encoding="utf-8")


def _role(path: str) -> str:
    first = (ast.get_docstring(ast.parse(sources()[path])) or "").split("\n\n")[0]
    return " ".join(first.split()).removesuffix(".")


def test_every_rfc_that_the_code_names_stands_in_the_table() -> None:
    named = {rfc for text in sources().values() for rfc in re.findall(r"RFC (\d+)", text)}
    table = re.findall(
        r"^\| RFC (\d+) \|.*\| (?:yes|partly|no) \|",
        ARCHITECTURE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )

    assert named - set(table) == set()
    assert len(table) == len(set(table))


def test_an_rfc_is_named_in_one_form_only() -> None:
    odd = {
        f"{path}: {name}"
        for path, text in sources().items()
        for name in re.findall(
            r"\bRFC[-_]?\d{3,}|\brfc[- ]\d{3,}|RFC \d+,? (?:section|sec\.) ?\d", text
        )
        if name != "RFC822"
    }

    assert odd == set()


@needs("git")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_no_file_names_a_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    homes = re.compile(rb"(?<![\w.])/(?:root|work|home/[a-z]+|Users/[a-z]+)/")

    found = {
        name
        for name in tracked.split("\0")
        if name and (ROOT / name).is_file() and homes.search((ROOT / name).read_bytes())
    }

    assert found == set()


def test_every_log_event_and_metric_is_written_somewhere() -> None:
    code = "\n".join(sources().values())

    silent = {str(event) for event in Event if f"Event.{event.name}" not in code}
    uncounted = {
        str(metric) for metric in Metric if not re.search(rf"Metric\.{metric.name}\b", code)
    }

    assert silent | uncounted == set()

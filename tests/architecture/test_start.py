"""What a start loads: what every house needs, and nothing that only some do."""

from __future__ import annotations

import subprocess
import sys

_ASKED = """
import sys
import maild.cli.main
import maild.cli.run
print(" ".join({name.partition(".")[0] for name in sys.modules}))
print(" ".join(name for name in sys.modules if name.startswith("maild.")))
"""
ONLY_SOMETIMES = {
    "alembic": "a schema is changed",
    "cryptography": "a token is sealed, a signature checked",
    "dns": "we check ourselves who sent a mail",
    "holidays": "a calendar has some",
    "imapclient": "there is a mailbox on a server",
    "mailparser": "a reader reads",
    "matplotlib": "a chart is drawn",
    "psycopg": "PostgreSQL is the engine",
    "pygments": "somebody looks at colours",
    "publicsuffixlist": "we check ourselves who sent a mail",
    "python_multipart": "a page takes a form",
    "rich": "a command prints",
    "starlette": "there are pages",
    "uvicorn": "there are pages",
}


def test_a_daemon_loads_what_every_house_needs() -> None:
    packages, parts = (set(line.split()) for line in _said(_ASKED))

    assert packages & set(ONLY_SOMETIMES) == set()
    assert {"maild.reading", "maild.parse", "maild.simulation"} & parts == set()


def test_a_command_is_found_without_what_others_need() -> None:
    packages, parts = (
        set(line.split()) for line in _said(_ASKED.replace("import maild.cli.run", ""))
    )

    assert packages & {"sqlalchemy", "pydantic", "jinja2", "structlog"} == set()
    assert {part.split(".")[1] for part in parts} == {"cli", "errors"}


def _said(asked: str) -> list[str]:
    command = [sys.executable, "-c", asked]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

"""Silence between a node and PostgreSQL: each side notices soon that the other one is gone.

Strategy: a wire that went dark is told from a slow server by TCP's own probes, which the kernel
sends, so that no statement has a limit of time. What a node locked is free again when its wire is
dark for 25 seconds, or when it does nothing within a transaction for a minute. What an operator
says in the URL, or sets for the role or the database, is kept.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine import URL

_OURS = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""For libpq, by its names: seconds, and the last one milliseconds."""
_THEIRS = json.dumps(
    {
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "25000",
        "idle_in_transaction_session_timeout": "60s",
        "lock_timeout": "60s",
    }
)
"""For the server, about the session."""
_SET = (
    "SELECT set_config(name, value, false)"
    " FROM pg_settings JOIN json_each_text(%s) AS ours ON name = key"
    " WHERE source NOT IN ('client', 'user', 'database', 'database user')"
)
"""After the connection is made, since poolers refuse it as a part of the address."""


def client_side(url: URL) -> dict[str, str]:
    """Return by what a client notices that the server is gone; without what the URL says."""
    return {name: value for name, value in _OURS.items() if name not in url.query}


def tell_server(engine: Engine) -> None:
    """Let each new connection say by what the server notices that the client is gone."""
    event.listen(engine, "connect", _tell)


def unhurried(connection: Connection) -> None:
    """Let this transaction wait for others, and others for it, as long as it takes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))


def _tell(connection: Any, _record: object) -> None:
    connection.autocommit = True
    connection.execute(_SET, (_THEIRS,))
    connection.autocommit = False

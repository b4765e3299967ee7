"""Does each of our connections have a session of the server's of its own?

A pooler in transaction mode (PgBouncer's `pool_mode`) hands a session on after every transaction.
Locks of a session, by which one node polls a mailbox, would then belong to whoever comes next, and
what a connection said at its beginning would hold for others.
"""

from __future__ import annotations

from secrets import token_hex

from sqlalchemy import Engine, text

_SIGN = "maild.sign"
"""A setting that means nothing to the server; whoever may connect may set it."""
_SET = text("SELECT set_config(:name, :value, false)")
_GET = text("SELECT current_setting(:name, true)")


def hands_on_sessions(engine: Engine) -> bool:
    """Whether something in between hands a session on while its connection lives.

    The first connection leaves a sign, the second one another; where sessions are handed on, the
    first then finds the second's, or none. A pooler with sessions to spare for everybody may not
    be noticed.
    """
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    sign = token_hex(8)
    with alone.connect() as first, alone.connect() as second:
        first.execute(_SET, {"name": _SIGN, "value": sign})
        second.execute(_SET, {"name": _SIGN, "value": ""})
        return bool(first.execute(_GET, {"name": _SIGN}).scalar_one() != sign)

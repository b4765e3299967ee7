"""`maild work`: whatever is due, once."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from maild import __version__, authenticate, log, settings
from maild.access import Access
from maild.alarm import Alarm
from maild.cli import show as out
from maild.delivery import Delivery
from maild.furnish import office_of, open_store, read_options_of
from maild.keeping import Keeper
from maild.now import utc_now
from maild.pipeline import Pipeline
from maild.reader import ReaderPool
from maild.store import nodes


def work(config: Path | None) -> None:
    """Handle due mails and deadlines, then send what is due; safe beside a running daemon."""
    log.configure(environment=os.environ, level=log.Level.WARNING)
    known = settings.load(config, environ=os.environ)
    own = authenticate.of(known)
    database, keys = open_store(known)
    office = office_of(known, database, keys)
    node = f"{nodes.node_name(known.state_dir)}#{os.getpid()}"
    with database.write() as connection:
        nodes.arrive(connection, node, __version__, utc_now())
    readers = ReaderPool(read_options_of(known, office.renderer), known.runtime)
    try:
        alarm, line = Alarm(lambda: office, node), Pipeline(lambda: office, readers, node, own)
        line.is_trusted = alarm.clock.look
        handled = line.step()
        fired = alarm.step()
        Keeper(lambda: office, node, lambda: known.retention, alarm.clock.look).ring()
        access = Access(database, keys, known.oauth, node)
        delivery = Delivery(lambda: office, node, socket.gethostname(), access.token)
        delivery.is_trusted = alarm.clock.look
        tried = delivery.step()
    finally:
        readers.close()
        if own is not None:
            own.close()
        with database.write() as connection:
            nodes.leave(connection, node)
        database.close()
    out.line(
        f"{out.counted(handled, 'mail')} handled, {out.counted(fired, 'ticket')} on time, "
        f"{out.counted(tried, 'reply', 'replies')} tried"
    )

"""`maild replay`: journalled mail under today's rules; lists what would come out differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from maild import handle
from maild.cli import show as out
from maild.cli.ago import ago
from maild.core import decide, replay
from maild.core.mail import Mail
from maild.core.replay import Past
from maild.core.snapshot import Arrival
from maild.furnish import office_of, read_options_of
from maild.handle import Office
from maild.now import utc_now
from maild.reader import NotRead, ReaderPool
from maild.store import history, journal, past
from maild.store.database import Connection
from maild.store.journal import Claimed
from maild.store.secret import load_keys
from maild.store.silence import unhurried

BATCH = 50
Json = dict[str, Any]


def replayed(config: Path | None, since: str, *, as_json: bool) -> None:
    """Print the mails that would be treated differently; nothing is written, nothing is sent."""
    begin = ago(since, utc_now())
    with out.opened(config) as (known, database):
        office = office_of(known, database, load_keys(known.secret_file, database))
        with database.read() as connection:
            ids = past.since(connection, begin)
        readers = ReaderPool(read_options_of(known, office.renderer), known.runtime)
        try:
            found = list(_compared(office, readers, out.progress(ids, "replaying")))
        finally:
            readers.close()
    if as_json:
        out.as_document({"replayed": len(ids), "different": found})
        return
    for document in found:
        _print(document)
    out.line(f"{out.counted(len(ids), 'mail')} replayed, {len(found)} would come out differently")


def _compared(office: Office, readers: ReaderPool, ids: Iterator[int]) -> Iterator[Json]:
    batch: list[int] = []
    for number in ids:
        batch.append(number)
        if len(batch) == BATCH:
            yield from _batch(office, readers, batch)
            batch = []
    yield from _batch(office, readers, batch)


def _batch(office: Office, readers: ReaderPool, ids: Sequence[int]) -> Iterator[Json]:
    claimed = journal.load(office.database, ids)
    reading = [readers.submit(one.raw, one.envelope) for one in claimed]
    with office.database.read() as connection:
        unhurried(connection)
        known = past.of(connection, ids)
        for one, future in zip(claimed, reading, strict=True):
            mail = future.result()
            if isinstance(mail, NotRead):
                continue
            document = _document(connection, office, one, mail, known[one.id])
            if document["differences"]:
                yield document


def _document(
    connection: Connection, office: Office, claimed: Claimed, mail: Mail, was: Past
) -> Json:
    """Compare one mail; what an agent had to confirm was the agent's word, not a rule's."""
    arrival = Arrival(
        journal_id=claimed.id,
        mail=mail,
        envelope=claimed.envelope,
        received_at=claimed.received_at,
    )
    snapshot, _ = handle.look(connection, office, arrival)
    is_asked = snapshot.question is not None or bool(snapshot.questions)
    numbers = [view.ticket.number for view in snapshot.tickets]
    logs = history.of_tickets(connection, numbers) if numbers else {}
    then = replay.as_then(snapshot, was, logs)
    decision = decide.on_mail(arrival, then, office.world)
    sender = mail.parsed.from_[0].addr if mail.parsed.from_ else ""
    return {
        "journal": claimed.id,
        "received_at": claimed.received_at.isoformat(timespec="seconds"),
        "from": sender,
        "subject": mail.parsed.subject,
        "ticket": was.ticket or None,
        "differences": [
            {"was": one.was, "now": one.now}
            for one in replay.differences(was, decision, office.world.rules)
            if not is_asked
        ],
    }


def _print(document: Json) -> None:
    where = f", ticket {document['ticket']}" if document["ticket"] else ""
    out.heading(f"journal {document['journal']}{where}: {document['from']}: {document['subject']}")
    for one in document["differences"]:
        if one["was"]:
            out.line(f"  - {one['was']}")
        if one["now"]:
            out.line(f"  + {one['now']}")

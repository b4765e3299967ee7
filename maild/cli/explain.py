"""`maild explain`: what each mail is, why, and what would be done; nothing is written.

With `--fresh`, or where there is no database, the files are played in order in an empty
throw-away database in memory; else against the real one, in a transaction that is undone. Works
without secrets, database or network.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from maild import handle, log, reading, settings
from maild.cli import show as out
from maild.cli.place import WrongUsage
from maild.core import clientele, conversation
from maild.core.decision import Decision, Outcome
from maild.core.mail import (
    Classification,
    Envelope,
    Mail,
    Parsed,
    ReadOptions,
    Source,
    VisibleReply,
)
from maild.core.snapshot import Arrival
from maild.core.token import Keys
from maild.errors import ConfigError, HostileMail
from maild.furnish import office_of, read_options_of, ready_store
from maild.handle import Office
from maild.now import utc_now
from maild.settings import Settings
from maild.store import journal
from maild.store.database import Database, open_database
from maild.store.migrate import migrate
from maild.store.writer import Journal

Json = dict[str, Any]


def explain(config: Path | None, files: list[Path], *, fresh: bool, as_json: bool) -> None:
    """Print what would be done with each file."""
    log.configure(environment=os.environ, level=log.Level.ERROR)
    known = _settings(config)
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise WrongUsage(f"no such file: {', '.join(missing)}")
    with _opened(known, fresh=fresh) as (office, is_fresh):
        options = read_options_of(known, office.renderer)
        told = [
            _explained(office, options, file, is_fresh=is_fresh)
            for file in out.progress(files, "reading")
        ]
    _add_conversations(told, office)
    documents = [document for document, _ in told]
    if as_json:
        out.as_document(documents)
        return
    for document in documents:
        _print(document)


def _settings(config: Path | None) -> Settings:
    """Explaining needs no working house: without a usable config the defaults serve."""
    if config is None:
        return settings.defaults(Path("var"))
    try:
        return settings.load(config, environ=os.environ)
    except ConfigError as error:
        for problem in error.problems:
            log.event(log.Event.SETTINGS_REFUSED, problem=str(problem))
        raise


@contextmanager
def _opened(known: Settings, *, fresh: bool) -> Iterator[tuple[Office, bool]]:
    is_fresh = fresh or not _exists(known)
    if is_fresh:
        database, keys = open_database("sqlite://"), Keys(current=0, by_id={0: bytes(32)})
        migrate(database)
    else:
        database, keys = ready_store(known)
    try:
        yield office_of(known, database, keys), is_fresh
    finally:
        database.close()


def _exists(known: Settings) -> bool:
    scheme, _, place = known.database_url.partition("///")
    return not scheme.startswith("sqlite") or Path(place).exists()


def _explained(
    office: Office, options: ReadOptions, file: Path, *, is_fresh: bool
) -> tuple[Json, Mail | None]:
    raw = file.read_bytes()
    envelope = _envelope(office, raw)
    start = time.perf_counter()
    try:
        mail = reading.read(raw, envelope, options)
    except HostileMail as error:
        return _hostile(file, str(error), time.perf_counter() - start), None
    seconds = round(time.perf_counter() - start, 6)
    play = _played if is_fresh else _decided
    decision, number = play(office, raw, envelope, mail)
    document: Json = {"id": file.stem, "crashed": False, "seconds": seconds, "thread_key": ""}
    document["evidence"] = envelope.evidence
    return document | _said(mail) | _judged(mail) | _done(mail, decision, number), mail


def _envelope(office: Office, raw: bytes) -> Envelope:
    """How the mail came in, if it is in the journal: with what was found out about it then."""
    with office.database.read() as connection:
        known = journal.envelope_of(connection, hashlib.sha256(raw).hexdigest())
    return known or Envelope(source=Source.PIPE)


def _decided(office: Office, _raw: bytes, envelope: Envelope, mail: Mail) -> tuple[Decision, int]:
    """Decide against the real database, and change nothing."""
    arrival = Arrival(journal_id=0, mail=mail, envelope=envelope, received_at=utc_now())
    with office.database.read() as connection:
        decision = handle.look(connection, office, arrival)[1]
    ticket = decision.after or decision.before
    return decision, ticket.number if ticket else 0


def _played(office: Office, raw: bytes, envelope: Envelope, mail: Mail) -> tuple[Decision, int]:
    """Decide and commit in the throw-away database, so that the next file finds the ticket."""
    claimed = journal.load(office.database, [_journalled(office.database, raw, envelope)])[0]
    arrival = Arrival(
        journal_id=claimed.id, mail=mail, envelope=envelope, received_at=claimed.received_at
    )
    with office.database.read() as connection:
        decision = handle.look(connection, office, arrival)[1]
    return decision, handle.mails(office, [(claimed, mail)])[0].ticket


def _journalled(database: Database, raw: bytes, envelope: Envelope) -> int:
    writer = Journal(database, utc_now)
    try:
        return writer.append(envelope, raw).result()
    finally:
        writer.close()


def _add_conversations(told: list[tuple[Json, Mail | None]], office: Office) -> None:
    names = tuple(box.name for box in office.world.house.mailboxes)
    read = [(document, mail.parsed) for document, mail in told if mail is not None]
    found = conversation.keys([parsed for _, parsed in read], names)
    for (document, _), key in zip(read, found, strict=True):
        document["thread_key"] = key


def _said(mail: Mail) -> Json:
    """What the mail itself says."""
    parsed = mail.parsed
    sender = parsed.from_[0] if parsed.from_ else None
    return {
        "from_addr": sender.addr if sender else "",
        "from_name": sender.name if sender else "",
        "to": [person.addr for person in parsed.to],
        "cc": [person.addr for person in parsed.cc],
        "sender_addr": _person_behind(parsed),
        "subject": parsed.subject,
        "text": parsed.text,
        "reply_text": mail.reply.reply_text,
        "unquoted_text": mail.reply.unquoted_text,
        "attachments": [attachment.name for attachment in parsed.attachments],
        "in_reply_to": parsed.in_reply_to[0] if parsed.in_reply_to else "",
        "references": list(parsed.references),
        "defects": list(parsed.defects),
    }


def _judged(mail: Mail) -> Json:
    """Who or what is speaking."""
    found, bounce = mail.classification, mail.bounce
    return {
        "is_bounce": found.is_bounce,
        "bounced_addr": list(bounce.addresses) if bounce else [],
        "bounce_class": bounce.bounce_class.value if bounce else "",
        "bounced_message_id": bounce.message_id if bounce else "",
        "is_autoreply": found.is_autoreply,
        "is_list": found.is_list,
        "is_loop": found.is_loop,
        "is_feedback": found.is_feedback,
        "is_calendar": found.is_calendar,
        "must_not_answer": found.must_not_answer,
        "kind": found.kind.value,
        "language": mail.language,
    }


def _done(mail: Mail, decision: Decision, number: int) -> Json:
    """What would be done with it, and why."""
    bounce = mail.bounce
    return {
        "trust": decision.trust,
        "thread": {"ticket": number, "by": decision.thread_by},
        "customer": _customer(decision),
        "rules": list(decision.rules),
        "outcome": decision.outcome.value,
        "actions": [
            {"kind": event.kind, "actor": event.actor, **dict(event.data)}
            for event in decision.events
        ],
        "replies": [
            {"to": reply.recipient, "template": reply.template, "kind": reply.kind.value}
            for reply in decision.replies
        ],
        "reasons": [
            *(str(reason) for reason in decision.reasons),
            *mail.classification.reasons,
            *(bounce.reasons if bounce else ()),
        ],
    }


def _customer(decision: Decision) -> Json:
    """Who the ticket's customer is to us, and who said so; empty where there is no ticket."""
    ticket = decision.after or decision.before
    if ticket is None:
        return {}
    customer = ticket.customer
    return {
        "address": customer.address,
        "organisation": customer.organisation,
        "segment": customer.segment,
        "segment_from": customer.segment_from,
        "account_manager": customer.account_manager,
        "because": clientele.source(customer),
    }


def _person_behind(parsed: Parsed) -> str:
    """Return who wrote, where a list put itself into From: shown, never believed (core/trust.py).

    A list that rewrites From keeps the author in X-Original-From and Reply-To; both must agree.
    """
    answers_to = parsed.reply_to[0].addr if parsed.reply_to else ""
    if answers_to and f"<{answers_to}>" in parsed.header("x-original-from"):
        return answers_to
    return parsed.from_[0].addr if parsed.from_ else ""


def _hostile(file: Path, reason: str, seconds: float) -> Json:
    """Say why a mail was not looked into; every key is there, and empty."""
    unread = Mail(
        parsed=Parsed(),
        classification=Classification(),
        reply=VisibleReply(reply_text="", unquoted_text=""),
    )
    held = Decision(outcome=Outcome.HELD, reasons=())
    document = {"id": file.stem, "crashed": False, "seconds": round(seconds, 6), "thread_key": ""}
    document |= _said(unread) | _judged(unread) | _done(unread, held, 0)
    return document | {"kind": "", "reasons": [f"hostile: {reason}"]}


def _action(action: Json) -> str:
    """One action in words: `priority.changed to high`."""
    data = (f" {key} {value}" for key, value in action.items() if key not in ("kind", "actor"))
    return f"{action['kind']}{''.join(data)}"


def _print(document: Json) -> None:
    out.heading(f"{document['id']}: {document['outcome']}")
    shown = (
        "from_addr",
        "subject",
        "kind",
        "language",
        "evidence",
        "trust",
        "thread",
        "rules",
        "replies",
    )
    for key in shown:
        if document.get(key):
            out.line(f"  {key.replace('_addr', '')}: {out.plain(document[key])}")
    if document.get("actions"):
        out.line(f"  does: {'; '.join(_action(one) for one in document['actions'])}")
    if document.get("customer"):
        out.line(f"  customer: {document['customer']['because']}")
    for reason in document["reasons"]:
        out.line(f"  because {reason}")
    for number, words in enumerate(document.get("reply_text", "").strip().splitlines()[:5]):
        out.line(f"  {'says:' if number == 0 else '     '} {words}")
    out.line()

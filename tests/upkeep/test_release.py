"""What a restore held is judged anew at the release: what is true no more is not sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from maild.core import deferred
from maild.core.agenda import Kind
from maild.core.promise import Due
from maild.store import commit, hold, release, rows, surveys
from maild.store.takeback import UNTRUE
from tests.upkeep.house import House, house_in
from tests.upkeep.test_backup import back, saved, wish

STILL_TRUE, ANSWERED = "notice/still-true", "notice/answered"
GOOD, OPENED, EXPIRED, LEFT = (f"survey/csat/{n}" for n in (3, 4, 5, 6))
KEYS = (STILL_TRUE, ANSWERED, GOOD, OPENED, EXPIRED, LEFT)


def wait_until(house: House, until: datetime) -> None:
    """Let six mails wait for their time: two notices, and surveys on four solved tickets."""
    for n in range(6):
        house.receives(20 + n)
    table = {name: rows._METADATA.tables[name] for name in ("outbox", "survey")}
    with house.database.write() as connection:
        waiting = connection.execute(
            text("SELECT id, ticket_id FROM outbox WHERE state = 'queued' ORDER BY id")
        ).all()
        mails = {row.ticket_id: row.id for row in waiting}
        for key, (ticket, mail) in zip(KEYS, mails.items(), strict=True):
            changed = {"key": key, "state": "scheduled", "not_before": until}
            statement = table["outbox"].update().where(table["outbox"].c.id == mail)
            connection.execute(statement.values(**changed, next_try_at=until))
            due = Due(kind=Kind.RESOLUTION, due_at=until)
            line = deferred.noted(key, "agent", until, [due])
            if key in {GOOD, OPENED, EXPIRED, LEFT}:
                connection.execute(table["survey"].insert(), survey(key, ticket, until))
                (made,) = surveys.of(connection, [ticket]).values()
                line = deferred.survey_noted(key, until, made)
            commit.add_events(connection, ticket, [line], 0, house.now)


def survey(key: str, ticket: int, until: datetime) -> dict[str, object]:
    days = 1 if key == EXPIRED else 30
    return {
        "id": ticket,
        "key": key.removeprefix("survey/"),
        "kind": "csat",
        "ticket_id": ticket,
        "customer_id": ticket,
        "recipient": f"{key[-1]}@customer.example",
        "language": "en",
        "mailbox": "Support",
        "sent_at": until,
        "expires_at": until + timedelta(days=days),
        "asked_back": False,
    }


def ticket_of(house: House, key: str) -> int:
    return next(int(row["ticket_id"]) for row in house.mails() if row["key"] == key)


def states(house: House, keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    found = {row["key"]: (row["state"], row["last_error"]) for row in house.mails()}
    return {key: found[key] for key in keys}


def test_what_is_true_no_more_is_not_sent_after_a_restore(tmp_path: Path, url: str) -> None:
    with house_in(tmp_path / "house") as house:
        until = house.now + timedelta(hours=1)
        wait_until(house, until)
        saved(house, tmp_path / "backup")
        house.now += timedelta(days=3)
        opened, done = back(tmp_path / "backup", url, house, wish(tmp_path))
        opened.close()
        late = house.now

    with house_in(tmp_path / "there", url) as new:
        new.now = late
        new.sets(ticket_of(new, ANSWERED), "state=solved")
        for key in (GOOD, OPENED, EXPIRED, LEFT):
            new.sets(ticket_of(new, key), "state=solved")
        new.sets(ticket_of(new, OPENED), "state=open")
        with new.database.write() as connection:
            connection.execute(
                text("INSERT INTO unsubscribed VALUES ('6@customer.example', :at, 'page')"),
                {"at": late.replace(tzinfo=None) if new.database.is_sqlite else late},
            )
        with new.database.write() as connection:
            untrue = release.judge(connection, hold.RESTORED, late)
            oldest = release.oldest(connection, hold.RESTORED)
            sent = hold.resend(connection, hold.RESTORED, late)
            again = release.judge(connection, hold.RESTORED, late)
            hold.release(connection)
        told = {
            line["key"]
            for key in (OPENED, ANSWERED, STILL_TRUE)
            for line in new.log(ticket_of(new, key), deferred.WITHDRAWN)
        }
        found = states(new, KEYS)
        delivered = new.sends()

    assert (done.held, untrue, sent, again, oldest) == (6, 4, 2, 0, until)
    assert {key for key, (state, _) in found.items() if state == "queued"} == {STILL_TRUE, GOOD}
    assert {found[key] for key in (ANSWERED, OPENED, EXPIRED, LEFT)} == {("held", UNTRUE)}
    assert told == {ANSWERED, OPENED}
    assert delivered == 2

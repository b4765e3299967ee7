"""`maild verify --online`: what lies on the IMAP servers is what the ledger says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from maild.cli import granting
from maild.core.oauth import AccessToken
from maild.errors import MaildError
from maild.intake.imap_session import UIDS_PER_COMMAND, Selected, Session, Waits
from maild.intake.imap_wire import Cord
from maild.now import utc_now
from maild.settings import ImapSettings, Settings
from maild.store.database import Database
from maild.store.finding import Finding
from maild.store.ledger import Ledger, MailboxState, Place

FRESH = timedelta(minutes=10)
"""What came so recently may not have been taken yet."""
SHOWN = 20


def servers(known: Settings, database: Database, tell: Callable[[str], None]) -> Iterator[Finding]:
    """Compare every IMAP mailbox with the ledger; nothing is changed on either side."""
    ledger = Ledger(database, utc_now)
    access = granting.access_of(known, database)
    for settings in known.imap:
        tell(f"mailbox {settings.mailbox} at {settings.host}")
        try:
            yield from _mailbox(settings, ledger, access.token if access else None)
        except MaildError as error:
            words = f"cannot be compared: {error}"
            yield Finding(check="server", row=f"mailbox {settings.mailbox}", text=words)


def _mailbox(
    settings: ImapSettings, ledger: Ledger, access: AccessToken | None
) -> Iterator[Finding]:
    name = f"mailbox {settings.mailbox}"
    state = ledger.state(settings.mailbox)
    if state is None or not state.uidvalidity:
        words = "was never read by a daemon"
        yield Finding(check="server", row=name, text=words, is_note=True)
        return
    session = Session(settings, Waits(), Cord(), access)
    try:
        selected = session.select()
        if selected.uidvalidity != state.uidvalidity or settings.folder != state.folder:
            words = "was numbered anew since: the daemon looks through it again"
            yield Finding(check="server", row=name, text=words, is_note=True)
            return
        yield from _compared(session, selected, state, ledger)
    finally:
        session.close()


def _compared(
    session: Session, selected: Selected, state: MailboxState, ledger: Ledger
) -> Iterator[Finding]:
    place = Place(mailbox=state.name, folder=state.folder, uidvalidity=state.uidvalidity)
    late, fresh = 0, 0
    for window in session.uids(selected, state.first_uid):
        known = ledger.known(place, window)
        new = [uid for uid in window if uid not in known]
        for start in range(0, len(new), UIDS_PER_COMMAND):
            for uid, at in session.arrivals(new[start : start + UIDS_PER_COMMAND]):
                if _aware(at) > utc_now() - FRESH:
                    fresh += 1
                    continue
                late += 1
                if late <= SHOWN:
                    words = f"UID {uid} of {at:%F %R} lies on the server, not in the ledger"
                    yield Finding(check="server", row=f"mailbox {state.name}", text=words)
    if late > SHOWN:
        words = f"{late - SHOWN} more on the server and not in the ledger"
        yield Finding(check="server", row=f"mailbox {state.name}", text=words)
    if fresh:
        words = f"{fresh} of the last minutes still to be taken"
        yield Finding(check="server", row=f"mailbox {state.name}", text=words, is_note=True)


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)

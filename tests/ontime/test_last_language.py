"""A mail that tells no language is answered in that of its sender's last ticket."""

from __future__ import annotations

import pytest

from maild import handle
from maild.core.dossier import Brief, Dossier
from maild.core.ticket import State
from maild.simulation import letters
from maild.simulation.letters import Author
from maild.store import journal
from maild.store.writer import Journal
from tests.ontime.office import MONDAY, Desk

SENDER = "jean@customer.example"


def _writes(desk: Desk, language: str, sender: str = SENDER) -> str:
    """Let a mail of a language come in; return that of its ticket."""
    desk.sleep(1)
    author = Author(address=sender, name="Jean", language=language)
    made = (int(desk.running.total_seconds()), desk.now)
    letter = letters.letter(author, "support@example.com", "4711", "ok", made)
    writer = Journal(desk.database, lambda: desk.now)
    row = writer.append(letter.envelope, letter.raw).result()
    writer.close()
    [claimed] = journal.load(desk.database, [row])
    return desk.ticket(handle.mails(desk.office, [(claimed, letter.mail)])[0].ticket or 0).language


@pytest.mark.parametrize("unclear", ["", "fi"])
def test_a_mail_of_no_clear_language_follows_the_last_ticket(desk: Desk, unclear: str) -> None:
    spoken = [_writes(desk, language) for language in ("fr", unclear, "de", unclear)]

    assert spoken == ["fr", "fr", "de", "de"]


def test_who_never_wrote_gets_the_mailboxes_language(desk: Desk) -> None:
    _writes(desk, "fr")

    assert _writes(desk, "", sender="anna@customer.example") == "en"


def test_spam_and_what_tells_no_language_count_for_nothing() -> None:
    tickets = tuple(
        Brief(
            number=number,
            state=state,
            subject="",
            mailbox="support",
            language=language,
            created_at=MONDAY,
        )
        for number, state, language in (
            (3, State.SPAM, "en"),
            (2, State.OPEN, ""),
            (1, State.SOLVED, "es"),
        )
    )

    assert Dossier(address=SENDER, tickets=tickets).last_language() == "es"

"""Mail out of a real Dovecot's mailboxes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.stage import Script, Stage, running, wait_for, wire
from tests.needs import needs
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.dovecot import dovecot as dovecot  # noqa: PLC0414 - a fixture

pytestmark = [needs("dovecot", "root"), pytest.mark.servers]
HERE = Path(__file__).parent
OLD = b"From: old@customer.example\r\nSubject: from last year\r\n\r\nold\r\n"


@pytest.fixture(scope="module")
def fetching(dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A house that has just looked into two mailboxes for the first time; old mail lay there."""
    folder = tmp_path_factory.mktemp("imap")
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o600)
    dovecot.add("flow-watched", OLD)
    with running(folder, (HERE / "config.toml").read_text(), IMAP=dovecot.port) as stage:
        wait_for(
            lambda: sum(box.last_success is not None for box in stage.standing().mailboxes) == 2,
            "the mailboxes are not open",
        )
        yield stage


@pytest.mark.parametrize("how", ["watched", "asked"])
def test_a_mail_in_a_mailbox_becomes_a_ticket(fetching: Stage, dovecot: Dovecot, how: str) -> None:
    customer, mailbox = f"rita-{how}@customer.example", f"{how}@example.com"
    mail = Script(HERE, fetching).mail("customer", FROM=customer, TO=mailbox)

    dovecot.add(f"flow-{how}", wire(mail))
    ticket = fetching.ticket_of(customer)
    acknowledgement = fetching.letter(customer)

    assert ticket["mailbox"].lower() == how
    assert acknowledgement.sender[1] == mailbox
    if how == "watched":
        wait_for(lambda: any(dovecot.flags("flow-watched")), "nothing is flagged")
    else:
        wait_for(lambda: dovecot.count("flow-asked", "Done") == 1, "nothing was moved")
        assert dovecot.count("flow-asked") == 0


def test_what_lay_there_before_became_no_ticket(fetching: Stage) -> None:
    fetching.settled()

    customers = [ticket["customer"]["address"] for ticket in fetching.tickets()]
    assert "old@customer.example" not in customers
    assert not fetching.letters("old@customer.example")

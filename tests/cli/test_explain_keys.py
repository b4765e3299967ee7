"""`maild explain --json`: every key that programs rely on, whatever the mail is."""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_commands import CONFIG, House

_KEYS = """
    id from_addr from_name to cc subject text reply_text unquoted_text attachments is_bounce
    bounced_addr bounce_class bounced_message_id is_autoreply is_list is_loop is_feedback
    is_calendar must_not_answer in_reply_to references sender_addr thread_key seconds kind language
    trust thread rules actions replies reasons
"""
KEYS = frozenset(_KEYS.split())
PERSON = (
    "From: Carla <carla@customer.example>\nTo: support@desk.example\nSubject: Printer on fire\n"
    f"Message-ID: <one@customer.example>\nDate: {formatdate()}\n\nIt burns.\n"
)
BOUNCE = (
    "From: MAILER-DAEMON@host.example\nTo: support@desk.example\nSubject: Returned mail\n"
    "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; host.example\n\n"
    "Final-Recipient: rfc822; zed@y.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
)
MAILS = {
    "person": PERSON,
    "bounce": BOUNCE,
    "hostile": "".join(f"X-{n}: y\n" for n in range(5000)) + "\nbody\n",
    "nothing": "",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder: Path = tmp_path_factory.mktemp("explained")
    (folder / "config.toml").write_text(CONFIG)
    for name, mail in MAILS.items():
        (folder / f"{name}.eml").write_text(mail)
    files = [f"{name}.eml" for name in MAILS]
    documents = House(folder=folder).document("explain", "--fresh", *files)
    return {document["id"]: document for document in documents}


@pytest.mark.parametrize("name", MAILS)
def test_every_key_is_there_for_every_mail(told: dict[str, dict[str, Any]], name: str) -> None:
    document = told[name]

    assert set(document) >= KEYS
    assert document["reasons"]
    assert all(isinstance(reason, str) and " " in reason for reason in document["reasons"])


def test_the_keys_say_what_the_mail_is(told: dict[str, dict[str, Any]]) -> None:
    person, bounce, hostile = told["person"], told["bounce"], told["hostile"]

    assert (person["kind"], person["from_addr"]) == ("human", "carla@customer.example")
    assert person["thread_key"]
    assert {reply["template"] for reply in person["replies"]} >= {"acknowledgement"}
    assert (bounce["is_bounce"], bounce["bounced_addr"]) == (True, ["zed@y.example"])
    assert (bounce["bounce_class"], bounce["replies"]) == ("permanent", [])
    assert (hostile["outcome"], hostile["kind"]) == ("held", "")
    assert "header" in hostile["reasons"][0]

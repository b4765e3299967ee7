"""Export: everything about one person, and nothing about anybody else."""

from __future__ import annotations

import json
from email import message_from_bytes
from typing import Any

import pytest

from maild import disclosure
from maild.errors import NotAllowed
from tests.core.scenes import ALICE, ANNA
from tests.privacy.house import OnDisk
from tests.privacy.person import BEA, plant, word


def exported(house: OnDisk) -> dict[str, bytes]:
    return {file.path: file.data for file in disclosure.export(house.office, BEA.upper())}


def document(house: OnDisk) -> Any:
    return json.loads(exported(house)[disclosure.DOCUMENT])


def test_every_kind_of_data_is_in_it(anywhere: OnDisk) -> None:
    plant(anywhere)

    whole = b"".join(exported(anywhere).values()).lower()

    for place in (
        "name", "subject", "text", "html", "file-name", "file", "header", "answer", "note",
        "customer-notes", "organisation", "held", "held-reason", "ignored-reason", "attempt",
        "comment", "cc-text", "cc-file", "cc-name", "evidence",
    ):  # fmt: skip
        assert word(place).encode() in whole, place


def test_mails_are_byte_for_byte_and_files_are_decoded(house: OnDisk) -> None:
    plant(house)
    files = exported(house)

    received = [data for path, data in files.items() if path.startswith("mails-received/")]
    sent = [data for path, data in files.items() if path.startswith("mails-sent/")]
    names = {path for path in files if path.startswith("files/")}

    assert any(word("header").encode() in raw for raw in received)
    assert all(message_from_bytes(raw)["Message-ID"] for raw in sent if b"co.example" in raw)
    assert any(word("answer").encode() in raw for raw in sent)
    assert len(names) == 2
    assert files[f"files/1-1-{word('file-name')}.txt"].strip() == f"a file {word('file')}".encode()


def test_others_are_neither_named_nor_quoted(house: OnDisk) -> None:
    plant(house)
    made = document(house)
    text = json.dumps(made)

    assert ANNA not in text
    assert "oranges" not in text
    assert ALICE not in json.dumps(made["tickets"])
    assert made["tickets"][0]["posts"][1]["author"] == "the house"
    assert [post["n"] for post in made["on_tickets_of_others"]] == [3]


def test_notes_about_a_person_are_theirs_to_see(house: OnDisk) -> None:
    plant(house)

    posts = document(house)["tickets"][0]["posts"]

    assert [post["kind"] for post in posts] == ["customer", "agent", "note"]
    assert word("note") in posts[2]["text"]


def test_nobody_has_no_export_and_the_house_has_none(house: OnDisk) -> None:
    assert list(disclosure.export(house.office, "nobody@else.example")) == []
    with pytest.raises(NotAllowed, match="house"):
        list(disclosure.export(house.office, ALICE))


def test_a_file_name_leads_nowhere(house: OnDisk) -> None:
    raw = (
        f"From: {BEA}\r\nTo: support@co.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nHello.\r\n--b\r\n'
        "Content-Type: text/plain\r\nContent-Disposition: attachment; "
        'filename="../../etc/passwd"\r\n\r\nroot\r\n--b--\r\n'
    )
    house.receive(raw.encode())

    (path,) = [path for path in exported(house) if path.startswith("files/")]

    assert ".." not in path
    assert path.count("/") == 1

"""Header fields: nothing that comes from outside can end one, or add one."""

from __future__ import annotations

import time
from dataclasses import fields, is_dataclass, replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.decision import Reply
from maild.core.ticket import Participant, Ticket
from maild.errors import NotAllowed
from maild.outbox import headers
from tests.outbox import letters
from tests.outbox.letters import EVERY, TICKET, written

BREAKS = [
    "\r\n",
    "\n",
    "\r",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x85",
    "\u2028",
    "\u2029",
    "\0",
]
HOSTILE = [f"x{sign}Bcc: evil@evil.example{sign}{sign}<h1>body" for sign in BREAKS]
HOSTILE += [
    "y" * 10_000,
    "ü" * 10_000,
    "=?utf-8?q?a=0D=0ABcc:_evil@evil.example?=",
    '"\\',
    "<>,;:@",
]
HOSTILE += ["\ud800 lone", "\u202egnp.exe", "{{ 7*7 }}{% for %}%s${x}"]
ALLOWED = {
    "from",
    "to",
    "cc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "thread-topic",
    "thread-index",
    "auto-submitted",
    "x-auto-response-suppress",
    "content-language",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
}


def poisoned(value: Reply, text: str) -> Reply:
    """Put a text into every field of a reply that takes free text."""
    kept = {"kind", "audience", "template", "recipient", "mailbox", "post_kind", "fixed", "post_n"}
    kept |= {"command", "zone"}  # neither comes out of a mail
    changes: dict[str, object] = {
        field.name: text
        for field in fields(value)
        if field.name not in kept and isinstance(getattr(value, field.name), str)
    }
    people = (
        Participant(address="ada@example.org", name=text),
        Participant(address=text, name=text),
    )
    named = replace(letters.PDF, name=text, type=text, content_id=text)
    changes |= {
        "to": people,
        "cc": people,
        "references": (text, f"{text}@x", "good@example.org"),
        "history": tuple(
            replace(q, author=text, at=text, kind=text, text=text) for q in value.history
        ),
        "told": tuple(replace(told, line=text) for told in value.told),
        "tickets": (poisoned_ticket(text),),
        "files": (replace(letters.with_files(value).files[0], attachment=named),),
        "files_left_out": (named,),
    }
    return replace(value, **changes)  # type: ignore[arg-type]


def poisoned_ticket(text: str) -> Ticket:
    customer = replace(TICKET.customer, name=text, organisation=text, segment=text)
    return replace(
        TICKET, subject=text, customer=customer, tags=(text,), assignee=text, queue=text
    )


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
@pytest.mark.parametrize("maker", EVERY)
def test_no_field_can_end_the_header_or_add_to_it(maker: object, text: str) -> None:
    assert callable(maker)
    _, data = written(poisoned(maker("en"), text), poisoned_ticket(text))

    block = data.partition(b"\r\n\r\n")[0].decode("ascii")
    names = [line.partition(":")[0].lower() for line in block.split("\r\n") if line[0] != " "]
    message = message_from_bytes(data, policy=default)

    assert set(names) <= ALLOWED
    assert len(names) == len(set(names))
    assert block.count("\r") == block.count("\n") == block.count("\r\n")
    assert [key.lower() for key in message] == names
    addresses = {one.addr_spec for one in message["to"].addresses}
    assert addresses <= {"ada@example.org", "grace@acme.example"}


def test_a_poisoned_reply_really_has_poison_in_every_text() -> None:
    reply = poisoned(letters.notification(), "POISON")

    texts = [str(getattr(reply, field.name)) for field in fields(reply)]

    assert is_dataclass(reply)
    assert sum("POISON" in text for text in texts) >= 18


@pytest.mark.parametrize("sign", [*BREAKS, " ", "<", ">", ",", "\u202e"])
def test_a_hostile_recipient_is_refused(sign: str) -> None:
    for address in (f"a{sign}b@example.org", f"a@exam{sign}ple.org", f"a@b.example{sign}"):
        with pytest.raises(NotAllowed):
            written(replace(letters.answer(), recipient=address))


@given(st.text(max_size=400))
def test_any_subject_comes_back_as_it_was_cleaned(text: str) -> None:
    line = headers.unstructured("Subject", text)

    assert line.endswith(b"\r\n")
    assert all(len(part) <= 998 for part in line.split(b"\r\n"))
    unfolded = line.decode("ascii").replace("\r\n", "").partition(":")[2].strip()
    assert str(make_header(decode_header(unfolded))) == headers.clean(text)


@given(st.text(max_size=150))
def test_any_name_comes_back_beside_its_address(text: str) -> None:
    line = headers.addresses("To", [(text, "a@b.example"), ("Next", "c@d.example")])

    message = message_from_bytes(line + b"\r\n", policy=default)
    [(raw, _), *_] = getaddresses([line.decode().partition(":")[2].replace("\r\n", "")])

    assert [one.addr_spec for one in message["to"].addresses] == ["a@b.example", "c@d.example"]
    assert str(make_header(decode_header(raw))) == headers.clean(text, headers.NAME_MAX)


def test_clean_keeps_scripts_and_drops_what_deceives() -> None:
    assert headers.clean("  a\t\r\n b  ") == "a b"
    assert headers.clean("invoice\u202egnp.exe") == "invoicegnp.exe"
    assert headers.clean("👩\u200d💻 日本語") == "👩\u200d💻 日本語"
    assert headers.clean("\ud800") == "\ufffd"
    assert headers.clean("x" * 300, 10) == "x" * 9 + "…"


def test_what_only_looks_encoded_is_shown_as_it_is() -> None:
    text = "=?utf-8?q?not_encoded?="

    message = message_from_bytes(headers.unstructured("Subject", text) + b"\r\n", policy=default)

    assert message["subject"] == text


def test_references_keep_the_first_and_the_last_hundred() -> None:
    ids = [f"<{n}@example.org>" for n in range(300)]

    kept = headers.references(ids)

    assert len(kept) == 100
    assert (kept[0], kept[1], kept[-1]) == ("0@example.org", "201@example.org", "299@example.org")


def test_references_keep_to_eight_thousand_octets() -> None:
    ids = [f"{n:03}{'x' * 190}@example.org" for n in range(60)]

    kept = headers.references(ids)

    assert sum(len(one) + 3 for one in kept) <= 8000
    assert (kept[0], kept[-1]) == (ids[0], ids[-1])


@pytest.mark.parametrize(
    "text", ["", "a", "a b@c", "a@b\r\nX: y", "ü@b", "a@" + "b" * 250, "<a@b", "a@b>c", "a@b\0"]
)
def test_ids_that_are_not_well_formed_are_not_carried(text: str) -> None:
    assert headers.message_id(text) in ("", "a@b")
    assert headers.references([text, "good@example.org"])[-1] == "good@example.org"
    assert all("\r" not in one and ">" not in one for one in headers.references([text]))


def test_a_megabyte_of_anything_is_cleaned_and_encoded_at_once() -> None:
    started = time.process_time()

    for unit in (" ", "ü", "a ", "\r\n", "=?", "<", "\u202e"):
        headers.unstructured("Subject", unit * (1_000_000 // len(unit)))
        headers.phrase(headers.clean(unit * 500_000, headers.NAME_MAX))
        headers.message_id(unit * 500_000)

    assert time.process_time() - started < 1


def test_our_own_values_cannot_hold_a_line_break() -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        headers.structured("Message-ID", "<a@b>\r\nBcc: x")

"""Replies become bytes: golden mails in every language, and what must hold for all of them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import getaddresses
from pathlib import Path

import pytest

from maild.core.decision import Audience, Reply, ReplyKind
from maild.core.house import House, Mailbox
from maild.core.mail import Attachment, Limits, Locator
from maild.core.ticket import Participant, PostKind
from maild.core.token import Purpose, made_for, verify
from maild.errors import NotAllowed, PermanentError
from maild.outbox.compose import Literal, StoredFile, assemble, pack, unpack
from maild.parse import extract, parse
from tests.outbox import letters
from tests.outbox.letters import EVERY, HOUSE, KEYS, RAW, TICKET, desk, read, text_of, written

GOLDEN = Path(__file__).parent / "golden"
LANGUAGES = ("en", "fr", "es", "de")
Maker = Callable[[str], Reply]


def token_of(address: str) -> str:
    return address.partition("@")[0].rpartition("+")[2]


def shown(data: bytes) -> str:
    """A mail as a reviewer wants to read it: fields as they are, texts decoded, no tokens."""
    message = read(data)
    head = data.partition(b"\r\n\r\n")[0].decode().replace("\r\n", "\n")
    parts = [
        f"=== {p.get_content_type()}\n{p.get_content()}"
        for p in message.walk()
        if p.get_content_maintype() == "text"
    ]
    text = "\n".join([head, *parts])
    text = re.sub(r"\b[a-z2-7]{45}\b", "TOKEN", text.replace("\r\n", "\n"))
    return re.sub(r"=_([arm])[0-9a-f]{32}", r"=_\1HASH", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("maker", EVERY)
def test_every_mail_reads_as_it_was_approved(maker: Maker, language: str, renew: bool) -> None:
    _, data = written(maker(language))

    text = shown(data)

    golden = GOLDEN / f"{maker.__name__}.{language}.txt"
    if renew:
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("maker", EVERY)
def test_our_own_parser_reads_what_we_write(maker: Maker, language: str) -> None:
    reply = maker(language)
    draft, data = written(reply)

    parsed = parse(data, Limits())

    assert parsed.defects == ()
    assert parsed.message_id == draft.message_id
    assert parsed.from_defect == ""
    assert parsed.header("content-language") == language
    assert "[Acme #1042]" in parsed.subject
    assert parsed.text.split() == text_of(read(data)).split()


def test_the_same_reply_gives_the_same_bytes() -> None:
    first, data = written(letters.with_files(letters.answer()))

    second, again = written(letters.with_files(letters.answer()))

    assert (first, data) == (second, again)


def test_all_lines_are_short_ascii_and_end_in_crlf() -> None:
    long = "wörd" * 200 + " " + "x" * 500 + "\n.\n..dots\nFrom here"
    for maker in EVERY:
        _, data = written(replace(maker("fr"), text=long, subject="ü" * 300))

        lines = data.split(b"\r\n")

        assert data.isascii()
        assert not any(b"\r" in line or b"\n" in line for line in lines)
        assert max(len(line) for line in lines if b"@acme.example>" not in line) <= 78
        assert max(map(len, lines)) <= 100


def test_the_outbox_keeps_own_bytes_and_places_of_files() -> None:
    draft, data = written(letters.with_files(letters.answer()))

    literal, packed = pack(draft.pieces)

    assert unpack(literal, packed) == draft.pieces
    assert assemble(unpack(literal, packed), desk().fetch) == data
    assert [piece[0] for piece in packed] == ["literal", "file", "literal", "file", "literal"]
    assert {p.journal_id for p in draft.pieces if isinstance(p, StoredFile)} == {77, 5}


def test_pieces_that_do_not_fit_their_bytes_are_refused() -> None:
    literal, packed = pack((Literal(data=b"abc"),))

    with pytest.raises(ValueError, match="take 2 of 3"):
        unpack(literal, [["literal", 2]])
    assert packed == [["literal", 3]]


def test_attachments_arrive_with_every_byte_and_their_names() -> None:
    _, data = written(letters.with_files(letters.answer()))

    message = read(data)
    files = {part.get_filename(): part for part in message.walk() if part.get_filename()}
    parsed = parse(data, Limits())

    assert message.get_content_type() == "multipart/mixed"
    for attachment in (letters.PDF, letters.IMAGE):
        original = extract(RAW, attachment.locator)
        assert files[attachment.name].get_payload(decode=True) == original
        [found] = [one for one in parsed.attachments if one.name == attachment.name]
        assert extract(data, found.locator) == original
    own_id = str(files["logo.png"]["content-id"]).strip("<>")
    assert "logo@example.org" not in data.decode()
    assert f"cid:{own_id}" in parsed.html
    assert files["logo.png"].get_content_disposition() == "inline"


def test_an_image_that_the_html_does_not_show_is_a_file() -> None:
    reply = replace(letters.with_files(letters.answer()), html="<p>no image</p>")

    message = read(written(reply)[1])

    kinds = [part.get_content_type() for part in message.walk()]
    assert "multipart/related" not in kinds
    assert [p.get_content_disposition() for p in message.iter_attachments()] == ["attachment"] * 2


def test_a_message_travels_as_a_plain_file() -> None:
    mail = Attachment(
        name="forwarded", type="message/rfc822", size=4, sha256="", locator=Locator(start=0, end=4)
    )
    files = (replace(letters.with_files(letters.answer()).files[0], attachment=mail),)

    message = read(written(replace(letters.answer(), files=files))[1])

    [part] = message.iter_attachments()
    assert (part.get_content_type(), part.get_filename()) == (
        "application/octet-stream",
        "forwarded.eml",
    )


def test_a_large_file_to_three_readers_is_stored_once() -> None:
    reply = letters.with_files(letters.answer())

    sizes = [
        len(pack(written(replace(reply, recipient=f"{name}@example.org"))[0].pieces)[0])
        for name in ("a", "b", "c")
    ]

    assert max(sizes) < len(RAW)


def test_each_reader_has_a_reply_address_that_proves_them_and_the_ticket() -> None:
    for maker, purpose in (
        (letters.answer, Purpose.CUSTOMER),
        (letters.notification, Purpose.AGENT),
    ):
        reply = maker("en")
        draft, data = written(reply)

        [(name, back)] = getaddresses([read(data)["reply-to"]])
        proof = verify(KEYS, token_of(back))
        path = verify(KEYS, token_of(draft.envelope_from))

        assert name == "Acme"
        assert proof is not None
        assert path is not None
        assert (proof.purpose, proof.ticket) == (purpose, 1042)
        assert path.purpose is Purpose.RETURN
        assert made_for(KEYS, proof, reply.recipient)
        assert made_for(KEYS, path, reply.recipient)


def test_a_reply_domain_carries_the_bare_token() -> None:
    house = replace(HOUSE, reply_domain="reply.acme.example")

    message = read(written(letters.answer(), at=desk(house))[1])

    [(_, back)] = getaddresses([message["reply-to"]])
    assert re.fullmatch(r"[a-z2-7]{45}@reply\.acme\.example", back)


@pytest.mark.parametrize(
    ("mode", "maker", "expected"),
    [
        ("verp", letters.notification, r"support\+[a-z2-7]{45}@acme.example"),
        ("null", letters.notification, ""),
        ("null", letters.answer, r"support\+[a-z2-7]{45}@acme.example"),
        ("plain", letters.notification, r"support@acme.example"),
        ("plain", letters.answer, r"support@acme.example"),
    ],
)
def test_the_return_path_is_as_the_relay_allows(mode: str, maker: Maker, expected: str) -> None:
    draft, _ = written(maker("en"), at=desk(envelope=mode))

    assert re.fullmatch(expected, draft.envelope_from)


def test_every_copy_of_a_post_has_one_message_id_and_the_same_readers() -> None:
    one, first = written(letters.answer())
    two, second = written(
        replace(letters.answer(), recipient="charles@example.org", key="key:other")
    )

    assert one.message_id == two.message_id
    for name in ("to", "cc", "subject", "references", "from"):
        assert read(first)[name] == read(second)[name]
    assert read(first)["reply-to"] != read(second)["reply-to"]


def test_mails_without_a_post_have_ids_of_their_own() -> None:
    ids = {written(maker("en"))[0].message_id for maker in (letters.held, letters.delayed)}
    again = {written(maker("de"))[0].message_id for maker in (letters.held, letters.delayed)}

    assert len(ids) == 2
    assert ids == again


def test_a_message_id_proves_the_ticket_and_nothing_else() -> None:
    for maker in EVERY:
        draft, _ = written(maker("en"))

        token = verify(KEYS, draft.message_id.partition(".")[0])

        assert token is not None
        assert (token.purpose, token.ticket) == (Purpose.THREAD, 1042)


def test_a_customers_thread_goes_on_in_every_field() -> None:
    parent = "AQHbAAAAAAAAAAAAAAAAAAAAAAAAAA=="
    reply = replace(letters.answer(), thread_index=parent)

    message = read(written(reply)[1])

    assert message["in-reply-to"] == "<first@example.org>"
    assert message["references"].split() == ["<zero@example.org>", "<first@example.org>"]
    assert message["thread-index"].startswith(parent[:28])
    assert message["thread-topic"] == TICKET.subject
    assert message["subject"] == f"Re: {TICKET.subject} [Acme #1042]"


def test_the_agents_thread_holds_nothing_of_the_customers() -> None:
    roots = set()
    for maker in (letters.notification, letters.held, letters.undelivered):
        message = read(written(maker("en"))[1])

        roots.add(message["references"])

        assert message["references"] == message["in-reply-to"]
        assert "example.org" not in message["references"]
        assert message["thread-index"] is None
        assert message["subject"].startswith("[Acme #1042] ")
    assert len(roots) == 1


def test_an_agents_conversation_keeps_one_subject() -> None:
    kinds = [PostKind.CUSTOMER, PostKind.AGENT, PostKind.NOTE]
    subjects = {
        read(written(replace(letters.notification(), post_kind=k, key=k))[1])["subject"]
        for k in kinds
    }

    assert subjects == {f"[Acme #1042] {TICKET.subject}"}


def test_only_a_persons_reply_is_not_marked_as_automatic() -> None:
    marks = {maker.__name__: read(written(maker("en"))[1])["auto-submitted"] for maker in EVERY}

    assert marks.pop("answer") is None
    assert marks.pop("acknowledgement") == "auto-replied"
    assert marks.pop("unverified") == "auto-replied"
    assert set(marks.values()) == {"auto-generated"}
    assert read(written(letters.answer())[1])["x-auto-response-suppress"] is None
    assert read(written(letters.held())[1])["x-auto-response-suppress"] == "All"
    for maker in EVERY:
        message = read(written(maker("en"))[1])
        assert message["precedence"] is None
        assert message["list-id"] is None


def test_an_unverified_reader_gets_nothing_that_the_sender_wrote() -> None:
    secret = "SECRET"
    reply = replace(
        letters.with_files(letters.unverified()),
        recipient_name=secret,
        to=(Participant(address="SECRET@example.org", name=secret),),
        cc=(Participant(address="victim-secret@example.org", name=secret),),
        subject=secret,
        sender_name=secret,
        html=f"<p>{secret}</p>",
        history=letters.notification().history,
        files_left_out=(replace(letters.PDF, name=secret),),
        references=("SECRET@example.org",),
        thread_index="AQHbAAAAAAAAAAAAAAAAAAAAAAAAAA==",
        reason=secret,
        detail=secret,
    )
    customer = replace(TICKET.customer, name=secret, organisation=secret)
    ticket = replace(TICKET, subject=secret, customer=customer, tags=(secret,))

    message = read(written(reply, ticket)[1])
    talkative = read(written(replace(reply, template="notification"), ticket)[1])

    for one in (message, talkative):
        everything = str(one) + text_of(one) + text_of(one, "html")
        assert "secret" not in everything.lower()
    assert message["to"] == "ada@example.org"
    assert message["cc"] is None
    assert message["thread-index"] is None
    assert message["in-reply-to"] == message["references"] == "<first@example.org>"
    assert message["subject"] == "We have received your message [Acme #1042]"


def test_a_note_never_goes_to_a_customer() -> None:
    with_note = replace(letters.answer(), history=letters.notification().history)

    _, data = written(replace(with_note, template="notification"))

    assert "internal note" not in text_of(read(data))
    with pytest.raises(NotAllowed, match="note"):
        written(replace(letters.answer(), post_kind=PostKind.NOTE))


@pytest.mark.parametrize(
    "address",
    ["support@acme.example", "SALES@acme.example", "buy@acme.example", "support+x@acme.example"],
)
def test_no_mail_goes_to_an_address_of_our_own(address: str) -> None:
    with pytest.raises(NotAllowed, match="our own"):
        written(replace(letters.answer(), recipient=address))

    shown_to = (Participant(address=address), Participant(address="ada@example.org"))
    message = read(written(replace(letters.answer(), to=shown_to, cc=shown_to))[1])

    assert message["to"] == "ada@example.org"
    assert message["cc"] is None


@pytest.mark.parametrize(
    "address", ["", "ada", "a b@example.org", "a@b@example.org", "a@-", "a@b c"]
)
def test_what_is_no_address_gets_no_mail(address: str) -> None:
    with pytest.raises(NotAllowed):
        written(replace(letters.answer(), recipient=address))


def test_an_address_outside_ascii_is_shown_only_to_its_owner() -> None:
    people = (Participant(address="jörg@exämple.org", name="Jörg"), *TICKET.participants)
    reply = replace(letters.answer(), to=people)

    _, to_ada = written(reply)
    _, to_joerg = written(replace(reply, recipient="jörg@exämple.org"))

    assert to_ada.isascii()
    assert b"<j\xc3\xb6rg@xn--exmple-cua.org>" in to_joerg
    assert [a.addr_spec for a in read(to_ada)["to"].addresses] == [
        "ada@example.org",
        "charles@example.org",
    ]


def test_a_ticket_without_number_has_no_tag_and_no_token() -> None:
    message = read(written(letters.held(), replace(TICKET, number=0))[1])

    assert message["reply-to"] == "Acme <support@acme.example>"
    assert message["references"] is None
    assert "#0" not in message["subject"]


def test_a_mail_that_answers_nothing_is_no_answer() -> None:
    reply = replace(letters.answer(), in_reply_to="", references=())

    message = read(written(reply)[1])

    assert message["subject"] == f"{TICKET.subject} [Acme #1042]"
    assert message["in-reply-to"] is None


def test_a_language_that_is_not_spoken_falls_back_to_the_mailboxs() -> None:
    box = Mailbox(name="Acme", address="support@acme.example", language="fr")
    house = House(name="Acme", domain="acme.example", mailboxes=(box,))

    message = read(written(letters.acknowledgement("ja"), at=desk(house))[1])

    assert message["content-language"] == "fr"
    assert "Bonjour" in text_of(message)


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(PermanentError, match="nosuch"):
        written(replace(letters.answer(), template="nosuch"))


def test_the_tag_survives_the_longest_subject() -> None:
    for text in ("wörter " * 300, "x" * 3000):
        message = read(written(replace(letters.answer(), subject=text))[1])

        assert message["subject"].endswith(" [Acme #1042]")
        assert len(message["subject"]) <= 256


def test_a_template_of_a_rule_is_marked_as_automatic_for_customers() -> None:
    reply = replace(letters.acknowledgement(), kind=ReplyKind.TEMPLATE, audience=Audience.CUSTOMER)

    assert read(written(reply)[1])["auto-submitted"] == "auto-generated"


def test_an_agent_is_shown_the_beginning_of_a_huge_mail_and_a_customer_all_words() -> None:
    for unit in ("<", "ü", "\n", "a\u2028", "> "):
        huge = unit * (4_000_000 // len(unit))
        quotes = tuple(replace(q, text=huge) for q in letters.notification().history)
        started = time.process_time()

        told = written(replace(letters.notification(), text=huge, html=huge, history=quotes))[1]

        assert len(told) < 3_000_000
        assert time.process_time() - started < 5
    assert "[shortened]" in text_of(read(told))
    words = "word " * 400_000
    assert words.strip() in text_of(read(written(replace(letters.answer(), text=words))[1]))

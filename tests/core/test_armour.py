"""Signed and encrypted replies of agents: what can be read is sent, without its signature."""

from __future__ import annotations

import pytest

from maild.core.armour import without_armour
from maild.core.decision import Audience, Decision, Outcome
from maild.core.mail import Envelope, ReadOptions
from maild.core.reason import Why
from maild.core.token import Purpose
from maild.reading import read
from tests.core.scenes import ALICE, DELIMITER, TRUSTED, play, reply_address, view

HEAD = (
    f"From: Alice <{ALICE}>\nTo: {reply_address(ALICE, purpose=Purpose.AGENT)}\n"
    "Subject: Re: [Support #7] The printer smokes\nMessage-ID: <a1@co.example>\n"
    "MIME-Version: 1.0\n"
)
TEXT = "Content-Type: text/plain\n\nSwitch it off.\n"
EMPTY = "Content-Type: text/plain\n\n\n"
SIGNED = """-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

Switch it off.
- - It is hot.

On Mon, Mar 2, 2026 at 9:00 AM Bob via Co <support@co.example> wrote:
> {delimiter}
> she never pays
-----BEGIN PGP SIGNATURE-----

iQIzBAEBCgAdFiEEq
=abcd
-----END PGP SIGNATURE-----
"""


MESSAGE = "-----BEGIN PGP MESSAGE-----\n\nhQIMA\n-----END PGP MESSAGE-----\n"


def part(kind: str, name: str, body: str = "AAAA") -> str:
    disposition = f'Content-Disposition: attachment; filename="{name}"'
    return f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\n{disposition}\n\n{body}\n"


def many(kind: str, *parts: str, boundary: str = "b") -> str:
    lines = "".join(f"--{boundary}\n{one}\n" for one in parts)
    return f'Content-Type: {kind}; boundary="{boundary}"\n\n{lines}--{boundary}--\n'


def decided(body: str) -> Decision:
    raw = f"{HEAD}{body}".encode()
    letter = read(raw, Envelope(), ReadOptions(delimiters=(DELIMITER,)))
    return play(letter, envelope=TRUSTED, views=[view()])


@pytest.mark.parametrize(
    "body",
    [
        part('application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"', "smime.p7m"),
        part('application/x-pkcs7-mime; smime-type=enveloped-data; name="a"', "smime.p7m"),
        many(
            "multipart/encrypted",
            "Content-Type: application/pgp-encrypted\n\nVersion: 1\n",
            part("application/octet-stream", "encrypted.asc"),
        ),
        many(
            "multipart/mixed",
            EMPTY,
            part("application/pgp-encrypted", "a"),
            part("application/octet-stream", "encrypted.asc"),
        ),
        f"\n{MESSAGE}",
        f"\n#solve\n{MESSAGE}",
    ],
)
def test_what_cannot_be_read_is_held_and_its_writer_is_told(body: str) -> None:
    decision = decided(body)

    assert decision.outcome is Outcome.HELD
    (told,) = decision.replies
    assert (told.recipient, told.reason) == (ALICE, Why.SEALED)


@pytest.mark.parametrize(
    "body",
    [
        many("multipart/mixed", TEXT, part("application/pkcs7-mime", "certificates.p7m")),
        many(
            "multipart/mixed",
            TEXT,
            "Content-Type: message/rfc822\n\nFrom: x@y.example\n"
            + part("application/pkcs7-mime", "a"),
        ),
        f"\nHere is what you asked for:\n\n{MESSAGE}",
    ],
)
def test_what_is_sealed_below_words_that_can_be_read_is_sent(body: str) -> None:
    assert decided(body).outcome is Outcome.POSTED


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("application/pkcs7-signature", "smime.p7s"),
        ("application/x-pkcs7-signature", "smime.p7s"),
        ("application/pgp-signature", "OpenPGP_signature.asc"),
    ],
)
def test_the_signature_of_a_mail_does_not_travel_and_other_files_do(kind: str, name: str) -> None:
    files = many(
        "multipart/mixed",
        TEXT,
        part("application/pdf", "manual.pdf"),
        part("application/pgp-signature", "manual.pdf.asc"),
        part("application/pgp-keys", "OpenPGP_0x1234.asc"),
        part("application/pgp-keys", "for you.asc"),
        boundary="c",
    )

    decision = decided(many("multipart/signed", files, part(kind, name)))

    (first, *_) = [one for one in decision.replies if one.audience is Audience.CUSTOMER]
    names = [file.attachment.name for file in first.files]
    assert names == ["manual.pdf", "manual.pdf.asc", "for you.asc"]


def test_an_unsigned_mail_keeps_a_signature_that_somebody_attached() -> None:
    decision = decided(many("multipart/mixed", TEXT, part("application/pgp-signature", "a.sig")))

    assert [file.name for file in decision.posts[0].attachments] == ["a.sig"]


def test_an_empty_reply_that_is_signed_says_nothing() -> None:
    decision = decided(many("multipart/signed", EMPTY, part("application/pgp-signature", "a.asc")))

    assert decision.reasons[-1].why is Why.NOTHING_WRITTEN


def test_the_lines_that_openpgp_puts_around_a_text_are_none_of_it() -> None:
    decision = decided(f"\n{SIGNED.format(delimiter=DELIMITER)}")

    assert decision.posts[0].text == "Switch it off.\n- It is hot."


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n- Switch it off.",
        "-----BEGIN PGP SIGNED MESSAGE-----\nIt smokes.\n-----END PGP SIGNATURE-----\nAnna",
        "-----BEGIN PGP SIGNATURE-----\nIt smokes.\n" + SIGNED[:36],
    ],
)
def test_armour_without_an_end_is_left_as_it_is(text: str) -> None:
    assert without_armour(text) == text


def test_a_text_right_below_the_head_of_its_armour_stays() -> None:
    text = without_armour(SIGNED.replace("SHA512\n\n", "SHA512\n"))

    assert text.split("\n")[2] == "Switch it off."

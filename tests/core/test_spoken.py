"""The language of whole mails: small print, pasted messages, and what only the subject tells."""

from __future__ import annotations

import time

import pytest

from maild.core.spoken import language_of

ENGLISH = (
    "This message and its attachments are confidential and meant for the addressee only. If you "
    "have received this message in error, please tell the sender and delete it."
)
GERMAN = (
    "Diese Nachricht ist vertraulich. Wenn Sie nicht der richtige Adressat sind oder sie "
    "irrtümlich erhalten haben, sagen Sie es dem Absender und löschen Sie sie."
)
LOG = "\n".join(
    f"2026-11-22 10:00:0{n} the request was not handled by the server and is lost"
    for n in range(9)
)
BODIES = (
    (f"Bonjour, merci de me renvoyer la facture.\nCordialement\nJean\n\n{ENGLISH}", "fr"),
    (f"Hallo,\nbitte senden Sie mir die Rechnung.\nGruß\nKarl\n{ENGLISH}", "de"),
    (f"Hola, necesito la factura de octubre.\n\n{ENGLISH}", "es"),
    (f"Merci\n\n{ENGLISH}", "fr"),
    (f"Hello,\nthe invoice is wrong.\n\nThanks\n\n{GERMAN}", "en"),
    (ENGLISH, "en"),
    (
        (
            "Hallo,\n\nbeim Export kommt:\n\nException: The file could not be opened because it is "
            "used by another process.\n\nWas tun?"
        ),
        "de",
    ),
    ('Es kommt "The file could not be opened because it is in use". Was tun?', "de"),
    (
        (
            "Bonjour,\nj'ai ce message :\nThe server is not available at the moment. Please try "
            "again later or contact your administrator.\nMerci"
        ),
        "fr",
    ),
    (
        (
            "Buenos días:\n\nal abrir el programa sale este error\n\nERROR: could not connect to "
            "the database because the password was not accepted by the server\n\nGracias"
        ),
        "es",
    ),
    ("Error: the connection was refused by the server. Try again.\n\nWas soll ich tun?", "de"),
    (f"Hallo, seit gestern geht nichts.\n\n{LOG}", "de"),
    (f"Не работает.\n\n{LOG}", "ru"),
    (LOG, "en"),
    ("Hi,\nit says:\n\nDer Drucker ist nicht bereit. Bitte warten.\n\nWhat can I do?", "en"),
    ("Hello, je comprends pas pourquoi ça marche pas, thanks !", "fr"),
    ("Hello team,\n\nl'imprimante ne marche plus, pouvez-vous nous aider ?", "fr"),
)
SUBJECTS = (
    ("", "Impossible de me connecter à mon compte", "fr"),
    ("", "Ich kann mich nicht anmelden", "de"),
    ("ok", "No puedo entrar en mi cuenta", "es"),
    ("4711", "AW: I cannot log in", "en"),
    ("Danke", "Re: Order and invoice", "de"),
    ("", "Re: 4711", ""),
    ("", "shop.example.com 10/s", ""),
    ("", "", ""),
)


@pytest.mark.parametrize(("text", "language"), BODIES)
def test_a_mail_is_in_the_language_of_whoever_writes_it(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(("text", "subject", "language"), SUBJECTS)
def test_the_subject_is_asked_where_the_text_tells_nothing(
    text: str, subject: str, language: str
) -> None:
    assert language_of(text, subject) == language


def test_nothing_that_can_be_written_takes_long() -> None:
    begun = time.process_time()
    for piece in ('"', "a:\n", "confidential ", "at a(", "é", "[a]", "\n", "«"):
        language_of((piece * 1_000_000)[:1_000_000], (piece * 1_000_000)[:1_000_000])

    assert time.process_time() - begun < 10

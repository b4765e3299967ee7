"""What somebody must read in an answer to a survey, told from what costs nobody time."""

from __future__ import annotations

import time

import pytest

from maild.core import plea
from maild.core.markread import read
from maild.core.marktokens import TEXT_MAX
from maild.core.survey import Kind

PLEAS = (
    *("Still broken", "It still does not work!", "Not working", "Nope, same error", "No."),
    *("Nobody called me back", "Please call me", "It's back", "Help!", "I need an invoice"),
    *("Das Problem besteht weiterhin", "Geht immer noch nicht", "Nein", "Bitte um Rückruf"),
    *("Kaputt", "Hilfe", "Hallo, geht nicht!", "Stürzt ab", "Niemand hat sich gemeldet"),
    *("Ne marche toujours pas", "Toujours en panne", "Le problème est revenu", "Non"),
    *("Merci de me rappeler", "Ça plante encore", "Personne ne m'a répondu", "L'écran clignote"),
    *("Sigue sin funcionar", "No funciona", "El problema ha vuelto", "Llámenme por favor"),
    *("Sin respuesta", "Nadie me ha llamado", "Se cuelga otra vez", "Ayuda"),
    *("не работает", "不工作", "0171 2345678", "thanks, but the printer smokes"),
)
"""No mark, and not a word about one."""
MARKED_PLEAS = (
    *("{}, it does not work again today", "{} the error is back", "{} but it crashes on start"),
    *("{}\n\nNobody called me back.", "{}. Please cancel my subscription", "{}, call me"),
    *("{} danke, aber der Drucker geht schon wieder nicht", "{}. Das Gerät fehlt noch"),
    *("{}\nLeider stürzt der Export wieder ab", "{}, bitte rufen Sie mich an"),
    *("{} merci, ça ne marche plus", "{}\n\nLa panne est de nouveau là", "{}. Rappelez-moi"),
    *("{} gracias. No me funciona", "{}, de nuevo el mismo fallo", "{}. Necesito otra copia"),
    *("{}, grazie ma adesso il telefono squilla sempre", "Hallo, geht nicht!\n{}"),
)
COURTESIES = (
    *("Thanks", "Thanks a lot for your help!", "works now", "Thanks Anna", "ok", "No thanks"),
    *("Thanks, the problem is solved", "Works again, thanks", "Thank you very much, Anna Smith"),
    *("Vielen Dank für die schnelle Hilfe", "Danke, hat geklappt", "Geht wieder, danke", "Ja"),
    *("Danke\nAnna", "Problem gelöst, danke", "Nein danke", "Alles bestens"),
    *("merci, ça marche", "Merci à toute l'équipe", "Merci pour l'aide", "non merci", "Oui"),
    *("gracias, ya funciona todo", "Muchas gracias por su ayuda", "Sí", "Recibido, gracias"),
    *("between 3 and 4", "3 or 4", "3 oder 4", "3 ou 4", "3 o 4", "not bad", "3-4", "eher 4"),
)
MARKED_COURTESIES = (
    *("{}", "{} thanks again", "{}, no problems at all", "{}, took a while", "{}, a bit slow"),
    *("{} danke nochmals", "{}, gerne wieder", "{}, keine Probleme", "{} aber etwas langsam"),
    *("{} merci encore", "{}, rien à redire", "{} mais un peu long", "{}, sans problème"),
    *("{} gracias de nuevo", "{}, ningún problema", "{} pero lento", "{}\n\nsin quejas"),
)
PRAISES = (
    *("5 weiter so", "5 toujours parfait", "5 rien à signaler", "5 sin duda", "5 without a doubt"),
    *("5 without hesitation", "5 sans hésiter", "5 ohne Zweifel", "5 ohne Wenn und Aber"),
    *("5 no improvements needed", "5 nichts zu verbessern", "5 Bitte weiter so", "Bravo"),
    *("Félicitations", "Buen trabajo", "Alles klar", "You rock"),
)
NAMES = frozenset({"anna", "smith"})


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("text", PLEAS)
def test_what_is_no_courtesy_is_read_by_somebody(kind: Kind, text: str) -> None:
    found = read(kind, text, names=NAMES)

    assert found.score is None
    assert found.has_more


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("text", COURTESIES)
def test_a_courtesy_costs_nobody_time(kind: Kind, text: str) -> None:
    found = read(kind, text, names=NAMES)

    assert found.score is None
    assert (found.has_more, found.is_about_mark) == (False, True)


@pytest.mark.parametrize(("kind", "mark"), [(Kind.CSAT, 3), (Kind.CSAT, 5), (Kind.NPS, 9)])
@pytest.mark.parametrize("text", MARKED_PLEAS)
def test_a_problem_beside_a_mark_is_read_by_somebody(kind: Kind, mark: int, text: str) -> None:
    assert read(kind, text.format(mark)).has_more


@pytest.mark.parametrize(("kind", "mark"), [(Kind.CSAT, 4), (Kind.NPS, 9)])
@pytest.mark.parametrize("text", MARKED_COURTESIES)
def test_a_courtesy_beside_a_mark_is_a_comment(kind: Kind, mark: int, text: str) -> None:
    found = read(kind, text.format(mark))

    assert found.score == mark
    assert not found.has_more


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "text",
    [
        *("1 Danke, hervorragender Service", "1, best support ever", "1 – parfait !", "2, danke"),
        *("1\n\nSuper Service!", "1, très efficace", "1 muchas gracias, muy amables"),
    ],
)
def test_a_low_number_beside_praise_is_a_school_mark_perhaps(kind: Kind, text: str) -> None:
    found = read(kind, text)

    assert found.score is None
    assert found.is_about_mark


@pytest.mark.parametrize(
    "text",
    [
        *("1, not friendly at all", "1, could be faster", "2, plus rapide serait mieux"),
        *("1\n\nVielen Dank", "1, thanks for nothing", "2 nice people, terrible product"),
    ],
)
def test_a_low_number_is_one_where_praise_is_none(text: str) -> None:
    assert read(Kind.CSAT, text).score == int(text[0])


@pytest.mark.parametrize(
    "below",
    [
        "Mit freundlichen Grüßen\nKarl\n\nPS: Der Fehler ist wieder da: 0123/456",
        "Regards\nAnna\nP.S. one more thing",
        "Cordialement\nJean\n\nEst-ce que je peux avoir une copie ?",
        "Saludos\nAna\n\nNo me funciona la impresora",
        "Gruß\nKarl\n\nSeit heute früh druckt das Gerät alles doppelt.",
        "-- \nKarl\nPS heute kommt niemand mehr durch",
    ],
)
def test_what_stands_below_a_signature_is_read_by_somebody(below: str) -> None:
    found = read(Kind.CSAT, "5", below=below)

    assert (found.score, found.has_more, found.is_below) == (5, True, True)


@pytest.mark.parametrize(
    "below",
    [
        "",
        "Mit freundlichen Grüßen\nKarl Schmidt\nSchmidt GmbH\nTel. 0123 456\nwww.schmidt.example",
        "-- \nAnna\nWe make the world a better place every single day.",
        "Sent from my iPhone",
        "Cordialement\nJean\nPensez à l'environnement avant d'imprimer ce message.",
        (
            "Regards\nAnna\n\nThis message is confidential. If you are not the intended recipient, "
            "please notify the sender and delete it."
        ),
        "Gruß\nKarl\nhttps://www.example.org/?a=b",
        "Saludos\nPsiquiatra Ana",
    ],
)
def test_a_signature_says_nothing(below: str) -> None:
    assert read(Kind.CSAT, "5", below=below) == read(Kind.CSAT, "5")


def test_small_print_below_a_mark_is_no_comment() -> None:
    print_ = (
        "Ce message est confidentiel. Si vous n'êtes pas le destinataire, merci de "
        "prévenir l'expéditeur et de le détruire."
    )

    assert not read(Kind.CSAT, f"5\n\n{print_}").has_more


def test_what_is_too_long_to_look_at_is_read_by_somebody() -> None:
    assert read(Kind.CSAT, "5\n" + "-" * 300 + "\nkaputt").has_more
    assert read(Kind.CSAT, "5\n" + " x" * (TEXT_MAX + 1)).has_more


def test_a_hostile_signature_takes_no_time() -> None:
    begun = time.process_time()
    for piece in ("a\n", "PS", "no ", "confidential ", "?", "n'", "\n"):
        plea.is_below((piece * 1_000_000)[:1_000_000])
        read(Kind.NPS, "9", below=(piece * 1_000_000)[:1_000_000])

    assert time.process_time() - begun < 30


@pytest.mark.parametrize("text", PRAISES)
def test_praise_is_no_mail_of_a_customer_s(text: str) -> None:
    assert not read(Kind.CSAT, text, names=NAMES).has_more


@pytest.mark.parametrize(
    "below",
    [
        "-- \nAnna\nKennen Sie schon unser neues Angebot?",
        "Regards\nAnna\nNeed help? Visit our site",
        "Anna\nBitte beachten Sie unsere neuen Öffnungszeiten.",
    ],
)
def test_a_standing_offer_says_nothing(below: str) -> None:
    assert not plea.is_below(below)

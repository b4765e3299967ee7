"""Short and long mails in many languages; words that say nothing; speed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.language import detect

SHORT = [
    ("Danke, funktioniert jetzt.", "de"),
    ("Thanks, it works now!", "en"),
    ("Thanks", "en"),
    ("Merci beaucoup, ça marche.", "fr"),
    ("Merci", "fr"),
    ("Gracias, ya funciona.", "es"),
    ("Grazie, adesso funziona.", "it"),
    ("Obrigado, agora funciona.", "pt"),
    ("Bedankt, het werkt weer.", "nl"),
    ("Ja, passt.", "de"),
    ("Any news?", "en"),
    ("Wann kommt die Lieferung?", "de"),
    ("Où est mon colis ?", "fr"),
    ("¿Dónde está mi pedido?", "es"),
    ("Dov'è il mio pacco?", "it"),
    ("Onde está a minha encomenda?", "pt"),
    ("Waar blijft mijn pakket?", "nl"),
    ("Printer broken again", "en"),
    ("Der Drucker druckt nicht", "de"),
    ("L'imprimante n'imprime plus", "fr"),
    ("La impresora no imprime", "es"),
    ("La stampante non stampa più", "it"),
    ("A impressora não imprime", "pt"),
    ("De printer doet het niet", "nl"),
    ("Спасибо, всё работает", "ru"),
    ("Дякую, все працює", "uk"),
    ("ありがとうございます", "ja"),
    ("领导好，谢谢", "zh"),
    ("감사합니다", "ko"),
    ("תודה רבה", "he"),
    ("شكرا جزيلا", "ar"),
    ("Ευχαριστώ πολύ", "el"),
    ("Dziękuję, już działa.", "pl"),
    ("Tack, det fungerar nu.", "sv"),
    ("Kiitos, nyt se toimii.", "fi"),
]

LONG = [
    (
        (
            "Good morning, since the update of last night our shop shows an empty page to everybody who "
            "is not logged in. We have tried another browser and cleared the cache. Could you look?"
        ),
        "en",
    ),
    (
        (
            "Guten Morgen, seit dem Update von gestern Nacht zeigt unser Laden allen, die nicht "
            "angemeldet sind, eine leere Seite. Wir haben einen anderen Browser versucht."
        ),
        "de",
    ),
    (
        (
            "Bonjour, depuis la mise à jour de cette nuit, notre boutique affiche une page vide à toute "
            "personne non connectée. Nous avons essayé un autre navigateur."
        ),
        "fr",
    ),
    (
        (
            "Buenos días, desde la actualización de anoche nuestra tienda muestra una página vacía a "
            "quien no ha iniciado sesión. Hemos probado con otro navegador."
        ),
        "es",
    ),
    (
        (
            "Buongiorno, dopo l'aggiornamento di stanotte il nostro negozio mostra una pagina vuota a "
            "chi non ha effettuato l'accesso. Abbiamo provato un altro browser."
        ),
        "it",
    ),
    (
        (
            "Bom dia, desde a atualização de ontem à noite a nossa loja mostra uma página vazia a quem "
            "não iniciou sessão. Já tentámos outro navegador."
        ),
        "pt",
    ),
    (
        (
            "Goedemorgen, sinds de update van vannacht toont onze winkel een lege pagina aan iedereen "
            "die niet is ingelogd. We hebben een andere browser geprobeerd."
        ),
        "nl",
    ),
]


@pytest.mark.parametrize(("text", "language"), SHORT)
def test_a_short_mail_tells_its_language(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(("text", "language"), LONG)
def test_a_long_mail_tells_its_language(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    "text", ["", "ok", "OK!", "12345", "+1", "www.example.org", "a@the.and", "\n"]
)
def test_what_says_nothing_has_no_language(text: str) -> None:
    assert detect(text) == ""


def test_an_english_product_name_does_not_turn_a_german_mail() -> None:
    assert detect("Der Export nach Smart Cloud Office Suite Pro bricht immer wieder ab") == "de"


@given(st.text())
def test_any_text_has_a_language_or_none(text: str) -> None:
    language = detect(text)

    assert language == "" or (len(language) == 2 and language.isalpha())


def test_two_kilobytes_take_less_than_a_few_milliseconds() -> None:
    text = (LONG[1][0] * 20)[:2048]
    detect(text)

    seconds = min(_timed(text) for _ in range(20))

    assert seconds < 0.005


def test_a_huge_text_costs_no_more_than_its_beginning() -> None:
    seconds = min(_timed("straße " * 200_000) for _ in range(5))

    assert seconds < 0.05


def _timed(text: str) -> float:
    begin = time.process_time()
    detect(text)
    return time.process_time() - begin

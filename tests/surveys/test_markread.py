"""What people answer to a survey: read for certain, or asked back, never guessed."""

from __future__ import annotations

import random
import string
import time

import pytest

from maild.core.markread import read
from maild.core.marktokens import TEXT_MAX
from maild.core.survey import Kind

CSAT: tuple[tuple[str, int | None], ...] = (
    # plain numbers
    ("5", 5),
    ("1", 1),
    (" 4 ", 4),
    ("4.", 4),
    ("5!", 5),
    ("5!!!", 5),
    ("(3)", 3),
    ("*5*", 5),
    ("#4", 4),
    ('"5"', 5),
    ("５", 5),
    ("5️⃣", 5),
    ("⑤", 5),
    ("4/5", 4),
    ("4 / 5", 4),
    ("5 out of 5", 5),
    ("3 of 5", 3),
    ("4 von 5", 4),
    ("5 sur 5", 5),
    ("2 de 5", 2),
    ("5 sobre 5", 5),
    ("five out of five", 5),
    ("5 stars", 5),
    ("5 étoiles", 5),
    ("4 Sterne", 4),
    ("3 estrellas", 3),
    ("5 Punkte", 5),
    ("4 points", 4),
    ("5 puntos", 5),
    # with words
    ("5 great, thanks", 5),
    ("5, thank you", 5),
    ("5 - merci", 5),
    ("5 merci beaucoup !", 5),
    ("4, danke", 4),
    ("5 danke schön", 5),
    ("5 gracias", 5),
    ("4 - could be faster", 4),
    ("4: solved, but slowly", 4),
    ("3 because it took three days", 3),
    ("2 parce que personne n'a rappelé", 2),
    ("4 weil es schnell ging", 4),
    ("4 porque fue rápido", 4),
    ("5 (excellent service)", 5),
    ("1 terrible", 1),
    ("5 👍", 5),
    ("5 ⭐⭐⭐⭐⭐", 5),
    ("5 ⭐", 5),
    ("5\n\nBest regards\nAnna", 5),
    ("Hello,\n\n5\n\nAnna", 5),
    ("Bonjour,\n4\nCordialement", 4),
    ("Guten Tag,\n\n5 und vielen Dank", 5),
    ("Hola:\n5", 5),
    ("Score: 5", 5),
    ("My rating: 4", 4),
    ("I give you a 5", 5),
    ("I would give it a 4.", 4),
    ("Note : 4", 4),
    ("Je donne 5", 5),
    ("Je vous mets un 4", 4),
    ("Ich gebe 5 Punkte", 5),
    ("Bewertung: 4", 4),
    ("Les doy un 5", 5),
    ("Mi nota es 4", 4),
    ("> 5", 5),
    ("5 - solved in 2 hours", 5),
    ("4, had to wait 3 days", 4),
    ("5 (ticket 1042)", 5),
    # number words
    ("five", 5),
    ("Five!", 5),
    ("cinq", 5),
    ("fünf", 5),
    ("fuenf", 5),
    ("cinco", 5),
    ("quatre", 4),
    ("vier", 4),
    ("cuatro", 4),
    ("three", 3),
    ("trois", 3),
    ("drei", 3),
    ("tres", 3),
    ("one", 1),
    ("un", 1),
    ("eins", 1),
    ("uno", 1),
    ("two, sorry", 2),
    # stars and faces
    ("★★★★", 4),
    ("★★★★★", 5),
    ("★★★☆☆", 3),
    ("⭐⭐⭐⭐⭐ thanks!", 5),
    ("⭐", 1),
    ("👍", 4),
    ("👍👍👍", 4),
    ("👍🏽", 4),
    ("😀", 5),
    ("😍", 5),
    ("❤️", 5),
    ("😐", 3),
    ("🙁", 2),
    ("☹️", 2),
    ("👎", 2),
    ("😡", 1),
    ("🙂 thanks", 4),
    # words
    ("Excellent", 5),
    ("excellent!", 5),
    ("Very good", 5),
    ("very good, thank you!", 5),
    ("Very satisfied", 5),
    ("I am very satisfied", 5),
    ("We are very happy", 5),
    ("Great, thanks", 5),
    ("Great service, thank you", 5),
    ("Perfect.", 5),
    ("The support was excellent", 5),
    ("Good", 4),
    ("good, thanks", 4),
    ("satisfied", 4),
    ("I was satisfied", 4),
    ("average", 3),
    ("Neutral", 3),
    ("so-so", 3),
    ("Not good", 2),
    ("not satisfied", 2),
    ("dissatisfied", 2),
    ("Poor", 2),
    ("very poor", 1),
    ("very bad", 1),
    ("terrible", 1),
    ("Not at all satisfied", 1),
    ("Très bien", 5),
    ("tres bien", 5),
    ("très bien merci", 5),
    ("Très bien, merci beaucoup !", 5),
    ("Très satisfaite", 5),
    ("Je suis très satisfait", 5),
    ("C'était parfait", 5),
    ("C’est parfait, merci", 5),
    ("Bien", 4),
    ("assez bien", 4),
    ("satisfait", 4),
    ("moyen", 3),
    ("comme ci comme ça", 3),
    ("pas satisfait", 2),
    ("Je ne suis pas satisfait", 2),
    ("mécontent", 2),
    ("très déçu", 1),
    ("pas du tout satisfait", 1),
    ("nul", 1),
    ("Sehr gut", 5),
    ("sehr gut, danke!", 5),
    ("Sehr zufrieden", 5),
    ("Ich bin sehr zufrieden.", 5),
    ("Super, vielen Dank!", 5),
    ("Alles perfekt", 5),
    ("gut", 4),
    ("Gut, danke", 4),
    ("zufrieden", 4),
    ("mittelmäßig", 3),
    ("geht so", 3),
    ("nicht gut", 2),
    ("nicht zufrieden", 2),
    ("schlecht", 2),
    ("sehr schlecht", 1),
    ("gar nicht zufrieden", 1),
    ("katastrophal", 1),
    ("Muy bien", 5),
    ("muy bien, gracias", 5),
    ("Muy satisfecha", 5),
    ("Estoy muy satisfecho", 5),
    ("Excelente servicio, muchas gracias", 5),
    ("bien", 4),
    ("satisfecho", 4),
    ("regular", 3),
    ("más o menos", 3),
    ("mal", 2),
    ("no satisfecho", 2),
    ("muy mal", 1),
    ("pésimo", 1),
    ("nada satisfecho", 1),
    # no mark for certain
    ("between 3 and 4", None),
    ("3 or 4", None),
    ("3-4", None),
    ("3, maybe 4", None),
    ("4 or 5?", None),
    ("entre 3 et 4", None),
    ("zwischen 3 und 4", None),
    ("entre 3 y 4", None),
    ("3 bis 4", None),
    ("3 à 4", None),
    ("vielleicht 4", None),
    ("peut-être 4", None),
    ("quizás 4", None),
    ("about 4", None),
    ("4, perhaps", None),
    ("4, peut-être", None),
    ("4 - vielleicht", None),
    ("4, quizás", None),
    ("4.5", None),
    ("4,5", None),
    ("4½", None),
    ("4+", None),
    ("5-", None),
    ("-5", None),
    ("- 5", 5),
    ("5?", None),
    ("0", None),
    ("6", None),
    ("7", None),
    ("10", None),
    ("55", None),
    ("100%", None),
    ("5%", None),
    ("8/10", None),
    ("4/6", None),
    ("5 out of 10", None),
    ("7 of my colleagues", None),
    ("3 of my colleagues could not log in", None),
    ("2 of us are waiting", None),
    ("5 days and still nothing", None),
    ("3 weeks", None),
    ("5th attempt", None),
    ("5x", None),
    ("not 5", None),
    ("no 5", None),
    ("I gave 5 to your competitor", None),
    ("1 - excellent", None),
    ("1 - sehr gut", None),
    ("5 terrible", None),
    ("5 muy mal", None),
    ("4 no, 5", None),
    ("not bad", None),
    ("pas mal", None),
    ("nicht schlecht", None),
    ("nada mal", None),
    ("ok", None),
    ("OK thanks", None),
    ("fine", None),
    ("d'accord", None),
    ("vale", None),
    ("thanks", None),
    ("merci", None),
    ("danke", None),
    ("gracias", None),
    ("yes", None),
    ("no", None),
    ("good but slow", None),
    ("good support, terrible product", None),
    ("👍👎", None),
    ("😀😡", None),
    ("★★★☆", None),
    ("★★★★★★", None),
    ("How do I reset my password?", None),
    ("What does 5 mean?", None),
    ("Is 5 the best?", None),
    ("Est-ce que 5 est la meilleure note ?", None),
    ("Ist 1 die beste Note?", None),
    ("Good morning, the printer is broken again", None),
    ("Bien reçu", None),
    ("Gut, dass Sie fragen, nichts geht", None),
    ("Un gran servicio", None),
    ("Eine Katastrophe", None),
    ("I will be out of office until 5 May", None),
    ("", None),
    ("???", None),
    ("-", None),
    ("+1", None),
    ("call me at 555 0100", None),
    ("Room 5", None),
    ("24.12.", None),
    ("The answer to ticket 5 was wrong", None),
)
NPS: tuple[tuple[str, int | None], ...] = (
    ("9", 9),
    ("9 great", 9),
    ("10!", 10),
    ("0", 0),
    ("zero", 0),
    ("10/10", 10),
    ("9 sur 10", 9),
    ("8 von 10", 8),
    ("7 de 10", 7),
    ("ten out of ten", 10),
    ("10 - très bien", 10),
    ("3, muy mal", 3),
    ("neuf", 9),
    ("zehn", 10),
    ("diez", 10),
    ("7, because of the waiting time", 7),
    ("I'd give a 8", 8),
    ("11", None),
    ("5/5", None),
    ("9 or 10", None),
    ("7-8", None),
    ("very good", None),
    ("très bien", None),
    ("★★★★★", None),
    ("👍", None),
    ("0 - excellent!", None),
    ("10 - terrible", None),
    ("-1", None),
    ("7 of my colleagues", None),
    ("8.5", None),
    ("Would you recommend it yourselves?", None),
)


@pytest.mark.parametrize(("text", "score"), CSAT)
def test_an_answer_to_how_satisfied_somebody_is(text: str, score: int | None) -> None:
    assert read(Kind.CSAT, text).score == score


@pytest.mark.parametrize(("text", "score"), NPS)
def test_an_answer_to_whether_somebody_would_recommend_us(text: str, score: int | None) -> None:
    assert read(Kind.NPS, text).score == score


def test_there_are_answers_enough() -> None:
    assert len({text for text, _ in (*CSAT, *NPS)}) >= 150


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("5", ""),
        ("5.", ""),
        ("5\n\nFast and friendly", "Fast and friendly"),
        ("5 great, thanks", "5 great, thanks"),
        ("Very good", "Very good"),
        ("4/5 - slow", "4/5 - slow"),
        ("Hello,\n5\nThe second line", "The second line"),
    ],
)
def test_what_stands_beside_the_mark_is_the_comment(text: str, comment: str) -> None:
    found = read(Kind.CSAT, text)

    assert found.score is not None
    assert found.comment == comment


@pytest.mark.parametrize(
    ("text", "has_more"),
    [
        ("5", False),
        ("5 great, thanks", False),
        ("4, took a while but everything is solved now", False),
        ("5, my problem was solved", False),
        ("2 the error is back", True),
        ("2, the error is back", True),
        ("5, thanks! Can you also send me the invoice?", True),
        ("5 merci\n\nLe scanner ne marche plus", True),
        ("5 danke\n\nBitte schicken Sie mir die Rechnung", True),
        ("5 gracias. La impresora sigue sin funcionar", True),
        ("4, " + "and another word " * 9, True),
    ],
)
def test_more_than_a_comment_is_told_apart(text: str, has_more: bool) -> None:
    assert read(Kind.CSAT, text).has_more is has_more


@pytest.mark.parametrize(
    ("text", "is_about_mark", "has_more"),
    [
        ("between 3 and 4", True, False),
        ("7", True, False),
        ("thanks", True, False),
        ("How do I reset my password?", False, True),
        ("Good morning, the printer is broken", True, True),
        (
            "We have moved to a new building and need two more printers on the first floor",
            False,
            True,
        ),
        ("", False, False),
    ],
)
def test_an_answer_without_a_mark_is_asked_back_or_handled(
    text: str, is_about_mark: bool, has_more: bool
) -> None:
    found = read(Kind.CSAT, text)

    assert found.score is None
    assert (found.is_about_mark, found.has_more) == (is_about_mark, has_more)


@pytest.mark.parametrize(
    ("subject", "text", "score"),
    [
        ("5/5", "", 5),
        ("Re: 5/5", "", 5),
        ("1 / 5", "slow", 1),
        ("4/5", "4", 4),
        ("4/5", "very good", 4),
        ("4/5", "2", None),
        ("5/10", "", None),
        ("6/5", "", None),
        ("How did we do? [Support #5]", "", None),
        ("How did we do? [Support #5]", "4", 4),
    ],
)
def test_a_link_brings_its_mark_in_the_subject(subject: str, text: str, score: int | None) -> None:
    assert read(Kind.CSAT, text, subject).score == score


@pytest.mark.parametrize(
    "text",
    ["unsubscribe", "STOP", "Unsubscribe.", "me désabonner", "Bitte abmelden!", "darme de baja"],
)
def test_who_wants_no_such_mail_may_say_so(text: str) -> None:
    assert read(Kind.CSAT, text).wants_out


def test_nothing_that_can_be_written_takes_long_or_breaks() -> None:
    chance = random.Random(7)
    letters = string.printable + "★⭐👍😡é½５\u200d\ufe0f\u20e3" + "5 / " * 20
    texts = ["".join(chance.choices(letters, k=60)) for _ in range(2000)]
    texts += [
        piece * (1_000_000 // len(piece))
        for piece in ("5", "5 ", "a'", "not ", "★", "-", "\n", "5/", " ")
    ]

    begun = time.process_time()
    for text in texts:
        for kind in Kind:
            found = read(kind, text, text)
            assert found.score is None or found.score in kind.marks
            assert len(found.comment) <= TEXT_MAX

    assert time.process_time() - begun < 60

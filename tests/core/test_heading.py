"""The subject of a customer's answer: words of theirs that are not lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core import subject
from maild.core.decision import Decision
from maild.core.mail import Mail
from maild.core.ticket import PostKind, State
from tests.core import scenes
from tests.core.scenes import ANNA, BOB, TRUSTED

FIRE = "URGENT: the server burns, hall 3"


def answer(title: str, text: str = "Please call.", html: str = "") -> Mail:
    return scenes.mail(to=(scenes.reply_address(ANNA),), subject=title, text=text, html=html)


def decided(mail: Mail, *earlier: str, language: str = "en") -> Decision:
    posts = [scenes.post(n, text=text) for n, text in enumerate(("It smokes.", *earlier), 1)]
    known = scenes.ticket(assignee=BOB, language=language)
    return scenes.play(mail, envelope=TRUSTED, views=(scenes.view(known, posts),))


def test_a_new_subject_is_the_first_line_that_everybody_reads() -> None:
    done = decided(answer(FIRE, html="<b>Please call.</b>"))

    [post], [told] = done.posts, done.replies
    assert post.text == post.reply_text == f"Subject: {FIRE}\n\nPlease call."
    assert post.html == f"<p>Subject: {FIRE}</p>\n<b>Please call.</b>"
    assert (told.text, told.html) == (post.text, post.html)
    assert told.subject == "The printer smokes", "the conversation keeps its own"


def test_words_in_the_subject_alone_are_the_text() -> None:
    title = "AW: The printer smokes - since Monday, please call 0123 [EOM]"

    done = decided(answer(title, ""), language="de")

    line = "Betreff: The printer smokes - since Monday, please call 0123 [EOM]"
    assert done.posts[-1].text == done.posts[-1].reply_text == line
    assert done.replies[-1].text == line


def test_it_stands_above_the_new_words_and_above_a_whole_mail_alike() -> None:
    mail = answer(FIRE)
    quoted = replace(mail, parsed=replace(mail.parsed, text="Please call.\n\n> It smokes."))
    between = replace(quoted, reply=replace(quoted.reply, interleaved=True))

    assert decided(quoted).replies[-1].text == f"Subject: {FIRE}\n\nPlease call."
    assert decided(between).replies[-1].text == f"Subject: {FIRE}\n\nPlease call.\n\n> It smokes."


def test_markup_in_a_subject_is_text() -> None:
    done = decided(answer("<script>x</script>", html="<b>Please call.</b>"))

    assert done.posts[-1].html.startswith("<p>Subject: &lt;script&gt;x&lt;/script&gt;</p>")


def test_a_subject_that_was_told_is_only_carried_along() -> None:
    done = decided(answer(f"Re: {FIRE}"), f"Subject: {FIRE}\n\nPlease call.")

    assert done.posts[-1].text == "Please call."


@pytest.mark.parametrize(
    "title",
    [
        "",
        "Re: The printer smokes [Support #7]",
        "AW: [EXTERN] RE: The  Printer smokes",
        "Antwort: The printer smokes",
        "[EXT] Re: [Support #7] The printer",
    ],
)
def test_a_subject_that_says_no_more_than_the_tickets_is_not_repeated(title: str) -> None:
    done = decided(answer(title))

    assert done.posts[-1].text == "Please call."


def test_a_new_tickets_mail_has_its_subject_already() -> None:
    done = scenes.play(scenes.mail(subject=FIRE), envelope=TRUSTED)

    assert done.posts[-1].text == "It smokes."
    assert done.after is not None
    assert done.after.subject == FIRE


def test_a_machines_subject_is_none_of_a_persons() -> None:
    mail = replace(answer("Automatic reply: away"), classification=scenes.autoreply())

    done = decided(mail)

    assert done.posts[-1].kind is PostKind.AUTO
    assert done.posts[-1].text == "Please call."


def test_the_subject_of_a_ticket_that_was_merged_into_it_is_known() -> None:
    other = scenes.ticket(State.MERGED, 9, subject=FIRE, linked=scenes.TICKET)
    views = (scenes.view(scenes.ticket(assignee=BOB)), scenes.view(other))

    done = scenes.play(answer(f"Re: {FIRE}"), envelope=TRUSTED, views=views)

    assert done.posts[-1].text == "Please call."


def test_news_are_words_that_are_not_known() -> None:
    assert subject.is_news("Re: Konto gesperrt!", "Konto", ())
    assert not subject.is_news("Re: konto", "Konto gesperrt", ())


@pytest.mark.parametrize(
    "title",
    [
        "[External Sender] Re: The printer smokes",
        "Re: [CAUTION: External Email] The printer smokes",
        "Re: [Sender unverified] The printer smokes",
        "Re: [Support #7] The printer smokes [Nachricht verschlüsselt]",
        "RE: RE: The printer smokes - SECURE",
        *("Réponse : The printer smokes", "Rép\xa0: The printer smokes"),
        *("Respuesta: The printer smokes", "Svar: The printer smokes"),
        *("Gelesen: The printer smokes", "Automatische Antwort: The printer smokes"),
        *("Re: The printer smok...", "Re: The printer smo…", "Re: The printer smok"),
    ],
)
def test_what_gateways_and_programs_add_to_a_subject_is_no_news(title: str) -> None:
    assert decided(answer(title)).posts[-1].text == "Please call."


@pytest.mark.parametrize(
    "title",
    [
        "[URGENT] Re: The printer smokes",
        "Re: The printer smokes [External call 12]",
        "Re: The printer smokes - secure it",
        "Automatische Antwort: The printer burns",
        "Re: The printer smokes again...",
    ],
)
def test_words_of_somebody_s_own_are_news(title: str) -> None:
    assert decided(answer(title)).posts[-1].text.startswith("Subject: ")

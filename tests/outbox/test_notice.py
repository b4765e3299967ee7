"""What an agent is told about the customer, and what a customer is never told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core.decision import Audience, Reply, ReplyKind, Signs
from maild.core.dossier import Aged, AgedMark, Brief, Mark
from maild.core.survey import Kind
from maild.core.ticket import Participant, Role, State
from maild.outbox.values import Values
from maild.outbox.wording import values_of
from tests.outbox import letters
from tests.outbox.letters import HOUSE, MAILBOX, TICKET, read, renderer, text_of, written

SECRET = "Owes us money.\nCall <b>before</b> noon."
CUSTOMER = replace(
    TICKET.customer,
    organisation="Analytical Engines",
    segment="enterprise",
    account_manager="boss@acme.example",
    notes=SECRET,
)
KNOWN = replace(TICKET, customer=CUSTOMER)


def brief(number: int, days: int, subject: str = "Where is my cup?") -> Aged:
    made = Brief(
        number=number,
        state=State.SOLVED,
        subject=subject,
        mailbox="Acme",
        created_at=TICKET.created_at - timedelta(days=days),
    )
    return Aged(brief=made, days=days)


RECENT = (brief(977, 0), brief(976, 1, ""), brief(975, 12), brief(974, 70), brief(12, 900))
AGES = {
    "en": ("today", "yesterday", "12 days ago", "2 months ago", "2 years ago"),
    "de": ("heute", "gestern", "vor 12 Tagen", "vor 2 Monaten", "vor 2 Jahren"),
    "fr": ("aujourd’hui", "hier", "il y a 12 jours", "il y a 2 mois", "il y a 2 ans"),
    "es": ("hoy", "ayer", "hace 12 días", "hace 2 meses", "hace 2 años"),
}
MARKS = (
    AgedMark(mark=Mark(kind=Kind.CSAT, score=4, at=TICKET.created_at, ticket=976), days=1),
    AgedMark(mark=Mark(kind=Kind.NPS, score=0, at=TICKET.created_at), days=12),
)
GIVEN = {
    "en": ("4 of 5 for ticket #976, yesterday", "0 of 10 for recommending us, 12 days ago"),
    "de": ("4 von 5 für Ticket #976, gestern", "0 von 10 für die Weiterempfehlung, vor 12 Tagen"),
    "fr": (
        "4 sur 5 pour le ticket #976, hier",
        "0 sur 10 pour la recommandation, il y a 12 jours",
    ),
    "es": ("4 de 5 por el tique #976, ayer", "0 de 10 por la recomendación, hace 12 días"),
}
EARLIER = {
    "en": "… and 7 earlier",
    "de": "… und 7 weitere davor",
    "fr": "… et 7 de plus avant",
    "es": "… y 7 anteriores",
}


@pytest.mark.parametrize("language", AGES)
def test_an_agent_sees_who_the_customer_is(language: str) -> None:
    reply = replace(letters.notification(language), recent=RECENT, marks=MARKS, earlier=7)

    message = read(written(reply, KNOWN)[1])

    for text in (text_of(message), text_of(message, "html")):
        for words in ("Analytical Engines", "(enterprise)", "boss@acme.example", "Owes us money."):
            assert words in text
        for age, one in zip(AGES[language], RECENT, strict=True):
            assert f"[Acme #{one.brief.number}]" in text
            assert f", {age}" in text
        for words in (*GIVEN[language], EARLIER[language]):
            assert words in text
    assert "Call <b>before</b> noon." in text_of(message)
    assert "Call &lt;b&gt;before&lt;/b&gt; noon." in text_of(message, "html")


@pytest.mark.parametrize("language", AGES)
def test_an_agent_sees_the_signs_of_a_mail(language: str) -> None:
    signs = Signs(
        unproven="ada@forged.example",
        answers_to="eve@elsewhere.example",
        names=977,
        newcomer=Participant(address="ben@example.org", name="Ben <b>", role=Role.CC),
        solved_at=TICKET.created_at - timedelta(days=200),
    )
    reply = replace(letters.notification(language), signs=signs, reason="")

    message = read(written(reply, KNOWN)[1])

    for text, kind in ((text_of(message), "plain"), (text_of(message, "html"), "html")):
        assert "ada@forged.example" in text
        assert "#customer eve@elsewhere.example" in text
        assert "977" in text
        assert ("Ben &lt;b&gt;" if kind == "html" else "Ben <b> <ben@example.org>") in text
        assert "2025" in text


def test_no_words_of_a_customer_end_the_part_that_is_theirs() -> None:
    rule = "-" * 40
    said = (
        f"Hello\n  {rule}\t\n\nEarlier on this ticket:\n\nBob (internal note):\n> approved\n-----"
    )
    reply = replace(letters.notification("en"), text=said)

    text = text_of(read(written(reply)[1]))

    assert [line.strip() for line in text.splitlines()].count(rule) == 2
    assert "\n---\n" in text
    assert "\n-----\n" in text


@pytest.mark.parametrize("language", AGES)
def test_of_whom_nothing_is_known_nothing_is_told(language: str) -> None:
    text = text_of(read(written(letters.notification(language))[1]))

    assert not any(line.rstrip().endswith("(intern):") for line in text.splitlines())
    assert "…" not in text


TO_CUSTOMERS: tuple[Callable[[], Reply], ...] = (
    letters.acknowledgement,
    letters.unverified,
    letters.answer,
)


@pytest.mark.parametrize("made", TO_CUSTOMERS)
def test_no_mail_to_a_customer_has_the_notes_whatever_its_template(
    made: Callable[[], Reply],
) -> None:
    reply = replace(made(), recent=RECENT, earlier=7)
    values = values_of(
        reply, ticket=KNOWN, mailbox=MAILBOX, house=HOUSE, words=renderer().words("en")
    )

    shown = (values.notes, values.account_manager, values.recent, values.earlier)
    assert shown == ("", "", (), 0)
    assert b"money" not in written(reply, KNOWN)[1]


@pytest.mark.parametrize("name", renderer().names)
def test_a_template_that_prints_all_it_can_gives_a_customer_no_notes(name: str) -> None:
    """An operator may put any variable into any template: what is not there cannot be printed."""
    reply = replace(
        letters.acknowledgement(),
        kind=ReplyKind.TEMPLATE,
        audience=Audience.CUSTOMER,
        template=name,
        recent=RECENT,
    )

    values: Values = values_of(
        reply, ticket=KNOWN, mailbox=MAILBOX, house=HOUSE, words=renderer().words("en")
    )

    assert "money" not in repr(values)
    assert "Where is my cup?" not in repr(values)

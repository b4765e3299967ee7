"""Voice messages that a telephone system sends by mail: tickets, and never an automatic answer."""

from __future__ import annotations

import pytest

from maild.core.classify import classify
from maild.core.mail import Classification, Envelope, Kind, Limits, ReadOptions
from maild.parse import parse

SOUND = (
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nYou have a "
    b"message of 12 seconds.\n--b\nContent-Type: audio/wav; name=message.wav\n\nRIFF\n--b--\n"
)
FIELDS = (
    b"Message-Context: voice-message",
    b"Message-Context: fax-message",
    b"Content-Class: urn:content-classes:missedcall",
    b"Content-Class: voice-uc",
    b"X-VoiceMessageDuration: 12",
    b"X-CallingTelephoneNumber: 5550100",
)
SUBJECTS = (
    "Voicemail from 555 0100",
    "New Voice Message from Ann (555 0100)",
    "Neue Sprachnachricht von 0555 0100",
    "Nouveau message vocal de 05 55 01 00",
    "Nuevo mensaje de voz de 555 0100",
    "Messaggio vocale da 555 0100",
    "Voicemailbericht van 555 0100",
)
NO_VOICEMAIL = (
    "My voicemail does not work",
    "Voicemail",
    "Mon message vocal",
    "Question about voice messages",
)


def judged(*fields: bytes, body: bytes = SOUND) -> Classification:
    head = b"From: PBX <pbx@house.example>\nTo: support@desk.example\n"
    raw = head + b"".join(field + b"\n" for field in fields) + body
    return classify(parse(raw, Limits()), Envelope(), options=ReadOptions(), bounce=None)


@pytest.mark.parametrize("field", FIELDS)
def test_a_telephone_systems_field_tells_a_voice_message(field: bytes) -> None:
    found = judged(field, b"Subject: Ann")

    assert found.must_not_answer
    assert found.kind is Kind.HUMAN, "somebody spoke: it is a ticket"
    assert any(field.split(b":")[0].decode().lower() in why.lower() for why in found.reasons)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_tells_a_voice_message_where_sound_is_attached(subject: str) -> None:
    line = f"Subject: {subject}".encode()

    assert judged(line).must_not_answer
    assert judged(line).kind is Kind.HUMAN
    assert not judged(line, body=b"\nPlease call back.\n").must_not_answer


@pytest.mark.parametrize("subject", NO_VOICEMAIL)
def test_a_person_may_write_about_voice_messages(subject: str) -> None:
    assert not judged(f"Subject: {subject}".encode()).must_not_answer

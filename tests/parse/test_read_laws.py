"""Laws that hold for the whole reading of any bytes: parse, reply, language, judgement."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maild.core.mail import Mail
from tests.fuzz.laws import broken, read_or_refused
from tests.fuzz.mutation import RAW_BYTES_MAX, TOKENS, mutated
from tests.fuzz.seeds import OWN, SAMPLES

LINES = st.sampled_from(
    [
        "Yes.", "", " ", "> quoted", ">> deeper", "-- ", "Ann", "On Mon, 2 Mar 2026, Ann wrote:",
        "Am 2.3.2026 um 9 Uhr schrieb Ann:", "Le 2 mars 2026, Ann a écrit :", "From: Ann <a@b.c>",
        "Sent: Monday", "To: me", "Subject: x", "-----Original Message-----", "Sent from my phone",
        "---------- Forwarded message ---------", "Best regards,", "_____", "| piped", "*bold*",
        "--- Please reply above this line ---", "https://x.example/a?b=c", "Grüße", "書きました",
        "begin 644 a.txt", "\u200b", "\xa0", "...", "Mit freundlichen Grüßen",
    ]
)  # fmt: skip


def held(raw: bytes) -> Mail | None:
    """Read, and hold the result against the laws."""
    mail = read_or_refused(raw)
    assert mail is None or list(broken(raw, mail)) == []
    return mail


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(OWN), st.integers(0, 2**32))
def test_a_broken_mail_is_read_by_the_laws_or_refused(raw: bytes, seed: int) -> None:
    held(mutated(raw, random.Random(seed), OWN))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=6)), max_size=60))
def test_tokens_in_any_order_are_read_by_the_laws_or_refused(pieces: list[bytes]) -> None:
    held(b"".join(pieces))


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=30))
def test_the_reply_is_made_of_lines_of_the_mail(lines: list[str]) -> None:
    body = "\r\n".join(lines).encode()
    raw = b"From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body

    mail = held(raw)

    assert mail is not None
    assert len(mail.reply.reply_text) <= len(mail.parsed.text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(OWN), st.integers(0, 2**32))
def test_reading_twice_gives_the_same(raw: bytes, seed: int) -> None:
    raw = mutated(raw, random.Random(seed), OWN)

    assert read_or_refused(raw) == read_or_refused(raw)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.eml")), ids=lambda path: path.stem)
def test_what_breaks_readers_is_read_by_the_laws(path: Path) -> None:
    held(path.read_bytes())


def test_every_law_can_be_broken() -> None:
    """Each finds what it looks for, in a reading that was spoilt."""
    raw = OWN[9]
    mail = held(raw)
    assert mail is not None
    parsed, file = mail.parsed, mail.parsed.attachments[0]
    spoilt = {
        "come back": replace(parsed, attachments=(replace(file, sha256="00"),)),
        "name of a file": replace(parsed, attachments=(replace(file, name="../a"),)),
        "NUL": replace(parsed, text="\x00"),
    }

    for words, wrong in spoilt.items():
        assert any(words in one for one in broken(raw, replace(mail, parsed=wrong))), words
    invented = replace(mail, reply=replace(mail.reply, reply_text="Never said."))
    assert any("not in the mail" in one for one in broken(raw, invented))
    asked = replace(mail, classification=replace(mail.classification, is_list=True))
    assert any("may be answered" in one for one in broken(raw, asked))


def test_a_mutation_stays_small_and_is_the_same_for_one_seed() -> None:
    for seed in range(200):
        one = mutated(OWN[0], random.Random(seed), OWN)
        two = mutated(OWN[0], random.Random(seed), OWN)

        assert one == two
        assert len(one) <= RAW_BYTES_MAX

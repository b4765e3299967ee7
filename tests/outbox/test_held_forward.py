"""An agent whose forward cannot be read is told so, and what to do, in the agent's language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.outbox.letters import held, read, text_of, written

SAID = {
    "en": "who wrote the email that you forwarded",
    "de": "wer die weitergeleitete E-Mail geschrieben hat",
    "fr": "qui a écrit le courriel que vous avez transféré",
    "es": "quién escribió el correo que ha reenviado",
}


@pytest.mark.parametrize("language", SAID)
def test_a_forward_that_cannot_be_read_is_explained(language: str) -> None:
    reply = replace(held(language), reason="forward-unreadable", detail="only for the log")

    message = read(written(reply)[1])

    for part in ("plain", "html"):
        said = " ".join(text_of(message, part).split())
        assert SAID[language] in said
        assert "#customer" in said
        assert "only for the log" not in said

"""Mail on standard input."""

from __future__ import annotations

import io
from concurrent.futures import Future

import pytest

from maild.core.mail import Envelope, Limits
from maild.errors import DiskFull, NotAllowed, StoreBusy
from maild.intake import pipe
from tests.intake.listener import HOUSE, Failing, Store, sha256

ENVELOPE = Envelope(mail_from="a@b.example", rcpt_to=("Support+x@mail.example",))


def _deliver(
    kept: Store, raw: bytes, envelope: Envelope = ENVELOPE, limits: Limits | None = None
) -> int:
    return pipe.deliver(
        kept.journal,
        io.BytesIO(raw),
        envelope=envelope,
        house=HOUSE,
        limits=limits or Limits(),
    )


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        (b"A: 1\n\nbody\n", b"A: 1\r\n\r\nbody\r\n"),
        (b"A: 1\r\n\r\nbody\r\n", b"A: 1\r\n\r\nbody\r\n"),
        (b"From a@b.example Sat Nov 21 2026\nA: 1\n\nbody", b"A: 1\r\n\r\nbody\r\n"),
        (b"From: a@b.example\n\n.\n..\n", b"From: a@b.example\r\n\r\n.\r\n..\r\n"),
        (b"A: 1\n\nFrom here on\n", b"A: 1\r\n\r\nFrom here on\r\n"),
    ],
)
def test_a_mail_is_journalled_with_crlf(kept: Store, raw: bytes, stored: bytes) -> None:
    assert _deliver(kept, raw) == 1
    assert kept.hashes() == [sha256(stored)]
    sender, recipients = kept.envelope()
    assert sender == "a@b.example"
    assert "support+x@mail.example" in recipients


@pytest.mark.parametrize(
    ("raw", "envelope", "words"),
    [
        (b"A: 1\n\nx\n", Envelope(rcpt_to=("nobody@mail.example",)), "no mailbox of ours"),
        (b"A: 1\n\nx\n", Envelope(rcpt_to=("x@elsewhere.example",)), "no mailbox of ours"),
        (b"A: 1\n\nx\n", Envelope(), "no recipient"),
        (
            b"A: 1\n\nx\n",
            Envelope(mail_from="a\nb@c.example", rcpt_to=ENVELOPE.rcpt_to),
            "is no address",
        ),
        (b"", ENVELOPE, "no mail on standard input"),
        (b" \n\n", ENVELOPE, "no mail on standard input"),
        (b"A: 1\n\n" + b"x" * 95, ENVELOPE, "larger than 100 bytes"),
    ],
)
def test_what_cannot_be_taken_is_said_clearly(
    kept: Store, raw: bytes, envelope: Envelope, words: str
) -> None:
    with pytest.raises(NotAllowed, match=words):
        _deliver(kept, raw, envelope, Limits(mail_bytes=100))

    assert kept.count() == 0


@pytest.mark.parametrize("sender", ["", "<>"])
def test_the_null_sender_is_taken(kept: Store, sender: str) -> None:
    envelope = Envelope(mail_from=sender, rcpt_to=ENVELOPE.rcpt_to)

    _deliver(kept, b"A: 1\n\nx\n", envelope)

    assert kept.envelope()[0] == ""


@pytest.mark.parametrize("error", [StoreBusy("locked"), DiskFull("full")])
def test_a_failing_journal_means_try_again(error: Exception) -> None:
    with pytest.raises(type(error)):
        pipe.deliver(
            Failing(error),
            io.BytesIO(b"A: 1\n\nx\n"),
            envelope=ENVELOPE,
            house=HOUSE,
            limits=Limits(),
        )


def test_a_journal_that_does_not_answer_means_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def append(self, _envelope: Envelope, _raw: bytes, /) -> Future[int]:
            return Future()

    monkeypatch.setattr(pipe, "COMMIT_SECONDS_MAX", 0.01)

    with pytest.raises(StoreBusy):
        pipe.deliver(
            Silent(), io.BytesIO(b"A: 1\n\nx\n"), envelope=ENVELOPE, house=HOUSE, limits=Limits()
        )

"""Mails to begin with: small ones of every kind, and those of the corpus where it lies there."""

from __future__ import annotations

from collections.abc import Iterator

from tests.needs import CORPUS, ROOT
from tests.parse.letters import HEAD, file, multipart, nested, simple, text

SAMPLES = ROOT / "tests" / "samples"
SEED_BYTES_MAX = 128 * 1024
_QUOTE = (
    b"Yes.\r\n\r\nOn Mon, 2 Mar 2026 at 09:00, Ann <ann@x.example> wrote:\r\n> Is it?\r\n> Ann\r\n"
)
_RICH = (
    b'<html><style>p{}</style><p>Yes <a href="http://x.example">here</a><ul><li>one</ul>'
    b'<div class="gmail_quote">On Monday Ann wrote:<blockquote type="cite">Is it?</blockquote></div>'
)
_STATUS = (
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
    b"Final-Recipient: rfc822; x@y.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
)
_MEETING = (
    b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nATTENDEE;PARTSTAT=DECLINED:mailto:a@b\r\n"
    b"SUMMARY:Roof\\, wall\r\nDTSTART;TZID=Europe/Berlin:20260302T100000\r\nEND:VEVENT\r\n"
)
_FORWARD = (
    b"See below.\r\n\r\n---------- Forwarded message ---------\r\nFrom: Eve <eve@x.example>\r\n"
    b"Date: Mon, 2 Mar 2026\r\nSubject: Roof\r\nTo: me\r\n\r\nIt leaks.\r\n"
)
OWN = (
    simple(b"", _QUOTE),
    simple(
        b"Content-Type: text/plain; format=flowed; delsp=yes\r\n", b"a \r\nb\r\n-- \r\nAnn\r\n"
    ),
    simple(b"Content-Type: text/plain; charset=iso-2022-jp\r\n", b"\x1b$B%F%9%H\x1b(B\r\n"),
    simple(b"Content-Type: text/html; charset=utf-8\r\n", _RICH),
    simple(b"Auto-Submitted: auto-replied\r\nList-Id: <a.b>\r\nX-Loop: a\r\n", b"I am away."),
    simple(b"", _FORWARD),
    simple(b"Content-Type: text/calendar; method=REPLY\r\n", _MEETING),
    simple(b"", b"begin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n"),
    multipart(text(b"plain \xfc"), text(_RICH, b"html"), kind=b"alternative"),
    multipart(
        nested(b"related", b"in", text(_RICH, b"html"), file(b"inline", kind=b"image/png")),
        file(b"attachment; filename*0*=utf-8''%C3%BC; filename*1=\".pdf\""),
        file(b'attachment; filename="=?utf-8?Q?=C3=BC?=.pdf"'),
        b"Content-Type: message/rfc822\r\n\r\n" + HEAD + b"\r\ninner",
        b"Content-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22\x00\x00\x02\x02\x90\x00\x00",
    ),
    multipart(
        text(b"It failed."),
        _STATUS,
        b"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <a@b>\r\nTo: x@y.example\r\n",
        kind=b"report; report-type=delivery-status",
    ),
)
"""One for each thing that the reader knows."""


def every() -> Iterator[bytes]:
    """Yield the own seeds, the samples, and the corpus."""
    yield from OWN
    yield from (path.read_bytes() for path in sorted(SAMPLES.glob("*.eml")))
    for path in sorted((CORPUS / "eml").rglob("*.eml")) if CORPUS.is_dir() else ():
        raw = path.read_bytes()
        if len(raw) <= SEED_BYTES_MAX:
            yield raw

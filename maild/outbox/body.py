"""The body of a mail of ours: its texts, its pictures, its files, each a part of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from maild.core.decision import Reply
from maild.outbox.parts import (
    base64_lines,
    file_header,
    own_content_ids,
    text_part,
    with_own_ids,
)
from maild.outbox.pieces import Literal, Piece, StoredFile, multipart
from maild.outbox.render import Rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which mail a body is for."""

    message_id: str
    recipient: str
    domain: str
    """Right side of Content-IDs."""
    journal_id: int
    """The row of the mail in hand: it stands for 0 in `SentFile.journal_id`."""


def body(reply: Reply, rendered: Rendered, place: Place) -> list[Piece]:
    """Return the outermost part, its own header first.

    In full: mixed(alternative(text, related(html, images)), files).
    """
    content = f"{place.message_id}\0{place.recipient}\0{rendered.text}\0{rendered.html}"
    seed = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()
    images: list[list[Piece]] = []
    files: list[list[Piece]] = []
    own_ids = own_content_ids(reply.files, rendered.html, place.domain)
    for part, is_shown in (*_sent(reply, own_ids, place), *_enclosed(reply, rendered.html)):
        (images if is_shown else files).append(part)
    text: list[Piece] = [Literal(data=text_part(rendered.text, "plain"))]
    if rendered.html:
        markup = with_own_ids(rendered.html, own_ids)
        html: list[Piece] = [Literal(data=text_part(markup, "html"))]
        if images:
            html = multipart('related; type="text/html"', f"=_r{seed[:32]}", [html, *images])
        text = multipart("alternative", f"=_a{seed[:32]}", [text, html])
    return multipart("mixed", f"=_m{seed[:32]}", [text, *files]) if files else text


def _sent(
    reply: Reply, own_ids: dict[str, str], place: Place
) -> Iterator[tuple[list[Piece], bool]]:
    """Files of mails that came in: their bytes stay where they are."""
    for sent in reply.files:
        content_id = own_ids.get(sent.attachment.content_id, "")
        stored = StoredFile(
            journal_id=sent.journal_id or place.journal_id, locator=sent.attachment.locator
        )
        header = file_header(sent.attachment, content_id=content_id)
        yield [Literal(data=header), stored], bool(content_id)


def _enclosed(reply: Reply, html: str) -> Iterator[tuple[list[Piece], bool]]:
    """Files of our own making; a picture that the HTML does not show is left out."""
    for one in reply.enclosed:
        if one.content_id and f"cid:{one.content_id}" not in html:
            continue
        data = b"".join(base64_lines(one.data))
        header = file_header(one, content_id=one.content_id)
        yield [Literal(data=header + data)], bool(one.content_id)

"""Text and files as parts: encodings, and names that every client reads."""

from __future__ import annotations

import base64
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from hypothesis import given
from hypothesis import strategies as st

from maild.core.decision import SentFile
from maild.outbox import parts
from tests.outbox.letters import IMAGE, PDF


def parsed(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=default)


def encoding_of(text: str) -> str:
    return str(parsed(parts.text_part(text, "plain"))["content-transfer-encoding"])


def test_the_shortest_safe_encoding_is_taken() -> None:
    assert encoding_of("Hello\n-- \nAda") == "7bit"
    assert encoding_of("x" * 100) == "quoted-printable"
    assert encoding_of("Viele herzliche Grüße aus Köln") == "quoted-printable"
    assert encoding_of("日本語のメール" * 10) == "base64"


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")) | st.just("\n"), max_size=300)
)
def test_any_text_comes_back_line_by_line(text: str) -> None:
    data = parts.text_part(text, "plain")

    lines = str(parsed(data).get_content()).replace("\r\n", "\n").rstrip("\n")

    expected = text.replace("\u2028", "\n").replace("\u2029", "\n")
    assert lines == expected.rstrip("\n")
    assert all(len(line) <= 76 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_controls_and_odd_line_breaks_do_not_leave_the_house() -> None:
    data = parts.text_part("a\rb\x00c\x07d\x85e", "plain")

    assert data.endswith(b"a\r\nbcd\r\ne\r\n")


def test_names_arrive_in_both_spellings() -> None:
    for name in (
        "bill.pdf",
        "Rechnung für Mai.pdf",
        "請求書" * 30 + ".pdf",
        'a"b\\c.pdf',
        "x" * 180,
    ):
        part = parsed(parts.file_header(replace(PDF, name=name)))

        expected = name.replace("\\", "_")
        assert part.get_filename() == expected
        assert part.get_param("name") == expected


def test_a_name_is_no_path_and_never_empty() -> None:
    assert parsed(parts.file_header(replace(PDF, name="../../etc/passwd"))).get_filename() == (
        ".._.._etc_passwd"
    )
    assert parsed(parts.file_header(replace(PDF, name="\r\n"))).get_filename() == "file"


def test_an_odd_type_becomes_a_plain_file() -> None:
    for kind in ("", "image", "text/html; x=y", "a/b\r\nX: y", "multipart/mixed"):
        part = parsed(parts.file_header(replace(PDF, type=kind)))

        assert part.get_content_type() == "application/octet-stream"
        assert part.keys() == ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"]


def test_only_an_image_that_is_shown_gets_an_id_and_it_is_ours() -> None:
    shown = '<img src="cid:logo@example.org"> <img src="cid:logo@example.org.uk">'
    longer = replace(IMAGE, content_id="logo@example.org.uk")
    odd = replace(IMAGE, content_id="a b")
    files = [SentFile(journal_id=1, attachment=image) for image in (IMAGE, longer, odd)]

    ids = parts.own_content_ids(files, shown, "desk.example")
    html = parts.with_own_ids(shown, ids)

    assert set(ids) == {"logo@example.org", "logo@example.org.uk"}
    assert all(own.endswith("@desk.example") for own in ids.values())
    assert all(f"cid:{own}" in html for own in ids.values())
    assert "example.org" not in html
    assert parts.own_content_ids(files, "<p>", "desk.example") == {}


def test_a_file_is_encoded_in_lines_of_76() -> None:
    data = bytes(range(256)) * 2000

    runs = list(parts.base64_lines(data))

    lines = b"".join(runs).split(b"\r\n")
    assert base64.b64decode(b"".join(lines)) == data
    assert {len(line) for line in lines[:-2]} == {76}
    assert len(runs) > 1
    assert list(parts.base64_lines(b"")) == []

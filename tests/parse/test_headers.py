"""Parameters and identifiers as programs really write them."""

from __future__ import annotations

import pytest

from maild.core.parameters import parameters
from maild.headers import message_ids, parameter


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (b'filename*0="long"; filename*1=" name"; filename*2=.pdf', "long name.pdf"),
        (b"filename*1=\"b.pdf\"; filename*0*=utf-8''%C3%A9%20", "é b.pdf"),
        (b"filename*0*=utf-8''%C3; filename*1*=%A9.pdf", "é.pdf"),
        (b"filename=\"utf-8''%c3%a9.pdf\"", "é.pdf"),
        (b"filename=\"iso-8859-1'en'%e9.pdf\"", "é.pdf"),
        (b"filename=\"it's 100%25 'ours'.pdf\"", "it's 100%25 'ours'.pdf"),
        (b"filename=\"o'clock'.pdf\"", "o'clock'.pdf"),
        (b'filename=" a.pdf "', "a.pdf"),
    ],
)
def test_a_name_is_put_together_as_it_was_meant(field: bytes, name: str) -> None:
    assert parameter(parameters(field), "filename") == name


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("<a@b> <c@d>", ("a@b", "c@d")),
        ("<a@ b> <c@d>", ("a@b", "c@d")),
        ("<a b> <c@d>", ("c@d",)),
        ("<a@b><c@d>,<a@b>", ("a@b", "c@d")),
        ("your mail of Monday <a@b>", ("a@b",)),
        ("a@b c@d", ("a@b", "c@d")),
        ("<a@b x@y> <c@d>", ("c@d",)),
    ],
)
def test_identifiers_are_found_among_junk(value: str, ids: tuple[str, ...]) -> None:
    assert message_ids(value) == ids

"""Encoded words, well-formed and broken."""

from __future__ import annotations

import pytest

from maild.encodedwords import header_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?UTF-8?b?R3LDvMOfZQ==?=", "Grüße"),
        (b"=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?B?R3LD?=\r\n =?utf-8?B?vMOfZQ==?=", "Grüße"),
        (b"=?utf-8?B?R3LDv?= =?utf-8?B?MOfZQ==?=", "Grüße"),
        (b"=?iso-8859-1?Q?a?= b =?iso-8859-1?Q?=FC?=", "a b ü"),
        (b"before=?utf-8?Q?=C3=BC?=after", "beforeüafter"),
        (b"=?utf-8?Q?with spaces =C3=BC?=", "with spaces ü"),
        (b"=?utf-8*de?Q?=C3=BC?=", "ü"),
        (b"=?utf-8?Q?is it?=3F?=", "is it??"),
        (b"=?nonsense?Q?=FC?=", "ü"),
        (b"=?utf-8?Q?never closed", "=?utf-8?Q?never closed"),
        (b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        (b'"=?utf-8?Q?quoted?="', '"quoted"'),
        (b"=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=", "テスト"),
        (b"=?utf-8?Q?line=0D=0Abreak?=", "line break"),
        (b"=?utf-8?Q?nul=00?=", "nul"),
        ("raw ü".encode(), "raw ü"),
        (b"raw \xfc and =?utf-8?Q?=C3=BC?=", "raw ü and ü"),
        (b"folded\r\n value", "folded value"),
    ],
)
def test_a_value_is_read_as_it_was_meant(value: bytes, expected: str) -> None:
    assert header_text(value) == expected


def test_raw_koi8_is_read_with_the_charset_of_the_body() -> None:
    value = "Тема".encode("koi8-r")

    assert header_text(value, "koi8-r") == "Тема"

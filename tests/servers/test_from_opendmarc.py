"""What OpenDMARC takes for the domain in From, beside our reading of the same bytes.

Its verdict is about the domain that it found. Where that may be another than ours, From must prove
nobody: else a pass for one domain would stand for an address of the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from maild.core.mail import Parsed
from tests.authenticate.nameserver import name_server
from tests.needs import needs
from tests.parse.letters import read
from tests.parse.test_mailboxes import AMBIGUOUS, PLAIN
from tests.servers.milters import DNS, opendmarc
from tests.servers.miltertalk import Judged, judge

pytestmark = [needs("opendmarc", "root"), pytest.mark.servers]

_FOUND = re.compile(r"header\.from=([^\n]*)")
Fields = tuple[bytes, ...]
"""The values of the From fields of one mail, in order."""
MORE_PLAIN = (
    b"agent@CO.Example",
    b"Agent\t<agent@co.example>\t",
    b"Agent\r\n <agent@co.example>",
    b'"Agent \\\\" <agent@co.example>',
    b"agent%x.example@co.example",
    b"x.example!agent@co.example",
)
OTHER_ALPHABETS = (
    "agent@bücher.example".encode(),
    "Agent <agent@bücher.example>".encode(),
    "agent@c\u043e.example".encode(),
    b"agent@xn--bcher-kva.example",
)
SEVERAL: tuple[Fields, ...] = (
    (b"agent@co.example", b"evil@x.example"),
    (b"evil@x.example", b"agent@co.example"),
)
SPACES = (b"agent@co.example\xc2\xa0", b"\xe3\x80\x80agent@co.example", b"agent@ co.example")
OTHERS_THERE: dict[Fields, str] = {
    (b"<agent@co.example> <evil@x.example>",): "co.example",
    (b"agent@co.example, evil@x.example",): "",
    (b"agent@co.example>",): "co.example>",
    (b"agent@co.example\x00@x.example",): "co.example",
    (b"=?utf-8?q?Agent_<agent@co.example>?= <evil@x.example>",): "co.example",
    (b"agent@co.example <>",): "",
    (b"=?utf-8?q?agent=40co.example?=",): "",
    (b'"Agent <agent@co.example>',): "",
    (b"agent@co.example", b"evil@x.example"): "co.example",
    (b"evil@x.example", b"agent@co.example"): "x.example",
    (b"agent@co.example\xc2\xa0",): "co.example\xa0",
    (b"agent@ co.example",): " co.example",
}
"""Where it finds another domain than we show, or none, or only one of those that we show."""


def _mail(fields: Fields) -> Parsed:
    return read(b"".join(b"From: " + value + b"\r\n" for value in fields) + b"\r\nhi")


def _ours(mail: Parsed) -> str:
    return ", ".join(address.addr.rpartition("@")[2] for address in mail.from_)


def _theirs(judged: Judged) -> str:
    found = _FOUND.search(judged.written)
    return found[1].lower() if found else ""


def test_what_opendmarc_reads_otherwise_proves_nobody(figures: Callable[..., None]) -> None:
    plain: list[Fields] = [(value,) for value in (*PLAIN, *MORE_PLAIN, *OTHER_ALPHABETS)]
    doubtful: list[Fields] = [*((value,) for value in (*AMBIGUOUS, *SPACES)), *SEVERAL]
    mails = {fields: _mail(fields) for fields in (*plain, *doubtful)}

    with name_server({}, DNS), opendmarc() as port:
        theirs = {
            fields: _theirs(judge(port, tuple((b"From", value) for value in fields)))
            for fields in mails
        }

    others = {fields: theirs[fields] for fields in mails if theirs[fields] != _ours(mails[fields])}
    trusted = [fields for fields, mail in mails.items() if not mail.from_defect]
    figures(
        forms=len(mails),
        same_domain=len(mails) - len(others),
        other_domain_there=len(others),
        of_these_trusted_here=len(set(others) & set(trusted)),
    )
    assert others == OTHERS_THERE
    assert trusted == plain

"""What operators are told: who judges the sender's domain, and what was found out about a mail."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild import settings
from maild.app import open_store
from maild.cli.check import Wish, check
from maild.cli.explain import explain
from maild.core.mail import Source
from maild.errors import ConfigError
from maild.store.writer import Journal
from tests.core.scenes import ANNA
from tests.trust.house import LMTP, letter

BASE = '[maild]\nname = "Co"\ndomain = "co.example"\n'
BOX = '[[mailbox]]\nname = "Support"\naddress = "support@co.example"\n'
EVIDENCE = "co.example; dmarc=pass (p=reject) header.from=customer.example; spf=none"


def config(folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(BASE + text)
    return file


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "proof: none by ourselves; [smtp] authenticate is false"),
        ("", "proof: nobody's Authentication-Results are believed"),
        ("[smtp]\nauthenticate = true\n", "proof: SPF, DKIM and DMARC are checked by ourselves"),
        (BOX + 'provider = "m365"\n', "Authentication-Results are believed for Support"),
        (BOX + 'authserv_id = "mx.co.example"\n', "Authentication-Results are believed for Support"),
    ],
)  # fmt: skip
def test_check_says_who_judges_the_domain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, expected: str
) -> None:
    check(config(tmp_path, text), Wish())

    assert expected in " ".join(capsys.readouterr().out.split())


def test_check_refuses_what_cannot_be_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maild.authenticate.resolver.IS_THERE", False)

    with pytest.raises(ConfigError, match="dnspython"):
        check(config(tmp_path, "[smtp]\nauthenticate = true\n"), Wish())


def test_explain_takes_a_mail_as_it_came_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = config(tmp_path, BOX)
    mail = tmp_path / "mail.eml"
    mail.write_bytes(letter(ANNA, "support@co.example"))
    database, _ = open_store(settings.load(file, environ={}))
    explain(file, [mail], fresh=False, as_json=True)
    before = json.loads(capsys.readouterr().out)[0]
    writer = Journal(database, lambda: datetime.now(UTC))
    envelope = replace(LMTP, source=Source.SMTP, client="203.0.113.9", evidence=EVIDENCE)
    writer.append(envelope, mail.read_bytes()).result(30)
    writer.close()
    database.close()

    explain(file, [mail], fresh=False, as_json=True)

    after = json.loads(capsys.readouterr().out)[0]
    assert (before["evidence"], before["trust"]) == ("", "E0")
    assert (after["evidence"], after["trust"]) == (EVIDENCE, "E2")

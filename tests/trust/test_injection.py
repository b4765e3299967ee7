"""What strangers write is text: no header, no template, no path, and no way to read a note."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.header import Header
from itertools import product
from pathlib import Path

import pytest

from tests.core.scenes import ALICE, ANNA
from tests.trust.house import InMemory, letter, proven

TO = "support@co.example"
FIELD = proven("customer.example")
OURS = re.compile(
    rb"(?i)(From|To|Cc|Reply-To|Subject|Date|Message-ID|In-Reply-To|References|MIME-Version|"
    rb"Content-[A-Za-z-]+|Auto-Submitted|X-Auto-Response-Suppress|Precedence|Thread-Index|"
    rb"Thread-Topic|X-Maild-[A-Za-z-]+|List-[A-Za-z-]+|Feedback-ID|X-Loop): "
)
BREAKS = (
    "\r\n",
    "\n",
    "\r",
    "\v",
    "\f",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x85",
    "\u2028",
    "\u2029",
    "\0",
    "\r\n\r\n",
)
NOTE = "the customer owes us four thousand euros since last summer and lies about it"


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    yield made
    made.close()


def encoded(text: str) -> str:
    """An encoded word, as a mail carries what no field may hold."""
    return Header(text, "utf-8", maxlinelen=10**9).encode(linesep="")


def with_file(raw: bytes, disposition: str) -> bytes:
    body = (
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n'
        f"--b\r\nContent-Type: application/octet-stream\r\n{disposition}\r\n\r\nabc\r\n--b--\r\n"
    )
    head = raw.partition(b"Content-Type:")[0]
    return head + body.encode("utf-8", "surrogatepass")


def assert_one_header_block(raw: bytes) -> None:
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.count(b"\n") == head.count(b"\r") == head.count(b"\r\n")
    for line in head.split(b"\r\n"):
        assert line.startswith((b" ", b"\t")) or OURS.match(line), line
        assert len(line) <= 998
    assert not re.search(rb"(?im)^(bcc|x-injected):", head)
    assert b"\0" not in head


def test_no_field_of_a_mail_becomes_a_field_of_ours(house: InMemory) -> None:
    tails = ("Bcc: eve@evil.example", "X-Injected: 1", "\r\n<script>")
    tried = 0
    for place, (line_end, tail) in enumerate(product(BREAKS, tails)):
        bad = encoded(f"x{line_end}{tail}")
        anna = f"a{place}@customer.example"
        name = f"=?utf-8?q?{''.join(f'={byte:02X}' for byte in f'f{line_end}{tail}'.encode())}?="
        mails = (
            letter(f"{bad} <{anna}>", TO, "x", FIELD, subject=f"s{place}"),
            letter(anna, TO, f"{line_end}{tail}", FIELD, subject=bad),
            with_file(
                letter(f"b{place}@customer.example", TO, "x", FIELD, subject=f"f{place}"),
                f'Content-Disposition: attachment; filename="{name}"',
            ),
        )
        house.receive(*mails)
        tried += len(mails)
    house.receive(
        letter(f'"{"long " * 2000}" <long@customer.example>', TO, "x", FIELD, subject="y" * 10_000)
    )

    for raw in house.raw_sent:
        assert_one_header_block(raw)
    print(f"\nheader injection: {tried} tried, {len(house.raw_sent)} mails of ours, 0 injected")
    assert len(house.raw_sent) > tried


def test_an_agents_answer_to_a_hostile_subject_has_one_header_block(house: InMemory) -> None:
    bad = encoded("x\r\nBcc: eve@evil.example\r\n\r\nhello")
    house.receive(letter(ANNA, TO, "x", FIELD, subject=bad))
    alices = str(house.to(ALICE)[0]["Reply-To"])
    house.receive(letter(f"Alice <{ALICE}>", alices, "Switch it off.", subject=bad))

    answers = [mail for mail in house.to(ANNA) if "Switch it off" in mail.as_string()]

    assert len(answers) == 1
    for raw in house.raw_sent:
        assert_one_header_block(raw)


def payloads() -> list[str]:
    engines = (
        "{{%s}}", "{%% print(%s) %%}", "{{%s|safe}}", "${%s}", "#{%s}", "<%%= %s %%>", "%%(%s)s",
        "{%s}", "{%s!r}", "$%s", "{{ '%s' }}", "[[%s]]", "@(%s)", "`%s`", "{{{%s}}}", "%%{%s}", "{# %s #}",
    )  # fmt: skip
    insides = (
        "7*7", "config", "self.__class__", "ticket.__init__.__globals__", "''.__class__.__mro__",
        "range(99999)", "lipsum", "cycler", "reply", "0", "x.y", "namespace()",
    )  # fmt: skip
    return [engine % inside for engine, inside in product(engines, insides)]


def test_a_template_in_a_mail_is_text(house: InMemory) -> None:
    """The payload stands literally in subject, name and text of every mail that shows them."""
    found, every = 0, payloads()
    for n, payload in enumerate(every):
        name = re.sub(r"[<>@]", "", payload)  # with these, From names nobody
        mail = letter(
            f"{encoded(name)} <p{n}@customer.example>", TO, f"text {payload} end", FIELD,
            subject=encoded(f"subject {payload} end"),
        )  # fmt: skip
        house.receive(mail)
        shown = house.to(ALICE)[-1]
        acknowledged = house.to(f"p{n}@customer.example")[-1]
        text = shown.get_body(("plain",))
        assert text is not None
        assert f"text {payload} end" in text.get_content().replace("\n", " ")
        for written in (shown, acknowledged):
            assert f"subject {payload} end" in str(written["Subject"])
        found += 1

    print(f"\ntemplate payloads: {found} tried, 0 evaluated")
    assert found > 200


def test_no_name_of_a_file_becomes_a_path(
    house: InMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stems = (
        "../../../etc/passwd", "..\\..\\boot.ini", "/etc/cron.d/x", "C:\\x.exe", "~/.ssh/authorized_keys",
        "\u200b.htaccess", ".htaccess", "x" * 5000, "a/b/c.txt", "con", "nul.txt", "file:///etc/passwd",
        "|rm -rf /", "$(id)", "`id`", "%2e%2e%2fx", "..%c0%afx", "\u202egnp.exe", "x\0.php", "-rf",
        "a.php.", "a.php::$DATA", "x.tar.gz" * 40, "\uff0e\uff0e/x", "....//x",
    )  # fmt: skip
    ways = (
        'attachment; filename="{}"', "attachment; filename={}", "attachment; filename*=utf-8''{}",
        "attachment; filename*0*=utf-8''{}", 'attachment; filename="=?utf-8?b?Li4v?={}"',
        'inline; filename="{}"', 'attachment; name="{}"', 'attachment; filename="{}/"',
    )  # fmt: skip
    tried = 0
    for n, (stem, way) in enumerate(product(stems, ways)):
        plain = letter(f"f{n}@customer.example", TO, "x", FIELD, subject=f"file {n}")
        house.receive(with_file(plain, f"Content-Disposition: {way.format(stem)}"))
        tried += 1

    names = [
        part.get_filename() or ""
        for mail in house.to(ALICE)
        for part in mail.walk()
        if part.get_content_disposition() == "attachment"
    ]
    print(
        f"\nfile names: {tried} tried, {len(names)} sent on, {len(list(tmp_path.iterdir()))} on disk"
    )
    assert tried == 200
    assert list(tmp_path.iterdir()) == []
    assert names
    assert not [name for name in names if "/" in name or "\\" in name or "\0" in name]


def test_a_note_reaches_no_customer_by_any_way(house: InMemory) -> None:
    house.receive(letter(ANNA, TO, "It smokes.", FIELD))
    alices = str(house.to(ALICE)[0]["Reply-To"])
    house.receive(letter(ALICE, alices, f"#note\n{NOTE}"))
    annas = str(house.to(ANNA)[0]["Reply-To"])
    quoted = "\n".join(f"> {line}" for line in ("On Monday, Alice wrote:", NOTE))
    probes = [
        letter(ALICE, alices, f"Hello Anna,\n\n{NOTE}"),
        letter(ALICE, alices, f"See below.\n\n{quoted}"),
        letter(ALICE, alices, f"Between.\n\n{quoted}\n\nthe lines."),
        letter(ALICE, f"{alices}, {annas}, {ANNA}", f"To all.\n\n{quoted}"),
        letter(ALICE, alices, f"---------- Forwarded message ---------\nFrom: Bob\n\n{NOTE}"),
        letter(ALICE, alices, f"{NOTE.upper()}"),
        letter(ALICE, alices, " ".join(f"*{word}*" for word in NOTE.split())),
        letter("mailer-daemon@customer.example", annas, f"Undelivered: {NOTE}"),
        letter(ANNA, annas, "What did you write?"),
        letter(ALICE, alices, "#solve"),
        letter(ANNA, annas, "It smokes again."),
        letter(ALICE, alices, "It is fixed."),
    ]
    for probe in probes:
        house.receive(probe)

    told = [mail.as_string().casefold() for mail in house.to(ANNA)]
    leaked = [text for text in told if "four thousand" in text.replace("*", "")]
    print(f"\nnotes: {len(probes)} probes, {len(told)} mails to the customer, {len(leaked)} leaks")
    assert leaked == []
    assert any("it is fixed." in text for text in told)

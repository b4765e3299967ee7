"""News reaches everybody who waits, once, in their language, on their own ticket."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.flows.stage import Script, Stage, wait_for

PEOPLE = {
    "en": (
        "ann",
        "Ann",
        "Slow mail",
        "Hello, our mail has been very slow since this morning (lighthouse).",
    ),
    "fr": (
        "luc",
        "Luc",
        "Messagerie lente",
        "Bonjour, nos messages arrivent très en retard (lighthouse).",
    ),
    "es": (
        "eva",
        "Eva",
        "Correo lento",
        "Hola, nuestros correos llegan con mucho retraso hoy (lighthouse).",
    ),
    "de": (
        "uwe",
        "Uwe",
        "E-Mail langsam",
        "Guten Tag, unsere E-Mails kommen heute sehr spät an (lighthouse).",
    ),
}
GREETINGS = {"en": "Hello,", "fr": "Bonjour,", "es": "Hola:", "de": "Guten Tag,"}
NEWS = "The mail servers are slow since 08:12 UTC. We are at it."
TEXTS = {
    "en": NEWS,
    "fr": "Les serveurs de messagerie sont lents depuis 08:12 UTC. Nous y travaillons.",
    "es": "Los servidores de correo van lentos desde las 08:12 UTC. Estamos en ello.",
    "de": "Die Mailserver sind seit 08:12 UTC langsam. Wir sind dran.",
}


def test_everybody_who_waits_hears_it_once(house: Stage, script: Script, tmp_path: Path) -> None:
    for name, shown, subject, text in PEOPLE.values():
        address = f"{name}-slow@customer.example"
        script.send("customer", FROM=address, NAME=shown, SUBJECT=subject, TEXT=text)
    stranger = {"NAME": "Eve", "SUBJECT": "Slow mail", "TEXT": "Slow too (lighthouse)."}
    script.send("customer", FROM="eve@slow.example", **stranger)
    tickets = {code: house.ticket_of(_address(code)) for code in PEOPLE}
    unproven = house.ticket_of("eve@slow.example")["number"]
    house.settled()
    for code in PEOPLE:
        house.letter(_address(code))
    for code, text in TEXTS.items():
        (tmp_path / f"{code}.txt").write_text(text, encoding="utf-8")

    dry = _announced(house, tmp_path)
    first = _announced(house, tmp_path, "--send")
    again = _announced(house, tmp_path, "--send")

    letters = {code: house.letter(_address(code)) for code in PEOPLE}
    assert {row["result"] for row in dry} == {"would be told"}
    assert sorted(row["result"] for row in first)[1:] == ["told"] * 4
    assert "not verified" in next(row["result"] for row in first if row["ticket"] == unproven)
    assert [r["result"] for r in again if r["ticket"] != unproven] == ["told before"] * 4
    for code, letter in letters.items():
        assert TEXTS[code] in letter.text
        assert GREETINGS[code] in letter.text
        assert letter.subject.endswith(f"[Support #{tickets[code]['number']}]")
        assert letter.field("Auto-Submitted") == "auto-generated"
        assert letter.field("Content-Language") == code
    assert not [house.unread(_address(code)) for code in PEOPLE if house.unread(_address(code))]
    assert [m for m in house.letters("eve@slow.example") if NEWS in m.text] == []


def test_an_answer_to_the_news_lands_on_the_ticket(
    house: Stage, script: Script, tmp_path: Path
) -> None:
    address = "kim-slow@customer.example"
    script.send("customer", FROM=address, NAME="Kim", SUBJECT="Slow", TEXT="The windmill is slow.")
    number = house.ticket_of(address)["number"]
    house.letter(address)
    (tmp_path / "news.txt").write_text(NEWS, encoding="utf-8")
    place = f"--text={tmp_path / 'news.txt'}"
    house.maild("announce", "very-slow", place, "--about=windmill", "--send")
    news = house.letter(address, number)

    answer = {"NAME": "Kim", "SUBJECT": f"Re: {news.subject}", "TEXT": "How long will it take?"}
    mail = script.mail("customer", FROM=address, **answer).replace("<announcement-", "<answer-")
    house.send(mail.replace("To: support@example.com", f"To: {news.reply_to}"), news.reply_to)

    wait_for(lambda: len(house.ticket(number)["posts"]) == 3, "no answer")
    posts = house.ticket(number)["posts"]
    assert [post["kind"] for post in posts] == ["customer", "auto", "customer"]
    assert posts[1]["text"] == NEWS
    assert f"<{posts[1]['message_id']}>" == news.message_id


def test_what_cannot_be_announced_is_refused_in_words(house: Stage, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text(" \n", encoding="utf-8")
    good = tmp_path / "good.txt"
    good.write_text("Good.", encoding="utf-8")

    said = [
        _said(house.maild("announce", "UP", f"--text={good}")),
        _said(house.maild("announce", "down", f"--text={empty}")),
    ]

    assert "small letters" in said[0]
    assert "is empty" in said[1]


def _address(code: str) -> str:
    return f"{PEOPLE[code][0]}-slow@customer.example"


def _announced(house: Stage, folder: Path, *more: str) -> list[dict[str, Any]]:
    texts = [f"--text={code}={folder / code}.txt" for code in TEXTS]
    done = house.maild(
        "announce", "slow-mail", *texts, "--about=lighthouse", "--json", "--per-minute=6000", *more
    )
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    assert done.returncode == 2
    return done.stderr.decode()

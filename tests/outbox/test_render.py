"""Templates: complete, documented, bounded, and never made from mail."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import fields, replace
from pathlib import Path

import pytest

from maild.core.commandtable import TABLE
from maild.errors import ConfigError, PermanentError
from maild.outbox import render
from maild.outbox.render import Renderer
from maild.outbox.samples import samples
from maild.outbox.sandbox import Sandbox, as_html, quoted
from maild.outbox.values import REASONS, Doubt, Entry, File, Line, Listed, Usage, Values
from maild.outbox.words import Words
from tests.needs import ROOT
from tests.outbox import letters
from tests.outbox.letters import read, renderer, text_of, written

SHIPPED = ROOT / "templates"
RULED = ("follow-up", "final-notice", "closing")
"""What only the shipped rules ask for."""
LANGUAGES = ("de", "en", "es", "fr")


def overlaid(folder: Path, **files: str) -> Renderer:
    """Load the shipped templates under files of our own; `__` stands for a slash."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".", 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Renderer((folder, SHIPPED))


def problems(folder: Path, text: str, name: str = "en__held_txt") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        overlaid(folder, **{name: text})
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_every_template_exists_in_every_shipped_language() -> None:
    files = {
        language: {path.name for path in (SHIPPED / language).iterdir()} for language in LANGUAGES
    }

    assert renderer().languages == LANGUAGES
    assert set(renderer().names) == {*render.SHIPPED, *RULED}
    assert len({frozenset(names) for names in files.values()}) == 1


def test_the_documented_variables_are_those_that_exist() -> None:
    text = (SHIPPED / "README.md").read_text("utf-8")
    section = text.partition("## The variables")[2].partition("## The filters")[0]

    documented = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)

    assert documented == [*(field.name for field in fields(Values)), "words"]
    for value in (Entry, File, Line, Listed, Usage):
        assert all(f"`{field.name}`" in section for field in fields(value))
    assert all(f"`{f.name}`" in section for f in fields(Words) if f.name != "language")


def test_the_documented_templates_and_filters_are_those_that_exist() -> None:
    text = (SHIPPED / "README.md").read_text("utf-8")
    templates = text.partition("## The templates")[2].partition("## The variables")[0]
    filters = text.partition("## The filters")[2]

    assert tuple(re.findall(r"^\| `([\w-]+)` \|", templates, re.MULTILINE)) == (
        *render.SHIPPED,
        *RULED,
    )
    known = set(Sandbox({}).filters) - {"as_html", "quoted", "column"}
    assert set(re.findall(r"\w+", filters)) >= known
    assert set(filters.partition("`count")[2].partition("`")[0].split()) | {"count"} == known


def test_the_documented_commands_are_those_that_exist() -> None:
    text = (SHIPPED / "README.md").read_text("utf-8")
    section = text.partition("## The commands")[2]

    rows = re.findall(r"^\| `(#[^`]+)` \| ([\w ]+) \| .+ \|$", section, re.MULTILINE)

    documented = [(usage.replace("\\|", "|"), part) for usage, part in rows]
    assert documented == [(entry.usage, entry.part.value) for entry in TABLE]


def test_a_file_of_ones_own_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    mine = overlaid(tmp_path, en__held_txt="Mine: {{ subject }}")

    values = next(iter(samples()))

    assert mine.render("held", "en", values).text == "Mine: Where is my parcel?"
    assert mine.render("held", "de", values).text == renderer().render("held", "de", values).text


def test_a_new_language_may_have_few_templates(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    shutil.copy(SHIPPED / "en/words.toml", tmp_path / "it/words.toml")
    italian = overlaid(tmp_path, it__held_txt="Non spedito")

    values = next(iter(samples()))

    assert italian.language("it-CH", "de") == "it"
    assert italian.render("held", "it", values).text == "Non spedito"
    assert italian.render("held", "it", values).html == ""
    assert "Thank you" in italian.render("acknowledgement", "it", values).text


def test_a_new_name_needs_english(tmp_path: Path) -> None:
    assert problems(tmp_path, "x", "de__refund_txt") == [
        "de/refund.txt: there is no en/refund.txt to fall back on"
    ]
    assert overlaid(tmp_path, en__refund_txt="y").has("refund")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ok\n{% if %}", "en/held.txt:2: Expected an expression, got 'end of statement block'"),
        ("\n\n{{ custmer }}", "en/held.txt:3: 'custmer' is undefined"),
        ("{{ customer.nosuch }}", "en/held.txt:1: 'str object' has no attribute 'nosuch'"),
        ("{{ 'a' * 9 }}", "en/held.txt:1: `*` may work on small numbers only, `**` never"),
        ("{{ 2 ** 9 }}", "en/held.txt:1: `**` may work on small numbers only"),
        ("{{ '%9999999999d' % 1 }}", "en/held.txt:1: `%` may work on small numbers only"),
        ("{% for n in range(9999) %}{% endfor %}", "en/held.txt:1: a range may have 1000 numbers"),
        ("{{ text|center(999999999) }}", "en/held.txt:1: No filter named 'center'."),
        ("{{ lipsum() }}", "en/held.txt:1: 'lipsum' is undefined"),
        ("{{ text.__class__ }}", "en/held.txt:1: access to attribute '__class__'"),
        ("{% include 'nosuch.html' %}", "en/held.txt:1: nosuch.html"),
        ("{{ 1 / 0 }}", "en/held.txt:1: division by zero"),
    ],
)
def test_a_template_that_cannot_work_is_told_by_file_and_line(
    tmp_path: Path, text: str, expected: str
) -> None:
    [found] = problems(tmp_path, text)

    assert found.startswith(expected)


def test_every_problem_is_listed_at_once(tmp_path: Path) -> None:
    for name in ("acknowledgement", "held"):
        (tmp_path / "en").mkdir(exist_ok=True)
        (tmp_path / f"en/{name}.txt").write_text("{% if %}")
    (tmp_path / "en/words.toml").write_text("months = 3")
    (tmp_path / "en/reply.md.txt").write_text("")

    found = problems(tmp_path, "{% endif %}", "de__reply_txt")

    assert sum("Expected an expression" in one for one in found) == 2
    assert sum("words.toml" in one for one in found) > 10
    assert any("are named LANGUAGE/NAME" in one for one in found)
    assert any(one.startswith("de/reply.txt:1") for one in found)


def test_a_problem_in_the_shared_layout_is_told_there(tmp_path: Path) -> None:
    found = problems(
        tmp_path, "<p>\n{{ nosuch }}\n{% block content %}{% endblock %}", "layout_html"
    )

    assert set(found) == {"layout.html:2: 'nosuch' is undefined"}


def test_work_is_bounded(tmp_path: Path) -> None:
    text = (
        "{% for a in range(1000) %}{% for b in range(1000) %}"
        + "x" * 40
        + "{% endfor %}{% endfor %}"
    )

    started = time.process_time()
    [found] = problems(tmp_path, text)

    assert "may produce" in found
    assert time.process_time() - started < 5


PAYLOADS = ["{{7*7}}", "{% for x in y %}", "%s", "${7*7}", "{0.__class__}", "#{7*7}", "<%= 7*7 %>"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_a_mail_brings_is_printed_and_never_run(payload: str) -> None:
    for maker in letters.EVERY[2:]:
        reply = replace(
            maker("en"), text=payload, author=payload, sender_name=payload, subject=payload
        )

        message = read(written(reply)[1])

        assert payload in str(message["subject"])
        assert "49" not in str(message["subject"])
        if maker not in (letters.delayed, letters.unpaged, letters.escalation):
            assert payload in text_of(message)


def test_text_is_escaped_in_html_and_clean_html_is_not() -> None:
    values = replace(Values(), text='<script>alert("1")</script>', brand="<b>")

    plain = renderer().render("reply", "en", values)
    rich = renderer().render("reply", "en", replace(values, html="<p>clean</p>"))

    assert "<script>" not in plain.html
    assert "&lt;script&gt;" in plain.html
    assert "<script>" in plain.text
    assert "<p>clean</p>" in rich.html
    assert "&lt;b&gt;" in rich.html


def test_lines_and_their_indents_survive_in_html() -> None:
    assert as_html("a\r\n  b & <c>\n") == "a<br>\n&nbsp;&nbsp;b &amp; &lt;c&gt;<br>\n"


def test_quoted_lines_have_their_mark() -> None:
    assert quoted("a\n\n> b\n") == "> a\n>\n> > b"


def test_quotes_in_html_are_cited() -> None:
    html = text_of(read(written(letters.notification())[1]), "html")

    assert html.count('<blockquote type="cite"') == 2


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(PermanentError, match="nosuch"):
        renderer().render("nosuch", "en", Values())


def test_french_has_its_spaces_and_german_its_quotes() -> None:
    for path in (SHIPPED / "fr").glob("*"):
        said = re.sub(r"\{[{%].*?[%}]\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        text = re.sub(r"<[^>]*>|&\w+;|https?:|mailto:", "", said)
        if path.suffix != ".toml":
            assert not re.search(r"(?<=[^\W\d_]) ?(?<!\u00a0)[:;?!]", text), path.name
            assert "'" not in re.sub(r'"[^"]*"', "", text), path.name
    assert "„gelöst“" in (SHIPPED / "de/notification.txt").read_text("utf-8")


def test_times_and_sizes_are_written_as_people_do() -> None:
    german, english = renderer().words("de"), renderer().words("en")

    assert german.moment(letters.NOW) == "4. Mai 2026, 09:30 UTC"
    assert english.moment_of("2026-05-04T11:30:00+02:00") == "4 May 2026, 09:30 UTC"
    assert renderer().words("fr").moment(letters.TICKET.created_at) == "1er mai 2026 à 08:00 UTC"
    assert english.moment_of("yesterday") == "yesterday"
    assert [english.size(n) for n in (7, 340_200, 1_500_000)] == ["7 bytes", "340 KB", "1.5 MB"]
    assert german.size(1_500_000) == "1,5 MB"


def test_our_own_lines_to_reply_above_are_known_to_the_reader() -> None:
    assert len(set(renderer().delimiters)) == 4
    assert "--- Please reply above this line ---" in renderer().delimiters


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_reason_for_holding_a_mail_has_its_own_words(language: str) -> None:
    told = {
        reason: text_of(
            read(written(replace(letters.held(language), reason=reason, nearest=""))[1])
        )
        for reason in REASONS
    }

    assert len(set(told.values())) == len(REASONS)
    assert all("#slove" in told[reason] for reason in ("command-unknown", "quote-left", "limit"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_doubt_about_an_answer_has_its_own_words(language: str) -> None:
    known = {"de": "anderen Kunden", "en": "another customer", "es": "otro cliente"}
    full = next(samples())
    told: dict[str, tuple[str, ...]] = {}
    for code in (doubt.code for doubt in full.asking.doubts):
        doubts = (Doubt(code=code, detail="so it reads"),)
        values = replace(full, asking=replace(full.asking, doubts=doubts))
        mail = renderer().render("confirm", language, values)
        told[code] = (mail.text, mail.html, renderer().page("confirm", language, values))

    for form in range(3):
        assert len({words[form] for words in told.values()}) == len(told)
        assert known.get(language, "autre client") in told["others-repeated"][form]
        for code in ("note-repeated", "absence-notice", "others-repeated", "quote-left"):
            assert "so it reads" in told[code][form]

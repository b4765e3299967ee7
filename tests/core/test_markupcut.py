"""A command block leaves an HTML answer, and the answer keeps its form."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.markupcut import without_beginning

TABLE = "<table><tr><td>10</td></tr></table>"
CUT = [
    # block, HTML, what is left
    ("#solve", "<div>#solve</div><div>Done.</div>", "<div>Done.</div>"),
    ("#solve", "<p>#solve</p>\n<p>Done.</p>", "\n<p>Done.</p>"),
    ("#solve", "<div>#solve<br><br>Done.</div>", "<div>Done.</div>"),
    ("#solve", "<div><b>#solve</b></div>" + TABLE, TABLE),
    ("*#solve*", "<b>#solve</b><ul><li>a</li></ul>", "<ul><li>a</li></ul>"),
    ("#solve", "<p>\u200b#Solve\u00a0</p><p>x</p>".replace("S", "s"), "<p>x</p>"),
    (
        "#assign Bob\n#tag +a",
        '<div>#assign&nbsp;Bob</div><div>#tag +a</div><div><img src="cid:x"></div>',
        '<div><img src="cid:x"></div>',
    ),
    ("#note", "<div>#note <i>his</i> fault</div>", "<div><i>his</i> fault</div>"),
    ("#note: ", "<div>#note: It is</div>", "<div>It is</div>"),
    ("#solve", "<p>#solve</p>", ""),
    ("#solve", '<a href="https://x.example/?a=1&amp;b=2">#solve</a><p>&lt;b&gt;</p>',
     "<p>&lt;b&gt;</p>"),
    ("", "<p>Done.</p>", "<p>Done.</p>"),
    ("#solve", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("block", "html", "left"), CUT)
def test_the_block_goes_and_the_rest_stays(block: str, html: str, left: str) -> None:
    assert without_beginning(html, block) == left


OTHER = ["<p>Done.</p>", "<p>#solv</p>", "<p><img src='cid:x'>#solve</p>", "<p>x</p><p>#solve</p>"]


@pytest.mark.parametrize("html", OTHER)
def test_html_that_does_not_begin_with_the_block_is_given_up(html: str) -> None:
    assert without_beginning(html, "#solve") == ""


@given(st.text(max_size=200))
def test_nothing_of_the_block_is_ever_left_at_the_top(text: str) -> None:
    left = without_beginning(f"<div>#note secret</div><p>{text}</p>", "#note secret")

    assert "#note secret" not in left.partition("<p>")[0]


HOSTILE = [
    "<b>#solve</b>" + "<div>" * 10**5,
    "<div>" * 10**5 + "#solve",
    "<b> </b>" * 10**5 + "#solve",
    "<br>" * 10**5 + "#solve",
    "#" * 10**6,
]


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_html_costs_little(html: str) -> None:
    start = time.process_time()

    without_beginning(html, "#solve" if "solve" in html else html)

    assert time.process_time() - start < 5

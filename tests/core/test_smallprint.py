"""Small print without a line above it goes; what its writer says stays."""

from __future__ import annotations

import pytest

from maild.core.smallprint import without_small_print

PRINT = (
    "This message is confidential.\nIf you are not the intended recipient, tell the sender\n"
    "and delete it."
)


@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n\n\n"])
def test_small_print_goes_with_what_follows_it(gap: str) -> None:
    text = f"Where is my parcel?{gap}{PRINT}\n\nScanned for viruses."

    assert without_small_print(text) == "Where is my parcel?"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A confidential question about a virus",
        PRINT,
        "Hello\n\nThe scanner found a virus.\n\nWhat now?",
        "One\n\n\n\nTwo",
    ],
)
def test_what_somebody_says_stays(text: str) -> None:
    assert without_small_print(text).split("\n")[0] == text.split("\n", maxsplit=1)[0]
    assert text == PRINT or without_small_print(text) == text


def test_words_below_small_print_stay() -> None:
    assert without_small_print(f"5\n\n{PRINT}\n\nPS: call me") == "5\n\n\nPS: call me"

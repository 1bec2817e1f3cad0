"""The README's picture: a terminal line becomes text and bars on a grid, and the committed file shows the demo."""

import xml.etree.ElementTree as ET

import pytest

from tests.tools.demo_picture import N_LINES, PICTURE, Run, excerpt, runs, svg

LINE = "17:27:03  \x1b[32m┌ neutral    ██▌  0.96\x1b[0m  begins"


def test_runs_by_colour() -> None:
    """Each colour is a run at its column, dim and plain text too."""
    assert runs("12:00  \x1b[2mlevel\x1b[0m x") == [
        Run(0, "12:00  ", "#d6dbe3"),
        Run(7, "level", "#7d8590"),
        Run(12, " x", "#d6dbe3"),
    ]


def test_bar_is_a_rectangle_to_an_eighth() -> None:
    """Two and a half blocks are 2.5 characters wide, at the bar's column, in its colour."""
    bars = [one for one in ET.fromstring(svg([LINE])).iter() if one.get("fill") == "#7ee787" and one.get("width")]  # noqa: S314 -- our own
    assert [(bar.get("x"), bar.get("width")) for bar in bars] == [(str(round(18 + 8.4 * 23, 1)), str(8.4 * 2.5))]


def test_words_keep_their_column() -> None:
    """Text has no bars and no escapes, and is as wide as its characters."""
    texts = [one for one in ET.fromstring(svg([LINE])).iter() if one.get("textLength")]  # noqa: S314 -- our own
    assert [one.text for one in texts] == ["17:27:03", "┌ neutral", "0.96", "begins"]
    assert texts[3].get("textLength") == str(round(8.4 * len("begins"), 1))


def test_excerpt_is_the_conversation_and_the_result() -> None:
    """Lines about the device and lines after the excerpt are left out; the result is not."""
    lines = [
        "heading",
        "12:00 \x1b[2m demo is online\x1b[0m",
        *(f"line {i}" for i in range(99)),
        "level -26 dBFS",
        "",
        "A",
        "B",
    ]
    assert excerpt(lines) == ["heading", *(f"line {i}" for i in range(N_LINES)), "\x1b[2m…\x1b[0m", "A", "B"]


@pytest.mark.parametrize("word", ["make demo", "meant", "neutral", "begins", "Detected as meant"])
def test_committed_picture_shows_the_demo(word: str) -> None:
    """The committed picture contains words of the demo."""
    assert word in PICTURE.read_text(encoding="utf-8")

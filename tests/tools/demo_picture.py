r"""Renders `edged demo` on a terminal to docs/demo.svg, the picture in the README.

    edged demo ──pseudo-terminal──► lines with ANSI colours ──excerpt──► SVG: text, bars as rectangles

python -m tests.tools.demo_picture        (make picture)
"""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

PICTURE = Path(__file__).parents[2] / "docs" / "demo.svg"

N_LINES = 25  # of the conversation; the rest looks the same
_STATES = re.compile(r"(online|routing|\d+ MB|dBFS)(\x1b\[0m)?$")  # lines about the device
_COLUMNS = 80
_CHARACTER_W, _LINE_H, _MARGIN = 8.4, 20, 18
_FONT = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_TEXT, _DIM = "#d6dbe3", "#7d8590"
_COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#f2cc60", "34": "#79c0ff", "35": "#d2a8ff", "36": "#76e3ea"}
_BUTTONS = ("#ff5f56", "#ffbd2e", "#27c93f")
_STYLE = re.compile(r"\x1b\[(\d*)m")
_BAR = re.compile("[█▏▎▍▌▋▊▉]+")
_EIGHTHS = "▏▎▍▌▋▊▉█"


def excerpt(lines: list[str]) -> list[str]:
    """The heading, the start of the conversation without lines about the device, and the result."""
    conversation = [line for line in lines if line and not _STATES.search(line)]
    return [*conversation[: 1 + N_LINES], "\x1b[2m…\x1b[0m", *conversation[-2:]]


class Run(NamedTuple):
    """Consecutive characters of one colour."""

    column: int
    text: str
    colour: str


def runs(line: str) -> list[Run]:
    """Split a terminal line by colour and strip its escape sequences."""
    parsed: list[Run] = []
    column, colour = 0, _TEXT
    parts = _STYLE.split(line)
    for text, style in zip(parts[::2], [*parts[1::2], ""], strict=True):
        if text:
            parsed.append(Run(column, text, colour))
            column += len(text)
        colour = _DIM if style == "2" else _COLOURS.get(style, _TEXT)
    return parsed


def svg(lines: list[str]) -> str:
    """Terminal window that shows ``lines``."""
    width = 2 * _MARGIN + _CHARACTER_W * _COLUMNS
    height = 3 * _MARGIN + _LINE_H * len(lines)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">',
        "<title>edged demo in a terminal</title>",
        f'<rect width="{width:g}" height="{height:g}" rx="10" fill="#11151c"/>',
        *(f'<circle cx="{20 + 18 * i}" cy="17" r="5.5" fill="{colour}"/>' for i, colour in enumerate(_BUTTONS)),
        f'<g font-family="{_FONT}" font-size="14" xml:space="preserve">',
    ]
    for number, line in enumerate(lines):
        baseline = 2 * _MARGIN + _LINE_H * number + 15
        for run in runs(line):
            drawn += _drawn(run, baseline)
    return "\n".join([*drawn, "</g>", "</svg>", ""])


def _drawn(run: Run, baseline: int) -> list[str]:
    """Bars as rectangles, since fonts leave gaps between block characters; words as text on the terminal's grid."""
    parsed = []
    for bar in _BAR.finditer(run.text):
        eighths = sum(_EIGHTHS.index(character) + 1 for character in bar[0])
        left, width = _x(run.column + bar.start()), _CHARACTER_W * eighths / 8
        parsed.append(f'<rect x="{left:g}" y="{baseline - 12}" width="{width:.1f}" height="15" fill="{run.colour}"/>')
    for words in re.finditer(r"[^\s█▏▎▍▌▋▊▉]+(?: [^\s█▏▎▍▌▋▊▉]+)*", run.text):
        left, width = _x(run.column + words.start()), _CHARACTER_W * len(words[0])
        parsed.append(
            f'<text x="{left:g}" y="{baseline}" textLength="{width:.1f}" fill="{run.colour}">{escape(words[0])}</text>'
        )
    return parsed


def _x(column: int) -> float:
    return round(_MARGIN + _CHARACTER_W * column, 1)


def recorded() -> list[str]:
    """Everything that ``edged demo`` prints on a terminal."""
    reader, writer = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONWARNINGS": "ignore"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "edged", "demo"]
    with subprocess.Popen(command, stdout=writer, stderr=subprocess.DEVNULL, env=environment):
        os.close(writer)
        content = b""
        while True:
            try:
                chunk = os.read(reader, 65536)
            except OSError:  # Linux reports the closed end this way
                break
            if not chunk:
                break
            content += chunk
    os.close(reader)
    return content.decode().splitlines()


if __name__ == "__main__":
    PICTURE.write_text(svg(["\x1b[2m$\x1b[0m make demo", *excerpt(recorded())]), encoding="utf-8")

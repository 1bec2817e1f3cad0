"""What a terminal can show: its width, escape sequences, colours and letters; and text that fits it.

stream, TERM, NO_COLOR ──► width, has_escapes, has_colour, has_letters
text, stream ──► wrapped, coloured
foreign text ──► printable
"""

import os
import textwrap
from typing import TextIO

RED, GREEN, YELLOW = 31, 32, 33  # ANSI
_WIDTH = 80  # if there is no terminal


def width(stream: TextIO) -> int:
    """The number of columns; 80 if ``stream`` is not a terminal."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    except (OSError, ValueError):
        return _WIDTH


def has_escapes(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal that takes escape sequences; one that calls itself dumb does not."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def has_colour(stream: TextIO) -> bool:
    """Whether ``stream`` shows colours, and its user wants them (https://no-color.org)."""
    return has_escapes(stream) and not os.environ.get("NO_COLOR")


def has_letters(stream: TextIO, letters: str) -> bool:
    """Whether the encoding of ``stream`` has all of ``letters``."""
    try:
        letters.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def wrapped(text: str, stream: TextIO, indent: int = 2) -> str:
    """``text`` wrapped between words where ``stream`` is a terminal, with ``indent`` before all lines but the first.

    Elsewhere it stays one line, for programs.
    """
    if not stream.isatty():
        return text
    columns = width(stream) - 1
    return textwrap.fill(
        text,
        columns,
        subsequent_indent=" " * min(indent, columns // 4),
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )


def printable(text: str) -> str:
    r"""``text`` on one line, with ``?`` for each character that could control a terminal.

    A byte of a file name that is not UTF-8 is a surrogate, and stays: the stream writes it as ``\udcfc``.
    """
    return "".join(one if one.isprintable() or "\ud800" <= one <= "\udfff" else "?" for one in text)


def coloured(text: str, colour: int, stream: TextIO) -> str:
    """``text`` in an ANSI colour where ``stream`` shows it."""
    return f"\x1b[{colour}m{text}\x1b[0m" if has_colour(stream) else text

"""What a terminal can show: how wide it is, whether it takes escape sequences and colours, and which letters it has.

stream, TERM, NO_COLOR ──► width, has_escapes, has_colour, has_letters
"""

import os
from typing import TextIO

_WIDTH = 80  # of what is no terminal, such as a pipe


def width(stream: TextIO) -> int:
    """The number of columns; 80 if ``stream`` is no terminal."""
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

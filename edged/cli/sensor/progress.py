"""Progress through a long file or many calls, on one line of a terminal that is overwritten.

    name, seconds done, seconds in all ──► "call.wav  37 %  12:30 of 34:00", five times a second
    calls done, with fractions, and all ──► "[#######.............]  36 of 100 calls"

Nothing is shown for a short file, in a pipe, or on a terminal without escape sequences.
"""

import time
from collections.abc import Callable
from typing import Self, TextIO

from edged.cli.screen import has_escapes, width

_DELAY_S = 0.5  # a file that is done sooner needs no progress
_INTERVAL_S = 0.2
_DOTS = "..."
_BAR = 30  # cells
_ERASE = "\r\x1b[K"  # to the first column, and erase the line


class _ErasedLine:
    """A line on ``err`` that is overwritten now and then inside ``with``, and erased at its end."""

    def __init__(self, err: TextIO, clock: Callable[[], float]) -> None:
        self._err, self._clock = err, clock
        self._enabled = has_escapes(err)
        self._due_s = clock() + _DELAY_S
        self._is_shown = False

    def __enter__(self) -> Self:
        """Show nothing yet."""
        return self

    def __exit__(self, *_fault: object) -> None:
        """Erase the line, so that the result can be printed in its place."""
        self.erase()

    def erase(self) -> None:
        """Make room for a line of output."""
        if self._is_shown:
            self._write("")
            self._is_shown = False

    def _is_due(self) -> bool:
        """Whether to write the line now; the next time is then set."""
        now_s = self._clock()
        if not self._enabled or now_s < self._due_s:
            return False
        self._due_s = now_s + _INTERVAL_S
        self._is_shown = True
        return True

    def _write(self, text: str) -> None:
        self._err.write(_ERASE + text)
        self._err.flush()


class Progress(_ErasedLine):
    """Progress through one file."""

    def __init__(self, err: TextIO, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(err, clock)
        self._name = name

    def show(self, done_s: float, total_s: float | None) -> None:
        """Show how much is done, if it is time to; ``total_s`` is None if the file does not say its length."""
        if not self._is_due():
            return
        if total_s:
            text = f"  {min(100, int(100 * done_s / total_s)):3} %  {_clock(done_s)} of {_clock(total_s)}"
        else:
            text = f"  {_clock(done_s)}"
        self._write(_shortened(self._name, width(self._err) - 1 - len(text)) + text)


class CallsProgress(_ErasedLine):
    """A bar of calls; each line of output is printed after ``erase``."""

    def __init__(self, err: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(err, clock)

    def show(self, done: float, total: float) -> None:
        """Show how many calls of ``total`` are done, if it is time to; the one under way counts by its share."""
        if not self._is_due():
            return
        share = min(1.0, done / total)
        text = f"  {int(100 * share):3} %" if total == 1 else f"  {int(done)} of {total:g} calls"
        n_cells = min(_BAR, width(self._err) - 3 - len(text))
        n_full = int(share * n_cells)
        bar = f"[{'#' * n_full}{'.' * (n_cells - n_full)}]" if n_cells > 0 else ""
        self._write(bar + text)


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _shortened(name: str, n_columns: int) -> str:
    """The end of ``name``, where the files of one folder differ."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in name)
    if len(printable) <= n_columns:
        return printable
    n_letters = n_columns - len(_DOTS)
    return _DOTS + printable[-n_letters:] if n_letters > 0 else ""

"""The lines of ``edged check``: each part with OK, SKIP or FAIL, and the exit status of the first failure.

name, how to try it, what to say of it ──► one line, as soon as it is known
"""

import sys
from collections.abc import Callable
from typing import TypeVar

from edged.cli.screen import GREEN, RED, YELLOW, coloured, wrapped
from edged.errors import EdgedError
from edged.mqtt.probe import SkippedError

_INDENT = 20  # columns of the part and its verdict
_COLOURS = {"OK": GREEN, "SKIP": YELLOW, "FAIL": RED}

T = TypeVar("T")


class Report:
    """Prints each part as it is tried and remembers the exit status of the first failure."""

    def __init__(self) -> None:
        self.status = 0
        self._failed: dict[str, str] = {}  # the first part of each reason

    def part(self, name: str, attempt: Callable[[], T], about: Callable[[T], str]) -> T | None:
        """The result of ``attempt``; None if it failed, after a line with the reason, or with the part that gave it."""
        try:
            result = attempt()
            text = about(result)
        except SkippedError as exc:
            _print(name, "SKIP", str(exc))
            return None
        except EdgedError as exc:
            reason = str(exc)
            if first := self._failed.get(reason):
                _print(name, "SKIP", f"see {first}")
                return None
            self._failed[reason] = name
            _print(name, "FAIL", reason)
            self.status = self.status or exc.exit_status
            return None
        _print(name, "OK", text)
        return result


def _print(name: str, verdict: str, text: str) -> None:
    head = f"{name:<13} {verdict}"
    line = wrapped(f"{name:<13} {verdict:<4}  {text}", sys.stdout, _INDENT)
    print(head.replace(verdict, coloured(verdict, _COLOURS[verdict], sys.stdout)) + line[len(head) :], flush=True)

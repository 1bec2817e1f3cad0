"""The tree of errors, each with the exit status of the program.

    EdgedError                      1   anything below; never raised itself
    ├── UsageError                 64   the command line asks for something impossible
    ├── RecordingError             65   a sound file that cannot be used: empty, no sound, NaN samples
    ├── CalibrationError            1   no calibration: too little speech, noise, or not possible here
    ├── CaptureError                1   the microphone: absent, refused, gone, stalled (a restart may help)
    ├── HistoryError                1   the stored events: missing or unreadable
    ├── StateError                  1   the state directory: not writable, full, or its disk hangs
    ├── OutputError                 1   stdout: a full disk, or a file that is not open for writing
    ├── PublishError                1   a command needs the broker, and cannot reach it
    ├── AgentError                  1   a language model or an action's address: no answer, or an unusable one
    ├── AlreadyRunningError        69   another edged runs on this machine under the same node
    ├── ThreadError                 1   a thread of the daemon died of a fault in the program
    ├── RestartError               75   no fault: a restart was requested by command
    ├── ConfigError                78   config.yaml: unknown key, wrong type, out of range, unreadable
    └── ModelError                 78   a damaged or unsuitable bundle, or no runtime for it

The numbers are those of sysexits.h.  systemd does not restart on 78 (``RestartPreventExitStatus=78``), since a restart
mends neither a wrong config nor a wrong bundle.  A message is one line: what, where, which value, what was expected.
"""

import reprlib
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches

_MAX_BITS = 10_000  # Python refuses to write numbers of more than 4300 digits, and yet reads them in hexadecimal


class _Shortened(reprlib.Repr):
    def repr_int(self, x: int, level: int) -> str:
        """As usual, except for numbers that Python refuses to write."""
        return "a number too long" if x.bit_length() > _MAX_BITS else super().repr_int(x, level)


_REPR = _Shortened()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 60
_REPR.maxlevel = 2


class EdgedError(Exception):
    """Everything that ends a command with one line on stderr instead of a traceback."""

    exit_status = 1


class UsageError(EdgedError):
    """The command line asks for something that cannot be done."""

    exit_status = 64


class RecordingError(EdgedError):
    """A sound file that cannot be used; the message names the file and what is wrong with it."""

    exit_status = 65


class CaptureError(EdgedError):
    """The microphone is absent, refused or gone; a restart may bring it back."""

    exit_status = 1


class CalibrationError(EdgedError):
    """Nothing was calibrated; the message says why, and that nothing changed."""

    exit_status = 1


class HistoryError(EdgedError):
    """The stored events are missing or cannot be read; the message names the file."""

    exit_status = 1


class StateError(EdgedError):
    """The state directory cannot be used; the daemon then runs from memory."""

    exit_status = 1


class OutputError(EdgedError):
    """stdout takes no more output."""

    exit_status = 1


class PublishError(EdgedError):
    """A command cannot reach the broker that it needs; for the daemon an absent broker is a state, not an error."""

    exit_status = 1


class AgentError(EdgedError):
    """A language model, or the address of an action, gives no answer or an unusable one; for the hub it is no end."""

    exit_status = 1


class AlreadyRunningError(EdgedError):
    """Another process on this machine publishes as this node; the message names both."""

    exit_status = 69


class ThreadError(EdgedError):
    """A thread died of a fault in the program; its stack is in the log, and a restart brings it back."""

    exit_status = 1


class RestartError(EdgedError):
    """No fault: a command requested a restart; systemd restarts after any status except 0 and 78."""

    exit_status = 75


class ConfigError(EdgedError):
    """The config is wrong; the message names the key, the value and what is expected."""

    exit_status = 78


class ModelError(EdgedError):
    """A bundle is damaged or cannot be run; the message names the file and what was expected."""

    exit_status = 78


def shown(value: object) -> str:
    """A value as it stands in the file, on one line of bounded length."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):  # YAML's, of a text without quotes
        return value.isoformat()
    # reprlib also bounds what aliases in the YAML would multiply to gigabytes.
    return _REPR.repr(value)


def reason(exc: BaseException) -> str:
    """Why ``exc`` was raised, without the file that an ``OSError`` names, for a message that names it already."""
    return str(getattr(exc, "strerror", None) or exc)


def nearest(word: str, names: Iterable[str]) -> str:
    """The one of ``names`` that ``word`` is a slip of; empty if none is near.

    Of those that difflib finds, one with the same letters wins: two were exchanged, as in ``prot`` for ``port``, which
    difflib takes for ``root``.
    """
    close = get_close_matches(word, list(names))
    return min(close, key=lambda name: sorted(name) != sorted(word), default="")


def counted(count: int, noun: str) -> str:
    """``1 label``, ``2 labels``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"

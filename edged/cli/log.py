"""The log on stderr: one line per change of state, in the format of a terminal or of journald.

    record ──terminal, file──► 2026-11-26 17:30:00,123 INFO    broker localhost:1883: connected
           ──journald────────► <6>broker localhost:1883: connected

journald adds the time itself and takes the priority from the prefix (sd-daemon(3)).  ``$JOURNAL_STREAM`` has
device and inode of the stream, so that a process whose stderr was redirected can tell.
"""

import logging
import os
import sys

from edged.cli.screen import printable, wrapped

_FORMAT = "%(asctime)s %(levelname)-7s %(message)s"
# Priorities as in syslog(3).
_PRIORITIES = {
    logging.CRITICAL: 2,
    logging.ERROR: 3,
    logging.WARNING: 4,
    logging.INFO: 6,
    logging.DEBUG: 7,
}
_OURS = {"edged", "convert", "root", "__main__"}


def log_to_stderr(level: str) -> None:
    """Log messages of ``level`` and above to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_is_wanted)
    handler.setFormatter(_JournalFormatter() if _is_journal() else _LineFormatter(_FORMAT))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)


def print_error(message: str) -> None:
    """Print the line that explains the exit status."""
    message = printable(message)  # the name of a file may contain a line break
    text = _with_priority(message, logging.ERROR) if _is_journal() else wrapped(message, sys.stderr)
    print(text, file=sys.stderr)


def _is_wanted(record: logging.LogRecord) -> bool:
    """Of other libraries only warnings: httpx writes each URL, a webhook's secret included, matplotlib of its fonts."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in _OURS


class _LineFormatter(logging.Formatter):
    """The message on one line: names of files and what others send may hold line breaks and escape sequences."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- as its base
        record.message = printable(record.message)
        return super().formatMessage(record)


class _JournalFormatter(_LineFormatter):
    """The message with its priority, a traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return _with_priority(super().format(record), record.levelno)


def _with_priority(text: str, level: int) -> str:
    prefix = f"<{_PRIORITIES.get(level, _PRIORITIES[logging.INFO])}>"
    return "\n".join(prefix + line for line in text.splitlines())


def _is_journal() -> bool:
    """Whether stderr is the stream that systemd connected to the journal."""
    named = os.environ.get("JOURNAL_STREAM", "")
    try:
        stderr = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # replaced by something that is no file
        return False
    return named == f"{stderr.st_dev}:{stderr.st_ino}"

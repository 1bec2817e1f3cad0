"""``python -m convert``, which can be interrupted from its first import on, without a traceback.

argv ──► command_line ──► exit status; 130 after Ctrl-C
"""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status."""
    try:
        from convert.command_line import run  # noqa: PLC0415 -- inside of the try

        return run(arguments)
    except KeyboardInterrupt:
        return 130  # 128 and SIGINT, as shells count


def _end_at_once() -> None:
    """From here on Ctrl-C ends the process; Python would print where its own shutdown was interrupted."""
    import signal  # noqa: PLC0415 -- after the first import of ours

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    status = main()
    _end_at_once()
    sys.exit(status)

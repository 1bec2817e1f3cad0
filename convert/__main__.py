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


if __name__ == "__main__":
    status = main()
    from edged.__main__ import end_at_once  # not earlier: Ctrl-C while it loads would print a traceback

    end_at_once()
    sys.exit(status)

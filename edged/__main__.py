"""``edged`` and ``python -m edged``: a command whose first import can be interrupted already, without a traceback.

argv ──► cli.main ──► exit status; 130 after Ctrl-C, also while the command's modules load
"""

import sys


def main() -> int:
    """Run one command; returns its exit status."""
    try:
        try:
            from edged.cli.main import main as run_command  # noqa: PLC0415 -- inside of the try

            return run_command()
        finally:
            end_at_once()
    except KeyboardInterrupt:
        return 130  # 128 and SIGINT, as shells count


def end_at_once() -> None:
    """From here on Ctrl-C ends the process; Python would print where its own shutdown was interrupted."""
    import signal  # noqa: PLC0415 -- Ctrl-C while it loads is caught above

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())

"""``edged devices``: a table of the microphones, each with the string that selects it in the config."""

import argparse

from edged.audio.driver import microphones_in_time
from edged.cli.log import print_error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""
    parser.description = "List the microphones, each with the string that selects it as audio.device in the config."


def run(_arguments: argparse.Namespace) -> int:
    """Print a line per microphone; the exit status is 1 if there is none."""
    microphones = microphones_in_time()
    if not microphones:
        print_error("no microphone; plug one in, and check with `arecord -l` that the system sees it")
        return 1
    rows = [("audio.device", "channels", "rate_hz", "")]
    rows += [(m.written, str(m.n_channels), f"{m.rate_hz}", "default" if m.default else "") for m in microphones]
    width = max(len(row[0]) for row in rows)
    for selector, channels, rate, note in rows:
        print(f"{selector:<{width}}  {channels:>8}  {rate:>7}  {note}".rstrip())
    return 0

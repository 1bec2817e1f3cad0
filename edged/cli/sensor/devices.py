"""``edged devices``: the microphones to a table, each with the string that selects it."""

import argparse
import sys

from edged.audio.driver import microphones_in_time


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Nothing."""


def run(_: argparse.Namespace) -> int:
    """Print a line for each microphone; the exit status, 1 where there is none."""
    found = microphones_in_time()
    if not found:
        print(
            "no microphone found; plug one in, and look with `arecord -l` whether the system sees it", file=sys.stderr
        )
        return 1
    rows = [("audio.device", "channels", "rate_hz", "")]
    rows += [(m.written, str(m.n_channels), f"{m.rate_hz}", "default" if m.default else "") for m in found]
    width = max(len(row[0]) for row in rows)
    for selector, channels, rate, note in rows:
        print(f"{selector:<{width}}  {channels:>8}  {rate:>7}  {note}".rstrip())
    return 0

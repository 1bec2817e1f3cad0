"""``edged --version``: the version of the installed package."""

import argparse

from edged.host.metrics import version_of


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(_arguments: argparse.Namespace) -> int:
    """Print the version."""
    print(f"edged {version_of('edged') or 'of unknown version'}")
    return 0

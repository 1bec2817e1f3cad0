"""``edged completion``: prints the script that completes commands, options and files in a shell.

shell ──completions/edged.<shell>──► stdout

The scripts are generated from the argument parser by ``make reference``, so that completing a word starts no Python.
"""

import argparse
from pathlib import Path

SHELLS = ("bash", "zsh", "fish")

_DESCRIPTION = """\
Print a script that completes commands, options and files in a shell.
"""
_EXAMPLES = """\
examples:
  edged completion bash > ~/.local/share/bash-completion/completions/edged
  edged completion zsh > ~/.zfunc/_edged    # with ~/.zfunc in fpath
  edged completion fish > ~/.config/fish/completions/edged.fish
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The shell."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")


def run(arguments: argparse.Namespace) -> int:
    """Print the script; returns the exit status."""
    print(file_for(arguments.shell).read_text(encoding="utf-8"), end="")
    return 0


def file_for(shell: str) -> Path:
    """The script for one of ``SHELLS``."""
    return Path(__file__).parent / "completions" / f"edged.{shell}"

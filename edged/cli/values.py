"""Types of arguments for argparse: nodes, hosts, ports and files.

text ──► checked value, or ArgumentTypeError with what was expected
"""

import argparse
import re
from pathlib import Path

_MAX_PORT = 65_535


def node(text: str) -> str:
    """The name of a node."""
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a node, expected 1 to 64 of a-z A-Z 0-9 _ -")
    return text


def host(text: str) -> str:
    """The name or address of a host."""
    from edged.config.broker_host import host_fault  # noqa: PLC0415 -- every command imports this module, for paths

    if fault := host_fault(text):
        raise argparse.ArgumentTypeError(f"it {fault}")
    return text


def path(text: str) -> Path:
    """A path of a file or folder."""
    if not text:  # Path("") is the current folder: a shell variable was empty
        raise argparse.ArgumentTypeError("the name is empty, expected a file or folder")
    return Path(text)


def sound_file(text: str) -> Path:
    """A path, or - for standard input."""
    if not text:  # as above
        raise argparse.ArgumentTypeError("the name is empty, expected a sound file")
    return Path(text)


def port_or_0(text: str) -> int:
    """A TCP port, or 0 for any that is free."""
    if text == "0":
        return 0
    try:
        return port(text)
    except argparse.ArgumentTypeError as exc:
        raise argparse.ArgumentTypeError(f"{exc}, or 0 for any that is free") from None


def port(text: str) -> int:
    """A TCP port."""
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= _MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, expected 1 to {_MAX_PORT}")
    return int(text)

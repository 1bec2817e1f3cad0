"""The list of commands to the parser of ``edged``; a command's module is imported once it is chosen.

argv ──argparse──► Namespace: ``command``, the module, and what else was given; a wrong one ends with status 64

A command is a module with ``add_arguments`` and ``run``.  ``edged --help`` and ``edged --version`` import none of them:
on a Raspberry Pi Zero numpy alone takes seconds.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Protocol, cast

from edged.errors import UsageError


class Command(Protocol):
    """What the module of a command has."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare what the command takes."""

    @staticmethod
    def run(arguments: argparse.Namespace) -> int:
        """Run the command; returns its exit status, or raises ``EdgedError``."""


class Entry(NamedTuple):
    """A command in the list of ``edged --help``."""

    name: str
    module: str  # below edged.cli
    help: str


ENTRIES = (
    Entry("run", "sensor.run", "listen to the microphone and publish until SIGTERM"),
    Entry("replay", "sensor.replay", "play sound files through the same pipeline, to the broker or to stdout"),
    Entry("classify", "sensor.classify", "say the emotion of whole sound files, one line each"),
    Entry("devices", "sensor.devices", "list the microphones and the string that selects each in the config"),
    Entry(
        "check", "sensor.check", "check config, bundle, runtime, microphone and broker; exit 0 only when all is well"
    ),
    Entry("schema", "broker.schema", "print the JSON Schema of every payload"),
    Entry("watch", "broker.watch", "show live what the devices publish on the broker"),
    Entry("history", "broker.history", "show the events of the past that the device keeps, published or waiting"),
    Entry("discovery", "broker.discovery", "print what Home Assistant is told of this device"),
    Entry("acl", "broker.acl", "print an access list for mosquitto that gives this device its own topics"),
    Entry(
        "demo", "sensor.demo", "play a sample conversation to an embedded broker and show what a subscriber receives"
    ),
)


def parser() -> argparse.ArgumentParser:
    """The parser of ``edged``."""
    made = _Parser(prog="edged", description="Speech-emotion sensor: sound in, emotion events out.")
    commands = made.add_subparsers(metavar="COMMAND", required=True, parser_class=_CommandParser)
    for entry in ENTRIES:
        text = entry.help[0].upper() + entry.help[1:] + "."
        commands.add_parser(entry.name, help=entry.help, description=text, module=entry.module)
    return made


class _Parser(argparse.ArgumentParser):
    """One whose faults have a status of their own: argparse's 2 says nothing (sysexits.h: EX_USAGE)."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(UsageError.exit_status, f"{self.prog}: {message}\n")


class _CommandParser(_Parser):
    """The parser of one command, which knows its arguments from the moment in which it is to parse some."""

    def __init__(self, *, module: str, **settings: Any) -> None:  # noqa: ANN401 -- argparse's own
        super().__init__(**settings)
        self._module = module
        self._complete = False

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]  # noqa: ANN401 -- argparse's own
        self._complete_arguments()
        return super().parse_known_args(args, namespace)

    def _complete_arguments(self) -> None:
        if self._complete:
            return
        self._complete = True
        command = cast("Command", import_module(f"edged.cli.{self._module}"))
        self.set_defaults(command=command)
        self.add_argument(
            "--config", type=Path, metavar="FILE", help="default: ./config.yaml, else /etc/edged/config.yaml, else none"
        )
        command.add_arguments(self)

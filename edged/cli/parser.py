"""The argument parser of ``edged``, built from the list of commands.

    argv ──argparse──► Namespace with ``command``, the chosen command's module; wrong usage exits with status 64

A command is a module with ``add_arguments`` and ``run``.  It is imported when the command is chosen: ``edged --help``
loads neither numpy nor the models, which takes seconds on a Raspberry Pi Zero.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import groupby
from typing import Any, NamedTuple, NoReturn, Protocol, cast

from edged.cli.screen import wrapped
from edged.cli.values import path
from edged.errors import UsageError, nearest


class Command(Protocol):
    """The interface of a command's module."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments, its description and examples to its parser."""

    @staticmethod
    def run(arguments: argparse.Namespace) -> int:
        """Run the command and return its exit status; raises ``EdgedError``."""


class Entry(NamedTuple):
    """One line of ``edged --help``."""

    group: str
    name: str
    module: str  # below edged.cli
    help: str


_SENSOR, _BROKER, _SHELL = "sensor commands", "broker commands", "other commands"

ENTRIES = (
    Entry(_SENSOR, "run", "sensor.run", "listen to the microphone and publish, until stopped"),
    Entry(_SENSOR, "check", "sensor.check", "test config, models, microphone and broker"),
    Entry(_SENSOR, "calibrate", "sensor.calibrate", "adapt to your voice: speak two or three sentences"),
    Entry(_SENSOR, "devices", "sensor.devices", "list the microphones"),
    Entry(_SENSOR, "classify", "sensor.classify", "print the emotion of each sound file"),
    Entry(_SENSOR, "replay", "sensor.replay", "play sound files through the pipeline"),
    Entry(_SENSOR, "calls", "sensor.calls", "report how the customer's emotion moved in recorded calls"),
    Entry(_SENSOR, "bench", "sensor.bench", "measure how fast this device is, and what stride it can run"),
    Entry(_SENSOR, "demo", "demo.demo", "play a sample; needs no microphone and no broker"),
    Entry(_SENSOR, "web", "sensor.web", "serve pages for a browser: calls and their reports"),
    Entry(_BROKER, "watch", "broker.watch", "show what devices publish, live"),
    Entry(_BROKER, "hub", "broker.hub", "fuse voice, words and faces into the mood of a place"),
    Entry(_BROKER, "history", "broker.history", "list the events stored on this device"),
    Entry(_BROKER, "discovery", "broker.discovery", "print or remove the Home Assistant discovery"),
    Entry(_BROKER, "mcp", "broker.mcp", "give an agent the moods that hubs publish (MCP)"),
    Entry(_BROKER, "acl", "broker.acl", "print an access list for mosquitto"),
    Entry(_BROKER, "schema", "broker.schema", "print the schemas of topics and payloads"),
    Entry(_SHELL, "completion", "completion", "print a completion script for bash, zsh or fish"),
)

_DESCRIPTION = """\
edged listens to a microphone, detects emotions in speech and publishes them over MQTT. Only labels leave the device,
never sound.
"""
_EPILOG = "`edged COMMAND --help` describes a command."
_NARROW = 60  # columns; on a narrower terminal the text of a long option starts on the next line
_CONFIG = "config file (default: ./config.yaml, else /etc/edged/config.yaml)"


def parser() -> "_MainParser":
    """The parser of ``edged``; the arguments of a command are added when it is chosen."""
    return _MainParser()


class _HelpFormatter(argparse.HelpFormatter):
    """Wraps paragraphs to the width of the terminal and leaves indented lines, such as examples, as they are."""

    def __init__(self, prog: str, **settings: Any) -> None:  # noqa: ANN401 -- argparse's own
        is_narrow = shutil.get_terminal_size().columns < _NARROW
        super().__init__(prog, max_help_position=13 if is_narrow else 24, **settings)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        parts = []
        for is_example, lines in groupby(text.splitlines(), key=lambda line: not line or line.startswith(" ")):
            block = "\n".join(lines)
            parts.append(block if is_example else super()._fill_text(block, width, indent))
        return "\n".join(parts)


class _Parser(argparse.ArgumentParser):
    """Reports wrong usage with EX_USAGE of sysexits.h, where argparse has 2."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 -- argparse's own
        super().__init__(formatter_class=_HelpFormatter, **settings)
        self._positionals.title = "arguments"

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(UsageError.exit_status, wrapped(f"{self.prog}: {message}", sys.stderr) + "\n")


class _MainParser(_Parser):
    """``edged`` itself."""

    def __init__(self) -> None:
        super().__init__(
            prog="edged", usage="edged [--config FILE] COMMAND ...", description=_DESCRIPTION, epilog=_EPILOG
        )
        self.add_argument("--config", type=path, metavar="FILE", help=_CONFIG)
        self.add_argument("--version", action=_VersionAction, nargs=0, help="show the version and exit")
        self.set_defaults(command=None)
        self.commands: dict[str, _CommandParser] = {}
        added = self.add_subparsers(metavar="COMMAND", dest="name", prog="edged", parser_class=_CommandParser)
        for entry in ENTRIES:
            self.commands[entry.name] = added.add_parser(entry.name, help=entry.help, module=entry.module)

    def format_help(self) -> str:
        """The commands by group, then the options."""
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(self.description)
        for group, entries in groupby(ENTRIES, key=lambda entry: entry.group):
            formatter.start_section(group)
            formatter.add_arguments([argparse.Action([], one.name, metavar=one.name, help=one.help) for one in entries])
            formatter.end_section()
        formatter.start_section("options")
        formatter.add_arguments([action for action in self._actions if action.option_strings])
        formatter.end_section()
        formatter.add_text(self.epilog)
        return formatter.format_help()

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 -- argparse's own
        """Name the command that was probably meant."""
        if action.dest != "name" or value in self.commands:
            super()._check_value(action, value)
            return
        close = nearest(value, self.commands)
        hint = f"did you mean {close!r}?" if close else "`edged --help` lists the commands"
        raise argparse.ArgumentError(None, f"{value!r} is not a command, {hint}")


class _CommandParser(_Parser):
    """The parser of one command."""

    def __init__(self, *, module: str, **settings: Any) -> None:  # noqa: ANN401 -- argparse's own
        super().__init__(**settings)
        self._module = module
        self._complete = False

    def complete(self) -> None:
        """Import the command's module and add its arguments; does nothing the second time."""
        if self._complete:
            return
        self._complete = True
        command = load_command(self._module)
        self.set_defaults(command=command)
        command.add_arguments(self)
        # Without a default, so that it does not replace what was given before the command.
        self.add_argument("--config", type=path, metavar="FILE", default=argparse.SUPPRESS, help=_CONFIG)

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]  # noqa: ANN401 -- argparse's own
        """Called when the command is chosen; all its arguments are known, so that the rest is an error."""
        self.complete()
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            options = [option for action in self._actions for option in action.option_strings]
            close = nearest(unknown[0], options)
            self.error(f"unknown argument {unknown[0]!r}" + (f", did you mean {close!r}?" if close else ""))
        return parsed, unknown


class _VersionAction(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: object) -> None:
        parser.exit(load_command("version").run(namespace))


def load_command(module: str) -> Command:
    """The command in a module below ``edged.cli``."""
    return cast("Command", import_module(f"edged.cli.{module}"))

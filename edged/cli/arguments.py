"""What the command line takes: the commands, their arguments and the texts of ``--help``.

argv ──argparse──► Namespace: ``command``, the name, and what else was given; a wrong one ends with status 64
"""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from edged.cli.broker.history import since
from edged.errors import UsageError


class _Parser(argparse.ArgumentParser):
    """One whose faults have a status of their own: argparse's 2 says nothing (sysexits.h: EX_USAGE)."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(UsageError.exit_status, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The parser of ``edged``."""
    made = _Parser(prog="edged", description="Speech-emotion sensor: sound in, emotion events out.")
    commands = made.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(command=name)
        added.add_argument(
            "--config", type=Path, metavar="FILE", help="default: ./config.yaml, else /etc/edged/config.yaml, else none"
        )
        return added

    command("run", "listen to the microphone and publish until SIGTERM")
    replay = command("replay", "play sound files through the same pipeline, to the broker or to stdout")
    replay.add_argument("files", nargs="+", type=Path, metavar="FILE", help="wav, flac, ogg or mp3")
    replay.add_argument("--speed", type=_speed, default=None, metavar="max|N", help="max (default), or 1 for real time")
    replay.add_argument("--jsonl", action="store_true", help="one JSON object a line on stdout instead of the broker")
    replay.add_argument(
        "--baseline",
        default="none",
        metavar="fresh|none|FILE",
        help="none (default), learn anew, or go on from a kept one",
    )
    classify = command("classify", "say the emotion of whole sound files, one line each")
    classify.add_argument("files", nargs="+", type=Path, metavar="FILE", help="wav, flac, ogg or mp3")
    classify.add_argument("--jsonl", action="store_true", help="one JSON object a line")
    command("devices", "list the microphones and the string that selects each in the config")
    command("check", "check config, bundle, runtime, microphone and broker; exit 0 only when all is well")
    documents = command("schema", "print the JSON Schema of every payload").add_mutually_exclusive_group()
    documents.add_argument("--asyncapi", action="store_true", help="an AsyncAPI 3.0 document of topics and payloads")
    documents.add_argument("--markdown", action="store_true", help="the reference of both, as in docs/mqtt.md")
    command("watch", "show live what the devices publish on the broker")
    history = command("history", "show the events of the past that the device keeps, published or waiting")
    history.add_argument("--since", type=since, metavar="TIME", help="only the last 90s, 15m, 1h, 7d; default: all")
    history.add_argument("--jsonl", action="store_true", help="one JSON object a line, as it was published")
    shown = command("discovery", "print what Home Assistant is told of this device")
    shown.add_argument("--remove", action="store_true", help="take all of it away from the broker instead")
    acl = command("acl", "print an access list for mosquitto that gives this device its own topics")
    acl.add_argument("--user", default="", metavar="NAME", help="at the broker; default: mqtt.username")
    acl.add_argument("--node", default="", metavar="NODE", help="default: the config's, or this machine's")
    acl.add_argument("--pattern", action="store_true", help="for all devices whose user is called as their node")
    command("demo", "play a sample conversation to an embedded broker and show what a subscriber receives")
    return made


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    speed = float(text)  # argparse turns the ValueError into its own line
    if not 0.01 <= speed <= 1000:  # noqa: PLR2004 -- as the message says
        raise argparse.ArgumentTypeError(f"{text} is out of range, expected max or 0.01 to 1000")
    return speed

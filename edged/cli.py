"""Arguments, logging, signals, exit codes: the one place where errors become a line on stderr and a status.

argv ──argparse──► a command below ──► config, source, sink ──► Daemon.run, or what the command prints
"""

import argparse
import logging
import os
import resource
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from edged.announce import discovery
from edged.audio.driver import microphones
from edged.check import check
from edged.classify import clip_scores
from edged.config import Config, load_config
from edged.demo.run import demo
from edged.demo.sample import SAMPLE
from edged.ends import Sink
from edged.errors import ConfigError, EdgedError, PublishError, RecordingError
from edged.history import show_history, since
from edged.models.baseline import mixture
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from edged.mqtt.acl import access_list, access_pattern
from edged.mqtt.asyncapi import asyncapi
from edged.mqtt.publisher import Publisher
from edged.mqtt.reference import json_schemas, markdown
from edged.mqtt.view import watch
from edged.node import node_name
from edged.replay import Lines, learned_from, play, print_line
from edged.run import run
from edged.signals import stopping

_PLACES = (Path("config.yaml"), Path("/etc/edged/config.yaml"))  # where the config is looked for, in this order

_CONNECT_S = 5.0  # a command that needs the broker now waits so long for it …
_SETTLE_S = 30.0  # … and so long for its last confirmation


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status."""
    arguments = _parser().parse_args(argv)
    # The image of a process that crashes would hold the sound that it has just heard.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    _log_to_stderr("info")
    try:
        status: int = arguments.command(arguments)
        sys.stdout.flush()
    except EdgedError as exc:
        print(f"edged: {exc}", file=sys.stderr)
        return exc.exit_status
    except BrokenPipeError:
        # Whoever read our lines went away (`| head`): nothing is wrong, and nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edged", description="Speech-emotion sensor: sound in, emotion events out.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, function: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(command=function)
        added.add_argument(
            "--config", type=Path, metavar="FILE", help="default: ./config.yaml, else /etc/edged/config.yaml, else none"
        )
        return added

    command("run", _run, "listen to the microphone and publish until SIGTERM")
    replay = command("replay", _replay, "play sound files through the same pipeline, to the broker or to stdout")
    replay.add_argument("files", nargs="+", type=Path, metavar="FILE", help="wav, flac, ogg or mp3")
    replay.add_argument("--speed", type=_speed, default=None, metavar="max|N", help="max (default), or 1 for real time")
    replay.add_argument("--jsonl", action="store_true", help="one JSON object a line on stdout instead of the broker")
    replay.add_argument(
        "--baseline",
        default="none",
        metavar="fresh|none|FILE",
        help="none (default), learn anew, or go on from a kept one",
    )
    classify = command("classify", _classify, "say the emotion of whole sound files, one line each")
    classify.add_argument("files", nargs="+", type=Path, metavar="FILE", help="wav, flac, ogg or mp3")
    classify.add_argument("--jsonl", action="store_true", help="one JSON object a line")
    command("devices", _devices, "list the microphones and the string that selects each in the config")
    command("check", _check, "check config, bundle, runtime, microphone and broker; exit 0 only when all is well")
    documents = command("schema", _schema, "print the JSON Schema of every payload").add_mutually_exclusive_group()
    documents.add_argument("--asyncapi", action="store_true", help="an AsyncAPI 3.0 document of topics and payloads")
    documents.add_argument("--markdown", action="store_true", help="the README's reference of both")
    command("watch", _watch, "show live what the devices publish on the broker")
    history = command("history", _history, "show the events of the past that the device keeps, published or waiting")
    history.add_argument("--since", type=since, metavar="TIME", help="only the last 90s, 15m, 1h, 7d; default: all")
    history.add_argument("--jsonl", action="store_true", help="one JSON object a line, as it was published")
    shown = command("discovery", _discovery, "print what Home Assistant is told of this device")
    shown.add_argument("--remove", action="store_true", help="take all of it away from the broker instead")
    acl = command("acl", _acl, "print an access list for mosquitto that gives this device its own topics")
    acl.add_argument("--user", default="", metavar="NAME", help="at the broker; default: mqtt.username")
    acl.add_argument("--node", default="", metavar="NODE", help="default: the config's, or this machine's")
    acl.add_argument("--pattern", action="store_true", help="for all devices whose user is called as their node")
    command("demo", _demo, "play a sample conversation to an embedded broker and show what a subscriber receives")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    # PortAudio's start turns file 2 away, for good where it hangs: what there is to say needs a way of its own.
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
    place = _place(arguments)  # once: a file that is deleted later must not mean the defaults
    config, bundle = _prepared(arguments)
    return run(config, bundle, lambda: _fitting(Config() if place is None else load_config(place), bundle))


def _replay(arguments: argparse.Namespace) -> int:
    config, bundle = _prepared(arguments)
    learned = learned_from(arguments.baseline, config, bundle)
    with stopping() as stop:

        def into(sink: Sink) -> Callable[[Path], None]:
            return lambda file: play(config, bundle, file, arguments.speed, sink, stop, learned)

        if arguments.jsonl:
            return _each(arguments.files, into(Lines()))
        with Publisher(config.mqtt, node_name(config.node)) as publisher:
            _expect_broker(config, publisher)
            status = _each(arguments.files, into(publisher))
            if not publisher.wait_settled(_SETTLE_S):
                raise PublishError(f"{publisher.unacknowledged} messages were not confirmed: {publisher.reason}")
            if publisher.dropped:
                raise PublishError(f"{publisher.dropped} events were dropped, the broker was too slow for the replay")
            return status


def _expect_broker(config: Config, publisher: Publisher) -> None:
    if not publisher.wait_connected(_CONNECT_S):
        raise PublishError(
            f"broker {config.mqtt.host}:{config.mqtt.port}: {publisher.reason}, expected one that takes messages"
            " (with --jsonl none is needed)"
        )


def _classify(arguments: argparse.Namespace) -> int:
    config, bundle = _prepared(arguments)

    def show(file: Path) -> None:
        clip = clip_scores(config, bundle, file)
        if arguments.jsonl:
            print_line(clip)
            return
        confidence = "    " if clip.confidence is None else f"{clip.confidence:.2f}"
        scores = " ".join(f"{label} {score:.2f}" for label, score in (clip.scores or {}).items())
        print(f"{clip.label:<10} {confidence}  {scores}  {file}")

    return _each(arguments.files, show)


def _devices(_: argparse.Namespace) -> int:
    found = microphones()
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


def _check(arguments: argparse.Namespace) -> int:
    _log_to_stderr("error")  # its lines say what would be logged
    return check(lambda: (_config_name(arguments), _config(arguments)), _bundle)


def _schema(arguments: argparse.Namespace) -> int:
    if arguments.markdown:
        print(markdown(), end="")
        return 0
    document = asyncapi(_config(arguments).mqtt) if arguments.asyncapi else json_schemas()
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    return 0


def _watch(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    with stopping() as stop:
        return watch(config.mqtt, config.node, sys.stdout, stop)


def _history(arguments: argparse.Namespace) -> int:
    return show_history(_config(arguments), arguments.since, jsonl=arguments.jsonl)


def _discovery(arguments: argparse.Namespace) -> int:
    config, bundle = _prepared(arguments)
    return discovery(config, bundle, taken_away=arguments.remove)


def _acl(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    print(access_pattern(config) if arguments.pattern else access_list(config, arguments.user, arguments.node), end="")
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    _log_to_stderr("warning")  # the screen belongs to what the subscriber receives
    bundle = _bundle(_config(arguments))
    with stopping() as stop:

        def play_sample(config: Config) -> None:
            with Publisher(config.mqtt, node_name(config.node)) as publisher:
                play(config, bundle, SAMPLE, 1.0, publisher, stop)

        return demo(play_sample, stop, sys.stdout, sys.stderr)


def _each(files: Sequence[Path], use: Callable[[Path], None]) -> int:
    """Uses every file; a bad one is reported and does not keep the others from their turn."""
    status = 0
    for file in files:
        try:
            use(file)
        except RecordingError as exc:
            print(f"edged: {exc}", file=sys.stderr)
            status = exc.exit_status
    return status


def _prepared(arguments: argparse.Namespace) -> tuple[Config, Bundle]:
    config = _config(arguments)
    _log_to_stderr(config.log_level)
    bundle = _bundle(config)
    return _fitting(config, bundle), bundle


def _fitting(config: Config, bundle: Bundle) -> Config:
    """``config``, where it says nothing of labels that ``bundle`` does not have; else a ``ConfigError``."""
    labels = bundle.manifest.labels
    mixture(config.baseline.expected, labels)
    if unknown := sorted(config.tracker.enter_for.keys() - set(labels)):
        raise ConfigError(
            f"tracker.enter_for names {', '.join(unknown)}, expected labels of the bundle: {list(labels)}"
        )
    return config


def _config_name(arguments: argparse.Namespace) -> str:
    place = _place(arguments)
    return "the defaults, no config file" if place is None else str(place)


def _config(arguments: argparse.Namespace) -> Config:
    place = _place(arguments)
    return Config() if place is None else load_config(place)


def _place(arguments: argparse.Namespace) -> Path | None:
    given: Path | None = arguments.config
    return given or next((place for place in _PLACES if place.is_file()), None)


def _bundle(config: Config) -> Bundle:
    bundle = config.models.bundle
    return load_bundle(DEFAULT_BUNDLE if bundle == "default" else Path(bundle))


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    speed = float(text)  # argparse turns the ValueError into its own line
    if not 0.01 <= speed <= 1000:  # noqa: PLR2004 -- as the message says
        raise argparse.ArgumentTypeError(f"{text} is out of range, expected max or 0.01 to 1000")
    return speed


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)-7s %(message)s", force=True
    )

"""Commands, logging, exit codes: the one place where errors become a line on stderr and a status.

argv ──usage──► a command below ──► config, source, sink ──► Daemon.run, or what the command prints
"""

import argparse
import logging
import resource
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from edged.audio.driver import microphones_in_time
from edged.cli.arguments import parser
from edged.cli.broker.acl import access_list, access_pattern
from edged.cli.broker.discovery import discovery
from edged.cli.broker.history import show_history
from edged.cli.sensor.check import check
from edged.cli.sensor.classify import clip_scores
from edged.cli.sensor.demo import demo
from edged.cli.sensor.replay import Lines, adaptation_from, play, print_line
from edged.cli.sensor.run import run
from edged.cli.signals import stopping
from edged.cli.terminal import abandon_stdout, prepare
from edged.cli.view import watch
from edged.config.load import load_config
from edged.config.priors import prior_distribution
from edged.config.structs import Config, Mqtt
from edged.contract.asyncapi import Broker, asyncapi
from edged.contract.reference import json_schemas, markdown
from edged.demo.sample import SAMPLE
from edged.errors import ConfigError, EdgedError, OutputError, PublishError, RecordingError
from edged.host.identity import node_name
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from edged.mqtt.publisher import Publisher
from edged.pipeline.interfaces import Sink

_PLACES = (Path("config.yaml"), Path("/etc/edged/config.yaml"))  # where the config is looked for, in this order

_CONNECT_S = 5.0  # a command that needs the broker now waits so long for it …
_SETTLE_S = 30.0  # … and so long for its last confirmation


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status."""
    prepare()
    try:
        return _command(argv)
    except EdgedError as exc:
        print(f"edged: {exc}", file=sys.stderr)
        if isinstance(exc, OutputError):
            abandon_stdout()
        return exc.exit_status
    except BrokenPipeError:
        # Whoever read our lines went away (`| head`): nothing is wrong, and nobody is left to tell.
        abandon_stdout()
        return 0
    except KeyboardInterrupt:
        return 130


def _command(argv: Sequence[str] | None) -> int:
    try:
        arguments = parser().parse_args(argv)
        # The image of a process that crashes would hold the sound that it has just heard.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        _log_to_stderr("info")
        return _COMMANDS[arguments.command](arguments)
    finally:
        sys.stdout.flush()  # here, where what it raises is still caught


def _run(arguments: argparse.Namespace) -> int:
    place = _place(arguments)  # once: a file that is deleted later must not mean the defaults
    config, bundle = _prepared(arguments)
    return run(config, bundle, lambda: _fitting(Config() if place is None else load_config(place), bundle))


def _replay(arguments: argparse.Namespace) -> int:
    config, bundle = _prepared(arguments)
    adaptation = adaptation_from(arguments.baseline, config, bundle)
    with stopping() as stop:

        def into(sink: Sink) -> Callable[[Path], None]:
            def use(file: Path) -> None:
                if not stop.is_set():  # one that is not begun says nothing of itself either
                    play(config, bundle, file, arguments.speed, sink, stop, adaptation)

            return use

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


def _check(arguments: argparse.Namespace) -> int:
    _log_to_stderr("error")  # its lines say what would be logged
    return check(lambda: (_config_name(arguments), _config(arguments)), _bundle)


def _schema(arguments: argparse.Namespace) -> int:
    if arguments.markdown:
        print(markdown(), end="")
        return 0
    document = asyncapi(_broker(_config(arguments).mqtt)) if arguments.asyncapi else json_schemas()
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    return 0


def _broker(mqtt: Mqtt) -> Broker:
    return Broker(
        host=mqtt.host,
        port=mqtt.port,
        root=mqtt.root,
        secure=mqtt.tls == "on",
        version=mqtt.protocol.removeprefix("v"),
        keepalive_s=mqtt.keepalive_s,
    )


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
    prior_distribution(config.baseline.expected, labels)
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
    return given or next((place for place in _PLACES if _is_there(place)), None)


def _is_there(place: Path) -> bool:
    try:
        return place.is_file()
    except PermissionError:
        # By `sudo -u edged` in a folder that is closed to that user; a closed /etc/edged is a fault, to be named.
        return place.is_absolute()


def _bundle(config: Config) -> Bundle:
    bundle = config.models.bundle
    return load_bundle(DEFAULT_BUNDLE if bundle == "default" else Path(bundle))


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)-7s %(message)s", force=True
    )


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "replay": _replay,
    "classify": _classify,
    "devices": _devices,
    "check": _check,
    "schema": _schema,
    "watch": _watch,
    "history": _history,
    "discovery": _discovery,
    "acl": _acl,
    "demo": _demo,
}

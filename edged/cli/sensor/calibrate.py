"""``edged calibrate``: adapts this device to the voice that speaks two or three sentences, or undoes that.

a daemon runs, or --node ──command calibrate──► the daemon ──► its answers
no daemon ──microphone or FILE──► WindowClassifier ──► Calibrator ──► baseline.json
"""

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edged.audio.devices import selected
from edged.audio.driver import microphones_in_time
from edged.audio.microphone import Microphone
from edged.audio.recording import Recording
from edged.cli.broker.command_request import CommandRequest
from edged.cli.bundle import prepared
from edged.cli.config_file import config_file
from edged.cli.screen import wrapped
from edged.cli.sensor.inputs import inputs
from edged.cli.signals import stopping
from edged.cli.values import node, sound_file
from edged.config.overrides import NAME, muted_by_command
from edged.config.structs import Config
from edged.contract.device import Result
from edged.errors import CalibrationError, CaptureError, UsageError
from edged.features.geometry import GEOMETRY
from edged.host.identity import node_name
from edged.host.instance_lock import InstanceLock
from edged.host.state_dir import existing_state_file
from edged.models.bundle import Bundle
from edged.pipeline.adaptation_store import AdaptationStore, adaptation_store_for
from edged.pipeline.calibration import LIMIT_S, Calibration, Outcome
from edged.pipeline.calibrator import INVITATION, Calibrator
from edged.pipeline.classifier import Classification, WindowClassifier

_ANSWER_S = 5.0
_READ_S = 0.5
_PATIENCE_S = 20.0  # beyond the limit of a daemon
_MAX_FILE_S = 120.0  # of a recording: what follows is not needed

_DESCRIPTION = """\
Adapt the device to your voice and room: speak two or three sentences as you always do. If edged runs on this machine
it is asked to listen, otherwise this command listens to the microphone itself, or reads a recording made with it. The
answer says how much speech there was and what changed. Only means are stored, no sound.
"""
_EXAMPLES = """\
examples:
  edged calibrate
  edged calibrate --node kitchen
  edged calibrate --forget
  edged calibrate my-voice.wav
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A recording, another device, or taking it back."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "file",
        nargs="?",
        type=sound_file,
        metavar="FILE",
        help="recording made with this device's microphone, where no daemon runs; - is stdin",
    )
    what.add_argument("--node", type=node, metavar="NODE", help="ask this device over the broker")
    parser.add_argument("--forget", action="store_true", help="undo the calibration")


def run(arguments: argparse.Namespace) -> int:
    """Calibrate and print what changed; returns the exit status.

    Raises:
        CalibrationError: nothing changed; the message says why.
        EdgedError: broker, microphone, recording or bundle cannot be used.
    """
    config, bundle = prepared(config_file(arguments))
    name = node_name(config.node)
    file, forget = arguments.file, arguments.forget
    if file and forget:
        raise UsageError("--forget takes no FILE, expected one of the two")
    pid = InstanceLock(name, config.mqtt.root, config.mqtt.tcp_port).holder()
    if arguments.node or (pid and not file):
        _ask(config, arguments.node or name, forget=forget)
        return 0
    with InstanceLock(name, config.mqtt.root, config.mqtt.tcp_port):  # else the daemon would write over it
        message = _alone(config, bundle, file, forget=forget)
    print(wrapped(message, sys.stdout))
    return 0


def _ask(config: Config, name: str, *, forget: bool) -> None:
    with stopping() as stop, CommandRequest(config.mqtt, name, "calibrate", forget=forget) as request:
        result = request.answer(_ANSWER_S)
        while not stop.is_set():
            print(wrapped(_checked(result).message, sys.stdout), flush=True)
            if result.calibration is msgspec.UNSET or result.calibration.state != "listening":
                return
            result = request.answer(LIMIT_S + _PATIENCE_S)


def _checked(result: Result) -> Result:
    if not result.ok:
        raise CalibrationError(result.message)
    return result


def _alone(config: Config, bundle: Bundle, file: Path | None, *, forget: bool) -> str:
    """Calibrates or forgets without a daemon; returns a message for the user."""
    store = adaptation_store_for(config, bundle)
    classifier = WindowClassifier(config, bundle, store.adaptation)
    calibrator = Calibrator(classifier, store)
    if calibrator.unable:
        raise CalibrationError(f"{calibrator.unable}; nothing changed")
    if forget:
        outcome = calibrator.forget()
    elif file is not None:
        outcome = _from_file(config, store, classifier, calibrator, file)
    else:
        outcome = _from_microphone(config, store, classifier, calibrator)
    if not outcome.ok:
        raise CalibrationError(outcome.message)
    return outcome.message


def _from_file(
    config: Config, store: AdaptationStore, classifier: WindowClassifier, calibrator: Calibrator, file: Path
) -> Outcome:
    n_samples = 0
    with inputs([file]) as (one,), Recording(one.path, audio=config.audio, name=one.name) as recording:
        # After the file was opened: what is wrong with it comes before what is wrong with the microphone.
        try:
            store.select_microphone(selected(microphones_in_time(), config.audio.device).name)
        except CaptureError as exc:
            raise CaptureError(f"{exc}; a calibration belongs to its microphone, so plug it in for FILE too") from exc
        calibrator.begin(Calibration(enough_s=math.inf, limit_s=_MAX_FILE_S))
        while not recording.ended and n_samples < _MAX_FILE_S * GEOMETRY.sample_rate_hz:
            chunk = recording.read(_READ_S)
            if chunk is not None:
                n_samples += len(chunk.samples)
                _exhaust(classifier.classify(chunk.samples, chunk.start))
    _exhaust(classifier.finish())
    return calibrator.finish()


def _from_microphone(
    config: Config, store: AdaptationStore, classifier: WindowClassifier, calibrator: Calibrator
) -> Outcome:
    overrides = existing_state_file(config.state_dir, NAME)
    muted = muted_by_command(overrides)
    if muted or (muted is None and config.audio.muted):
        raise CalibrationError(f"muted by {overrides if muted else 'the config (audio.muted)'}; nothing changed")
    with stopping() as stop, Microphone(msgspec.structs.replace(config.audio, muted=False)) as microphone:
        print(wrapped(INVITATION, sys.stdout), flush=True)
        calibrator.begin()
        while not stop.is_set():
            chunk = microphone.read(_READ_S)
            if chunk is not None:
                store.select_microphone(microphone.status.name)
                _exhaust(classifier.classify(chunk.samples, chunk.start, keep_up=True))
            outcome = calibrator.tick("" if chunk is not None else microphone.status.trouble)
            if outcome is not None:
                return outcome
    raise CalibrationError("interrupted; nothing changed")


def _exhaust(windows: Iterator[Classification]) -> None:
    for _ in windows:
        pass

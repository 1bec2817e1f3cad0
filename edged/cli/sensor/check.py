"""``edged check``: tries each part for real and prints OK, or FAIL with the reason and what to do.

    config ─► state ─► bundle ─► labels ─► runtime ─► gate ─► adaptation ─► microphone
           ─► calls, web, prometheus, where the config has them ─► broker, stage by stage
    config ─► places ─► text ─► broker, stage by stage                  with --hub

A line each; the exit status is 0 if none failed.
"""

import argparse
import errno
import math
import time
from importlib import import_module

import msgspec
import numpy as np

from edged.audio.microphone import Microphone
from edged.cli.broker.discovery import announcement_for, announcer_for
from edged.cli.broker.hub_check import check_hub
from edged.cli.bundle import Chosen, chosen, fitting
from edged.cli.config_file import config_file
from edged.cli.log import log_to_stderr
from edged.cli.sensor.report import Report
from edged.config.overrides import NAME as COMMANDS
from edged.config.overrides import muted_by_command
from edged.config.structs import Calls, Config, Web
from edged.contract.payloads import encoded
from edged.contract.topics import INFO, full_name
from edged.errors import CaptureError, ConfigError, ModelError, StateError
from edged.features.geometry import GEOMETRY, dbfs
from edged.host.identity import node_name
from edged.host.instance_lock import InstanceLock
from edged.host.prometheus import Exporter
from edged.host.state_dir import existing_state_file, existing_state_folder, owns_state_folder, state_folder
from edged.host.state_trial import tried, user
from edged.models.bundle import Bundle
from edged.mqtt.commands import Commands
from edged.mqtt.probe import LiveClient, SkippedError, stages
from edged.outbox.database import FILE as OUTBOX
from edged.pipeline.adaptation_store import NAME as STATE
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.adaptation_words import adaptation_words
from edged.pipeline.bundles.choice import NAME as MEASURED
from edged.pipeline.bundles.choice import Timing, of_recordings, timed
from edged.pipeline.classifier import WindowClassifier
from edged.pipeline.status import info

_MB, _GB = 1e6, 1e9  # bytes
_CONTENTS = {OUTBOX: "events", STATE: "adaptation", COMMANDS: "commands", MEASURED: "the measurement for models.bundle"}
_ADVICE = {errno.ENOSPC: "make room", errno.EDQUOT: "make room", errno.EROFS: "replace the card, or mount it writable"}
_LISTEN_S = 1.0
_OPEN_S = 10.0  # limit for finding and opening the microphone

_DESCRIPTION = """\
Test config, state directory, models, speech gate, microphone and broker, one after the other. Each line says OK, FAIL
with the reason and what to do, or SKIP. The exit status is 0 only if nothing failed. A running daemon is not disturbed.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which program."""
    parser.description = _DESCRIPTION
    parser.add_argument("--hub", action="store_true", help="test what `edged hub` needs instead of `edged run`")


def run(arguments: argparse.Namespace) -> int:
    """Print a line per part; returns 0, or the exit status of the first failure."""
    log_to_stderr("error")  # the report already says what would be logged
    report = Report()
    file = config_file(arguments)
    config = report.part("config", file.load, lambda _config: str(file))
    if config is None:
        return report.status
    if arguments.hub:
        check_hub(report, config, str(file.path or "config"))
        return report.status
    usable = report.part("state", lambda: state_words(config), str) is not None
    of_device = report.part("bundle", lambda: chosen(config, keep=usable and _keeps(config)), str)
    if of_device is not None:
        bundle = of_device.bundle
        report.part("labels", lambda: fitting(config, bundle), lambda _config: ", ".join(bundle.manifest.labels))
        report.part("runtime", lambda: timed(config, bundle), _about_timing)
        classifier = report.part("gate", lambda: WindowClassifier(config, bundle), _about_gate)
        report.part("adaptation", lambda: _adaptation(config, bundle), str)
    else:
        classifier = None
    report.part("microphone", lambda: _listen(config), str)
    if config.calls != Calls():
        report.part("calls", lambda: _calls(config, of_device), str)
    if config.web != Web():
        report.part("web", lambda: _pages(config.web), str)
    if config.prometheus.port:
        report.part("prometheus", lambda: _metrics(config), str)
    for name, attempt in stages(config.mqtt, _live_client(config, classifier)):
        if report.part(f"broker {name}", attempt, str) is None:
            break
    return report.status


def _live_client(config: Config, classifier: WindowClassifier | None) -> LiveClient:
    """What ``run`` would connect as; without a usable bundle its largest messages are unknown."""
    node, mqtt, pid = node_name(config.node), config.mqtt, _running(config)
    filters = [*Commands(mqtt, node).filters, full_name(mqtt.root, node, INFO)]
    if classifier is None:
        return LiveClient(node=node, filters=filters, pid=pid)
    sizes = {"info": len(encoded(info(config, classifier, muted=False)))}
    announcer = announcer_for(config, classifier.bundle)
    if announcer is None:
        return LiveClient(node=node, filters=filters, sizes=sizes, pid=pid)
    whole, parts = announcement_for(config, classifier.bundle)
    discovery = (max(map(len, whole.values())), max(map(len, parts.values())))
    return LiveClient(node=node, filters=[*filters, *announcer.filters], sizes=sizes, discovery=discovery, pid=pid)


def state_words(config: Config) -> str:
    """The state directory: who can write it, its free space, and what is in it.

    Raises:
        StateError: it cannot be written.
        SkippedError: it is the service's, and closed to this user.
    """
    folder = existing_state_folder(config.state_dir)
    try:
        trial = tried(folder)
    except OSError as exc:
        words = f"{folder}: {exc.strerror or exc}"
        if isinstance(exc, PermissionError) and folder != state_folder(config.state_dir):
            raise SkippedError(f"{words}; try again as root") from exc
        advice = _ADVICE.get(exc.errno or 0, f"make it a folder that {user()} can write, or set state_dir")
        raise StateError(f"{words}; without it events, adaptation and commands are in memory only: {advice}") from exc
    owner = "" if trial.owner == user() else f", owner {trial.owner}"
    left_bytes = _MB * config.outbox.megabytes - trial.sizes.get(OUTBOX, 0)
    short = config.outbox.keep == "disk" and trial.free_bytes < left_bytes
    remark = f", less than outbox.megabytes ({config.outbox.megabytes}) allows" if short else ""
    there = [what for name, what in _CONTENTS.items() if name in trial.sizes]
    there += [name for name in trial.sizes if name.endswith(".damaged")]
    contents = f"contains {', '.join(there)}" if there else "empty" if trial.exists else "made by `edged run`"
    return f"{folder}, writable as {user()}{owner}, {_size(trial.free_bytes)} free{remark}; {contents}"


def _size(n_bytes: float) -> str:
    return f"{n_bytes / _GB:.1f} GB" if n_bytes >= _GB else f"{n_bytes / _MB:.1f} MB"


def _keeps(config: Config) -> bool:
    """Whether to store a measurement: only where the daemon can replace it, and has not stored that of its config."""
    return owns_state_folder(config.state_dir) and _running(config) is None


def _about_timing(timing: Timing) -> str:
    return f"{timing.runtime}, {timing.routing} routing, {timing.window_ms:.1f} ms a window"


def _about_gate(classifier: WindowClassifier) -> str:
    return {"model": "the bundle's model", "level": "loudness over the noise floor"}[classifier.gate]


def _adaptation(config: Config, bundle: Bundle) -> str:
    """How far the stored adaptation has come, which is at most ten minutes behind the running daemon's."""
    store = AdaptationStore(config, bundle)
    if store.metrics is None:
        return "off (baseline.mode)" if config.baseline.mode == "off" else "this bundle adapts to no place"
    file = existing_state_file(config.state_dir, STATE)
    try:
        with file.open("rb"):
            pass
    except FileNotFoundError:
        return adaptation_words(store.metrics)
    except OSError as exc:
        raise SkippedError(f"{file}: {exc.strerror or exc}; try again as root") from exc
    try:
        store.start_from(file)
    except ModelError as exc:
        raise SkippedError(f"{exc}; `edged run` starts from scratch") from exc
    return adaptation_words(store.metrics)


def _calls(config: Config, of_device: Chosen | None) -> str:
    """The bundle for recorded calls, which must fit the config as that ``of_device`` does; it may be the same."""
    same = config.calls.bundle == config.models.bundle
    config = of_recordings(config)
    bundle, why = (of_device if same else None) or chosen(config)
    fitting(config, bundle, of_calls=True)
    WindowClassifier(config, bundle, live=False)
    weights = ", ".join(f"{label} {by:g}" for label, by in config.calls.weights.items())
    return f"{bundle.title}, scored by {weights}{why}"


def _pages(web: Web) -> str:
    """Where `edged web` would listen."""
    try:
        program = import_module("edged.web.program")
    except ImportError as exc:
        raise SkippedError(f"not installed ({exc}): pip install 'edged[web]'") from exc
    origin = program.origin_of(())
    program.check_reach(web, origin)
    try:
        program.listening(web.host, web.port, origin).close()
    except ConfigError as exc:
        if isinstance(exc.__cause__, OSError) and exc.__cause__.errno == errno.EADDRINUSE:
            raise SkippedError(f"{web.host} port {web.port} is taken, by `edged web` or another program") from exc
        raise
    return f"{web.host} port {web.port} is free"


def _metrics(config: Config) -> str:
    """Where `edged run` would listen for Prometheus."""
    if pid := _running(config):
        raise SkippedError(f"edged runs here, pid {pid}, and has the port")
    with Exporter(config.prometheus.port):
        return f"port {config.prometheus.port} is free"


def _running(config: Config) -> int | None:
    """The process that runs as the device of ``config`` on this machine."""
    return InstanceLock(node_name(config.node), config.mqtt.root, config.mqtt.tcp_port).holder()


def _listen(config: Config) -> str:
    """Name, rate and level of the microphone after a second of sound, unless the daemon is muted."""
    overrides = existing_state_file(config.state_dir, COMMANDS)
    muted = muted_by_command(overrides)
    if muted:
        return f"not opened: muted by command ({overrides})"
    if muted is None and config.audio.muted:
        return "not opened: muted by the config (audio.muted)"
    with Microphone(msgspec.structs.replace(config.audio, muted=False)) as microphone:
        energies: list[float] = []
        deadline_s = time.monotonic() + _OPEN_S
        n_samples = 0
        while n_samples < _LISTEN_S * GEOMETRY.sample_rate_hz and time.monotonic() < deadline_s:
            chunk = microphone.read(_LISTEN_S / 5)
            if chunk is not None:
                n_samples += len(chunk.samples)
                energies.append(float(np.sum(np.square(chunk.samples, dtype=np.float64))))
            elif trouble := microphone.status.trouble:
                raise CaptureError(trouble)
        status = microphone.status
        if not n_samples:
            raise CaptureError(f"{status.name} gave no sound in {_OPEN_S:g} s: unplug it and plug it back in")
        mean_square = sum(energies) / n_samples
        if mean_square == 0:
            raise CaptureError(f"{status.name} delivers only zeros: is it muted (`alsamixer`, F4) or switched off?")
        level_dbfs = dbfs(math.sqrt(mean_square))
        faults = f"; it has {status.interference}, which is removed" if status.interference else ""
        channel = f"channel {status.channel} of {status.n_channels}, " if status.n_channels > 1 else ""
        return f"{status.name}, {status.sample_rate_hz} Hz, {channel}{level_dbfs:.0f} dBFS now{faults}"

"""Which bundle runs: the one that the config names, or the larger of the shipped ones that this device can run.

    models.bundle: small, large or a path ──────────────────────────────────► Choice(path, reason)
                   auto ──state directory/bundle.json, else measured, kept──►

``auto`` times windows of the large bundle once.  The measurement is stored, so a device that is busy during a later
start does not change its bundle, and with it lose its adaptation.  It measures again only with another bundle, TFLite
runtime, stride or number of threads, or when the file is deleted.
"""

import logging
import time
from pathlib import Path

import msgspec
import numpy as np

from edged.config.load import samples
from edged.config.structs import Config
from edged.errors import ConfigError, shown
from edged.features.geometry import GEOMETRY
from edged.features.windows import Windows
from edged.host.metrics import available_mb
from edged.host.state_dir import existing_state_file, state_folder
from edged.host.state_file import read_bounded, write_durably
from edged.models.bundle import BUNDLES, Bundle, load_bundle
from edged.models.cascade import Cascade, preferred_runtime
from edged.pipeline.model_input import ModelInput

NAME = "bundle.json"
SIZES = ("small", "large")
MAX_SHARE = 0.25  # of the stride that a window may take: the gate, the broker and other programs need the rest
MIN_AVAILABLE_MB = 150.0  # before the large bundle is loaded; it takes about 30
_N_WINDOWS = 7  # of which the fastest counts, since the first ones fill caches

_log = logging.getLogger(__name__)


class Choice(msgspec.Struct, frozen=True):
    """A bundle's folder, and why it was chosen."""

    path: Path
    reason: str


class Timing(msgspec.Struct, frozen=True):
    """Processor time of one window."""

    runtime: str
    routing: str
    window_ms: float


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stored measurement, and the conditions under which it is valid."""

    bundle: str  # digest of the large one
    runtime: str
    stride_s: float
    threads: int
    window_ms: float
    available_mb: float | None

    @property
    def fits(self) -> bool:
        """Whether the large bundle runs here."""
        has_memory = self.available_mb is None or self.available_mb >= MIN_AVAILABLE_MB
        return self.window_ms <= 1000 * MAX_SHARE * self.stride_s and has_memory

    @property
    def reason(self) -> str:
        """The choice in words."""
        share = 100 * self.window_ms / (1000 * self.stride_s)
        memory = "" if self.available_mb is None else f", with {self.available_mb:.0f} MB of memory available"
        return (
            f"a window of large takes {self.window_ms:.1f} ms with {self.runtime}, {share:.0f} % of the stride{memory};"
            f" at most {100 * MAX_SHARE:.0f} % and at least {MIN_AVAILABLE_MB:.0f} MB are needed"
        )


def choice_for(config: Config, *, keep: bool = False, folder: Path = BUNDLES) -> Choice:
    """The bundle for ``config``; with ``keep`` a measurement is written to the state directory.

    ``folder`` has the shipped bundles.

    Raises:
        ModelError: the large bundle is to be measured and is damaged.
        ConfigError: the state directory cannot be named, or what is named is neither a size nor a folder.
    """
    named = config.models.bundle
    if named in SIZES:
        return Choice(folder / named, "as models.bundle says")
    if named != "auto":
        if not Path(named).is_dir():  # a slip in "large" is a path like any other
            raise ConfigError(
                f"bundle {shown(named)}: no such folder, expected {SIZES[0]}, {SIZES[1]}, auto or a bundle's folder"
            )
        return Choice(Path(named), "as models.bundle says")
    if not (folder / "large" / "bundle.json").is_file():
        return Choice(folder / "small", "auto: no large bundle is installed")
    large = load_bundle(folder / "large")
    kept = _kept(config, large)
    measured = kept or _measured(config, large)
    when = "before" if kept else "now and stored" if keep and _keep(config, measured) else "now"
    return Choice(folder / ("large" if measured.fits else "small"), f"auto: {measured.reason}; measured {when}")


def timed(config: Config, bundle: Bundle) -> Timing:
    """How long ``bundle`` takes for a window of noise, from the samples to the answer: the fastest of a few.

    It is CPU time of all threads, so that other programs do not count while the device starts.

    Raises:
        ModelError: it cannot be run here.
    """
    models = config.models
    cascade = Cascade(bundle, None if models.routing == "auto" else models.routing, n_threads=models.threads)
    stride = samples("models.stride_s", models.stride_s, GEOMETRY.sample_rate_hz, GEOMETRY.hop)
    seen = ModelInput(bundle, behind=stride, n_threads=models.threads, runtime=cascade.runtime)
    windows, times_s = Windows(GEOMETRY, stride), []
    sound = np.random.default_rng(0).normal(0, 0.1, GEOMETRY.window + _N_WINDOWS * stride).astype(np.float32)
    for at in range(0, len(sound), stride):
        seen.push(sound[at : at + stride], at)
        for window in windows.push(sound[at : at + stride], at):
            began_s = time.process_time()
            cascade.answer(seen.seen(window))
            times_s.append(time.process_time() - began_s)
    return Timing(cascade.runtime, cascade.routing, 1000 * min(times_s))


def _measured(config: Config, large: Bundle) -> Measured:
    timing, available = timed(config, large), available_mb()
    return Measured(
        bundle=large.digest,
        runtime=timing.runtime,
        stride_s=config.models.stride_s,
        threads=config.models.threads,
        window_ms=round(timing.window_ms, 2),
        available_mb=None if available is None else round(available, 1),
    )


def _kept(config: Config, large: Bundle) -> Measured | None:
    """The measurement of an earlier start, if bundle, runtime, stride and threads are the same."""
    try:
        measured = msgspec.json.decode(read_bounded(existing_state_file(config.state_dir, NAME)), type=Measured)
    except (OSError, ValueError):  # absent, unreadable or damaged: measuring again does no harm
        return None
    models = config.models
    runtime = preferred_runtime()
    same = (measured.bundle, measured.runtime) == (large.digest, runtime)
    return measured if same and (measured.stride_s, measured.threads) == (models.stride_s, models.threads) else None


def _keep(config: Config, measured: Measured) -> bool:
    """Whether it could be stored."""
    file = state_folder(config.state_dir) / NAME
    try:
        write_durably(file, msgspec.json.encode(measured))
    except OSError as exc:
        _log.warning("models.bundle auto will be measured again: %s: %s", file, exc.strerror or exc)
        return False
    return True


def of_recordings(config: Config) -> Config:
    """``config`` with the models for recorded calls."""
    return msgspec.structs.replace(config, models=msgspec.structs.replace(config.models, bundle=config.calls.bundle))

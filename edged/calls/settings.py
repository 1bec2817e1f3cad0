"""The settings of a call's analysis, everything except the recording.

config, bundle, whose channel, turns ──► CallSettings ──► analyse
                                 recording, settings ──► digest
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from edged.config.structs import Calls, Config
from edged.contract.call_report import VERSION, Customer, Rules
from edged.errors import ConfigError
from edged.host.metrics import version_of
from edged.models.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Turn:
    """One party speaks from ``start_s`` to ``end_s``."""

    start_s: float
    end_s: float
    speaker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettings:
    """The settings for one call."""

    config: Config
    bundle: Bundle
    customer: Customer | None = None  # None: as the config says; a stereo call whose customer nobody names is refused
    turns: tuple[Turn, ...] = ()  # of a mono call
    speaker: str = "customer"  # the customer's name in ``turns``
    voice: Literal[1, 2] | None = None  # the customer's of the two voices of a mono call without turns
    name: str | None = None  # stands for the file's name in the report and in errors


def digest(file: Path, settings: CallSettings) -> str:
    """Identifies everything that determines a report: the recording, by size and time of change, and the settings."""
    config = settings.config
    try:
        stat = file.stat()
        recording = (stat.st_size, stat.st_mtime_ns)
    except (OSError, ValueError):  # reported when it is opened
        recording = (0, 0)
    sections = (config.audio, config.models, config.gate, config.baseline, config.tracker, config.calls)
    turns = [(turn.start_s, turn.end_s, turn.speaker) for turn in settings.turns]
    given = (settings.customer, turns, settings.speaker, settings.voice)
    program = (VERSION, version_of("edged"), settings.bundle.digest)
    decisive = msgspec.json.encode([recording, sections, given, program])
    return hashlib.sha256(decisive).hexdigest()[:32]


def rules(calls: Calls, labels: tuple[str, ...]) -> Rules:
    """The config's rules of the score, with a weight for each of the bundle's ``labels``.

    Raises:
        ConfigError: ``calls.weights`` names another label.
    """
    unknown = sorted(set(calls.weights) - set(labels))
    if unknown:
        raise ConfigError(f"calls.weights has {', '.join(unknown)}, expected labels of the bundle: {', '.join(labels)}")
    return Rules(
        stride_s=calls.stride_s,
        weights={label: calls.weights.get(label, 0.0) for label in labels},
        opening_windows=calls.opening_windows,
        min_speech_s=calls.min_speech_s,
        max_uncertain=calls.max_uncertain,
        max_interval=calls.max_interval,
        calm_below=calls.calm_below,
    )

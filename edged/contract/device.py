"""Payloads about the device: what it is, who it is, and the answer to a command."""

from typing import Literal

import msgspec

from edged.contract.fields import VERSION, Score, Seconds, Time


class CardMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Metrics of the bundle on one corpus, from its model card."""

    uar: Score  # unweighted average recall on speakers not trained on
    speakers: int
    clips: int
    never_trained: bool  # whether this corpus was left out of training


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """Identity and settings of the device; published retained as ``info`` at the start and when it changes."""

    v: int = VERSION  # version of this schema
    time: Time
    node: str
    device_id: str  # of the machine; a new installation keeps it
    session: str  # of this run; two different ones at the same time are two devices with the same node
    hardware: str | None  # the board, if it is known
    versions: dict[str, str]
    bundle: str  # name and version
    routing: str  # `hard` or `soft`
    labels: list[str]  # of the bundle, in its order
    model_card: dict[str, CardMetrics]  # by corpus
    listening: bool  # false while muted by command or config
    thresholds: dict[str, Score]  # by label: probability at which its episode starts
    log_level: str
    commands: str  # as `mqtt.commands`
    config_digest: str  # changes when any setting in force changes
    restart_required: list[str]  # keys that changed in the file and need a restart


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Which device answered ``identify``."""

    node: str
    device_id: str
    host: str
    addresses: list[str]
    microphone: str
    hardware: str | None
    uptime_s: Seconds  # of the daemon


class Calibrated(msgspec.Struct, frozen=True, kw_only=True):
    """How far a calibration is."""

    state: Literal["listening", "done", "refused", "forgotten"]  # listening: another result follows
    speech_s: Seconds = 0.0  # seconds of speech
    sentences: int = 0
    change: dict[str, float] = {}  # by label: by how much the log of its score is lower than before, on average


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did, or why not; commands that change a setting return its value."""

    v: int = VERSION  # version of this schema
    time: Time
    command: str  # "unknown" if there is no such command
    ok: bool  # whether it was obeyed
    message: str  # what was done, or why not
    id: str | msgspec.UnsetType = msgspec.UNSET  # the `id` of the command
    muted: bool | msgspec.UnsetType = msgspec.UNSET
    thresholds: dict[str, Score] | msgspec.UnsetType = msgspec.UNSET
    log_level: str | msgspec.UnsetType = msgspec.UNSET
    baseline: str | msgspec.UnsetType = msgspec.UNSET  # `baseline.mode` in force
    calibration: Calibrated | msgspec.UnsetType = msgspec.UNSET
    restart_required: list[str] | msgspec.UnsetType = msgspec.UNSET
    device: Identity | msgspec.UnsetType = msgspec.UNSET

"""Payload ``health``: metrics of the daemon, its outbox and its adaptation."""

from typing import Annotated

import msgspec

from edged.contract.fields import VERSION, CaptureState, Seconds, Time, Trust


class OutboxMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Events that the broker has not acknowledged."""

    depth: int  # number of waiting events
    oldest_s: Seconds  # running time that the oldest has waited
    dropped: int  # events lost for lack of room, since the start
    on_disk: bool  # whether they survive the process
    fault: str = ""  # why they are not on disk, if they should be
    set_aside: str = ""  # name of a damaged file that was replaced since the start
    latency_p50_s: Seconds | None = None  # end of the deciding window to acknowledgement: median of the last 200
    latency_p95_s: Seconds | None = None  # 95th percentile of the same; includes waiting for an absent broker


class FeatureMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """How far the features are adapted to room and voices."""

    speech_s: Seconds  # seconds of speech listened to; older ones count less
    calibration_s: Seconds  # seconds of speech of `calibrate`; 0 without it
    since: Time | None = None  # of the first speech learned from; null if none, or if the clock was wrong
    calibrated: Time | None = None  # of `calibrate`; null without it, or if the clock was wrong
    distance: Annotated[float, msgspec.Meta(ge=0)]  # of this place; 1 is that of one speaker from the mean of all
    effect: dict[str, float]  # by label: by how much the log of its score is lowered, on average; empty if not known


class AdaptationMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """State of the adaptation to room and voices."""

    heard_s: Seconds  # seconds of speech learned from; older ones count less
    shift: dict[str, float]  # by label: what is subtracted from the log of its score; empty if scores are not adapted
    frozen: bool  # whether learning is stopped
    features: FeatureMetrics | None = None  # null if the bundle adapts scores only


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Metrics of the daemon; published retained as ``health`` each minute."""

    v: int = VERSION  # version of this schema
    time: Time
    uptime_s: Seconds
    microphone: str  # as the system names it
    sample_rate_hz: int  # of the microphone, before resampling
    capture: CaptureState
    channel: int | None = None  # of the microphone, from 1: the config's, or the one with speech; null while closed
    offset: float | None = None  # mean of the microphone's samples, of full scale, before it is removed
    hum_hz: int | None = None  # 50 or 60 if the microphone picks up the mains; null if not
    hum_dbfs: float | None = None  # level of that hum before it is removed
    microphone_silent: bool  # a constant value for `audio.silent_after_s`
    level_dbfs: float  # RMS of the newest window, at least -96
    peak_dbfs: float  # highest sample since the last health message, at least -96
    clipping: bool  # whether samples reached full scale since then
    windows: int  # classified since the start
    windows_speech: int  # those with speech
    windows_skipped: int  # skipped because the device was too slow
    samples_dropped: int  # lost in the ring, in the driver, or while the microphone was unplugged
    overflows: int  # reported by the driver
    gaps: int  # times that sound was lost, for any reason
    recoveries: int  # times that a lost microphone came back
    real_time_factor: float  # busy time of the pipeline / duration of sound, since the last health message
    tls: Trust = "none"  # whether the broker's certificate is checked
    reconnects: int  # connections to the broker after the first
    unacknowledged: int  # messages that the broker has not acknowledged
    resident_mb: float  # resident memory
    cpu_share: float  # CPU time of all threads / elapsed time, since the last health message; 1 is one core
    temperature_c: float | None  # of the hottest sensor
    throttling: list[str] | None  # why the board slows down: under_voltage, …; with _before: since boot, not now
    versions: dict[str, str]
    bundle: str
    routing: str
    baseline: AdaptationMetrics | None = None  # null if off
    outbox: OutboxMetrics | None = None  # null if nothing is published
    name_taken_by: str | None = None  # device id of another device that uses this node
    max_packet_bytes: int | None = None  # largest MQTT packet that the broker takes; null while no limit is known
    left_out: list[str] = []  # topics whose newest message was larger than that and was not sent

"""What a source of sound and a sink of payloads report about themselves; the topic ``health`` is made of it.

    microphone, recording ──► SourceStatus ──┐
    publisher, lines ───────► SinkStatus ────┴──pipeline──► Health, capture, STATUS= of systemd

Both are snapshots: reading one asks no device and no broker, so the pipeline takes a new one after each read.
"""

import msgspec

from edged.contract.fields import CaptureState, Trust
from edged.contract.health import OutboxMetrics


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A source at one moment; counts only grow."""

    name: str  # for people
    live: bool = False  # sound comes whether or not it is read, so a slow device must skip some
    ended: bool = False  # no more sound will come
    state: CaptureState = "online"
    trouble: str = ""  # why no sound comes, in words; empty while nothing is known to be wrong
    muted: bool = False  # by command or config
    silent: bool = False  # the device has delivered one constant value for a long time
    sample_rate_hz: int = 0  # of the device or file, before resampling; 0 while unknown
    channel: int | None = None  # of the device or file that is used, from 1; None while unknown
    n_channels: int = 0  # of which it was chosen
    interference: str = ""  # an offset or hum of the device, in words; empty while there is none
    offset: float | None = None  # mean of the samples, of full scale; None before a second of sound
    hum_hz: int | None = None  # of the mains; None without hum
    hum_dbfs: float | None = None
    n_tries: int = 0  # rounds of the reader: attempts to open the device, and waits while muted
    n_dropped: int = 0  # samples that never reached the pipeline
    n_overflows: int = 0  # times that the driver lost samples
    n_gaps: int = 0  # times that sound did not continue the sound before it
    n_recoveries: int = 0  # times that sound came back from a lost device
    n_clipped: int = 0  # samples at the end of the converter's range


class SinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A sink at one moment."""

    tls: Trust = "none"  # how the broker proved its identity
    reconnects: int = 0  # times that the broker was reached again
    unacknowledged: int = 0  # messages that the broker has not confirmed
    outbox: OutboxMetrics | None = None  # events that wait; None where there is no outbox
    name_taken_by: str | None = None  # device id of another device that publishes under this node's name
    max_packet_bytes: int | None = None  # largest MQTT packet that the broker takes; None while no limit is known
    left_out: list[str] = []  # topics whose newest message was larger than that

"""The daemon's reports about itself: health, info and identity.

source, sink, classifier, metrics, adaptation ──► Health        bundle, config ──► Info        host ──► Identity
"""

import hashlib
import secrets
import socket
import time
from collections.abc import Sequence

import msgspec

from edged.config.structs import Config
from edged.contract.device import CardMetrics, Identity, Info
from edged.contract.fields import rfc3339
from edged.contract.health import Health
from edged.errors import counted
from edged.host.addresses import addresses
from edged.host.identity import device_id, node_name
from edged.host.metrics import Metrics, hardware, resident_mb, temperature_c, throttling, versions
from edged.models.bundle import Manifest
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.classifier import WindowClassifier
from edged.pipeline.interfaces import Sink, Source

_SESSION = secrets.token_hex(4)  # changes with each start


def health(
    source: Source, sink: Sink, classifier: WindowClassifier, metrics: Metrics, adaptation: AdaptationStore | None
) -> Health:
    """The current metrics; those of a period start again at zero."""
    capture, sent = source.status, sink.status
    return Health(
        time=rfc3339(time.time()),
        uptime_s=round(metrics.uptime_s, 1),
        microphone=capture.name,
        sample_rate_hz=capture.sample_rate_hz,
        capture=capture.state,
        channel=capture.channel,
        offset=capture.offset,
        hum_hz=capture.hum_hz,
        hum_dbfs=capture.hum_dbfs,
        microphone_silent=capture.silent,
        level_dbfs=round(metrics.level_dbfs, 1),
        peak_dbfs=round(metrics.peak_dbfs(), 1),
        clipping=metrics.clipping(capture.n_clipped),
        windows=metrics.windows,
        windows_speech=metrics.windows_speech,
        windows_skipped=classifier.n_skipped,
        samples_dropped=capture.n_dropped,
        overflows=capture.n_overflows,
        gaps=capture.n_gaps,
        recoveries=capture.n_recoveries,
        real_time_factor=round(metrics.real_time_factor(), 4),
        tls=sent.tls,
        reconnects=sent.reconnects,
        unacknowledged=sent.unacknowledged,
        resident_mb=round(resident_mb(), 1),
        cpu_share=round(metrics.cpu_share(), 3),
        temperature_c=temperature_c(),
        throttling=throttling(),
        versions=versions(classifier.cascade.runtime),
        bundle=classifier.bundle.title,
        routing=classifier.cascade.routing,
        baseline=None if adaptation is None else adaptation.metrics,
        outbox=sent.outbox,
        name_taken_by=sent.name_taken_by,
        max_packet_bytes=sent.max_packet_bytes,
        left_out=sent.left_out,
    )


def line(health: Health) -> str:
    """The part of ``health`` that goes into the log each minute."""
    return (
        f"{counted(health.windows, 'window')}, {health.windows_speech} with speech, {health.windows_skipped} skipped;"
        f" {counted(health.samples_dropped, 'sample')} dropped; level {health.level_dbfs:.0f} dBFS;"
        f" {100 * health.real_time_factor:.1f} % busy"
    )


def info(config: Config, classifier: WindowClassifier, *, muted: bool, restart_required: Sequence[str] = ()) -> Info:
    """This device and its current settings."""
    manifest = classifier.bundle.manifest
    return Info(
        time=rfc3339(time.time()),
        node=node_name(config.node),
        device_id=device_id(),
        session=_SESSION,
        hardware=hardware(),
        versions=versions(classifier.cascade.runtime),
        bundle=classifier.bundle.title,
        routing=classifier.cascade.routing,
        labels=list(manifest.labels),
        model_card=card_metrics(manifest),
        listening=not muted,
        thresholds={label: config.tracker.enter_for.get(label, config.tracker.enter) for label in manifest.labels},
        log_level=config.log_level,
        commands=config.mqtt.commands,
        config_digest=hashlib.sha256(msgspec.json.encode(config)).hexdigest()[:16],
        restart_required=list(restart_required),
    )


def identity(config: Config, source: Source, metrics: Metrics) -> Identity:
    """The values by which to recognise this device."""
    return Identity(
        node=node_name(config.node),
        device_id=device_id(),
        host=socket.gethostname(),
        addresses=addresses(),
        microphone=source.status.name,
        hardware=hardware(),
        uptime_s=round(metrics.uptime_s, 1),
    )


def card_metrics(manifest: Manifest) -> dict[str, CardMetrics]:
    """The model card's metrics of the default routing, by corpus; empty where the bundle has none."""
    by_corpus = {}
    rows = manifest.metrics.get("rows")
    for corpus, row in rows.items() if isinstance(rows, dict) else ():
        try:
            metrics = row[row["default"]]
            values = {name: metrics[name] for name in ("uar", "speakers", "clips")}
            values["never_trained"] = row["never_trained"]
            by_corpus[corpus] = msgspec.convert(values, CardMetrics)
        except (KeyError, TypeError, msgspec.ValidationError):  # other people's bundles may have other metrics
            continue
    return by_corpus

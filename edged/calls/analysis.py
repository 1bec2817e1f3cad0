"""One recording of a call to its report.

    file ──split, if one channel holds both voices──► turns of two voices
         ──Parties──► sound of each party ──call_windows──► scores, speech ──adapted──► scores ──scored──► Report

Two passes over the customer's windows: the first learns the voice, the second scores.  Scores and a trunk's features of
each window stay in memory, so the file is decoded twice only if a bundle adapts images.
"""

import time
from pathlib import Path

import numpy as np

from edged.audio.sound_file import text_of
from edged.calls import score as scoring
from edged.calls.course import CustomerScores, moments, report_windows
from edged.calls.settings import CallSettings, digest, rules
from edged.calls.sound.band import telephone_losses
from edged.calls.sound.parties import Parties
from edged.calls.sound.talk import talk
from edged.calls.sound.windows import CallWindows, Progress, call_windows
from edged.calls.voice import adapted, feature_adaptation, freeze, second_pass
from edged.calls.voices.split import known_split, needs_split, split, with_voice
from edged.calls.words import SAME_SOUND, formula, not_apart_reason
from edged.contract.call_report import INTERVAL_NOTE, Recorded, Report, Talk
from edged.contract.fields import rfc3339
from edged.features.geometry import GEOMETRY
from edged.host.metrics import version_of


def analyse(file: Path, settings: CallSettings, progress: Progress = lambda _done_s, _total_s: None) -> Report:
    """The report of the call in ``file``.

    ``progress`` is called with the seconds that are done and those of the whole file, if they are known; an error that
    it raises ends the analysis.

    Raises:
        RecordingError: the file cannot be used.
        UsageError: it has two channels, and nobody said which is the customer's.
        ConfigError, ModelError: ``calls.weights`` has a label that the bundle lacks; the bundle cannot be run.
    """
    bundle, config = settings.bundle, settings.config
    of_score = rules(config.calls, bundle.manifest.labels)
    made_of = digest(file, settings)  # before the file is read: a change while it is read must not go unnoticed
    found = known_split(settings)
    if needs_split(file, settings):
        found = split(file, settings, lambda done_s, total_s: progress(done_s / 2, total_s))
        whole = progress

        def progress(done_s: float, total_s: float | None) -> None:  # the second half of the work
            whole((done_s + (total_s or done_s)) / 2, total_s)

    settings = with_voice(settings, found)
    voice = feature_adaptation(bundle, config)
    keep_seen = voice is not None and bundle.manifest.trunk is not None
    if voice is not None and not keep_seen:
        with Parties(file, settings) as parties:
            call_windows(parties, settings, lambda done_s, total_s: progress(done_s / 2, total_s), voice)
        freeze(voice, config)
    with Parties(file, settings) as parties:
        measured = call_windows(parties, settings, progress, None if keep_seen else voice, keep_seen=keep_seen)
        call = Recorded(
            file=Path(settings.name or text_of(file.name)).name,
            duration_s=round(parties.n_samples / GEOMETRY.sample_rate_hz, 3),
            sample_rate_hz=parties.sample_rate_hz,
            n_channels=parties.n_channels,
            customer=parties.customer,
            separated_by=None if parties.same_sound else parties.separated_by,
            crosstalk_s=parties.leak.seconds,
            crosstalk_db=None if parties.leak.level_db is None else round(parties.leak.level_db, 1),
            voice=settings.voice,
        )
        not_apart = SAME_SOUND if parties.same_sound else not_apart_reason(found.voices)
    speech = talk(measured.customer, measured.agent if call.separated_by else None, call.duration_s)
    scores = measured.scores
    if voice is not None and measured.seen:
        scores = second_pass(measured.cascade, config, measured.seen, voice, of_score.stride_s)
    scores, learned = adapted(bundle, config, scores, of_score.stride_s, voice)
    customer = CustomerScores(scores, learned, of_score, labels=bundle.manifest.labels, margin=config.tracker.margin)
    result = _scored(customer, speech) if call.separated_by else scoring.Scored(None, not_apart, np.zeros(0))
    windows = report_windows(measured, customer, result)
    return Report(
        created=rfc3339(time.time()),
        made_of=made_of,
        call=call,
        outcome=scoring.outcome(result, customer.distress, of_score),
        score=result.interval,
        reason=result.reason,
        formula=formula(of_score, result.interval),
        note=INTERVAL_NOTE,
        moments=moments(windows, result),
        emotions=customer.shares,
        uncertain=customer.uncertain,
        talk=speech,
        band=measured.band.band(telephone_losses(bundle.manifest)),
        learned=learned,
        rules=of_score,
        windows=windows,
        voices=found.voices,
        versions=_versions(settings, measured),
    )


def _scored(customer: CustomerScores, speech: Talk) -> scoring.Scored:
    speech_s = speech.parties[0].speech_s
    return scoring.scored(customer.distress, customer.rules, speech_s=speech_s, uncertain=customer.uncertain or 0.0)


def _versions(settings: CallSettings, measured: CallWindows) -> dict[str, str]:
    manifest = settings.bundle.manifest
    return {
        "edged": version_of("edged"),
        "bundle": f"{manifest.name} {manifest.version}",
        "runtime": measured.cascade.runtime,
    }

"""Frames to speech: changed by a delivery, then synthesised from a train of pulses and noise.

    Speech, Delivery ──tempo, pitch, formants, tilt, level──► frames of 5 ms ──pulses, noise──► samples (n,) at 16 kHz

A pulse or a grain of noise is the minimum-phase response of its frame's envelope, as in WORLD (Morise et al. 2016).
"""

import msgspec
import numpy as np

from convert.demo.speech import FRAME, N_FFT, RATE_HZ, Reals, Speech

_PITCH_HZ = (55.0, 600.0)
_TILT_FROM_HZ = 500.0
_TILT_LOWEST_HZ = 100.0
_HISS_HZ, _HISS_WIDTH_HZ, _HISS = 4500.0, 500.0, 0.6  # of every voice: noise takes over towards the top
_LN_PER_DB = np.log(10) / 10
_SMALLEST = 1e-9


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How something is spoken."""

    pitch_hz: float  # mean
    pitch_range: float  # 1 is the synthesiser's own, 0 is monotone
    pitch_slope_st: float  # semitones from the beginning to the end of the utterance
    tempo: float  # 1 is the synthesiser's own
    formants: float  # 1 is the synthesiser's own; a longer vocal tract has less
    tilt_db: float  # per octave: a raised voice has more of its energy high up
    breath: float  # share of noise in the voice: 1 is a whisper
    dynamics: float  # 1 is the synthesiser's own, 0 is one level throughout
    tremor_st: float  # semitones by which the pitch trembles
    tremor_db: float  # by which the level trembles
    tremor_hz: float
    jitter: float  # of one period against the next, as a share


def spoken(speech: Speech, delivery: Delivery, seed: int) -> Reals:
    """(n,) the utterance as ``delivery`` has it, rms 1; the same for the same seed."""
    random = np.random.default_rng(seed)
    n_frames = max(2, round(len(speech.pitch_hz) / delivery.tempo))
    source = np.minimum(np.arange(n_frames) * delivery.tempo, len(speech.pitch_hz) - 1)
    nearest = np.rint(source).astype(int)
    envelope = _shaped(speech.envelope[nearest], delivery)
    voiced = speech.voiced[nearest]
    logs = np.log(np.interp(source, np.arange(len(speech.pitch_hz)), speech.pitch_hz))
    pitch_hz = _pitch(logs, voiced, delivery, random)
    noise = np.where(voiced[:, None], _noise_share(delivery.breath), 1.0)
    sound = np.zeros(n_frames * FRAME + N_FFT)
    at = _pulses(pitch_hz, delivery.jitter, random)
    frame = np.minimum((at / FRAME).round().astype(int), n_frames - 1)
    at, frame = at[voiced[frame]], frame[voiced[frame]]
    pulses = envelope[frame] + np.log(np.maximum(1 - noise[frame], _SMALLEST) * RATE_HZ / pitch_hz[frame, None])
    _add_pulses(sound, at, pulses)
    _add_noise(sound, envelope + np.log(np.maximum(noise, _SMALLEST)), random)
    sound = sound[: n_frames * FRAME]
    return sound / max(float(np.sqrt(np.mean(sound**2))), _SMALLEST)


def _shaped(envelope: Reals, delivery: Delivery) -> Reals:
    """(k, bins) the envelope with formants moved, tilted, and with the delivery's dynamics and tremor."""
    n_bins = envelope.shape[1]
    bins = np.arange(n_bins)
    wanted = np.minimum(bins / delivery.formants, n_bins - 1)
    below = np.minimum(wanted.astype(int), n_bins - 2)
    part = wanted - below
    envelope = envelope[:, below] * (1 - part) + envelope[:, below + 1] * part
    bins_hz = np.maximum(bins * RATE_HZ / N_FFT, _TILT_LOWEST_HZ)
    level = np.log(np.exp(envelope).mean(axis=1))
    envelope = envelope + delivery.tilt_db * _LN_PER_DB * np.log2(bins_hz / _TILT_FROM_HZ)
    tilted = np.log(np.exp(envelope).mean(axis=1))
    loud = level > level.max() - 40 * _LN_PER_DB
    middle = level[loud].mean()
    wanted_level = np.where(loud, middle + delivery.dynamics * (level - middle), level)
    at_s = np.arange(len(envelope)) * FRAME / RATE_HZ
    tremor = delivery.tremor_db * _LN_PER_DB * np.sin(2 * np.pi * delivery.tremor_hz * at_s)
    return np.asarray(envelope + (wanted_level - tilted + tremor)[:, None])


def _pitch(logs: Reals, voiced: Reals, delivery: Delivery, random: np.random.Generator) -> Reals:
    middle = float(logs[voiced].mean()) if voiced.any() else float(logs.mean())
    semitone = np.log(2) / 12
    at_s = np.arange(len(logs)) * FRAME / RATE_HZ
    slope = delivery.pitch_slope_st * semitone * (np.arange(len(logs)) / len(logs) - 0.5)
    phase = random.uniform(0, 2 * np.pi)
    tremor = delivery.tremor_st * semitone * np.sin(2 * np.pi * delivery.tremor_hz * at_s + phase)
    wanted = np.log(delivery.pitch_hz) + delivery.pitch_range * (logs - middle) + slope + tremor
    return np.asarray(np.clip(np.exp(wanted), *_PITCH_HZ))


def _noise_share(breath: float) -> Reals:
    bins_hz = np.arange(N_FFT // 2 + 1) * RATE_HZ / N_FFT
    hiss = _HISS / (1 + np.exp(-(bins_hz - _HISS_HZ) / _HISS_WIDTH_HZ))
    return np.asarray(breath + (1 - breath) * hiss)


def _pulses(pitch_hz: Reals, jitter: float, random: np.random.Generator) -> Reals:
    """(n,) the times of all pulses, in samples."""
    samples = np.arange(len(pitch_hz) * FRAME)
    hz = np.interp(samples / FRAME, np.arange(len(pitch_hz)), pitch_hz)
    phase = np.cumsum(hz) / RATE_HZ
    at = np.interp(np.arange(1, int(phase[-1])), phase, samples)
    period = RATE_HZ / np.interp(at, samples, hz)
    return np.clip(at + random.standard_normal(len(at)) * jitter * period, 0, samples[-1])


def _add_pulses(sound: Reals, at: Reals, log_power: Reals) -> None:
    whole = at.astype(int)
    late = np.exp(-2j * np.pi * np.arange(N_FFT // 2 + 1) * (at - whole)[:, None] / N_FFT)
    grains = np.fft.irfft(_minimum_phase(log_power) * late, N_FFT)
    for place, grain in zip(whole.tolist(), grains, strict=True):
        sound[place : place + N_FFT] += grain


def _add_noise(sound: Reals, envelope: Reals, random: np.random.Generator) -> None:
    taper = np.hanning(2 * FRAME + 1)[:-1]
    noise = random.standard_normal((len(envelope) + 1) * FRAME)
    pieces = np.lib.stride_tricks.sliding_window_view(noise, 2 * FRAME)[::FRAME][: len(envelope)] * taper
    grains = np.fft.irfft(_minimum_phase(envelope) * np.fft.rfft(pieces, N_FFT), N_FFT)
    for place, grain in enumerate(grains):
        at = max(0, (place - 1) * FRAME)
        sound[at : at + N_FFT] += grain


def _minimum_phase(log_power: Reals) -> Reals:
    """(k, bins) the spectrum with this power whose energy comes as early as it can."""
    cepstrum = np.fft.irfft(log_power / 2, N_FFT)
    fold = np.zeros(N_FFT)
    fold[0] = fold[N_FFT // 2] = 1
    fold[1 : N_FFT // 2] = 2
    return np.asarray(np.exp(np.fft.rfft(cepstrum * fold, N_FFT)))

"""A table of utterances to sample.flac, the conversation that the demo plays.

    UTTERANCES ──espeak-ng──► speech of several voices ──► loudness, pauses, a quiet room ──► 16 kHz mono flac

    python -m edged.demo.sample [OUT]

Synthetic, since recordings of people are not ours to pass on.  A voice is angry or sad here by its pitch, the range of
its pitch, its speed and its loudness alone; what the models hear in it decides, not what is meant, and the table is the
place to tune it.  A mood lasts longer than the tracker's span, for a shorter one would be no episode.
"""

import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import numpy as np
import soundfile
from numpy.typing import NDArray

from edged.errors import EdgedError, UsageError

SAMPLE = Path(__file__).with_name("sample.flac")
SAMPLE_RATE_HZ = 16_000

_ROOM_DBFS = -82.0  # noise under it all: no room is silent, and the gate shall have a floor to find
_LARGEST = 0.97  # peak; louder utterances are turned down to it
_LEAD_S = 1.0  # of room before the first word
_SEED = 20


class Utterance(NamedTuple):
    """One turn of the conversation."""

    voice: str  # of espeak-ng: language+variant
    pitch: int  # 0 to 99, 50 is the voice's own
    range_percent: int  # how far the pitch moves; 100 is the voice's own
    words_per_minute: int
    rms_dbfs: float
    pause_s: float  # after it
    text: str


_ANNA, _BEN, _CLARA, _DAVID = "en-us+f5", "en-us+m1", "en-us+m7", "en-gb+m3"

UTTERANCES = (
    # meant as neutral: low, plain, brisk
    Utterance(_BEN, 25, 60, 185, -30, 0.3, "The parcel came at nine this morning. I put it on the table in the hall."),
    Utterance(_BEN, 25, 60, 185, -30, 1.2, "The post office closes at five today, so there is time enough to answer."),
    # meant as fear: high, quick, unsteady
    Utterance(_ANNA, 95, 150, 205, -27, 0.2, "Did you hear that? There it is again! Somebody is in the garden!"),
    Utterance(_ANNA, 95, 150, 205, -27, 1.3, "Lock the door! Please, do not go out there! I can see a light moving!"),
    # meant as angry: loud, hard, pressed
    Utterance(_DAVID, 95, 200, 165, -18, 0.1, "Who left the gate open again? I told you a hundred times!"),
    Utterance(_DAVID, 95, 200, 165, -18, 1.3, "Do not touch that! Stop it! Stop it right now! Get out of here!"),
    # meant as disgust: slow, drawn out
    Utterance(_CLARA, 70, 60, 105, -30, 0.4, "What is that smell? There is something rotten in the sink."),
    Utterance(_CLARA, 70, 60, 105, -30, 1.0, "I am not going to touch it. It is all over the floor."),
    # neutral again
    Utterance(_BEN, 25, 60, 185, -30, 0.3, "It was only the cat. I will clean the kitchen, and then we make some tea."),
)


def conversation(utterances: tuple[Utterance, ...] = UTTERANCES) -> NDArray[np.float32]:
    """The utterances one after the other in a quiet room, mono float32 in [-1, 1] at 16 kHz; the same every time.

    Raises:
        UsageError: espeak-ng is not installed.
        EdgedError: espeak-ng refuses an utterance, such as a voice that it has not.
    """
    parts = [_silence(_LEAD_S)]
    for utterance in utterances:
        parts += [_at_loudness(_spoken(utterance), utterance.rms_dbfs), _silence(utterance.pause_s)]
    speech = np.concatenate(parts)
    room = np.random.default_rng(_SEED).standard_normal(speech.size) * 10 ** (_ROOM_DBFS / 20)
    return np.clip(speech + room, -1, 1).astype(np.float32)


def _spoken(utterance: Utterance) -> NDArray[np.float64]:
    """One utterance at 16 kHz, as loud as espeak-ng has it."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise UsageError("espeak-ng is missing, which speaks the sample: apt-get install espeak-ng")
    command = [program, "-v", utterance.voice, "-p", str(utterance.pitch), "-s", str(utterance.words_per_minute)]
    text = f'<prosody range="{utterance.range_percent}%">{escape(utterance.text)}</prosody>'
    ended = subprocess.run(  # noqa: S603 -- the arguments are the table's
        [*command, "-m", "-z", "--stdout", text], capture_output=True, check=False
    )
    if ended.returncode != 0 or not ended.stdout:
        reason = ended.stderr.decode(errors="replace").strip() or f"exit status {ended.returncode}"
        raise EdgedError(f"espeak-ng, voice {utterance.voice!r}: {reason}")
    sound, sample_rate_hz = soundfile.read(io.BytesIO(ended.stdout), dtype="float64")
    return _at_16_khz(np.asarray(sound), sample_rate_hz)


def _at_16_khz(sound: NDArray[np.float64], sample_rate_hz: int) -> NDArray[np.float64]:
    """Resampled by cutting the spectrum off: exact for an utterance that begins and ends in silence."""
    n_samples = round(sound.size * SAMPLE_RATE_HZ / sample_rate_hz)
    spectrum = np.fft.rfft(sound)[: n_samples // 2 + 1]
    return np.fft.irfft(spectrum, n_samples) * (n_samples / sound.size)


def _at_loudness(sound: NDArray[np.float64], rms_dbfs: float) -> NDArray[np.float64]:
    gain = 10 ** (rms_dbfs / 20) / float(np.sqrt(np.mean(sound**2)))
    return sound * min(gain, _LARGEST / float(np.max(np.abs(sound))))


def _silence(seconds: float) -> NDArray[np.float64]:
    return np.zeros(round(seconds * SAMPLE_RATE_HZ))


def write(out: Path = SAMPLE) -> None:
    """Make the conversation and write it as 16-bit flac."""
    soundfile.write(out, conversation(), SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")


if __name__ == "__main__":
    try:
        write(*(Path(argument) for argument in sys.argv[1:2]))
    except EdgedError as exc:
        sys.exit(f"edged.demo.sample: {exc}")

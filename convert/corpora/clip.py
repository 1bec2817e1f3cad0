"""One recorded utterance and its metadata.

    a corpus' folder ──reader──► Clip: speaker, intended emotion, listeners' votes, where the sound is

The labels are the six of the cascade.  ``emotion`` is the corpus' own word, so nothing is lost if a corpus has more:
surprise, boredom, frustration.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edged.errors import UsageError

_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "\u0131": "i"})  # no accents
LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad")


@dataclass(frozen=True, slots=True)
class Stored:
    """Frames of a clip within a file of log-mel (n_frames_total, n_bands) uint8, 0..255 for -80..0 dB."""

    path: Path
    start: int
    n_frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One utterance of one speaker.  Its sound is in either ``audio`` or ``stored``."""

    id: str
    corpus: str
    speaker: str  # with the corpus' prefix, as in the split lists
    gender: str  # female, male, or empty where the corpus does not say
    emotion: str  # the corpus' own word for the intended emotion
    label: str | None  # one of LABELS, None if the emotion is not among them
    intensity: str = ""  # the corpus' own word
    sentence: str = ""  # the corpus' own name of the spoken sentence
    words: str = ""  # the spoken words; empty if the corpus does not have them
    level: float | None = None  # mean intensity that listeners gave, 0..100
    votes: tuple[float, ...] | None = None  # of listeners without video, by LABELS
    valence: float | None = None
    arousal: float | None = None
    dominance: float | None = None
    audio: Path | None = None
    padded_s: float | None = None  # the sound is cut or zero-padded to this many seconds
    stored: Stored | None = None


def sound_files(folder: Path, pattern: str) -> list[Path]:
    """The files below ``folder`` that match, in the order of their names, macOS' ``._`` shadows left out."""
    return sorted(file for file in folder.glob(pattern) if file.is_file() and not file.name.startswith("."))


def named(files: Iterable[Path], pattern: re.Pattern[str], expected: str) -> Iterator[tuple[Path, re.Match[str]]]:
    """Each file with the parts of its name; ``expected`` is the corpus and an example of a name.

    Raises:
        UsageError: a name does not match.
    """
    for file in files:
        match = pattern.fullmatch(file.name)
        if match is None:
            raise UsageError(f"{file}: not a name of {expected}")
        yield file, match


def as_label(emotion: str) -> str:
    """Any word as a label of its own: lower case without accents, ``_`` for all but letters and digits."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", emotion) if not unicodedata.combining(one))
    return re.sub(r"[^a-z0-9]+", "_", plain.lower().translate(_LETTERS)).strip("_")


def label_of(emotion: str) -> str | None:
    """The label of a corpus whose words are the labels: the word itself, None if it is not one of them."""
    return emotion if emotion in LABELS else None

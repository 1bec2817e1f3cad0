"""Everything about the gate's training that is a number or a choice, as data.

    GateRecipe, seed ──► GateRun: the folders of their results

Speakers are on the side that ``convert/data/splits`` gives them: the gate never trains on a speaker that the cascade is
tested on.  Its training material allows commercial use: CREMA-D, EMO-DB, and with attribution AMI and ESC-10.
"""

from dataclasses import dataclass, field
from pathlib import Path

from convert.recipes.spec import AugmentSpec, NetworkSpec, SoundSpec
from edged.errors import UsageError

LABELS = ("other", "speech")
SPEECH = LABELS.index("speech")
SOURCES = {
    "cremad": "ODbL 1.0 / DbCL 1.0; Cao et al. 2014",
    "emodb": "free to use with citation; Burkhardt et al. 2005",
    "ami": "CC BY 4.0; AMI Meeting Corpus, Carletta et al. 2005",
    "esc10": "CC BY 3.0; ESC-10, K. J. Piczak, ESC: Dataset for Environmental Sound Classification, 2015",
    "emovo": "research only: nothing is trained on it, epoch and threshold are chosen by it; Costantini et al. 2014",
    "noise": "samples of SpeechBrain (Apache-2.0) and audiomentations (MIT)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSpec:
    """How far a voice is changed to make it shout or whisper; each pair is a range."""

    shout_semitones: tuple[float, float] = (3.0, 12.0)  # higher
    shout_formants: tuple[float, float] = (1.0, 1.25)  # times as high
    shout_speed: tuple[float, float] = (0.75, 1.2)  # times as fast
    shout_effort_db: tuple[float, float] = (0.0, 6.0)  # an octave from 500 Hz on
    shout_evened: tuple[float, float] = (0.0, 0.5)  # share of the differences in level taken away
    shout_drive_db: tuple[float, float] = (-20.0, 10.0)  # peak to full scale; above 0 it clips
    sharpened: tuple[float, float] = (1.0, 2.0)  # times the depth between harmonics, of log-mel
    frames_moved: float = 0.8  # of the pitch, for bands of log-mel
    whisper_formants: tuple[float, float] = (1.0, 1.2)
    whisper_lows_db: tuple[float, float] = (0.0, 8.0)  # an octave below 600 Hz
    whisper_evened: tuple[float, float] = (0.2, 0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRecipe:
    """A training of the gate; two runs of one recipe differ in seed only."""

    spoken: tuple[str, ...] = ("cremad", "emodb")  # corpora of clips, split by speaker
    choosing: tuple[str, ...] = ("emovo",)  # speech that epoch and threshold are also chosen by, where it is there
    unseen: tuple[str, ...] = ("ravdess", "nemo")  # speech that is only tested on, where it is there
    speech_shares: tuple[tuple[str, float], ...] = (("cremad", 0.4), ("emodb", 0.3), ("ami", 0.3))
    other_shares: tuple[tuple[str, float], ...] = (("esc10", 0.5), ("noise", 0.15), ("synthetic", 0.25), ("rooms", 0.1))
    n_synthetic: int = 12  # of each kind
    network: NetworkSpec = field(
        default_factory=lambda: NetworkSpec(
            stem=16,
            stem_stride=(2, 4),
            blocks=((24, 2, "plain"), (24, 1, "plain")),
            fold=32,
            temporal=(32,),
            dropout=0.1,
        )
    )
    augment: AugmentSpec = field(
        default_factory=lambda: AugmentSpec(
            moved_p=0.8,
            band_shift=2.0,
            tilt_db=4.0,
            curve_db=2.5,
            clean_p=0.4,
            lows_p=0.3,
            peak_db=4.0,
            noise_p=0.6,
            noise_db=(-80.0, -15.0),
            n_time_masks=1,
            n_band_masks=1,
        )
    )
    under_speech_p: float = 0.6  # share of speech with something else under it …
    under_speech_db: tuple[float, float] = (-3.0, 45.0)  # … so far below its loudest cell
    under_other_p: float = 0.4  # the same for two sounds that are not speech
    under_other_db: tuple[float, float] = (0.0, 40.0)
    # Versions of each piece, speech or not: share of what is drawn, and how many of it there are.
    plain_p: float = 0.25
    n_plain: int = 1
    room_p: float = 0.2  # in a room with echo
    n_rooms: int = 2
    shouted_p: float = 0.3
    n_shouts: int = 2
    whispered_p: float = 0.13
    n_whispers: int = 2
    elsewhere_p: float = 0.12  # by a telephone, through a codec, over noise
    n_elsewhere: int = 1
    room_s: tuple[float, float] = (0.2, 0.9)  # time of reverberation, 60 dB
    direct_db: tuple[float, float] = (-5.0, 10.0)  # of a sound over its echoes
    voice: VoiceSpec = field(default_factory=lambda: VoiceSpec(shout_semitones=(2.0, 16.0)))
    sound: SoundSpec = field(
        default_factory=lambda: SoundSpec(
            room_p=0.2, noise_db=(-3.0, 25.0), microphone_p=0.7, lowest_hz=(50.0, 400.0), codec_p=0.6
        )
    )
    flat_p: float = 0.03  # share of windows without any difference: digital silence
    cut_p: float = 0.35  # share of what is laid that is a part of a piece, as a word between pauses is …
    cut_frames: tuple[int, int] = (24, 80)  # … so long
    epochs: int = 36
    batches: int = 60  # in an epoch
    batch: int = 128
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    smoothing: float = 0.02
    most_accepted: float = 0.02  # share of validation's recorded sounds without speech that the threshold may accept
    in_turn: int = 3  # conditions in which each clip of validation is, beside the clean one


@dataclass(frozen=True, slots=True)
class GateRun:
    """One training of the gate, and the folders of its results."""

    recipe: GateRecipe
    seed: int
    path: Path  # the run's own folder
    cache: Path  # where the log-mel of all runs lies


def gate_recipe(epochs: int | None = None) -> GateRecipe:
    """The gate's recipe, its training cut to ``epochs`` where given.

    Raises:
        UsageError: nothing would be trained.
    """
    if epochs is None:
        return GateRecipe()
    if epochs < 1:
        raise UsageError(f"--epochs {epochs}: expected 1 or more")
    return GateRecipe(epochs=min(epochs, GateRecipe().epochs))

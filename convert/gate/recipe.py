"""Everything about the gate's training that is a number or a choice, as data.

    GateRecipe, seed ──► GateRun: where what is made of them lies

Speakers are on the side that ``convert/data/splits`` gives them: the gate never trains on a speaker that the cascade is
judged by.  All that it trains on may be used commercially: CREMA-D, EMO-DB, and with attribution AMI and ESC-10.
"""

from dataclasses import dataclass, field
from pathlib import Path

from convert.recipes.spec import AugmentSpec, NetworkSpec
from edged.errors import UsageError

LABELS = ("other", "speech")
SPEECH = LABELS.index("speech")
SOURCES = {
    "cremad": "ODbL 1.0 / DbCL 1.0; Cao et al. 2014",
    "emodb": "free to use with citation; Burkhardt et al. 2005",
    "ami": "CC BY 4.0; AMI Meeting Corpus, Carletta et al. 2005",
    "esc10": "CC BY 3.0; ESC-10, K. J. Piczak, ESC: Dataset for Environmental Sound Classification, 2015",
    "noise": "samples of SpeechBrain (Apache-2.0) and audiomentations (MIT)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRecipe:
    """A training of the gate; two runs of one recipe differ in seed only."""

    spoken: tuple[str, ...] = ("cremad", "emodb")  # corpora of clips, split by speaker
    strangers: tuple[str, ...] = ("ravdess", "nemo")  # speech that is only judged, where it is there
    # Meetings by side, so that no speaker of one is in another; test are all that begin with dev.
    meetings_validation: tuple[str, ...] = ("trn04", "trn05")
    meetings_test: str = "dev"
    speech_shares: tuple[tuple[str, float], ...] = (("cremad", 0.35), ("emodb", 0.25), ("ami", 0.4))
    other_shares: tuple[tuple[str, float], ...] = (("esc10", 0.55), ("noise", 0.1), ("synthetic", 0.25), ("rooms", 0.1))
    n_synthetic: int = 12  # of each kind
    network: NetworkSpec = field(
        default_factory=lambda: NetworkSpec(
            stem=12,
            stem_stride=(2, 4),
            blocks=((16, 2, "plain"),),
            fold=20,
            temporal=(20,),
            dropout=0.1,
        )
    )
    augment: AugmentSpec = field(
        default_factory=lambda: AugmentSpec(
            moved_p=0.8,
            tilt_db=4.0,
            noise_p=0.6,
            noise_db=(-80.0, -15.0),
            n_time_masks=1,
            n_band_masks=1,
        )
    )
    under_speech_p: float = 0.6  # share of speech with something else under it …
    under_speech_db: tuple[float, float] = (3.0, 45.0)  # … so far below its loudest cell
    under_other_p: float = 0.4  # the same for two sounds that are not speech
    under_other_db: tuple[float, float] = (0.0, 40.0)
    room_p: float = 0.5  # share of pieces, speech or not, that are heard in a room with echo …
    n_rooms: int = 2  # … each in so many of them
    room_s: tuple[float, float] = (0.2, 0.9)  # time of reverberation, 60 dB
    direct_db: tuple[float, float] = (-5.0, 10.0)  # of a sound over its echoes
    flat_p: float = 0.03  # share of windows without any difference: digital silence
    epochs: int = 25
    batches: int = 60  # in an epoch
    batch: int = 128
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    smoothing: float = 0.02
    most_missed: float = 0.02  # share of validation speech that the threshold may lose


@dataclass(frozen=True, slots=True)
class GateRun:
    """One training of the gate, and what is made of it."""

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

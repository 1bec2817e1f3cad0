"""A replay with two voices: what each alone teaches, what both together do, and who is forgotten."""

from pathlib import Path

import numpy as np
import pytest

from edged.config.load import parse_config
from edged.features.logmel import Floats
from edged.models.bundle import Bundle, load_bundle
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.calibration import Calibration
from edged.pipeline.calibrator import Calibrator
from edged.pipeline.classifier import WindowClassifier
from tests.parts.models.bundles import adapting_bundle
from tests.parts.sound.speech import samples

MAN, WOMAN = 3, 12  # actors of RAVDESS: odd numbers are men
N_CLIPS = 8


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The shipped bundle, with features that adapt."""
    return load_bundle(adapting_bundle(tmp_path_factory.mktemp("bundles") / "adapting"))


@pytest.fixture(scope="module")
def voices(corpora: Path) -> dict[int, list[Floats]]:
    """Clips of each voice, neutral and happy ones."""
    folder = corpora / "ravdess"
    return {
        actor: [samples(file) for file in sorted(folder.glob(f"03-01-0[13]-*-{actor:02d}.flac"))[:N_CLIPS]]
        for actor in (MAN, WOMAN)
    }


class Home:
    """One device and what it has learned."""

    def __init__(self, bundle: Bundle, text: str = "") -> None:
        config = parse_config(text, "test")
        self.store = AdaptationStore(config, bundle)
        assert self.store.adaptation is not None
        assert self.store.adaptation.features is not None
        self.features = self.store.adaptation.features
        adaptation = bundle.manifest.adaptation
        assert adaptation is not None
        self._caution_s = adaptation.caution_s
        self.classifier = WindowClassifier(config, bundle, self.store.adaptation)
        self._n_samples = 0

    def listen(self, *clips: Floats) -> None:
        """Hear these clips, one after the other."""
        for clip in clips:
            for _ in self.classifier.classify(clip, self._n_samples):
                pass
            self._n_samples += len(clip)

    def place(self) -> Floats:
        """The shift without the caution of a short acquaintance."""
        total_s = self.features.speech_s + self.features.calibration_s
        return np.asarray(self.features.shift * (total_s + self._caution_s) / total_s)


def distance(one: Floats, other: Floats) -> float:
    """Between two places."""
    return float(np.linalg.norm(one - other))


def test_one_voice_is_the_same_place_again(bundle: Bundle, voices: dict[int, list[Floats]]) -> None:
    """Two halves of one voice are nearer to each other than two voices are."""
    halves = {}
    for actor, clips in voices.items():
        for half in (0, 1):
            home = Home(bundle)
            home.listen(*clips[half::2])
            halves[actor, half] = home.place()
    own = max(distance(halves[actor, 0], halves[actor, 1]) for actor in (MAN, WOMAN))
    assert own < distance(halves[MAN, 0], halves[WOMAN, 0])


def test_two_voices_in_turn_are_a_place_between_them(bundle: Bundle, voices: dict[int, list[Floats]]) -> None:
    """It is nearer to each of them than they are to each other."""
    man, woman, both = Home(bundle), Home(bundle), Home(bundle)
    man.listen(*voices[MAN])
    woman.listen(*voices[WOMAN])
    both.listen(*(clip for pair in zip(voices[MAN], voices[WOMAN], strict=True) for clip in pair))
    apart = distance(man.place(), woman.place())
    assert distance(both.place(), man.place()) < apart
    assert distance(both.place(), woman.place()) < apart


def test_who_moves_out_is_forgotten(bundle: Bundle, voices: dict[int, list[Floats]]) -> None:
    """After some half-lives of the other voice the place is that one's."""
    moved, woman = Home(bundle, "baseline: {half_life_min: 1}"), Home(bundle)
    moved.listen(*voices[MAN])
    first = distance(moved.place(), Home.place(_after(woman, voices[WOMAN])))
    for _ in range(6):
        moved.listen(*voices[WOMAN])
    assert distance(moved.place(), woman.place()) < first / 4


def test_calibrated_by_one_and_lived_in_by_both(bundle: Bundle, voices: dict[int, list[Floats]]) -> None:
    """Two sentences bring the place to the voice at once; the other voice then moves it, and forgetting undoes it."""
    man, home = Home(bundle), Home(bundle)
    man.listen(*voices[MAN])
    calibrator = Calibrator(home.classifier, home.store)
    calibrator.begin(Calibration(enough_s=60.0, limit_s=60.0))
    home.listen(*voices[MAN][:4])
    outcome = calibrator.finish()
    assert outcome.ok, outcome.message
    assert distance(home.place(), man.place()) < 0.5 * float(np.linalg.norm(man.place()))
    calibrated = home.place()
    home.listen(*voices[WOMAN])
    assert distance(home.place(), calibrated) > 0
    listened = home.features.speech_s
    calibrator.forget()
    woman = _after(Home(bundle), voices[WOMAN])
    assert home.features.speech_s == listened
    assert distance(home.place(), woman.place()) < 0.2 * distance(man.place(), woman.place())


def _after(home: Home, clips: list[Floats]) -> Home:
    home.listen(*clips)
    return home
